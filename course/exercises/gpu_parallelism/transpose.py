"""transpose_tiled: a transpose that reads and writes along rows, by way of shared memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.checks.probes.gpu_parallelism import text_of
from course.exercises.gpu_parallelism.common import TOPIC, wide
from course.exercises.gpu_parallelism.costs import both_ways, coalesced, conflict_free
from course.exercises.gpu_parallelism.kernels import edited, transpose_tiled
from course.exercises.gpu_parallelism.launches import Launch, Task
from course.simt.report import Report


def _launch(x: np.ndarray) -> Launch:
    rows, cols = x.shape
    return Launch((-(-cols // 32), -(-rows // 32)), (32, 32), (x,), x.T.copy(), min(rows, cols) >= 32)


def _cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, rows, cols in (
        ("one element", 1, 1),
        ("one block, partly filled", 9, 20),
        ("one full block", 32, 32),
        ("two blocks along a row", 32, 45),
        ("two blocks along a column", 50, 32),
        ("blocks that don't come out even", 39, 70),
        ("six full blocks", 64, 96),
    ):
        x = wide(rng, rows, cols)
        cases.append(Case(label, (x,), _launch(x).shown("x")))
    return cases


def _cheap(report: Report, best: Report) -> None:
    coalesced(report, best)
    conflict_free(report, best)


def _score(report: Report, best: Report) -> str:
    return f"{both_ways(report, best)} No bank conflicts."


def _tiled(*changes: tuple[str, str]) -> Callable[..., Any]:
    return edited(transpose_tiled, *changes)


_TASK = Task(transpose_tiled, _launch, _cheap, _score)
_BARRIER = "    t.syncthreads()\n"
_SHARED = "tile = t.shared.array((32, 33)"
_IN_GUARD = "if row < x.shape[0] and col < x.shape[1]:"
_OUT_GUARD = "if out_row < out.shape[0] and out_col < out.shape[1]:"
_IN = "tile[t.threadIdx.y, t.threadIdx.x] = x[row, col]"
_OUT = "out[out_row, out_col] = tile[t.threadIdx.x, t.threadIdx.y]"
_OUT_ROW, _OUT_COL = "t.blockIdx.x * 32 + t.threadIdx.y", "t.blockIdx.y * 32 + t.threadIdx.x"

TRANSPOSE_TILED = Exercise(
    name="transpose_tiled",
    topic=TOPIC,
    points=4,
    reference=transpose_tiled,
    cases=_cases,
    probe=text_of,
    measure=_TASK.measure,
    remark=_TASK.remark,
    edges=("one element",),
    mistakes=(
        Mistake(
            "no barrier",
            "A thread takes out of the tile what *another* thread puts in. Nothing makes it wait until that one has done so.",
            _tiled((_BARRIER, "")),
        ),
        Mistake(
            "barrier in the guard",
            "Some threads don't come to the barrier: they skip the `if` or the loop around it, or have ended before. The others wait for them forever: every thread of the block has to reach it.",
            _tiled((_IN + "\n" + _BARRIER, _IN + "\n    " + _BARRIER)),
        ),
        Mistake(
            "bank conflicts",
            "Right, and coalesced. But elements that lie 32 words apart are in the same bank, and so is a whole column of the tile: its threads are served one after the other. One number more in each *row* moves the columns apart.",
            _tiled((_SHARED, _SHARED.replace("33", "32"))),
        ),
        Mistake(
            "through the tile, and still scattered",
            "The answer is right, but out is still written down its columns. Let `threadIdx.x` move along a row on *both* sides, and turn the tile where it is read.",
            _tiled((_OUT_GUARD, _IN_GUARD), (_OUT, "out[col, row] = tile[t.threadIdx.y, t.threadIdx.x]")),
        ),
        Mistake(
            "no tile",
            "The answer is right, but there is no tile: the numbers go straight from x to out, which is written down its columns. Bring a block of them into shared memory first; from there they can be taken in any order.",
            _tiled(
                (f'    {_SHARED}, "float32")\n', ""),
                (_BARRIER, ""),
                (_IN, "pass"),
                (_OUT_GUARD, _IN_GUARD),
                (_OUT, "out[col, row] = x[row, col]"),
            ),
        ),
        Mistake(
            "tile not turned",
            "The tiles go to the right places, but inside of each the numbers lie as they came. On the way through the tile its two indices change places once: where it is read, and not where it is filled.",
            _tiled((_OUT, "out[out_row, out_col] = tile[t.threadIdx.y, t.threadIdx.x]")),
        ),
        Mistake(
            "blocks not exchanged",
            "Inside of each tile all is well, but the tiles stay where they were. Tile (by, bx) of x becomes tile (bx, by) of out: the block's two indices change places, too.",
            _tiled(
                (_OUT_ROW, "@"),
                (_OUT_COL, "t.blockIdx.x * 32 + t.threadIdx.x"),
                ("@", "t.blockIdx.y * 32 + t.threadIdx.y"),
            ),
        ),
        Mistake(
            "first guard used twice",
            "The second `if` asks again about the place in x. But a thread takes out another element than it brought in, at another place of out: what has to be inside now is *that* place.",
            _tiled((_OUT_GUARD, _IN_GUARD)),
        ),
        Mistake(
            "no guard at the end",
            "The tile is 32 wide and high also where the matrix ends earlier: at the edge of out some threads have nothing to take out, and must not write.",
            _tiled((_OUT_GUARD, "if True:")),
        ),
        Mistake(
            "no guard at the start",
            "At the edge of x some threads have nothing to bring in, and must not read.",
            _tiled((_IN_GUARD, "if True:")),
        ),
    ),
)
