"""Promises of exercises that ask for a letter or for a number to a factor; they hold those of every catalogue, too."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from catalogue_promises import *  # noqa: F403

from course.checks import exercises, judge
from course.exercises.choices import Quantity, choice, estimate

pytestmark = pytest.mark.one_set

HINTS = {"A": "The training loss falls.", "B": "The validation loss falls to the end.", "C": "Nothing in it jumps."}


def _case(right: str) -> tuple[str, dict[str, str]]:
    return right, {letter: hint for letter, hint in HINTS.items() if letter != right}


CURVES = {"curve 1": "B", "curve 2": "A", "curve 3": "C", "curve 4": "B"}
ILLNESS = choice("which_illness", "none", 2, {name: _case(right) for name, right in CURVES.items()})
SIZES = estimate(
    "how_many",
    "none",
    3,
    {
        "parameters": Quantity(101_770, 1.2, {78_400: "The biases and the second layer are missing."}),
        "FLOP for an image": Quantity(2e5, 2, {5e4: "A multiply-add is two operations.", 2e7: "That is a batch."}),
        "bytes of the weights": Quantity(407_080, 2, {101_770: "A float32 has four bytes."}),
        "seconds in an hour": Quantity(3600, 1),
    },
)
EXERCISES = {one.name: one for one in (ILLNESS, SIZES)}


def chosen(**changed: str) -> Callable[[str], Any]:
    answers = {**CURVES, **{name.replace("_", " "): letter for name, letter in changed.items()}}
    return answers.__getitem__


def guessed(**changed: Any) -> Callable[[str], Any]:
    answers = {"parameters": 1e5, "FLOP for an image": 3e5, "bytes of the weights": 4e5, "seconds in an hour": 3600}
    return {**answers, **{name.replace("_", " "): number for name, number in changed.items()}}.__getitem__


def test_a_small_letter_and_a_space_around_it_are_as_good() -> None:
    assert judge(ILLNESS, chosen(curve_1=" b")).passed


def test_a_wrong_letter_meets_its_own_hint_and_never_the_right_letter() -> None:
    verdict = judge(ILLNESS, chosen(curve_2="C"))
    assert (verdict.mistake, verdict.cases_passed) == ("curve 2: C", 3)
    assert 'On "curve 2": you say C. Nothing in it jumps.' in verdict.message
    assert "A" not in verdict.message.replace("which_illness", "")


def test_of_two_wrong_letters_the_hint_of_one_is_said() -> None:
    verdict = judge(ILLNESS, chosen(curve_2="C", curve_3="A"))
    assert verdict.mistake is None
    assert any(f"you say {letter}. {HINTS[letter]}" in verdict.message for letter in "AC")


@pytest.mark.parametrize("answer", ["D", "", "AB", 1, True, ["A"]])
def test_what_is_none_of_the_letters_is_told_which_there_are(answer: Any) -> None:
    assert "return one of A, B, C, as text" in judge(ILLNESS, lambda curve: answer).message


def test_an_estimate_within_the_factor_is_right() -> None:
    assert judge(SIZES, guessed(FLOP_for_an_image=1.01e5)).passed
    assert not judge(SIZES, guessed(parameters=1.25e5)).passed


def test_an_estimate_that_a_known_mistake_leads_to_meets_its_hint() -> None:
    verdict = judge(SIZES, guessed(parameters=784 * 100))
    assert verdict.mistake == "parameters: 78,400"
    assert 'On "parameters": you say 78,400. The biases' in verdict.message


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (3e6, "too high, by a factor of 10 to 100."),
        (2e3, "too low, by a factor of 10 to 100."),
        (3e5, "too high, by a factor of less than 10."),
        (1e30, "too high, by a factor of more than a million."),
    ],
)
def test_another_estimate_is_told_its_side_and_its_power_of_ten_alone(number: float, said: str) -> None:
    verdict = judge(SIZES, guessed(parameters=number))
    assert said in verdict.message and "101" not in verdict.message


@pytest.mark.parametrize("answer", [0, -1, float("nan"), float("inf"), "many", None, 10**400, True])
def test_what_is_no_number_above_zero_is_told_so_and_is_wrong(answer: Any) -> None:
    verdict = judge(SIZES, guessed(parameters=answer))
    assert not verdict.passed and "parameters" in verdict.message


@pytest.mark.parametrize("right", range(4))
def test_points_are_given_for_all_cases_together(right: int) -> None:
    answers = dict(list(CURVES.items())[:right])
    verdict = judge(ILLNESS, lambda curve: answers.get(curve, ""))
    assert (verdict.cases_passed, verdict.points) == (right, 0)
    assert judge(ILLNESS, chosen()).points == 2


@pytest.mark.parametrize("name", [name for name, one in exercises().items() if one.chosen])
def test_no_hint_of_a_choice_or_an_estimate_names_the_right_answer(name: str) -> None:
    exercise = exercises()[name]
    for mistake in exercise.mistakes:
        said = re.fullmatch(r'On "(.*?)": you say \S+?\.? (.*)', mistake.hint, re.S)
        assert said, mistake.hint
        right, hint = exercise.reference(said[1]), said[2]
        if isinstance(right, str):
            # "A GPU" begins a sentence, and is no letter to choose.
            assert not re.search(rf"\b{right}\b(?! [A-Za-z])", hint), mistake.hint
        else:
            numbers = (float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?:\.\d+)?", hint))
            assert not [number for number in numbers if abs(number - right) <= 0.02 * right], mistake.hint


def test_a_choice_without_a_hint_for_each_wrong_letter_is_refused() -> None:
    with pytest.raises(ValueError, match="'two' needs a hint for each of A, B but the right one"):
        choice("x", "none", 1, {"one": ("A", {"B": "No."}), "two": ("B", {})})
    with pytest.raises(ValueError, match="the letters are A, B, C and so on; got A, C"):
        choice("x", "none", 1, {"one": ("A", {"C": "No."})})


def test_an_estimate_whose_wrong_number_would_be_accepted_is_refused() -> None:
    with pytest.raises(ValueError, match="within a factor of 2"):
        estimate("x", "none", 1, {"one": Quantity(10, 2, {15: "No."})})
    with pytest.raises(ValueError, match="above 0"):
        estimate("x", "none", 1, {"one": Quantity(0)})
