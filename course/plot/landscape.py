"""A loss over two numbers: as a map with heights, and the paths that somebody took on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.ticker import LogLocator, StrMethodFormatter

from course.plot.alt import say
from course.plot.alt_words import many, number, place, plain
from course.plot.style import BLUE, GREEN, ORANGE, RED, row

# As in `curves`, so that a walker looks on the map as in the loss curves beside it; told apart by mark as well.
_PATHS = (
    (BLUE, "-", "o"),
    (ORANGE, "--", "s"),
    (GREEN, "-.", "^"),
    (RED, ":", "D"),
)
# The longest arrow, as a part of the map's width.
_LONGEST = 0.14
# Made to be read without color vision and in gray: low is dark, high is bright.
_HEIGHTS = "cividis"


def landscape(
    xs: Any,
    ys: Any,
    heights: Any,
    paths: Mapping[str, Any] | None = None,
    *,
    arrows: tuple[Any, Any] | None = None,
    lowest: tuple[float, float] | None = None,
    xlabel: str = "w",
    ylabel: str = "b",
    title: str = "",
    label: str = "loss",
    log: bool = False,
    colorbar: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """A loss as a map: dark is low, a band has one height, and on it the paths of up to four walkers.

    A path begins at a ring; where it leaves the map, it is cut off there.

    Args:
        xs: (nx,), the places along the x axis.
        ys: (ny,), those along the y axis.
        heights: (ny, nx), the loss at each.
        paths: a name for each walker, and where it was (steps + 1, 2).
        arrows: places (n, 2) and vectors (n, 2), drawn at a common scale, or None. With them both axes get the same scale, so
            that what is at right angles looks so.
        lowest: a place to mark with a star, or None.
        xlabel, ylabel, title: texts.
        label: of the heights, with the unit.
        log: heights by their logarithm, where they differ by powers of ten.
        colorbar: whether to draw the scale of the heights.
        ax: where to draw; a new figure where None.

    Raises:
        ValueError: ``heights`` is not (ny, nx), or there are more than four paths.
    """
    x, y, z = np.asarray(xs, float), np.asarray(ys, float), np.asarray(heights, float)
    if z.shape != (len(y), len(x)):
        raise ValueError(f"heights must be (ny, nx) = {(len(y), len(x))}, one row for each y; they are {z.shape}")
    if paths and len(paths) > len(_PATHS):
        raise ValueError(f"a map can be read with {len(_PATHS)} paths at most; got {len(paths)}")
    (ax,) = row(1, ax, width=5.6, height=4.2)
    levels = (np.geomspace if log else np.linspace)(z.min(), z.max(), 25)
    scale = (LogNorm if log else Normalize)(levels[0], levels[-1])
    # Bands of one color each, as on a map; a picture of them is a quarter as large as one of a smooth fall.
    ax.contourf(x, y, z, levels=levels, cmap=_HEIGHTS, norm=scale, antialiased=False)
    if colorbar:
        # Plain numbers also where they differ by powers of ten: 0.2, 0.5, 1.
        plain: dict[str, Any] = (
            {"ticks": LogLocator(subs=(1.0, 2.0, 5.0)), "format": StrMethodFormatter("{x:g}")} if log else {}
        )
        ax.figure.colorbar(ScalarMappable(scale, _HEIGHTS), ax=ax, label=label, **plain).minorticks_off()
    for (name, path), look in zip((paths or {}).items(), _PATHS, strict=False):
        _walk(ax, np.asarray(path, float), name, *look)
    if arrows is not None:
        places, vectors = (np.asarray(part, float) for part in arrows)
        _arrows(ax, places, vectors, _LONGEST * abs(x[-1] - x[0]))
    if lowest is not None:
        ax.plot(*lowest, marker="*", markersize=13, color="white", markeredgecolor="black", linestyle="none", zorder=7)
    ax.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]), xlabel=xlabel, ylabel=ylabel, title=title)
    ax.grid(False)
    if paths:
        legend = ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2, handlelength=3)
        legend.set_in_layout(True)
    walks = [_walk_in_words(name, np.asarray(path, float), (x, y, z)) for name, path in (paths or {}).items()]
    valley, top = _valley(x, y, z, (xlabel, ylabel, label))
    star = f"A star marks {place(*lowest)}." if lowest is not None and f"{place(*lowest)}." not in valley else ""
    if arrows is not None:
        longest = float(np.linalg.norm(np.asarray(arrows[1], float), axis=1).max())
        walks.append(f"{len(arrows[0])} arrows, the longest of length {number(longest)}.")
    say(ax, " ".join(part for part in (valley, star, *walks, top) if part))
    return ax


def _valley(x: np.ndarray, y: np.ndarray, z: np.ndarray, labels: tuple[str, str, str]) -> tuple[str, str]:
    """What the map shows and where it is lowest, and where it is highest."""
    xlabel, ylabel, label = map(plain, labels)
    (r, c), (top, right) = (np.unravel_index(at, z.shape) for at in (z.argmin(), z.argmax()))
    return (
        f"A map of the {label} over {xlabel} ({number(x[0])} to {number(x[-1])}) and {ylabel} ({number(y[0])} to "
        f"{number(y[-1])}), lowest {number(z[r, c])} at {place(x[c], y[r])}.",
        f"Highest is {number(z[top, right])} at {place(x[right], y[top])}.",
    )


def _walk_in_words(name: str, path: np.ndarray, terrain: tuple[np.ndarray, np.ndarray, np.ndarray]) -> str:
    """Where a path (steps + 1, 2) begins and ends, and at which heights."""
    x, y, z = terrain

    def at(point: np.ndarray) -> str:
        inside = min(x[0], x[-1]) <= point[0] <= max(x[0], x[-1]) and min(y[0], y[-1]) <= point[1] <= max(y[0], y[-1])
        height = z[np.abs(y - point[1]).argmin(), np.abs(x - point[0]).argmin()]
        return f"{place(*point)}, {f'height {number(height)}' if inside else 'outside the map'}"

    return f"{plain(name)}: {many(len(path) - 1, 'step')} from {at(path[0])}, to {at(path[-1])}."


def _walk(ax: Axes, path: np.ndarray, name: str, color: str, dash: str, mark: str) -> None:
    """One path (steps + 1, 2): a mark at each step where they are few, and some eighty where they are many."""
    every = max(1, len(path) // 80)
    # A short walk lies on top of a long one, which would hide it.
    above = 5 + 1 / (1 + float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum()))
    # White under it lets every color be seen on the whole map.
    ax.plot(*path.T, color="white", linewidth=3.6, zorder=above)
    ax.plot(
        *path.T,
        color=color,
        linestyle=dash,
        marker=mark,
        markersize=4.2,
        markevery=every,
        markeredgecolor="white",
        markeredgewidth=0.5,
        linewidth=1.8,
        label=name,
        zorder=above,
    )
    ax.plot(
        *path[0],
        marker="o",
        markersize=10,
        markerfacecolor="none",
        markeredgecolor="white",
        markeredgewidth=1.8,
        zorder=7,
    )


def _arrows(ax: Axes, places: np.ndarray, vectors: np.ndarray, longest: float) -> None:
    """Vectors (n, 2) from their places (n, 2), scaled so that the longest is `longest` units of the axes."""
    scale = float(np.linalg.norm(vectors, axis=1).max()) / longest
    ax.quiver(
        *places.T, *vectors.T, color="white", angles="xy", scale_units="xy", scale=scale or 1.0, width=0.006, zorder=4
    )
    ax.set_aspect("equal")
