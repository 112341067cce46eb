"""What the map says, in the words that all of its forms share: the page in a notebook, plain text, the terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass

from course.progress.overview import OPEN, PASSED, STATES, TRIED, LessonRows, Overview, Row, Step, next_step

# A sign and a filling for each state: color is never the only difference.
SIGNS = {PASSED: "✓", TRIED: "◐", OPEN: "○"}
BLOCKS = {PASSED: "■", TRIED: "◧", OPEN: "□"}
_SENTENCE = re.compile(r".*?[.!?](?=\s|$)", re.S)
_LONGEST = 160


@dataclass(frozen=True)
class Detail:
    """One exercise in the table of a lesson: all as text."""

    name: str
    state: str
    tries: str
    minutes: str
    last: str


DETAIL_HEADS = ("Exercise", "State", "Tries", "Minutes", "The last check")


def headline(view: Overview) -> str:
    """All lessons in one line."""
    return f"Your progress: {_counts(list(view.rows()))}"


def lesson_headline(lesson: LessonRows) -> str:
    """One lesson in one line."""
    left = time_left(lesson)
    return f"{lesson.title}: {_counts(list(lesson.rows))}{f', {left}' if left else ''}"


def time_left(lesson: LessonRows) -> str:
    """ "about 35 minutes left"; "" where nothing is, or where that can't be said."""
    minutes = lesson.minutes_left
    return f"about {minutes} minute{'' if minutes == 1 else 's'} left" if minutes else ""


def share(lesson: LessonRows) -> str:
    """ "2 of 8"."""
    return f"{len(lesson.of(PASSED))} of {len(lesson.rows)}"


def groups(lesson: LessonRows) -> list[tuple[str, str]]:
    """(state, names) for each state that an exercise of the lesson is in."""
    return [(state, ", ".join(map(_named, lesson.of(state)))) for state in STATES if lesson.of(state)]


def step_of(view: Overview, only: LessonRows | None) -> Step:
    """The suggestion: within the one lesson that is looked at, as long as something in it is open."""
    return next_step([only]) if only and (only.of(TRIED) or only.of(OPEN)) else view.next


def task(step: Step, link: str) -> str:
    """ "write neuron (exercises/02_the_neuron.ipynb)." with the link's words as they are given; "" where all is done."""
    return f"{step.say.format(link)} ({step.place})." if step.say else ""


def reason(step: Step, view: Overview) -> str:
    """Why this step, with what the last check of it said."""
    begun = [row.outcome for row in view.rows() if row.state == TRIED and row.name == step.heading]
    said = _first_sentence(begun[0].said) if begun and begun[0] else ""
    return f"{step.reason} The last check said: {said}" if said else step.reason


def details(lesson: LessonRows) -> list[Detail]:
    """The table of one lesson."""
    return [_detail(row) for row in lesson.rows]


def kept(where: str) -> str:
    """Where the map lies."""
    return (
        f"The map is kept on this machine, in {where}, and nothing is sent anywhere. To start over, delete that file."
        if where
        else ""
    )


def _detail(row: Row) -> Detail:
    outcome, last = row.outcome, ""
    if outcome:
        last = f"{outcome.right} of {outcome.cases} inputs right"
        last += f". {_first_sentence(outcome.said)}" if outcome.said and not outcome.last_right else ""
    tries = str(outcome.tries) if outcome else "–"
    minutes = "–" if row.minutes is None else str(row.minutes)
    return Detail(row.name, f"{SIGNS[row.state]} {row.state}", tries, minutes, last or "–")


def _named(row: Row) -> str:
    return f"{row.name} ({row.counts})" if row.counts else row.name


def _counts(rows: list[Row]) -> str:
    passed, tried = (sum(row.state == state for row in rows) for state in (PASSED, TRIED))
    return f"{passed} of {len(rows)} exercises passed{f', {tried} tried' if tried else ''}"


def _first_sentence(text: str) -> str:
    found = _SENTENCE.match(text)
    sentence = found[0] if found else text
    return sentence if len(sentence) <= _LONGEST else sentence[: _LONGEST - 1].rstrip() + "…"
