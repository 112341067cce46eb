"""convolve_kernel: a small window of weights slides over a picture, with a thread for each place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.checks.probes.gpu_parallelism import text_of
from course.exercises.gpu_parallelism.common import TOPIC, normal, wide
from course.exercises.gpu_parallelism.costs import in_global, sectors, side_by_side
from course.exercises.gpu_parallelism.kernels import convolve_kernel, edited
from course.exercises.gpu_parallelism.launches import Launch, Task
from course.simt.report import Report


def _launch(x: np.ndarray, w: np.ndarray) -> Launch:
    windows = np.lib.stride_tricks.sliding_window_view(x.astype(np.float64), w.shape)
    out = (windows * w).sum(axis=(2, 3)).astype(np.float32)
    rows, cols = out.shape
    return Launch((-(-cols // 16), -(-rows // 4)), (16, 4), (x, w), out, min(rows, cols) >= 16)


def _cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, rows, cols, high, wide_ in (
        ("a window of one element", 3, 5, 1, 1),
        ("a window as large as the picture", 2, 3, 2, 3),
        ("one block, partly filled", 5, 9, 3, 3),
        ("a window wider than it is high", 6, 21, 2, 4),
        ("a window higher than it is wide", 9, 8, 3, 2),
        ("several blocks", 18, 36, 3, 3),
    ):
        args = (wide(rng, rows, cols), np.asarray(normal(rng, high, wide_)))
        cases.append(Case(label, args, _launch(*args).shown("x", "w")))
    return cases


def _score(report: Report, best: Report) -> str:
    site = max(in_global(report, "load"), key=lambda one: one.sectors)
    return f"Main memory: {sectors(in_global(report))} sectors. Most of them are for {site.array}, whose numbers are fetched again for every window that holds them."


def _convolved(*changes: tuple[str, str]) -> Callable[..., Any]:
    return edited(convolve_kernel, *changes)


_TASK = Task(convolve_kernel, _launch, side_by_side, _score)
_GUARD = "if row < out.shape[0] and col < out.shape[1]:"
_TERM = "total += w[i, j] * x[row + i, col + j]"
_ROWS, _COLS = "for i in range(w.shape[0]):", "for j in range(w.shape[1]):"
_START = "        total = 0.0\n"
_ROW, _COL = "t.blockIdx.y * t.blockDim.y + t.threadIdx.y", "t.blockIdx.x * t.blockDim.x + t.threadIdx.x"

CONVOLVE_KERNEL = Exercise(
    name="convolve_kernel",
    topic=TOPIC,
    points=3,
    reference=convolve_kernel,
    cases=_cases,
    probe=text_of,
    measure=_TASK.measure,
    remark=_TASK.remark,
    edges=("a window of one element", "a window as large as the picture"),
    mistakes=(
        Mistake(
            "guard by the picture",
            "The guard asks whether the window's *first* element lies in the picture. Near the right and the lower edge the rest of the window does not: out is smaller than x.",
            _convolved((_GUARD, "if row < x.shape[0] and col < x.shape[1]:")),
        ),
        Mistake(
            "no guard",
            "The grid has whole blocks only, so it reaches beyond out. A thread without an element must do nothing.",
            _convolved((_GUARD, "if True:")),
        ),
        Mistake(
            "window turned",
            "The window was turned by half: its first weight met the last element. Weight (i, j) belongs to the element i rows down and j columns to the right.",
            _convolved((_TERM, "total += w[w.shape[0] - 1 - i, w.shape[1] - 1 - j] * x[row + i, col + j]")),
        ),
        Mistake(
            "weights transposed",
            "You take the weights with row and column exchanged. Only with a symmetric window does that make no difference.",
            _convolved((_TERM, "total += w[j, i] * x[row + i, col + j]")),
        ),
        Mistake(
            "only the last product",
            "Each product replaces the one before it. They have to be added up.",
            _convolved((_TERM, "total = w[i, j] * x[row + i, col + j]")),
        ),
        Mistake(
            "sum begun anew in each row",
            "The sum begins at 0 again in each row of the window, so only the last row counts.",
            _convolved((_START, ""), (_ROWS, _ROWS + "\n            total = 0.0")),
        ),
        Mistake(
            "last row left out",
            "The last row of the window is missing: `range(n)` already ends at n − 1.",
            _convolved((_ROWS, "for i in range(w.shape[0] - 1):")),
        ),
        Mistake(
            "last column left out",
            "The last column of the window is missing: `range(n)` already ends at n − 1.",
            _convolved((_COLS, "for j in range(w.shape[1] - 1):")),
        ),
        Mistake(
            "a square window",
            "Both loops run over the number of rows of w. A window need not be square.",
            _convolved((_COLS, "for j in range(w.shape[0]):")),
        ),
        Mistake(
            "always 3 × 3",
            "The loops run over a window of 3 × 3. A window may have any size: `w.shape` says which.",
            _convolved((_ROWS, "for i in range(3):"), (_COLS, "for j in range(3):")),
        ),
        Mistake(
            "weights forgotten",
            "This adds up the elements of the window as they are. Each has a weight.",
            _convolved((_TERM, "total += x[row + i, col + j]")),
        ),
        Mistake(
            "window does not move inside",
            "Every weight is multiplied with the same element, the window's first. Inside of the window, i and j have to move in x, too.",
            _convolved((_TERM, "total += w[i, j] * x[row, col]")),
        ),
        Mistake(
            "axes swapped",
            "A thread's place along x is its *column*, its place along y its row. With the two swapped, part of out gets no thread, and the accesses are scattered.",
            _convolved((_ROW, "@"), (_COL, _ROW), ("@", _COL)),
        ),
    ),
)
