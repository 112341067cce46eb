"""Trees of parameters: every branch has its name, every leaf its shape."""

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


def test_branches_have_their_names_and_leaves_their_shapes() -> None:
    ax = plot.tree({"hidden": {"W": np.ones((3, 2)), "b": np.ones(3)}, "rate": 0.1}, root="model")
    assert {text.get_text() for text in ax.texts} == {"model", "hidden", "W  (3, 2)", "b  (3,)", "rate  float"}


def test_leaves_stand_on_rows_of_their_own_and_a_branch_in_their_middle() -> None:
    ax = plot.tree([np.ones(1), np.ones(2), np.ones(3)])
    rows = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert rows == {"params": 1, "[0]  (1,)": 0, "[1]  (2,)": 1, "[2]  (3,)": 2}


def test_a_tree_may_be_a_single_array_or_hold_an_empty_branch() -> None:
    assert [text.get_text() for text in plot.tree(np.ones(2)).texts] == ["params  (2,)"]
    assert "extra  dict" in {text.get_text() for text in plot.tree({"extra": {}, "W": np.ones(1)}).texts}
