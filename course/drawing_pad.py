"""A sheet on which the learner draws a digit, and their own network reads as they draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course.widgets.digits import EXAMPLES, PEN, SIDE, Stroke, ink, like_mnist
from course.widgets.front import Drawn, connect, show, told

_LONGEST = 20_000  # points of one drawing; nobody draws as many, and a page can't fill the memory


class Pad:
    """A drawing, what the network sees of it, and what it reads. Shown by ending a cell with it.

    Attributes:
        strokes: of the drawing; at first an example, which goes away as soon as somebody draws.
        image: (28, 28) in [0, 1], what the network sees: the drawing, prepared as the digits of MNIST were.
        probabilities: (classes,), what it answered; None as long as there is no ink, or where it failed.
        error: what ``read`` raised the last time, in words; empty if it went well.
    """

    def __init__(self, read: Callable[[NDArray[np.float32]], Any], classes: Sequence[str], strokes: Sequence[Stroke]):
        self.read, self.classes = read, list(classes)
        self.strokes: list[Stroke] = list(strokes)
        self.image: NDArray[np.float32] = np.zeros((SIDE, SIDE), np.float32)
        self.probabilities: NDArray[np.float32] | None = None
        self.error = ""
        self.front: Any = None

    def draw(self, strokes: Sequence[Stroke]) -> None:
        """Take these strokes for the drawing, and read it. An exception in ``read`` is kept as ``error``."""
        self.error, self.probabilities = "", None
        try:
            if sum(map(len, strokes)) > _LONGEST:
                raise ValueError(f"a drawing has at most {_LONGEST:,} points")
            self.strokes = list(strokes)
            self.image = like_mnist(ink(strokes))
            if self.image.any():
                self.probabilities = self._read()
        except Exception as error:  # the learner's function may raise anything, and must not take the page along
            self.error = told(error)

    @property
    def words(self) -> str:
        """What it reads, in a few words: "reads 3, 97 %"."""
        if self.probabilities is None:
            return "" if self.error else "nothing drawn yet"
        best = int(self.probabilities.argmax())
        return f"reads {self.classes[best]}, {100 * self.probabilities[best]:.0f} %"

    def _read(self) -> NDArray[np.float32]:
        said = np.asarray(self.read(self.image.copy()), np.float32)
        wanted = (len(self.classes),)
        if said.shape != wanted:
            raise ValueError(f"read must return {wanted[0]} probabilities, of shape {wanted}; it returned {said.shape}")
        if not np.isfinite(said).all() or said.min() < 0 or not 0.99 < said.sum() < 1.01:
            raise ValueError("read must return probabilities: none below 0, with a sum of 1. Is softmax missing?")
        return said

    def _heard(self, asked: Mapping[str, Any]) -> Drawn:
        self.draw(asked.get("strokes", []))
        return self._drawn()

    def _drawn(self) -> Drawn:
        p = None if self.probabilities is None else [round(float(part), 4) for part in self.probabilities]
        says = {"probabilities": p, "words": self.words, "error": self.error, "seen": _place(self.image)}
        return Drawn((255 * self.image).round().astype(np.uint8).tobytes(), says)

    def _ipython_display_(self) -> None:
        from course.plot.alt import display_bundle
        from course.plot.pad import drawing
        from course.plot.widgets import still

        self.draw(self.strokes)
        if self.error:
            raise RuntimeError(f"the pad's example could not be read: {self.error}")
        figure = drawing(self.strokes, self.image, self.probabilities, self.classes)
        if self.front is None:
            spec = {"classes": self.classes, "strokes": _plain(self.strokes), "side": SIDE, "pen": PEN}
            self.front = connect("pad", spec, self._drawn(), self._heard)
        show(*display_bundle(*still(figure), f"Pad: {self.words}"), self.front)


def pad(
    read: Callable[[NDArray[np.float32]], Any],
    *,
    classes: Sequence[str] = tuple("0123456789"),
    strokes: Sequence[Stroke] | None = None,
) -> Pad:
    """A sheet to draw on, with mouse, finger, pen or keyboard; ``read`` is asked as you draw.

    Args:
        read: an image (28, 28), float32 in [0, 1] → the probability of each class (classes,). It gets what is drawn, prepared as
            MNIST's digits were: see :func:`course.widgets.digits.like_mnist`.
        classes: their names.
        strokes: an example to begin with, a list of lists of points (x, y) from 0 to 28; a 4 where None.

    Returns:
        The pad. End the cell with it to show it; ``.image`` and ``.probabilities`` are those of the last drawing.
    """
    return Pad(read, classes, EXAMPLES[4] if strokes is None else strokes)


def _plain(strokes: Sequence[Stroke]) -> list[list[list[float]]]:
    """Strokes as JSON."""
    return [[[float(x), float(y)] for x, y in stroke] for stroke in strokes]


def _place(image: NDArray[np.float32]) -> str:
    """Where the ink is, for somebody who can't see it."""
    rows, columns = np.nonzero(image.max(axis=1) > 0.1)[0], np.nonzero(image.max(axis=0) > 0.1)[0]
    if not len(rows):
        return "what the network sees: no ink"
    where = f"rows {rows[0] + 1} to {rows[-1] + 1}, columns {columns[0] + 1} to {columns[-1] + 1}"
    return f"what the network sees: {SIDE} × {SIDE} pixels, with ink in {where}"
