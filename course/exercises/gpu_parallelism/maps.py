"""add_kernel, transpose_naive: one thread for each element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.checks.probes.gpu_parallelism import text_of
from course.exercises.gpu_parallelism.common import TOPIC, normal, wide
from course.exercises.gpu_parallelism.costs import both_ways, coalescing, fetched_once
from course.exercises.gpu_parallelism.kernels import add_kernel, edited, transpose_naive
from course.exercises.gpu_parallelism.launches import Launch, Task

# --- add_kernel -----------------------------------------------------------------------------------------------------


def _add_launch(a: np.ndarray, b: np.ndarray, blocks: int, threads: int) -> Launch:
    return Launch((blocks,), (threads,), (a, b), a + b)


def _add_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, n, blocks, threads in (
        ("one element", 1, 1, 4),
        ("one block, just full", 8, 1, 8),
        ("one block, partly filled", 5, 1, 8),
        ("blocks of one thread", 3, 3, 1),
        ("more blocks than threads in a block", 9, 5, 2),
        ("several blocks, the last partly filled", 70, 3, 32),
        ("a block too many", 100, 5, 32),
        ("four full blocks", 256, 4, 64),
    ):
        args = (wide(rng, n), normal(rng, n), blocks, threads)
        cases.append(Case(label, args, _add_launch(*args).shown("a", "b")))
    return cases


def _add(*changes: tuple[str, str]) -> Callable[..., Any]:
    return edited(add_kernel, *changes)


_INDEX = "t.blockIdx.x * t.blockDim.x + t.threadIdx.x"
_ADD_GUARD = "if i < out.shape[0]:"
_ADD = Task(add_kernel, _add_launch, standard=fetched_once, score=coalescing)

ADD_KERNEL = Exercise(
    name="add_kernel",
    topic=TOPIC,
    points=2,
    reference=add_kernel,
    cases=_add_cases,
    probe=text_of,
    measure=_ADD.measure,
    remark=_ADD.remark,
    edges=("one element", "blocks of one thread"),
    mistakes=(
        Mistake(
            "no guard",
            "All blocks have the same size, so there are often more threads than elements, and the spare ones reach beyond the end. A thread without an element must do nothing.",
            _add((_ADD_GUARD, "if True:")),
        ),
        Mistake(
            "guard one too late",
            "The guard lets one thread too many through: elements are numbered from 0, so the last one's number is one less than how many there are.",
            _add((_ADD_GUARD, "if i <= out.shape[0]:")),
        ),
        Mistake(
            "guard one too early",
            "The last element was never written: the guard holds back a thread that still has one.",
            _add((_ADD_GUARD, "if i < out.shape[0] - 1:")),
        ),
        Mistake(
            "spare threads do the last element",
            "The threads beyond the end were sent to the last element, so several of them write it. A thread without an element must write nothing.",
            _add((_INDEX, "min(t.blockIdx.x * t.blockDim.x + t.threadIdx.x, out.shape[0] - 1)")),
        ),
        Mistake(
            "block forgotten",
            "`threadIdx` begins at 0 in every block, so all blocks do the same few elements. A thread's number in the whole grid depends on its block, too.",
            _add((_INDEX, "t.threadIdx.x")),
        ),
        Mistake(
            "thread forgotten",
            "All threads of a block do the same element. `threadIdx` tells them apart.",
            _add((_INDEX, "t.blockIdx.x * t.blockDim.x")),
        ),
        Mistake(
            "grid's size for the block's",
            "`gridDim` says how many blocks there are; how many *threads* come before this block follows from the size of a block.",
            _add((_INDEX, "t.blockIdx.x * t.gridDim.x + t.threadIdx.x")),
        ),
        Mistake(
            "block's size forgotten",
            "Each block begins only one element after the one before it, so they overlap. It should begin where the block before it ends.",
            _add((_INDEX, "t.blockIdx.x + t.threadIdx.x")),
        ),
        Mistake(
            "roles swapped",
            "Block and thread have changed places: the threads of a block take elements that lie far from each other, and some elements get no thread.",
            _add((_INDEX, "t.threadIdx.x * t.blockDim.x + t.blockIdx.x")),
        ),
        Mistake(
            "every thread does everything",
            "There is a loop over all elements in the kernel, and every thread runs through it: all of them write everything. The grid *is* the loop; a thread does one element.",
            _add((_ADD_GUARD, "for i in range(out.shape[0]):")),
        ),
        Mistake(
            "one thread does everything",
            "The numbers are right, but the warps go to memory once for each element, as where one thread makes all of them while the others look on. Give each thread the element that is its own.",
            _add((_ADD_GUARD, "for i in range(out.shape[0] if i == 0 else 0):")),
        ),
        Mistake(
            "in place",
            "The sum went into one of the arrays that are added, which belong to the caller. It belongs into `out`.",
            _add(("out[i] = a[i] + b[i]", "a[i] = a[i] + b[i]")),
        ),
    ),
)


# --- transpose_naive ------------------------------------------------------------------------------------------------


def _transpose_launch(x: np.ndarray, width: int, height: int) -> Launch:
    rows, cols = x.shape
    return Launch((-(-cols // width), -(-rows // height)), (width, height), (x,), x.T.copy())


def _transpose_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, rows, cols, width, height in (
        ("one element", 1, 1, 4, 2),
        ("one block, just full", 2, 4, 4, 2),
        ("one block, partly filled", 3, 2, 4, 8),
        ("a row left over", 3, 4, 4, 2),
        ("a column left over", 2, 3, 4, 2),
        ("several blocks along a row", 2, 13, 4, 2),
        ("several blocks along a column", 13, 3, 4, 2),
        ("several blocks both ways", 17, 33, 16, 4),
        ("blocks that come out even", 64, 32, 32, 8),
    ):
        args = (wide(rng, rows, cols), width, height)
        cases.append(Case(label, args, _transpose_launch(*args).shown("x")))
    return cases


def _naive(*changes: tuple[str, str]) -> Callable[..., Any]:
    return edited(transpose_naive, *changes)


_ROW, _COL = "t.blockIdx.y * t.blockDim.y + t.threadIdx.y", "t.blockIdx.x * t.blockDim.x + t.threadIdx.x"
_NAIVE_GUARD = "if row < x.shape[0] and col < x.shape[1]:"
_COPY = "out[col, row] = x[row, col]"
_NAIVE = Task(transpose_naive, _transpose_launch, score=both_ways)

TRANSPOSE_NAIVE = Exercise(
    name="transpose_naive",
    topic=TOPIC,
    points=2,
    reference=transpose_naive,
    cases=_transpose_cases,
    probe=text_of,
    measure=_NAIVE.measure,
    remark=_NAIVE.remark,
    edges=("one element",),
    mistakes=(
        Mistake(
            "no guard",
            "The grid has whole blocks only, so it reaches beyond the matrix. The spare threads have to stay out, at the end of a row and at the end of a column.",
            _naive((_NAIVE_GUARD, "if True:")),
        ),
        Mistake(
            "guard of the rows only",
            "The guard asks about the rows alone; the grid also reaches beyond the last column.",
            _naive((_NAIVE_GUARD, "if row < x.shape[0]:")),
        ),
        Mistake(
            "guard of the columns only",
            "The guard asks about the columns alone; the grid also reaches beyond the last row.",
            _naive((_NAIVE_GUARD, "if col < x.shape[1]:")),
        ),
        Mistake(
            "either guard",
            "The guard lets a thread through whose row *or* column is inside. An element needs both.",
            _naive((_NAIVE_GUARD, "if row < x.shape[0] or col < x.shape[1]:")),
        ),
        Mistake(
            "guard mixed up",
            "The guard compares the row with the number of columns, and the column with the number of rows. That goes unnoticed only where the matrix is square.",
            _naive((_NAIVE_GUARD, "if row < x.shape[1] and col < x.shape[0]:")),
        ),
        Mistake(
            "axes swapped",
            "The grid's x axis is as long as a row of the matrix: a thread's place along x is its *column*, its place along y its row. With the two swapped, part of a matrix that isn't square gets no thread.",
            _naive((_ROW, "@"), (_COL, _ROW), ("@", _COL)),
        ),
        Mistake(
            "not turned",
            "This copies an element to the same place. It should go to the mirrored one; and out has as many rows as x has columns.",
            _naive((_COPY, "out[row, col] = x[row, col]")),
        ),
        Mistake(
            "turned where it is read",
            "The threads that you let through have a row and a column *of x*, but you read x the other way round.",
            _naive((_COPY, "out[row, col] = x[col, row]")),
        ),
        Mistake(
            "block's width for its height",
            "The blocks need not be square: how far a block lies down follows from its *height*, not from its width.",
            _naive((_ROW, "t.blockIdx.y * t.blockDim.x + t.threadIdx.y")),
        ),
        Mistake(
            "blocks forgotten",
            "`threadIdx` begins at 0 in every block, and here several blocks do the same elements. `blockIdx` tells which blocks come before this one: its `.x` along the columns, its `.y` along the rows.",
            _naive((_ROW, "t.threadIdx.y"), (_COL, "t.threadIdx.x")),
        ),
    ),
)
