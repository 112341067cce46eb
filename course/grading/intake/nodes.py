"""A file or folder that was handed in, and its name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from course.grading.intake.reasons import NOTHING, Reason

TIMESTAMP, METADATA = "timestamp.txt", "submission_metadata.yml"


@dataclass
class Node:
    """A file or folder that was handed in.

    Attributes:
        name: its name; as somebody wrote it.
        shown: how messages call it, relative to what the instructor named.
        path: where it can be read; None if it was not unpacked.
        problem: why it can't be read, as the rest of a sentence ("is a link, …").
        modified: when it was changed, in seconds since 1970.
        children: what is in the folder or zip file, by name; None for a file.
        left: what is in it, too, and was left there by a program; each has a `problem` that says by which.
        place: its place in its zip file, after that one's in another.
        raw: the bytes of its path in its zip file, where they are not UTF-8 or the path was changed; else b"".
        archive: is it a zip file?
        wrapper: is it the only folder in a zip file?
    """

    name: str
    shown: str
    path: Path | None = None
    problem: Reason = NOTHING
    modified: float = 0.0
    children: list[Node] | None = None
    left: list[Node] = field(default_factory=list)
    place: tuple[int, ...] = ()
    raw: bytes = b""
    archive: bool = False
    wrapper: bool = False

    def files(self, trail: tuple[str, ...] = ()) -> Iterator[tuple[Node, tuple[str, ...]]]:
        """All files below it (itself, if it is one), each with the names of the folders that lead to it."""
        if self.children is None:
            yield self, trail
        for child in self.children or []:
            folder = (*trail, child.name) if child.children is not None else trail
            yield from child.files(folder)

    def everything(self) -> Iterator[Node]:
        """All that is below it: files, empty folders, folders that have a problem, and what programs left; itself, if it is one of these."""
        if self.problem or not (self.children or self.left):
            yield self
        for child in (*(self.children or ()), *self.left):
            yield from child.everything()


def is_notebook(name: str) -> bool:
    """Is this a notebook's name? Some browsers save "x.ipynb.txt" or "x.ipynb.json"."""
    return re.search(r"\.ipynb(?:\.txt|\.json)?$", name, re.I) is not None


def printable(name: str) -> str:
    """A name for a message: what can't be printed, or would turn the text around, is shown as its code."""
    return "".join(c if _prints(c) else f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}" for c in name)


def _prints(letter: str) -> bool:
    return letter == " " or unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
