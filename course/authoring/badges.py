"""The cell at the top of every notebook that opens it in Colab and leads to its companions there, and the README's badges.

A notebook that is opened alone, in Colab or from a download, has no folder `../exercises` beside it. Colab rewrites
links to notebooks of the same folder while the page comes from GitHub (https://github.com/googlecolab/colabtools/issues/3877);
it promises nothing for `../`, for a copy in Drive or for anchors (issue 3983). So the way that always works stands on
top, as whole addresses.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path

from course.authoring.lessons import EXERCISES, LESSONS, SOLUTIONS, kind_of, names
from course.authoring.notebook import BOM, Cell, Notebook, Problem, other_endings, other_system, place
from course.authoring.published import COLAB, Published, published

CELL_ID = "badge"
OPEN = "Open in Colab"  # what is read out, and what is there where the picture can't be fetched
PICTURE = f"{COLAB}/assets/colab-badge.svg"
BEGIN, END = "<!-- badges: written by `course badges --write` -->", "<!-- end of badges -->"
REWRITE = "Run `course badges --write`."
_CALLED = {LESSONS: "the lesson", EXERCISES: "the exercises"}
_COMPANION = {LESSONS: EXERCISES, EXERCISES: LESSONS}
_ROW = re.compile(r"^\| (?:\[)?(?P<name>\d\d_\w+)\b.*\|\s*$")


def source(kind: str, name: str, home: Published) -> str:
    """The cell's text for the notebook `name` ("02_the_neuron") of a kind ("notebooks").

    A solution has its exercise's: the exercise is derived from it, by nbgrader, too, and learners are not led to the answers.
    """
    kind = EXERCISES if kind == SOLUTIONS else kind
    other = _COMPANION[kind]
    return " · ".join(
        (
            _badge(OPEN, home.colab(_path(kind, name))),
            f"[{_CALLED[other]} in Colab]({home.colab(_path(other, name))})",
            f"[download from GitHub]({home.page(_path(kind, name))})",
        )
    )


def cell(kind: str, name: str, home: Published) -> Cell:
    """The cell itself."""
    return {"cell_type": "markdown", "id": CELL_ID, "metadata": {}, "source": source(kind, name, home)}


def problem(nb: Notebook, path: Path, root: Path) -> Problem | None:
    """Why the first cell of the notebook at `path` is not its badge; None if it is."""
    wanted = cell(kind_of(path), path.stem, published(root))
    if nb["cells"] and nb["cells"][0] == wanted:
        return None
    where = place(nb, 0) if nb["cells"] else ""
    endings = other_endings(nb["cells"][0]["source"]) if nb["cells"] else ""
    why = f": its lines end in {endings}, not in LF" if endings else ""
    return Problem(where, f"this is not the cell that opens the notebook in Colab{why}. {REWRITE}")


def put(nb: Notebook, kind: str, name: str, home: Published) -> Notebook:
    """A copy of `nb` with its badge as the first cell; an older one is replaced."""
    result = copy.deepcopy(nb)
    others = [other for other in result["cells"] if other.get("id") != CELL_ID]
    result["cells"] = [cell(kind, name, home), *others]
    return result


def readme(text: str, root: Path) -> str:
    """The README's `text` with a badge at the end of each lesson's row, between the two marks."""
    home, known = published(root), names(root)
    lines = text.removeprefix(BOM).splitlines()
    for at in _between(lines):
        row = _ROW.match(lines[at])
        if row and row["name"] in known:
            before = lines[at].rstrip().removesuffix("|").rpartition("|")[0]
            badge = _badge(f"Open {row['name']} in Colab", home.colab(_path(LESSONS, row["name"])))
            lines[at] = f"{before}| {badge} |"
    return "\n".join(lines) + "\n"


def readme_problems(text: str, root: Path) -> list[Problem]:
    """What is wrong with the README's badges: old ones, a lesson without a row, marks that are gone."""
    if why := other_system(text):
        return [Problem("README.md", f"{why}. {REWRITE}")]
    lines = text.splitlines()
    inside = _between(lines)
    if not inside:
        return [Problem("README.md", f"the table of lessons does not stand between `{BEGIN}` and `{END}`.")]
    rows = {row["name"] for at in inside if (row := _ROW.match(lines[at]))}
    found = [Problem("README.md", f"the table of lessons has no row for {name}.") for name in _missing(rows, root)]
    if readme(text, root) != text:
        found.append(Problem("README.md", f"the badges are not those of pyproject.toml's setting. {REWRITE}"))
    return found


def _missing(rows: set[str], root: Path) -> Iterator[str]:
    return (name for name in names(root) if name not in rows)


def _between(lines: list[str]) -> range:
    """The lines between the two marks; none where a mark is missing."""
    if BEGIN not in lines or END not in lines:
        return range(0)
    return range(lines.index(BEGIN) + 1, lines.index(END))


def _path(kind: str, name: str) -> str:
    return f"{kind}/{name}.ipynb"


def _badge(says: str, address: str) -> str:
    return f"[![{says}]({PICTURE})]({address})"
