"""The command `course site`: the course as pages to read. What it does is in course/authoring/site.py."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from course.authoring import site as building
from course.authoring.lessons import course_root, shown
from course.cli.output import out


def register(app: typer.Typer) -> None:
    """Add the command to the program `course`."""
    app.command("site")(site)


def site(
    folder: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FOLDER", help="The folder for the site; its old content is replaced. Default: build/site."
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict/--lenient", help="Whether a warning fails the build or is only shown.")
    ] = True,
) -> None:
    """Build the site from the stored notebooks and docs/, offline and without running anything."""
    root = course_root()
    built = building.build(root, folder.resolve() if folder else None, strict=strict)
    out.print(f"{shown(built, root)}/index.html: open it in a browser", markup=False)
