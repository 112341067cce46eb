"""One moment of a kernel in a picture: its line, its lanes, the memory that they touch, and where the other warps are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure, SubFigure

from course.plot.alt import say
from course.plot.style import BLUE, ORANGE, bare
from course.plot.threads import SECTOR_BYTES, address_map, banks, lanes

if TYPE_CHECKING:
    from course.simt.report import Event

# For each array that is drawn, its shape and the bytes of an element.
Shapes = Mapping[str, tuple[Sequence[int], int]]
# So many rows of an array are drawn at least.
_ROWS = 12


def describe(event: Event) -> str:
    """What an instruction does, in a sentence."""
    on = bin(event.mask).count("1")
    if event.kind == "branch":
        of = bin(event.active).count("1")
        return f"branch: {on} of {of} lanes take it" + (", so the warp splits" if 0 < on < of else "")
    if event.kind == "barrier":
        return "barrier: the warp waits until all warps of its block are here"
    if event.kind == "compute":
        return f"compute, in {on} lanes"
    cost = (
        _many(event.passes, "pass", "passes") if event.space == "shared" else _many(event.sectors, "sector", "sectors")
    )
    verb = {"load": "load from", "store": "store into", "atomic": "atomic on"}[event.kind]
    return f"{verb} {event.array} ({event.space} memory), {on} lanes: {cost}"


def standing(events: Sequence[Event], at: Event) -> dict[int, list[int]]:
    """Where the warps of a block are when `at` has just run: for each line, those that did it last (line 1: not begun)."""
    last: dict[int, int] = {}
    running = True
    for event in events:
        if event.block == at.block:
            last.setdefault(event.warp, 1)
            if running:
                last[event.warp] = event.line
        running = running and event is not at
    lines: dict[int, list[int]] = {}
    for warp, line in sorted(last.items()):
        lines.setdefault(line, []).append(warp)
    return lines


def draw_step(
    figure: Figure | SubFigure,
    source: Sequence[str],
    event: Event,
    shapes: Shapes,
    warps: Mapping[int, Sequence[int]] | None = None,
) -> None:
    """One moment: the source with its current line, the lanes that are on, and the memory that they touch.

    Args:
        figure: where to draw.
        source: the kernel's lines; an event's line 1 is the first.
        event: the instruction.
        shapes: of the arrays that the kernel touches; those that are missing are not drawn.
        warps: which of them stand at which line; then all of the source is drawn, and without, only the current line.
    """
    known = event.array in shapes and event.index
    if warps is not None:
        ((left, right),) = figure.subfigures(1, 2, squeeze=False, width_ratios=(1.1, 1))
        _code(left, [_bare(line) for line in source], event.line, warps)
    else:
        right = figure
    parts = right.subplots(2, 1, height_ratios=(1, 3.6))
    place = ", ".join(map(str, event.block))
    title = f"block {place} · warp {event.warp} · step {event.step}"
    lanes(
        [("lanes", event.mask)],
        title=title if warps is not None else f"{title}\n{_bare(source[event.line - 1]).strip()}",
        ax=parts[0],
    )
    parts[0].set_xlabel(describe(event), fontsize=9)
    if not known:
        parts[1].set_axis_off()
    elif event.space == "shared":
        itemsize = shapes[event.array][1]
        words = [i * itemsize // 4 if i >= 0 else -1 for i in event.index]
        banks(words, title=f"{event.array}, in its banks", ax=parts[1])
    else:
        shape, itemsize = shapes[event.array]
        (rows, columns), first, indices = _window(shape, event.index, itemsize)
        title = f"{event.array} in memory, from element {first * columns:,} on"
        address_map((rows, columns), {title: indices}, itemsize=itemsize, ax=[parts[1]])
    # One sentence for the moment; which lanes are on and what moves for them is in it.
    moment = f"step {event.step}, block {place}, warp {event.warp}, line {event.line}"
    if warps is not None:
        moment += f", {_bare(source[event.line - 1]).strip()}"
    say(parts[0], f"{moment}: {describe(event)}", instead=True, title=False)
    say(parts[1], "", instead=True)
    if warps is not None:
        places = "; ".join(f"line {line}: {_ranges(who)}" for line, who in sorted(warps.items()))
        say(left.axes[0], f"At {places}", instead=True)


def _window(shape: Sequence[int], indices: Sequence[int], itemsize: int) -> tuple[tuple[int, int], int, np.ndarray]:
    """The rows of an array in which the lanes are, at least a few: (rows, columns), the first row, the indices from there."""
    size = int(np.prod(shape))
    columns = int(shape[-1]) if len(shape) > 1 else min(size, 128 // itemsize)
    at = np.asarray(indices)
    on = at[at >= 0]
    all_rows = -(-size // columns)
    low, high = (int(on.min()) // columns, int(on.max()) // columns + 1) if on.size else (0, 1)
    high = min(max(high, low + _ROWS), all_rows)
    low = max(min(low, high - _ROWS), 0)
    while low * columns * itemsize % SECTOR_BYTES:  # cut only where a sector begins
        low -= 1
    return (high - low, columns), low, np.where(at >= 0, at - low * columns, -1)


def _code(figure: SubFigure, lines: Sequence[str], current: int, warps: Mapping[int, Sequence[int]]) -> None:
    ax = figure.subplots()
    bare(ax)
    rows = max(len(lines), 16)
    ax.set_xlim(0, 1)
    ax.set_ylim(rows + 0.5, 0.4)
    size = min(8.5, 8.5 * 56 / max(map(len, lines), default=1), 8.5 * 22 / rows)
    for number, text in enumerate(lines, 1):
        here = number == current
        if here:
            ax.axhspan(number - 0.5, number + 0.5, color=ORANGE, alpha=0.35)
        weight = "bold" if here else "normal"
        mark = "▶ " if here else "  "
        ax.text(0.2, number, mark + text, family="monospace", fontsize=size, va="center", weight=weight)
        if warps.get(number):
            ax.text(0.01, number, _ranges(warps[number]), fontsize=8, va="center", color=BLUE)
    ax.set_title("which warps are where", fontsize=9, color=BLUE)


def _bare(line: str) -> str:
    """A line of source without the remark at its end."""
    return line.split("  #")[0].rstrip()


def _ranges(warps: Sequence[int]) -> str:
    """[0, 1, 2, 5] → "warps 0–2, 5"."""
    runs: list[list[int]] = []
    for warp in warps:
        if runs and warp == runs[-1][1] + 1:
            runs[-1][1] = warp
        else:
            runs.append([warp, warp])
    said = ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)
    return f"warp {said}" if len(warps) == 1 else f"warps {said}"


def _many(n: int, one: str, more: str) -> str:
    return f"{n} {one if n == 1 else more}"
