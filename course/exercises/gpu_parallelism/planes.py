"""mirror_kernel, outer_add: the ladder's rungs with threads in two dimensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.checks.probes.gpu_parallelism import text_of
from course.exercises.gpu_parallelism.common import TOPIC, normal, wide
from course.exercises.gpu_parallelism.costs import coalescing
from course.exercises.gpu_parallelism.kernels import (
    edited,
    mirror_kernel,
    outer_add,
)
from course.exercises.gpu_parallelism.launches import Launch, Task

Changed = Callable[..., Any]

# --- mirror_kernel --------------------------------------------------------------------------------------------------


def _mirror_launch(x: np.ndarray, width: int, height: int) -> Launch:
    return Launch((1, 1), (width, height), (x,), x[:, ::-1].copy())


def _mirror_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, rows, cols, width, height in (
        ("one element", 1, 1, 4, 2),
        ("as many threads as elements", 3, 5, 5, 3),
        ("threads to spare along x", 4, 6, 8, 4),
        ("threads to spare along y", 6, 8, 8, 8),
        ("threads to spare both ways", 7, 20, 32, 10),
        ("more rows than columns", 9, 4, 12, 16),
    ):
        args = (wide(rng, rows, cols), width, height)
        cases.append(Case(label, args, _mirror_launch(*args).shown("x")))
    return cases


def _mirror(*changes: tuple[str, str]) -> Changed:
    return edited(mirror_kernel, *changes)


_MIRROR = Task(mirror_kernel, _mirror_launch, score=coalescing)
_PLACE = "row, col = t.threadIdx.y, t.threadIdx.x"
_MIRROR_GUARD = "if row < x.shape[0] and col < x.shape[1]:"
_MIRRORED = "out[row, x.shape[1] - 1 - col] = x[row, col]"

MIRROR_KERNEL = Exercise(
    name="mirror_kernel",
    topic=TOPIC,
    points=1,
    reference=mirror_kernel,
    cases=_mirror_cases,
    probe=text_of,
    measure=_MIRROR.measure,
    remark=_MIRROR.remark,
    edges=("one element",),
    mistakes=(
        Mistake(
            "no guard",
            "The block has threads to spare along both axes, and they reach beyond the matrix. A thread without an element must do nothing.",
            _mirror((_MIRROR_GUARD, "if True:")),
        ),
        Mistake(
            "guard of the rows only",
            "The guard asks about the rows alone; the block also reaches beyond the last column.",
            _mirror((_MIRROR_GUARD, "if row < x.shape[0]:")),
        ),
        Mistake(
            "guard of the columns only",
            "The guard asks about the columns alone; the block also reaches beyond the last row.",
            _mirror((_MIRROR_GUARD, "if col < x.shape[1]:")),
        ),
        Mistake(
            "one column too far",
            "The first column goes to the last place, whose number is one less than how many columns there are. You send it one place further.",
            _mirror((_MIRRORED, "out[row, x.shape[1] - col] = x[row, col]")),
        ),
        Mistake(
            "negative index",
            "Unlike in NumPy, a negative index does not count from the end: it lies before the array. Which number does the last column have?",
            _mirror((_MIRRORED, "out[row, -1 - col] = x[row, col]")),
        ),
        Mistake(
            "upside down",
            "This exchanges top and bottom. Left and right are to change places: the row stays, the column moves.",
            _mirror((_MIRRORED, "out[x.shape[0] - 1 - row, col] = x[row, col]")),
        ),
        Mistake(
            "turned by half",
            "This exchanges left and right *and* top and bottom. The row stays as it is.",
            _mirror((_MIRRORED, "out[x.shape[0] - 1 - row, x.shape[1] - 1 - col] = x[row, col]")),
        ),
        Mistake(
            "not mirrored",
            "This copies each element to its own place. Its column has to be counted from the other side.",
            _mirror((_MIRRORED, "out[row, col] = x[row, col]")),
        ),
        Mistake(
            "axes swapped",
            "A thread's place along x is its *column*, its place along y its row. With the two swapped, part of a matrix that isn't square gets no thread.",
            _mirror((_PLACE, "row, col = t.threadIdx.x, t.threadIdx.y")),
        ),
        Mistake(
            "rows for columns",
            "The column is counted from the far side by the number of *rows*, which goes unnoticed only where the matrix is square.",
            _mirror((_MIRRORED, "out[row, x.shape[0] - 1 - col] = x[row, col]")),
        ),
    ),
)

# --- outer_add ------------------------------------------------------------------------------------------------------


def _outer_launch(a: np.ndarray, b: np.ndarray, width: int, height: int) -> Launch:
    grid = (-(-len(b) // width), -(-len(a) // height))
    return Launch(grid, (width, height), (a, b), a[:, None] + b)


def _outer_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, rows, cols, width, height in (
        ("one element", 1, 1, 4, 2),
        ("one block, just full", 2, 4, 4, 2),
        ("one block, partly filled", 3, 2, 4, 8),
        ("several blocks along a row", 2, 13, 4, 2),
        ("several blocks along a column", 13, 3, 4, 2),
        ("several blocks both ways", 9, 40, 16, 4),
    ):
        args = (wide(rng, rows), normal(rng, cols), width, height)
        cases.append(Case(label, args, _outer_launch(*args).shown("a", "b")))
    return cases


def _outer(*changes: tuple[str, str]) -> Changed:
    return edited(outer_add, *changes)


_OUTER = Task(outer_add, _outer_launch, score=coalescing)
_ROW, _COL = "t.blockIdx.y * t.blockDim.y + t.threadIdx.y", "t.blockIdx.x * t.blockDim.x + t.threadIdx.x"
_OUTER_GUARD = "if row < out.shape[0] and col < out.shape[1]:"
_PAIR = "out[row, col] = a[row] + b[col]"

OUTER_ADD = Exercise(
    name="outer_add",
    topic=TOPIC,
    points=1,
    reference=outer_add,
    cases=_outer_cases,
    probe=text_of,
    measure=_OUTER.measure,
    remark=_OUTER.remark,
    edges=("one element",),
    mistakes=(
        Mistake(
            "no guard",
            "The grid has whole blocks only, so it reaches beyond out: past its last column, and past its last row. A thread without an element must do nothing.",
            _outer((_OUTER_GUARD, "if True:")),
        ),
        Mistake(
            "guard of the rows only",
            "The guard asks about the rows alone; the grid also reaches beyond the last column.",
            _outer((_OUTER_GUARD, "if row < out.shape[0]:")),
        ),
        Mistake(
            "guard of the columns only",
            "The guard asks about the columns alone; the grid also reaches beyond the last row.",
            _outer((_OUTER_GUARD, "if col < out.shape[1]:")),
        ),
        Mistake(
            "arrays exchanged",
            "`a` has a number for each *row* of out, and `b` one for each column. You look them up the other way round.",
            _outer((_PAIR, "out[row, col] = a[col] + b[row]")),
        ),
        Mistake(
            "axes swapped",
            "A thread's place along x is its *column*, its place along y its row. With the two swapped, part of out gets no thread where it isn't square.",
            _outer((_ROW, "@"), (_COL, _ROW), ("@", _COL)),
        ),
        Mistake(
            "blocks forgotten",
            "`threadIdx` begins at 0 in every block, so several blocks do the same elements. Which blocks lie before this one is in `blockIdx`, along each axis.",
            _outer((_ROW, "t.threadIdx.y"), (_COL, "t.threadIdx.x")),
        ),
        Mistake(
            "block's width for its height",
            "The blocks need not be square: how far down a block lies follows from its *height*, not from its width.",
            _outer((_ROW, "t.blockIdx.y * t.blockDim.x + t.threadIdx.y")),
        ),
        Mistake(
            "a product",
            "This multiplies the two numbers. The exercise asks for their sum.",
            _outer((_PAIR, "out[row, col] = a[row] * b[col]")),
        ),
    ),
)
