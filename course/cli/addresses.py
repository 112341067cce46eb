"""The commands `course badges` and `course tag`: every address in the course follows from one setting."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from course.authoring import badges, bootstrap
from course.authoring.lessons import KINDS, course_root, kind_of, select, shown, stored
from course.authoring.notebook import dumps, read, read_as_stored, write
from course.authoring.published import published, set_tag
from course.cli.output import count, finish, out


def register(app: typer.Typer) -> None:
    """Add the commands to the program `course`."""
    app.command("badges")(show_badges)
    app.command("tag")(release_tag)


def show_badges(
    notebooks: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NOTEBOOKS]…", help="Files, folders, or lessons by name. Default: all, and the README."
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if something would change.")] = False,
    put: Annotated[bool, typer.Option("--write", help="Put the badges into notebooks and README.")] = False,
) -> None:
    """Show the addresses that open the notebooks in Colab, or write them at the top of each notebook and in the README."""
    root = course_root()
    home = published(root)
    paths = select(root, notebooks or [], KINDS)
    if put:
        out.print(f"{count(_write_badges(paths, root, with_readme=not notebooks), 'file')} written.")
    elif check:
        wrong = [f"{shown(path, root)}, {said}" for path in paths if (said := badges.problem(read(path), path, root))]
        if not notebooks:
            wrong += map(str, badges.readme_problems(read_as_stored(_readme(root)), root))
        finish(wrong, f"{count(len(paths), 'file')} with the right badge.")
    else:
        for path in paths:
            out.print(home.colab(f"{kind_of(path)}/{path.name}"), markup=False)


def release_tag(
    tag: Annotated[
        str | None, typer.Argument(help="The release, such as v0.1.0: the letter v and the version in pyproject.toml.")
    ] = None,
    branch: Annotated[bool, typer.Option("--branch", help="Point to the branch instead of a release.")] = False,
) -> None:
    """Show the release that notebooks install and badges open, or set it and rewrite every address in the course.

    It writes pyproject.toml, every notebook (without running it) and the README. You commit, and run `git tag`, yourself.
    """
    root = course_root()
    if tag is None and not branch:
        home = published(root)
        out.print(f"{home.repository}, {'release ' + home.tag if home.tag else 'branch ' + home.branch}", markup=False)
        return
    if tag and branch:
        raise typer.BadParameter("Name a release or --branch, not both.")
    changed = set_tag(root, tag or "")
    paths = stored(root)
    cells = 0
    for path in paths:
        cells += write(path, dumps(bootstrap.put(read(path), root)))
    written = _write_badges(paths, root, with_readme=True)
    out.print(
        f"pyproject.toml: {'written' if changed else 'unchanged'}; set-up cells written: {cells}; badges: {written}."
    )


def _write_badges(paths: list[Path], root: Path, *, with_readme: bool) -> int:
    """Bring the badges of these notebooks, and of the README, up to date; how many files that changed."""
    home = published(root)
    changed = 0
    for path in paths:
        changed += write(path, dumps(badges.put(read(path), kind_of(path), path.stem, home)))
    file = _readme(root)
    if with_readme and file.is_file():
        changed += write(file, badges.readme(read_as_stored(file), root))
    return changed


def _readme(root: Path) -> Path:
    return root / "README.md"
