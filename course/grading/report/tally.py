"""What a class did, counted: for the screen and for the instructor's page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from course.grading.model import GRADED, Result
from course.grading.report.text import remarks


@dataclass
class QuestionTally:
    """One question over all submissions that were graded.

    Attributes:
        name: the exercise's name.
        states: how many submissions are in each state.
        points, possible: earned by all together, and at most.
    """

    name: str
    states: Counter[str] = field(default_factory=Counter)
    points: float = 0.0
    possible: float = 0.0

    @property
    def share(self) -> float:
        """The part of the points that was earned, 0 to 1."""
        return self.points / self.possible if self.possible else 1.0


def graded(results: Sequence[Result]) -> list[Result]:
    """Those that were graded; the others would only darken what the class knows."""
    return [result for result in results if result.status == GRADED]


def questions(results: Sequence[Result]) -> list[QuestionTally]:
    """The questions of one lesson, the most missed first (by the share of points earned)."""
    tallies: dict[str, QuestionTally] = {}
    for result in graded(results):
        for question in result.questions:
            tally = tallies.setdefault(question.name, QuestionTally(question.name))
            tally.states[question.state] += 1
            tally.points += question.points
            tally.possible += question.possible
    return sorted(tallies.values(), key=lambda tally: tally.share)


def mistakes(results: Sequence[Result]) -> list[tuple[str, str, int]]:
    """(question, mistake, how many made it), the most made first."""
    found = Counter((q.name, q.mistake) for result in results for q in result.questions if q.mistake)
    return [
        (name, mistake, count) for (name, mistake), count in sorted(found.items(), key=lambda item: (-item[1], item[0]))
    ]


def limits(results: Sequence[Result]) -> list[tuple[str, str, int]]:
    """(question or "", limit, how many hit it), the most hit first."""
    found = Counter(("", text) for result in results for text in result.limits)
    found += Counter((q.name, text) for result in results for q in result.questions for text in q.limits)
    return [(name, text, count) for (name, text), count in sorted(found.items(), key=lambda item: (-item[1], item[0]))]


def histogram(results: Sequence[Result]) -> list[tuple[str, int]]:
    """(label, how many) by percent of the points, best first: full points, then steps of ten."""
    bins: Counter[int] = Counter()
    for result in graded(results):
        if result.possible:
            # 0.3 + 0.6 of 0.9 points is all of them, whatever floating point says.
            bins[min(10, int(10 * result.points / result.possible + 1e-9))] += 1
    labels = {10: "100 %", **{step: f"{10 * step}–{10 * step + 9} %" for step in range(10)}}
    return [(labels[step], bins[step]) for step in range(10, -1, -1)]


def noted(results: Sequence[Result]) -> int:
    """How many submissions have a note or hit a limit."""
    return sum(any(True for _ in remarks(result)) for result in results)
