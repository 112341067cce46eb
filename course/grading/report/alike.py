"""Submissions that are suspiciously alike, in words: for the screen, the instructor's page and a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from course.grading.model import Result
from course.grading.report.files import Written, write_csv
from course.grading.report.phrases import is_late, name_of, plural
from course.grading.safe_text import cell, line, some

# What the figures mean, wherever they are shown.
EXPLAINED = (
    "Look at both submissions before you draw conclusions; no points depend on this. “Alike” is how much of "
    "the shorter one's unusual code is also in the other; “pieces” is how many unusual pieces of code they "
    "share; a piece is eight words and signs in a row. Code that many in the class wrote, or that the course "
    "gave, doesn't count."
)
_COLUMNS = (
    *("lesson", "learner", "name", "other", "other_name", "alike_percent", "pieces"),
    *("same_answers", "questions", "same_in", "exact_copy", "late", "in_words"),
)


class Alike(Protocol):
    """Two submissions whose code is suspiciously alike (course.grading.marking.similarity.Pair)."""

    @property
    def lesson(self) -> str:
        """The lesson's name."""

    @property
    def one(self) -> str:
        """A learner's key."""

    @property
    def other(self) -> str:
        """Another learner's key."""

    @property
    def share(self) -> float:
        """The part of their distinctive code that they share, 0 to 1."""

    @property
    def common(self) -> int:
        """How many fingerprints they share."""

    @property
    def same(self) -> tuple[str, ...]:
        """The questions where both wrote the same, names and comments apart."""

    @property
    def exact(self) -> bool:
        """All of their code is the same, character by character, private cells too."""


@dataclass(frozen=True)
class Likeness:
    """A pair with what the results say of it.

    Attributes:
        pair: the two.
        questions: how many questions the lesson has.
        names: theirs, as the platform told them; "" where it did not.
        late: the keys of those who handed in late.
    """

    pair: Alike
    questions: int
    names: tuple[str, str]
    late: tuple[str, ...]

    @property
    def said(self) -> str:
        """What is the same, and who was late, as a phrase: "the same answers in all 8 questions; bo handed in late"."""
        same = self.pair.same
        if self.pair.exact:
            what = "the same code in every cell, character by character"
        elif same and len(same) == self.questions:
            what = f"the same answers in all {plural(len(same), 'question')}"
        elif same:
            what = f"the same answer in {len(same)} of {plural(self.questions, 'question')}: {some(same, 8)}"
        else:
            what = "no whole answer is the same, but large parts are"
        if not self.late:
            return what
        return f"{what}; {'both' if len(self.late) == 2 else line(self.late[0], 60)} handed in late"


def likenesses(results: Sequence[Result], pairs: Sequence[Alike]) -> list[Likeness]:
    """The pairs, the most alike first: exact copies, then by what they share.

    Args:
        results: of one run; a pair's two are looked up in them.
        pairs: of any lessons.
    """
    known = {(result.learner, result.lesson): result for result in results}
    found = []
    for pair in sorted(pairs, key=lambda pair: (not pair.exact, -pair.share, -pair.common, pair.one, pair.other)):
        both = [known.get((learner, pair.lesson)) for learner in (pair.one, pair.other)]
        one, other = ("" if result is None else name_of(result) for result in both)
        late = tuple(result.learner for result in both if result is not None and is_late(result))
        questions = max((len(result.questions) for result in both if result is not None), default=0)
        found.append(Likeness(pair, questions, (one, other), late))
    return found


def write_alike(results: Sequence[Result], pairs: Sequence[Alike], out: Path) -> Written:
    """Write ``alike.csv``: a row for each pair, UTF-8 with a byte order mark, as ``grades.csv``.

    Where no two are alike the table has no rows but its head, so that the list of an earlier run does not stay.

    Args:
        results: of one run, in any order.
        pairs: see :func:`course.grading.marking.similarity.likely_copies`.
        out: the folder; made if needed.
    """
    return Written((write_csv(out / "alike.csv", [_COLUMNS, *_rows(results, pairs)], bom=True),))


def _rows(results: Sequence[Result], pairs: Sequence[Alike]) -> Iterator[list[str]]:
    for likeness in likenesses(results, pairs):
        pair = likeness.pair
        yield [
            cell(pair.lesson),
            cell(pair.one),
            cell(likeness.names[0]),
            cell(pair.other),
            cell(likeness.names[1]),
            f"{100 * pair.share:.0f}",
            str(pair.common),
            str(len(pair.same)),
            str(likeness.questions),
            cell(" ".join(pair.same)),
            "yes" if pair.exact else "",
            cell(" ".join(likeness.late)),
            cell(likeness.said),
        ]
