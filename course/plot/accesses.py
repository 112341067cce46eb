"""What a kernel's launch touched, from its trace: the request of a warp as it lies in memory, and the way of one thread's number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from course.plot.alt import say
from course.plot.style import COLORS, GRAY, ORANGE, bare, row
from course.plot.threads import MAP_WIDTH, WARP, address_map, map_height

if TYPE_CHECKING:
    from course.simt.report import Event, Report

_VERBS = {"load": "reads", "store": "writes", "atomic": "updates"}
# So many rows of an array are drawn at most.
_ROWS = 32


def accesses(report: Report, *, warp: int = 0, **arrays: Any) -> list[Axes]:
    """Which elements a warp touches: for each array in main memory its first request, as it lies in memory.

    Args:
        report: of a launch with ``trace=True``.
        warp: which of the traced block.
        **arrays: those to draw, by the names that the kernel has for them.

    Returns:
        The axes, one for each array and kind of access.

    Raises:
        ValueError: the launch was not traced, or the warp touched none of the arrays.
    """
    first: dict[tuple[str, str], Event] = {}
    for event in report.trace:
        if event.warp == warp and event.array in arrays and event.index and event.space != "shared":
            first.setdefault((event.array, event.kind), event)
    if not first:
        raise ValueError(
            f"the trace has no access of warp {warp} to {', '.join(arrays)}: was it launched with trace=True?"
        )
    drawn = []
    for (name, kind), event in first.items():
        array = np.asarray(arrays[name])
        columns = array.shape[-1] if array.ndim == 2 else 128 // array.itemsize
        all_rows = -(-array.size // columns)
        rows = min(max(event.index) // columns + 2, _ROWS, all_rows)
        title = f"{name}, as warp {warp} {_VERBS[kind]} it" + (
            f" (the first {rows} of {all_rows} rows)" if rows < all_rows else ""
        )
        shape = (rows, columns) if array.ndim == 2 else (min(rows * columns, array.size),)
        drawn.append((title, shape, event.index, array.itemsize))
    heights = [map_height(shape) for _, shape, _, _ in drawn]
    _, axes = plt.subplots(
        len(drawn), 1, figsize=(MAP_WIDTH, sum(heights)), squeeze=False, gridspec_kw={"height_ratios": heights}
    )
    for ax, (title, shape, index, itemsize) in zip(axes[:, 0], drawn, strict=True):
        address_map(shape, {title: index}, itemsize=itemsize, wide=True, ax=[ax])
    return list(axes[:, 0])


def thread_path(
    report: Report, block: tuple[int, int], thread: tuple[int, int], *, ax: Sequence[Axes] | None = None, **arrays: Any
) -> list[Axes]:
    """The tile that a block reads and the one that it writes, and in them what one of its threads reads and writes.

    Args:
        report: of a launch on two axes, traced at least in the block: ``trace=range(blocks)``.
        block: (x, y), as in ``t.blockIdx``.
        thread: (x, y), as in ``t.threadIdx``.
        ax: as many axes as arrays; a new figure where None.
        **arrays: first the one that is read, then the one that is written, both with two axes.

    Raises:
        ValueError: the trace has no access of the thread to an array.
    """
    axes = row(len(arrays), ax, width=4.6, height=4.7)
    width = report.block[0]
    number = thread[1] * width + thread[0]
    for each, (name, array) in zip(axes, arrays.items(), strict=True):
        shape = np.shape(array)
        of_blocks: dict[tuple[int, ...], list[int]] = {}
        mine, kind = -1, ""
        for event in report.trace:
            if event.array == name and event.index:
                of_blocks.setdefault(event.block[:2], []).extend(i for i in event.index if i >= 0)
                if event.block[:2] == block and event.warp == number // WARP and event.index[number % WARP] >= 0:
                    mine, kind = event.index[number % WARP], event.kind
        if mine < 0:
            raise ValueError(f"the trace has no access of thread {thread} of block {block} to {name}")
        bare(each)
        for k, (one, touched) in enumerate(sorted(of_blocks.items())):
            rows, cols = np.divmod(np.array(touched), shape[1])
            corner, tall, wide = (cols.min() - 0.5, rows.min() - 0.5), np.ptp(rows) + 1, np.ptp(cols) + 1
            chosen = one == block
            color = COLORS[k % len(COLORS)]
            each.add_patch(Rectangle(corner, wide, tall, facecolor=color, alpha=0.55 if chosen else 0.12))
            each.add_patch(Rectangle(corner, wide, tall, fill=False, edgecolor=GRAY))
            place = corner[0] + wide / 2, corner[1] + tall / 2
            label = f"block {one}"
            each.text(*place, label, ha="center", va="center", fontsize=9, weight="bold" if chosen else "normal")
        r, c = divmod(mine, shape[1])
        each.plot(c, r, marker="o", color=ORANGE, markeredgecolor="black", markersize=9)
        said = f"{name}[{r}, {c}]"
        left, low = c < shape[1] / 2, r > shape[0] / 2
        each.annotate(
            said, (c, r), xytext=(10 if left else -10, 12 if low else -16), textcoords="offset points", fontsize=10,
            ha="left" if left else "right", weight="bold", bbox={"facecolor": "white", "edgecolor": GRAY, "pad": 2},
        )  # fmt: skip
        each.set_xlim(-1.5, shape[1] + 0.5)
        each.set_ylim(shape[0] + 0.5, -1.5)
        each.set_aspect("equal")
        edges = sorted({int(np.divmod(min(touched), shape[1])[k]) for touched in of_blocks.values() for k in (0, 1)})
        each.set_xticks([edge for edge in edges if edge < shape[1]])
        each.set_yticks([edge for edge in edges if edge < shape[0]])
        each.set(xlabel="column", ylabel="row")
        each.set_title(f"{name}: thread {thread} of block {block} {_VERBS[kind]} {said}", fontsize=10)
        tile = np.divmod(np.array(of_blocks[block]), shape[1])
        spans = [
            f"{axis} {int(at.min())} to {int(at.max())}" for axis, at in zip(("rows", "columns"), tile, strict=True)
        ]
        say(
            each,
            f"{shape[0]} × {shape[1]} elements in {len(of_blocks)} tiles. Block {block} touches {', '.join(spans)}.",
        )
    return axes
