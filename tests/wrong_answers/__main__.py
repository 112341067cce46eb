"""What `check` says of the wrong answers: ``python -m wrong_answers [topic …]`` in tests/ prints a line for each exercise, then the shares.

named: a mistake that the exercise declares; directed: a kind, or a sentence that says what to look at; numbers, error: no more than
that numbers differ, or the error itself; accepted: taken for right.
"""

from __future__ import annotations

import sys
from collections import Counter

from course.checks import Verdict, find, judge
from course.terminal import say
from wrong_answers import wrong_answers

WAYS = ("named", "directed", "numbers", "error", "accepted")
_BARE = ("values differ from the expected ones.", "the value is not the expected one.")


def way(verdict: Verdict) -> str:
    """How a verdict on a wrong answer helps, one of WAYS."""
    if verdict.passed:
        return "accepted"
    if verdict.mistake:
        return "named"
    if len(verdict.text) > 1 or not verdict.text:
        return "directed"
    if verdict.text[0].endswith("it stopped with an error."):
        return "error"
    return "numbers" if verdict.text[0].endswith(_BARE) else "directed"


def measure(topics: list[str | None]) -> None:
    """Judge all wrong answers of these lessons, or of all, and print what came."""
    rows: dict[str, Counter[str]] = {}
    for answer in (answer for topic in topics or [None] for answer in wrong_answers(topic)):
        verdict = judge(find(answer.exercise), answer.function())
        rows.setdefault(answer.exercise, Counter())[way(verdict)] += 1
        if way(verdict) not in ("named", "directed"):
            say(f"{answer.name}: {way(verdict)}")
    say(f"{'':32}" + "".join(f"{name:>10}" for name in WAYS))
    for exercise, row in rows.items():
        say(f"{exercise:32}" + "".join(f"{row[name]:>10}" for name in WAYS))
    total = sum(rows.values(), Counter())
    say(f"{'of ' + str(total.total()):32}" + "".join(f"{total[name] / total.total():>10.1%}" for name in WAYS))


if __name__ == "__main__":
    measure([*sys.argv[1:]])
