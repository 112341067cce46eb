"""Lines: functions, learning curves, spreads through the layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from course import recorded
from course.plot.style import GRAY, MARKS, PALE, row

_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))


def curves(
    x: Any,
    ys: Mapping[str, Any],
    *,
    xlabel: str,
    ylabel: str,
    title: str = "",
    log: str = "",
    markers: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Several lines over one x, told apart by color, by dash and, where there are marks, by mark.

    Args:
        x: (n,), or None for 1, 2, 3, …
        ys: a name for each line, and its values (n,).
        xlabel, ylabel: with units.
        title: of the axes.
        log: "x", "y" or "xy" for logarithmic axes.
        markers: a mark at each value, where they are few.
        ax: where to draw; a new figure where None.
    """
    (ax,) = row(1, ax, width=6.4, height=3.4)
    for i, (name, y) in enumerate(ys.items()):
        values = np.asarray(y)
        xs = np.arange(1, len(values) + 1) if x is None else np.asarray(x)
        # Where the dashes begin anew, marks tell the lines apart: a few along each.
        marked = markers or i >= len(_DASHES)
        ax.plot(
            xs,
            values,
            label=name,
            linestyle=_DASHES[i % len(_DASHES)],
            marker=MARKS[i % len(MARKS)] if marked else None,
            markevery=1 if markers else max(1, len(values) // 12),
            markersize=4.5,
        )
    _recorded(ax, x, ys, title)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    if "x" in log:
        ax.set_xscale("log")
    if "y" in log:
        ax.set_yscale("log")
    if len(ys) > 1:
        ax.legend()
    return ax


def _recorded(ax: Axes, x: Any, ys: Mapping[str, Any], title: str) -> None:
    """A paler line for each that was recorded on another device, in the color and with the mark of its own line."""
    kept = {name: np.asarray(ys[name], float).tolist() for name in recorded.PICTURES.get(title) or () if name in ys}
    if not kept:
        return
    own = {str(line.get_label()): line for line in ax.lines}
    for record, there in recorded.picture(title, {"x": np.asarray(x).tolist(), "lines": kept}):
        for name in kept.keys() & there["lines"].keys():
            like, label = own[name], f"{name}, recorded on {record.name}"
            looks: dict[str, Any] = {
                "color": like.get_color(),
                "marker": like.get_marker(),
                "markersize": 4.5,
                "alpha": PALE,
            }
            ax.plot(there["x"], there["lines"][name], label=label, linestyle=(0, (1, 1)), **looks)


def axis_lines(ax: Axes) -> Axes:
    """Thin lines through zero, for functions around the origin."""
    ax.axhline(0, color=GRAY, linewidth=0.8)
    ax.axvline(0, color=GRAY, linewidth=0.8)
    return ax


def bars(
    values: Mapping[str, float],
    *,
    ylabel: str,
    title: str = "",
    unit: str = "",
    log: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """A bar for each name, with its value written on it.

    Args:
        values: a name and a number each.
        ylabel: with the unit.
        title: of the axes.
        unit: written behind each value.
        log: a logarithmic axis.
        ax: where to draw; a new figure where None.
    """
    (ax,) = row(1, ax, width=max(3.2, 1.15 * len(values) + 1.2), height=3.2)
    heights = [float(v) for v in values.values()]
    drawn = ax.bar(list(values), heights, width=0.6)
    ax.bar_label(drawn, labels=[f"{h:.3g}{unit}" for h in heights], padding=2)
    ax.grid(axis="x", visible=False)
    ax.set(ylabel=ylabel, title=title)
    if log:
        ax.set_yscale("log")
    ax.margins(y=0.14)
    return ax
