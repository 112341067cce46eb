"""The commands `course list`, `minutes`, `format`, `release`, `bootstrap` and `lesson`: the notebooks, written, checked and released."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from course.authoring import bootstrap as setup_cell
from course.authoring import format as formatting
from course.authoring import lessons, minutes, release
from course.authoring.extras import require
from course.authoring.notebook import AuthoringError, dumps, read, write
from course.cli.output import count, err, finish, out
from course.console import Console

Paths = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NOTEBOOKS]…", help="Files, folders, or lessons by name, number or topic. Default: all."),
]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; fail if something would change.")]
Timeout = Annotated[int, typer.Option(help="Seconds that one cell may take.", min=1)]


def register(app: typer.Typer) -> None:
    """Add the commands to the program `course`."""
    app.command("list")(list_lessons)
    app.command("minutes")(reading_minutes)
    app.command("format")(format_notebooks)
    app.command("release")(release_exercises)
    app.command("bootstrap")(bootstrap_cell)
    app.command("lesson")(one_lesson)


def list_lessons() -> None:
    """Show the lessons in order: their titles, minutes to read, exercises and points."""
    root = lessons.course_root()
    found = [lessons.describe(root, name) for name in dict.fromkeys((*lessons.table(root), *lessons.names(root)))]
    # Most have all three notebooks, which need not be said.
    whole = all(lesson.files == lessons.KINDS for lesson in found)
    table = Table("lesson", "title", "minutes", "exercises", "points", *(() if whole else ("files",)))
    for lesson in found:
        says = "–" if lesson.minutes is None else str(lesson.minutes)
        row = (lesson.name, lesson.title, says, str(len(lesson.exercises)), f"{lesson.points:g}")
        table.add_row(*row, *(() if whole else (", ".join(lesson.files),)))
    if table.row_count:
        Console(highlight=False).print(table)
    else:
        out.print("There are no lessons yet.")


def reading_minutes(
    notebooks: Annotated[
        list[str] | None,
        typer.Argument(metavar="[LESSONS]…", help="Lessons by name, number or topic. Default: all."),
    ] = None,
) -> None:
    """Show how long each lesson takes to read, run and guess, beside the time that it states."""
    root = lessons.course_root()
    chosen = [lessons.find_name(root, name) for name in notebooks or ()] or lessons.names(root)
    table = Table(
        "lesson", "words", "code", "guesses", "figures", "takes", "says", caption="code in lines, times in minutes"
    )
    wrong = []
    for name in chosen:
        nb = read(root / lessons.LESSONS / f"{name}.ipynb")
        takes = minutes.reading(nb)
        counts = (takes.words, takes.lines, takes.guesses, takes.figures)
        says = minutes.stated(nb)
        table.add_row(name, *(f"{number:,}" for number in counts), f"{takes.minutes:.0f}", str(says or "–"))
        wrong += [f"{name}: {problem}" for problem in [minutes.minutes_problem(nb)] if problem]
    Console(highlight=False).print(table)
    finish(wrong, "")


def format_notebooks(
    notebooks: Paths = None,
    check: Check = False,
    run: Annotated[
        bool, typer.Option("--run/--no-run", help="Whether to run the notebooks or only to tidy what is stored.")
    ] = True,
    timeout: Timeout = 600,
) -> None:
    """Run lessons and solutions from top to bottom, and store them in the canonical form."""
    root = lessons.course_root()
    kinds = lessons.KINDS if check or not run else (lessons.LESSONS, lessons.SOLUTIONS)
    paths = lessons.select(root, notebooks or [], kinds)
    if check:
        wrong = [f"{lessons.shown(path, root)}, {one}" for path in paths for one in formatting.check_file(path)]
        finish(wrong, f"{count(len(paths), 'notebook')} in the canonical form.")
        return
    _format(paths, root, run=run, timeout=timeout)


def release_exercises(notebooks: Paths = None, check: Check = False) -> None:
    """Write the exercises from the solutions."""
    root = lessons.course_root()
    paths = lessons.select(root, notebooks or [], (lessons.SOLUTIONS,))
    paths = [path for path in paths if lessons.kind_of(path) == lessons.SOLUTIONS]
    wrong = []
    for path in paths:
        target = f"{lessons.EXERCISES}/{path.name}"
        try:
            if check:
                problem = release.exercise_problem(path, root)
                wrong += [str(problem)] if problem else []
            else:
                written = release.release_file(path, root)
                out.print(f"{target}: {'written' if written else 'unchanged'}", markup=False)
        except AuthoringError as error:
            wrong.append(str(error))
    if not notebooks:
        wrong += [f"{lessons.shown(path, root)} has no solution. Delete it." for path in release.orphans(root)]
    finish(wrong, f"{count(len(paths), 'notebook')} released." if check else "")


def bootstrap_cell(
    notebooks: Paths = None,
    check: Check = False,
    put: Annotated[bool, typer.Option("--write", help="Put the cell into every lesson and solution.")] = False,
) -> None:
    """Show the set-up cell that every notebook begins with, or put it there."""
    root = lessons.course_root()
    if not check and not put:
        out.print(setup_cell.source(root), markup=False)
        return
    kinds = lessons.KINDS if check else (lessons.LESSONS, lessons.SOLUTIONS)
    wrong, changed = [], 0
    paths = lessons.select(root, notebooks or [], kinds)
    for path in paths:
        nb = read(path)
        problem = setup_cell.problem(nb, root)
        if check and problem:
            wrong.append(f"{lessons.shown(path, root)}, {problem}")
        elif problem:
            changed += write(path, dumps(setup_cell.put(nb, root)))
            out.print(f"{lessons.shown(path, root)}: set-up cell written", markup=False)
    todo = " Now run `course format` and `course release`." if changed else ""
    finish(wrong, f"{count(len(paths), 'notebook')} with the set-up cell.{todo}")


def one_lesson(
    name: Annotated[str, typer.Argument(help="The lesson's name, number or topic.")], timeout: Timeout = 600
) -> None:
    """Run, format and release one lesson, then run its gates: what `make lesson N=the_neuron` does."""
    require("Testing a lesson")
    root = lessons.course_root()
    name = lessons.find_name(root, name)
    files = [path for path in lessons.stored(root, (lessons.LESSONS, lessons.SOLUTIONS)) if path.stem == name]
    _format(files, root, run=True, timeout=timeout)
    for path in files:
        if lessons.kind_of(path) == lessons.SOLUTIONS:
            written = release.release_file(path, root)
            out.print(f"{lessons.EXERCISES}/{path.name}: {'written' if written else 'unchanged'}", markup=False)
    gates = root / "tests" / "test_notebooks.py"
    pytest = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-k", name, str(gates)]
    raise typer.Exit(subprocess.run([*pytest, *map(str, files)], cwd=root, check=False).returncode)


def _format(paths: list[Path], root: Path, *, run: bool, timeout: int) -> None:
    """Format each notebook, with progress, and go on after one that fails."""
    failed, notes = [], []
    for path in paths:
        name = lessons.shown(path, root)
        with _progress(name) as step:
            try:
                changed, left = formatting.format_file(path, name, run=run, timeout=timeout, progress=step)
            except AuthoringError as error:
                failed.append(str(error))
                continue
        notes += [f"{name}, {problem}" for problem in left]
        out.print(f"{name}: {'written' if changed else 'unchanged'}", markup=False)
    for note in notes:
        out.print(note, markup=False)
    finish(failed, "")


@contextmanager
def _progress(name: str) -> Iterator[formatting.Progress]:
    """Shows, on a terminal, which cell of how many runs, and for how long."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[at]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(name, total=None, at="starting")

        def step(done: int, total: int) -> None:
            at = f"cell {min(done + 1, total)} of {total}"
            bar.update(task, completed=done, total=total, at=at)

        yield step
