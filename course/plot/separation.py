"""A neuron between two classes: the line that it draws, and how far each point lies along its activation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from course.plot.alt import say
from course.plot.style import BLUE, GRAY, RED, row

_LOOKS = (("o", BLUE), ("^", RED))
_FAR = 6.0  # sums beyond it are drawn at its edge
_BESIDE = 0.035  # class 1 is drawn so much above the curve and class 0 below, in its heights, to be told apart
_ARROW = 1.3  # its longest length on the map; a larger |w| is shown by the field, which gets steeper


def separation(
    w: Any,
    b: float,
    f: Callable[[Any], Any],
    points: Any,
    labels: Any,
    *,
    f_name: str = "f",
    names: Sequence[str] = ("class 0", "class 1"),
    reach: float = 3.0,
    xlabel: str = "$x_1$",
    ylabel: str = "$x_2$",
    ax: Sequence[Axes] | None = None,
) -> list[Axes]:
    """On the left what the neuron f(w·x + b) answers, with its line and its arrow; on the right where each point lies on f.

    Both axes of the map have one scale, so that the arrow w stands upright on the line.

    Args:
        w: (2,), the weights.
        b: the bias.
        f: the activation; takes arrays.
        points: (n, 2).
        labels: (n,) of 0 and 1. A point is right if its sum w·x + b is positive for 1, and negative for 0.
        f_name: of the activation.
        names: of the two classes.
        reach: the map goes so far in each direction.
        xlabel, ylabel: texts.
        ax: two axes; a new figure where None.

    Returns:
        The two axes.
    """
    weights, P, t = np.asarray(w, float), np.asarray(points, float), np.asarray(labels)
    left, right = row(2, ax, width=4.5, height=4.1)
    sums = P @ weights + b
    place = np.linspace(-reach, reach, 61)
    x1, x2 = np.meshgrid(place, place)
    field = np.asarray(f(weights[0] * x1 + weights[1] * x2 + b), float)
    limit = float(np.abs(field).max()) or 1.0
    left.imshow(
        field,
        extent=(-reach, reach, -reach, reach),
        origin="lower",
        cmap="RdBu_r",
        vmin=-limit,
        vmax=limit,
        alpha=0.5,
        interpolation="bilinear",
    )
    z = np.linspace(-_FAR, _FAR, 200)
    curve = np.asarray(f(z), float)
    right.plot(z, curve, color=GRAY, linewidth=1.5, label=f_name)
    for k, (mark, color) in enumerate(_LOOKS):
        own = t == k
        look: dict[str, Any] = {"marker": mark, "color": color, "s": 13, "edgecolor": "white", "linewidth": 0.3}
        left.scatter(*P[own].T, label=names[k], **look)
        shown = sums[own].clip(-_FAR, _FAR)
        beside = (2 * k - 1) * _BESIDE * np.ptp(curve)
        right.scatter(shown, np.asarray(f(shown), float) + beside, label=names[k], alpha=0.6, **look)
    wrong = (sums > 0) != (t == 1)
    ring: dict[str, Any] = {"facecolor": "none", "edgecolor": "black", "s": 34, "linewidth": 0.7}
    left.scatter(*P[wrong].T, label="on the wrong side", **ring)
    if weights.any():
        foot, along = -b * weights / (weights @ weights), np.array([-weights[1], weights[0]]) / np.hypot(*weights)
        ends = np.stack([foot - 3 * reach * along, foot + 3 * reach * along])
        left.plot(*ends.T, color="black", linewidth=1.8)
        tip = foot + weights * min(1.0, _ARROW / np.hypot(*weights))
        left.annotate("", tip, foot, arrowprops={"arrowstyle": "-|>", "linewidth": 2, "color": "black"})
        end = tip + 0.25 * weights / np.hypot(*weights)
        halo = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "boxstyle": "circle,pad=0.1"}
        left.text(end[0], end[1], "w", ha="center", va="center", fontweight="bold", clip_on=True, bbox=halo)
    left.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel=xlabel, ylabel=ylabel, title="what it answers")
    left.grid(False)
    left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3, columnspacing=1, handletextpad=0.2)
    right.axvline(0, color="black", linewidth=1.2)
    right.set(
        xlabel="sum w·x + b",
        ylabel=f"{f_name}(w·x + b)",
        title="where each point lies on the activation",
        xlim=(-1.05 * _FAR, 1.05 * _FAR),
    )
    side = [f"{int((~wrong)[t == k].sum())} of {int((t == k).sum())} {names[k]}" for k in (0, 1)]
    w1, w2 = weights
    say(
        left,
        f"The line {w1:g} x1 {w2:+g} x2 {b:+g} = 0 over the points. On their own side of it are {' and '.join(side)}.",
    )
    reached = [f"those of the {names[k]} from {sums[t == k].min():.2g} to {sums[t == k].max():.2g}" for k in (0, 1)]
    say(right, f"The curve of {f_name}, and on it the sums: {', '.join(reached)}.")
    return [left, right]
