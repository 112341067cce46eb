"""Pictures of what a launch touched: they show the trace, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Rectangle

from course import plot, simt

pytestmark = pytest.mark.one_set


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


def shifted(t: Any, x: Any, out: Any) -> None:
    i = t.threadIdx.x
    if i < out.shape[0]:
        out[i] = x[i + 1]


def turned(t: Any, x: Any, out: Any) -> None:
    row = t.blockIdx.y * t.blockDim.y + t.threadIdx.y
    col = t.blockIdx.x * t.blockDim.x + t.threadIdx.x
    out[col, row] = x[row, col]


def test_a_warp_s_accesses_are_drawn_for_each_array_and_kind_with_its_lanes() -> None:
    x = np.ones(41, np.float32)
    out, report = simt.launch(shifted, 1, 64, x, simt.empty(40), trace=True)
    read, written = plot.accesses(report, x=x, out=out)
    assert read.get_title(loc="left") == "x, as warp 0 reads it"
    assert written.get_title(loc="left") == "out, as warp 0 writes it"
    assert read.get_xlabel() == "5 sectors: 160 bytes moved, 128 used"
    (second, _) = plot.accesses(report, warp=1, x=x, out=out)
    assert [text.get_text() for text in second.texts] == [str(lane) for lane in range(8)]


def test_accesses_without_a_trace_are_refused_in_words() -> None:
    x = np.ones(8, np.float32)
    out, report = simt.launch(shifted, 1, 8, x, simt.empty(7))
    with pytest.raises(ValueError, match="launched with trace=True"):
        plot.accesses(report, x=x, out=out)


def test_a_thread_s_way_shows_the_tiles_of_its_block_and_its_two_elements() -> None:
    x = np.ones((8, 16), np.float32)
    out, report = simt.launch(turned, (2, 2), (8, 4), x, simt.empty((16, 8)), trace=range(4))
    read, written = plot.thread_path(report, (1, 0), (5, 2), x=x, out=out)
    assert read.get_title(loc="left") == "x: thread (5, 2) of block (1, 0) reads x[2, 13]"
    assert written.get_title(loc="left") == "out: thread (5, 2) of block (1, 0) writes out[13, 2]"
    bold = [text for text in written.texts if text.get_text() == "block (1, 0)"]
    assert [text.get_position() for text in bold] == [(1.5, 11.5)], "rows 8 to 15, columns 0 to 3"
    assert "Block (1, 0) touches rows 8 to 15, columns 0 to 3." in plot.describe(written.figure)


def test_a_thread_that_was_not_traced_has_no_way() -> None:
    x = np.ones((8, 16), np.float32)
    out, report = simt.launch(turned, (2, 2), (8, 4), x, simt.empty((16, 8)), trace=True)
    with pytest.raises(ValueError, match=r"no access of thread \(0, 0\) of block \(1, 1\)"):
        plot.thread_path(report, (1, 1), (0, 0), x=x, out=out)


@pytest.mark.parametrize("near", ["", "registers", "shared memory", "L2 cache", "main memory"])
def test_a_multiprocessor_tells_sizes_and_distances_and_frames_what_is_near(near: str) -> None:
    ax = plot.multiprocessor(near=near)
    texts = {text.get_text() for text in ax.texts}
    assert {"256 KB", "up to 228 KB", "50 MB", "80 GB", "no wait", "about 30 cycles", "about 480 cycles"} <= texts
    framed = [patch for patch in ax.patches if patch.get_linewidth() == 4]
    assert len(framed) == bool(near)
    assert near == "" or f"▶ {near}" in texts
    words = plot.describe(ax.figure)
    assert "shared memory, up to 228 KB, all threads of a block, about 30 cycles" in words
    assert ("Framed: " in words) == bool(near)


def test_distances_are_drawn_to_scale() -> None:
    bars = [p for p in plot.multiprocessor().patches if isinstance(p, Rectangle) and p.get_height() == 2.6]
    assert sorted(round(bar.get_width() / bars[-1].get_width() * 480) for bar in bars) == [30, 260, 480]


def test_an_unknown_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="near is one of registers"):
        plot.multiprocessor(near="disk")
