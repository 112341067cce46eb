"""Pictures of threads and of their memory: what they show is what the hardware would do."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes

from course import plot, simt
from course.plot.threads import sectors

LANES = np.arange(32)


def _states(ax: Axes) -> list[int]:
    """How many elements stay where they are, move for nothing, are used."""
    return np.bincount(np.asarray(ax.images[0].get_array()).ravel(), minlength=3).tolist()


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


def test_each_thread_shows_its_element_and_those_beyond_the_end_are_crossed_out() -> None:
    ax = plot.thread_grid(3, 8, 20)
    assert [text.get_text() for text in ax.texts] == [str(i) for i in range(24)]
    assert len(ax.get_lines()) == 4, "24 threads, 20 elements"


def test_lanes_that_are_off_are_hollow_and_those_that_are_on_are_counted() -> None:
    ax = plot.lanes([("if i % 2 == 0:", 0xFFFFFFFF), ("x = a[i]", 0x55555555)])
    filled = [patch.get_facecolor()[:3] != (1.0, 1.0, 1.0) for patch in ax.patches]  # type: ignore[index]
    assert sum(filled[:32]) == 32
    assert filled[32:] == [lane % 2 == 0 for lane in range(32)]
    assert [text.get_text() for text in ax.texts] == ["32 on", "16 on"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["if i % 2 == 0:", "x = a[i]"]


@pytest.mark.parametrize(
    ("indices", "itemsize", "expected"),
    [(LANES, 4, 4), (LANES + 1, 4, 5), (2 * LANES, 4, 8), (8 * LANES, 4, 32), (0 * LANES, 4, 1), (LANES, 8, 8)],
    ids=["in a row", "shifted by one", "stride 2", "stride 8", "the same", "float64"],
)
def test_a_request_touches_the_sectors_of_the_textbook(indices: np.ndarray, itemsize: int, expected: int) -> None:
    assert len(sectors(indices, itemsize)) == expected


def test_lanes_that_are_off_touch_nothing() -> None:
    assert sectors(np.full(32, -1)).size == 0


def test_an_address_map_tells_what_is_used_from_what_moves_for_nothing() -> None:
    row, column = plot.address_map((32, 32), {"a row": LANES, "a column": 32 * LANES})
    assert _states(row) == [32 * 31, 0, 32]
    assert _states(column) == [32 * 24, 32 * 7, 32]
    assert row.get_xlabel() == "4 sectors: 128 bytes moved, 128 used"
    assert column.get_xlabel() == "32 sectors: 1024 bytes moved, 128 used"
    assert (row.get_title(loc="left"), column.get_title(loc="left")) == ("a row", "a column")


def test_a_single_dimension_is_folded_into_rows_of_128_bytes() -> None:
    (ax,) = plot.address_map((70,), {"x": LANES})
    assert np.asarray(ax.images[0].get_array()).shape == (3, 32)


def test_a_wide_address_map_shows_the_lanes_and_where_rows_and_sectors_begin_in_bytes() -> None:
    (ax,) = plot.address_map((70,), {"x": np.append(LANES[:31], -1)})
    assert [text.get_text() for text in ax.texts] == [str(lane) for lane in range(31)]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["byte 0", "byte 128", "byte 256"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["+0", "+32", "+64", "+96", "+128"]


def test_where_several_lanes_ask_for_one_element_an_address_map_says_how_many() -> None:
    (ax,) = plot.address_map((8,), {"x": 0 * LANES})
    assert [text.get_text() for text in ax.texts] == ["×32"]


def test_the_masks_of_a_warp_are_read_from_a_trace() -> None:
    def half(t, x, out):  # type: ignore[no-untyped-def]
        i = t.threadIdx.x
        if i < 16:
            out[i] = x[i]

    _, report = simt.launch(half, 1, 64, np.ones(64, np.float32), simt.empty(64), trace=True)
    ax = plot.lanes(report)
    assert [text.get_text() for text in ax.texts] == ["32 on", "32 on", "16 on", "16 on"]
    assert plot.lanes(report, warp=1).texts[-1].get_text() == "32 on", "all decide, and none goes on"


def test_the_last_sector_of_an_array_may_be_cut_short() -> None:
    (ax,) = plot.address_map((35,), {"x": [34]})
    assert _states(ax) == [64 - 3, 2, 1]


@pytest.mark.parametrize(
    ("words", "passes"),
    [(LANES, 1), (32 * LANES, 32), (33 * LANES, 1), (2 * LANES, 2), (0 * LANES, 1)],
    ids=["a row", "a column of 32", "a padded column", "stride 2", "one word for all"],
)
def test_the_tallest_column_of_banks_is_the_number_of_passes(words: np.ndarray, passes: int) -> None:
    ax = plot.banks(words)
    assert max(patch.get_y() + patch.get_height() for patch in ax.patches) == pytest.approx(passes - 0.05)  # type: ignore[attr-defined]
    assert max(ax.get_yticks()) == passes


def test_a_broadcast_says_to_how_many_lanes() -> None:
    assert [text.get_text() for text in plot.banks(0 * LANES).texts] == ["×32"]


def test_chips_are_drawn_to_scale() -> None:
    ax = plot.chips({"CPU": (128, 64.0), "GPU": (640, 16.0)})
    squares = [patch for patch in ax.patches if patch.get_hatch()]
    areas = [patch.get_width() * patch.get_height() for patch in squares]  # type: ignore[attr-defined]
    assert areas[0] / areas[1] == pytest.approx(4)
    assert len(ax.patches) - len(squares) == 2 + 10, "one dot for 64 lanes"


def test_a_roofline_shows_other_kinds_of_arithmetic_as_ceilings() -> None:
    ax = plot.roofline({"copy": (0.5, 4e9)}, peak_flops=100e9, peak_bandwidth=10e9, ceilings={"bfloat16": 200e9})
    assert "bfloat16" in {text.get_text() for text in ax.texts}
    assert any(np.allclose(line.get_ydata(), 200) for line in ax.get_lines() if len(np.asarray(line.get_ydata())) > 2)


def test_a_roofline_has_room_for_the_roof_of_another_device_and_both_ridges() -> None:
    ax = plot.roofline({"copy": (0.5, 4e9)}, peak_flops=1e11, peak_bandwidth=1e10, others={"a chip": (3e14, 3e12)})
    lines = {str(line.get_label()): np.asarray(line.get_xydata()) for line in ax.get_lines()}
    assert lines["roof of this device"][-1, 1] == pytest.approx(100)
    intensity, speed = lines["roof of a chip"].T
    assert np.allclose(speed, np.minimum(3e5, 3e3 * intensity))
    assert intensity[-1] > 100 > 10 > intensity[0], "the axis holds both ridges"
    assert sum("ridge" in text.get_text() for text in ax.texts) == 2


def test_the_axis_of_a_roofline_reaches_each_ceiling() -> None:
    ax = plot.roofline({"copy": (0.5, 4e9)}, peak_flops=1e11, peak_bandwidth=1e10, ceilings={"tensor cores": 9e12})
    ceiling = [
        line for line in ax.get_lines() if len(np.asarray(line.get_ydata())) > 2 and np.allclose(line.get_ydata(), 9e3)
    ]
    assert ceiling
