"""What a lesson, a solution and an exercise must have, whatever they are about.

Each function returns the problems that it finds; tests/test_notebooks.py runs them on every notebook.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path

from course.authoring.lessons import EXERCISES
from course.authoring.notebook import Cell, Notebook, Problem, code_cells, is_compared, place, tags
from course.authoring.release import BEGIN, END, SOLUTION_ONLY

OPENING = ("What you will be able to do", "What you need", "How long")
CLOSING = ("Your guesses and the answers", "What comes next")
BOX = ("Difficulty", "Importance", "min")
LONGEST_RECAP = 3
SHORTEST_ALT = 30  # characters; a figure that is told in fewer is only named
_CHECK = re.compile(r"^[^#\n]*\bcheck\(\s*(\w+)", re.M)
_STATES = re.compile(r"^[^#\n]*\b(?:check|claim)\(", re.M)
_HEADING = re.compile(r"^(?=## )", re.M)
_LINK = re.compile(r"\]\(([^)#\s:]+\.ipynb)[^)]*\)")
_PICTURE = re.compile(r"!\[([^\]]*)\]\(|<img\b([^>]*)>")
_ALT = re.compile(r"""\balt=(?:"[^"]*\w[^"]*"|'[^']*\w[^']*')""")
_STUB = re.compile(r'\s*raise NotImplementedError\("\w[\w-]* is not written yet: [^"]+"\)')
_ANCHORED = 6  # cells at the end in which a lesson's closing stands


def lesson_problems(nb: Notebook, name: str) -> list[Problem]:
    """A lesson says what it is for, closes with what was measured, and leads to its exercises."""
    cells = nb["cells"]
    codes = [index for index, _ in code_cells(nb)]
    opening = _prose(cells[: codes[1]] if len(codes) > 1 else cells)
    closing = _prose(cells[-_ANCHORED:])
    found = [Problem("", f"the opening does not say '{part}'.") for part in OPENING if not _has(opening, part)]
    found += [Problem("", f"the last cells do not say '{part}'.") for part in CLOSING if not _has(closing, part)]
    if f"../{EXERCISES}/{name}.ipynb" not in _prose(cells):
        found.append(Problem("", f"there is no link to ../{EXERCISES}/{name}.ipynb."))
    reason = "a claim or a check must be compared; take the tag off, or show times in a cell of their own."
    found += [
        Problem(place(nb, index), reason)
        for index, cell in code_cells(nb)
        if _STATES.search(cell["source"]) and not is_compared(cell)
    ]
    return found


def link_problems(nb: Notebook, folder: Path) -> list[Problem]:
    """Links to notebooks lead somewhere; `folder` is where this one lies."""
    return [
        Problem(place(nb, index), f"there is no {target}.")
        for index, cell in enumerate(nb["cells"])
        if cell["cell_type"] == "markdown"
        for target in _LINK.findall(cell["source"])
        if not (folder / target).is_file()
    ]


def picture_problems(nb: Notebook) -> list[Problem]:
    """Every picture says what it shows: a figure in its output's metadata, others in ``![…]`` or ``alt="…"``.

    IPython writes the words of a figure as it shows it, once `course.plot` is imported (course/plot/alt.py).
    """
    found = []
    for index, cell in enumerate(nb["cells"]):
        pages = [cell["source"]] if cell["cell_type"] == "markdown" else []
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            pages += [data["text/html"]] if "text/html" in data else []
            for mime in (mime for mime in data if mime.startswith("image/")):
                alt = output.get("metadata", {}).get(mime, {}).get("alt", "")
                if len(alt) < SHORTEST_ALT or alt.startswith("<"):
                    reason = (
                        f"a figure has no alternative text ({alt!r}). Run `course format`, or `plot.say` what it shows."
                    )
                    found.append(Problem(place(nb, index), reason))
        for picture in _PICTURE.finditer("\n".join(pages)):
            described = picture[1].strip() if picture[1] is not None else _ALT.search(picture[2])
            if not described:
                found.append(Problem(place(nb, index), f"a picture has no alternative text: {picture[0][:60]}"))
    return found


def compared_share(nb: Notebook) -> Fraction:
    """The share of the code cells whose output nbval compares."""
    compared = [is_compared(cell) for _, cell in code_cells(nb)]
    return Fraction(sum(compared), len(compared)) if compared else Fraction(1)


def exercise_problems(nb: Notebook, points: Mapping[str, float]) -> list[Problem]:
    """A solution asks for every exercise of its catalogue and for no other, each with all its parts.

    `points` are those of the catalogue, by name. The part of the notebook on one exercise begins at a heading
    of level two that names the function, and ends at the next one of that level. In it stand the box (a table
    or a quotation: difficulty, importance, minutes), a short recap, the cell to write in, the check, and help
    in two folds.
    """
    asked = [name for _, cell in code_cells(nb) for name in _CHECK.findall(cell["source"])]
    found = [Problem("", f"check({name}): the catalogue has no such exercise.") for name in _once(asked, points)]
    groups = dict(_groups(nb, points))
    for name in points:
        cells = groups.get(name)
        if cells is None:
            found.append(Problem(name, f"no heading of level two (##) names `{name}`."))
            continue
        found += [Problem(name, reason) for reason in _group_problems(cells, name, points[name])]
    return found


def states_check(cell: Cell) -> bool:
    """Does this cell call `check(function)`?"""
    return _CHECK.search(cell["source"]) is not None


def difference_problems(solution: Notebook, exercise: Notebook) -> list[Problem]:
    """An exercise is its solution but for the regions, the outputs and nbval's tags.

    Written without the code that makes exercises, so that a slip there is seen here.
    """
    wanted = [cell for cell in solution["cells"] if SOLUTION_ONLY not in tags(cell)]
    if [cell["id"] for cell in wanted] != [cell["id"] for cell in exercise["cells"]]:
        return [Problem("", "the cells are not those of the solution.")]
    found = []
    for index, (ours, theirs) in enumerate(zip(wanted, exercise["cells"], strict=True)):
        same = ours["cell_type"] == theirs["cell_type"]
        same = same and ours["metadata"].get("nbgrader") == theirs["metadata"].get("nbgrader")
        pattern = r"[^\n]*".join(map(re.escape, _outside(ours["source"])))
        if not same or not re.fullmatch(pattern, theirs["source"]):
            found.append(Problem(place(exercise, index), "the cell differs from the solution's outside a region."))
        written = [line for line in theirs["source"].splitlines() if "NotImplementedError" in line]
        regions = ours["source"].count(BEGIN)
        if len(written) < regions or sum(bool(_STUB.fullmatch(line)) for line in written) != regions:
            found.append(Problem(place(exercise, index), f"{regions} regions, but not as many stubs."))
    return found


def _outside(source: str) -> list[str]:
    """The texts around the regions: before the first, between two, after the last."""
    parts: list[str] = []
    lines: list[str] = []
    inside = False
    for line in source.splitlines(keepends=True):
        if line.strip() == BEGIN:
            parts.append("".join(lines))
            lines, inside = [], True
        elif line.strip() == END:
            lines, inside = ["\n"] if line.endswith("\n") else [], False
        elif not inside:
            lines.append(line)
    return [*parts, "".join(lines)]


def _group_problems(cells: list[Cell], name: str, points: float) -> Iterator[str]:
    prose = _prose(cells)
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    for part in BOX:
        if not _has(prose, part):
            yield f"the box does not say '{part}'."
    if not 1 <= len(_recap(cells)) <= LONGEST_RECAP:
        yield f"between box and code stands a recap of 1 to {LONGEST_RECAP} lines, not {len(_recap(cells))}."
    folds = prose.count("<details"), prose.count("<summary"), prose.count("</details>")
    if folds != (2, 2, 2):
        yield "help comes in two folds (<details><summary>…</summary>…</details>): a nudge, then the pattern."
    if not any(_grading(cell).get("solution") and _grading(cell).get("grade_id") == name for cell in code):
        yield f"there is no solution cell with the grade_id '{name}'."
    checks = [cell for cell in code if name in _CHECK.findall(cell["source"])]
    if not checks:
        yield f"nothing calls check({name})."
    elif [_grading(cell).get("points") for cell in checks if _grading(cell).get("grade")] != [points]:
        yield f"one cell with check({name}) must be graded, with the catalogue's {points:g} points."


def _groups(nb: Notebook, names: Iterable[str]) -> Iterator[tuple[str, list[Cell]]]:
    """(name, cells) of the part on each exercise; a cell with a heading inside is cut before the heading."""
    known = set(names)
    current: list[Cell] | None = None
    for cell in nb["cells"]:
        pieces = _HEADING.split(cell["source"]) if cell["cell_type"] == "markdown" else [cell["source"]]
        for piece in pieces:
            if cell["cell_type"] == "markdown" and piece.startswith("## "):
                named = known.intersection(re.findall(r"\w+", piece.splitlines()[0]))
                current = []
                if len(named) == 1:
                    yield named.pop(), current
            if current is not None:
                current.append({**cell, "source": piece})


def _recap(cells: list[Cell]) -> list[str]:
    """The lines between the box and the first code of a group."""
    lines: list[str] = []
    for cell in cells:
        if cell["cell_type"] == "code":
            break
        lines += cell["source"].splitlines()
    return [line for line in lines if line.strip() and not line.startswith(("#", "|", ">"))]


def _once(asked: Iterable[str], known: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(asked) if name not in set(known)]


def _grading(cell: Cell) -> dict[str, object]:
    grading: dict[str, object] = cell["metadata"].get("nbgrader", {})
    return grading


def _prose(cells: Iterable[Cell]) -> str:
    return "\n\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")


def _has(text: str, part: str) -> bool:
    return part.lower() in text.lower()
