"""A curve made of ReLUs: each bends it at one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from course.plot.alt import say
from course.plot.alt_words import number
from course.plot.style import BLUE, COLORS, GRAY, ORANGE, row

_DASHES = ("-", "--", "-.", ":")
_NAMED = 4  # so many ReLUs are told apart; more are drawn thin and gray


def joints(
    places: Any,
    slopes: Any,
    target: Any,
    *,
    bias: float = 0.0,
    reach: tuple[float, float] = (0.0, 1.0),
    height: float = 2.0,
    ax: Sequence[Axes] | None = None,
) -> list[Axes]:
    """On the left the ReLUs, one by one; on the right their sum, with a dot at each joint, and the curve to be drawn.

    Args:
        places: (n,), where each ReLU wakes.
        slopes: (n,), how steep each is from there on.
        target: takes x (m,), returns the curve to be drawn (m,).
        bias: what is added to the sum.
        reach: x goes from here to there.
        height: y goes so far up and down.
        ax: two axes; a new figure where None.

    Returns:
        The two axes.
    """
    c, a = np.asarray(places, float), np.asarray(slopes, float)
    x = np.linspace(*reach, 400)

    def total(at: np.ndarray) -> np.ndarray:
        """The sum of all ReLUs, (m,) → (m,)."""
        drawn: np.ndarray = bias + np.maximum(at[:, None] - c, 0) @ a
        return drawn

    left, right = row(2, ax, width=4.2, height=3.2)
    few = len(c) <= _NAMED
    for i, (place, slope) in enumerate(zip(c, a, strict=True)):
        look: dict[str, Any] = {"color": GRAY, "linewidth": 0.8}
        if few:
            look = {
                "color": COLORS[i],
                "linestyle": _DASHES[i],
                "label": f"{_short(slope)} · relu(x − {_short(place)})",
            }
        left.plot(x, slope * np.maximum(x - place, 0), **look)
    if few:
        left.legend(loc="lower left", fontsize=8)
    right.plot(x, target(x), color=GRAY, linestyle=":", label="the curve to draw")
    right.plot(x, total(x), color=ORANGE, label="sum of the ReLUs")
    inside = c[(c >= reach[0]) & (c <= reach[1])]
    right.plot(inside, total(inside), "o", color=BLUE, markersize=5, label="joints")
    right.legend(loc="upper right", fontsize=8)
    for one, title in ((left, "each ReLU" if few else f"each of {len(c)} ReLUs"), (right, "their sum")):
        one.set(xlim=reach, ylim=(-height, height), xlabel="x", ylabel="y", title=title)
    each = "; ".join(f"{number(slope)} times relu(x − {number(place)})" for place, slope in zip(c, a, strict=True))
    say(
        left,
        f"The ReLUs: {each}." if few else f"{len(c)} ReLUs, which wake from {number(c.min())} to {number(c.max())}.",
    )
    away = np.abs(total(x) - target(x))
    say(right, f"The sum has {len(c)} joints. It is {number(away.mean())} away from the curve to draw on average, {number(away.max())} "
        f"at most, near x = {number(x[away.argmax()])}.")  # fmt: skip
    return [left, right]


def _short(value: float) -> str:
    """Two digits, with a minus sign of its own."""
    return f"{value:.2g}".replace("-", "−")
