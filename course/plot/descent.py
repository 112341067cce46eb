"""One walk downhill: its path on the landscape, its loss beside it, and its fate in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from course.plot.curves import curves
from course.plot.landscape import landscape
from course.plot.style import RED, row

# So many times the loss of the start counts as diverged.
_FAR = 10.0


def fate(losses: Any) -> str:
    """What became of a walk, in a sentence: "Diverged at step 7: …".

    Args:
        losses: (steps + 1,), the loss at the start and after each step; infinite and missing numbers count as diverged.
    """
    values = np.asarray(losses, float)
    lost = _diverged(values)
    last = len(values) - 1
    if lost is not None:
        return f"Diverged at step {lost}: the loss is more than {_FAR:g} times that of the start."
    end = f"the loss is {values[-1]:.3g} after {last} steps"
    ups = int((np.diff(values) > 1e-12).sum())
    if values[-1] > values[0]:
        below = np.flatnonzero(values <= values[0])
        return f"Thrown out at step {below[-1] + 1}, and never back: {end}, at the start it was {values[0]:.3g}."
    how = "every step went down" if ups == 0 else f"{ups} of {last} steps went up"
    return f"Downhill: {end}; {how}."


def _diverged(values: np.ndarray) -> int | None:
    """The step from which on the loss stays beyond all measure; None if it doesn't."""
    far = ~(values <= _FAR * values[0])  # nan is far, too
    if not far[-1]:
        return None
    near = np.flatnonzero(~far)
    return int(near[-1]) + 1 if len(near) else 0


def descent(
    xs: Any,
    ys: Any,
    heights: Any,
    path: Any,
    losses: Any,
    *,
    lowest: tuple[float, float] | None = None,
    title: str = "",
    top: float | None = None,
    ax: Sequence[Axes] | None = None,
) -> list[Axes]:
    """A walk on its landscape, and beside it the loss at each step.

    Args:
        xs, ys, heights: as for :func:`course.plot.landscape`.
        path: (steps + 1, 2), where it was; where it leaves the map, it is cut off.
        losses: (steps + 1,).
        lowest: the place to mark with a star, or None.
        title: of the walk.
        top: where the axis of the losses ends; a tenth above the highest of the map where None.
        ax: two axes; a new figure where None.

    Returns:
        The two axes.
    """
    left, right = row(2, ax, width=4.8, height=4.0)
    values, places = np.asarray(losses, float), np.asarray(path, float)
    seen = np.isfinite(places).all(axis=1) & (np.abs(places).max(axis=1) < 1e6)  # the drawing itself has to stay finite
    name = f"{len(places) - 1} steps"
    landscape(xs, ys, heights, {name: places[seen]}, lowest=lowest, colorbar=False, title=title, ax=left)
    limit = 1.1 * float(np.max(heights)) if top is None else top
    curves(np.arange(len(values)), {"loss": values}, xlabel="step", ylabel="loss", title="its loss", ax=right)
    right.set_ylim(0, limit)
    if (step := _diverged(values)) is not None:
        right.axvline(step, color=RED, linestyle="--", linewidth=1.5)
        right.text(step, 0.97 * limit, f" diverged at step {step}", color=RED, va="top", fontweight="bold")
    return [left, right]
