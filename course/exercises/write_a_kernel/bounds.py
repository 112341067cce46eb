"""block_bounds: which elements a block index stands for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.write_a_kernel.common import TOPIC, whole

Sides = tuple[int, ...]
Bounds = tuple[tuple[int, int], ...]


def block_bounds(index: Sides, block: Sides, shape: Sides) -> Bounds:
    return tuple((i * size, min(i * size + size, n)) for i, size, n in zip(index, block, shape, strict=True))


def _cases(rng: np.random.Generator) -> list[Case]:
    def of(label: str, place: Sides, block: Sides, counts: Sides, left: Sides) -> Case:
        shape = tuple((n - 1) * size + more for n, size, more in zip(counts, block, left, strict=True))
        return Case(label, (place, block, shape))

    w, h = ([whole(rng, low, 200) for _ in range(7)] for low in (5, 3))
    n = whole(rng, 4, 9)
    return [
        of("the first block of a row of numbers", (0,), (w[0],), (n,), (2,)),
        of("a full block in the middle", (2,), (w[1],), (n,), (w[1],)),
        of("the last block, partly filled", (n - 1,), (w[2],), (n,), (2,)),
        of("a block of a matrix", (1, 3), (h[3], w[3]), (3, 5), (1, 1)),
        of("the corner of a matrix", (2, 4), (h[4], w[4]), (3, 5), (2, w[4] - 1)),
        of("a matrix in strips", (3, 0), (h[5], 10 + w[5]), (6, 1), (1, 10 + w[5])),
        of("three axes", (1, 0, 2), (h[6], w[6], 2), (2, 3, 3), (1, 1, 1)),
    ]


def _each(bounds: Callable[[int, int, int], tuple[int, int]]) -> Callable[[Sides, Sides, Sides], Bounds]:
    """The same for each axis."""
    return lambda index, block, shape: tuple(map(bounds, index, block, shape))


BLOCK_BOUNDS = Exercise(
    name="block_bounds",
    topic=TOPIC,
    points=2,
    reference=block_bounds,
    cases=_cases,
    parts=("axis 0", "axis 1", "axis 2"),
    mistakes=(
        Mistake(
            "index for an element",
            "The block's number was taken for its first element. So many *blocks* lie before it, and each has its size.",
            _each(lambda i, size, n: (i, min(i + size, n))),
        ),
        Mistake(
            "not cut",
            "A block at the end reaches beyond the array. Only what lies inside is asked for.",
            _each(lambda i, size, n: (i * size, i * size + size)),
        ),
        Mistake(
            "length for the end",
            "The second number is how long the piece is; asked for is where it ends.",
            _each(lambda i, size, n: (i * size, min(size, n - i * size))),
        ),
        Mistake(
            "last element for the end",
            "The end is one too low: as in Python's slices, it is the first element that does *not* belong to the piece.",
            _each(lambda i, size, n: (i * size, min(i * size + size, n) - 1)),
        ),
        Mistake(
            "cut one too early",
            "At the end of the array one element is missing: its last element has the number n − 1, so that the end of the piece is n.",
            _each(lambda i, size, n: (i * size, min(i * size + size, n - 1))),
        ),
        Mistake(
            "counted from 1",
            "Blocks are counted from 0: before block number i there lie i others.",
            _each(lambda i, size, n: (max(i - 1, 0) * size, min(i * size, n))),
        ),
        Mistake(
            "number of blocks for their size",
            "You multiply by how many blocks there are. How far a block lies from the start depends on how *large* the blocks before it are.",
            _each(lambda i, size, n: (i * -(-n // size), min((i + 1) * -(-n // size), n))),
        ),
        Mistake(
            "shape for the block",
            "The index was multiplied by the array's shape, which is the size of the whole. The block's size is the second argument.",
            _each(lambda i, size, n: (i * n, min(i * n + size, n))),
        ),
        Mistake(
            "axes exchanged",
            "The axes have changed places: the sizes of the block belong to the axes of the array in the same order.",
            lambda index, block, shape: block_bounds(index[::-1], block[::-1], shape[::-1]),
        ),
        Mistake(
            "first axis only",
            "Only the first axis is there. A block of a matrix has a piece of the rows *and* a piece of the columns.",
            lambda index, block, shape: block_bounds(index[:1], block[:1], shape[:1]),
        ),
        Mistake(
            "one pair, bare",
            "You return the two numbers of the first axis alone. Asked for is a tuple with a pair for *each* axis of the array, also where "
            "there is only one.",
            lambda index, block, shape: block_bounds(index, block, shape)[0],
        ),
        Mistake(
            "one piece",
            "With one axis you give the two numbers themselves. It is a tuple with a pair for each axis, also where there is only one.",
            lambda index, block, shape: (
                block_bounds(index, block, shape)[0] if len(shape) == 1 else block_bounds(index, block, shape)
            ),
        ),
        Mistake(
            "starts, then ends",
            "You give all starts and then all ends. Asked for is a pair for each axis: its start and its end.",
            lambda index, block, shape: tuple(zip(*block_bounds(index, block, shape), strict=True)),
        ),
        Mistake(
            "size for the end",
            "The second number is the size of the block; asked for is where the piece ends.",
            _each(lambda i, size, n: (i * size, size)),
        ),
        Mistake(
            "to the end of the array",
            "Each piece goes on to the end of the array. It ends where the next block begins, or where the array ends.",
            _each(lambda i, size, n: (i * size, n)),
        ),
        Mistake(
            "whole blocks only",
            "The block at the end is gone where it is only partly filled. What lies inside of the array belongs to it.",
            _each(lambda i, size, n: (i * size, min(i * size + size, n // size * size))),
        ),
        Mistake(
            "end from the index",
            "The piece ends one *block* after its start. You doubled the start.",
            _each(lambda i, size, n: (i * size, min(2 * i * size, n))),
        ),
        Mistake(
            "first size for all",
            "You take the block's first size for every axis. Each axis has its own.",
            lambda index, block, shape: block_bounds(index, block[:1] * len(block), shape),
        ),
        Mistake(
            "first length for all",
            "You cut at the length of the array's first axis, on every axis. Each axis has its own.",
            lambda index, block, shape: block_bounds(index, block, shape[:1] * len(shape)),
        ),
        Mistake(
            "wrapped around",
            "An end beyond the array begins at 0 again in your answer, as `%` does. It has to be cut off at the array's end.",
            _each(lambda i, size, n: (i * size, (i + 1) * size % n)),
        ),
    ),
)
