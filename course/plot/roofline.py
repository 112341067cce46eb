"""The roofline: how fast a device can go, by how much arithmetic it does for each byte that it moves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from course.plot.style import COLORS, GRAY, row

_MARKS = "os^Dv*P"


def roofline(
    points: Mapping[str, tuple[float, float]],
    *,
    peak_flops: float,
    peak_bandwidth: float,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Operations under the roof of their device (Williams, Waterman and Patterson, 2009, https://doi.org/10.1145/1498765.1498785).

    Args:
        points: for each operation its intensity (FLOP/byte) and the speed that was measured (FLOP/s).
        peak_flops: the flat part of the roof, FLOP/s.
        peak_bandwidth: the slope of the other part, B/s.
        title: of the axes.
        ax: where to draw; a new figure where None.
    """
    (ax,) = row(1, ax, width=6.6, height=3.9)
    ridge = peak_flops / peak_bandwidth
    intensities = [p[0] for p in points.values()]
    low, high = min([*intensities, ridge]) / 4, max([*intensities, ridge]) * 6
    x = np.geomspace(low, high, 200)
    ax.plot(x, np.minimum(peak_flops, x * peak_bandwidth) / 1e9, color="black", linewidth=2)
    ax.axvline(ridge, color=GRAY, linestyle=":", linewidth=1)
    ax.text(ridge, 0.02, f" ridge: {ridge:.3g} FLOP/byte", transform=ax.get_xaxis_transform(), fontsize=9, color=GRAY)
    for i, (name, (intensity, speed)) in enumerate(points.items()):
        ax.plot(
            intensity, speed / 1e9, _MARKS[i % len(_MARKS)], color=COLORS[i % len(COLORS)], markersize=9, label=name
        )
    ax.set(xscale="log", yscale="log", xlabel="arithmetic intensity (FLOP/byte)", ylabel="speed (GFLOP/s)", title=title)
    ax.legend(loc="lower right", fontsize=9)
    return ax
