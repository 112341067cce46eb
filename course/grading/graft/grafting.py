"""The notebook that is graded: the exercise's own cells, and in their places the learner's code.

What runs is decided by these rules, so that nobody loses a point by how the notebook is arranged, nor gains one:

- Set-up, given cells and checks are the exercise's. The learner's version of a given cell runs right after it; what
  was written into a check cell runs before the check. The set-up cell runs only as released.
- An answer runs in its question's place, wherever the learner moved it.
- An extra cell runs after the cell that it stood after in the learner's notebook.
- A cell magic that only measures its body is left out, so that what the body defines is there. Other magics that only
  choose how things are shown can't fail in the kernel (see sandbox/inside/showing.py).
- Where cells were moved, or a helper stands below its use, an answer could miss a name that it had in the learner's
  session. The cells that give it the name, and those that these need, then run *ahead*: once more, before the answer
  (or before its check, where they stood between the two). In its own place each runs again, so that nothing later
  changes. Which cells these are is told from the names that the code binds and uses; cells that are not needed for the
  answer are never run twice.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from course.authoring.notebook import Cell, Notebook
from course.authoring.release import exercise_of
from course.grading.graft.cells import cells_of, without_markers
from course.grading.graft.matching import ANSWER, BOOTSTRAP, CHECK, EXTRA, GIVEN, Matched, Slot, match, slots_of
from course.grading.graft.pieces import Piece
from course.grading.graft.source_code import as_run

_MOST_NOTES = 40
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True)
class Grafted:
    """A notebook that is ready to run, and what became of the learner's cells.

    Attributes:
        notebook: code cells only, each built anew, without outputs. A cell's metadata says under "course_grading" its
            "role": "given" (the exercise's own), "answer", "check" (the exercise's; the probe follows it) or "extra"
            (any other code of the learner's), and its "question"; "" for cells outside of a question.
        answers: for each question the learner's code, as it is run; "" if it is missing.
        untouched: questions whose code is still the stub as released; comments, docstrings, white space apart.
        missing: questions for which no code was found.
        notes: what was moved, split, copied, or can't be told, a sentence each, for the learner and the instructor.
            "Cell 7" is the 7th of all cells.
    """

    notebook: Notebook
    answers: Mapping[str, str]
    untouched: frozenset[str]
    missing: frozenset[str]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Planned:
    """One cell of the graft to be; `piece` is the learner's code in it, if it is the learner's."""

    role: str
    question: str
    source: str
    piece: Piece | None = None
    slot: Slot | None = None


def graft(solution: Notebook, submitted: Any) -> Grafted:
    """The notebook to grade for what a learner handed in.

    Args:
        solution: the lesson's solution notebook, as :func:`course.authoring.notebook.parse` gives it.
        submitted: the learner's notebook, any JSON. Only the text of its cells gets into the graft; its names for
            cells are used to find the questions. Nothing in it makes this function raise.

    Raises:
        AuthoringError: the solution's marks or metadata are wrong.
    """
    exercise = exercise_of(solution, "The solution")
    slots = slots_of(exercise)
    cells, notes = cells_of(submitted)
    found = match(slots, cells)
    plan = _ahead(_plan(slots, found), slots, found)
    notes += [*found.notes, *_moved(slots, found)]
    if len(notes) > _MOST_NOTES:
        notes[_MOST_NOTES:] = [f"And {len(notes) - _MOST_NOTES} more of this kind."]
    stubs = {slot.question: slot for slot in slots if slot.role == ANSWER}
    answers = {name: without_markers("\n\n".join(each.source for each in found.answers[name])) for name in stubs}
    return Grafted(
        notebook=_notebook(plan, exercise),
        answers=answers,
        untouched=frozenset(name for name, stub in stubs.items() if _untouched(found.answers[name], stub)),
        missing=frozenset(name for name in stubs if not found.answers[name]),
        notes=tuple(notes),
    )


def _untouched(answer: Sequence[Piece], stub: Slot) -> bool:
    return bool(answer) and all(piece.says.shape == stub.says.shape for piece in answer)


def _plan(slots: Sequence[Slot], found: Matched) -> list[_Planned]:
    """Everything that runs, in order."""
    homes = _homes(slots, found)
    after: dict[int, list[_Planned]] = defaultdict(list)  # by the slot's index; -1 is above all
    before: dict[int, list[_Planned]] = defaultdict(list)
    anchor, below = -1, ""
    for piece in found.pieces:
        home = homes.get(piece.number)
        slot = found.slot.get(piece.number)
        if home is not None:
            after[home.index].append(_Planned(ANSWER, home.question, piece.source, piece))
            anchor = slot.index if slot and slot.role in (GIVEN, CHECK) else home.index
            below = "" if slot and slot.role == CHECK else home.question
        elif slot is None:
            after[anchor].append(_Planned(EXTRA, below, piece.source, piece))
        else:
            anchor, below = slot.index, slot.question if slot.role == ANSWER else "" if slot.role == CHECK else below
            changed = piece.says.shape != slot.says.shape
            if slot.id == BOOTSTRAP:
                if changed:
                    found.notes.append(
                        f"Cell {piece.number}, the set-up, was changed; the released version ran instead."
                    )
            elif slot.role == CHECK and changed:
                found.notes.append(
                    f"Cell {piece.number}, the check of `{slot.question}`, was changed; the released one was used."
                )
                if not piece.says.empty and piece.says.calls != {"check"}:
                    before[slot.index].append(_Planned(EXTRA, slot.question, piece.source, piece))
            elif slot.role == GIVEN and changed:
                after[slot.index].append(_Planned(EXTRA, below, piece.source, piece))
    plan = after[-1]
    for slot in slots:
        plan += before[slot.index]
        missing = slot.role == ANSWER and not found.answers[slot.question]
        if slot.role != ANSWER or missing:
            plan.append(_Planned(GIVEN if missing else slot.role, slot.question, slot.source, slot=slot))
        if missing:
            found.notes.append(f"There is no cell for `{slot.question}`.")
        plan += after[slot.index]
    return plan


def _homes(slots: Sequence[Slot], found: Matched) -> dict[int, Slot]:
    """For each piece that answers, by its number, the place where it runs: the first of the questions it answers."""
    stubs = {slot.question: slot for slot in slots if slot.role == ANSWER}
    homes: dict[int, Slot] = {}
    for question, stub in stubs.items():  # in the exercise's order
        for piece in found.answers[question]:
            earlier = homes.setdefault(piece.number, stub)
            if earlier != stub:
                found.notes.append(f"Cell {piece.number} answers `{earlier.question}` and `{question}`: it ran once.")
    return homes


def _ahead(plan: list[_Planned], slots: Sequence[Slot], found: Matched) -> list[_Planned]:
    """The plan, with cells that an answer needs and that would come too late run before it as well."""
    place = {id(each.piece): index for index, each in enumerate(plan) if each.piece}
    by_slot = {each.slot.index: index for index, each in enumerate(plan) if each.slot}
    numbers = {slot.index: number for number, slot in found.slot.items()}
    binders: dict[str, list[tuple[int, int, Piece]]] = defaultdict(list)  # name → (number, place in the plan, piece)
    stubs = {slot.question: slot for slot in slots if slot.role == ANSWER}
    for piece in found.pieces:
        slot = found.slot.get(piece.number)
        where = place.get(id(piece), by_slot.get(slot.index) if slot and slot.role == GIVEN else None)
        if (
            where is None
            or (slot and slot.id == BOOTSTRAP)
            or (slot and slot.role == ANSWER and piece.says.shape == slot.says.shape)
        ):
            continue
        for name in piece.says.binds:
            binders[name].append((piece.number, where, piece))
    given = {name: by_slot[slot.index] for slot in reversed(slots) if slot.role == GIVEN for name in slot.says.binds}

    extra: dict[int, list[_Planned]] = defaultdict(list)  # what runs before the plan's cell of that index
    ran: set[int] = set()
    for slot in slots:
        answer = found.answers.get(slot.question, []) if slot.role == CHECK else []
        if not answer or _untouched(answer, stubs[slot.question]):
            continue
        own = {piece.number for piece in answer}
        first, check = min(place[id(piece)] for piece in answer), by_slot[slot.index]
        seen = max(*own, numbers.get(slot.index, 0), 0)
        early: dict[int, tuple[int, Piece]] = {}
        names = [slot.question, *sorted({name for piece in answer for name in piece.says.uses})]
        asked = set(names)
        for name in names:  # grows while it is read
            above = [each for each in binders[name] if each[0] <= seen]
            late = not above and given.get(name, check) >= check
            for number, where, piece in binders[name] if late else above:
                if number in own or number in early:
                    continue
                early[number] = (where, piece)
                fresh = sorted(piece.says.uses - asked)
                asked.update(fresh)
                names += fresh
        for number, (where, piece) in sorted(early.items()):
            between = min(own) < number <= seen
            if number in ran and slot.question not in piece.says.binds:
                continue  # it ran before an earlier answer
            if where > (check if between else first):
                ran.add(number)
                extra[check if between else first].append(_Planned(EXTRA, slot.question, piece.source, piece))
                found.notes.append(
                    f"Cell {number} comes too late for `{slot.question}`, which needs it: it also ran before that."
                )
    return [each for index, planned in enumerate(plan) for each in (*extra[index], planned)]


def _moved(slots: Sequence[Slot], found: Matched) -> list[str]:
    """Which answers stand elsewhere than in the exercise, next to the cells that kept their order."""
    answers = {piece.number for answer in found.answers.values() for piece in answer}
    order = [(number, found.slot[number]) for number in sorted(found.slot)]
    # The longest run of cells in the exercise's order; see "longest increasing subsequence", patience sorting.
    tops: list[int] = []
    ends: list[int] = []
    back: list[int] = []
    for place, (_, slot) in enumerate(order):
        pile = bisect_right(tops, slot.index)
        back.append(ends[pile - 1] if pile else -1)
        tops[pile:] = [slot.index, *tops[pile + 1 :]]
        ends[pile:] = [place, *ends[pile + 1 :]]
    kept = set()
    place = ends[-1] if ends else -1
    while place >= 0:
        kept.add(place)
        place = back[place]
    return [
        f"Cell {number}, `{slot.question}`, was moved; it ran at its place in the exercise."
        for place, (number, slot) in enumerate(order)
        if place not in kept and number in answers and slot.role == ANSWER
    ]


def _notebook(plan: Sequence[_Planned], exercise: Notebook) -> Notebook:
    ids: set[str] = set()
    cells: list[Cell] = []
    for number, each in enumerate(plan, start=1):
        name = each.slot.id if each.slot else f"{each.role}-{number}"
        if name in ids or not _ID.fullmatch(name):
            name = f"cell-{number}"
        while name in ids:
            name = f"{name[:60]}-x"
        ids.add(name)
        source = as_run(without_markers(each.source)) if each.piece else each.source
        cells.append(
            {
                "cell_type": "code",
                "execution_count": None,
                "id": name,
                "metadata": {"course_grading": {"role": each.role, "question": each.question}},
                "outputs": [],
                "source": source,
            }
        )
    return {"cells": cells, "metadata": exercise["metadata"], "nbformat": 4, "nbformat_minor": 5}
