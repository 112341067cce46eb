"""How many minutes each exercise takes: read from the box under its heading in the exercise notebook, where that is at hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

# The heading of level two, and the row of its box: | difficulty | importance | 5 minutes |
_HEADING = re.compile(r"^## +`?(\w+)`?.*$", re.M)
_MINUTES = re.compile(r"^\|.*\|\s*(\d+)\s*min", re.M)


def exercise_file(lesson: str) -> Path | None:
    """The lesson's exercise notebook: beside the notebook that runs, or in the clone that `course` runs from; None elsewhere."""
    for root in (Path(".."), Path(__file__).resolve().parents[2]):
        file = root / "exercises" / f"{lesson}.ipynb"
        if file.is_file():
            return file
    return None


def minutes(file: Path | None) -> dict[str, int]:
    """Minutes by the exercise's name; empty where there is no file that can be read."""
    if file is None:
        return {}
    try:
        return _minutes(file.resolve(), file.stat().st_mtime_ns)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


@cache
def _minutes(file: Path, changed_ns: int) -> dict[str, int]:
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return dict(_boxes(text))


def _boxes(text: str) -> Iterator[tuple[str, int]]:
    for heading in _HEADING.finditer(text):
        following = _HEADING.search(text, heading.end())
        box = _MINUTES.search(text, heading.end(), following.start() if following else len(text))
        if box:
            yield heading[1], int(box[1])
