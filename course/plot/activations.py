"""What the layers of a network answer: a histogram for each, from the first to the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from course.plot.alt import say
from course.plot.alt_words import number
from course.plot.style import BLUE, ORANGE, row

_SATURATED = 0.97  # a tanh that answers more than this, or less than its negative, is as good as flat
_BINS = 40


def activations(layers: Sequence[Any], *, title: str = "", ax: Sequence[Axes] | None = None) -> list[Axes]:
    """A histogram of the answers of each layer, and under it what tells most about them.

    Under each stands the size of the answers, the root of their mean square. Where a layer answers with negative numbers it is
    taken for one of tanh, and the share beyond ±0.97 follows; elsewhere it is taken for one of ReLU, and the share of neurons
    follows that are 0 for every example.

    Args:
        layers: for each layer its answers (examples, neurons).
        title: of the figure.
        ax: an axes for each layer; a new figure where None.

    Returns:
        The axes.
    """
    axes = row(len(layers), ax, width=1.75, height=2.5)
    if title and ax is None:
        plt.gcf().suptitle(title, x=0.01, ha="left", fontsize=11)
    for i, (one, answers) in enumerate(zip(axes, layers, strict=True), 1):
        h = np.asarray(answers, np.float64)
        size, share, what = _facts(h)
        _histogram(one, h)
        small = "0" if size == 0 else f"{size:.2g}"
        one.set(title=f"layer {i}", yticks=[], xlabel=f"size {small}\n{share:.0%} {what}")
        one.set_ylabel("how often" if i == 1 else "")
        one.locator_params(axis="x", nbins=3)
        one.grid(False)
        say(
            one,
            f"Layer {i}: the answers lie between {number(h.min())} and {number(h.max())}, their size is {small}, {share:.0%} {what}.",
        )
    return axes


def _facts(h: np.ndarray) -> tuple[float, float, str]:
    """The size of the answers, and a share with its name."""
    size = float(np.sqrt((h**2).mean()))
    if h.min() < 0:
        return size, float((np.abs(h) > _SATURATED).mean()), "saturated"
    return size, float((h == 0).all(axis=0).mean()), "dead"


def _histogram(ax: Axes, h: np.ndarray) -> None:
    """The zeros, which would dwarf all else, get a bar of their own, as high as the highest other one at most."""
    tanh = h.min() < 0
    low, high = (-1.0, 1.0) if tanh else (0.0, float(h.max()) or 1.0)
    counts, edges = np.histogram(h if tanh else h[h > 0], _BINS, (low, high))
    width = (high - low) / _BINS
    ax.bar(edges[:-1], counts, width, align="edge", color=BLUE)
    if not tanh:
        zeros = int((h == 0).sum())
        top = max(int(counts.max()), 1)
        ax.bar(
            -2 * width, min(zeros, 1.25 * top), 2 * width, align="edge", color=ORANGE, hatch="///", edgecolor="white"
        )
    ax.set_xlim(low - 3 * width, high)
