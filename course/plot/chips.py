"""Chips in pictures, to scale: how much of one is for arithmetic, and how much for having things at hand."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from course.plot.alt import say
from course.plot.style import BLUE, COLORS, ORANGE, bare, row


def chips(known: Mapping[str, tuple[float, float]], *, dot: int = 64, title: str = "", ax: Axes | None = None) -> Axes:
    """Chips side by side: a dot for so many arithmetic units (float32), and a square whose area is the cache.

    Args:
        known: for each chip its arithmetic units, and the size of its last-level cache in MB.
        dot: how many units a dot is.
        title: of the axes.
        ax: where to draw; a new figure where None.
    """
    (ax,) = row(1, ax, width=9.2, height=2.5)
    bare(ax)
    largest = max(cache for _, cache in known.values())
    tallest = 0.0
    for i, (name, (units, cache)) in enumerate(known.items()):
        left, dots, across = 24.0 * i, round(units / dot), 16
        for k in range(dots):
            y, x = divmod(k, across)
            ax.add_patch(Rectangle((left + x * 0.62, y * 0.62), 0.5, 0.5, facecolor=BLUE))
        side = 9.0 * (cache / largest) ** 0.5
        ax.add_patch(
            Rectangle((left + 11.5, 0), side, side, facecolor=ORANGE, alpha=0.75, hatch="//", edgecolor="white")
        )
        tallest = max(tallest, 0.62 * -(-dots // across), side)
        ax.text(left, -0.7, name, fontsize=10, weight="bold", va="top")
        ax.text(left, -2.0, f"{units:,.0f} units, {cache:g} MB of cache", fontsize=9, va="top")
    ax.set_xlim(-0.5, 24.0 * len(known) - 2)
    ax.set_ylim(-3.4, tallest + 1.2)
    ax.set_aspect("equal")
    key = f"■ {dot} arithmetic units"
    ax.text(0, tallest + 0.5, key, color=BLUE, fontsize=9)
    ax.text(13, tallest + 0.5, "▨ cache, by area", color=COLORS[3], fontsize=9)
    ax.set_title(title)
    facts = (f"{name}: {units:,.0f} units, {cache:g} MB of cache" for name, (units, cache) in known.items())
    say(ax, f"Drawn to scale. {'; '.join(facts)}.")
    return ax
