"""Pictures of blocks: they show which step is given which block, and what the blocks move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes

from course import plot
from course.plot.alt import describe
from course.plot.blocks import steps_of


def spec(block: tuple[int | None, ...], index_map: Callable[..., Any]) -> Any:
    return SimpleNamespace(block_shape=block, index_map=index_map)


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


def written(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_each_block_names_the_steps_that_are_given_it() -> None:
    x, y, out = plot.block_map(
        (2, 3),
        {
            "x": ((4,), spec((2,), lambda i, j: (i,))),
            "y": ((9,), spec((3,), lambda i, j: (j,))),
            "out": ((4, 9), spec((2, 3), lambda i, j: (i, j))),
        },
    )
    assert written(x) == ["0, all", "1, all"]
    assert written(y) == ["all, 0", "all, 1", "all, 2"]
    assert written(out) == ["0, 0", "0, 1", "0, 2", "1, 0", "1, 1", "1, 2"]
    assert out.get_xlabel() == "4 × 9, in blocks of 2 × 3"


def test_steps_that_are_no_whole_axis_are_written_one_after_the_other() -> None:
    (ax,) = plot.block_map((5,), {"x": ((4,), spec((2,), lambda i: (i % 2,)))})
    assert written(ax) == ["0 · 2 · 4", "1 · 3"]


def test_a_diagonal_of_steps_is_not_taken_for_all_of_them() -> None:
    (ax,) = plot.block_map((2, 2), {"x": ((4,), spec((2,), lambda i, j: ((i + j) % 2,)))})
    assert written(ax) == ["0, 0 · 1, 1", "0, 1 · 1, 0"]


def test_a_block_lies_where_its_index_map_says() -> None:
    found = steps_of((2, 2), spec((2, 3), lambda i, j: (j, i)))
    assert found == {(0, 0): [(0, 0)], (1, 0): [(0, 1)], (0, 1): [(1, 0)], (1, 1): [(1, 1)]}


def test_only_the_step_asked_for_is_colored_where_one_is() -> None:
    (ax,) = plot.block_map((2, 2), {"x": ((4, 4), spec((2, 2), lambda i, j: (i, j)))}, at=(1, 0))
    colored = [patch for patch in ax.patches if patch.get_alpha() == 0.45]
    assert [(patch.get_x(), patch.get_y()) for patch in colored] == [(0, 2)]  # type: ignore[attr-defined]
    assert "step (1, 0) gets rows 2 to 3, columns 0 to 1" in describe(ax.figure)  # type: ignore[arg-type]


def test_what_reaches_beyond_the_array_is_hatched_and_said() -> None:
    (ax,) = plot.block_map((3,), {"x": ((20,), spec((8,), lambda i: (i,)))})
    assert ax.get_xlim()[1] > 24
    assert any(patch.get_hatch() for patch in ax.patches)
    words = describe(ax.figure)  # type: ignore[arg-type]
    assert "20 elements, in blocks of 8" in words
    assert "step 2 gets elements 16 to 19" in words
    assert "reach beyond the array" in words


def test_an_axis_that_is_squeezed_out_of_a_block_counts_as_one() -> None:
    (ax,) = plot.block_map((2,), {"x": ((2, 3), spec((None, 3), lambda i: (i, 0)))})
    assert written(ax) == ["0", "1"]


def test_traffic_adds_up_the_pieces_and_tells_them_apart_without_color() -> None:
    ax = plot.traffic({"three": {"X": 2.0, "z": 3.0, "out": 1.0}, "fused": {"X": 2.0, "out": 1.0}}, unit="MB")
    assert written(ax) == ["6 MB", "3 MB"]
    hatches = [container.patches[0].get_hatch() for container in ax.containers]  # type: ignore[attr-defined]
    assert len(set(hatches)) == 3
    starts = [patch.get_x() for patch in ax.containers[2].patches]  # type: ignore[attr-defined]
    assert starts == [5.0, 2.0]
    assert "fused: 3 MB (X 2, out 1)" in describe(ax.figure)  # type: ignore[arg-type]
