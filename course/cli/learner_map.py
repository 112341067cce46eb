"""The command `course progress`: the learner's map in a shell. It needs no clone, and only what a learner has installed."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from course.cli.output import err
from course.console import Console
from course.terminal import say

if TYPE_CHECKING:
    from course.history.attempts import Outcome


def register(app: typer.Typer) -> None:
    """Add the command to the program `course`."""
    app.command("progress")(progress)


def progress(
    lesson: Annotated[
        str | None, typer.Option("--lesson", metavar="LESSON", help="One lesson in detail, by name or number.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="Show the map in another file, without changing that file."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Show what you have passed, tried and not yet begun, and what to do next. It works anywhere.

    Your checks write the map to a file on this machine. Nothing is sent. Set COURSE_PROGRESS to another file, or to "off".
    """
    # The catalogues import JAX: `course --help` need not wait for it.
    from course.history.file import Found, load, location, shown
    from course.progress.overview import find_lesson, overview
    from course.progress.page import Map
    from course.progress.screen import show

    try:
        only = None if lesson is None else find_lesson(lesson)
    except LookupError as error:
        _stop(str(error.args[0]))
    found = load()
    if file is not None:
        found = Found(_read(file), {}, str(file))
    elif found.where and (own := location()):
        found = Found(found.outcomes, found.readers, shown(own), found.notes)
    view = overview(found.outcomes)
    if as_json:
        step = view.next
        lessons = [
            {
                "lesson": one.name,
                "exercises": [
                    {"name": row.name, "state": row.state, "minutes": row.minutes}
                    | ({} if row.outcome is None else {"outcome": asdict(row.outcome)})
                    for row in one.rows
                ],
            }
            for one in view.lessons
            if only in (None, one.name)
        ]
        following = {"lesson": step.lesson, "exercise": step.heading, "reason": step.reason}
        told = {"file": found.where, "notes": found.notes, "next": following, "lessons": lessons}
        say(json.dumps(told, indent=2))
        return
    show(Map(view, found.where, found.notes, only), Console(highlight=False))


def _read(file: Path) -> dict[str, Outcome]:
    from course.history.attempts import Broken, Newer, loads

    try:
        return loads(file.read_bytes())
    except OSError as error:
        why = error.strerror or str(error)
    except Broken as error:
        why = str(error)
    except Newer:
        why = "a newer version of the course has written it"
    _stop(f"{file} can't be read: {why}.")


def _stop(sentence: str) -> NoReturn:
    err.print(sentence, markup=False)
    raise typer.Exit(1)
