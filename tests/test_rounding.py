"""Promises of `course.rounding`: numbers as a reader wants them."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from course.rounding import figure, rounded


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0, "0"),
        (0.0123456, "0.0123"),
        (0.00000123, "1.23e-06"),
        (4.5, "4.5"),
        (37.04, "37"),
        (999.9, "1,000"),
        (1284, "1,280"),
        (5e8, "500,000,000"),
        (3.2e12, "3.20e+12"),
        (-1284, "-1,280"),
        (float("inf"), "inf"),
    ],
)
def test_figures_have_three_digits_and_no_needless_exponent(x: float, text: str) -> None:
    assert rounded(x) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("3.74×", "3.74×"),
        (101_770, "101,770"),
        (np.int64(101_770), "101,770"),
        (3_000_000_000, "3.00e+09"),
        (jnp.array(2.5), "2.5"),
        (True, "True"),
        ([0.5, 12, 3456.7], "0.5 · 12 · 3,460"),
        (np.array([1, 2]), "1 · 2"),
        ({"A": 8, "B": 64}, "8 A, 64 B"),
    ],
)
def test_a_figure_is_a_number_a_text_or_several(value: Any, text: str) -> None:
    assert figure(value) == text
