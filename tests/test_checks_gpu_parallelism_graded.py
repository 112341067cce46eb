"""Promises of lesson 01 as it is graded: kernels are run by the grader, so that a process which lies about counts gains nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from submissions import graded, handed_in, question

from course.curriculum import lesson_of
from course.grading.model import Settings
from course.grading.sandbox import bubblewrap
from course.grading.workers.worker import Worker

LESSON = lesson_of("gpu_parallelism")

UNPADDED = """
def transpose_tiled(t, x, out):
    tile = t.shared.array((32, 32), "float32")
    tx, ty = t.threadIdx.x, t.threadIdx.y
    row, col = t.blockIdx.y * 32 + ty, t.blockIdx.x * 32 + tx
    if row < x.shape[0] and col < x.shape[1]:
        tile[ty, tx] = x[row, col]
    t.syncthreads()
    row, col = t.blockIdx.x * 32 + ty, t.blockIdx.y * 32 + tx
    if row < out.shape[0] and col < out.shape[1]:
        out[row, col] = tile[tx, ty]
"""
ENDLESS = """
def block_sum(t, x, out):
    while True:
        out[t.blockIdx.x] = 0.0
"""
# The simulator as the learner's own process would like it to be: it counts no conflicts, finds no races, gives right answers.
LIES = """
import course.simt.counting.races, course.simt.launching, course.simt.report
course.simt.report.Site.bank_conflicts = property(lambda self: 0)
course.simt.counting.races.Log.phase = lambda self, keep: []
course.simt.launching.launch = simt.launch = lambda kernel, grid, block, *arrays, **options: (arrays[0].T, None)
"""
LOOP = """
def batched(score, X, w):
    return jnp.stack([score(x, w) for x in X])
"""


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    if why := bubblewrap.available():
        pytest.skip(f"bubblewrap: {why}")
    worker = Worker(Settings(seed=5))
    yield worker
    worker.close()


def test_a_submission_is_told_its_mistakes_and_an_endless_kernel_costs_its_own_points_only(worker: Worker) -> None:
    nb = handed_in({"transpose_tiled": UNPADDED, "block_sum": ENDLESS, "batched": LOOP}, lesson=LESSON)
    result = graded(worker, nb, LESSON)
    tiled = question(result, "transpose_tiled")
    assert tiled.mistake == "bank conflicts" and 0 < tiled.points < tiled.possible
    assert question(result, "batched").mistake == "a loop"
    endless = question(result, "block_sum")
    assert endless.points == 0 and "line" in " ".join(endless.text)
    for name in ("add_kernel", "transpose_naive", "matmul_tiled", "speedup"):
        assert question(result, name).points == question(result, name).possible
    assert "sectors a request" in " ".join(question(result, "transpose_naive").text)


def test_a_process_that_lies_about_counts_earns_nothing_by_it(worker: Worker) -> None:
    # In the answer's own cell, so that the lies are there before its check.
    nb = handed_in({"transpose_tiled": UNPADDED + LIES}, lesson=LESSON)
    result = graded(worker, nb, LESSON)
    tiled = question(result, "transpose_tiled")
    assert tiled.mistake == "bank conflicts" and tiled.points < tiled.possible
