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
            "You used the block's index as its first element. The index counts the *blocks* before it, and each of them has its size.",
            _each(lambda i, size, n: (i, min(i + size, n))),
        ),
        Mistake(
            "not cut",
            "A block at the end reaches beyond the array. Return only the part that lies inside.",
            _each(lambda i, size, n: (i * size, i * size + size)),
        ),
        Mistake(
            "length for the end",
            "Your second number is the length of the piece. It should say where the piece ends.",
            _each(lambda i, size, n: (i * size, min(size, n - i * size))),
        ),
        Mistake(
            "last element for the end",
            "The end is one too low: as in Python's slices, it is the first element that is *not* in the piece.",
            _each(lambda i, size, n: (i * size, min(i * size + size, n) - 1)),
        ),
        Mistake(
            "cut one too early",
            "At the end of the array one element is missing: its last element has the index n − 1, so the piece ends at n.",
            _each(lambda i, size, n: (i * size, min(i * size + size, n - 1))),
        ),
        Mistake(
            "counted from 1",
            "Blocks are counted from 0: there are i others before block i.",
            _each(lambda i, size, n: (max(i - 1, 0) * size, min(i * size, n))),
        ),
        Mistake(
            "number of blocks for their size",
            "You multiply by the number of blocks. How far a block is from the start depends on how *large* the blocks before it are.",
            _each(lambda i, size, n: (i * -(-n // size), min((i + 1) * -(-n // size), n))),
        ),
        Mistake(
            "shape for the block",
            "You multiplied the index by the array's shape, the size of the whole. The block's size is the second argument.",
            _each(lambda i, size, n: (i * n, min(i * n + size, n))),
        ),
        Mistake(
            "axes exchanged",
            "You swapped the axes: the sizes of the block belong to the axes of the array in the same order.",
            lambda index, block, shape: block_bounds(index[::-1], block[::-1], shape[::-1]),
        ),
        Mistake(
            "first axis only",
            "Your answer has only the first axis. A block of a matrix has a piece of the rows *and* a piece of the columns.",
            lambda index, block, shape: block_bounds(index[:1], block[:1], shape[:1]),
        ),
        Mistake(
            "one pair, bare",
            "You return only the two numbers of the first axis. Return a tuple with one pair for *each* axis of the "
            "array, even if there is only one.",
            lambda index, block, shape: block_bounds(index, block, shape)[0],
        ),
        Mistake(
            "one piece",
            "With one axis you return the two numbers themselves. Return a tuple with one pair for each axis, even if there is only one.",
            lambda index, block, shape: (
                block_bounds(index, block, shape)[0] if len(shape) == 1 else block_bounds(index, block, shape)
            ),
        ),
        Mistake(
            "starts, then ends",
            "You return all starts and then all ends. Return one pair for each axis: its start and its end.",
            lambda index, block, shape: tuple(zip(*block_bounds(index, block, shape), strict=True)),
        ),
        Mistake(
            "size for the end",
            "Your second number is the size of the block. It should say where the piece ends.",
            _each(lambda i, size, n: (i * size, size)),
        ),
        Mistake(
            "to the end of the array",
            "Each of your pieces goes on to the end of the array. A piece ends where the next block begins, or where the array ends.",
            _each(lambda i, size, n: (i * size, n)),
        ),
        Mistake(
            "whole blocks only",
            "The last block is gone if it is only partly filled. Its part inside the array belongs to the answer.",
            _each(lambda i, size, n: (i * size, min(i * size + size, n // size * size))),
        ),
        Mistake(
            "end from the index",
            "The piece ends one *block* after its start. You doubled the start.",
            _each(lambda i, size, n: (i * size, min(2 * i * size, n))),
        ),
        Mistake(
            "first size for all",
            "You use the block's first size for every axis. Each axis has its own.",
            lambda index, block, shape: block_bounds(index, block[:1] * len(block), shape),
        ),
        Mistake(
            "first length for all",
            "You cut at the length of the array's first axis, on every axis. Each axis has its own.",
            lambda index, block, shape: block_bounds(index, block, shape[:1] * len(shape)),
        ),
        Mistake(
            "wrapped around",
            "In your answer an end beyond the array wraps around to 0, as `%` does. Cut it off at the array's end.",
            _each(lambda i, size, n: (i * size, (i + 1) * size % n)),
        ),
    ),
)
