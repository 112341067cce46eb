"""The cells of a notebook that was handed in. It is hostile: any JSON type may stand anywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from course.grading.graft.source_code import Code, read_code, unread

MOST_CELLS = 2_000
LARGEST_SOURCE = 5_000_000  # characters of all cells together
_MOST_READ = 1_000_000  # characters; code beyond is run, but not read
_MARKER = re.compile(r"(?:NBVAL|PYTEST_VALIDATE)_\w+")


@dataclass(frozen=True)
class Cell:
    """One cell as it was handed in: its text, and what it says it is. Nothing else of it is ever used.

    Attributes:
        number: its place among all cells of the notebook, from 1.
        code: is it a code cell?
        source: its text, with "\\n" at the ends of lines, and no character that UTF-8 doesn't have.
        grade_id: nbgrader's name for it, or "".
        id: its id, or "".
        read: may its source be parsed? Not past the first megabyte of a notebook.
    """

    number: int
    code: bool
    source: str
    grade_id: str
    id: str
    read: bool = True

    @cached_property
    def says(self) -> Code:
        """What its source says."""
        return read_code(self.source) if self.read else unread(self.source)

    @property
    def indented(self) -> bool:
        """Does its code begin inside a block, as the lower half of a split function does?"""
        lines = (line for line in self.source.split("\n") if line.strip() and not line.lstrip().startswith("#"))
        return next(lines, "x")[0] in " \t"


def cells_of(notebook: Any) -> tuple[list[Cell], list[str]]:
    """The cells of a notebook with text in them, and notes on what was left out. Never raises.

    Args:
        notebook: whatever JSON holds; version 4 keeps a list under "cells".
    """
    found: list[Cell] = []
    notes = []
    raw = notebook.get("cells") if isinstance(notebook, dict) else None
    room, codes = LARGEST_SOURCE, 0
    for number, cell in enumerate(raw if isinstance(raw, list) else [], start=1):
        if not isinstance(cell, dict):
            continue
        source = _source(cell.get("source"), room + 1)
        is_code = cell.get("cell_type") == "code"
        codes += is_code and bool(source.strip())
        if len(source) > room or codes > MOST_CELLS:
            limit = f"{MOST_CELLS:,} code cells" if codes > MOST_CELLS else f"{LARGEST_SOURCE / 1e6:.0f} MB of text"
            notes.append(f"The notebook holds more than {limit}: cell {number} and all later cells were left out.")
            break
        room -= len(source)
        if source.strip():
            found.append(Cell(number, is_code, source, *_names(cell), read=LARGEST_SOURCE - room <= _MOST_READ))
    return found, notes


def without_markers(source: str) -> str:
    """`source` with each comment that steers nbval made a mere comment; no line is added or lost.

    nbval obeys a line that is nothing but such a comment, wherever it stands (nbval 0.11, `find_comment_markers`).
    """
    if "NBVAL_" not in source and "PYTEST_VALIDATE_" not in source:
        return source
    return "".join(_tamed(line) for line in source.splitlines(keepends=True))


def _source(raw: Any, longest: int) -> str:
    parts = raw if isinstance(raw, list) else [raw]
    kept, room = [], longest
    for part in parts:
        if isinstance(part, str) and room > 0:
            kept.append(part[:room])
            room -= len(kept[-1])
    text = "".join(kept).replace("\r\n", "\n").replace("\r", "\n")
    return text.encode("utf-8", "replace").decode("utf-8")  # JSON can hold half a surrogate pair, a file can't


def _names(cell: dict[str, Any]) -> tuple[str, str]:
    metadata = cell.get("metadata")
    grading = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = grading.get("grade_id") if isinstance(grading, dict) else None
    name = cell.get("id")
    return grade_id if isinstance(grade_id, str) else "", name if isinstance(name, str) else ""


def _tamed(line: str) -> str:
    text = line.strip()
    if not text.startswith("#") or not _MARKER.fullmatch(text.lstrip("#").strip()):
        return line
    end = len(line.rstrip())
    return f"{line[:end]}.{line[end:]}"
