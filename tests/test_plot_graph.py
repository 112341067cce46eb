"""Graphs of a calculation and products of matrices: everything stands where it belongs, and what can't be is refused."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib

matplotlib.use("Agg")

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyArrowPatch, Rectangle

from course import plot

MADE_FROM = {"w": [], "x": [], "w·x": ["w", "x"], "b": [], "z": ["w·x", "b"]}


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


def places(ax: Axes) -> dict[str, tuple[float, float]]:
    return {text.get_text(): text.get_position() for text in ax.texts}


def test_inputs_stand_left_of_what_is_computed_from_them_and_beside_their_first_use() -> None:
    at = places(plot.graph(MADE_FROM))
    assert at["w"][0] == at["x"][0] < at["w·x"][0] < at["z"][0]
    assert at["b"][0] == at["w·x"][0], "the bias is used late, so it stands late"


def test_there_is_an_arrow_for_each_input() -> None:
    ax = plot.graph(MADE_FROM)
    assert sum(isinstance(patch, FancyArrowPatch) for patch in ax.patches) == 4


def test_an_arrow_over_several_columns_passes_by_what_is_written_beside_the_boxes_between() -> None:
    made_from = {"x": [], "b": [], "v1": ["x", "b"], "v2": ["v1"], "v3": ["v2", "x"], "v4": ["v3", "b"]}
    ax = plot.graph(made_from, dict.fromkeys(made_from, -0.604), dict.fromkeys(made_from, 0.635))
    ax.figure.canvas.draw()
    notes = [text.get_window_extent() for text in ax.texts if text.get_text() in ("-0.604", "0.635")]
    assert len(notes) == 12
    for text in ax.texts:
        text.set_visible(False)
    figure: Any = ax.figure
    (canvas := FigureCanvasAgg(figure)).draw()
    arrows = np.asarray(canvas.buffer_rgba())[::-1, :, :3].min(axis=2) < 200  # from the bottom up
    assert arrows.any()
    crossed = [arrows[int(one.y0) : int(one.y1) + 1, int(one.x0) : int(one.x1) + 1].any() for one in notes]
    assert not any(crossed)


def test_values_stand_above_slopes_below_and_factors_on_the_arrows() -> None:
    ax = plot.graph(MADE_FROM, {"z": -0.25}, {"z": 1.5}, {("b", "z"): 3})
    at, (x, y) = places(ax), places(ax)["z"]
    assert at["-0.25"][0] == at["1.5"][0] == x
    low, high = ax.get_ylim()
    above = (at["-0.25"][1] - y) * (high - low)
    below = (at["1.5"][1] - y) * (high - low)
    assert above > 0 > below
    assert at["×3"] == pytest.approx([(at["b"][i] + at["z"][i]) / 2 for i in range(2)])


def test_values_may_be_words() -> None:
    assert "(3, 4)" in places(plot.graph({"W": []}, {"W": "(3, 4)"}))


def test_a_name_that_is_used_before_it_is_given_is_refused() -> None:
    with pytest.raises(ValueError, match="z is computed from y, which does not stand before it"):
        plot.graph({"z": ["y"], "y": []})


def test_a_product_is_drawn_to_scale_with_its_sides_named() -> None:
    ax = plot.product(("A", ("out", 2), ("batch", 6)), ("B", ("batch", 6), ("in", 4)), ("C", ("out", 2), ("in", 4)))
    boxes = [(patch.get_width(), patch.get_height()) for patch in ax.patches if isinstance(patch, Rectangle)]
    assert boxes == [(6, 2), (4, 6), (4, 2)]
    names = [text.get_text() for text in ax.texts]
    assert [names.count(side) for side in ("batch", "out", "in")] == [2, 2, 2]


def test_the_two_sides_that_meet_are_marked_by_width_as_well_as_by_color() -> None:
    ax = plot.product(("A", ("out", 2), ("batch", 6)), ("B", ("batch", 6), ("in", 4)), ("C", ("out", 2), ("in", 4)))
    thick = [line for line in ax.get_lines() if line.get_linewidth() > 3]
    assert len(thick) == 2
    assert {line.get_color() for line in thick} == {plot.ORANGE}


@pytest.mark.parametrize(
    "result", [("C", ("in", 4), ("out", 2)), ("C", ("out", 2), ("in", 5))], ids=["turned around", "too long"]
)
def test_a_product_that_is_none_is_refused(result: tuple[str, tuple[str, int], tuple[str, int]]) -> None:
    with pytest.raises(ValueError, match="does not give"):
        plot.product(("A", ("out", 2), ("batch", 6)), ("B", ("batch", 6), ("in", 4)), result)


class Computed:
    def __init__(self, data: object, parents: tuple[Computed, ...] = (), name: str = "") -> None:
        self.data, self.parents, self.name, self.grad = data, parents, name, 0.5


def test_an_expression_numbers_what_is_computed_and_says_from_what() -> None:
    x, b = Computed(2.0, name="x"), Computed(-1.0, name="b")
    v = Computed(1.0, (x, b), "+")
    ax = plot.expression(Computed(2.0, (Computed(1.0, (v,), "tanh"), v), "·"), title="mine")
    boxes = set(places(ax))
    assert {"x", "b", "v1 = x + b", "v2 = tanh(v1)", "v3 = v2 · v1"} <= boxes
    assert sum(isinstance(patch, FancyArrowPatch) for patch in ax.patches) == 5
    assert "v3 = v2 · v1 from v1 = x + b, v2 = tanh(v1): value 2, backward 0.5" in plot.describe(ax.figure)


def test_leaves_of_an_expression_without_a_name_are_their_values_and_stay_apart() -> None:
    end = Computed(4.0, (Computed(2.0), Computed(2.0)), "+")
    assert {"2", "2′", "v1 = 2 + 2′"} <= set(places(plot.expression(end)))


def test_a_value_that_meets_itself_has_one_box() -> None:
    x = Computed(3.0, name="x")
    assert set(places(plot.expression(Computed(9.0, (x, x), "·")))) >= {"x", "v1 = x · x"}


def test_arrays_of_an_expression_are_told_by_their_shapes() -> None:
    W = Computed(np.ones((3, 4)), name="W")
    W.grad = np.ones((3, 4))  # type: ignore[assignment]
    assert "(3, 4)" in places(plot.expression(Computed(np.ones((3, 4)), (W,), "relu")))
