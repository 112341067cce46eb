"""Promises of `course.simt`: it counts what the hardware counts, by the textbook's cases."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import simt_kernels as kernels

from course import simt
from course.simt import counting

pytestmark = pytest.mark.one_set


def strided(t, x, out, offset, stride):
    i = t.threadIdx.x
    out[i] = x[offset + i * stride]


def load(offset: int, stride: int, dtype: Any = "float32") -> simt.Report:
    """One warp loads with an offset and a stride."""
    _, report = simt.launch(strided, 1, 32, np.zeros(32 * 33, dtype), simt.empty(32, dtype), offset, stride)
    return report


@pytest.mark.parametrize(
    ("offset", "stride", "sectors"),
    [(0, 1, 4), (1, 1, 5), (8, 1, 4), (0, 2, 8), (0, 4, 16), (0, 8, 32), (0, 32, 32), (7, 0, 1)],
)
def test_a_warp_of_float32_touches_the_sectors_of_the_textbook(offset: int, stride: int, sectors: int) -> None:
    counts = load(offset, stride).counts()
    assert (counts["global_load_requests"], counts["global_load_sectors"]) == (1, sectors)


def explained(t, x, out):
    """Twice as much.

    # This is no comment, but a line of the docstring.
    """
    # A comment of its own.
    i = t.threadIdx.x

    total = 0.0  # what nobody counts
    out[i] = helped(x[i]) + total


def helped(v):
    """The double."""
    return 2 * v


def test_a_report_lists_the_lines_of_code_and_no_others() -> None:
    _, report = simt.launch(explained, 1, 32, np.ones(32, "f"), simt.empty(32))
    for shown in (repr(report), report._repr_html_()):
        for text in ("def explained", "i = t.threadIdx.x", "total = 0.0  # what nobody counts", "return 2 * v"):
            assert text in shown
        for text in ("Twice as much", "no comment", "A comment of its own", "The double"):
            assert text not in shown
    numbers = [int(row.split()[0]) for row in repr(report).splitlines() if "total" in row]
    assert numbers == [9, 10]


def test_backward_is_as_good_as_forward() -> None:
    assert load(31, -1).counts()["global_load_sectors"] == 4


@pytest.mark.parametrize(("dtype", "sectors"), [("float64", 8), ("float32", 4), ("float16", 2), ("int8", 1)])
def test_wider_elements_take_more_sectors(dtype: str, sectors: int) -> None:
    counts = load(0, 1, dtype).counts()
    assert (counts["global_load_sectors"], counts["global_store_sectors"]) == (sectors, sectors)


@pytest.mark.parametrize(("stride", "efficiency"), [(1, 1.0), (2, 0.5), (8, 1 / 8), (32, 1 / 8), (0, 1 / 8)])
def test_efficiency_is_the_distinct_bytes_asked_for_over_the_bytes_moved(stride: int, efficiency: float) -> None:
    assert load(0, stride).counts()["global_load_efficiency"] == efficiency


def test_each_array_starts_at_a_boundary_of_its_own() -> None:
    """An odd number of elements before it shifts nothing."""
    _, report = simt.launch(kernels.add, 1, 32, np.zeros(33, "f"), np.zeros(35, "f"), simt.empty(32))
    assert {site.array: site.sectors for site in report.sites} == {"x": 4, "y": 4, "out": 4}


def test_lanes_that_are_not_active_cost_nothing() -> None:
    x = np.ones(40, "f")
    _, report = simt.launch(kernels.add, 2, 32, x, x, simt.empty(40))
    counts = report.counts()
    assert counts["global_load_requests"] == 4  # 2 arrays, 2 warps
    assert counts["global_load_sectors"] == 2 * (4 + 1)


def column(t, out):
    tile = t.shared.array((32, 33), "float32")
    narrow = t.shared.array((32, 32), "float32")
    i = t.threadIdx.x
    narrow[i, 0] = i
    tile[i, 0] = i
    narrow[0, i] = 0
    out[i] = narrow[0, 0]


def test_a_column_walk_of_a_square_tile_conflicts_32_ways_and_a_padded_one_not_at_all() -> None:
    _, report = simt.launch(column, 1, 32, simt.empty(32), strict=False)
    passes = {(site.line, site.array): (site.passes, site.bank_conflicts) for site in report.sites}
    assert passes[5, "narrow"] == (32, 31)
    assert passes[6, "tile"] == (1, 0)
    assert passes[7, "narrow"] == (1, 0)
    assert passes[8, "narrow"] == (1, 0)  # all lanes at one word: a broadcast


@pytest.mark.parametrize(
    ("stride", "size", "expected"),
    [
        *(
            (1, 4, (1, 1)),
            (2, 4, (2, 1)),
            (3, 4, (1, 1)),
            (16, 4, (16, 1)),
            (32, 4, (32, 1)),
            (33, 4, (1, 1)),
            (0, 4, (1, 1)),
        ),
        *((1, 1, (1, 1)), (1, 2, (1, 1)), (1, 8, (2, 2)), (2, 8, (4, 2)), (16, 8, (32, 2)), (17, 8, (2, 2))),
    ],
)
def test_passes_are_the_most_distinct_words_of_a_bank(stride: int, size: int, expected: tuple[int, int]) -> None:
    lanes = np.arange(32)
    assert counting.passes(lanes * stride * size, lanes, size) == expected


def test_half_a_warp_of_wide_elements_takes_one_pass() -> None:
    lanes = np.arange(16)
    assert counting.passes(lanes * 8, lanes, 8) == (1, 1)


def test_a_split_warp_issues_both_sides_with_half_of_its_lanes() -> None:
    out, report = simt.launch(kernels.split, 1, 32, simt.empty(32))
    assert out[15] == 30 and out[16] == 48
    for number in (5, 7):
        assert (report.lines[number].instructions, report.lines[number].lanes) == (2, 2 * 16)
    counts = report.counts()
    assert (counts["branches"], counts["divergent_branches"]) == (1, 1)
    assert counts["lanes_active"] == pytest.approx((2 * 32 + 4 * 16) / (6 * 32))


def test_a_branch_that_whole_warps_take_does_not_diverge() -> None:
    _, report = simt.launch(kernels.split, 1, 16, simt.empty(16))
    assert (report.counts()["branches"], report.counts()["divergent_branches"]) == (1, 0)
    assert 7 not in report.lines


def every_other(t, out):
    i = t.threadIdx.x
    n = 0
    while n < i % 4:
        n += 1
    out[i] = n


def test_a_loop_diverges_each_time_that_some_lanes_leave() -> None:
    out, report = simt.launch(every_other, 1, 32, simt.empty(32, "int32"))
    assert (out == np.arange(32) % 4).all()
    assert (report.lines[4].branches, report.lines[4].divergent) == (4, 3)
    assert report.lines[5].lanes == 24 + 16 + 8


def predicated(t, x, out):
    i = t.threadIdx.x
    out[i] = x[i] if i < 8 and x[i] > 0 else 1.0


def test_the_right_part_of_and_and_of_if_else_is_issued_under_the_narrower_mask_and_is_no_branch() -> None:
    _, report = simt.launch(predicated, 1, 32, np.ones(8, "f"), simt.empty(32))
    assert report.counts()["branches"] == 0
    assert report.total("lanes", array="x") == 8 + 8


def arithmetic(t, out):
    i = t.threadIdx.x
    a = i
    b = 4 * 8 + a * 2
    out[i] = b


def test_one_operator_or_access_is_one_instruction_and_names_and_constants_are_free() -> None:
    _, report = simt.launch(arithmetic, 1, 64, simt.empty(64))
    assert {number: line.instructions for number, line in report.lines.items()} == {4: 2 * 2, 5: 2 * 1}


def test_barriers_are_counted_by_block_and_issued_by_warp() -> None:
    _, report = simt.launch(kernels.sum_sequential, 3, 64, np.ones(192, "f"), np.zeros(1, "f"))
    assert report.counts()["barriers"] == 3 * 7
    assert report.lines[8].instructions == 3 * 2


def test_lanes_of_an_atomic_that_meet_at_one_address_collide() -> None:
    x = np.array([0] * 16 + [1] * 8 + [2, 3, 4, 5, 6, 7, 8, 9], "int32")
    counts, report = simt.launch(kernels.histogram, 1, 32, x, np.zeros(10, "int32"))
    assert (counts == np.bincount(x)).all()
    shared = [site for site in report.sites if site.array == "mine" and site.kind == "atomic"]
    assert (shared[0].lanes, shared[0].colliding, shared[0].passes) == (32, 22, 16)


def local(t, out):
    own = t.local.array(4, "float32")
    for k in range(4):
        own[k] = t.threadIdx.x + k
    out[t.threadIdx.x] = own[0] + own[3]


def test_local_arrays_are_each_threads_own_and_lie_side_by_side() -> None:
    out, report = simt.launch(local, 1, 32, simt.empty(32))
    assert (out == 2 * np.arange(32) + 3).all()
    assert report.counts()["local_sectors_per_request"] == 4


def test_the_tiled_transpose_is_coalesced_on_both_sides_and_the_naive_one_is_not() -> None:
    x = np.arange(64 * 64, dtype="f").reshape(64, 64)
    _, naive = simt.launch(kernels.transpose_naive, (2, 8), (32, 8), x, simt.empty((64, 64)))
    _, tiled = simt.launch(kernels.transpose_tiled, (2, 2), (32, 8), x, simt.empty((64, 64)))
    assert naive.counts()["global_store_sectors_per_request"] == 32
    assert tiled.counts()["global_sectors_per_request"] == 4
    assert tiled.counts()["shared_bank_conflicts"] == 0


def test_sequential_addressing_diverges_less_than_interleaved() -> None:
    x = np.ones(64, "f")
    _, interleaved = simt.launch(kernels.sum_interleaved, 1, 64, x, simt.empty(1))
    _, sequential = simt.launch(kernels.sum_sequential, 1, 64, x, np.zeros(1, "f"))
    # 6 steps of 2 warps and the last `if`; of the sequential steps, only those below a warp's width split warp 0.
    assert interleaved.counts()["divergent_branches"] == 6 + 6 - 1 + 1
    assert sequential.counts()["divergent_branches"] == 5 + 1


def test_nothing_over_nothing_is_nan_and_not_a_perfect_score() -> None:
    counts = simt.launch(arithmetic, 1, 32, simt.empty(32))[1].counts()
    assert math.isnan(counts["global_load_sectors_per_request"])


@pytest.mark.parametrize(
    ("block", "registers", "shared", "chip", "blocks", "fraction", "bound"),
    [
        (256, 32, 0, "Tesla T4", 4, 1.0, ("threads",)),
        (32, 32, 0, "Tesla T4", 16, 0.5, ("blocks",)),
        (256, 128, 0, "Tesla T4", 2, 0.5, ("registers",)),
        (256, 32, 32 * 1024, "Tesla T4", 2, 0.5, ("shared memory",)),
        ((16, 16), 32, 2 * 16 * 16 * 4, "NVIDIA H200", 8, 1.0, ("threads", "registers")),
        (1024, 33, 0, "NVIDIA A100-SXM4-40GB", 1, 0.5, ("registers",)),
        (128, 32, 48 * 1024, "8.6", 2, 8 / 48, ("shared memory",)),
    ],
)
def test_occupancy_is_bound_by_what_runs_out_first(
    block: Any, registers: int, shared: int, chip: str, blocks: int, fraction: float, bound: tuple[str, ...]
) -> None:
    got = simt.occupancy(block, registers, shared, chip)
    assert (got.blocks, got.fraction, got.bound_by) == (blocks, fraction, bound)


@pytest.mark.parametrize("given", [{"chip": "Riva 128"}, {"registers": 300}, {"shared_bytes": 10**6}, {"block": 2048}])
def test_occupancy_refuses_what_no_chip_can_run(given: dict[str, Any]) -> None:
    with pytest.raises(simt.KernelError):
        simt.occupancy(**{"block": 64, **given})
