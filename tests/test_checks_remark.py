"""Promises of what a verdict says besides: a remark on a right answer, and known mistakes told by a mark instead of a sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from toy_exercise import DOUBLE

from course.checks import Mistake, judge
from course.checks.exercise import WrongAnswer

pytestmark = pytest.mark.one_set


def _said_of(raw: Any, x: np.ndarray) -> str | None:
    return f"{float(raw):g} is twice {float(x):g}."


REMARKED = replace(DOUBLE, remark=_said_of)


def test_a_right_answer_gets_the_remark_on_its_last_input() -> None:
    verdict = judge(REMARKED, lambda x: 2 * x)
    assert verdict.passed
    assert verdict.text == ("6 is twice 3.",)
    assert verdict.headline == "double: right, on all 4 inputs"


def test_a_remark_stands_before_what_is_said_of_printing() -> None:
    def double(x: Any) -> Any:
        print("here")
        return 2 * x

    first, second = judge(REMARKED, double).text
    assert first == "6 is twice 3."
    assert "prints something" in second


@pytest.mark.parametrize("wrong", [lambda x: x, lambda x: 3 * x], ids=["known", "unknown"])
def test_a_wrong_answer_gets_no_remark(wrong: Any) -> None:
    assert "is twice" not in judge(REMARKED, wrong).message


def test_nothing_is_added_where_there_is_nothing_to_remark() -> None:
    assert judge(replace(DOUBLE, remark=lambda raw, x: None), lambda x: 2 * x).text == ()
    assert judge(DOUBLE, lambda x: 2 * x).text == ()


# --- Marks --------------------------------------------------------------------------------------------------------------


def _no_negatives(raw: Any, x: np.ndarray) -> Any:
    """Negative numbers are found fault with, in a sentence that names the first of them."""
    value = np.asarray(raw)
    if np.isnan(value).any():
        raise WrongAnswer("there are holes in it.", mark="holes")
    if (value < 0).any():
        first = float(value[value < 0].flat[0])
        raise WrongAnswer(f"{first:.3f} is negative.", mark="negative", line=3, source="return y")
    return raw


POSITIVE = replace(
    DOUBLE,
    cases=lambda rng: [replace(case, args=(np.abs(case.args[0]),)) for case in DOUBLE.cases(rng)],
    measure=_no_negatives,
    mistakes=(
        Mistake("minus", "Where does the sign come from?", lambda x: -2 * x),
        Mistake("holes", "It has holes.", lambda x: x * np.nan),
        Mistake("same", "It came back as it was.", lambda x: 1 * x),
    ),
)


def test_answers_with_the_same_mark_are_the_same_mistake_whatever_their_sentences_say() -> None:
    verdict = judge(POSITIVE, lambda x: -7 * x)
    assert verdict.mistake == "minus"
    assert verdict.text == ("Where does the sign come from?",)


def test_answers_with_other_marks_are_other_mistakes() -> None:
    assert judge(POSITIVE, lambda x: x - x + np.nan).mistake == "holes"


def test_of_several_mistakes_at_once_the_one_that_shows_on_the_smallest_wrong_input_is_named() -> None:
    for here, there, mistake in ((-2, np.nan, "minus"), (np.nan, -2, "holes")):
        verdict = judge(POSITIVE, lambda x, here=here, there=there: (here if x.size == 1 else there) * x)
        assert verdict.mistake == mistake, verdict.message


def test_a_mark_that_two_mistakes_have_names_neither_of_them() -> None:
    twice = (
        *POSITIVE.mistakes,
        Mistake("minus three", "It is thrice.", lambda x: -3 * x if x.ndim < 2 else x * np.nan),
    )
    exercise = replace(POSITIVE, mistakes=twice)
    assert judge(exercise, lambda x: -7 * x if x.ndim < 2 else 2 * x).mistake is None


def test_the_place_and_the_sentence_are_facts_where_a_hint_takes_the_place_of_the_sentence() -> None:
    facts = dict(judge(POSITIVE, lambda x: -7 * x).facts)
    assert facts["in your code, line 3"].startswith("return y\n-")
    assert facts["in your code, line 3"].endswith("is negative.")


def test_an_unknown_answer_says_the_sentence_once() -> None:
    exercise = replace(POSITIVE, mistakes=POSITIVE.mistakes[1:])
    verdict = judge(exercise, lambda x: -2 * x if x.ndim == 2 else 2 * x)
    assert verdict.text[0].startswith("On a matrix: -")
    assert verdict.message.count("is negative") == 1
    assert dict(verdict.facts)["in your code, line 3"] == "return y"


def test_a_marked_answer_without_a_place_says_what_happened() -> None:
    assert dict(judge(POSITIVE, lambda x: x - x + np.nan).facts)["what happened"] == "there are holes in it."


def test_a_learners_own_exception_has_no_mark() -> None:
    """Whatever it calls itself: marks are given where the verdict is made."""

    class WrongAnswer(Exception):
        mark = "negative"

    def double(x: Any) -> Any:
        raise WrongAnswer("negative")

    assert judge(POSITIVE, double).mistake is None
