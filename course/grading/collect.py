"""What was handed in, found in whatever form an instructor has it: folders, flat files, the zip files of platforms.

A folder or zip file is first read as a tree (`tree.py`), in which zip files are folders. Then each file is given to a person
(`claims.py`) and to a lesson, by name and content; at last one notebook is chosen for each person and lesson. Nothing is
written into what was handed in. Nobody's file can displace another's: what comes in another zip file gets its own row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from course.checks import registry
from course.grading import naming
from course.grading.claims import Claim, claims_of, owner_of
from course.grading.handed_in import LARGEST, Inspected, Unreadable, content_of, inspect
from course.grading.model import GradingError, Submission
from course.grading.naming import Person
from course.grading.tree import TIMESTAMP, Node, is_notebook, plant, visible

__all__ = ["LARGEST", "collect"]

LISTED = 5  # names in a note, before it says "and 3 more"
LOOKED_FOR = (
    "Looked for were <learner>/….ipynb, <learner>_<lesson>.ipynb, nbgrader's submitted/<learner>/<lesson>/…, "
    "and what Canvas, Moodle and Gradescope hand out."
)


@dataclass
class _Pile:
    """What one person handed in for one lesson, in one place."""

    good: list[tuple[Claim, Inspected]] = field(default_factory=list)
    bad: list[tuple[Claim, Inspected]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class _Learner:
    """All that one person handed in: piles by (lesson, source), and files that are no notebooks."""

    person: Person
    piles: dict[tuple[str, str], _Pile] = field(default_factory=dict)
    extras: list[Claim] = field(default_factory=list)


@dataclass(frozen=True)
class _Row:
    """A submission without its learner's key. `source` is "", or what tells it from another of the same person."""

    person: Person
    source: str
    lesson: str
    claim: Claim
    found: Inspected
    notes: tuple[str, ...] = ()


def collect(where: Path, lessons: Sequence[str], workspace: Path) -> list[Submission]:
    """All submissions in a folder or zip file, sorted by learner and lesson; those that can't be graded have a `problem`.

    Args:
        where: a folder or a .zip file; never written to.
        lessons: the lessons to grade. With one, a notebook that tells no lesson is taken to be of it.
        workspace: a scratch folder, where archives are unpacked; files of the result may lie in it.

    Raises:
        GradingError: there is no such folder or zip file, it can't be read, or there is no submission in it.
    """
    root = plant(where, workspace)
    known = list(dict.fromkeys([*lessons, *registry.LESSONS]))
    learners: dict[tuple[str, str], _Learner] = {}
    seen: dict[Path, Inspected] = {}
    # What lies in the instructor's own folder says first who is who.
    for claim in sorted(claims_of(root, owner_of(where, known), known), key=lambda claim: claim.source):
        learner = learners.setdefault(claim.person.who, _Learner(claim.person))
        _put(learner, claim, seen, list(lessons), known)
    rows = [row for learner in learners.values() for row in _rows(learner, list(lessons))]
    if not rows:
        raise GradingError(f"There are no submissions in {visible(where.name)}. {LOOKED_FOR}")
    keys = naming.distinct_keys({(row.person, row.source) for row in rows})
    submissions = [_submission(row, keys[row.person, row.source]) for row in rows]
    return sorted(submissions, key=lambda one: (one.learner, one.lesson, one.shown))


def _submission(row: _Row, key: str) -> Submission:
    node = row.claim.node
    file = str(node.path) if node.path is not None and row.found.digest else ""
    identity = dict(row.claim.person.identity)
    return Submission(
        key,
        row.lesson,
        file,
        node.shown,
        row.found.digest,
        row.found.problem,
        tuple(dict.fromkeys(row.notes)),
        identity,
    )


def _put(
    learner: _Learner, claim: Claim, seen: dict[Path, Inspected], lessons: list[str], known: Sequence[str]
) -> None:
    """Put one file on the pile where it belongs; `seen` keeps a group's file from being read for each of them."""
    node = claim.node
    if not node.problem and not is_notebook(node.name):
        learner.extras.append(claim)
        return
    if node.problem:
        found = Inspected(problem=f"{visible(node.name)} {node.problem}")
    else:
        assert node.path is not None  # notebooks are unpacked, or have a problem
        if node.path not in seen:
            seen[node.path] = inspect(node.path, visible(node.name))
        found = seen[node.path]
    lesson, note = _lesson(claim, found, lessons, known)
    if not lesson and not found.problem:
        example = lessons[0] if lessons else "02_the_neuron"
        reason = f"It can't be told of which lesson {visible(node.name)} is: name it like {example}.ipynb."
        found = Inspected(found.digest, found.names, reason)
    pile = learner.piles.setdefault((lesson, claim.source), _Pile())
    pile.notes += [note] if note else []
    (pile.bad if found.problem else pile.good).append((claim, found))


def _lesson(claim: Claim, found: Inspected, lessons: list[str], known: Sequence[str]) -> tuple[str, str]:
    """(lesson, note): by name, unless the content clearly is of another lesson; "" if nothing tells it."""
    only = lessons[0] if len(lessons) == 1 else ""
    named = naming.lesson_in(claim.names, known) or claim.hint
    counts = {lesson: _count(found, lesson) for lesson in known}
    best = max(known, key=lambda lesson: (counts[lesson], lesson == named, lesson == only))
    told = named or only
    if told and counts[best] >= 2 and counts[best] > 2 * counts[told]:
        called = f"named like {named}" if named else f"handed in for {only}"
        return best, f"{visible(claim.node.name)} is {called}, but holds exercises of {best}"
    if told:
        return told, ""
    return (best, "") if list(counts.values()).count(counts[best]) == 1 else ("", "")


def _count(found: Inspected, lesson: str) -> int:
    """How many of a lesson's exercises a notebook speaks of."""
    return len(found.names & registry.exercises(lesson).keys()) if lesson in registry.LESSONS else 0


def _rows(learner: _Learner, lessons: list[str]) -> Iterator[_Row]:
    """One row for each lesson of those asked for; where there is none, one that says why."""
    asked = [lesson for lesson in sorted({lesson for lesson, _ in learner.piles}) if lesson in lessons]
    rows = [row for lesson in asked for row in _rows_of(learner, lesson)]
    lost = [pair for (lesson, _), pile in sorted(learner.piles.items()) if not lesson for pair in pile.bad]
    notes = [note for claim in learner.extras if claim.typed for note in claim.notes] + _also(learner.extras)
    if rows:
        # What has no lesson is told with the first row: it may have been meant for any of them.
        notes += [f"not graded: {found.problem}" for _, found in lost]
        yield from (_noted(row, notes if row is rows[0] else [], learner) for row in rows)
        return
    only = lessons[0] if len(lessons) == 1 else ""
    if lost:
        (claim, found), *others = lost
        notes = [*claim.notes, *notes, *(f"also: {other.problem}" for _, other in others)]
        yield _Row(learner.person, "", only, claim, found, tuple(notes))
    elif learner.piles:
        (other, _), pile = min(learner.piles.items())
        claim, _ = [*pile.good, *pile.bad][0]
        wanted = f"of {only}" if only else "of these lessons"
        reason = f"{visible(claim.person.name)} handed in no notebook {wanted}, but {visible(claim.node.name)}, which is of {other}."
        yield _Row(learner.person, "", only, claim, Inspected(problem=reason), (*pile.notes, *notes))
    else:
        claim = learner.extras[0]
        what = _some([visible(extra.node.name) for extra in learner.extras])
        reason = f"{visible(claim.person.name)} handed in no notebook, but {what}: ask for the .ipynb file."
        yield _Row(
            learner.person,
            "",
            only,
            claim,
            Inspected(problem=reason),
            tuple(n for c in learner.extras for n in c.notes),
        )


def _rows_of(learner: _Learner, lesson: str) -> Iterator[_Row]:
    """One row, or one for each source that has another notebook: which one counts is not for a program to say."""
    sources = sorted(source for name, source in learner.piles if name == lesson)
    rows: list[_Row] = []
    for source in sources:
        row = _choose(learner.person, source, lesson, learner.piles[lesson, source])
        if any(row.found.digest == other.found.digest for other in rows if row.found.digest):
            continue
        rows.append(row)
    for index, row in enumerate(rows):
        others = [other.claim.node.shown for other in rows if other is not row]
        notes = (
            (*row.notes, f"handed in twice, here and as {_some(others)}: keep one of the rows") if others else row.notes
        )
        yield _Row(row.person, row.source if index else "", lesson, row.claim, row.found, notes)


def _choose(person: Person, source: str, lesson: str, pile: _Pile) -> _Row:
    """The notebook with most of the lesson's exercises; among equals the newest."""
    good = sorted(pile.good, key=lambda pair: _rank(pair, lesson), reverse=True)
    (claim, found), *others = good or pile.bad
    notes = [*claim.notes, *pile.notes]
    if good:
        different = list({other.digest: left for left, other in others if other.digest != found.digest}.values())
        if different:
            name, left_out = (
                visible(claim.node.name),
                _some([_told_apart(other.node, claim.node) for other in different]),
            )
            notes.append(f"one of {len(different) + 1} notebooks of {lesson}: {name} was taken, {left_out} was not")
        notes += [f"not graded: {other.problem}" for _, other in pile.bad]
    else:
        notes += [f"also: {other.problem}" for _, other in others]
    return _Row(person, source, lesson, claim, found, tuple(notes))


def _rank(pair: tuple[Claim, Inspected], lesson: str) -> tuple[int, int, int, float, str]:
    claim, found = pair
    node = claim.node
    return _count(found, lesson), claim.order, naming.copy_number(node.name), node.modified, node.shown


def _noted(row: _Row, notes: Sequence[str], learner: _Learner) -> _Row:
    """The row with more notes, and with nbgrader's time of hand-in if that lies beside the notebook."""
    folder = _folder(row.claim.node)
    stamps = (e.node for e in learner.extras if e.node.name == TIMESTAMP and _folder(e.node) == folder)
    times = [f"handed in {time}" for node in stamps if (time := _time(node))]
    return _Row(row.person, row.source, row.lesson, row.claim, row.found, (*row.notes, *times, *notes))


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
    names = [visible(c.node.name) for c in extras if c.node.name != TIMESTAMP and not c.typed]
    return [f"also handed in: {_some(names)}"] if names else []


def _told_apart(node: Node, other: Node) -> str:
    return node.shown if node.name == other.name else visible(node.name)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
