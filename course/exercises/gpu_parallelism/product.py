"""matmul_tiled: a matrix product whose numbers are fetched once for sixteen threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.checks.probes.gpu_parallelism import text_of
from course.exercises.gpu_parallelism.common import TOPIC, wide
from course.exercises.gpu_parallelism.costs import coalesced, coalescing, fetched_once
from course.exercises.gpu_parallelism.kernels import edited, matmul_tiled
from course.exercises.gpu_parallelism.launches import Launch, Task
from course.simt.report import Report


def _launch(A: np.ndarray, B: np.ndarray) -> Launch:
    (m, _), (_, n) = A.shape, B.shape
    product = (A.astype(np.float64) @ B.astype(np.float64)).astype(np.float32)
    return Launch((-(-n // 16), -(-m // 16)), (16, 16), (A, B), product)


def _cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, m, k, n in (
        ("a product of two single numbers", 1, 1, 1),
        ("one tile, partly filled", 3, 5, 2),
        ("one full tile", 16, 16, 16),
        ("several tiles along k", 4, 40, 6),
        ("several blocks", 20, 9, 6),
        ("several tiles of everything, none full", 18, 21, 23),
        ("all tiles full", 16, 32, 32),
    ):
        args = (wide(rng, m, k), wide(rng, k, n))
        cases.append(Case(label, args, _launch(*args).shown("A", "B")))
    return cases


def _cheap(report: Report, best: Report) -> None:
    fetched_once(report, best)
    coalesced(report, best)


def _score(report: Report, best: Report) -> str:
    conflicts = report.counts()["shared_bank_conflicts"]
    banks = f"{conflicts} bank conflicts in shared memory; none are needed." if conflicts else "No bank conflicts."
    return f"{coalescing(report, best)} {banks}"


def _product(*changes: tuple[str, str]) -> Callable[..., Any]:
    return edited(matmul_tiled, *changes)


_TASK = Task(matmul_tiled, _launch, _cheap, _score)
_ROW, _COL = "row = t.blockIdx.y * 16 + y", "col = t.blockIdx.x * 16 + x"
_A = "a_tile[y, x] = A[row, start + x] if row < A.shape[0] and start + x < A.shape[1] else 0.0"
_B = "b_tile[y, x] = B[start + y, col] if start + y < B.shape[0] and col < B.shape[1] else 0.0"
_SUM = "            total += a_tile[y, k] * b_tile[k, x]\n"
_BEFORE = "        t.syncthreads()\n        for k"
_AFTER = _SUM + "        t.syncthreads()\n"
_LOOP = "    for start in range(0, A.shape[1], 16):\n"
_ROUND = f"        {_A}\n        {_B}\n        t.syncthreads()\n        for k in range(16):\n{_AFTER}"
_GUARD = "if row < out.shape[0] and col < out.shape[1]:"

MATMUL_TILED = Exercise(
    name="matmul_tiled",
    topic=TOPIC,
    points=4,
    reference=matmul_tiled,
    cases=_cases,
    probe=text_of,
    measure=_TASK.measure,
    remark=_TASK.remark,
    edges=("a product of two single numbers",),
    mistakes=(
        Mistake(
            "no barrier before the products",
            "The products read numbers of the tiles that other threads bring in. Nothing makes them wait until those are there.",
            _product((_BEFORE, "        for k")),
        ),
        Mistake(
            "no barrier after the products",
            "A fast thread goes on to the next round and overwrites the tiles, while a slow one still reads from them. Something has to hold it back.",
            _product((_AFTER, _SUM)),
        ),
        Mistake(
            "barrier in the guard",
            "Some threads don't come to a barrier, and the others wait for them forever. A thread outside of out has nothing to write, but it takes part: a barrier is for all threads of the block.",
            _product(
                (_LOOP + _ROUND, f"    {_GUARD}\n" + "".join(f"    {line}\n" for line in (_LOOP + _ROUND).splitlines()))
            ),
        ),
        Mistake(
            "sum begun anew",
            "The sum begins at 0 again with each pair of tiles, so only the last pair counts. It has to last through all rounds.",
            _product(("    total = 0.0\n", ""), (_LOOP, _LOOP + "        total = 0.0\n")),
        ),
        Mistake(
            "last tile left out",
            "Whole tiles are counted alone: where k is no multiple of 16, the products of the last, partly filled tile are missing.",
            _product((_LOOP, "    total = 0.0\n    for start in range(0, A.shape[1] // 16 * 16, 16):\n")),
        ),
        Mistake(
            "no zeros",
            "At the edge the threads bring nothing in, and the products read what lies there: never written, or left from the round before. Which number adds nothing?",
            _product(
                (_A, f"if row < A.shape[0] and start + x < A.shape[1]:\n            {_A.split(' if ')[0]}"),
                (_B, f"if start + y < B.shape[0] and col < B.shape[1]:\n            {_B.split(' if ')[0]}"),
            ),
        ),
        Mistake(
            "no guard where A and B are read",
            "The tiles reach beyond the matrices, where these are no multiple of 16: the threads there must not read.",
            _product((_A, _A.split(" if ")[0]), (_B, _B.split(" if ")[0])),
        ),
        Mistake(
            "no guard where out is written",
            "The blocks reach beyond out, where it is no multiple of 16: the threads there must not write.",
            _product((_GUARD, "if True:")),
        ),
        Mistake(
            "tile of B turned",
            "You take a row of A's tile and a *row* of B's. In a matrix product a row meets a column.",
            _product(("b_tile[k, x]", "b_tile[x, k]")),
        ),
        Mistake(
            "tile of A turned",
            "You take a *column* of A's tile and a column of B's. In a matrix product a row meets a column.",
            _product(("a_tile[y, k]", "a_tile[k, y]")),
        ),
        Mistake(
            "one round",
            "The first pair of tiles is all that counts: where k is greater than 16, there are more of them, and the block has to go through all.",
            _product((_LOOP, "    for start in range(0, 16, 16):\n")),
        ),
        Mistake(
            "always the first tile",
            "Every round brings in the same tile of A: which columns it takes has to move on with the rounds.",
            _product((_A, _A.replace("A[row, start + x]", "A[row, x]").replace("start + x <", "x <"))),
        ),
        Mistake(
            "not tiled",
            "Each thread fetches its whole row and column from global memory itself. Right, but every number is fetched by each of the threads that need it: bring it into shared memory once for all of them.",
            _product(
                (
                    _LOOP + _ROUND,
                    "    for k in range(A.shape[1] if row < A.shape[0] and col < B.shape[1] else 0):\n        total += A[row, k] * B[k, col]\n",
                )
            ),
        ),
        Mistake(
            "scattered",
            "Right, and tiled. But consecutive threads, counted along x, reach for numbers that lie a whole row apart: which of the two thread indices should move along a row?",
            _product(
                (_ROW, "row = t.blockIdx.y * 16 + x"),
                (_COL, "col = t.blockIdx.x * 16 + y"),
                (_A, _A.replace("start + x", "start + y").replace("a_tile[y, x]", "a_tile[x, y]")),
                (_B, _B.replace("start + y", "start + x").replace("b_tile[y, x]", "b_tile[x, y]")),
                ("a_tile[y, k] * b_tile[k, x]", "a_tile[x, k] * b_tile[k, y]"),
            ),
        ),
    ),
)
