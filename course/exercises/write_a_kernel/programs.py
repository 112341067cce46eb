"""How a function of blocks goes over its arrays, read from its program: what the interpreter makes of each grid is a loop.

The loop carries the arrays. In each turn it takes a block out of each input, and puts one back into the output; so a program whose
numbers are right, in as many turns as the output has blocks, has written each block once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from course.checks.program import Operation, Program

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Grid:
    """One loop over blocks.

    Attributes:
        steps: its turns.
        read: the shapes of the blocks that a turn takes out of arrays that it only reads.
        written: the shape of the block that a turn puts into the output.
        array: the shape of the output, filled up to whole blocks.
        products: how many numbers each product of matrices in it, each sum and each maximum combines at once.
        by_step: whether it moves about in its blocks by the number of the step.
        asks_nan: whether a number is compared with itself in it, or asked whether it is finite.
    """

    steps: int
    read: tuple[Shape, ...]
    written: Shape
    array: Shape
    products: tuple[int, ...]
    by_step: bool
    asks_nan: bool

    @property
    def places(self) -> int:
        """How many blocks the output has."""
        return math.prod(-(-n // size) for n, size in zip(self.array, self.written, strict=True))


def grids_of(program: Program) -> list[Grid]:
    """The loops over blocks, in the order of the text."""
    found: dict[int, list[Operation]] = {}
    for one in program.operations:
        if one.loops:
            found.setdefault(one.piece, []).append(one)
    return [grid for work in found.values() for grid in [_grid(work)] if grid]


def _grid(work: list[Operation]) -> Grid | None:
    updates = [one for one in work if one.name == "dynamic_update_slice" and len(one.loops) == 1 and one.array >= 0]
    written = [one for one in updates if one.leaves]
    if not written:
        return None
    outputs = {one.array for one in written}
    read = {
        one.array: one.gives[0][1]
        for one in work
        if one.name == "dynamic_slice" and len(one.loops) == 1 and one.array >= 0 and one.array not in outputs
    }
    sums = [one for one in work if one.name in ("dot_general", "reduce")]
    return Grid(
        steps=written[0].loops[0],
        read=tuple(read.values()),
        written=written[0].gets[1][1],
        array=written[0].gives[0][1],
        products=tuple(one.adds for one in sums),
        by_step=any(one.steered for one in work),
        asks_nan=any(one.name == "is_finite" or (one.name == "compare" and one.itself) for one in work),
    )


def outside(program: Program) -> list[str]:
    """The operations outside of all loops that compute something."""
    return list(dict.fromkeys(one.name for one in program.computing() if not one.loops))
