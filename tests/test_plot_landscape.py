"""Landscapes: the heights that were given, the paths on them, and what can't be drawn is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course import plot

XS, YS = np.linspace(-2, 2, 9), np.linspace(0, 3, 7)
HEIGHTS = XS**2 + 0.5 + YS[:, None]


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


def brightness(ax: Any, places: np.ndarray) -> np.ndarray:
    """How bright the picture is at these places (n, 2) of the map, from 0 to 1."""
    ax.figure.canvas.draw()
    pixels = np.asarray(ax.figure.canvas.buffer_rgba())[::-1, :, :3]
    x, y = ax.transData.transform(places).astype(int).T
    return pixels[y, x] @ [0.299, 0.587, 0.114] / 255


def test_the_map_is_dark_where_the_loss_is_low_and_names_its_axes() -> None:
    ax = plot.landscape(XS, YS, HEIGHTS, xlabel="w", ylabel="b", title="the loss")
    x, y = np.meshgrid(XS[1:-1], YS[1:-1])
    seen = brightness(ax, np.stack([x.ravel(), y.ravel()], axis=1))
    assert np.corrcoef(seen, HEIGHTS[1:-1, 1:-1].ravel())[0, 1] > 0.97
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title("left")) == ("w", "b", "the loss")
    assert (ax.get_xlim(), ax.get_ylim()) == ((-2.0, 2.0), (0.0, 3.0))


def test_heights_that_are_turned_around_are_refused() -> None:
    with pytest.raises(ValueError, match=r"one row for each y"):
        plot.landscape(XS, YS, HEIGHTS.T)


def test_paths_are_told_apart_by_color_by_dash_and_by_mark() -> None:
    paths = {name: np.array([[0.0, 1.0], [0.1 * i, 1.5], [0.2, 2.0]]) for i, name in enumerate("abcd")}
    ax = plot.landscape(XS, YS, HEIGHTS, paths)
    lines = {str(line.get_label()): line for line in ax.get_lines() if line.get_label() in paths}
    assert list(lines) == list("abcd")
    for kind in ("get_color", "get_linestyle", "get_marker"):
        assert len({getattr(line, kind)() for line in lines.values()}) == 4, kind
    assert np.array_equal(np.asarray(lines["b"].get_xydata()), paths["b"])


def test_a_fifth_path_is_refused() -> None:
    with pytest.raises(ValueError, match="4 paths at most"):
        plot.landscape(XS, YS, HEIGHTS, {name: np.zeros((2, 2)) for name in "abcde"})


def test_a_path_that_leaves_the_map_does_not_stretch_it() -> None:
    ax = plot.landscape(XS, YS, HEIGHTS, {"far": np.array([[0.0, 1.0], [50.0, -70.0]])})
    assert (ax.get_xlim(), ax.get_ylim()) == ((-2.0, 2.0), (0.0, 3.0))


def test_a_walker_looks_alike_on_the_map_in_its_legend_and_in_the_curves_beside_it() -> None:
    paths = {name: np.array([[0.0, 1.0], [0.1, 1.5]]) for name in "abcd"}
    ax: Any = plot.landscape(XS, YS, HEIGHTS, paths)
    on_the_map = [line for line in ax.get_lines() if line.get_label() in paths]
    beside = plot.curves([0, 1], {name: [0, 1] for name in paths}, xlabel="step", ylabel="loss").get_lines()
    for lines in (on_the_map, ax.get_legend().get_lines(), beside):
        assert [(line.get_color(), line.get_linestyle()) for line in lines] == [
            (line.get_color(), line.get_linestyle()) for line in on_the_map
        ]


def test_a_short_walk_is_not_hidden_by_a_long_one() -> None:
    paths = {"short": np.array([[0.0, 1.0], [0.1, 1.0]]), "long": np.array([[0.0, 1.0], [1.9, 1.0]])}
    ax = plot.landscape(XS, YS, HEIGHTS, paths)
    lines = {str(line.get_label()): line.get_zorder() for line in ax.get_lines()}
    assert lines["short"] > lines["long"]


def test_arrows_make_right_angles_look_right_and_stay_short() -> None:
    places, vectors = np.array([[0.0, 1.0], [1.0, 2.0]]), np.array([[300.0, 400.0], [0.0, 0.0]])
    ax: Any = plot.landscape(XS, YS, HEIGHTS, arrows=(places, vectors))
    (drawn,) = [c for c in ax.collections if type(c).__name__ == "Quiver"]
    assert ax.get_aspect() == 1
    assert 500 / drawn.scale < np.ptp(XS) / 6


def test_a_logarithmic_map_spreads_small_heights_and_says_them_in_plain_numbers() -> None:
    deep = 10 ** (XS + 0 * YS[:, None])
    plain, log = (plot.landscape(XS, YS, deep, log=log) for log in (False, True))
    left = np.array([[-1.5, 1.5], [-0.5, 1.5]])
    assert np.ptp(brightness(log, left)) > 0.1 > 0.02 > np.ptp(brightness(plain, left))
    ticks = [label.get_text() for label in log.figure.axes[1].get_yticklabels()]
    assert {"0.1", "1", "10"} <= set(ticks)
