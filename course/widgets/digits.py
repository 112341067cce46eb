"""From strokes of a pen to a picture such as those of MNIST: ink on paper, then prepared as MNIST's digits were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 28  # of a picture of MNIST, in pixels
BOX = 20  # the digit itself is scaled into this, in the middle
PEN = 2.4  # the width of a stroke on a sheet of 28 × 28
_PAPER = 0.05  # what is paler than this is no ink
_FINE = 10  # a sheet is drawn ten times as large, and made smaller afterwards: that smooths the edges

Stroke = Sequence[Sequence[float]]

# One digit of each kind, as somebody draws them: lists of strokes, a stroke a list of points (x, y) on a sheet of 28 × 28 with
# (0, 0) at the upper left.
EXAMPLES: dict[int, list[list[tuple[float, float]]]] = {
    0: [[(14, 5), (10, 7), (8, 12), (8, 17), (11, 22), (15, 23), (19, 20), (20, 14), (19, 8), (16, 5), (14, 5)]],
    1: [[(14, 5), (14, 14), (13, 23)]],
    2: [[(9, 9), (11, 6), (15, 5), (18, 7), (18, 11), (14, 16), (9, 22), (14, 22), (20, 22)]],
    3: [[(9, 7), (13, 5), (18, 7), (17, 11), (13, 13), (18, 15), (19, 19), (15, 23), (9, 21)]],
    4: [[(10, 6), (8, 15), (20, 15)], [(18, 6), (16, 23)]],
    5: [[(19, 6), (11, 6), (10, 13), (15, 12), (19, 15), (18, 20), (14, 23), (9, 21)]],
    6: [[(16, 5), (11, 10), (9, 17), (11, 22), (16, 22), (19, 18), (16, 15), (11, 16), (9, 19)]],
    7: [[(8, 7), (20, 7), (16, 15), (13, 23)]],
    8: [
        [(18, 8), (14, 5), (10, 8), (12, 12), (17, 16), (18, 20), (14, 23), (10, 20), (12, 15), (17, 11), (18, 8)],
    ],
    9: [[(18, 9), (14, 6), (10, 9), (11, 13), (15, 14), (18, 10), (18, 16), (16, 23)]],
}


def ink(strokes: Sequence[Stroke], pen: float = PEN) -> NDArray[np.float32]:
    """Strokes on a sheet, ten times as fine as the sheet's unit.

    Args:
        strokes: each a list of points (x, y), from 0 to 28; a stroke of one point is a dot.
        pen: its width, in the same unit.

    Returns:
        (280, 280), 0 where the paper is bare, 1 where there is ink. What lies outside of the sheet is cut off.

    Raises:
        ValueError: a point is no pair of numbers.
    """
    from PIL import Image, ImageDraw

    sheet = Image.new("L", (SIDE * _FINE, SIDE * _FINE))
    draw, radius = ImageDraw.Draw(sheet), pen * _FINE / 2
    for stroke in strokes:
        points = np.asarray(stroke, float)
        if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
            raise ValueError(f"a stroke is a list of points (x, y); got {stroke!r}")
        path = [(x, y) for x, y in _FINE * points]
        if len(path) > 1:
            draw.line(path, fill=255, width=round(2 * radius), joint="curve")
        for x, y in (path[0], path[-1]):  # a pen leaves round ends
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(sheet, np.float32) / np.float32(255)


def like_mnist(picture: Any) -> NDArray[np.float32]:
    """A drawn digit, prepared as the digits of MNIST were, so that a network trained on those sees what it knows.

    The description of MNIST says how: the pictures "were size normalized to fit in a 20x20 pixel box while preserving their
    aspect ratio", became gray by that, and "were centered in a 28x28 image by computing the center of mass of the pixels, and
    translating the image so as to position this point at the center of the 28x28 field" (Y. LeCun, C. Cortes, C. Burges,
    *The MNIST database of handwritten digits*, http://yann.lecun.com/exdb/mnist/). In its pictures the longer side has exactly 20
    pixels, and the center of mass lies within about half a pixel of row 14 and column 14, counted from 0 (tests/test_widgets_digits.py
    measures both): that is "the center" here, too.

    Args:
        picture: (height, width), of any size; 0 is paper, 1 is ink.

    Returns:
        (28, 28) in [0, 1]; all 0 where there is no ink.

    Raises:
        ValueError: the picture has not two axes.
    """
    from PIL import Image

    sheet = np.asarray(picture, np.float32)
    if sheet.ndim != 2:
        raise ValueError(f"a picture is (height, width); got {sheet.shape}")
    rows, columns = np.nonzero(sheet.max(axis=1) > _PAPER)[0], np.nonzero(sheet.max(axis=0) > _PAPER)[0]
    field = np.zeros((SIDE, SIDE), np.float32)
    if not len(rows):
        return field
    digit = sheet[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = digit.shape
    scale = BOX / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(Image.fromarray(digit).resize(size, Image.Resampling.BOX), np.float32).clip(0, 1)
    top, left = (_before(small.sum(axis=1 - axis), small.shape[axis]) for axis in (0, 1))
    field[top : top + small.shape[0], left : left + small.shape[1]] = small
    return field


def _before(mass: NDArray[np.float32], length: int) -> int:
    """How many empty pixels come before `length` of them, for their center of mass to lie at pixel 14."""
    center = float((mass * np.arange(length)).sum() / mass.sum())
    return min(max(round(SIDE / 2 - center), 0), SIDE - length)
