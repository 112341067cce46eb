"""Convolution in pictures: the window that slides, and pictures with signs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from course.plot.alt import say
from course.plot.alt_words import between, listed, number
from course.plot.style import ORANGE, SIGNED, bare, minus, row


def _numbers(ax: Axes, values: np.ndarray, *, cmap: str, limit: tuple[float, float], digits: int) -> None:
    ax.imshow(values, cmap=cmap, vmin=limit[0], vmax=limit[1])
    dark = SIGNED not in cmap
    for (r, c), value in np.ndenumerate(values):
        share = (value - limit[0]) / ((limit[1] - limit[0]) or 1)
        light = share < 0.45 if dark else abs(share - 0.5) > 0.33
        ax.text(c, r, f"{value:.{digits}f}", ha="center", va="center", fontsize=8, color="white" if light else "black")
    bare(ax)


def window(
    image: Any, kernel: Any, at: tuple[int, int], *, digits: int = 1, ax: Sequence[Axes] | None = None
) -> list[Axes]:
    """One step of a convolution: the window on the image, the kernel, and all answers with this one marked.

    Args:
        image: (h, w), small enough that its numbers can be read (about 9 × 9); values from 0 to 1.
        kernel: (kh, kw).
        at: row and column of the answer, which are those of the window's upper left corner.
        digits: decimals that are written.
        ax: three axes; a new figure where None.

    Returns:
        The three axes.
    """
    picture, weights = np.asarray(image, float), np.asarray(kernel, float)
    kh, kw = weights.shape
    patches = np.lib.stride_tricks.sliding_window_view(picture, (kh, kw))
    answers = (patches * weights).sum(axis=(2, 3))
    axes = row(3, ax, width=3.1, height=3.2)
    r, c = at
    _numbers(axes[0], picture, cmap="gray", limit=(0, 1), digits=digits)
    axes[0].add_patch(Rectangle((c - 0.5, r - 0.5), kw, kh, fill=False, edgecolor=ORANGE, linewidth=3))
    axes[0].set_title(f"image {picture.shape[0]} × {picture.shape[1]}")
    reach = float(np.abs(weights).max()) or 1.0
    _numbers(axes[1], weights, cmap=SIGNED, limit=(-reach, reach), digits=digits)
    axes[1].set_title(f"kernel {kh} × {kw}")
    reach = float(np.abs(answers).max()) or 1.0
    _numbers(axes[2], answers, cmap=SIGNED, limit=(-reach, reach), digits=digits)
    axes[2].add_patch(Rectangle((c - 0.5, r - 0.5), 1, 1, fill=False, edgecolor=ORANGE, linewidth=3))
    axes[2].set_title(f"answers {answers.shape[0]} × {answers.shape[1]}")
    covered = "; ".join(" ".join(map(number, line)) for line in patches[r, c])
    say(axes[0], f"The window has its upper left corner at row {r}, column {c}, and covers, row by row, {covered}.")
    say(axes[1], f"Row by row: {'; '.join(' '.join(map(number, line)) for line in weights)}.")
    say(axes[2], f"Multiplied place by place with the kernel and added up, this is {number(answers[r, c])}, marked at row {r}, "
        f"column {c}. All answers lie between {number(answers.min())} and {number(answers.max())}.")  # fmt: skip
    return axes


def gallery(
    pictures: Sequence[Any],
    titles: Sequence[str] | None = None,
    *,
    signed: bool = False,
    columns: int = 4,
    size: float = 2.2,
) -> np.ndarray:
    """Pictures that need not be digits, each with its own scale: photographs, feature maps, filters.

    Args:
        pictures: each (h, w), or (h, w, 3) for color.
        titles: one a picture.
        signed: red for positive, blue (and a minus, or stripes) for negative, white for zero, instead of gray from smallest to largest.
        columns: pictures in a row.
        size: inches of each.

    Returns:
        The axes, an array (rows, columns).
    """
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    tall = float(np.mean([np.shape(p)[0] / np.shape(p)[1] for p in pictures]))
    height = size * tall + (0.3 if titles is not None else 0.05)
    _, axes = plt.subplots(rows, columns, figsize=(size * columns, height * rows), squeeze=False)
    for ax in axes.flat:
        bare(ax)
    for i, picture in enumerate(pictures):
        values = np.asarray(picture)
        reach = float(np.abs(values).max()) or 1.0
        scale: dict[str, Any] = {"cmap": SIGNED, "vmin": -reach, "vmax": reach} if signed else {"cmap": "gray"}
        axes.flat[i].imshow(values, **scale)
        if signed:
            minus(axes.flat[i], values, reach)
        if titles is not None:
            axes.flat[i].set_title(titles[i], fontsize=9, loc="center", pad=3)
    say(axes.flat[0].figure, _gallery_in_words(pictures, titles, signed=signed, shape=(rows, columns)))
    return axes


def _gallery_in_words(
    pictures: Sequence[Any], titles: Sequence[str] | None, *, signed: bool, shape: tuple[int, int]
) -> str:
    names = titles or [str(i + 1) for i in range(len(pictures))]
    size = " × ".join(map(str, np.shape(pictures[0])))
    ranges = [
        f"{name} from {number(np.min(p))} to {number(np.max(p))}" for name, p in zip(names, pictures, strict=False)
    ]
    color = "red is positive, blue negative, white zero" if signed else "dark is low, bright is high"
    return (
        f"{len(pictures)} pictures of {size} in {shape[0]} × {shape[1]}, each with its own scale; {color}. "
        f"Values: {listed(ranges, 6)}."
    )


def heat(image: Any, values: Any, *, title: str = "", ax: Axes | None = None) -> Axes:
    """How much each pixel mattered, laid over the image.

    Args:
        image: (h, w), from 0 to 1.
        values: (h, w), not negative.
        title: of the axes.
        ax: where to draw; a new figure where None.
    """
    (ax,) = row(1, ax, width=2.2, height=2.4)
    ax.imshow(np.asarray(image), cmap="gray", vmin=0, vmax=1)
    weights = np.asarray(values, float)
    weights = weights / (weights.max() or 1.0)
    ax.imshow(weights, cmap="inferno", alpha=0.25 + 0.6 * weights)
    # The rows and the columns between which most of it lies, a quarter being left out at each side.
    (top, bottom), (left, right) = (_middle(weights.sum(axis=k)) for k in (1, 0))
    say(ax, f"What mattered most lies in {between('row', top, bottom)}, {between('column', left, right)} of {weights.shape[0]} × "
        f"{weights.shape[1]} pixels.")  # fmt: skip
    ax.set_title(title, fontsize=9, loc="center", pad=3)
    bare(ax)
    return ax


def _middle(shares: np.ndarray) -> tuple[int, int]:
    """From where to where the middle half of a sum lies."""
    passed = np.cumsum(shares) / (shares.sum() or 1.0)
    last = len(shares) - 1
    return min(int(np.searchsorted(passed, 0.25)), last), min(int(np.searchsorted(passed, 0.75)), last)
