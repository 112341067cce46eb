"""The map of warps: each element is in the color of the warp that touched it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes

from course import plot, simt


def transpose(t: Any, x: Any, out: Any) -> None:
    out[t.threadIdx.x, t.threadIdx.y] = x[t.threadIdx.y, t.threadIdx.x]


def _warps(ax: Axes) -> np.ndarray:
    return np.asarray(np.ma.asarray(ax.images[0].get_array()).filled(np.nan))


@pytest.fixture
def trace() -> Iterator[tuple[simt.Event, ...]]:
    x = np.zeros((32, 32), np.float32)
    yield simt.launch(transpose, 1, (32, 4), x, simt.empty((32, 32)), trace=True)[1].trace
    plt.close("all")


def test_a_warp_that_reads_a_row_writes_a_column(trace: tuple[simt.Event, ...]) -> None:
    read, written = plot.warp_map(trace, {"read": ("x", "load"), "written": ("out", "store")}, (32, 32))
    rows, columns = _warps(read), _warps(written)
    expected = np.full((32, 32), np.nan)
    expected[:4] = np.arange(4)[:, None]
    assert np.array_equal(rows, expected, equal_nan=True)
    assert np.array_equal(columns, expected.T, equal_nan=True)
    assert (read.get_xlabel(), written.get_xlabel()) == (
        "each request of a warp: 4 sectors",
        "each request of a warp: 32 sectors",
    )


def test_an_access_that_is_not_in_the_trace_is_refused(trace: tuple[simt.Event, ...]) -> None:
    with pytest.raises(ValueError, match="no atomic of x"):
        plot.warp_map(trace, {"x": ("x", "atomic")}, (32, 32))
