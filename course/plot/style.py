"""One style for every figure: readable at 100 %, in print, and without color vision."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

# Okabe and Ito's palette (https://jfly.uni-koeln.de/color/), made to be told apart without color vision.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, GRAY = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#F0E442",
    "#6b6b6b",
)
COLORS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY)

# With the colors, as no color stands alone: the marks that tell points and lines apart.
MARKS = "os^Dv*P"
# How opaque is what was recorded on another device, behind what was measured here.
PALE = 0.4

# Pictures of at most so many pixels have room for a sign in each; of others a value counts from this share of the range on.
_FEW, _CLEARLY = 30, 0.15

# For signed values: one color a sign, white at zero.
SIGNED = "RdBu_r"

plt.rcParams.update(
    {
        "axes.prop_cycle": plt.cycler(color=COLORS),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.25,
        "axes.axisbelow": True,
        "axes.titlesize": 11,
        "axes.labelsize": 10,
        "axes.titlelocation": "left",
        "font.size": 10,
        "legend.frameon": False,
        "lines.linewidth": 2,
        "figure.figsize": (7.2, 3.6),
        "figure.dpi": 100,
        "figure.facecolor": "white",
        "figure.constrained_layout.use": True,
        "savefig.dpi": 100,
    }
)


def minus(ax: Axes, values: np.ndarray, limit: float) -> None:
    """Mark what is negative on a picture in the colors of `SIGNED`, whose two ends look alike in gray.

    Few and large pixels get a minus each; many are striped where they are clearly below zero.

    Args:
        ax: on which `values` (h, w) were drawn with ``imshow``.
        values: (h, w).
        limit: the value at the end of the colors.
    """
    if values.size <= _FEW:
        for r, c in np.argwhere(values < 0):
            light = values[r, c] < -0.66 * limit
            ax.text(c, r, "−", ha="center", va="center", fontsize=8, color="white" if light else "black")
    elif min(values.shape) > 1 and values.min() < -_CLEARLY * limit:
        below = ax.contourf(values, levels=[values.min() - limit, -_CLEARLY * limit], colors="none", hatches=["////"])
        below.set(edgecolor="#00000059", linewidth=0)


def row(n: int, ax: Axes | Sequence[Axes] | None = None, *, width: float = 3.4, height: float = 3.2) -> list[Axes]:
    """``n`` axes side by side: those given, or those of a new figure.

    Args:
        n: how many.
        ax: axes to draw on, or None.
        width, height: inches of each.
    """
    if ax is not None:
        return [ax] if isinstance(ax, Axes) else list(ax)
    _, axes = plt.subplots(1, n, figsize=(width * n, height), squeeze=False)
    return list(axes[0])


def bare(ax: Axes) -> None:
    """Take ticks, grid and frame away, as for a picture or a diagram."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(False)
