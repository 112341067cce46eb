"""Promises of `course.simt`: what is wrong with a kernel is found and named, and nothing is found in a correct one."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import simt_kernels as kernels

from course import simt

pytestmark = pytest.mark.one_set

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=(41, 53)).astype("f")


def found(kernel: Callable[..., Any], grid: Any, block: Any, *args: Any) -> simt.Finding:
    """The one finding of a planted kernel; `launch` raises it, too."""
    with pytest.raises(simt.KernelError) as error:
        simt.launch(kernel, grid, block, *args)
    _, report = simt.launch(kernel, grid, block, *args, strict=False)
    assert error.value.finding == report.findings[0]
    assert str(error.value).startswith(report.findings[0].message)
    return report.findings[0]


def alone(kernel: Callable[..., Any], grid: Any, block: Any, *args: Any) -> simt.Finding:
    """The same, where there is nothing else to find."""
    _, report = simt.launch(kernel, grid, block, *args, strict=False)
    assert len(report.findings) == 1, [finding.message for finding in report.findings]
    return found(kernel, grid, block, *args)


# Out of bounds


def unguarded(t, x, out):
    i = t.blockIdx.x * t.blockDim.x + t.threadIdx.x
    out[i] = x[i]


def test_a_missing_guard_is_found_with_thread_line_and_address() -> None:
    _, report = simt.launch(unguarded, 3, 32, np.ones(70, "f"), simt.empty(70), strict=False)
    reads, writes = report.findings
    assert (reads.kind, reads.block, reads.thread, reads.line) == ("out of bounds", (2,), (6,), 3)
    assert (reads.access, reads.array, reads.index, reads.shape) == ("reads", "x", (70,), (70,))
    assert (writes.access, writes.array, writes.count) == ("writes", "out", 26)
    assert reads.message == (
        "out of bounds, line 3 (out[i] = x[i]): thread 6 of block 2 reads x[70], and x has shape (70,)."
    )


def test_threads_that_miss_an_array_do_nothing_where_it_is_not_strict() -> None:
    out, report = simt.launch(unguarded, 3, 32, np.ones(70, "f"), simt.empty(70), strict=False)
    assert (out == 1).all() and out.shape == (70,)
    assert report.total("lanes", array="x") == 70


def left_neighbor(t, x, out):
    i = t.threadIdx.x
    out[i] = x[i - 1]


def test_a_negative_index_is_outside_as_a_gpu_knows_no_end_to_count_from() -> None:
    finding = alone(left_neighbor, 1, 32, np.ones(32, "f"), simt.empty(32))
    assert (finding.kind, finding.thread, finding.index) == ("out of bounds", (0,), (-1,))


def wrong_axes(t, x, out):
    x_, y = t.grid(2)
    out[y, x_] = x[x_, y]


def test_a_column_index_beyond_the_row_is_outside_even_where_the_next_row_lies_there() -> None:
    finding = found(wrong_axes, 1, (8, 4), np.ones((4, 8), "f"), simt.empty((4, 8)))
    assert (finding.kind, finding.thread, finding.index) == ("out of bounds", (4, 0), (4, 0))


# Races


def no_barrier(t, x, out):
    tile = t.shared.array(64, "float32")
    i = t.threadIdx.x
    tile[i] = x[i]
    out[i] = tile[63 - i]


def test_a_missing_barrier_is_a_race_between_two_named_threads_and_lines() -> None:
    finding = alone(no_barrier, 1, 64, np.ones(64, "f"), simt.empty(64))
    assert (finding.kind, finding.array, finding.block, finding.other_block) == ("race", "tile", (0,), (0,))
    assert {finding.line, finding.other_line} == {4, 5}
    assert finding.index is not None and finding.other_thread is not None
    assert {finding.thread[0], finding.other_thread[0]} == {finding.index[0], 63 - finding.index[0]}
    assert "with no barrier between" in finding.message


def test_lockstep_is_no_barrier() -> None:
    """Within one warp, too, as threads of a warp need not stay together on a real chip."""
    assert alone(no_barrier_warp, 1, 32, np.ones(32, "f"), simt.empty(32)).kind == "race"


def no_barrier_warp(t, x, out):
    tile = t.shared.array(32, "float32")
    i = t.threadIdx.x
    tile[i] = x[i]
    out[i] = tile[31 - i]


def barrier_after_loop_only(t, x, out):
    tile = t.shared.array(32, "float32")
    i = t.threadIdx.x
    acc = 0.0
    for k in range(x.shape[0]):
        tile[i] = x[k, i]
        t.syncthreads()
        acc += tile[31 - i]
    out[i] = acc


def test_a_missing_second_barrier_is_found_between_a_round_and_the_next() -> None:
    finding = alone(barrier_after_loop_only, 1, 32, np.ones((3, 32), "f"), simt.empty(32))
    assert (finding.kind, {finding.line, finding.other_line}) == ("race", {6, 8})


def test_one_round_of_it_is_correct() -> None:
    _, report = simt.launch(barrier_after_loop_only, 1, 32, np.ones((1, 32), "f"), simt.empty(32))
    assert report.findings == ()


def same_place(t, out):
    out[t.threadIdx.x // 2] = t.threadIdx.x


def test_two_lanes_of_one_store_at_one_address_race() -> None:
    finding = alone(same_place, 1, 32, simt.empty(16))
    assert (finding.kind, finding.thread, finding.other_thread, finding.index) == ("race", (1,), (0,), (0,))
    assert "in the same line" in finding.message


def add_up(t, x, out):
    out[0] += x[t.grid(1)]


def test_adding_up_without_an_atomic_is_a_race() -> None:
    assert found(add_up, 2, 32, np.ones(64, "f"), np.zeros(1, "f")).kind == "race"


def one_each(t, out):
    if t.threadIdx.x == 0:
        out[0] = t.blockIdx.x


def test_two_blocks_at_one_address_race_as_blocks_have_no_order() -> None:
    finding = alone(one_each, 2, 32, simt.empty(1))
    assert (finding.kind, finding.block, finding.other_block) == ("race", (1,), (0,))
    assert "blocks have no order" in finding.message


def reads_other_block(t, out):
    i = t.grid(1)
    out[i] = i
    t.syncthreads()
    if t.threadIdx.x == 0 and t.blockIdx.x > 0:
        out[i] += out[i - 1]


def test_a_barrier_orders_a_block_and_not_the_grid() -> None:
    finding = alone(reads_other_block, 2, 32, simt.empty(64))
    assert (finding.kind, finding.block, finding.other_block, finding.index) == ("race", (1,), (0,), (31,))


def atomic_and_read(t, out, seen):
    t.atomic.add(out, 0, 1.0)
    seen[t.threadIdx.x] = out[0]


def test_an_atomic_and_a_plain_read_race() -> None:
    finding = found(atomic_and_read, 1, 32, np.zeros(1, "f"), simt.empty(32))
    assert (finding.kind, {finding.access, finding.other_access}) == ("race", {"updates", "reads"})


def many_atomics(t, out):
    t.atomic.add(out, 0, 1.0)
    t.atomic.max(out, 1, t.grid(1))


def test_atomics_do_not_race_with_each_other() -> None:
    out, report = simt.launch(many_atomics, 3, 64, np.zeros(2, "f"))
    assert report.findings == () and out.tolist() == [192, 191]


def long_phase(t, out, late):
    i = t.threadIdx.x
    for k in range(9000):
        out[i] = k
    if i == late:
        out[0] = 1


def test_a_race_is_found_after_however_long_a_phase_without_barriers() -> None:
    assert simt.launch(long_phase, 1, 32, simt.empty(32), 0)[1].findings == ()
    finding = alone(long_phase, 1, 32, simt.empty(32), 7)
    assert (finding.kind, finding.other_thread, finding.thread, finding.line) == ("race", (0,), (7,), 6)


# Barriers


def barrier_in_if(t, out):
    if t.threadIdx.x < 16:
        t.syncthreads()
    out[t.threadIdx.x] = 1


def barrier_by_warp(t, out):
    if t.threadIdx.x < 32:
        t.syncthreads()
    out[t.threadIdx.x] = 1


def barrier_after_return(t, out):
    if t.threadIdx.x >= 40:
        return
    t.syncthreads()
    out[t.threadIdx.x] = 1


def barrier_on_both_sides(t, out):
    if t.threadIdx.x < 32:
        t.syncthreads()
    else:
        t.syncthreads()
    out[t.threadIdx.x] = 1


@pytest.mark.parametrize(
    ("kernel", "line", "thread"),
    [(barrier_in_if, 3, 16), (barrier_by_warp, 3, 32), (barrier_after_return, 4, 40), (barrier_on_both_sides, 3, 32)],
)
def test_a_barrier_that_not_all_threads_reach_is_found(kernel: Any, line: int, thread: int) -> None:
    finding = alone(kernel, 1, 64, simt.empty(64))
    assert (finding.kind, finding.line, finding.thread) == ("barrier", line, (thread,))


def barrier_in_uniform_if(t, n, out):
    tile = t.shared.array(64, "float32")
    if n > 3:
        tile[t.threadIdx.x] = 1.0
        t.syncthreads()
        out[t.threadIdx.x] = tile[0]
    if t.blockIdx.x == 0:
        t.syncthreads()


def test_a_barrier_under_a_condition_that_all_threads_share_is_correct() -> None:
    assert simt.launch(barrier_in_uniform_if, 1, 64, 4, simt.empty(64))[1].findings == ()


# Memory never written, division by zero, variables never set


def reads_shared(t, out):
    tile = t.shared.array(32, "float32")
    i = t.threadIdx.x
    if i > 0:
        tile[i] = 1.0
    t.syncthreads()
    out[i] = tile[i]


def test_a_read_of_shared_memory_never_written_is_found() -> None:
    finding = alone(reads_shared, 1, 32, simt.empty(32))
    assert (finding.kind, finding.thread, finding.line, finding.index) == ("never written", (0,), 7, (0,))


def test_shared_memory_starts_anew_in_each_block() -> None:
    _, report = simt.launch(reads_shared, 2, 32, np.zeros(32, "f"), strict=False)
    assert [f.count for f in report.findings if f.kind == "never written"] == [2]


def accumulates(t, x, out):
    i = t.threadIdx.x
    for _ in range(3):
        out[i] += x[i]


def test_an_accumulator_in_empty_memory_is_found_and_in_zeros_is_correct() -> None:
    x = np.ones(32, "f")
    finding = alone(accumulates, 1, 32, x, simt.empty(32))
    assert (finding.kind, finding.array, finding.access, finding.count) == ("never written", "out", "reads", 32)
    out, report = simt.launch(accumulates, 1, 32, x, np.zeros(32, "f"))
    assert report.findings == () and (out == 3).all()


def divides(t, x, out):
    i = t.threadIdx.x
    out[i] = 12 // x[i] + 12 % x[i]


def test_a_whole_number_divided_by_zero_is_found() -> None:
    finding = alone(divides, 1, 32, np.arange(-3, 29), simt.empty(32))
    assert (finding.kind, finding.thread) == ("division by zero", (3,))


def guarded_division(t, x, out):
    i = t.threadIdx.x
    out[i] = 12 // x[i] if x[i] != 0 else 0


def test_a_guarded_division_is_correct() -> None:
    out, report = simt.launch(guarded_division, 1, 32, np.arange(-3, 29), simt.empty(32))
    assert report.findings == () and out[:5].tolist() == [-4, -6, -12, 0, 12]


def half_set(t, x, out):
    i = t.threadIdx.x
    if i < 10:
        v = x[i]
    out[i] = v


def test_a_variable_that_some_threads_never_set_is_found() -> None:
    with pytest.raises(simt.KernelError, match=r"unset, line 5 .*thread 10 of block 0 uses v"):
        simt.launch(half_set, 1, 32, np.ones(32, "f"), simt.empty(32))


def test_the_same_mistake_is_told_once_and_counted() -> None:
    _, report = simt.launch(unguarded, 4, 64, np.ones(10, "f"), simt.empty(10), strict=False)
    assert [finding.count for finding in report.findings] == [246, 246]


# Correct kernels

MATRIX, OTHER = NORMAL[:33, :47], NORMAL[:20, :33]
ROW = NORMAL.reshape(-1)
DIGITS = RNG.integers(0, 10, 999).astype("int32")


@pytest.mark.parametrize(
    ("kernel", "grid", "block", "args", "expected"),
    [
        (kernels.add, 8, 128, (ROW[:1000], ROW[1:1001], simt.empty(1000)), ROW[:1000] + ROW[1:1001]),
        (kernels.add, 1, 1, (ROW[:1], ROW[1:2], simt.empty(1)), ROW[:1] + ROW[1:2]),
        (kernels.transpose_naive, (3, 9), (16, 4), (MATRIX, simt.empty((47, 33))), MATRIX.T),
        (kernels.transpose_tiled, (2, 2), (32, 8), (MATRIX, simt.empty((47, 33))), MATRIX.T),
        (kernels.matmul_naive, (3, 3), (16, 8), (OTHER, MATRIX, simt.empty((20, 47))), OTHER @ MATRIX),
        (kernels.matmul_tiled, (3, 2), (16, 16), (OTHER, MATRIX, simt.empty((20, 47))), OTHER @ MATRIX),
        (kernels.sum_interleaved, 5, 64, (ROW[:300], simt.empty(5)), np.pad(ROW[:300], (0, 20)).reshape(5, 64).sum(1)),
        (kernels.sum_sequential, 5, 64, (ROW[:300], np.zeros(1, "f")), ROW[:300].sum(keepdims=True)),
        (
            kernels.sum_double_buffered,
            1,
            64,
            (ROW[:320].reshape(5, 64), simt.empty(64)),
            ROW[:320].reshape(5, 64).sum(0)[::-1],
        ),
        (kernels.histogram, 3, 64, (DIGITS, np.zeros(10, "int32")), np.bincount(DIGITS)),
        (kernels.stencil, 4, 64, (ROW[:201], simt.empty(201)), np.convolve(ROW[:201], np.ones(3) / 3, "same")),
        (kernels.split, 1, 32, (simt.empty(32),), np.arange(32) * np.repeat([2, 3], 16)),
    ],
    ids=lambda value: value.__name__ if callable(value) else None,
)
def test_nothing_is_found_in_a_correct_kernel_and_its_result_is_that_of_numpy(
    kernel: Any, grid: Any, block: Any, args: Any, expected: Any
) -> None:
    out, report = simt.launch(kernel, grid, block, *args)
    assert report.findings == ()
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-5)
