"""What a profiler saw: each run is a bar in the row of its part, and each part's time is written beside it."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest

from course import plot


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


def test_each_run_is_a_bar_in_the_row_of_its_part() -> None:
    ax = plot.trace({"pool": [(0, 20), (50, 100)], "conv": [(20, 50)]}, title="a step")
    places = [[path.get_extents().intervalx.tolist() for path in bars.get_paths()] for bars in ax.collections]
    assert places == [[[0, 20], [50, 100]], [[20, 50]]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["pool", "conv"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1], "the first part is on top"


def test_what_a_part_took_in_all_is_written_beside_it() -> None:
    ax = plot.trace({"pool": [(0, 20), (50, 100)], "conv": [(20, 50)]})
    assert [text.get_text() for text in ax.texts] == ["70 ms, 70 %", "30 ms, 30 %"]


def test_a_short_run_is_still_seen() -> None:
    ax = plot.trace({"pool": [(0, 1e-9)], "conv": [(0, 100)]})
    (moment,) = ax.collections[0].get_paths()
    assert moment.get_extents().width > 0.1


def test_a_part_that_never_ran_has_an_empty_row() -> None:
    ax = plot.trace({"pool": [], "conv": []})
    assert [text.get_text() for text in ax.texts] == ["0 ms, 0 %", "0 ms, 0 %"]
