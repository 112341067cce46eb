"""What a class did, counted: for the screen and for the instructor's page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from course.grading.model import GRADED, Result
from course.grading.report.phrases import earned, in_order


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


@dataclass(frozen=True)
class MistakeTally:
    """A mistake that was recognized, and who made it.

    Attributes:
        question: the exercise's name.
        mistake: the mistake's name, such as "transposed", which says little to whoever does not know the catalogue.
        hint: what the learner was told about it; "" where nothing was.
        learners: their keys, in order.
    """

    question: str
    mistake: str
    hint: str
    learners: tuple[str, ...]


def mistakes(results: Sequence[Result]) -> list[MistakeTally]:
    """The mistakes that were recognized, the most made first."""
    learners: dict[tuple[str, str], list[str]] = defaultdict(list)
    hints: dict[tuple[str, str], str] = {}
    for result in in_order(results):
        for question in result.questions:
            if question.mistake:
                learners[question.name, question.mistake].append(result.learner)
                # The hint comes first, then where the learner's own code stopped.
                hints.setdefault((question.name, question.mistake), question.text[0] if question.text else "")
    found = [MistakeTally(*key, hints[key], tuple(who)) for key, who in learners.items()]
    return sorted(found, key=lambda one: (-len(one.learners), one.question, one.mistake))


def limits(results: Sequence[Result]) -> list[tuple[str, str, tuple[str, ...]]]:
    """(question or "", limit, the learners who hit it), the most hit first."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for result in in_order(results):
        hits = [("", text) for text in result.limits]
        hits += [(question.name, text) for question in result.questions for text in question.limits]
        for hit in dict.fromkeys(hits):
            found[hit].append(result.learner)
    rows = [(name, text, tuple(who)) for (name, text), who in found.items()]
    return sorted(rows, key=lambda row: (-len(row[2]), row[:2]))


def histogram(results: Sequence[Result]) -> list[tuple[str, int]]:
    """(label, how many) by percent of the points, best first: full points, then steps of ten."""
    bins: Counter[int] = Counter()
    for result in graded(results):
        if result.possible:
            # 0.3 + 0.6 of 0.9 points is all of them, whatever floating point says.
            bins[min(10, int(10 * earned(result) / result.possible + 1e-9))] += 1
    labels = {10: "100 %", **{step: f"{10 * step}–{10 * step + 9} %" for step in range(10)}}
    return [(labels[step], bins[step]) for step in range(10, -1, -1)]
