"""Promises of the figures beside a verdict: the difference shows, with its place and its size, in few lines."""

from __future__ import annotations

import itertools
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from toy_exercise import DOUBLE

from course.checks import Case, Exercise, Mistake, exercises, find, judge
from course.checks.compare import WIDTH, describe
from course.checks.figures import Tolerance, beside
from course.checks.outcome import Failure, Outcome
from course.checks.wording import LINES, explain, facts

CLOSE = Tolerance(1e-6, 0.0)


def _facts(got: Any, want: Any, parts: tuple[str, ...] = ()) -> dict[str, str]:
    return dict(beside(got, want, CLOSE, parts))


@pytest.mark.parametrize("factor", [1.1, 1.01, 1.001, 1.0001, 1.00001])
@pytest.mark.parametrize("size", [1e-9, 1e-3, 1.0, 123456.0])
def test_wherever_two_answers_differ_their_figures_do(factor: float, size: float) -> None:
    """However small the numbers are, and however little they differ."""
    want = (size * np.array([[1.2345678, -0.7654321], [0.5, 3.3333333]])).astype(np.float32)
    told = _facts(want * np.float32(factor), want)
    own, right = (
        told[label].split(": ", 1)[1].replace("[", "").replace("]", "") for label in ("your answer", "expected")
    )
    pairs = list(zip(own.split(), right.split(), strict=True))
    assert len(pairs) == 4
    assert all(a.strip(",") != b.strip(",") for a, b in pairs)


def test_no_more_digits_are_shown_than_it_takes() -> None:
    assert _facts(np.float32(0.25), np.float32(0.5))["your answer"] == "float32: 0.25"
    assert _facts(np.float32(1 / 3), np.float32(2 / 3))["your answer"] == "float32: 0.33333"


def test_the_place_and_the_relative_size_of_the_largest_difference_are_told() -> None:
    want = np.arange(1, 41, dtype=np.float32).reshape(5, 8)
    got = want.copy()
    got[3, 6] += 3.1
    got[0, 1] += 1
    assert _facts(got, want)["largest difference"] == "at [3, 6]: 34.1 in place of 31., relative difference 0.1"
    assert _facts(2.0, 1.6)["relative difference"] == "0.25"


def test_a_number_that_is_nan_is_the_largest_difference() -> None:
    told = _facts(np.array([5.0, np.nan, 1.0], np.float32), np.array([1.0, 2.0, 3.0], np.float32))
    assert told["largest difference"] == "at [1]: nan in place of 2."


def test_of_several_parts_the_wrong_one_is_shown() -> None:
    right = (np.zeros(2, np.float32), np.ones(3, np.float32), np.ones(2, np.float32))
    wrong = (right[0], np.array([1, 1, 2], np.float32), right[2])
    told = _facts(wrong, right, ("a", "b", "c"))
    assert told["your answer"] == "b: float32 (3,): [1. 1. 2.]"
    assert told["largest difference"] == "b, at [2]: 2. in place of 1., relative difference 1"


@pytest.mark.parametrize("shape", [(2, 3), (24,), (6, 4), (1, 24), (24, 1), (3, 2, 4), (40, 9)])
def test_no_line_of_figures_is_longer_than_a_line_of_code_may_be(shape: tuple[int, ...]) -> None:
    a = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    for line in describe(a).splitlines():
        assert len(line) <= WIDTH


@pytest.mark.parametrize("exercise", exercises().values(), ids=list(exercises()))
def test_with_any_input_and_any_error_a_verdict_has_at_most_twelve_lines(exercise: Exercise) -> None:
    """The longest: an error of many lines, on each input."""
    failure = Failure("TypeError", "\n".join(["it does not work"] * 9), 12, "y = x +")
    for case in exercise.draw(0):
        for got in (Outcome(failure=failure), Outcome(np.ones((4, 6), np.float32))):
            text = explain(case, got, "something is wrong.")
            lines = "\n".join((*text, *itertools.chain(*facts(exercise, case, got, got, lines=LINES - 1 - len(text)))))
            labels = len(facts(exercise, case, got, got, lines=LINES - 1 - len(text)))
            assert 1 + len(lines.splitlines()) - labels <= LINES


def _profile(times: dict[str, float], gains: dict[str, float]) -> float:
    return max(gains.values()) * 1.5


def test_a_plain_input_is_shown_before_one_at_an_edge() -> None:
    """An empty profile, on which this stops with an error, says nothing of the mistake."""
    verdict = judge(find("whole_speedup"), _profile)
    assert "gains = {'pool': 3.0}" in verdict.message
    assert "your answer: 4.5" in verdict.message


def test_an_edge_is_shown_where_all_else_is_right() -> None:
    exercise = Exercise(
        "halves",
        "none",
        1,
        lambda x: x / 2,
        DOUBLE.cases,
        (Mistake("same", "As it was.", lambda x: x),),
        edges=("one number",),
    )
    verdict = judge(exercise, lambda x: x / 2 if jnp.size(x) > 1 or not jnp.ndim(x) else x)
    assert verdict.facts[0][0] == "input (one number)"
    assert judge(exercise, lambda x: x * 3).facts[0][0] == "input (no dimension)"


@pytest.mark.parametrize("exercise", exercises().values(), ids=list(exercises()))
def test_every_edge_is_an_input_and_not_every_input_is_one(exercise: Exercise) -> None:
    labels = {case.label for case in exercise.draw(0)}
    assert set(exercise.edges) < labels


def test_the_case_class_takes_what_a_catalogue_gives() -> None:
    assert Case("x", (1,)).shown is None
