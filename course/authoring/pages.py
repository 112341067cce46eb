"""Notebooks as pages to read: what the site shows of a lesson, and of an exercise with its solution folded away.

A page is a notebook again, which myst-nb reads. It differs from its source in what a reader needs and a learner does not:
the set-up cell is folded, the badge for Colab is drawn by the site, and an exercise carries its solution.
"""

from __future__ import annotations

import copy
import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from course.authoring import badges, bootstrap
from course.authoring.notebook import AuthoringError, Cell, Notebook, tags
from course.authoring.release import BEGIN, END, SOLUTION_ONLY

STILL = "A still. In JupyterLab or Colab this moves, and you control it."
_VIEW = "application/vnd.jupyter.widget-view+json"
_HEADING = re.compile(r"^#{1,2} .*$", re.M)
_LINK = re.compile(r"(?<=\]\()(?P<path>[^()#\s]*\.ipynb)#(?P<anchor>[^()\s]+)(?=\))")
# The same in HTML that a cell gave, which Sphinx passes on as it is; an address with a host stays.
_HREF = re.compile(r'(?<=href=")(?P<path>[^"#:]*)\.ipynb(?:#(?P<anchor>[^"]*))?(?=")')
# In the repository the pages of docs/ lie beside the notebooks' folder, on the site above it.
_DOCS = re.compile(r"(?<=\]\(\.\./)docs/(?=[^()\s]*\.md)")


def lesson(nb: Notebook, top: str) -> Notebook:
    """The page of a lesson. `top` is HTML that stands under its title."""
    return _finished(_cells(nb), nb, top)


def exercises(nb: Notebook, solution: Notebook, top: str) -> Notebook:
    """The page of an exercise notebook: each task, its help, then its solution, folded.

    The fold comes after the two steps of help, so that the least help comes first.

    Raises AuthoringError where a task has no solution.
    """
    cells: list[Cell] = []
    task: str | None = None
    for cell in _cells(nb):
        heading = _HEADING.search(_prose(cell))
        if task and heading:
            before, after = cell["source"][: heading.start()].rstrip(), cell["source"][heading.start() :]
            cells += [_markdown(before, f"help-{task}"), *_fold(task, solution), _markdown(after, cell["id"])]
            task = None
        else:
            cells.append(cell)
        grading = cell["metadata"].get("nbgrader", {})
        if grading.get("solution"):
            task = grading["grade_id"]
    if task:
        cells += _fold(task, solution)
    return _finished(cells, nb, top)


def question(nb: Notebook) -> str:
    """The question that a lesson opens with: the bold line under its title; "" where there is none."""
    text = "\n".join(_prose(cell) for cell in nb["cells"])
    found = re.search(r"^# .+\n+\*\*(.+)\*\*$", text, re.M)
    return found[1] if found else ""


def how_long(nb: Notebook) -> list[str]:
    """What a lesson's first table says about time: its column "How long"."""
    text = "\n".join(_prose(cell) for cell in nb["cells"])
    table = re.search(r"^\|[^\n]*\| How long \|\n\|[^\n]*\n((?:\|[^\n]*(?:\n|$))+)", text, re.M)
    column = [row.rstrip().strip("|").split("|")[-1].strip() for row in table[1].splitlines()] if table else []
    return [entry for entry in column if entry]


def alternative_texts(nb: Notebook) -> Iterator[tuple[str, str]]:
    """(picture in base64, its alternative text) of every PNG that is stored in a notebook."""
    for output in _outputs(nb["cells"]):
        if picture := output.get("data", {}).get("image/png"):
            yield picture, str(output.get("metadata", {}).get("image/png", {}).get("alt", ""))


def slug(title: str) -> str:
    """A heading's anchor, as GitHub and myst-parser make it: `output_size`, `what-you-measured`."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


def _cells(nb: Notebook) -> list[Cell]:
    """Copies of a notebook's cells, without the badge, as a page shows them."""
    cells = [copy.deepcopy(cell) for cell in nb["cells"] if cell.get("id") != badges.CELL_ID]
    shown: list[Cell] = []
    for cell in cells:
        shown.append(cell)
        if cell["cell_type"] == "markdown":
            # JupyterLab's anchors keep capitals, the site's don't.
            source = _LINK.sub(lambda link: f"{link['path']}#{slug(link['anchor'])}", cell["source"])
            cell["source"] = _DOCS.sub("", source)
            continue
        for output in cell["outputs"]:
            data = output.get("data", {})
            data.pop(_VIEW, None)
            if "text/html" in data:
                data["text/html"] = _HREF.sub(_page_of, data["text/html"])
        if cell["id"] == bootstrap.CELL_ID:
            shown[-1:] = _folded("set-up", "Set-up: the same cell in every notebook", [cell])
        elif _moves(cell):
            shown.append(_markdown(f'<p class="still-note">{STILL}</p>', f"still-{cell['id']}"))
    return shown


def _page_of(link: re.Match[str]) -> str:
    anchor = f"#{slug(link['anchor'])}" if link["anchor"] else ""
    return f"{link['path']}.html{anchor}"


def _fold(task: str, solution: Notebook) -> list[Cell]:
    """The cells of a task's solution, with what they gave, between the tags of a fold."""
    inside: list[Cell] = []
    found = False
    for cell in _cells(solution):
        grading = cell["metadata"].get("nbgrader", {})
        if grading.get("solution"):
            found = grading["grade_id"] == task
        elif found and cell["cell_type"] == "markdown" and SOLUTION_ONLY not in tags(cell):
            break
        if found:
            if _HEADING.search(_prose(cell)):
                raise AuthoringError(f"The solution of {task} has a heading, which would end its fold.")
            if cell["cell_type"] == "code":
                lines = cell["source"].split("\n")
                cell["source"] = "\n".join(line for line in lines if line.strip() not in (BEGIN, END))
            inside.append(cell | {"id": f"solution-{cell['id']}"})
    if not inside:
        raise AuthoringError(f"The exercise {task} has no solution.")
    return _folded("solution", f"Show a solution of <code>{html.escape(task)}</code>", inside)


def _folded(kind: str, says: str, cells: list[Cell]) -> list[Cell]:
    """Cells inside of a fold of this class, with what its line says in HTML."""
    opening = f'<details class="{kind}"><summary>{says}</summary>'
    name = cells[0]["id"]
    return [_markdown(opening, f"open-{name}"), *cells, _markdown("</details>", f"close-{name}")]


def _finished(cells: list[Cell], nb: Notebook, top: str) -> Notebook:
    """A notebook of `cells` with `top` under its title.

    Raises AuthoringError where it does not begin with a title.
    """
    head = cells[0]["source"] if cells else ""
    title, _, rest = head.partition("\n")
    if not title.startswith("# "):
        raise AuthoringError(f"a notebook has to begin with its title, not with {title!r}.")
    first = [_markdown(title, "title"), _markdown(top, "top"), _markdown(rest.strip(), cells[0]["id"])]
    return nb | {"cells": [cell for cell in (*first, *cells[1:]) if cell["source"]]}


def _moves(cell: Cell) -> bool:
    """Does the cell show something that moves where there is a kernel?

    Its still is stored as a picture with a name, "Sliders: w, b"; a figure has only the text that Python has for objects.
    """
    shown = [output.get("data", {}) for output in cell["outputs"]]
    return any("image/png" in data and not data.get("text/plain", "<").startswith("<") for data in shown)


def _markdown(source: str, name: str) -> Cell:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}


def _prose(cell: Cell) -> str:
    """The text of a markdown cell with its code blocked out, so that a `#` in code is no heading."""
    if cell["cell_type"] != "markdown":
        return ""
    return re.sub(
        r"^(`{3,}|~{3,}).*?^\1", lambda block: re.sub(r"[^\n]", " ", block[0]), cell["source"], flags=re.M | re.S
    )


def _outputs(cells: Iterable[Cell]) -> Iterator[dict[str, Any]]:
    return (output for cell in cells for output in cell.get("outputs", []))


def dumps(nb: Notebook) -> str:
    """A page's text. It is read once, by myst-nb, so it needs no canonical form."""
    return json.dumps(nb, ensure_ascii=False)
