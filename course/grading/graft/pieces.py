"""The learner's code in the pieces in which it runs: halves of a cell that was split by accident run as one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from course.grading.graft.cells import Cell
from course.grading.graft.source_code import Code, read_code

_MOST_HALVES = 8
_MOST_JOINS = 200  # tried in one notebook


@dataclass(frozen=True, eq=False)
class Piece:
    """One or more of the learner's code cells that run as one: the halves of a split cell are joined."""

    cells: tuple[Cell, ...]

    @property
    def number(self) -> int:
        """The place of its first cell in the learner's notebook."""
        return self.cells[0].number

    @property
    def source(self) -> str:
        """Its text."""
        return "\n".join(cell.source for cell in self.cells)

    @property
    def says(self) -> Code:
        """What its text says."""
        return self.cells[0].says if len(self.cells) == 1 else read_code(self.source)


def pieces_of(cells: Sequence[Cell], known: Collection[str], notes: list[str]) -> Iterator[Piece]:
    """The cells, those joined that are whole only together."""
    by_name: dict[str, list[int]] = defaultdict(list)
    for place, cell in enumerate(cells):
        by_name[cell.grade_id].append(place)
    taken: set[int] = set()
    tries = _MOST_JOINS
    for place, cell in enumerate(cells):
        if place in taken:
            continue
        later = (
            [other for other in by_name[cell.grade_id] if other > place][: _MOST_HALVES - 1] if cell.grade_id else []
        )
        if not later and place + 1 < len(cells) and not cells[place + 1].grade_id and cells[place + 1].id not in known:
            later = [place + 1]  # some editors keep a half's name to themselves
        later = [other for other in later if other not in taken]
        best = 0
        for count in range(1, len(later) + 1):
            half = cells[later[count - 1]]
            depends = not half.says.stands or (half.indented and half.grade_id != "")
            if (cell.says.stands and not depends) or tries == 0:
                break
            tries -= 1
            whole = read_code(Piece((cell, *(cells[other] for other in later[:count]))).source)
            best = count if whole.stands and cell.read and half.read else best
            following = cells[later[count]] if count < len(later) else None
            if best == count and not (following and following.indented):
                break
        halves = later[:best]
        taken.update(halves)
        yield Piece((cell, *(cells[other] for other in halves)))
        if halves:
            numbers = listed([cell.number, *(cells[other].number for other in halves)])
            notes.append(f"Cells {numbers} are two halves of a split cell: they ran as one.")


def listed(numbers: Sequence[int]) -> str:
    """Numbers of cells as a sentence has them: 3, 4 and 7; at most six."""
    shown = [str(number) for number in numbers[:6]] + (["more"] if len(numbers) > 6 else [])
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
