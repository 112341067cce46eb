"""Blocks in pictures: which program of a grid is given which block of an array, and what the blocks move."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from course.plot.alt import say
from course.plot.style import COLORS, GRAY, bare, row

Program = tuple[int, ...]
_HATCHES = ("", "///", "...", "\\\\\\", "xx", "++")
_CELL = 0.3  # inches of an element
_TOLD = 4  # blocks that are put in words
_FILL = 0.45  # of 1, how strong a block's color is


class Spec(Protocol):
    """What is needed of a `pl.BlockSpec`."""

    block_shape: Any
    index_map: Callable[..., Any]


def block_map(
    grid: Sequence[int],
    arrays: Mapping[str, tuple[Sequence[int], Spec]],
    *,
    at: Program | None = None,
    around: bool = False,
    ax: Sequence[Axes] | None = None,
) -> list[Axes]:
    """Arrays cut into the blocks that the programs of a grid are given; each block names the programs that are given it.

    A color stands for a program, and for the same one in each array: a block that several programs are given has a stripe of each one's
    color. A grid of more programs than there are colors is gray. A block that reaches beyond its array is hatched there. Programs are
    written as the kernel sees them, one number for each axis of the grid; "all" stands for every number of an axis.

    Args:
        grid: its sides.
        arrays: a title, the array's shape (one or two axes), and its BlockSpec.
        at: color the blocks of this program alone.
        around: there are three arrays, of which the first belongs to the rows of the third, and is drawn upright to the left of it; the
            second belongs to its columns, and is drawn above it.
        ax: as many axes as arrays; a new figure where None.

    Returns:
        The axes.
    """
    upright = [around and place == 0 for place in range(len(arrays))]
    axes = row(len(arrays), ax) if ax is not None else _around(arrays) if around else _axes(arrays)
    for each, stands, (title, (shape, spec)) in zip(axes, upright, arrays.items(), strict=True):
        (rows, cols), block = _two(shape, stands), _two(spec.block_shape, stands)
        bare(each)
        told = []
        for place, programs in programs_of(grid, spec).items():
            on = at is None or tuple(at) in programs
            said = _said(programs, grid)
            colors = _colors(programs, grid, at) if on else []
            _block(each, place[::-1] if stands else place, block, (rows, cols), said, colors)
            if on:
                told.append(f"{_who(said)} {_inside(place, _two(spec.block_shape), _two(shape))}")
        each.hlines(range(rows + 1), 0, cols, color="white", linewidth=0.6, alpha=0.7)
        each.vlines(range(cols + 1), 0, rows, color="white", linewidth=0.6, alpha=0.7)
        each.add_patch(Rectangle((0, 0), cols, rows, fill=False, edgecolor="black", linewidth=1.5))
        high, wide = (-(-side // size) * size for side, size in zip((rows, cols), block, strict=True))
        each.set(xlim=(-0.2, wide + 0.2), ylim=(high + 0.2, -0.2), aspect="equal", anchor="N")
        each.set_title(title, fontsize=10)
        size = f"{_by(shape)}{' elements' if len(shape) == 1 else ''}, in blocks of {_by(spec.block_shape)}"
        each.set_xlabel(size if not around else "", fontsize=9)
        more = f"; and {len(told) - _TOLD} more blocks" if len(told) > _TOLD else ""
        beyond = ". The last blocks reach beyond the array" if (high, wide) != (rows, cols) else ""
        say(each, f"{size}: {'; '.join(told[:_TOLD])}{more}{beyond}.")
    return axes


def programs_of(grid: Sequence[int], spec: Spec) -> dict[tuple[int, int], list[Program]]:
    """For each block that is used, as (row, column) of blocks, the programs that are given it, in order."""
    found: dict[tuple[int, int], list[Program]] = {}
    for program in itertools.product(*map(range, grid)):
        index = tuple(int(i) for i in spec.index_map(*program))
        found.setdefault((0, *index)[-2:] if len(index) < 2 else index, []).append(program)  # type: ignore[arg-type]
    return found


def _colors(programs: Sequence[Program], grid: Sequence[int], at: Program | None) -> list[list[str]]:
    """A block's stripes, row by row: the colors of its programs, which lie as they do in the grid."""
    if at is not None:
        return [[COLORS[0]]]
    if math.prod(grid) > len(COLORS):
        return [[GRAY]]
    ranks = {program: rank for rank, program in enumerate(itertools.product(*map(range, grid)))}
    firsts = sorted({program[0] for program in programs}) if len(grid) > 1 else [None]
    rows = [[COLORS[ranks[one]] for one in programs if first in (None, one[0])] for first in firsts]
    return rows if len({len(one) for one in rows}) == 1 else [[color for one in rows for color in one]]


def _axes(arrays: Mapping[str, tuple[Sequence[int], Spec]]) -> list[Axes]:
    """Axes in which an element is as large in one array as in the other: below each other where all of them are one row."""
    sizes = [_two(shape) for shape, _ in arrays.values()]
    if all(rows == 1 for rows, _ in sizes):
        wide = max(cols for _, cols in sizes)
        return list(
            plt.subplots(len(sizes), 1, figsize=(min(9.6, _CELL * wide + 1.6), 0.95 * len(sizes)), squeeze=False)[1][
                :, 0
            ]
        )
    widths = [_CELL * max(cols, 5) for _, cols in sizes]
    height = max(_CELL * max(rows for rows, _ in sizes) + 1.0, 1.25)
    figsize = (min(sum(widths) + 0.4 * len(sizes), 9.6), height)
    return list(plt.subplots(1, len(sizes), figsize=figsize, width_ratios=widths, squeeze=False)[1][0])


def _around(arrays: Mapping[str, tuple[Sequence[int], Spec]]) -> list[Axes]:
    """Axes for an upright array, one above and a table, each element as large as in the others."""
    *_, (shape, spec) = arrays.values()
    high, wide = (-(-side // size) * size for side, size in zip(_two(shape), _two(spec.block_shape), strict=True))
    figsize = (_CELL * (wide + 1) + 1.6, _CELL * (high + 1) + 1.6)
    # In proportion to the limits of the axes, margins included: only then is an element as large in one array as in the others.
    sizes = {"width_ratios": [1.4, wide + 0.4], "height_ratios": [1.4, high + 0.4]}
    corner, left, above, table = "corner", "left", "above", "table"
    made = plt.subplot_mosaic([[corner, above], [left, table]], figsize=figsize, **sizes)[1]  # type: ignore[call-overload]
    made[corner].set_axis_off()
    return [made[left], made[above], made[table]]


def _two(shape: Sequence[int], stands: bool = False) -> tuple[int, int]:
    """Rows and columns; one axis lies, or stands."""
    sides = [int(side or 1) for side in shape]
    two = (1, sides[0]) if len(sides) == 1 else (sides[0], sides[1])
    return two[::-1] if stands else two


def _block(
    ax: Axes,
    place: tuple[int, int],
    block: tuple[int, int],
    shape: tuple[int, int],
    said: str,
    colors: Sequence[Sequence[str]],
) -> None:
    top, left = (i * size for i, size in zip(place, block, strict=True))
    high, wide = (max(0, min(size, n - at)) for size, n, at in zip(block, shape, (top, left), strict=True))
    ax.add_patch(
        Rectangle((left, top), block[1], block[0], facecolor="white", edgecolor=GRAY, hatch="////", linewidth=0.8)
    )
    ax.add_patch(Rectangle((left, top), wide, high, facecolor="white", edgecolor="none"))
    for r, stripes in enumerate(colors):
        for c, color in enumerate(stripes):
            tall, broad = high / len(colors), wide / len(stripes)
            corner = (left + c * broad, top + r * tall)
            alpha = _FILL if color != GRAY else 0.2
            ax.add_patch(Rectangle(corner, broad, tall, facecolor=color, edgecolor="none", alpha=alpha))
    ax.add_patch(Rectangle((left, top), block[1], block[0], fill=False, edgecolor=GRAY, linewidth=1.4, zorder=3))
    turned = 90 if high > wide and len(said) > 3 * wide else 0
    size = max(7.0, min(10.0, 33 * (high if turned else wide) / max(len(said), 1)))
    ax.text(
        left + wide / 2,
        top + high / 2,
        said,
        ha="center",
        va="center",
        fontsize=size,
        rotation=turned,
        zorder=4,
        color="black" if colors else GRAY,
    )


def _inside(place: tuple[int, int], block: tuple[int, int], shape: tuple[int, int]) -> str:
    """The elements of a block that lie in the array, in words."""
    spans = []
    for i, size, n, name in zip(place, block, shape, ("rows", "columns" if shape[0] > 1 else "elements"), strict=True):
        if name != "rows" or n > 1:
            first, last = i * size, min(i * size + size, n) - 1
            spans.append(f"{name} {first} to {last}" if last > first else f"{name[:-1]} {first}")
    return ", ".join(spans)


def _who(said: str) -> str:
    if said == "all":
        return "every program gets"
    return (
        f"programs ({said}) get"
        if "all" in said or "·" in said
        else f"program ({said}) gets"
        if "," in said
        else f"program {said} gets"
    )


def _said(programs: Sequence[Program], grid: Sequence[int]) -> str:
    """The programs in few characters: "1", "0, 2", "all, 1"; several that are no whole axis one after the other."""
    sides = [sorted({one[axis] for one in programs}) for axis in range(len(grid))]
    whole = [len(side) == n for side, n in zip(sides, grid, strict=True)]
    product = len(programs) == math.prod(map(len, sides))
    if product and all(len(side) == 1 or every for side, every in zip(sides, whole, strict=True)):
        return ", ".join(str(side[0]) if len(side) == 1 else "all" for side in sides)
    return " · ".join(", ".join(map(str, one)) for one in programs[:3]) + (" …" if len(programs) > 3 else "")


def _by(shape: Sequence[int]) -> str:
    return " × ".join(str(side or 1) for side in shape)


def traffic(
    ways: Mapping[str, Mapping[str, float]], *, unit: str = "MB", title: str = "", ax: Axes | None = None
) -> Axes:
    """What each way of doing a thing moves: a bar for each, in pieces, one for each array that is read or written.

    Args:
        ways: a name, and its pieces: what moves, and how much, in the unit.
        unit: of all numbers.
        title: of the axes.
        ax: where to draw; a new figure where None.
    """
    (ax,) = row(1, ax, width=7.4, height=0.62 * len(ways) + 1.7)
    kinds = list(dict.fromkeys(kind for pieces in ways.values() for kind in pieces))
    longest = max((sum(pieces.values()) for pieces in ways.values()), default=1.0)
    for k, kind in enumerate(kinds):
        starts = [_before(pieces, kind) for pieces in ways.values()]
        amounts = [pieces.get(kind, 0.0) for pieces in ways.values()]
        style: dict[str, Any] = {
            "color": COLORS[k % len(COLORS)],
            "hatch": _HATCHES[k % len(_HATCHES)],
            "edgecolor": "white",
        }
        ax.barh(range(len(ways)), amounts, left=starts, height=0.6, alpha=0.8, label=kind, **style)
    for y, pieces in enumerate(ways.values()):
        whole = sum(pieces.values())
        ax.text(whole + 0.012 * longest, y, f"{whole:.3g} {unit}", va="center", fontsize=9)
    ax.set_yticks(range(len(ways)), list(ways))
    ax.set_ylim(len(ways) - 0.45, -0.55)
    ax.set_xlim(0, 1.17 * longest)
    ax.grid(axis="y", visible=False)
    ax.set(xlabel=f"moved ({unit})", title=title)
    ax.figure.legend(loc="outside lower center", ncols=min(len(kinds), 6), fontsize=9)  # type: ignore[union-attr]
    told = (
        f"{name}: {sum(pieces.values()):.3g} {unit} ({', '.join(f'{kind} {amount:.3g}' for kind, amount in pieces.items())})"
        for name, pieces in ways.items()
    )
    say(ax, f"What is moved. {'. '.join(told)}.")
    return ax


def _before(pieces: Mapping[str, float], kind: str) -> float:
    """How much of a bar lies before a piece."""
    names = list(pieces)
    return sum(pieces[name] for name in names[: names.index(kind)]) if kind in pieces else 0.0
