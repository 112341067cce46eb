"""Threads in pictures: which thread computes what, which lanes are on, which bytes a warp moves, which banks it asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.patches import Rectangle

from course.plot.alt import say
from course.plot.alt_words import many, runs
from course.plot.style import BLUE, COLORS, GRAY, ORANGE, bare, row

if TYPE_CHECKING:
    from course.simt.report import Report

WARP = 32
# What the memory moves at least (CUDA C++ Programming Guide, "Device Memory Accesses").
SECTOR_BYTES = 32
BANKS = 32

_NOTHING, _MOVED, _USED = 0, 1, 2
_BYTES = ListedColormap(["#ffffff", "#f6d59a", BLUE])

# Of an address map at full width: inches, up to how many rows they are tall, and how many columns have room for a number.
MAP_WIDTH, _FEW_ROWS, _ROOM = 10.0, 8, 48


def thread_grid(grid: int, block: int, n: int, *, title: str = "", ax: Axes | None = None) -> Axes:
    """A one-dimensional launch: a row for each block, a cell for each thread, in it the element that it computes.

    Args:
        grid: blocks.
        block: threads in each.
        n: elements. A thread whose index is ``n`` or more has nothing to do: its cell is hollow and crossed out.
        title: of the axes.
        ax: where to draw; a new figure where None.
    """
    (ax,) = row(1, ax, width=max(4.0, 0.42 * block + 1.2), height=0.42 * grid + 1.1)
    bare(ax)
    for b in range(grid):
        for t in range(block):
            i = b * block + t
            works = i < n
            face = COLORS[b % len(COLORS)] if works else "white"
            ax.add_patch(Rectangle((t, b), 0.94, 0.86, facecolor=face, edgecolor=GRAY, alpha=0.55 if works else 1))
            ax.text(t + 0.47, b + 0.43, str(i), ha="center", va="center", fontsize=9, color="black" if works else GRAY)
            if not works:
                ax.plot([t, t + 0.94], [b + 0.86, b], color=GRAY, linewidth=1)
    ax.set_xlim(-0.1, block)
    ax.set_ylim(grid, -0.1)
    ax.set_xticks([t + 0.47 for t in range(block)], [str(t) for t in range(block)], fontsize=9)
    ax.set_yticks([b + 0.43 for b in range(grid)], [f"block {b}" for b in range(grid)])
    ax.tick_params(length=0)
    ax.set(xlabel="threadIdx.x", title=title)
    idle = max(grid * block - n, 0)
    say(ax, f"{many(grid, 'block')} of {block} threads. Block b has the elements from {block} × b on, one a thread: block 0 has 0 to "
        f"{min(block, n) - 1}. There are {n} elements, so {f'the last {idle}' if idle else 'none'} of the threads "
        f"{'has' if idle <= 1 else 'have'} nothing to do.")  # fmt: skip
    return ax


def lanes(rows: Sequence[tuple[str, int]] | Report, *, warp: int = 0, title: str = "", ax: Axes | None = None) -> Axes:
    """What a warp issues, one instruction below the other: filled where a lane is on, hollow where it waits.

    Args:
        rows: for each instruction a text and the mask of active lanes (bit 0 is lane 0); or the report of a launch with
            ``trace=True``, of which one warp is shown.
        warp: which of the traced block, where a report is given.
        title: of the axes.
        ax: where to draw; a new figure where None.
    """
    if not isinstance(rows, Sequence):
        rows = [
            (f"{rows.source[event.line - 1].split('#')[0].strip():18} {event.kind:7}", event.active or event.mask)
            for event in rows.trace
            if event.warp == warp
        ]
    (ax,) = row(1, ax, width=9.2, height=0.3 * len(rows) + 1.0)
    bare(ax)
    for y, (_, mask) in enumerate(rows):
        for lane in range(WARP):
            on = mask >> lane & 1
            ax.add_patch(
                Rectangle((lane, y), 0.84, 0.8, facecolor=BLUE if on else "white", edgecolor=BLUE if on else "#c8c8c8")
            )
        ax.text(WARP + 0.5, y + 0.42, f"{bin(mask & 0xFFFFFFFF).count('1'):2} on", va="center", fontsize=9)
    ax.set_yticks([y + 0.42 for y in range(len(rows))], [text for text, _ in rows], family="monospace", fontsize=9)
    ax.set_xticks([0.42, 7.42, 15.42, 23.42, 31.42], ["0", "7", "15", "23", "31"], fontsize=9)
    ax.tick_params(length=0)
    ax.set_xlim(-0.3, WARP + 3)
    ax.set_ylim(len(rows) + 0.1, -0.3)
    ax.set(xlabel="lane", title=title)
    told = []
    for text, mask in rows:
        active = [lane for lane in range(WARP) if mask >> lane & 1]
        who = "all" if len(active) == WARP else runs(active) if active else "none"
        told.append(f"{' '.join(text.split())}: {who}")
    say(ax, f"{many(len(rows), 'instruction')}, and which of the warp's {WARP} lanes are on. {'; '.join(told)}.")
    return ax


def sectors(indices: Any, itemsize: int = 4) -> np.ndarray:
    """The 32-byte sectors that a request touches, in rising order, counted from the array's start.

    Args:
        indices: one flat element index a lane, below 0 where the lane is off.
        itemsize: bytes of an element.
    """
    at = np.asarray(indices).ravel()
    return np.unique(at[at >= 0] * itemsize // SECTOR_BYTES)


def address_map(
    shape: Sequence[int],
    requests: Mapping[str, Any],
    *,
    itemsize: int = 4,
    wide: bool | None = None,
    ax: Sequence[Axes] | None = None,
) -> list[Axes]:
    """An array as it lies in memory, once for each request of a warp: what the lanes use, and what has to move for it.

    Dark is used, light is moved for nothing, white stays where it is, gray is beyond the array's end. The thick lines are the sectors of 32 bytes. On axes that are
    wide each element that is used shows its lane, and the edges show where in memory, in bytes, a row and a sector begin.

    Args:
        shape: of the array, (n,) or (rows, columns). One of a single dimension is folded into rows of 128 bytes.
        requests: a title, and one flat element index a lane (below 0: the lane is off).
        itemsize: bytes of an element.
        wide: with lanes and bytes; where None, only in a figure of its own.
        ax: as many axes as requests; a new figure where None, with the maps below each other.

    Returns:
        The axes.
    """
    size = int(np.prod(shape))
    columns, rows = _folded(shape, itemsize)
    wide = ax is None if wide is None else wide
    if ax is None:
        height = len(requests) * map_height(shape, itemsize)
        _, grid = plt.subplots(len(requests), 1, figsize=(MAP_WIDTH, height), squeeze=False)
        ax = list(grid[:, 0])
    for each, (name, indices) in zip(ax, requests.items(), strict=True):
        at = np.asarray(indices).ravel()
        cost = _draw_request(each, at, rows, columns, size, itemsize, wide)
        each.set_title(name, fontsize=10)
        each.set_xlabel(f"{many(cost[0], 'sector')}: {cost[1]} bytes moved, {cost[2]} used", fontsize=9)
        say(each, _request_in_words(at, f"{rows} × {columns} elements", cost))
    return list(ax)


def map_height(shape: Sequence[int], itemsize: int = 4) -> float:
    """Inches of a wide address map of an array of this shape."""
    _, rows = _folded(shape, itemsize)
    return (0.27 if rows <= _FEW_ROWS else 0.17) * rows + 0.95


def _folded(shape: Sequence[int], itemsize: int) -> tuple[int, int]:
    """The columns and rows in which an array is drawn: one of a single dimension in rows of 128 bytes."""
    columns = int(shape[-1]) if len(shape) > 1 else 128 // itemsize
    return columns, -(-int(np.prod(shape)) // columns)


def _draw_request(
    ax: Axes, at: np.ndarray, rows: int, columns: int, size: int, itemsize: int, wide: bool
) -> tuple[int, int, int]:
    """One request on one array: sectors, bytes moved, bytes used."""
    per_sector = SECTOR_BYTES // itemsize
    touched = sectors(at, itemsize)
    state = np.full(rows * columns, _NOTHING)
    for k in range(per_sector):
        moved = touched * per_sector + k
        state[moved[moved < size]] = _MOVED
    state[at[at >= 0]] = _USED
    aspect: Literal["auto", "equal"] = "auto" if wide else "equal"
    ax.imshow(state.reshape(rows, columns), cmap=_BYTES, vmin=0, vmax=2, aspect=aspect, interpolation="nearest")
    bare(ax)
    _rules(ax, rows, columns, per_sector)
    beyond = rows * columns - size
    if beyond > 0:
        ax.add_patch(
            Rectangle(
                (columns - beyond - 0.5, rows - 1.5), beyond, 1, facecolor="#dcdcdc", hatch="xx", edgecolor="white"
            )
        )
    if wide:
        lanes_at: dict[int, list[int]] = {}
        for lane, i in enumerate(at):
            lanes_at.setdefault(int(i), []).append(lane)
        for i, some in lanes_at.items():
            r, c = divmod(i, columns)
            text = str(some[0]) if len(some) == 1 else f"×{len(some)}"
            if i >= 0 and columns <= _ROOM:
                ax.text(c, r, text, ha="center", va="center", fontsize=8 if rows <= _FEW_ROWS else 6.5, color="white")
        step = -(-rows // 16)
        ax.set_yticks(
            range(0, rows, step), [f"byte {r * columns * itemsize:,}" for r in range(0, rows, step)], fontsize=8
        )
        edges = range(0, columns + 1, per_sector)
        ax.set_xticks([edge - 0.5 for edge in edges], [f"+{edge * itemsize}" for edge in edges], fontsize=8)
        ax.tick_params(length=0, labeltop=True, labelbottom=False)
    return len(touched), SECTOR_BYTES * len(touched), itemsize * len(np.unique(at[at >= 0]))


def _request_in_words(at: np.ndarray, whole: str, cost: tuple[int, int, int]) -> str:
    """Which elements the lanes of a request touch, and what has to move for it: sectors, bytes moved, bytes used."""
    on = np.flatnonzero(at >= 0)
    if not len(on):
        return f"In memory, {whole}: no lane touches one."
    apart = set(np.diff(at[on]).tolist())
    step = f", {many(apart.pop(), 'element')} apart" if len(apart) == 1 else ""
    ends = f"lane {on[0]} touches element {at[on[0]]:,}, lane {on[-1]} element {at[on[-1]]:,}{step}"
    return f"In memory, {whole}: {ends}. {many(cost[0], 'sector')}: {cost[1]:,} bytes moved, {cost[2]:,} used."


def _rules(ax: Axes, rows: int, columns: int, per_sector: int) -> None:
    """Thin lines around the elements, thick ones where a sector ends."""
    fine = rows * columns <= 1100
    if fine:
        ax.hlines(np.arange(rows + 1) - 0.5, -0.5, columns - 0.5, color="#d8d8d8", linewidth=0.5)
        ax.vlines(np.arange(columns + 1) - 0.5, -0.5, rows - 0.5, color="#d8d8d8", linewidth=0.5)
    for r in range(rows):
        first = -(r * columns) % per_sector
        ends = np.arange(first, columns + 1, per_sector) - 0.5
        ax.vlines(ends, r - 0.5, r + 0.5, color=GRAY, linewidth=1.2 if fine else 0.6)
    ax.hlines([-0.5, rows - 0.5], -0.5, columns - 0.5, color=GRAY, linewidth=1.2)
    ax.set_xlim(-0.7, columns - 0.3)
    ax.set_ylim(rows - 0.3, -0.7)


def banks(words: Any, *, most: int = 1, title: str = "", ax: Axes | None = None) -> Axes:
    """One request to shared memory: a column for each of the 32 banks, a box for each word that it has to hand out.

    A bank hands out one word of 4 bytes in a pass, to all the lanes that want that word; so the tallest column is
    the number of passes (CUDA C++ Programming Guide, "Shared Memory").

    Args:
        words: one word index a lane (byte address // 4), below 0 where the lane is off.
        most: passes for which there is room at least, so that pictures side by side have one scale.
        title: of the axes.
        ax: where to draw; a new figure where None.
    """
    at = np.asarray(words).ravel()
    wanted: dict[int, dict[int, list[int]]] = {}
    for lane, word in enumerate(at):
        if word >= 0:
            wanted.setdefault(int(word) % BANKS, {}).setdefault(int(word), []).append(lane)
    passes = max((len(of_bank) for of_bank in wanted.values()), default=0)
    most = max(passes, most)
    (ax,) = row(1, ax, width=7.0, height=min(4.6, 0.3 * most + 1.35))
    for bank, of_bank in wanted.items():
        for height, lanes_of_word in enumerate(of_bank.values()):
            color = BLUE if height == 0 else ORANGE
            ax.add_patch(Rectangle((bank - 0.45, height + 0.05), 0.9, 0.9, facecolor=color, alpha=0.8))
            if most <= 12:
                text = str(lanes_of_word[0]) if len(lanes_of_word) == 1 else f"×{len(lanes_of_word)}"
                ax.text(bank, height + 0.5, text, ha="center", va="center", fontsize=7)
    ax.set_xlim(-0.8, BANKS - 0.2)
    ax.set_ylim(0, most + 0.2)
    ax.set_xticks([0, 7, 15, 23, 31])
    # Two ticks that lie close together would be written on top of each other.
    ax.set_yticks(sorted({0, passes} if 12 * passes > most else {passes}))
    ax.grid(False)
    ax.set(xlabel="bank", ylabel="passes", title=title)
    say(ax, f"{many(int((at >= 0).sum()), 'lane')} ask {many(len(wanted), 'bank')} ({runs(list(wanted))}); the busiest hands out "
        f"{many(passes, 'word')}, so the request takes {many(passes, 'pass', 'passes')}.")  # fmt: skip
    return ax
