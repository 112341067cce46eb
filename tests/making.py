"""Small notebooks and a small course to test the authoring tools on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from course.curriculum import lesson_of

REPOSITORY = "https://example.org/course"


def code(source: str, *, outputs: list[dict[str, Any]] | None = None, count: int | None = None, **more: Any) -> Any:
    cell: dict[str, Any] = {"cell_type": "code", "execution_count": count, "metadata": {}}
    cell |= {"outputs": outputs or [], "source": source}
    return {**cell, **more}


def markdown(source: str, **more: Any) -> Any:
    return {"cell_type": "markdown", "metadata": {}, "source": source, **more}


def grading(grade_id: str, *, solution: bool = True, points: float | None = None, **more: Any) -> dict[str, Any]:
    """A cell's metadata as nbgrader's extension writes it."""
    keys = {
        "grade_id": grade_id,
        "solution": solution,
        "locked": not solution,
        "schema_version": 3,
        "task": False,
    }
    grade = {"grade": False} if points is None else {"grade": True, "points": points}
    return {"nbgrader": {**keys, **grade, **more}}


def notebook(*cells: Any, **more: Any) -> Any:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}


def printed(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def result(**data: Any) -> dict[str, Any]:
    """A display of several mime types; `__` in a name stands for the slash."""
    bundle = {name.replace("__", "/"): value for name, value in data.items()}
    return {"output_type": "display_data", "data": bundle, "metadata": {}}


def save(path: Path, nb: Any) -> Path:
    """Stored as an editor might: not in the canonical form."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(nb), encoding="utf-8")
    return path


def make_course(folder: Path) -> Path:
    """A folder that the tools take for a clone of the course, with one lesson and its solution, never run."""
    settings = f'[project]\nname = "threads-to-networks"\n[tool.course]\nrepository = "{REPOSITORY}"\n'
    (folder / "pyproject.toml").write_text(settings, encoding="utf-8")
    opening = markdown(
        "# The neuron\n\n**What you will be able to do.** Add.\n\n**How long.** About 60 minutes to read and run."
    )
    save(folder / "notebooks" / f"{lesson_of('the_neuron')}.ipynb", notebook(opening, code("print(1 + 1)")))
    region = "def neuron(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
    solution = notebook(
        markdown("# Exercises"),
        code(region, metadata=grading("neuron")),
        code("neuron(2)", metadata=grading("neuron_check", solution=False, points=2)),
    )
    save(folder / "solutions" / f"{lesson_of('the_neuron')}.ipynb", solution)
    return folder


def solution(*names: str) -> dict[str, Any]:
    """A solution that asks these questions, never run."""
    cells = []
    for name in names:
        region = f"def {name}(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
        cells.append(code(region, metadata=grading(name)))
        cells.append(code(f"check({name})", metadata=grading(f"check-{name}", solution=False, points=2)))
    return notebook(*cells)
