"""Every way to read digits that the learner has built, in one table: `scoreboard()`."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from course.history import file
from course.history.attempts import Reader
from course.rounding import figure
from course.timing import seconds

SHIFT = 4  # pixels to the right, as in lesson 02
_HEADS = ("reader", "right", "right when shifted", "numbers kept", "time a digit")


class Scoreboard:
    """The table: HTML in a notebook, text elsewhere.

    Attributes:
        readers: by their names, in the order in which they were built.
        newest: the name of the one that was measured just now; "" where none was.
        note: what the learner should know of the file that keeps them.
    """

    def __init__(self, readers: Mapping[str, Reader], newest: str = "", note: str = "") -> None:
        self.readers, self.newest, self.note = dict(readers), newest, note

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (name, f"{one.right:.1f} %", f"{one.shifted:.1f} %", figure(one.numbers), seconds(one.seconds))
            for name, one in self.readers.items()
        ]

    def __repr__(self) -> str:
        if not self.readers:
            return "No reader of digits has been measured yet."
        rows = [_HEADS, *self._rows()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([*lines, *([self.note] if self.note else [])])

    def _repr_html_(self) -> str:
        if not self.readers:
            return f"<p>{self!r}</p>"
        left, right = "text-align: left", "text-align: right"
        head = "".join(f"<th style='{right if i else left}'>{name}</th>" for i, name in enumerate(_HEADS))
        body = ""
        for row in self._rows():
            weight = "; font-weight: bold" if row[0] == self.newest else ""
            cells = (
                f"<td style='{right if i else left}{weight}'>{html.escape(cell)}</td>" for i, cell in enumerate(row)
            )
            body += f"<tr>{''.join(cells)}</tr>"
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"


def scoreboard(name: str = "", read: Callable[[np.ndarray], Any] | None = None, *, numbers: int = 0) -> Scoreboard:
    """Measure a reader of digits, and show it beside those that were built before.

    It reads the 1,000 test digits of `mnist_5k`, and the same digits moved four pixels to the right. The results are kept in the
    learner's progress file, and sent nowhere.

    Args:
        name: what the reader is called, such as "ten templates". One that is measured again replaces the older result.
        read: the reader: images (n, 28, 28, 1), float32 from 0 to 1, to labels (n,).
        numbers: how many numbers it keeps: its weights, or the examples that it compares with.

    Returns:
        The table. Without a reader, `scoreboard()`, it holds what was measured before.

    Raises:
        ValueError: a reader without a name or without the count of its numbers, or one that doesn't return a label for each image.
    """
    if read is None:
        return Scoreboard(file.load().readers)
    if not name or numbers < 1:
        raise ValueError("a reader needs a name and the count of the numbers that it keeps")
    from course.data import load
    from course.timing import timed

    images, labels = load("mnist_5k").test
    moved = np.pad(images, ((0, 0), (0, 0), (SHIFT, 0), (0, 0)))[:, :, : images.shape[2]]
    right, shifted = (_right(read, pictures, labels) for pictures in (images, moved))
    took = timed(read, images).median_s / len(images)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    note = file.record_reader(name, Reader(right, shifted, int(numbers), took, now))
    return Scoreboard(file.load().readers, name, note)


def _right(read: Callable[[np.ndarray], Any], images: np.ndarray, labels: np.ndarray) -> float:
    """The share that is read rightly, in %."""
    said = np.asarray(read(images))
    if said.shape != labels.shape:
        raise ValueError(
            f"the reader returned an array of shape {said.shape} for {len(labels)} images; expected ({len(labels)},)"
        )
    return 100 * float((said == labels).mean())
