"""Promises of `predict`: a guess is kept, set beside the measurement, and nothing waits where nobody answers."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from course import my_numbers, predict
from course.predict import Prediction, _typed
from course.widgets import front

room = import_module("course.predict")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Every test starts as a new session does."""
    room._made.clear()
    yield
    room._made.clear()


class Field:
    """The field that the learner would type into or click, as the page talks to it."""

    def __init__(self, prediction: Prediction) -> None:
        self.front: Any = prediction.panel().connect()
        assert self.front is not None

    def put(self, value: str) -> None:
        self.front.asked = {"n": self.front.drawn["n"] + 1, "value": {"guess": value}}

    @property
    def value(self) -> Any:
        return self.front.drawn["value"]["guess"]

    @property
    def says(self) -> str:
        return self.front.drawn["words"]


def test_a_typed_number_is_recorded() -> None:
    guess = predict("How much faster?", unit="×")
    field = Field(guess)
    assert (field.value, field.says) == ("", "")
    field.put("30")
    assert guess.guess == 30.0
    assert field.says == "kept: 30 ×"
    field.put("")
    assert guess.guess is None


def test_a_clicked_choice_is_recorded() -> None:
    guess = predict("Which is faster?", choices=("the loop", "the batch"))
    field = Field(guess)
    assert field.value is None
    field.put("the batch")
    assert guess.guess == "the batch"
    assert field.says == "kept: the batch"


def test_what_is_no_number_is_said_and_not_recorded() -> None:
    guess = predict("How much faster?")
    field = Field(guess)
    field.put("12")
    field.put("a lot")
    assert field.says.startswith("That is not a number.")
    assert guess.guess == 12.0


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("30", 30),
        (" 30 × ", 30),
        ("30x", 30),
        ("0,5", 0.5),
        ("0.5", 0.5),
        ("0,125", 0.125),
        ("1,280", 1280),
        ("1,000,000.5", 1000000.5),
        ("12 ms", 12),
        ("12ms", 12),
        ("-3", -3),
        ("1e3", 1000),
        ("97 %", 97),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, number: float) -> None:
    guess = predict("How long?", unit="ms")
    guess.answer(_typed(text, "ms"))
    assert guess.guess == number


def test_a_cell_that_is_run_again_keeps_the_guess_and_shows_it() -> None:
    predict("How much faster?", unit="×").answer(8)
    again = predict("How much faster?", unit="×")
    assert again.guess == 8
    assert (Field(again).value, Field(again).says) == ("8", "kept: 8 ×")
    chosen = predict("Which?", choices=["a", "b"])
    chosen.answer("b")
    assert Field(predict("Which?", choices=["a", "b"])).value == "b"


def test_other_choices_make_it_another_question() -> None:
    """A guess that is no longer among the choices would be nonsense."""
    predict("Which?", choices=["a", "b"]).answer("b")
    assert predict("Which?", choices=["a", "c"]).guess is None


def test_a_corrected_unit_is_taken_over() -> None:
    predict("How long?", unit="s").answer(3)
    assert (
        repr(predict("How long?", unit="ms").reveal(3, source="measured"))
        == "your guess: 3 ms  ·  measured here: 3 ms  (spot on)"
    )


@pytest.mark.parametrize("guess", ["a lot", "", [], float("nan"), float("inf"), "nan"])
def test_a_guess_that_is_no_number_is_refused(guess: Any) -> None:
    with pytest.raises(ValueError, match="the guess must be a number; got"):
        predict("How much faster?").answer(guess)


def test_a_guess_that_is_no_choice_is_refused_with_the_choices() -> None:
    with pytest.raises(ValueError, match="choose one of 'a', 'b'; got 'c'"):
        predict("Which?", choices=["a", "b"]).answer("c")


def test_one_choice_is_no_question() -> None:
    with pytest.raises(ValueError, match="at least two"):
        predict("Which?", choices=["a"])


@pytest.mark.parametrize(
    ("guess", "measured", "says"),
    [
        (100, 104, "spot on"),
        (10, 12, "close: 17 % too low"),
        (150, 100, "close: 50 % too high"),
        (100, 150, "close: 33 % too low"),
        (10, 30, "3 times too low"),
        (1024, 4, "256 times too high"),
        (1, 5000, "5,000 times too low"),
        (-1, 5, "too low"),
        (5, -1, "too high"),
        (0, 0, "spot on"),
        (3, 0, "too high"),
    ],
)
def test_the_verdict_says_how_far_off_in_words(guess: float, measured: float, says: str) -> None:
    prediction = predict("How much?")
    prediction.answer(guess)
    prediction.reveal(measured, source="measured")
    assert prediction.verdict() == says


def test_a_choice_is_right_or_not() -> None:
    guess = predict("Which?", choices=["the loop", "the batch"])
    guess.answer("the loop")
    assert (
        repr(guess.reveal("the loop", source="computed"))
        == "your guess: the loop  ·  the answer (computed): the loop  (as you said)"
    )
    assert "not what you said" in repr(guess.reveal("the batch", source="measured"))


@pytest.mark.parametrize("measured", [np.float32(2.5), jnp.array(2.5), 2.5])
def test_any_scalar_can_be_revealed(measured: Any) -> None:
    assert repr(predict("How much?").reveal(measured, source="measured")) == "measured here: 2.5"


def test_where_nobody_answers_only_the_measurement_is_shown() -> None:
    shown = predict("How much faster?", unit="×").reveal(37.04, source="measured")
    assert repr(shown) == "measured here: 37 ×"
    assert "you said" not in shown._repr_html_()


def test_html_and_text_show_the_same_figures_and_html_is_escaped() -> None:
    guess = predict("Is 1 < 2 & 3?", unit="<b>")
    guess.answer(2)
    page = guess.reveal(3, source="measured")._repr_html_() + guess._still() + my_numbers()._repr_html_()
    assert "2 &lt;b&gt;" in page
    assert "1 &lt; 2 &amp; 3" in page
    assert "<b> " not in re.sub(r"<b>[^<]", "", page)


def test_my_numbers_is_a_table_of_what_was_measured() -> None:
    assert repr(my_numbers()) == "None of your guesses has an answer yet."
    predict("Never measured").answer(1)
    first = predict("How much faster?", unit="×")
    first.answer(8)
    first.reveal(64, source="measured")
    predict("How long?", unit="ms").reveal(1.5, source="datasheet")
    assert repr(my_numbers()) == (
        "How much faster?  you: 8 ×  measured here: 64 ×  (8 times too low)\nHow long?  you: –  from the datasheet: 1.5 ms"
    )
    page = my_numbers()._repr_html_()
    assert page.count("<tr>") == 3 and "from the datasheet" in page
    assert "Never measured" not in page
    assert "64 ×" in page


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("measured", "measured here"),
        ("counted", "counted"),
        ("computed", "computed"),
        ("datasheet", "from the datasheet"),
        ("simulated", "counted by the simulator"),
    ],
)
def test_the_answer_says_where_it_comes_from(source: Any, says: str) -> None:
    assert repr(predict("How much?").reveal(3, source=source)) == f"{says}: 3"


def test_a_source_that_is_none_of_them_is_refused() -> None:
    with pytest.raises(ValueError, match="measured, counted, computed, datasheet, simulated; got 'guessed'"):
        predict("How much?").reveal(3, source="guessed")  # type: ignore[arg-type]


def test_it_works_without_any_front_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """No anywidget, no notebook: the question has a text, can be answered by a call, and reveals."""
    front._front.cache_clear()
    monkeypatch.setitem(sys.modules, "anywidget", None)
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, metadata, raw: shown.append(bundle))
    guess = predict("How much faster?", unit="×")
    assert guess.panel().connect() is None
    guess._ipython_display_()
    assert shown == [{"text/plain": "Your guess: How much faster?", "text/html": guess._still()}]
    assert repr(guess) == "<prediction: How much faster? not answered yet>"
    guess.answer(30)
    assert repr(guess) == "<prediction: How much faster? 30 ×>"
    assert repr(guess.reveal(30, source="measured")) == "your guess: 30 ×  ·  measured here: 30 ×  (spot on)"
