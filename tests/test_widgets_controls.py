"""Controls: each says to the page what it is, and takes from the page only what it can have sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from course.widgets.controls import Button, Checkbox, Choice, Control, Number, Play, Range, Select, Text

EACH: list[Control] = [
    Range("w", at=1.0, low=-3.0, high=3.0),
    Number("n", at=2.0, low=0.0),
    Text("guess", "How many?", at="8", unit="×"),
    Choice("f", options=["tanh", "ReLU"]),
    Select("follow", options=["all", "one"], at="one"),
    Checkbox("fine", at=True),
    Button("again"),
    Play("play", moves="w", by=1),
]


@pytest.mark.parametrize("control", EACH, ids=lambda control: type(control).__name__)
def test_a_control_is_described_in_json_by_its_kind_and_takes_its_own_start(control: Control) -> None:
    described = json.loads(json.dumps(control.described()))
    assert described["kind"] == type(control).__name__.lower()
    assert described["label"]
    assert described["start"] == control.start
    assert control.taken(control.start) == control.start


@pytest.mark.parametrize(
    ("control", "value"),
    [
        (EACH[0], "2"),
        (EACH[0], float("nan")),
        (EACH[0], True),
        (EACH[1], "2"),
        (EACH[2], 8),
        (EACH[3], "sigmoid"),
        (EACH[4], 1),
        (EACH[5], 1),
        (EACH[6], -1),
        (EACH[6], 1.5),
    ],
)
def test_what_a_control_can_not_have_sent_is_refused_by_its_name(control: Control, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{control.name} can't be"):
        control.taken(value)


def test_a_label_is_the_name_in_words() -> None:
    assert Range("learning_rate", at=0.5).described()["label"] == "learning rate"
    assert Text("guess", "How many?").described()["label"] == "How many?"


def test_a_slider_keeps_within_its_ends() -> None:
    slider = Range("w", at=0.0, low=-1.0, high=1.0)
    assert (slider.taken(-7), slider.taken(0.5), slider.taken(7)) == (-1.0, 0.5, 1.0)


def test_a_slider_of_whole_numbers_gives_whole_numbers() -> None:
    slider = Range("step", at=1, low=1, high=9, step=1)
    assert slider.taken(3) == 3
    assert isinstance(slider.taken(3.0), int)
    assert slider.described()["digits"] == 0


@pytest.mark.parametrize(("step", "digits"), [(1.0, 0), (0.5, 1), (0.1, 1), (0.05, 2), (0.016, 2), (0.001, 3)])
def test_a_slider_shows_as_many_decimals_as_its_step_needs(step: float, digits: int) -> None:
    assert Range("w", at=0.0, step=step).described()["digits"] == digits


@pytest.mark.parametrize(
    "wrong", [{"at": 2.0}, {"at": -1.0}, {"at": 0.5, "low": 0.0, "log": True}, {"at": 1.0, "low": 1.0, "high": 1.0}]
)
def test_a_slider_that_can_not_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^w: "):
        Range("w", **wrong)


def test_a_number_may_be_missing_and_keeps_within_its_ends() -> None:
    number = Number("n", low=0.0, high=5.0)
    assert (number.start, number.taken(None), number.taken(-1), number.taken(9)) == (None, None, 0.0, 5.0)


def test_a_choice_begins_with_its_first_option_or_with_none() -> None:
    assert Choice("f", options=["a", "b"]).start == "a"
    assert Choice("f", options=["a", "b"], at="").start is None


def test_a_long_text_is_cut() -> None:
    assert Text("guess", longest=3).taken("12345") == "123"
