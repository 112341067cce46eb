"""What became of each file that was handed in: none is lost without a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from course.grading.intake.choice import Learner, Row
from course.grading.intake.naming import Person
from course.grading.intake.nodes import METADATA, TIMESTAMP, Node
from course.grading.intake.owners import NOT_HANDED_IN, Claim

# What became of a file that is not its learner's row.
NOT_TAKEN, NOT_ASKED, NO_NOTEBOOK, LEFT, NO_OWNER = (
    "not taken",
    "of another lesson",
    "no notebook",
    "left by a program",
    "of no learner",
)
_TYPED = "was typed into the platform's form, which the grader does not read"
_KNOWN = {
    TIMESTAMP: "is nbgrader's timestamp, which was read",
    METADATA: "is Gradescope's list of names, which was read",
}


@dataclass(frozen=True)
class Handed:
    """A file, or an empty folder, that was handed in, as far as one learner is concerned: a group's file has one of these for each.

    Attributes:
        shown: how messages call it.
        learner, lesson: the row of the grade book to which it belongs; "" where it belongs to none.
        became: what became of it, as one of the words above; "" for the file that its row speaks of.
        why: why that is so, as the rest of a sentence that begins with the file's name; "" for the file that its row speaks of.
        raw: the bytes of its path in its zip file, where they are not those of `shown` in UTF-8; else b"".
    """

    shown: str
    learner: str = ""
    lesson: str = ""
    became: str = ""
    why: str = ""
    raw: bytes = b""


def account(
    root: Node, learners: Sequence[Learner], rows: Sequence[Row], keys: Mapping[tuple[Person, str], str]
) -> list[Handed]:
    """What became of everything below `root`, in its order.

    Args:
        root: of the tree.
        learners: who handed in, with all files.
        rows: of the grade book.
        keys: the learners' keys, by (person, what else tells their rows apart).
    """
    found: dict[int, list[Handed]] = {}
    for learner in learners:
        own = [row for row in rows if row.person.who == learner.person.who]
        for claim, became, why, row in _fates(learner, own):
            node = claim.node
            handed = Handed(node.shown, keys[row.person, row.source], row.lesson, became, why, node.raw)
            found.setdefault(id(node), []).append(handed)
    return [one for node in root.everything() for one in found.get(id(node)) or [_unclaimed(node)]]


def _fates(learner: Learner, own: Sequence[Row]) -> Iterator[tuple[Claim, str, str, Row]]:
    """(file, what became of it, why, the row that it belongs to) of all that one person handed in."""
    first = own[0]
    counts = {id(row.claim): row for row in own}
    for claim in learner.extras:
        if id(claim) in counts:
            yield claim, "", "", counts[id(claim)]
        else:
            why = _TYPED if claim.typed else _KNOWN.get(claim.node.name, "is no notebook")
            yield claim, NO_NOTEBOOK, why, first
    for (lesson, source), pile in learner.piles.items():
        asked = [row for row in own if row.lesson == lesson]
        near = next((row for row in asked if row.claim.source == source), (asked or own)[0])
        for claim, found in [*pile.good, *pile.bad]:
            if id(claim) in counts:
                yield claim, "", "", counts[id(claim)]
            elif found.problem:
                yield claim, NOT_TAKEN, str(found.problem).removeprefix(f"{claim.node.name} "), near
            elif not asked:
                yield claim, NOT_ASKED, f"belongs to {lesson}, which was not asked for", near
            elif found.digest == near.found.digest:
                yield claim, NOT_TAKEN, f"is the same as {near.claim.node.shown}, which was graded", near
            else:
                yield claim, NOT_TAKEN, f"is one of several for {lesson}: {near.claim.node.shown} was graded", near


def _unclaimed(node: Node) -> Handed:
    if node.children is not None:
        return Handed(node.shown, "", "", NO_OWNER, "is an empty folder", node.raw)
    if node.problem:
        return Handed(node.shown, "", "", LEFT, node.problem.what, node.raw)
    beside = "belongs to nbgrader or to a platform" if node.name.lower() in NOT_HANDED_IN else "is no notebook"
    why = _KNOWN.get(node.name) or f"{beside}, and nothing says whose it is"
    return Handed(node.shown, "", "", NO_OWNER, why, node.raw)
