"""The command `course renumber`: links and words follow the table. What it does is in course/authoring/renumber.py."""

from __future__ import annotations

from typing import Annotated

import typer

from course.authoring.lessons import TABLE, course_root
from course.authoring.renumber import renumber, wrong
from course.cli.output import err, out


def register(app: typer.Typer) -> None:
    """Add the command to the program `course`."""
    app.command("renumber")(renumber_lessons)


def renumber_lessons(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a name, link or word does not agree with the table.")
    ] = False,
) -> None:
    """Rename notebooks and rewrite links and words to agree with the table in course/curriculum.py.

    Change the table first: put the new lesson's line where it belongs. Nothing is run.
    """
    root = course_root()
    lines = wrong(root) if check else renumber(root)
    for line in lines:
        (err if check else out).print(line, markup=False)
    if check and lines:
        err.print("`course renumber` rewrites them.", markup=False)
        raise typer.Exit(1)
    if not lines:
        out.print(f"All names, links and words agree with {TABLE}.", markup=False)
