"""What is kept of the checks of one exercise, and how it is written in the file: plain JSON, to be read by people, too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from course.curriculum import topic_of

# Of the file's form. Raise it when an older course could not read the new form, and translate the older one here.
VERSION = 1
_ABOUT = "What `check` of the course From Threads to Networks said about your exercises; `progress()` draws its map from this."


class Broken(ValueError):
    """The text is no map: cut off, written by something else, or changed by hand into something that can't be read."""


class Newer(ValueError):
    """A newer version of the course wrote it."""


@dataclass(frozen=True)
class Attempt:
    """One call of ``check``.

    Attributes:
        exercise: its name.
        lesson: the lesson's topic, such as "the_neuron".
        right, cases: how many inputs were right, of how many.
        mistake: the name of the mistake that was recognized, or None.
        said: what the check said, one paragraph; "" where all is right.
        when: the time in UTC, ISO 8601: "2026-01-31T12:00:00Z".
    """

    exercise: str
    lesson: str
    right: int
    cases: int
    mistake: str | None
    said: str
    when: str


@dataclass(frozen=True)
class Outcome:
    """All that is kept of one exercise.

    Attributes:
        lesson: the lesson's topic. Files of earlier days hold its name there, with the number that it had.
        tries: how often it was checked; a stub that nobody has written in does not count.
        right, cases, said: of the last try (see :class:`Attempt`).
        mistake: the mistake that was recognized last, also of an earlier try; None where there was none.
        first, last: when it was checked first and last.
        passed: when it was passed first, or None. Once passed is passed, whatever comes later.
    """

    lesson: str
    tries: int
    right: int
    cases: int
    said: str
    mistake: str | None
    first: str
    last: str
    passed: str | None

    @property
    def last_right(self) -> bool:
        """Whether the last try was right."""
        return self.right == self.cases


@dataclass(frozen=True)
class Reader:
    """A way to read digits that the learner has built, for the scoreboard.

    Attributes:
        right: of 1,000 test digits, %.
        shifted: of the same digits, moved by four pixels, %.
        numbers: how many numbers it keeps.
        seconds: for one digit.
        when: it was measured, in UTC, ISO 8601.
    """

    right: float
    shifted: float
    numbers: int
    seconds: float
    when: str


_OF_A_READER: Mapping[str, tuple[type, ...]] = {
    "right": (float, int),
    "shifted": (float, int),
    "numbers": (int,),
    "seconds": (float, int),
    "when": (str,),
}
_KINDS: Mapping[str, tuple[type, ...]] = {
    "lesson": (str,),
    "tries": (int,),
    "right": (int,),
    "cases": (int,),
    "said": (str,),
    "mistake": (str, type(None)),
    "first": (str,),
    "last": (str,),
    "passed": (str, type(None)),
}


def after(before: Outcome | None, attempt: Attempt) -> Outcome:
    """The outcome of an exercise after one more attempt."""
    right = attempt.right == attempt.cases
    return Outcome(
        lesson=attempt.lesson,
        tries=1 + (before.tries if before else 0),
        right=attempt.right,
        cases=attempt.cases,
        said=attempt.said,
        mistake=attempt.mistake or (before.mistake if before else None),
        first=before.first if before else attempt.when,
        last=attempt.when,
        passed=(before.passed if before else None) or (attempt.when if right else None),
    )


def dumps(outcomes: Mapping[str, Outcome], readers: Mapping[str, Reader] | None = None) -> str:
    """The file's text."""
    exercises = {name: asdict(outcome) for name, outcome in outcomes.items()}
    data: dict[str, Any] = {"about": _ABOUT, "version": VERSION, "exercises": exercises}
    if readers:
        data["readers"] = {name: asdict(reader) for name, reader in readers.items()}
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def loads(text: str | bytes) -> dict[str, Outcome]:
    """The outcomes that the file's text holds, by the exercise's name.

    Raises:
        Broken: it can't be read.
        Newer: a newer version of the course wrote it.
    """
    return {str(name): _outcome(name, raw) for name, raw in _data(text)["exercises"].items()}


def readers(text: str | bytes) -> dict[str, Reader]:
    """The readers of digits that the file's text holds, by name, in the order in which they were measured first.

    Raises:
        Broken, Newer: as `loads` does.
    """
    raw = _data(text).get("readers", {})
    if not isinstance(raw, dict):
        raise Broken("its readers have another form")
    return {str(name): _reader(name, one) for name, one in raw.items()}


def _data(text: str | bytes) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Broken(f"it is not JSON ({error})") from None
    version = data.get("version") if isinstance(data, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise Newer
    if version != VERSION or not isinstance(data.get("exercises"), dict):
        raise Broken("it has another form")
    return dict(data)


def _reader(name: str, raw: Any) -> Reader:
    if not isinstance(raw, dict) or any(type(raw.get(key)) not in kinds for key, kinds in _OF_A_READER.items()):
        raise Broken(f"the reader {name} has another form")
    return Reader(**{key: raw[key] for key in _OF_A_READER})


def _outcome(name: str, raw: Any) -> Outcome:
    if not isinstance(raw, dict):
        raise Broken(f"{name} has another form")
    wrong = [key for key, kinds in _KINDS.items() if type(raw.get(key)) not in kinds]
    if wrong:
        raise Broken(f"{name} has no {wrong[0]} that can be read")
    return Outcome(**{key: raw[key] for key in _KINDS} | {"lesson": topic_of(raw["lesson"])})
