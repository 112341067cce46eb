"""Promises of `scoreboard`: each reader of digits is measured in the same way, and stays in the learner's file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from progress_files import TOPIC, fresh_map, verdict

from course import scoreboard
from course.data import load
from course.history import file as store


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return fresh_map(tmp_path, monkeypatch)


def knows(images: Any) -> Any:
    """Reads a test digit in place, and answers 0 for what it doesn't know."""
    test, labels = load("mnist_5k").test
    known = {image.tobytes(): label for image, label in zip(test, labels, strict=True)}
    return np.array([known.get(np.asarray(image).tobytes(), 0) for image in images])


def zeros(images: Any) -> Any:
    return np.zeros(len(images), int)


def test_a_reader_is_measured_on_test_digits_in_place_and_moved(file: Path) -> None:
    board = scoreboard("by heart", knows, numbers=784_000)
    one = board.readers["by heart"]
    assert (one.right, one.shifted, one.numbers) == (100, 10, 784_000) and one.seconds > 0
    assert repr(board).split("\n")[1].split("  ")[0] == "by heart" and "100.0 %" in repr(board)
    assert "<td style='text-align: right; font-weight: bold'>784,000</td>" in board._repr_html_()


def test_readers_stay_in_the_file_beside_the_exercises_in_the_order_in_which_they_were_built(file: Path) -> None:
    scoreboard("zeros", zeros, numbers=1)
    store.record(TOPIC, verdict("neuron"))
    scoreboard("by heart", knows, numbers=784_000)
    scoreboard("zeros", zeros, numbers=2)
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert list(kept["readers"]) == ["zeros", "by heart"] and kept["readers"]["zeros"]["numbers"] == 2
    assert list(kept["exercises"]) == ["neuron"] and list(scoreboard().readers) == ["zeros", "by heart"]


def test_where_nothing_is_kept_the_session_remembers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(store.VARIABLE, store.OFF)
    monkeypatch.setattr(store, "_pending_readers", {})
    assert repr(scoreboard()) == "No reader of digits has been measured yet."
    scoreboard("zeros", zeros, numbers=1)
    assert list(scoreboard().readers) == ["zeros"]


def test_a_broken_readers_entry_is_set_aside_with_its_file(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"version": 1, "exercises": {}, "readers": {"a": 3}}), encoding="utf-8")
    board = scoreboard("zeros", zeros, numbers=1)
    assert list(board.readers) == ["zeros"] and "the reader a has another form" in board.note
    assert [path.name for path in file.parent.glob("*broken*")]


@pytest.mark.parametrize(("name", "numbers"), [("", 3), ("zeros", 0)])
def test_a_reader_needs_a_name_and_the_count_of_its_numbers(name: str, numbers: int) -> None:
    with pytest.raises(ValueError, match="a name and the count"):
        scoreboard(name, zeros, numbers=numbers)


def test_a_reader_that_returns_no_label_for_each_image_is_told_so() -> None:
    with pytest.raises(ValueError, match=r"shape \(1000, 10\) for 1000 images; expected \(1000,\)"):
        scoreboard("scores", lambda images: np.zeros((len(images), 10)), numbers=1)
