"""To whom each file belongs that was handed in, by its name and its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from course.grading.intake import naming
from course.grading.intake.inspection import Unreadable, content_of
from course.grading.intake.litter import DOCUMENTS
from course.grading.intake.naming import Person
from course.grading.intake.nodes import METADATA, Node, is_notebook
from course.grading.intake.reasons import Reason
from course.grading.safe_text import some

# What nbgrader keeps beside `submitted`: none of them holds submissions.
NBGRADER = {"nbgrader_config.py", "gradebook.db", "source", "release", "autograded", "feedback", "solution"}
NOT_HANDED_IN = NBGRADER | {"index.html", "readme.html", "readme.py", "setup.py"}


@dataclass(frozen=True)
class Claim:
    """A file that belongs to a person.

    Attributes:
        person: who handed it in.
        node: the file.
        names: what may name its lesson, the nearest first.
        source: the zip file or folder of a class in which it came; "" for what lies in the instructor's own.
        hint: the lesson of the folder that all of it lies in, or "".
        notes: what the platform's name tells.
        order: the platform's number of this upload; grows with time.
        typed: is it what was typed into the platform's form, and no file?
    """

    person: Person
    node: Node
    names: tuple[str, ...]
    source: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()
    order: int = 0
    typed: bool = False

    @property
    def called(self) -> str:
        """How the learner called the file: without what the platform put before it."""
        own = self.names[0] if self.names else ""
        return own if own and self.node.name.endswith(own) else self.node.name


def owner_of(where: Path, known: Sequence[str]) -> str:
    """Whose a notebook is that lies directly in `where` and is named by its lesson only."""
    place = where.resolve()
    name = naming.stem_of(place.name) if place.is_file() else place.name
    return place.parent.name if naming.is_lesson(name, known) else name


def claims_of(folder: Node, owner: str, known: Sequence[str], source: str = "", hint: str = "") -> Iterator[Claim]:
    """Every file below a folder of a class, with the person to whom it belongs."""
    nodes = folder.children or []
    names = {node.name for node in nodes}
    if "submitted" in names and NBGRADER & names:
        nodes = [node for node in nodes if node.name == "submitted"]
    metadata = naming.gradescope_metadata(_text(nodes, METADATA))
    owned = {naming.stem_of(node.name) for node in nodes if node.children is not None and not node.archive}
    for node in nodes:
        stem = naming.stem_of(node.name) if node.archive or node.children is None else node.name
        named = naming.canvas(node.name) or naming.moodle(stem if node.archive else node.name)
        people = naming.gradescope(stem, metadata) if node.children is not None else []
        if named is not None:
            rest = (named.rest,) if named.rest else ()
            for claim in _claims(node, named.person, rest, source, hint, named.notes, named.order):
                yield replace(claim, typed=named.typed)
        elif people:
            together = " and ".join(person.name for person in people)
            notes = (f"handed in together by {together}",) if len(people) > 1 else ()
            for person in people:
                yield from _claims(node, person, (), source, hint, notes)
        elif node.children is None:
            yield from _flat(node, owner, owned, known, source, hint)
        elif _is_class(node, known):
            yield from claims_of(node, owner, known, source if node.name == "submitted" else node.shown, hint)
        elif naming.is_lesson(stem, known):
            if any(is_notebook(n.name) and naming.is_lesson(n.name, known) for n in node.children):
                yield from _claims(node, Person(owner), (node.name,), source, hint)
            else:
                lesson = naming.lesson_in([stem], known)
                yield from claims_of(node, owner, known, node.shown if node.archive else source, lesson)
        elif node.archive:
            learner, lesson = naming.flat(node.name, known)
            yield from _claims(node, Person(learner or owner), (lesson,) if lesson else (), source, hint)
        else:
            yield from _claims(node, Person(node.name), (), source, hint)


def _is_class(node: Node, known: Sequence[str]) -> bool:
    """Does this folder or zip file hold several people's files, and not one's?"""
    children = node.children or []
    names = [child.name for child in children]
    if node.name == "submitted" or naming.GRADESCOPE_EXPORT.fullmatch(node.name):
        return True
    if METADATA in names and any(map(naming.GRADESCOPE.fullmatch, names)):
        return True
    if "submitted" in names and NBGRADER & set(names):
        return True
    people = [named.person.who for child in names if (named := naming.canvas(child) or naming.moodle(child))]
    if len(set(people)) > 1 or (node.archive and people and len(people) == len(names)):
        return True
    if not (node.archive or node.wrapper):
        return False
    folders = [n for n in children if n.children is not None and not naming.is_lesson(n.name, known) and _holds(n)]
    if any(is_notebook(name) for name in names):
        learners = [naming.flat(name, known) for name in names if is_notebook(name)]
        return len({learner for learner, lesson in learners if learner and lesson}) > 1
    if any(_is_class(folder, known) for folder in folders):
        return True
    return len(folders) > 1


def _holds(node: Node) -> bool:
    return any(is_notebook(file.name) for file, _ in node.files())


def _flat(node: Node, owner: str, owned: set[str], known: Sequence[str], source: str, hint: str) -> Iterator[Claim]:
    """The claim of a file that lies in no person's folder; none if nothing says that somebody handed it in."""
    learner, lesson = naming.flat(node.name, known)
    handed_in = is_notebook(node.name) or node.problem or lesson or node.name.lower().endswith(DOCUMENTS)
    if node.name.lower() in NOT_HANDED_IN or not (handed_in or learner in owned):
        return
    yield Claim(Person(learner or owner), node, (lesson,) if lesson else (), source, hint)


def _claims(
    node: Node,
    person: Person,
    names: tuple[str, ...],
    source: str,
    hint: str,
    notes: tuple[str, ...] = (),
    order: int = 0,
) -> Iterator[Claim]:
    """Every file of one person's folder, or the file itself."""
    files = list(node.files())
    if not files:
        left = [one.name for one in node.left for one in one.everything()]
        what = f"holds only what programs leave behind ({some(left, 3)})" if left else "is empty"
        node.problem = Reason(what, "ask for the notebook", "hand in the notebook")
        files = [(node, ())]
    for file, trail in files:
        own = () if file is node and names else (file.name,)
        yield Claim(person, file, (*own, *reversed(trail), *names), source, hint, notes, order)


def _text(nodes: Sequence[Node], name: str) -> str:
    """A small text file among these nodes; "" if there is none."""
    for node in nodes:
        if node.name == name and node.path is not None and not node.problem and node.children is None:
            try:
                return content_of(node.path, node.name).decode("utf-8", "replace")
            except Unreadable:
                return ""
    return ""
