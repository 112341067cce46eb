"""Words and numbers for grade books and pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from course.grading.model import FAILED, MISSING, NOT_WRITTEN, PARTLY, RIGHT, STOPPED, WRONG, QuestionResult, Result

# A state is told by its sign and its word, so that nobody has to tell colors apart.
SIGNS = {RIGHT: "✓", PARTLY: "◐", WRONG: "✗", NOT_WRITTEN: "○", MISSING: "–", STOPPED: "■"}

# What a headline says that its question's state and inputs say, too.
_USUAL = re.compile(
    r"right, on all \d+ inputs?|not right yet \(\d+ of \d+ inputs? right\)|not written yet|not there|missing|stopped"
)
_FAILING = 8  # kinds of input in one sentence
# Not the calendar module's, which follow the machine's language.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def rounded(points: float) -> Decimal:
    """Points as they are shown: two decimals; a half goes up, never against the learner."""
    return Decimal(repr(float(points))).quantize(Decimal("0.01"), ROUND_HALF_UP)


def number(value: float) -> str:
    """A number of points: at most two decimals, and none where none are needed."""
    return f"{rounded(value):f}".rstrip("0").rstrip(".")


def earned(result: Result) -> float:
    """The points of a submission: the sum of its questions' as they are shown, so that whoever adds them up gets the same."""
    return float(sum((rounded(question.points) for question in result.questions), Decimal()))


def to_gain(question: QuestionResult) -> float:
    """The points that a question lacks; with those that are shown as earned they make all."""
    return float(rounded(question.possible) - rounded(question.points))


def percent(points: float, possible: float) -> str:
    """The share in percent, one decimal; "" where there was nothing to earn."""
    return f"{100 * points / possible:.1f}" if possible else ""


def plural(count: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 learner", "2 learners"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def when(moment: str) -> str:
    """A time in ISO 8601 as people write it: "21 November 2026, 16:47 UTC"; "" where it is none."""
    try:
        utc = datetime.fromisoformat(moment).astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return f"{utc.day} {_MONTHS[utc.month - 1]} {utc.year}, {utc:%H:%M} UTC"


def in_order(results: Iterable[Result]) -> list[Result]:
    """By learner, then lesson; workers finish in any order, and files must not depend on it."""
    return sorted(results, key=lambda result: (result.learner.casefold(), result.learner, result.lesson, result.key))


def by_lesson(results: Iterable[Result]) -> dict[str, list[Result]]:
    """The results of each lesson, lessons in order. Those whose lesson could not be told are left out."""
    found: dict[str, list[Result]] = {}
    for result in in_order(results):
        if result.lesson:
            found.setdefault(result.lesson, []).append(result)
    return dict(sorted(found.items()))


def possible_in(results: Sequence[Result]) -> float:
    """The points that one lesson gives; a result that was never graded may list no questions."""
    return max((result.possible for result in results), default=0.0)


def name_of(result: Result) -> str:
    """The learner's name as the platform told it, or ""."""
    return result.identity.get("name", "")


def remarks(result: Result) -> Iterator[str]:
    """The notes and limits of a result, those of its questions by name; for the learner and the instructor."""
    yield from result.notes
    yield from result.limits
    for question in result.questions:
        for limit in question.limits:
            yield f"{question.name}: {limit}"


def remarks_for_instructor(result: Result) -> Iterator[str]:
    """All remarks, with those that are not for the learner."""
    yield from result.aside
    yield from remarks(result)


def more(question: QuestionResult) -> str:
    """A question's headline without what stands beside it anyway: the name, the state, the number of inputs."""
    rest = question.headline.removeprefix(f"{question.name}: ")
    return "" if _USUAL.fullmatch(rest) or rest == question.state else rest[:1].upper() + rest[1:]


def inputs(question: QuestionResult) -> str:
    """How many of its inputs are right: "5 of 8 inputs right"; "" where there was nothing to try."""
    if not question.cases or question.state in (NOT_WRITTEN, MISSING):
        return ""
    return f"{question.cases_passed} of {plural(question.cases, 'input')} right"


def failing(question: QuestionResult) -> str:
    """Which inputs are not right, as a sentence; "" where none or all are, which the other words say."""
    if question.state not in (PARTLY, WRONG) or not question.cases_passed or not question.failed:
        return ""
    more_of_them = len(question.failed) - _FAILING
    end = f"; and {more_of_them} more" if more_of_them > 0 else ""
    return f"Not right on: {'; '.join(question.failed[:_FAILING])}{end}."


def beyond(question: QuestionResult) -> str:
    """From where the points count, as a sentence; "" where that is from the first right input on."""
    if not question.free:
        return ""
    if question.free == question.cases - 1:
        return f"The points are given for all {question.cases} inputs together."
    free, rest = plural(question.free, "input"), question.cases - question.free
    return (
        f"An answer that does no work, such as 0 for every input, is also right on {free}. So points count from "
        f"there: {max(0, question.cases_passed - question.free)} of the other {rest}."
    )


def told(result: Result) -> str:
    """Why it was not graded, in words for the learner; "" where it was, or where the grader broke."""
    return "" if result.status == FAILED else result.told or result.problem


def is_late(result: Result) -> bool:
    """Was it handed in late? The platform says so in a note that begins with "late"."""
    return any(note.casefold().startswith("late") for note in result.notes)
