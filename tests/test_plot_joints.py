"""A curve made of ReLUs: where it bends, how far away it is, and the best score that is kept."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course import plot


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


def _drawn(name: str, axes: plt.Axes) -> np.ndarray:
    return next(np.asarray(line.get_xydata()) for line in axes.get_lines() if line.get_label() == name)


def test_the_sum_bends_at_its_joints_by_their_slopes() -> None:
    _, right = plot.joints([0.0, 0.5], [2.0, -3.0], np.sin, bias=0.25)
    curve, joints = _drawn("sum of the ReLUs", right), _drawn("joints", right)
    np.testing.assert_allclose(joints, [[0, 0.25], [0.5, 1.25]])
    before, after = curve[curve[:, 0] < 0.5], curve[curve[:, 0] > 0.5]
    np.testing.assert_allclose(np.diff(before[:, 1]) / np.diff(before[:, 0]), 2)
    np.testing.assert_allclose(np.diff(after[:, 1]) / np.diff(after[:, 0]), -1)


def test_a_joint_outside_of_the_picture_has_no_dot() -> None:
    _, right = plot.joints([0.5, 3.0], [1.0, 1.0], np.sin)
    assert _drawn("joints", right).tolist() == [[0.5, 0.0]]


def test_its_words_say_the_relus_and_how_far_the_sum_is_away() -> None:
    left, _ = plot.joints([0.25], [2.0], lambda x: 2 * np.maximum(x - 0.25, 0) + 0.5)
    words = plot.describe(left.figure)  # type: ignore[arg-type]
    assert "2 times relu(x − 0.25)" in words and "It is 0.5 away from the curve to draw on average" in words


def test_many_relus_are_counted_and_not_named() -> None:
    left, _ = plot.joints(np.linspace(0, 0.9, 9), np.ones(9), np.sin)
    assert left.get_legend() is None
    assert "9 ReLUs, which wake from 0 to 0.9" in plot.describe(left.figure)  # type: ignore[arg-type]


def test_three_relus_come_as_close_to_a_wave_of_the_sine_as_the_lesson_says() -> None:
    """For each pair of joints the best slopes, by weighted least squares that turn into least distances; 0.068 is as low as it gets."""
    x = np.linspace(0, 2 * np.pi, 400)
    least = 1.0
    for c2 in np.arange(1.2, 2.1, 0.1):
        for c3 in np.arange(4.2, 5.1, 0.1):
            rises = np.maximum(x[:, None] - [0, c2, c3], 0)
            weights = np.ones(400)
            for _ in range(30):
                root = np.sqrt(weights)
                slopes = np.linalg.lstsq(rises * root[:, None], np.sin(x) * root, rcond=None)[0]
                away = np.abs(rises @ slopes - np.sin(x))
                weights = 1 / np.maximum(away, 1e-3)
            least = min(least, away.mean())
    assert least == pytest.approx(0.068, abs=0.002)


def test_the_best_score_is_kept_also_when_a_cell_is_run_again() -> None:
    assert plot.best("t1", 3, target=9, unit="of 10") == "3 of 10 · your best: 3 · the target: 9"
    assert plot.best("t1", 9, target=9, unit="of 10") == "9 of 10 · your best: 9 · the target: 9 ✓ reached"
    assert plot.best("t1", 5, target=9, unit="of 10") == "5 of 10 · your best: 9 · the target: 9 ✓ reached"


def test_where_little_is_good_the_lowest_score_is_the_best() -> None:
    assert plot.best("t2", 0.5, target=0.1, lowest=True) == "0.5 · your best: 0.5 · the target: 0.1"
    assert plot.best("t2", 0.0912, target=0.1, lowest=True).endswith("your best: 0.0912 · the target: 0.1 ✓ reached")
    assert "your best: 0.0912" in plot.best("t2", 2.0, target=0.1, lowest=True)
