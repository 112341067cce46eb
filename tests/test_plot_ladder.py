"""The ladder: what the bars say is what was measured."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest

from course import plot
from course.plot.alt import describe

RUNGS = {"one by one": 20.0, "batched": 500.0, "bfloat16": 200.0, "compiled": 2000.0}


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


def test_bars_end_at_the_rates_the_first_at_the_bottom() -> None:
    ax = plot.ladder(RUNGS)
    ends = [(bar.get_y(), bar.get_x() + bar.get_width()) for bar in ax.patches]  # type: ignore[attr-defined]
    assert [end for _, end in sorted(ends)] == pytest.approx(list(RUNGS.values()))
    assert [label.get_text() for label in ax.get_yticklabels()] == list(RUNGS)


def test_each_bar_says_its_rate_and_its_gain_over_the_first() -> None:
    said = [text.get_text() for text in plot.ladder(RUNGS).texts]
    assert said == ["20 images/s", "500 images/s (× 25)", "200 images/s (× 10)", "2,000 images/s (× 100)"]


def test_bars_begin_at_zero_so_that_their_lengths_are_as_their_rates_and_the_last_one_stands_out() -> None:
    bars = plot.ladder(RUNGS).patches
    assert {bar.get_x() for bar in bars} == {0}  # type: ignore[attr-defined]
    colors = [bar.get_facecolor() for bar in bars]
    assert colors[0] == colors[1] == colors[2] != colors[3]


def test_every_text_lies_inside_of_the_axes_also_with_one_rung_or_equal_ones() -> None:
    for rungs in (RUNGS, {"alone": 5.0}, {"one": 5.0, "the same": 5.0}):
        ax = plot.ladder(rungs, unit="steps/s", title="a title")
        ax.figure.canvas.draw()
        for text in ax.texts:
            box = text.get_window_extent()
            assert box.x1 <= ax.get_window_extent().x1


def test_the_words_hold_every_rung() -> None:
    figure = plot.ladder(RUNGS, title="the ladder").get_figure(root=True)
    assert figure is not None
    words = describe(figure)
    assert words.startswith("the ladder. Speed in images/s, rung by rung from the bottom up. one by one: 20 images/s;")
    assert "bfloat16: 200 images/s (× 10)" in words
