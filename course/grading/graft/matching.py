"""Which of a learner's cells answers which question, told from text and names alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from course.authoring.notebook import Notebook, code_cells
from course.grading.graft.cells import Cell
from course.grading.graft.pieces import Piece, listed, pieces_of
from course.grading.graft.source_code import Code, read_code, unread
from course.grading.safe_text import some

GIVEN, ANSWER, CHECK, EXTRA = "given", "answer", "check", "extra"
BOOTSTRAP = "bootstrap"


@dataclass(frozen=True)
class Slot:
    """One code cell of the exercise: what it is for, and the question; "" if it is above an answer or below its check."""

    index: int
    role: str
    question: str
    id: str
    grade_id: str
    source: str

    @property
    def says(self) -> Code:
        """What its source says."""
        return read_code(self.source)


@dataclass
class Matched:
    """What was found.

    Attributes:
        pieces: the learner's code, in the learner's order.
        slot: of each matched piece (by its number); what is absent is an extra cell.
        answers: for each question the pieces that answer it, in the learner's order; empty if missing.
        left_out: numbers of pieces that are not run: a stub beside its edited copy.
        notes: what is odd, one sentence each.
    """

    pieces: list[Piece]
    slot: dict[int, Slot] = field(default_factory=dict)
    answers: dict[str, list[Piece]] = field(default_factory=dict)
    left_out: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def slots_of(exercise: Notebook) -> list[Slot]:
    """The code cells of an exercise notebook, in order."""
    grading = [cell["metadata"].get("nbgrader", {}) for _, cell in code_cells(exercise)]
    questions = {each["grade_id"] for each in grading if each.get("solution")}
    slots = []
    last = open_question = ""
    for index, ((_, cell), each) in enumerate(zip(code_cells(exercise), grading, strict=True)):
        grade_id = each.get("grade_id", "")
        role, question = GIVEN, open_question
        if each.get("solution"):
            role, question = ANSWER, grade_id
            last = open_question = question
        elif each.get("grade"):
            named = grade_id.removeprefix("check-")
            role, question, open_question = CHECK, named if named in questions else last, ""
        slots.append(Slot(index, role, question, cell.get("id") or f"{index} without id", grade_id, cell["source"]))
    return slots


def unasked(solution: Notebook, catalogue: Collection[str]) -> str:
    """What keeps a solution from asking the questions of its lesson's catalogue, as the rest of a sentence; "" where nothing does."""
    slots = slots_of(solution)
    answers, checks = ({slot.question for slot in slots if slot.role == role} for role in (ANSWER, CHECK))
    said = []
    for what, without in (
        ("cells", lambda name: name not in answers and name not in checks),
        ("solution cell", lambda name: name not in answers and name in checks),
        ("check cell", lambda name: name in answers and name not in checks),
    ):
        if lacking := [f"`{name}`" for name in catalogue if without(name)]:
            said.append(f"has no {what} for {some(lacking)}")
    if strange := [f"`{name}`" for name in sorted(checks.difference(catalogue))]:
        said.append(f"asks {some(strange)}, which are not in its catalogue")
    return " and ".join(said)


def match(slots: Sequence[Slot], cells: Sequence[Cell]) -> Matched:
    """Find the exercise's cells among the learner's: by nbgrader's grade_id, by id, by what is defined or written."""
    known = {slot.id for slot in slots}
    notes: list[str] = []
    pieces = list(pieces_of([cell for cell in cells if cell.code], known, notes))
    found = Matched(pieces, notes=notes)
    _by_name(slots, found)
    _by_text(slots, found)
    stubs = {slot.question: slot for slot in slots if slot.role == ANSWER}
    own = {question: _own(stub, found) for question, stub in stubs.items()}
    for question, stub in stubs.items():
        found.answers[question] = _answer(stub, own, found, cells)
    return found


def _by_name(slots: Sequence[Slot], found: Matched) -> None:
    grade_ids = {slot.grade_id: slot for slot in slots if slot.grade_id}
    ids = {slot.id: slot for slot in slots}
    answers = {slot.question: slot for slot in slots if slot.role == ANSWER}
    same_id: dict[str, list[Piece]] = defaultdict(list)
    for piece in found.pieces:
        first = piece.cells[0]
        slot = grade_ids.get(first.grade_id)
        if slot is None and first.id in ids:
            slot = ids[first.id]
            if slot.role != ANSWER:
                same_id[first.id].append(piece)
                continue
        if slot is None:
            continue
        if slot.role == ANSWER:
            others = [name for name in answers if name in piece.says.defines]
            if piece.says.stands and others and slot.question not in piece.says.defines | piece.says.assigns:
                found.notes.append(
                    f"Cell {piece.number} is in the place of `{slot.question}`, but defines {_names(others)}: it "
                    "was graded as that."
                )
                slot = answers[others[0]]
            found.slot[piece.number] = slot
        else:
            same_id[slot.id].append(piece)
    for name, pieces in same_id.items():
        # Copies share what names them: the one that is as released is the exercise's, the others are the learner's own.
        slot = ids[name]
        best = next((piece for piece in pieces if _same(piece, slot)), pieces[0])
        found.slot[best.number] = slot


def _by_text(slots: Sequence[Slot], found: Matched) -> None:
    """Notebooks that lost their ids: given cells and checks are known by their text, stubs too."""
    matched = {slot.index for slot in found.slot.values()}
    free = {slot.says.shape: slot for slot in reversed(slots) if slot.index not in matched}
    for piece in found.pieces:
        if piece.number not in found.slot and (slot := free.pop(piece.says.shape, None)) is not None:
            found.slot[piece.number] = slot


def _own(stub: Slot, found: Matched) -> list[Piece]:
    """The pieces that stand in a question's place, without stubs beside an edited copy."""
    own = [piece for piece in found.pieces if found.slot.get(piece.number) == stub]
    edited = [piece for piece in own if not piece.says.empty and not _same(piece, stub)]
    untouched = [piece for piece in own if _same(piece, stub)]
    kept = (
        edited
        if any(stub.question in piece.says.defines | piece.says.assigns for piece in edited)
        else edited + untouched[:1]
    )
    placed = set(kept)
    for piece in own:
        if piece not in placed:
            found.left_out.add(piece.number)
            if edited and not piece.says.empty:
                found.notes.append(
                    f"Cell {piece.number} is an unedited copy of `{stub.question}`, next to an edited one: it was "
                    "left out."
                )
    kept.sort(key=lambda piece: piece.number)
    definers = [piece.number for piece in kept if stub.question in piece.says.defines]
    if len(definers) > 1:
        found.notes.append(
            f"`{stub.question}` is defined in cells {listed(definers)}: all ran in order, the last counts."
        )
    elif len(kept) > 1:
        numbers = listed([piece.number for piece in kept])
        found.notes.append(f"`{stub.question}` is spread over the cells {numbers}: all ran, in order.")
    return kept


def _answer(stub: Slot, own: Mapping[str, list[Piece]], found: Matched, cells: Sequence[Cell]) -> list[Piece]:
    question = stub.question
    kept = own[question]
    written = [piece for piece in kept if not _same(piece, stub)]
    placed = set(kept)
    others = [piece for piece in found.pieces if piece not in placed and piece.number not in found.left_out]
    # What another cell than its own defines. A stub elsewhere in the notebook is no answer.
    elsewhere = [piece for piece in others if question in piece.says.defines and not _same(piece, stub)]
    if any(question in (piece.says.defines | piece.says.assigns) for piece in written) or (written and not elsewhere):
        if elsewhere:
            numbers = listed([piece.number for piece in elsewhere])
            found.notes.append(f"`{question}` is also defined in cell {numbers}; its own cell was graded.")
        return kept
    if not elsewhere:
        elsewhere = [piece for piece in others if question in piece.says.assigns]
    if elsewhere:
        for piece in kept:
            if piece not in written:
                found.left_out.add(piece.number)
        numbers = listed([piece.number for piece in elsewhere])
        found.notes.append(f"`{question}` was found in cell {numbers} instead of its own: that cell was graded.")
        return sorted([*written, *elsewhere], key=lambda piece: piece.number)
    return kept or _retitled(stub, found, cells)


def _retitled(stub: Slot, found: Matched, cells: Sequence[Cell]) -> list[Piece]:
    """The answer in a cell that was turned from code to text, if that is certain."""
    question = stub.question
    for cell in cells:
        if cell.code or question not in unread(cell.source).defines:
            continue
        if not cell.says.stands or question not in cell.says.defines:
            continue
        if cell.grade_id == question or (not cell.grade_id and cell.id == stub.id):
            found.notes.append(f"Cell {cell.number}, `{question}`, is not a code cell any more: it ran as one.")
            piece = Piece((cell,))
            found.pieces.append(piece)
            found.pieces.sort(key=lambda each: each.number)
            return [piece]
        found.notes.append(
            f"Cell {cell.number} holds a definition of `{question}`, but is a text cell, not a code cell: it did not run."
        )
    return []


def _same(piece: Piece, slot: Slot) -> bool:
    return piece.says.shape == slot.says.shape


def _names(names: Sequence[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)
