"""What was handed in, found in whatever form an instructor has it: folders, flat files, the zip files of platforms.

A folder or zip file is first read as a tree (`file_tree.py`), in which zip files are folders. Then each file is given to a person
(`owners.py`) and to a lesson, by name and content; at last one notebook is chosen for each person and lesson (`choice.py`). Nothing is
written into what was handed in. Nobody's file can displace another's: what comes in another zip file gets its own row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from course.curriculum import LESSONS, lesson_of
from course.grading.intake import naming
from course.grading.intake.choice import Learner, Pile, Row, count_of, rows_for
from course.grading.intake.file_tree import plant
from course.grading.intake.inspection import LARGEST, Inspected, inspect
from course.grading.intake.ledger import Handed, account
from course.grading.intake.nodes import is_notebook, printable
from course.grading.intake.owners import Claim, claims_of, owner_of
from course.grading.intake.reasons import Reason
from course.grading.model import GradingError, Submission

__all__ = ["LARGEST", "Intake", "collect", "take_in"]

LOOKED_FOR = (
    "The search covered <learner>/….ipynb, <learner>_<lesson>.ipynb, nbgrader's "
    "submitted/<learner>/<lesson>/…, and the downloads of Canvas, Moodle and Gradescope."
)


@dataclass(frozen=True)
class Intake:
    """What an instructor has.

    Attributes:
        submissions: sorted by learner and lesson; those that can't be graded have a `problem`.
        files: what became of everything that was handed in, in its order.
    """

    submissions: list[Submission]
    files: list[Handed]


def collect(where: Path, lessons: Sequence[str], workspace: Path) -> list[Submission]:
    """The submissions alone of :func:`take_in`."""
    return take_in(where, lessons, workspace).submissions


def take_in(where: Path, lessons: Sequence[str], workspace: Path) -> Intake:
    """All submissions in a folder or zip file, and what became of each file.

    Args:
        where: a folder or a .zip file; never written to.
        lessons: the lessons to grade. With one, a notebook that tells no lesson is taken to be of it.
        workspace: a scratch folder, where archives are unpacked; files of the result may lie in it.

    Raises:
        GradingError: there is no such folder or zip file, it can't be read, there is no submission in it, or all of them are of
            other lessons.
    """
    root = plant(where, workspace)
    known = list(dict.fromkeys([*lessons, *LESSONS]))
    learners: dict[tuple[str, str], Learner] = {}
    seen: dict[Path, Inspected] = {}
    # What lies in the instructor's own folder says first who is who.
    for claim in sorted(claims_of(root, owner_of(where, known), known), key=lambda claim: claim.source):
        learner = learners.setdefault(claim.person.who, Learner(claim.person))
        _put(learner, claim, seen, list(lessons), known)
    # A file that tells no lesson was handed in for the same one as all others.
    told = {lesson for learner in learners.values() for lesson, _ in learner.piles if lesson in lessons}
    only = lessons[0] if len(lessons) == 1 else told.pop() if len(told) == 1 else ""
    rows = [row for learner in learners.values() for row in rows_for(learner, lessons, only)]
    if not rows:
        raise GradingError(f"There are no submissions in {printable(where.name)}. {LOOKED_FOR}")
    if wrong := _of_others(rows, list(learners.values()), lessons, known):
        raise GradingError(wrong)
    keys = naming.distinct_keys({(row.person, row.source) for row in rows})
    submissions = [_submission(row, keys[row.person, row.source]) for row in rows]
    ordered = sorted(submissions, key=lambda one: (one.learner, one.lesson, one.shown))
    return Intake(ordered, account(root, list(learners.values()), rows, keys))


def _of_others(rows: Sequence[Row], learners: Sequence[Learner], lessons: Sequence[str], known: Sequence[str]) -> str:
    """Says so, where all notebooks of which a lesson can be told are of others than those asked for; "" otherwise.

    A wrong `--lesson` would give the whole class zero points. Learners and notebooks are counted apart: one may have several.
    """
    if not any(row.other for row in rows) or any(_is_of(row, row.lesson, known) for row in rows if not row.other):
        return ""
    piles = [(lesson, pile) for learner in learners for (lesson, _), pile in learner.piles.items()]
    # A group's notebook is one.
    told = {id(claim.node): lesson for lesson, pile in piles for claim, _ in [*pile.good, *pile.bad]}
    counts = Counter(lesson for lesson in told.values() if lesson and lesson not in lessons)
    others = sorted(counts, key=lambda lesson: (-counts[lesson], lesson))
    # What tells no lesson was taken to be of the one asked for.
    rest = len(told) - counts.total()
    of = [f"{counts[lesson]} of {lesson}" for lesson in others]
    of += [f"{rest} of a lesson that can't be identified"] if rest else []
    asked = " or ".join(lessons)
    none = f"None of the {len(learners)} learners handed in" if len(learners) > 1 else "The one learner did not hand in"
    notebooks = f"{len(told)} notebooks: {', '.join(of)}" if len(told) > 1 else f"1 notebook, of {others[0]}"
    whose = "They handed in" if len(learners) > 1 else "It was"
    number = others[0].partition("_")[0]
    hint = f"Did you mean --lesson {number}?" if len(others) == 1 else "Name one of them with --lesson."
    return f"{none} a notebook of {asked}. {whose} {notebooks}. {hint}"


def _is_of(row: Row, lesson: str, known: Sequence[str]) -> bool:
    """Does its name or its content say that it is of this lesson?"""
    named = naming.lesson_in(row.claim.names, known) or row.claim.hint
    return bool(lesson) and (named == lesson or count_of(row.found, lesson) > 0)


def _submission(row: Row, key: str) -> Submission:
    node, person = row.claim.node, row.claim.person
    file = str(node.path) if node.path is not None and row.found.digest else ""
    # Gradescope says a name itself, or knows none; "anon_aB3dE" is what Canvas writes for who hands in without one.
    unnamed = person.platform == "gradescope" or person.name.startswith("anon_")
    name = {} if unnamed else {"name": printable(person.name)}
    # With its bytes a name can be matched that was read wrongly.
    raw = {"name_bytes": node.raw.hex()} if node.raw else {}
    identity = {**name, **dict(person.identity), **raw}
    return Submission(
        key,
        row.lesson,
        file,
        node.shown,
        row.found.digest,
        str(row.found.problem),
        tuple(dict.fromkeys(row.notes)),
        identity,
        row.found.problem.told.replace(printable(node.name), printable(row.claim.called)),
        tuple(dict.fromkeys(row.aside)),
    )


def _put(learner: Learner, claim: Claim, seen: dict[Path, Inspected], lessons: list[str], known: Sequence[str]) -> None:
    """Put one file on the pile where it belongs; `seen` keeps a group's file from being read for each of them."""
    node = claim.node
    if not node.problem and not is_notebook(node.name):
        learner.extras.append(claim)
        return
    if node.problem:
        found = Inspected(problem=node.problem.of(printable(node.name)))
    else:
        assert node.path is not None  # notebooks are unpacked, or have a problem
        if node.path not in seen:
            seen[node.path] = inspect(node.path, printable(node.name))
        found = seen[node.path]
    lesson, note = _lesson(claim, found, lessons, known)
    if not lesson and not found.problem:
        example = lessons[0] if lessons else lesson_of("the_neuron")
        what = f"It is not clear which lesson {printable(node.name)} belongs to"
        reason = Reason(what, f"name it like {example}.ipynb", f"name it like {example}.ipynb and hand it in again")
        found = Inspected(found.digest, found.names, reason)
    pile = learner.piles.setdefault((lesson, claim.source), Pile())
    pile.notes += [note] if note else []
    (pile.bad if found.problem else pile.good).append((claim, found))


def _lesson(claim: Claim, found: Inspected, lessons: list[str], known: Sequence[str]) -> tuple[str, str]:
    """(lesson, note): by name, unless the content clearly is of another lesson; "" if nothing tells it."""
    only = lessons[0] if len(lessons) == 1 else ""
    named = naming.lesson_in(claim.names, known) or claim.hint
    counts = {lesson: count_of(found, lesson) for lesson in known}
    best = max(known, key=lambda lesson: (counts[lesson], lesson == named, lesson == only))
    told = named or only
    if told and counts[best] >= 2 and counts[best] > 2 * counts[told]:
        called = f"named like {named}" if named else f"handed in for {only}"
        return best, f"{printable(claim.node.name)} is {called}, but holds exercises of {best}"
    if told:
        return told, ""
    return (best, "") if list(counts.values()).count(counts[best]) == 1 else ("", "")
