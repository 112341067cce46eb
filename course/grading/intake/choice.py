"""Of all that one person handed in, the notebook that counts: a row for each lesson, or one that says why there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from course.checks import registry
from course.curriculum import LESSONS
from course.grading.intake import naming
from course.grading.intake.inspection import Inspected, Unreadable, content_of
from course.grading.intake.naming import Person
from course.grading.intake.nodes import TIMESTAMP, Node, printable
from course.grading.intake.owners import Claim
from course.grading.intake.reasons import Reason
from course.grading.safe_text import some


@dataclass
class Pile:
    """What one person handed in for one lesson, in one place."""

    good: list[tuple[Claim, Inspected]] = field(default_factory=list)
    bad: list[tuple[Claim, Inspected]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class Learner:
    """All that one person handed in: piles by (lesson, source), and files that are no notebooks."""

    person: Person
    piles: dict[tuple[str, str], Pile] = field(default_factory=dict)
    extras: list[Claim] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """A submission without its learner's key.

    Attributes:
        source: "", or what tells it from another of the same person.
        notes, aside: as in :class:`course.grading.model.Submission`.
        other: the lesson that was handed in instead of one that was asked for, or "".
    """

    person: Person
    source: str
    lesson: str
    claim: Claim
    found: Inspected
    notes: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    other: str = ""


def rows_for(learner: Learner, lessons: Sequence[str], only: str) -> Iterator[Row]:
    """One row for each lesson of those asked for; where there is none, one that says why.

    Args:
        learner: with at least one file.
        lessons: those asked for.
        only: the lesson that whatever tells none was handed in for, or "".
    """
    asked = [lesson for lesson in sorted({lesson for lesson, _ in learner.piles}) if lesson in lessons]
    rows = [row for lesson in asked for row in _rows_of(learner, lesson)]
    lost = [pair for (lesson, _), pile in sorted(learner.piles.items()) if not lesson for pair in pile.bad]
    notes = [note for claim in learner.extras if claim.typed for note in claim.notes] + _also(learner.extras)
    if rows:
        # What has no lesson is told with the first row: it may have been meant for any of them.
        notes += [f"not graded: {found.problem.what}" for _, found in lost]
        yield from (_noted(row, notes if row is rows[0] else [], learner) for row in rows)
        return
    name = printable(learner.person.name)
    wanted = f"of {lessons[0]}" if len(lessons) == 1 else "of these lessons"
    if lost:
        (claim, found), *others = lost
        notes = [*claim.notes, *notes, *(f"also: {other.problem.what}" for _, other in others)]
        yield Row(learner.person, "", only, claim, found, tuple(notes))
    elif learner.piles:
        (other, _), pile = min(learner.piles.items())
        claim, found = [*pile.good, *pile.bad][0]
        got = f"{printable(claim.node.name)}, which is of {other}"
        you = f"You handed in {printable(claim.called)}, which is of {other}, not {wanted}"
        reason = Reason(f"{name} handed in no notebook {wanted}, but {got}", you=you)
        yield Row(learner.person, "", only, claim, Inspected(problem=reason), (*pile.notes, *notes), other=other)
    else:
        what = some([printable(extra.node.name) for extra in learner.extras])
        own = some([printable(extra.called) for extra in learner.extras])
        none = "which is not a notebook" if len(learner.extras) == 1 else "and no notebook"
        reason = Reason(
            f"{name} handed in no notebook, but {what}",
            "ask for the .ipynb file",
            "hand in the .ipynb file",
            f"You handed in {own}, {none}",
        )
        said = tuple(note for claim in learner.extras for note in claim.notes)
        yield Row(learner.person, "", only, learner.extras[0], Inspected(problem=reason), said)


def _rows_of(learner: Learner, lesson: str) -> Iterator[Row]:
    """One row, or one for each source that has another notebook: which one counts is not for a program to say."""
    sources = sorted(source for name, source in learner.piles if name == lesson)
    rows: list[Row] = []
    for source in sources:
        row = _choose(learner.person, source, lesson, learner.piles[lesson, source])
        if any(row.found.digest == other.found.digest for other in rows if row.found.digest):
            continue
        rows.append(row)
    for index, row in enumerate(rows):
        others = [other.claim.node.shown for other in rows if other is not row]
        aside = (f"was handed in twice, here and as {some(others)}: keep one of the rows",) if others else ()
        yield replace(row, source=row.source if index else "", aside=aside)


def _choose(person: Person, source: str, lesson: str, pile: Pile) -> Row:
    """The notebook with most of the lesson's exercises; among equals the later: by the platform's number, its name, its time, its place."""
    good = sorted(pile.good, key=lambda pair: _rank(pair, lesson), reverse=True)
    (claim, found), *others = good or pile.bad
    notes = [*claim.notes, *pile.notes]
    if good:
        different = list({other.digest: left for left, other in others if other.digest != found.digest}.values())
        if different:
            name, left_out = (
                printable(claim.node.name),
                some([_told_apart(other.node, claim.node) for other in different]),
            )
            notes.append(f"one of {len(different) + 1} notebooks for {lesson}: {name} was graded, {left_out} was not")
        notes += [f"not graded: {other.problem.what}" for _, other in pile.bad]
    else:
        notes += [f"also: {other.problem.what}" for _, other in others]
    return Row(person, source, lesson, claim, found, tuple(notes))


def _rank(pair: tuple[Claim, Inspected], lesson: str) -> tuple[bool, int, int, int, float, tuple[int, ...], str]:
    claim, found = pair
    node = claim.node
    hidden = any(name.startswith(".") for name in claim.names)
    later = (naming.copy_number(node.name), node.modified, node.place, node.shown)
    return not hidden, count_of(found, lesson), claim.order, *later


def count_of(found: Inspected, lesson: str) -> int:
    """How many of a lesson's exercises a notebook speaks of."""
    return len(found.names & registry.exercises(lesson).keys()) if lesson in LESSONS else 0


def _noted(row: Row, notes: Sequence[str], learner: Learner) -> Row:
    """The row with more notes, and with nbgrader's time of hand-in if that lies beside the notebook."""
    folder = _folder(row.claim.node)
    stamps = (e.node for e in learner.extras if e.node.name == TIMESTAMP and _folder(e.node) == folder)
    times = [f"handed in {time}" for node in stamps if (time := _time(node))]
    return replace(row, notes=(*row.notes, *times, *notes))


def _folder(node: Node) -> str:
    return node.shown.rpartition("/")[0]


def _time(node: Node) -> str:
    """The time in nbgrader's `timestamp.txt`, such as "2026-01-30 10:30:47 UTC"; "" if there is none."""
    try:
        text = content_of(node.path, node.name).decode("utf-8", "replace") if node.path is not None else ""
    except Unreadable:
        return ""
    found = re.match(r"\s*(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(?:\.\d+)?[ ]?([A-Za-z]{1,5}|[+-]\d\d:?\d\d)?", text)
    return " ".join(filter(None, found.groups())) if found else ""


def _also(extras: Sequence[Claim]) -> list[str]:
    """A note on what was handed in beside notebooks."""
    names = [printable(c.node.name) for c in extras if c.node.name != TIMESTAMP and not c.typed]
    return [f"also handed in: {some(names)}"] if names else []


def _told_apart(node: Node, other: Node) -> str:
    return node.shown if node.name == other.name else printable(node.name)
