"""A panel answers whoever moves its controls, one question at a time, and survives what the learner's function does."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from course.widgets.controls import Button, Checkbox, Choice, Range
from course.widgets.front import WIDGET, show
from course.widgets.panel import Answer, Panel


class Seen:
    """A function for a panel that keeps what it was asked, and can be told to fail."""

    def __init__(self) -> None:
        self.asked: list[tuple[dict[str, Any], frozenset[str]]] = []

    def __call__(self, value: dict[str, Any], moved: frozenset[str]) -> Answer:
        self.asked.append((value, moved))
        if value["w"] == 0:
            raise ZeroDivisionError("w is 0")
        return Answer(f"png {value['w']:g}".encode(), f"a line with w = {value['w']:g}", f"w is {value['w']:g}")


CONTROLS = (Range("w", at=1.0, low=-3.0, high=3.0), Choice("f", options=["tanh", "ReLU"]), Button("again"))


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def panel(seen: Seen) -> Panel:
    panel = Panel(CONTROLS, seen, label="a neuron")
    panel.draw()
    return panel


@pytest.fixture
def front(panel: Panel) -> Any:
    """What the page talks to: setting its trait `asked` is what the page does."""
    return panel.connect()


def test_the_first_picture_is_that_of_the_start(panel: Panel, seen: Seen) -> None:
    assert seen.asked == [({"w": 1.0, "f": "tanh", "again": 0}, frozenset())]
    assert (panel.answer.picture, panel.answer.words) == (b"png 1", "w is 1")


def test_a_moved_control_is_drawn_and_named(panel: Panel, seen: Seen) -> None:
    panel.change(w=2.5)
    panel.change(f="ReLU", again=1)
    assert panel.value == {"w": 2.5, "f": "ReLU", "again": 1}
    assert [moved for _, moved in seen.asked[1:]] == [{"w"}, {"f", "again"}]
    assert panel.answer.alt == "a line with w = 2.5"


def test_the_page_is_told_all_controls_and_finds_the_first_picture(front: Any) -> None:
    assert [c["kind"] for c in front.spec["controls"]] == ["range", "choice", "button"]
    assert front.spec["label"] == "a neuron"
    assert bytes(front.picture) == b"png 1"
    assert front.drawn["value"] == {"w": 1.0, "f": "tanh", "again": 0}


def test_an_answer_carries_the_number_of_its_question(front: Any) -> None:
    """The page puts no other question before this number has come back."""
    assert front.drawn["n"] == 0
    front.asked = {"n": 1, "value": {"w": 2.0}}
    assert (front.drawn["n"], front.drawn["words"], bytes(front.picture)) == (1, "w is 2", b"png 2")
    front.asked = {"n": 7, "value": {"w": -2.0}}
    assert (front.drawn["n"], front.drawn["alt"]) == (7, "a line with w = -2")


def test_words_and_picture_come_in_one_message(front: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes while `hold_sync` is open goes to the page together when it closes."""
    told: list[str] = []
    real = type(front).hold_sync

    @contextmanager
    def noted(self: Any) -> Iterator[None]:
        told.append("open")
        with real(self):
            yield
            told.append("close")

    monkeypatch.setattr(type(front), "hold_sync", noted)
    front.observe(lambda change: told.append(change["name"]), names=["picture", "drawn"])
    front.asked = {"n": 1, "value": {"w": 2.0}}
    assert told == ["open", "picture", "drawn", "close"]


def test_an_exception_is_shown_with_its_line_and_the_old_picture_stays(front: Any, panel: Panel) -> None:
    front.asked = {"n": 1, "value": {"w": 0.0}}
    assert front.drawn["n"] == 1, "the page must not wait for ever"
    assert front.drawn["error"].startswith("ZeroDivisionError: w is 0\nin __call__, line ")
    assert 'raise ZeroDivisionError("w is 0")' in front.drawn["error"]
    assert bytes(front.picture) == b"png 1"
    front.asked = {"n": 2, "value": {"w": 2.0}}
    assert (front.drawn["error"], panel.error) == ("", "")


def test_an_exception_in_the_first_picture_belongs_to_the_cell() -> None:
    panel = Panel([Range("w", at=0.0, low=-3.0, high=3.0)], Seen(), label="a neuron")
    with pytest.raises(ZeroDivisionError):
        panel.draw()


@pytest.mark.parametrize("value", [{"w": "2"}, {"speed": 1}, {"f": "cosine"}])
def test_nonsense_from_the_page_is_refused_in_words_and_changes_nothing(value: dict[str, Any], front: Any) -> None:
    before = dict(front.drawn["value"])
    front.asked = {"n": 1, "value": value}
    assert front.drawn["error"].startswith("ValueError")
    assert front.drawn["value"] == before


def test_python_can_move_controls_and_their_ends() -> None:
    def follow(value: dict[str, Any], moved: frozenset[str]) -> Answer:
        return Answer(value={"step": 1}, high={"step": 4}) if "short" in moved else Answer(words=str(value["step"]))

    panel = Panel([Range("step", at=1, low=1, high=9, step=1), Checkbox("short")], follow, label="steps")
    panel.change(step=8)
    panel.change(short=True)
    assert panel.value["step"] == 1
    front = panel.connect()
    assert front is not None
    assert (front.drawn["high"], front.drawn["value"]["step"]) == ({"step": 4}, 1)
    front.asked = {"n": 1, "value": {"step": 8}}
    assert panel.value["step"] == 4, "not beyond the new end"


def test_a_change_from_python_reaches_the_page(front: Any, panel: Panel) -> None:
    panel.change(w=3.0)
    assert (front.drawn["value"]["w"], bytes(front.picture)) == (3.0, b"png 3")


@pytest.mark.parametrize("anywhere", [False, True])
def test_pictures_are_drawn_in_the_main_thread_and_a_guess_is_taken_at_once(anywhere: bool) -> None:
    """JupyterLab hands what widgets say to another thread, where pyplot's current figure may be that of a running cell."""
    threads: list[str] = []

    def answered(value: dict[str, Any], moved: frozenset[str]) -> Answer:
        threads.append(threading.current_thread().name)
        return Answer(words=f"{value['w']:g}")

    async def kernel() -> list[str]:
        panel = Panel([Range("w", at=0.0)], answered, label="a neuron", anywhere=anywhere)
        front = panel.connect()
        assert front is not None
        other = threading.Thread(target=lambda: setattr(front, "asked", {"n": 1, "value": {"w": 1.0}}), name="subshell")
        other.start()
        other.join()
        at_once = list(threads)
        await asyncio.sleep(0.01)
        assert front.drawn["n"] == 1
        return at_once

    at_once = asyncio.run(kernel())
    assert at_once == (["subshell"] if anywhere else [])
    assert threads == (["subshell"] if anywhere else [threading.main_thread().name])


def test_two_controls_of_one_name_and_a_button_for_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="a name of its own"):
        Panel([Range("w"), Checkbox("w")], Seen(), label="two")
    with pytest.raises(ValueError, match="next moves 'step', and there is no such slider"):
        Panel([Button("next", moves="step", by=1)], Seen(), label="none")


def test_without_anywidget_the_still_is_shown_and_nothing_fails(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    from course.widgets import front

    front._front.cache_clear()
    monkeypatch.setitem(sys.modules, "anywidget", None)
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, metadata, raw: shown.append(bundle))
    assert panel.connect() is None
    show({"text/plain": "a neuron"}, front=panel.connect())
    panel.change(w=2.0)
    assert shown == [{"text/plain": "a neuron"}]
    assert panel.answer.words == "w is 2"


def test_the_live_view_is_shown_beside_the_still(front: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, metadata, raw: shown.append(bundle))
    show({"text/plain": "a neuron", "image/png": "…"}, front=front)
    assert shown[0].keys() == {"text/plain", "image/png", WIDGET}
    assert shown[0][WIDGET]["model_id"] == front.model_id
