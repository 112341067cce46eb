"""repair_tint: a kernel that is right and slow, to be mended by what its report says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.checks.probes.gpu_parallelism import text_of
from course.exercises.gpu_parallelism.common import TOPIC, normal, wide
from course.exercises.gpu_parallelism.costs import coalescing, side_by_side
from course.exercises.gpu_parallelism.kernels import edited, repair_tint
from course.exercises.gpu_parallelism.launches import Launch, Task


def _launch(x: np.ndarray, shade: np.ndarray) -> Launch:
    rows, cols = x.shape
    # Enough threads along both axes for either way to share the work.
    most = max(rows, cols)
    return Launch((-(-most // 32), -(-most // 8)), (32, 8), (x, shade), x * shade, min(rows, cols) >= 32)


def _cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, rows, cols in (
        ("one element", 1, 1),
        ("a part of a block", 5, 20),
        ("one column", 12, 1),
        ("more rows than columns", 48, 32),
        ("more columns than rows", 33, 64),
    ):
        args = (wide(rng, rows, cols), np.asarray(normal(rng, cols) + np.float32(3)))
        cases.append(Case(label, args, _launch(*args).shown("x", "shade")))
    return cases


def _tint(*changes: tuple[str, str]) -> Callable[..., Any]:
    return edited(repair_tint, *changes)


_TASK = Task(repair_tint, _launch, side_by_side, coalescing)
_ROW, _COL = "t.blockIdx.y * t.blockDim.y + t.threadIdx.y", "t.blockIdx.x * t.blockDim.x + t.threadIdx.x"
_GUARD = "if row < x.shape[0] and col < x.shape[1]:"
_LINE = "out[row, col] = x[row, col] * shade[col]"

REPAIR_TINT = Exercise(
    name="repair_tint",
    kind="repair",
    topic=TOPIC,
    points=2,
    reference=repair_tint,
    cases=_cases,
    probe=text_of,
    measure=_TASK.measure,
    remark=_TASK.remark,
    edges=("one element",),
    mistakes=(
        Mistake(
            "as it was",
            "The kernel still costs what it cost: the 32 threads of a warp differ in `threadIdx.x`, and their addresses lie a whole row apart. Which index has to follow `threadIdx.x`?",
            _tint((_ROW, "@"), (_COL, _ROW), ("@", _COL)),
        ),
        Mistake(
            "both along x",
            "Row and column both follow x now, so only the diagonal gets a thread. One of them has to follow y.",
            _tint((_ROW, _COL.replace("t.blockIdx.x * ", "t.blockIdx.x *  "))),
        ),
        Mistake(
            "shade of the row",
            "Each *column* has a shade. You look it up by the row.",
            _tint((_LINE, "out[row, col] = x[row, col] * shade[row]")),
        ),
        Mistake(
            "guard mixed up",
            "Row and column are mixed up, in the guard or in the brackets: a row is compared with the number of columns, or the other way round. That goes unnoticed only where the picture is square.",
            _tint((_GUARD, "if row < x.shape[1] and col < x.shape[0]:")),
        ),
        Mistake(
            "no guard",
            "The grid reaches beyond the picture, and the spare threads have to stay out.",
            _tint((_GUARD, "if True:")),
        ),
        Mistake(
            "half of the block's shape",
            "The blocks are 32 wide and 8 high: along y a block is `blockDim.y` threads long, not `blockDim.x`.",
            _tint((_ROW, "t.blockIdx.y * t.blockDim.x + t.threadIdx.y")),
        ),
        Mistake(
            "transposed",
            "The picture was turned on its side. Each result belongs where its element was.",
            _tint((_LINE, "out[col, row] = x[row, col] * shade[col]")),
        ),
    ),
)
