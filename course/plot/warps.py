"""Which warp touches which element of an array, and in how many sectors each of its requests lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from course.plot.alt import say
from course.plot.alt_words import between
from course.plot.style import GRAY, bare, row

if TYPE_CHECKING:
    from course.simt.report import Event

# From dark blue to yellow, made to be read without color vision (Nuñez and others, 2018, https://doi.org/10.1371/journal.pone.0199239).
_COLORS = "cividis"


def warp_map(
    events: Sequence[Event],
    accesses: Mapping[str, tuple[str, str]],
    shape: tuple[int, int],
    *,
    ax: Sequence[Axes] | None = None,
) -> list[Axes]:
    """Arrays as they lie in memory, each element in the color of the warp that touched it; white where none did.

    Args:
        events: the trace of a launch, best of one block.
        accesses: a title, and the array's name and the kind of access: {"x, as it is read": ("x", "load")}.
        shape: (rows, columns) of each of the arrays.
        ax: as many axes as accesses; a new figure where None.

    Returns:
        The axes.

    Raises:
        ValueError: no event is of that kind, on that array.
    """
    axes = row(len(accesses), ax, width=4.3, height=3.9)
    for each, (title, (array, kind)) in zip(axes, accesses.items(), strict=True):
        chosen = [event for event in events if event.array == array and event.kind == kind]
        if not chosen:
            raise ValueError(f"the trace has no {kind} of {array}: was the kernel launched with trace=True?")
        warps = np.full(int(np.prod(shape)), np.nan)
        for event in chosen:
            at = np.asarray(event.index)
            warps[at[at >= 0]] = event.warp
        last = max(event.warp for event in chosen)
        picture = each.imshow(warps.reshape(shape), cmap=_COLORS, vmin=0, vmax=max(last, 1), interpolation="nearest")
        bare(each)
        each.add_patch(Rectangle((-0.5, -0.5), shape[1], shape[0], fill=False, edgecolor=GRAY))
        each.set_title(title, fontsize=10)
        costs = sorted({event.sectors for event in chosen})
        said = f"{costs[0]}" if len(costs) == 1 else f"{costs[0]} to {costs[-1]}"
        each.set_xlabel(f"each request of a warp: {said} sectors", fontsize=9)
        first = np.asarray(chosen[0].index)
        row_of, column_of = np.divmod(first[first >= 0], shape[1])
        say(each, f"{shape[0]} × {shape[1]} elements, colored by the warp that touches them, 0 to {last}. The first request, of warp "
            f"{chosen[0].warp}, is for {between('row', row_of.min(), row_of.max())}, {between('column', column_of.min(), column_of.max())}. Each "
            f"request of a warp lies in {said} sectors.")  # fmt: skip
        bar = each.figure.colorbar(picture, ax=each, shrink=0.8)
        bar.set_label("warp")
        bar.set_ticks(sorted({0, last // 2, last}))
    return axes
