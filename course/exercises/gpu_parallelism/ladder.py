"""The first kernels, each a step further: one array, two, two axes, a sum for each pair, shared memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.probes.gpu_parallelism import text_of
from course.exercises.gpu_parallelism.common import TOPIC, normal, wide
from course.exercises.gpu_parallelism.costs import coalescing, in_global, requests
from course.exercises.gpu_parallelism.kernels import (
    blend_kernel,
    edited,
    mirror_kernel,
    neighbor_sum,
    outer_add,
    scale_kernel,
)
from course.exercises.gpu_parallelism.launches import Launch, Task
from course.simt.report import Report

Changed = Callable[..., Any]

# --- scale_kernel ---------------------------------------------------------------------------------------------------


def _scale_launch(x: np.ndarray) -> Launch:
    return Launch((1,), (len(x),), (x,), 2 * x)


def _scale_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, n in (
        ("one element", 1),
        ("a few elements", 5),
        ("a whole warp", 32),
        ("two warps, the second not full", 40),
    ):
        x = wide(rng, n)
        cases.append(Case(label, (x,), _scale_launch(x).shown("x")))
    return cases


def _scale(*changes: tuple[str, str]) -> Changed:
    return edited(scale_kernel, *changes)


_SCALE = Task(scale_kernel, _scale_launch, score=coalescing)
_ME = "i = t.threadIdx.x"
_DOUBLE = "out[i] = 2 * x[i]"

SCALE_KERNEL = Exercise(
    name="scale_kernel",
    topic=TOPIC,
    points=1,
    reference=scale_kernel,
    cases=_scale_cases,
    probe=text_of,
    measure=_SCALE.measure,
    remark=_SCALE.remark,
    edges=("one element",),
    mistakes=(
        Mistake(
            "the block's number",
            "There is one block here, and its number is 0 for all of its threads, so all of them do element 0. Which number tells the threads of a block apart?",
            _scale((_ME, "i = t.blockIdx.x")),
        ),
        Mistake(
            "the block's size",
            "`blockDim` is how many threads there are, the same for all of them, and no element has that number. Which number is a thread's own?",
            _scale((_ME, "i = t.blockDim.x")),
        ),
        Mistake(
            "counted from one",
            "Threads are numbered from 0, and so are elements. With 1 added, the first element gets no thread, and the last thread no element.",
            _scale((_ME, "i = t.threadIdx.x + 1")),
        ),
        Mistake(
            "two added",
            "This adds 2 to each element. The exercise asks for twice the element.",
            _scale((_DOUBLE, "out[i] = 2 + x[i]")),
        ),
        Mistake(
            "squared",
            "This multiplies each element by itself. The exercise asks for twice the element.",
            _scale((_DOUBLE, "out[i] = x[i] * x[i]")),
        ),
        Mistake(
            "in place",
            "The result went into `x`, which belongs to the caller. Write it to `out`.",
            _scale((_DOUBLE, "x[i] = 2 * x[i]")),
        ),
        Mistake(
            "every thread does everything",
            "There is a loop over all elements in the kernel, and every thread runs through it, so all of them write everything. The threads *are* the loop: each does one element.",
            _scale((_ME + "\n    " + _DOUBLE, "for i in range(x.shape[0]):\n        " + _DOUBLE)),
        ),
    ),
)

# --- blend_kernel ---------------------------------------------------------------------------------------------------


def _blend_launch(a: np.ndarray, b: np.ndarray, threads: int) -> Launch:
    return Launch((1,), (threads,), (a, b), (a + b) / 2)


def _blend_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, n, threads in (
        ("one element", 1, 4),
        ("as many threads as elements", 7, 7),
        ("a few threads to spare", 20, 32),
        ("a second warp for one element", 33, 64),
    ):
        args = (wide(rng, n), normal(rng, n), threads)
        cases.append(Case(label, args, _blend_launch(*args).shown("a", "b")))
    return cases


def _blend(*changes: tuple[str, str]) -> Changed:
    return edited(blend_kernel, *changes)


_BLEND = Task(blend_kernel, _blend_launch, score=coalescing)
_BLEND_GUARD = "if i < out.shape[0]:"
_MEAN = "out[i] = (a[i] + b[i]) / 2"

BLEND_KERNEL = Exercise(
    name="blend_kernel",
    topic=TOPIC,
    points=1,
    reference=blend_kernel,
    cases=_blend_cases,
    probe=text_of,
    measure=_BLEND.measure,
    remark=_BLEND.remark,
    edges=("one element",),
    mistakes=(
        Mistake(
            "no guard",
            "There are more threads than elements, and the spare ones reach beyond the end of the arrays. A thread without an element must do nothing.",
            _blend((_BLEND_GUARD, "if True:")),
        ),
        Mistake(
            "guard one too late",
            "The guard lets one thread too many through. Elements are numbered from 0, so the last one's number is one less than how many there are.",
            _blend((_BLEND_GUARD, "if i <= out.shape[0]:")),
        ),
        Mistake(
            "guard one too early",
            "The last element was never written: the guard holds back a thread that still has one.",
            _blend((_BLEND_GUARD, "if i < out.shape[0] - 1:")),
        ),
        Mistake(
            "the sum",
            "This is the sum of the two elements. Their mean is half of it.",
            _blend((_MEAN, "out[i] = a[i] + b[i]")),
        ),
        Mistake(
            "only the second halved",
            "Division comes before addition, so only the second element was halved. Parentheses help.",
            _blend((_MEAN, "out[i] = a[i] + b[i] / 2")),
        ),
        Mistake(
            "one array",
            "Only one of the two arrays is in the answer. The mean needs an element of each.",
            _blend((_MEAN, "out[i] = (a[i] + a[i]) / 2")),
        ),
        Mistake(
            "a difference",
            "This is half the difference. The mean is half the sum.",
            _blend((_MEAN, "out[i] = (a[i] - b[i]) / 2")),
        ),
    ),
)

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

# --- neighbor_sum ---------------------------------------------------------------------------------------------------

_THREADS = 64


def _neighbor_launch(x: np.ndarray) -> Launch:
    padded = np.pad(x, 1)
    return Launch((1,), (_THREADS,), (x,), padded[:-2] + x + padded[2:])


def _neighbor_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, n in (
        ("a single number", 1),
        ("two numbers", 2),
        ("more than a warp", 45),
        ("one number less than threads", 63),
        ("a full block", 64),
    ):
        x = np.asarray(wide(rng, n) + np.float32(3))
        cases.append(Case(label, (x,), _neighbor_launch(x).shown("x")))
    return cases


def _loaded_once(report: Report, best: Report) -> None:
    """Refuse a kernel that loads a number from main memory for each thread that needs it.

    Raises:
        WrongAnswer: it makes over one and a half times as many loads as the best.
    """
    mine, needed = (requests(in_global(one, "load")) for one in (report, best))
    if mine > 1.5 * needed:
        site = max(in_global(report, "load"), key=lambda one: one.requests)
        raise WrongAnswer(
            f"the numbers are right, but the warps load from main memory {mine} times, and {needed} times would do: each number is needed by "
            "three threads.",
            mark=f"loads, {mine / needed:.2g} times",
            line=site.line,
            source=report.source[site.line - 1].strip(),
        )


def _loads(report: Report, best: Report) -> str:
    mine = requests(in_global(report, "load"))
    return f"Main memory: {mine} load{'s' if mine > 1 else ''} by the warps of the block, so each number travels once."


def _neighbors(*changes: tuple[str, str]) -> Changed:
    return edited(neighbor_sum, *changes)


_NEIGHBORS = Task(neighbor_sum, _neighbor_launch, _loaded_once, _loads)
_BARRIER = "    t.syncthreads()\n"
_LEFT = "left = tile[i - 1] if i > 0 else 0.0"
_RIGHT = "right = tile[i + 1] if i + 1 < n else 0.0"
_THREE = "out[i] = left + tile[i] + right"

NEIGHBOR_SUM = Exercise(
    name="neighbor_sum",
    topic=TOPIC,
    points=2,
    reference=neighbor_sum,
    cases=_neighbor_cases,
    probe=text_of,
    measure=_NEIGHBORS.measure,
    remark=_NEIGHBORS.remark,
    edges=("a single number",),
    mistakes=(
        Mistake(
            "no barrier",
            "A thread reads from shared memory what its neighbors put there. Nothing makes it wait until they have done so.",
            _neighbors((_BARRIER, "")),
        ),
        Mistake(
            "barrier in the guard",
            "Some threads don't come to the barrier, and the others wait for them forever. Threads without a number must reach it, too.",
            _neighbors(("        tile[i] = x[i]\n" + _BARRIER, "        tile[i] = x[i]\n    " + _BARRIER)),
        ),
        Mistake(
            "no shared memory",
            "The numbers are right, but each of them is loaded from main memory several times. Let every thread bring one number into shared memory, and take the neighbors from there.",
            _neighbors(
                ('    tile = t.shared.array(64, "float32")\n', ""),
                ("    if i < n:\n        tile[i] = x[i]\n" + _BARRIER, ""),
                (_LEFT, "left = x[i - 1] if i > 0 else 0.0"),
                (_RIGHT, "right = x[i + 1] if i + 1 < n else 0.0"),
                (_THREE, "out[i] = left + x[i] + right"),
            ),
        ),
        Mistake(
            "no left end",
            "Thread 0 has no left neighbor, and yet it reads one. What lies beyond the end counts 0.",
            _neighbors((_LEFT, "left = tile[i - 1]")),
        ),
        Mistake(
            "no right end",
            "The last number has no right neighbor, and yet its thread reads one, which was never written. What lies beyond the end counts 0.",
            _neighbors((_RIGHT, "right = tile[i + 1] if i + 1 < 64 else 0.0")),
        ),
        Mistake(
            "without its own number",
            "The two neighbors are there, and the number between them is missing.",
            _neighbors((_THREE, "out[i] = left + right")),
        ),
        Mistake(
            "the left neighbor alone",
            "The right neighbor is missing from the sum.",
            _neighbors((_THREE, "out[i] = left + tile[i]")),
        ),
        Mistake(
            "the mean",
            "This is a third of the sum, so the mean. The exercise asks for the sum.",
            _neighbors((_THREE, "out[i] = (left + tile[i] + right) / 3")),
        ),
        Mistake(
            "no guard",
            "The block has 64 threads, and x may have fewer numbers: the spare threads read beyond its end.",
            _neighbors(("    if i < n:\n        tile[i] = x[i]\n", "    tile[i] = x[i]\n")),
        ),
        Mistake(
            "ends not written",
            "The first and the last place of out were never written. They have one neighbor each, and a sum, too.",
            _neighbors(("    if i < n:\n        left", "    if 0 < i and i < n - 1:\n        left")),
        ),
    ),
)
