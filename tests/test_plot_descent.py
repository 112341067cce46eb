"""A walk downhill: its fate in words, and a picture that stays readable however far the walk flies off."""

from __future__ import annotations

import warnings
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


@pytest.mark.parametrize(
    ("losses", "says"),
    [
        ([4, 2, 1, 0.5], "Downhill: the loss is 0.5 after 3 steps; every step went down."),
        ([4, 2, 3, 0.5], "Downhill: the loss is 0.5 after 3 steps; 1 of 3 steps went up."),
        ([1, 3, 9, 27, 81], "Diverged at step 3: the loss is more than 10 times that of the start."),
        ([1, 3, np.inf, np.nan, np.nan], "Diverged at step 2: the loss is more than 10 times that of the start."),
        ([1, 30, 2, 1.5, 0.5], "Downhill: the loss is 0.5 after 4 steps; 1 of 4 steps went up."),
        (
            [1, 0.8, 2, 2, 2],
            "Thrown out at step 2, and never back: the loss is 2 after 4 steps, at the start it was 1.",
        ),
        ([np.nan, np.nan], "Diverged at step 0: the loss is more than 10 times that of the start."),
    ],
)
def test_the_fate_of_a_walk_is_told_in_words(losses: list[float], says: str) -> None:
    assert plot.fate(losses) == says


def _walk(rate: float) -> tuple[np.ndarray, np.ndarray]:
    places = np.array([(1 - rate) ** n * np.array([2.0, 1.0]) for n in range(61)])
    return places, (places**2).sum(axis=1) / 2


def test_where_it_diverged_is_marked_and_the_axes_stay() -> None:
    place = np.linspace(-3, 3, 21)
    heights = (place[:, None] ** 2 + place**2) / 2
    for rate in (0.5, 2.5, 30.0):
        path, losses = _walk(rate)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            left, right = plot.descent(place, place, heights, path, losses)
            left.figure.canvas.draw()
        assert left.get_xlim() == (-3, 3)
        assert right.get_ylim() == (0, pytest.approx(9.9))
        marked = [text.get_text() for text in right.texts]
        assert marked == ([" diverged at step 3"] if rate == 2.5 else [" diverged at step 1"] if rate == 30 else [])
