"""Color is never alone: in gray, what differs still looks different."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.lines import Line2D

from course import plot


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


def looks(lines: list[Line2D]) -> list[tuple[Any, ...]]:
    """How each line looks without its color: dashes and mark."""
    return [(line.get_linestyle(), str(line._dash_pattern), line.get_marker()) for line in lines]  # type: ignore[attr-defined]


def gray(ax: Any) -> np.ndarray:
    """The axes as they are drawn, as lightness (rows, columns)."""
    ax.figure.canvas.draw()
    box = ax.get_window_extent()
    pixels = np.asarray(ax.figure.canvas.buffer_rgba(), float)[..., :3] @ [0.299, 0.587, 0.114]
    top = pixels.shape[0] - int(box.y1)
    return pixels[top + 3 : top + int(box.height) - 3, int(box.x0) + 3 : int(box.x1) - 3]


@pytest.mark.parametrize("markers", [False, True])
def test_no_two_of_twelve_curves_share_dashes_and_mark(markers: bool) -> None:
    ax = plot.curves(None, {f"line {k}": [k, k + 1] for k in range(12)}, xlabel="x", ylabel="y", markers=markers)
    found = looks(ax.get_lines())
    assert len(set(found)) == 12
    assert len({mark for _, _, mark in found[:5]}) == (5 if markers else 1), "few lines without marks stay plain"


def test_the_points_of_a_roofline_and_the_walks_on_a_landscape_have_marks_of_their_own() -> None:
    roof = plot.roofline({f"op {k}": (k + 1.0, 1e9) for k in range(6)}, peak_flops=1e12, peak_bandwidth=1e10)
    assert len({line.get_marker() for line in roof.get_lines() if str(line.get_label()).startswith("op")}) == 6
    x = np.linspace(0, 1, 4)
    paths = {f"walk {k}": [(0, 0), (k, 1)] for k in range(4)}
    ground = plot.landscape(x, x, np.add.outer(x, x), paths)
    assert len(set(looks([line for line in ground.get_lines() if str(line.get_label()).startswith("walk")]))) == 4


def test_the_raw_loss_and_its_mean_are_named() -> None:
    left, _ = plot.learning_curves([3.0, 2.0, 1.0], [])
    legend = left.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["each step", "running mean"]


def test_the_two_sides_of_a_boundary_differ_by_a_pattern_that_the_scale_explains() -> None:
    ax = plot.boundary(lambda P: np.sign(P[:, 0]))
    picture = gray(ax)
    half = picture.shape[1] // 2
    low, high = picture[:, : half - 6], picture[:, half + 6 :]
    assert low.std() > 2
    assert high.std() < 0.5 * low.std()
    assert [a.get_ylabel() for a in ax.figure.axes if a is not ax] == ["the neuron's answer (striped: below 0)"]


def test_where_the_answers_never_change_side_no_pattern_is_promised() -> None:
    ax = plot.boundary(lambda P: P[:, 0] ** 2 + 1)
    assert [a.get_ylabel() for a in ax.figure.axes if a is not ax] == ["the neuron's answer"]


def test_negative_values_of_a_signed_picture_look_other_than_positive_ones() -> None:
    few = np.array([[1.0, -1.0], [-1.0, 0.0]])
    (small, large), (weights, _) = (
        plot.gallery([few, np.repeat(np.repeat(few, 14, 0), 14, 1)], signed=True, columns=2)[0],
        plot.templates([np.repeat(np.repeat(few, 14, 0), 14, 1)] * 2, columns=2)[0],
    )
    assert [text.get_text() for text in small.texts] == ["−", "−"]
    for ax in (large, weights):
        picture = gray(ax)
        height, width = (n // 2 for n in picture.shape)
        positive, negative = picture[: height - 6, : width - 6], picture[: height - 6, width + 6 :]
        assert positive.std() < 0.5
        assert negative.std() > 3


def test_right_and_wrong_among_each_other_have_a_sign_and_alone_they_need_none() -> None:
    mixed = plot.images(np.zeros((2, 4, 4)), titles=["1", "2"], marks=[True, False])
    assert [ax.get_title() for ax in mixed.flat] == ["✓ 1", "✗ 2"]
    wrong = plot.images(np.zeros((2, 4, 4)), titles=["1", "2"], marks=[False, False])
    assert [ax.get_title() for ax in wrong.flat] == ["1", "2"]
