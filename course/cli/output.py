"""Where the commands print: results on the standard output, complaints on the standard error."""

from __future__ import annotations

import typer

from course.console import Console

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def finish(wrong: list[str], good: str) -> None:
    """Print what is wrong and fail, or print what is good."""
    for reason in wrong:
        err.print(reason, markup=False)
    if wrong:
        raise typer.Exit(1)
    if good:
        out.print(good, markup=False)


def count(number: int, noun: str) -> str:
    """A number with its noun and verb: "1 notebook is", "2 notebooks are"."""
    return f"1 {noun} is" if number == 1 else f"{number} {noun}s are"
