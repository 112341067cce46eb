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


def activations(
    layers: Sequence[Any], *, show: Sequence[int] = (), title: str = "", ax: Sequence[Axes] | None = None
) -> list[Axes]:
    """A histogram of the answers of each layer, and under it what tells most about them.

    First comes the size of the answers, the root of their mean square. A layer that answers with negative numbers is taken for one
    of tanh, and the share beyond ±0.97 follows, which is saturated. Any other is taken for one of ReLU: there follow the share of
    the answers that are 0, which have a striped bar of their own, and the share of neurons that are dead, 0 for every example.

    Args:
        layers: for each layer its answers (examples, neurons).
        show: the numbers of the layers that are drawn, from 1; all of them where none is named.
        title: of the figure.
        ax: an axes for each layer that is drawn; a new figure where None.

    Returns:
        The axes.
    """
    shown = list(show) or list(range(1, len(layers) + 1))
    axes = row(len(shown), ax, width=1.75, height=2.6)
    if title and ax is None:
        plt.gcf().suptitle(title, x=0.01, ha="left", fontsize=11)
    for one, place in zip(axes, shown, strict=True):
        h = np.asarray(layers[place - 1], np.float64)
        facts = _facts(h)
        _histogram(one, h)
        one.set(title=f"layer {place}", yticks=[], xlabel="\n".join(facts))
        one.xaxis.set_major_formatter("{x:g}")  # a power of ten at the end of the axis would lie on the facts
        one.set_ylabel("how often" if one is axes[0] else "")
        one.locator_params(axis="x", nbins=3)
        one.grid(False)
        say(one, f"Layer {place}: answers from {number(h.min())} to {number(h.max())}; {', '.join(facts)}.")
    return axes


def _facts(h: np.ndarray) -> list[str]:
    """The size of the answers, and the shares that tell what is wrong."""
    size = float(np.sqrt((h**2).mean()))
    facts = ["size 0" if size == 0 else f"size {number(float(f'{size:.2g}'))}"]
    if h.min() < 0:
        return [*facts, f"{(np.abs(h) > _SATURATED).mean():.0%} saturated"]
    return [*facts, f"{(h == 0).mean():.0%} zeros", f"{(h == 0).all(axis=0).mean():.0%} dead"]


def _histogram(ax: Axes, h: np.ndarray) -> None:
    """The zeros, which would dwarf all else, get a bar of their own that is at most a bit higher than the others."""
    tanh = h.min() < 0
    low, high = (-1.0, 1.0) if tanh else (0.0, float(h.max()) or 1.0)
    counts, edges = np.histogram(h if tanh else h[h > 0], _BINS, (low, high))
    width = (high - low) / _BINS
    ax.bar(edges[:-1], counts, width, align="edge", color=BLUE)
    if not tanh:
        zeros, top = int((h == 0).sum()), max(int(counts.max()), 1)
        ax.bar(-2 * width, min(zeros, 1.2 * top), 2 * width, align="edge", color=ORANGE, hatch="///", edgecolor="white")
    ax.set_xlim(low - 3 * width, high)
