"""Bring stored notebooks into the canonical form, or say why they are not in it."""

from __future__ import annotations

from pathlib import Path

from course.authoring.canonical import canonical, keep_pictures, problems, widget_problems
from course.authoring.execute import Progress, execute
from course.authoring.lessons import EXERCISES, kind_of
from course.authoring.notebook import AuthoringError, Problem, dumps, parse, read, read_as_stored, write


def check_file(path: Path) -> list[Problem]:
    """What is wrong with the stored notebook; nothing is run or written."""
    text = read_as_stored(path)  # a line ending of another system is a difference too
    return problems(parse(text, str(path)), kind_of(path), text)


def format_file(
    path: Path, name: str, *, run: bool = True, timeout: int = 600, progress: Progress | None = None
) -> tuple[bool, list[Problem]]:
    """Run the notebook and store it in the canonical form.

    Returns whether the file was changed, and what is still wrong with it. With `run`, a notebook with
    problems is left as it was, and AuthoringError says what they are. Without, nothing is executed: what is
    there is tidied and stored, and the problems that only a run can mend come back. Exercises are never run.
    """
    stored, kind = read(path), kind_of(path)
    nb = before = canonical(stored, kind)
    run = run and kind != EXERCISES
    found: list[Problem] = []
    if run:
        ran = execute(before, name, path.resolve().parent, timeout=timeout, progress=progress)
        found = widget_problems(ran)
        nb = canonical(ran, kind)
        keep_pictures(nb, before)
    text = dumps(nb)
    found += problems(parse(text, name), kind, text)
    if run and found:
        reasons = "\n".join(f"  {problem}" for problem in found)
        raise AuthoringError(f"{name} ran, but can't be stored as it is; the file was left as it was:\n{reasons}")
    return write(path, text), found
