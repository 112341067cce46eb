"""Exercises from solutions: what the learner has to write is taken out, and nothing else is changed.

The marks are nbgrader's (its user guide, "Creating and grading assignments"; its cell metadata of schema 3),
so that a folder of solutions can also be used with nbgrader itself.
"""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

from course.authoring.canonical import canonical
from course.authoring.lessons import EXERCISES, SOLUTIONS, shown, stored
from course.authoring.notebook import (
    AuthoringError,
    Cell,
    Notebook,
    Problem,
    dumps,
    other_system,
    place,
    read,
    read_as_stored,
    tags,
    write,
)

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
SOLUTION_ONLY = "solution-only"
SCHEMA = 3
_MARK = re.compile(r"#\s*(?:BEGIN|END)\s+SOLUTION", re.I)
_GRADE_ID = re.compile(r"[a-zA-Z0-9_-]+")
_FLAGS = ("grade", "locked", "solution", "task")


def exercise_of(solution: Notebook, name: str) -> Notebook:
    """The exercise notebook for a solution notebook; `name` is how errors call it.

    Raises AuthoringError that lists every cell whose marks or metadata are wrong.
    """
    if found := solution_problems(solution):
        raise AuthoringError("\n".join(f"{name}, {problem}" for problem in found))
    nb = copy.deepcopy(solution)
    nb["cells"] = [cell for cell in nb["cells"] if SOLUTION_ONLY not in tags(cell)]
    for cell in nb["cells"]:
        if _grading(cell).get("solution"):
            cell["source"] = stub(cell["source"], _grading(cell)["grade_id"])
        if "tags" in cell["metadata"]:
            cell["metadata"]["tags"] = [tag for tag in tags(cell) if not tag.startswith("nbval-")]
    return canonical(nb, EXERCISES)


def stub(source: str, function: str) -> str:
    """`source` with each marked region replaced by a NotImplementedError that names the function."""
    lines: list[str] = []
    inside = False
    for line in source.splitlines():
        mark = line.strip()
        if mark == BEGIN:
            inside = True
            indent = line[: len(line) - len(line.lstrip())]
            text = f"{function} is not written yet: put your code in the place of this line"
            lines.append(f'{indent}raise NotImplementedError("{text}")')
        elif mark == END:
            inside = False
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def solution_problems(nb: Notebook) -> list[Problem]:
    """What is wrong with the marks and the grading metadata of a solution notebook."""
    found = []
    ids: dict[str, int] = {}
    for index, cell in enumerate(nb["cells"]):
        reasons = _metadata_problems(cell) + _region_problems(cell)
        grade_id = _grading(cell).get("grade_id")
        if isinstance(grade_id, str) and ids.setdefault(grade_id, index) != index:
            reasons.append(f"the grade_id '{grade_id}' is that of {place(nb, ids[grade_id])} already.")
        found += [Problem(place(nb, index), reason) for reason in reasons]
    return found


def release_file(solution: Path, root: Path) -> bool:
    """Write the exercise of one solution. True if the stored file differed."""
    return write(root / EXERCISES / solution.name, _text(solution, root))


def exercise_problem(solution: Path, root: Path) -> Problem | None:
    """Why the stored exercise of one solution is not what `release_file` would write; None if it is."""
    target = root / EXERCISES / solution.name
    text, place = _text(solution, root), shown(target, root)
    stored = read_as_stored(target) if target.is_file() else ""
    if stored == text:
        return None
    why = other_system(stored) or "it is not what its solution gives"
    return Problem(place, f"{why}. Run `course release`.")


def orphans(root: Path) -> list[Path]:
    """Exercises that no solution stands behind."""
    return [path for path in stored(root, (EXERCISES,)) if not (root / SOLUTIONS / path.name).is_file()]


def _text(solution: Path, root: Path) -> str:
    return dumps(exercise_of(read(solution), shown(solution, root)))


def _grading(cell: Cell) -> dict[str, Any]:
    found = cell.get("metadata", {}).get("nbgrader", {})
    return found if isinstance(found, dict) else {}


def _metadata_problems(cell: Cell) -> list[str]:
    grading = _grading(cell)
    if not grading:
        return []
    reasons = []
    if grading.get("schema_version") != SCHEMA:
        reasons.append(f"nbgrader's schema_version is {grading.get('schema_version', 'missing')}, not {SCHEMA}.")
    grade_id = grading.get("grade_id")
    if not isinstance(grade_id, str) or not _GRADE_ID.fullmatch(grade_id):
        reasons.append(f"grade_id is {grade_id!r}; it needs a name of letters, digits, _ and -.")
    for flag in _FLAGS:
        if not isinstance(grading.get(flag), bool):
            reasons.append(f"nbgrader's '{flag}' is {grading.get(flag, 'missing')!r}; it must be true or false.")
    points = grading.get("points")
    if grading.get("grade") and (isinstance(points, bool) or not isinstance(points, int | float) or points < 0):
        reasons.append(f"a graded cell needs points of 0 or more, not {points!r}.")
    if grading.get("solution") and grading.get("locked"):
        reasons.append("a solution cell must not be locked: the learner writes in it.")
    return reasons


def _region_problems(cell: Cell) -> list[str]:
    solution = bool(_grading(cell).get("solution"))
    opened: int | None = None
    regions = 0
    filled = False
    for number, line in enumerate(cell["source"].splitlines(), start=1):
        mark = line.strip()
        if mark not in (BEGIN, END):
            if _MARK.search(line):
                return [f"line {number} is almost a mark: write exactly '{BEGIN}' or '{END}', alone on its line."]
            filled = filled or bool(mark and not mark.startswith("#"))
            continue
        if not solution or cell["cell_type"] != "code":
            return [f"line {number} has a mark, but the cell is no code cell with nbgrader's solution: true."]
        if mark == BEGIN:
            if opened is not None:
                return [f"line {number} begins a region inside the one that began on line {opened}."]
            opened, filled = number, False
            regions += 1
        else:
            if opened is None:
                return [f"line {number} ends a region that never began."]
            if not filled:
                return [f"the region of lines {opened} to {number} holds no code."]
            opened = None
    if opened is not None:
        return [f"the region that begins on line {opened} never ends."]
    if solution and not regions:
        return [f"a solution cell needs a region from '{BEGIN}' to '{END}'."]
    return []
