"""The neuron between two classes: its line, its arrow at right angles to it, and each point on its activation."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course import plot

POINTS = np.array([[-1.0, -1.0], [1.0, 1.0], [2.0, 0.0], [0.0, -2.0]])
LABELS = np.array([0, 1, 1, 1])


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


def test_the_line_is_where_the_sum_is_zero_and_the_arrow_stands_upright_on_it() -> None:
    left, _ = plot.separation([2.0, 1.0], -1.0, np.tanh, POINTS, LABELS)
    (line,) = left.get_lines()
    ends = np.asarray(line.get_xydata())
    np.testing.assert_allclose(ends @ [2.0, 1.0] - 1.0, 0, atol=1e-9)
    tip, foot = (np.asarray(place) for place in (left.texts[0].xy, left.texts[0].xyann))  # type: ignore[attr-defined]
    assert (tip - foot) @ (ends[1] - ends[0]) == pytest.approx(0, abs=1e-9)
    assert foot @ [2.0, 1.0] == pytest.approx(1.0)
    assert left.get_aspect() == 1


def test_each_point_lies_beside_the_activation_at_its_sum_the_classes_on_two_sides() -> None:
    _, right = plot.separation([2.0, 1.0], -1.0, np.tanh, POINTS, LABELS)
    zeros, ones = (np.asarray(part.get_offsets()) for part in right.collections)
    sums = POINTS @ [2.0, 1.0] - 1.0
    for drawn, own in ((zeros, sums[:1]), (ones, sums[1:])):
        np.testing.assert_allclose(drawn[:, 0], own)
        np.testing.assert_allclose(drawn[:, 1], np.tanh(own), atol=0.1)
    assert (zeros[:, 1] < np.tanh(zeros[:, 0])).all() and (ones[:, 1] > np.tanh(ones[:, 0])).all()


def test_what_lies_on_the_wrong_side_has_a_ring() -> None:
    left, _ = plot.separation([2.0, 1.0], -1.0, np.tanh, POINTS, LABELS)
    rings = {str(part.get_label()): np.asarray(part.get_offsets()) for part in left.collections}["on the wrong side"]
    assert rings.tolist() == [[0.0, -2.0]]


def test_its_words_count_the_points_on_their_own_side() -> None:
    left, _ = plot.separation([2.0, 1.0], -1.0, np.tanh, POINTS, LABELS, names=("zeros", "ones"))
    assert "1 of 1 zeros and 2 of 3 ones" in plot.describe(left.figure)  # type: ignore[arg-type]


def test_a_neuron_without_weights_has_no_line() -> None:
    left, _ = plot.separation([0.0, 0.0], 0.5, np.tanh, POINTS, LABELS)
    assert not left.get_lines() and not left.texts
