"""Maps of progress to test with: a file in a temporary folder, verdicts, outcomes."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.checks.verdict import Verdict
from course.curriculum import lesson_of
from course.history import file as store
from course.history.attempts import Outcome

TOPIC = "the_neuron"
LESSON = lesson_of(TOPIC)
WRONG = "The bias is missing. Add it before tanh."


def fresh_map(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a learner who begins a session; it does not exist yet."""
    file = folder / "home" / "progress.json"
    monkeypatch.setenv(store.VARIABLE, str(file))
    monkeypatch.setattr(store, "_pending", [])
    monkeypatch.setattr(store, "_trouble", "")
    monkeypatch.setattr(store, "_told", set())
    return file


def verdict(name: str = "neuron", right: int = 5, mistake: str | None = None, said: str = WRONG) -> Verdict:
    """What a check says of an answer that is right on so many of 5 inputs."""
    text = () if right == 5 else (said,)
    return Verdict(name, right == 5, "", text, mistake=mistake, cases_passed=right, cases=5)


def outcome(
    right: int = 5, lesson: str = LESSON, at: int = 0, passed: bool | None = None, said: str = WRONG
) -> Outcome:
    """What is kept after one try, in the minute `at`."""
    when = f"2026-01-01T00:{at:02}:00Z"
    was = right == 5 if passed is None else passed
    return Outcome(lesson, 1, right, 5, "" if right == 5 else said, None, when, when, when if was else None)
