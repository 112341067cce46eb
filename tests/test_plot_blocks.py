"""Pictures of blocks: they show which program is given which block, and what the blocks move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from course import plot
from course.plot.alt import describe
from course.plot.blocks import programs_of
from course.plot.style import COLORS


def spec(block: tuple[int | None, ...], index_map: Callable[..., Any]) -> Any:
    return SimpleNamespace(block_shape=block, index_map=index_map)


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


def written(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_each_block_names_the_programs_that_are_given_it() -> None:
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


def test_programs_that_are_no_whole_axis_are_written_one_after_the_other() -> None:
    (ax,) = plot.block_map((5,), {"x": ((4,), spec((2,), lambda i: (i % 2,)))})
    assert written(ax) == ["0 · 2 · 4", "1 · 3"]


def test_a_diagonal_of_programs_is_not_taken_for_all_of_them() -> None:
    (ax,) = plot.block_map((2, 2), {"x": ((4,), spec((2,), lambda i, j: ((i + j) % 2,)))})
    assert written(ax) == ["0, 0 · 1, 1", "0, 1 · 1, 0"]


def test_a_block_lies_where_its_index_map_says() -> None:
    found = programs_of((2, 2), spec((2, 3), lambda i, j: (j, i)))
    assert found == {(0, 0): [(0, 0)], (1, 0): [(0, 1)], (0, 1): [(1, 0)], (1, 1): [(1, 1)]}


def test_only_the_program_asked_for_is_colored_where_one_is() -> None:
    (ax,) = plot.block_map((2, 2), {"x": ((4, 4), spec((2, 2), lambda i, j: (i, j)))}, at=(1, 0))
    colored = [patch for patch in ax.patches if patch.get_alpha() == 0.45]
    assert [(patch.get_x(), patch.get_y()) for patch in colored] == [(0, 2)]  # type: ignore[attr-defined]
    assert "program (1, 0) gets rows 2 to 3, columns 0 to 1" in describe(ax.figure)  # type: ignore[arg-type]


def test_what_reaches_beyond_the_array_is_hatched_and_said() -> None:
    (ax,) = plot.block_map((3,), {"x": ((20,), spec((8,), lambda i: (i,)))})
    assert ax.get_xlim()[1] > 24
    assert any(patch.get_hatch() for patch in ax.patches)
    words = describe(ax.figure)  # type: ignore[arg-type]
    assert "20 elements, in blocks of 8" in words
    assert "program 2 gets elements 16 to 19" in words
    assert "reach beyond the array" in words


def test_an_axis_that_is_squeezed_out_of_a_block_counts_as_one() -> None:
    (ax,) = plot.block_map((2,), {"x": ((2, 3), spec((None, 3), lambda i: (i, 0)))})
    assert written(ax) == ["0", "1"]


def stripes(ax: Axes) -> list[str]:
    return [str(to_hex(patch.get_facecolor())).upper() for patch in ax.patches if patch.get_alpha() == 0.45]


def test_a_color_means_the_same_program_in_every_array() -> None:
    """A block of several programs has a stripe of each one's color, in the order in which they lie in the grid."""
    down, across, table = plot.block_map(
        (2, 3),
        {
            "down": ((4,), spec((2,), lambda i, j: (i,))),
            "across": ((9,), spec((3,), lambda i, j: (j,))),
            "table": ((4, 9), spec((2, 3), lambda i, j: (i, j))),
        },
        around=True,
    )
    a, b, c, d, e, f = COLORS
    assert stripes(table) == stripes(down) == [a, b, c, d, e, f]
    assert stripes(across) == [a, d, b, e, c, f]
    assert down.get_ylim()[0] > 4 > down.get_xlim()[1], "it stands"


@pytest.mark.parametrize("rows, cols", [(4, 9), (3, 5)], ids=["full blocks", "partly filled blocks"])
def test_the_array_above_and_the_one_at_the_left_line_up_with_the_table(rows: int, cols: int) -> None:
    left, above, table = plot.block_map(
        (2, -(-cols // 3)),
        {
            "left": ((rows,), spec((2,), lambda i, j: (i,))),
            "above": ((cols,), spec((3,), lambda i, j: (j,))),
            "table": ((rows, cols), spec((2, 3), lambda i, j: (i, j))),
        },
        around=True,
    )
    table.figure.canvas.draw()

    def at(ax: Axes, x: float, y: float) -> np.ndarray:
        return np.asarray(ax.transData.transform((x, y)))

    for j in (0, cols):
        assert at(above, j, 0)[0] == pytest.approx(at(table, j, 0)[0], abs=1)
    for i in (0, rows):
        assert at(left, 0, i)[1] == pytest.approx(at(table, 0, i)[1], abs=1)


def test_a_block_of_every_program_has_all_colors_and_more_programs_than_colors_have_none() -> None:
    read, out = plot.block_map(
        (4,), {"read": ((8,), spec((2,), lambda i: (i,))), "out": ((1,), spec((1,), lambda i: (0,)))}
    )
    assert stripes(out) == stripes(read) == list(COLORS[:4])
    (ax,) = plot.block_map((7,), {"x": ((14,), spec((2,), lambda i: (i,)))})
    assert stripes(ax) == []


def test_traffic_adds_up_the_pieces_and_tells_them_apart_without_color() -> None:
    ax = plot.traffic({"three": {"X": 2.0, "z": 3.0, "out": 1.0}, "fused": {"X": 2.0, "out": 1.0}}, unit="MB")
    assert written(ax) == ["6 MB", "3 MB"]
    hatches = [container.patches[0].get_hatch() for container in ax.containers]  # type: ignore[attr-defined]
    assert len(set(hatches)) == 3
    starts = [patch.get_x() for patch in ax.containers[2].patches]  # type: ignore[attr-defined]
    assert starts == [5.0, 2.0]
    assert "fused: 3 MB (X 2, out 1)" in describe(ax.figure)  # type: ignore[arg-type]
