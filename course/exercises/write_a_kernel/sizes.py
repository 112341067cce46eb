"""grid_of: how many programs an array needs."""

from __future__ import annotations

import math

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.write_a_kernel.common import TOPIC, whole

Sides = tuple[int, ...]


def grid_of(shape: Sides, block: Sides) -> Sides:
    return tuple(-(-n // size) for n, size in zip(shape, block, strict=True))


def _cases(rng: np.random.Generator) -> list[Case]:
    def of(label: str, block: Sides, full: Sides, more: Sides) -> Case:
        shape = tuple(size * count + rest for size, count, rest in zip(block, full, more, strict=True))
        return Case(label, (shape, block))

    a, b, c, d, e, f = (whole(rng, 5, 2000) for _ in range(6))
    counts = [whole(rng, 3, 99) for _ in range(6)]
    return [
        of("one axis, all blocks full", (a,), (counts[0],), (0,)),
        of("one axis, the last block partly filled", (b,), (counts[1],), (1,)),
        of("two axes, only the second one uneven", (c, 3), (counts[2], 2), (0, 1)),
        of("two axes, only the first one uneven", (4, d), (counts[3], 2), (3, 0)),
        of("a block that is larger than the array", (e,), (0,), (e - 2,)),
        of("three axes", (2, f, 3), (counts[4], 1, counts[5]), (1, f - 1, 0)),
    ]


GRID_OF = Exercise(
    name="grid_of",
    topic=TOPIC,
    points=1,
    reference=grid_of,
    cases=_cases,
    parts=("axis 0", "axis 1", "axis 2"),
    mistakes=(
        Mistake(
            "rounded down",
            "You count only full blocks. What is left at the end of an axis needs a program, too.",
            lambda shape, block: tuple(n // size for n, size in zip(shape, block, strict=True)),
        ),
        Mistake(
            "always one more",
            "If the blocks fit exactly, your grid has one program too many: its block lies beyond the array.",
            lambda shape, block: tuple(n // size + 1 for n, size in zip(shape, block, strict=True)),
        ),
        Mistake(
            "not rounded",
            "A grid has a whole number of programs along each axis. Round the quotient up.",
            lambda shape, block: tuple(n / size for n, size in zip(shape, block, strict=True)),
        ),
        Mistake(
            "to the nearest",
            "You round to the nearest whole number. A block that is less than half full needs a program, too.",
            lambda shape, block: tuple(round(n / size) for n, size in zip(shape, block, strict=True)),
        ),
        Mistake(
            "all programs",
            "This is the number of all programs. The exercise asks for a tuple with one number for each axis.",
            lambda shape, block: math.prod(grid_of(shape, block)),
        ),
        Mistake(
            "first axis only",
            "Your answer has only the first axis. The grid needs a number for each axis of the array.",
            lambda shape, block: grid_of(shape[:1], block[:1]),
        ),
        Mistake(
            "one number for one axis",
            "With one axis you return a bare number. Return a tuple, even if there is only one axis.",
            lambda shape, block: grid_of(shape, block)[0] if len(shape) == 1 else grid_of(shape, block),
        ),
        Mistake(
            "first size for all",
            "You use the block's first size for every axis. Each axis has its own.",
            lambda shape, block: grid_of(shape, block[:1] * len(shape)),
        ),
        Mistake(
            "reversed",
            "The axes come out in reverse. The first number of the grid belongs to the first axis.",
            lambda shape, block: grid_of(shape, block)[::-1],
        ),
        Mistake(
            "elements left over",
            "This is what is left over at the end of each axis. The exercise asks how many blocks it takes.",
            lambda shape, block: tuple(n % size for n, size in zip(shape, block, strict=True)),
        ),
    ),
)
