"""Promises of `course.simt` beside what people measured on real GPUs and published: docs/measurements.md.

The page has the table. Here are the kernels, each as its source has it, in the simulator's language. All blocks of a launch do the same, so one is
run and its counts are multiplied. A row's number under "simulated" must be what comes out here.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from course import simt, toolchain
from course.authoring.lessons import course_root

pytestmark = pytest.mark.one_set

PAGE = course_root(Path(__file__).parent) / "docs" / "measurements.md"
Counts = dict[str, float]
SIDE = 32


# The kernels


def indirect(t, p, off):
    """cwpearson/nvidia-performance-tools, coalescing/main.cu, with as many threads as elements."""
    i = t.grid(1)
    if i < off.size:
        at = off[i]
        f = p[at]
        p[at] = f + 1.0


def sgemm_naive(t, A, B, C):
    """BEEB0SS/kernel-ladder, src/sgemm/00_naive.cu: x is the row."""
    row, col = t.grid(2)
    if row >= C.shape[0] or col >= C.shape[1]:
        return
    total = 0.0
    for k in range(A.shape[1]):
        total += A[row, k] * B[k, col]
    C[row, col] = 1.0 * total + 0.0 * C[row, col]


def sgemm_coalesced(t, A, B, C):
    """BEEB0SS/kernel-ladder, src/sgemm/01_coalesced.cu: x is the column."""
    col, row = t.grid(2)
    if row >= C.shape[0] or col >= C.shape[1]:
        return
    total = 0.0
    for k in range(A.shape[1]):
        total += A[row, k] * B[k, col]
    C[row, col] = 1.0 * total + 0.0 * C[row, col]


def sgemm_tiled(t, A, B, C):
    """SwayamInSync/SGEMM-Worklog, kernels/3-shared_mem.cuh: sgemm_shared_mem_kernel."""
    a = t.shared.array((SIDE, SIDE), "float32")
    b = t.shared.array((SIDE, SIDE), "float32")
    x, y = t.threadIdx.x, t.threadIdx.y
    row = t.blockIdx.y * SIDE + y
    col = t.blockIdx.x * SIDE + x
    total = 0.0
    for tile in range(A.shape[1] // SIDE):
        a[y, x] = A[row, tile * SIDE + x]
        b[y, x] = B[tile * SIDE + y, col]
        t.syncthreads()
        for k in range(SIDE):
            total += a[y, k] * b[k, x]
        t.syncthreads()
    C[row, col] = 1.0 * total + 0.0 * C[row, col]


def transpose(t, x, out):
    """jiaau/kernels, src/transpose/transpose_cuda_coalesced.cuh."""
    tile = t.shared.array((SIDE, SIDE), "float32")
    i, j = t.threadIdx.y, t.threadIdx.x
    for more in range(0, SIDE, t.blockDim.y):
        tile[j, i + more] = x[t.blockIdx.y * SIDE + i + more, t.blockIdx.x * SIDE + j]
    t.syncthreads()
    for more in range(0, SIDE, t.blockDim.y):
        out[t.blockIdx.x * SIDE + i + more, t.blockIdx.y * SIDE + j] = tile[i + more, j]


def transpose_doubles(t, a, c):
    """olcf/cuda-training-series, hw8/task2: its element (row, col) is a[col, row] here."""
    tile = t.shared.array((SIDE, SIDE), "float64")
    i, j = t.threadIdx.y, t.threadIdx.x
    tile[j, i] = a[t.blockIdx.y * SIDE + i, t.blockIdx.x * SIDE + j]
    t.syncthreads()
    c[t.blockIdx.x * SIDE + i, t.blockIdx.y * SIDE + j] = tile[i, j]


def broadcast(t, out):
    """NVIDIA Developer Forums, thread 154784: reads of eight bytes, at threadIdx.x % 4."""
    tile = t.shared.array(32, "float64")
    tile[t.threadIdx.x] = 1.0
    t.syncthreads()
    out[t.threadIdx.x] = tile[t.threadIdx.x % 4]


def copy(t, x, out):
    """The question on nvprof and Pascal: copy_kernel."""
    i = t.grid(1)
    out[i] = x[i]


# What they count: names as in the page's first column


def counts(report: simt.Report) -> Counts:
    """The totals that the page speaks of."""
    found: Counts = {}
    for kind in ("load", "store"):
        found[f"{kind} requests"] = report.total("requests", space="global", kind=kind)
        found[f"{kind} sectors"] = report.total("sectors", space="global", kind=kind)
        found[f"passes of shared {kind}s"] = report.total("passes", space="shared", kind=kind)
        found[f"bank conflicts of {kind}s"] = report.total("bank_conflicts", space="shared", kind=kind)
    return found


def times(found: Counts, blocks: int) -> Counts:
    return {name: blocks * count for name, count in found.items()}


def to_depth(kernel: Callable[..., None], k: int) -> Counts:
    """A block of a matrix product of depth k. Its counts grow by equal steps with the depth, so two small ones tell the rest."""
    small = []
    for depth in (SIDE, 2 * SIDE):
        A, B, C = (np.zeros(shape, "float32") for shape in ((SIDE, depth), (depth, SIDE), (SIDE, SIDE)))
        small.append(counts(simt.launch(kernel, 1, (SIDE, SIDE), A, B, C)[1]))
    (first, second), steps = small, k / SIDE - 1
    return {name: first[name] + steps * (second[name] - first[name]) for name in first}


def indirect_counts(dtype: str, shuffles: int) -> tuple[Counts, float]:
    """10,000 elements in order, or the mean of so many shuffles; and the sectors of the loads from p alone."""
    reports = []
    for seed in range(max(shuffles, 1)):
        order = np.arange(10_000, dtype=np.int32)
        if shuffles:
            np.random.default_rng(seed).shuffle(order)
        reports.append(simt.launch(indirect, 20, 512, np.zeros(10_000, dtype), order)[1])
    found = [counts(report) for report in reports]
    mean = {name: float(np.mean([each[name] for each in found])) for name in found[0]}
    return mean, float(np.mean([report.total("sectors", array="p", kind="load") for report in reports]))


def simulated_indirect() -> Counts:
    floats, of_p = indirect_counts("float32", 0)
    shuffled, of_p_shuffled = indirect_counts("float32", 20)
    return {
        "load requests, floats in order": floats["load requests"],
        "load sectors, floats in order": floats["load sectors"],
        "sectors of the loads from `p`, floats in order": of_p,
        "sectors of the loads from `p`, doubles in order": indirect_counts("float64", 0)[1],
        "sectors of the loads from `p`, floats shuffled": of_p_shuffled,
        "sectors of the loads from `p`, doubles shuffled": indirect_counts("float64", 20)[1],
        "load sectors, floats shuffled": shuffled["load sectors"],
    }


def simulated_product() -> Counts:
    found: Counts = {}
    for name, kernel in {"naive": sgemm_naive, "coalesced": sgemm_coalesced}.items():
        whole = times(to_depth(kernel, 2048), (2048 // SIDE) ** 2)
        found[f"sectors per load request, {name}"] = whole["load sectors"] / whole["load requests"]
        found[f"load sectors in billions, {name}"] = whole["load sectors"] / 1e9
    return found


def simulated_tiled_product() -> Counts:
    found = times(to_depth(sgemm_tiled, 4096), (4096 // SIDE) ** 2)
    return found | {"passes of shared loads, as compiled": compiled_passes()}


def compiled_passes() -> float:
    """The passes of shared loads with the loads that the compiler has left in the loop over the tiles; nan without the toolchain."""
    if toolchain.missing():
        return math.nan
    of_floats = simt.empty((SIDE, SIDE))
    made = toolchain.compiled(sgemm_tiled, (SIDE, SIDE), of_floats, of_floats, of_floats, chip="8.0")
    loads = [each.words for each in made.code.inside() if each.kind == "shared loads"]
    of_a_tile = sum({1: 1, 4: 2}[words] for words in loads)
    warps, tiles = (4096 // SIDE) ** 2 * SIDE, 4096 // SIDE
    return warps * tiles * of_a_tile


def simulated_transpose() -> Counts:
    found: Counts = {}
    x, out = np.zeros((SIDE, SIDE), "float32"), simt.empty((SIDE, SIDE))
    for height in (8, 32):
        tiles = 1024 * 2048 // SIDE**2
        whole = times(counts(simt.launch(transpose, 1, (SIDE, height), x, out)[1]), tiles)
        for kind in ("loads", "stores"):
            for by in ("", ", by instruction (`sm__sass_l1tex_…`)", ", by memory unit (`l1tex__…`)"):
                found[f"bank conflicts of {kind}, blocks of 32 × {height}{by}"] = whole[f"bank conflicts of {kind}"]
    return found


def simulated_transpose_of_doubles() -> Counts:
    a, c = np.zeros((SIDE, SIDE)), simt.empty((SIDE, SIDE), "float64")
    found = times(counts(simt.launch(transpose_doubles, 1, (SIDE, SIDE), a, c)[1]), (4096 // SIDE) ** 2)
    for kind in ("load", "store"):
        found[f"sectors per {kind} request"] = found[f"{kind} sectors"] / found[f"{kind} requests"]
    return found


def simulated_eight_bytes() -> Counts:
    found = counts(simt.launch(broadcast, 1, 32, simt.empty(32, "float64"))[1])
    return {"passes per shared load": found["passes of shared loads"]}


def simulated_copy() -> Counts:
    found = counts(simt.launch(copy, 2, 1024, np.zeros(2048, "float32"), simt.empty(2048))[1])
    return {"load transactions per request": found["load sectors"] / found["load requests"]}


def simulated_occupancy() -> Counts:
    found: Counts = {}
    for registers, shared in ((100, 8192), (16, 0)):
        of = simt.occupancy((16, 16), registers, shared, "8.6")
        found[f"occupancy in percent, {registers} registers"] = 100 * of.fraction
        for name, key in {"registers": "registers", "warps": "threads", "shared memory": "shared memory"}.items():
            found[f"blocks by {name}, {registers} registers"] = of.limits[key]
    return found


SIMULATED: dict[str, Callable[[], Counts]] = {
    "Indirect copy": simulated_indirect,
    "Matrix product without tiles": simulated_product,
    "Matrix product with tiles": simulated_tiled_product,
    "Transpose of floats": simulated_transpose,
    "Transpose of doubles": simulated_transpose_of_doubles,
    "Reads of eight bytes": simulated_eight_bytes,
    "Copy under nvprof": simulated_copy,
    "Occupancy": simulated_occupancy,
}


# The page

Row = tuple[str, str, str, str, str]  # section, what is counted, measured, simulated, why they differ


def sections() -> dict[str, str]:
    """The sections of the page, by their titles."""
    parts = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    return {part.partition("\n")[0]: part for part in parts}


def rows() -> list[Row]:
    found: list[Row] = []
    for title, text in sections().items():
        for line in text.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if line.startswith("| ") and cells[0] not in ("count", ":--"):
                name, _, measured, said, why = cells
                found.append((title, name, measured, said, why))
    return found


def number(text: str) -> float:
    return float(text.replace(",", ""))


@cache
def simulated(section: str) -> Counts:
    return SIMULATED[section]()


EACH_ROW = pytest.mark.parametrize(("section", "name", "measured", "said", "why"), rows())


@EACH_ROW
def test_the_page_says_what_the_simulator_counts(section: str, name: str, measured: str, said: str, why: str) -> None:
    count = simulated(section)[name]
    if math.isnan(count):
        pytest.skip(str(toolchain.missing()))
    assert round(count, len(said.partition(".")[2])) == number(said)


@EACH_ROW
def test_a_row_whose_numbers_differ_says_why_and_no_other(
    section: str, name: str, measured: str, said: str, why: str
) -> None:
    assert bool(why) == (number(measured) != number(said))


def test_most_measurements_agree_to_the_last_digit() -> None:
    agree = [row for row in rows() if row[2] == row[3]]
    assert len(agree) >= 25
    assert len(agree) > 0.6 * len(rows())


def test_each_section_names_its_source() -> None:
    assert list(sections()) == list(SIMULATED)
    for text in sections().values():
        assert "](https://" in text.partition("| count |")[0]
