"""Pictures of digits: grids of images, and weights seen as images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from course.plot.alt import say
from course.plot.alt_words import between, listed, number, repeated
from course.plot.style import BLUE, RED, SIGNED, bare, minus


def _square(image: Any) -> np.ndarray:
    picture = np.asarray(image, np.float32).squeeze()
    if picture.ndim == 1:
        side = round(picture.size**0.5)
        picture = picture.reshape(side, -1)
    if picture.ndim != 2:
        raise ValueError(f"an image is (height, width), (height, width, 1) or flat; got {np.shape(image)}")
    return picture


def images(
    pictures: Any, titles: Sequence[Any] | None = None, *, columns: int = 10, marks: Sequence[bool] | None = None
) -> np.ndarray:
    """A grid of gray images, white on black as MNIST has them.

    Args:
        pictures: (n, height, width), with or without a last axis of 1, or flat (n, height·width); values from 0 to 1.
        titles: one a picture.
        columns: pictures in a row.
        marks: one a picture; False sets its title in red (a wrong answer, say), True in blue. Where there are both, with ✗ and ✓.

    Returns:
        The axes, an array (rows, columns).
    """
    n = len(pictures)
    columns = min(columns, n)
    rows = -(-n // columns)
    _, axes = plt.subplots(
        rows, columns, figsize=(0.86 * columns, (1.08 if titles is not None else 0.88) * rows), squeeze=False
    )
    for ax in axes.flat:
        bare(ax)
    mixed = marks is not None and len({bool(mark) for mark in marks}) > 1
    for i, picture in enumerate(pictures):
        ax = axes.flat[i]
        ax.imshow(_square(picture), cmap="gray", vmin=0, vmax=1)
        if titles is not None:
            color = "black" if marks is None else (BLUE if marks[i] else RED)
            sign = ("✓ " if marks[i] else "✗ ") if marks is not None and mixed else ""
            ax.set_title(f"{sign}{titles[i]}", fontsize=9, color=color, loc="center", pad=3)
    height, width = _square(pictures[0]).shape
    told = "" if titles is None else f" Captions: {listed(repeated(' '.join(str(t).split()) for t in titles), 40)}."
    if titles is None or n <= 4:
        told += f" The bright parts, in order: {'; '.join(_bright(picture) for picture in pictures[:10])}."
    if marks is not None:
        right = sum(map(bool, marks))
        told += f" {right} are marked as right, {n - right} as wrong." if 0 < right < n else ""
        told += f" All are marked as {'right' if right else 'wrong'}." if right in (0, n) else ""
    across = "" if rows == 1 else f", {columns} in a row"
    say(axes.flat[0].figure, f"{n} gray pictures of {height} × {width} pixels{across}.{told}")
    return axes


def _bright(picture: Any) -> str:
    """Where an image is at least half as bright as it gets."""
    values = _square(picture)
    rows, columns = np.nonzero(values >= 0.5 * (values.max() or 1.0))
    if not len(rows):
        return "no pixels"
    return f"{between('row', int(rows.min()), int(rows.max()))}, {between('column', int(columns.min()), int(columns.max()))}"


def templates(W: Any, titles: Sequence[Any] | None = None, *, label: str = "weight", columns: int = 5) -> np.ndarray:
    """Rows of a weight matrix as images: red adds, blue (striped) takes away, white doesn't count.

    Args:
        W: (neurons, height·width) or (neurons, height, width).
        titles: one a neuron; its number where None.
        label: what the color means, for the scale.
        columns: pictures in a row.

    Returns:
        The axes, an array (rows, columns).
    """
    pictures = [_square(row) for row in np.asarray(W, np.float32)]
    limit = max(float(np.abs(p).max()) for p in pictures) or 1.0
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(1.35 * columns + 0.6, 1.5 * rows), squeeze=False)
    for ax in axes.flat:
        bare(ax)
    shown = None
    for i, picture in enumerate(pictures):
        shown = axes.flat[i].imshow(picture, cmap=SIGNED, vmin=-limit, vmax=limit)
        minus(axes.flat[i], picture, limit)
        axes.flat[i].set_title(str(i if titles is None else titles[i]), fontsize=9, loc="center", pad=3)
    if shown is not None:
        figure.colorbar(shown, ax=axes, shrink=0.8, label=label)
    names = [str(i if titles is None else titles[i]) for i in range(len(pictures))]
    ranges = [f"{name}: {number(p.min())} to {number(p.max())}" for name, p in zip(names, pictures, strict=True)]
    say(
        figure,
        f"{len(pictures)} pictures of {pictures[0].shape[0]} × {pictures[0].shape[1]} numbers, one a neuron ({label}); "
        f"red adds, blue takes away. From lowest to highest, {'; '.join(ranges)}.",
    )
    return axes
