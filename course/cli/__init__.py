"""The command line: `course …`, for those who learn with the course, and those who write or teach it.

A module for each group of commands:

- `learner_map`: `progress`
- `notebooks`: `list`, `format`, `release`, `bootstrap`, `lesson`
- `addresses`: `badges`, `tag`
- `mutation`: `mutants`
- `numbers`: `renumber`
- `website`: `site`
- `grade`: `grade`
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from course import terminal
from course.authoring.lessons import DISTRIBUTION
from course.authoring.notebook import AuthoringError
from course.cli import addresses, grade, learner_map, mutation, notebooks, numbers, website
from course.cli.output import err, out

app = typer.Typer(
    name="course",
    help="Shows your progress in the course. For authors, inside a clone: writes, checks and releases its notebooks.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
)
for group in (grade, addresses, mutation, numbers, website, learner_map, notebooks):
    group.register(app)


def main() -> None:
    """The entry point of the command `course`."""
    with terminal.program():
        try:
            app()
        except AuthoringError as error:
            err.print(str(error), markup=False)
            raise SystemExit(1) from None


@app.callback()
def common(
    show_version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=lambda value: _version(value), help="Show the version."),
    ] = False,
) -> None:
    """Shows your progress in the course. For authors, inside a clone: writes, checks and releases its notebooks."""


def _version(wanted: bool) -> None:
    if wanted:
        try:
            out.print(f"{DISTRIBUTION} {version(DISTRIBUTION)}", markup=False)
        except PackageNotFoundError:
            out.print(f"{DISTRIBUTION} (not installed: run from its source)", markup=False)
        raise typer.Exit
