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
from course.plot.style import GRAY, ORANGE, SIGNED, bare, minus, row


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

    With channels, each has a row: its picture, its slice of the kernel, and what it adds to the answers; the answers are on the right.

    Args:
        image: (h, w), or (h, w, channels), small enough that its numbers can be read (about 9 × 9); values from 0 to 1.
        kernel: (kh, kw), or (kh, kw, channels).
        at: row and column of the answer, which are those of the window's upper left corner.
        digits: decimals that are written.
        ax: three axes, or three for each channel and one more; a new figure where None.

    Returns:
        The axes.
    """
    picture, weights = np.asarray(image, float), np.asarray(kernel, float)
    if picture.ndim == 2:
        axes = row(3, ax, width=3.1, height=3.2)
        _one_channel(axes, picture, weights, at, digits, ("image", "kernel", "answers"))
        return axes
    channels = picture.shape[2]
    axes = list(ax) if ax is not None else _rows_and_one(channels)
    parts = []
    for k in range(channels):
        names = (f"channel {k + 1}:", "its weights", "it adds")
        parts.append(_one_channel(axes[3 * k : 3 * k + 3], picture[..., k], weights[..., k], at, digits, names))
    answers = np.sum(parts, axis=0)
    reach = float(np.abs(answers).max()) or 1.0
    _numbers(axes[-1], answers, cmap=SIGNED, limit=(-reach, reach), digits=digits)
    axes[-1].add_patch(Rectangle((at[1] - 0.5, at[0] - 0.5), 1, 1, fill=False, edgecolor=ORANGE, linewidth=3))
    adds = " + ".join(f"({number(part[at])})" if part[at] < 0 else number(part[at]) for part in parts)
    axes[-1].set_title(f"answers: {adds} = {number(answers[at])}")
    say(axes[-1], f"The sum of the channels: at row {at[0]}, column {at[1]}, {adds} = {number(answers[at])}. "
        f"Row by row: {'; '.join(' '.join(map(number, line)) for line in answers)}.")  # fmt: skip
    return axes


def _rows_and_one(channels: int) -> list[Axes]:
    """Three axes for each channel, and one beside them all."""
    figure = plt.figure(figsize=(9.6, 2.5 * channels), layout="constrained")
    grid = figure.add_gridspec(channels, 4, width_ratios=(1, 0.8, 0.9, 1.1))
    axes = [figure.add_subplot(grid[k, column]) for k in range(channels) for column in range(3)]
    return [*axes, figure.add_subplot(grid[:, 3])]


def _one_channel(
    axes: Sequence[Axes],
    picture: np.ndarray,
    weights: np.ndarray,
    at: tuple[int, int],
    digits: int,
    names: tuple[str, str, str],
) -> np.ndarray:
    """The window, the kernel and the answers of one channel, `(rows, columns)`, on three axes."""
    kh, kw = weights.shape
    patches = np.lib.stride_tricks.sliding_window_view(picture, (kh, kw))
    answers = np.asarray((patches * weights).sum(axis=(2, 3)))
    r, c = at
    _numbers(axes[0], picture, cmap="gray", limit=(0, 1), digits=digits)
    axes[0].add_patch(Rectangle((c - 0.5, r - 0.5), kw, kh, fill=False, edgecolor=ORANGE, linewidth=3))
    axes[0].set_title(f"{names[0]} {picture.shape[0]} × {picture.shape[1]}")
    reach = float(np.abs(weights).max()) or 1.0
    _numbers(axes[1], weights, cmap=SIGNED, limit=(-reach, reach), digits=digits)
    axes[1].set_title(f"{names[1]} {kh} × {kw}")
    reach = float(np.abs(answers).max()) or 1.0
    _numbers(axes[2], answers, cmap=SIGNED, limit=(-reach, reach), digits=digits)
    axes[2].add_patch(Rectangle((c - 0.5, r - 0.5), 1, 1, fill=False, edgecolor=ORANGE, linewidth=3))
    axes[2].set_title(f"{names[2]} {answers.shape[0]} × {answers.shape[1]}")
    covered = "; ".join(" ".join(map(number, line)) for line in patches[r, c])
    say(axes[0], f"The window has its upper left corner at row {r}, column {c}, and covers, row by row, {covered}.")
    say(axes[1], f"Row by row: {'; '.join(' '.join(map(number, line)) for line in weights)}.")
    say(axes[2], f"Multiplied place by place with the kernel and added up, this is {number(answers[r, c])}, marked at row {r}, "
        f"column {c}. All answers lie between {number(answers.min())} and {number(answers.max())}.")  # fmt: skip
    return answers


def patches(layers: int, *, kernel: int = 3, ax: Sequence[Axes] | None = None) -> list[Axes]:
    """What one answer of the last layer was computed from, layer by layer, back to the image: its receptive field.

    Args:
        layers: how many convolutions of stride 1 lie between the image and the answer.
        kernel: how wide and high their kernels are.
        ax: an axes for the image and one for each layer; a new figure where None.

    Returns:
        The axes, the image first.
    """
    grow = kernel - 1
    side = 1 + grow * layers + 2  # a frame of one pixel around what is seen
    axes = row(layers + 1, ax, width=2.5, height=2.7)
    for k, one in enumerate(axes):
        seen = 1 + grow * (layers - k)
        low = (side - seen) // 2
        field = np.zeros((side, side))
        field[low : low + seen, low : low + seen] = 1
        one.imshow(field, cmap="Blues", vmin=0, vmax=1.6)
        for line in range(side + 1):
            one.axhline(line - 0.5, color=GRAY, linewidth=0.5)
            one.axvline(line - 0.5, color=GRAY, linewidth=0.5)
        if k:
            # The kernel of the next layer back, around the answer in the middle of what is marked.
            middle = (side - kernel) / 2 - 0.5
            axes[k - 1].add_patch(
                Rectangle((middle, middle), kernel, kernel, fill=False, edgecolor=ORANGE, linewidth=3)
            )
        name = "image" if not k else f"after layer {k}"
        unit = "pixels" if not k else "answers"
        many = f"{seen} × {seen} {unit}" if seen > 1 else "one answer"
        one.set_title(f"{name}: {many}")
        bare(one)
        say(one, f"Marked are {many}, from which the one answer of the last layer is computed.")
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
