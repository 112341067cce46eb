"""Submissions of lesson 02 to grade, honest and planted: the released exercise, filled in."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from course.checks import exercises
from course.curriculum import lesson_of
from course.grading.model import Job, QuestionResult, Result, Settings, Submission
from course.grading.workers.worker import Worker

ROOT = Path(__file__).resolve().parents[1]
LESSON = lesson_of("the_neuron")
QUESTIONS = tuple(exercises(LESSON))
POSSIBLE = {name: float(one.points) for name, one in exercises(LESSON).items()}


@cache
def stored(folder: str, lesson: str = LESSON) -> str:
    """The text of a stored notebook; `folder` is "solutions" or "exercises"."""
    return (ROOT / folder / f"{lesson}.ipynb").read_text(encoding="utf-8")


def answers(lesson: str = LESSON) -> dict[str, str]:
    """The right answers, by question: the solution's cells without their marks."""
    found = {}
    for one in json.loads(stored("solutions", lesson))["cells"]:
        grading = one["metadata"].get("nbgrader", {})
        if grading.get("solution"):
            lines = "".join(one["source"]).splitlines()
            found[grading["grade_id"]] = "\n".join(line for line in lines if "### " not in line)
    return found


def handed_in(
    written: Mapping[str, str] | None = None,
    first: Sequence[str] = (),
    last: Sequence[str] = (),
    lesson: str = LESSON,
) -> dict[str, Any]:
    """The exercise with right answers, but for those `written`; with cells put after the imports, and at the end.

    A question that is written as "" stays as it was released.
    """
    nb: dict[str, Any] = copy.deepcopy(json.loads(stored("exercises", lesson)))
    right = {**answers(lesson), **(written or {})}
    for one in nb["cells"]:
        grading = one["metadata"].get("nbgrader", {})
        if grading.get("solution") and right[grading["grade_id"]]:
            one["source"] = right[grading["grade_id"]]
    codes = [i for i, one in enumerate(nb["cells"]) if one["cell_type"] == "code"]
    after = codes[1] + 1
    nb["cells"][after:after] = [cell(source, f"first-{i}") for i, source in enumerate(first)]
    nb["cells"] += [cell(source, f"last-{i}") for i, source in enumerate(last)]
    return nb


def cell(source: str, name: str) -> dict[str, Any]:
    """A code cell of the learner's own."""
    parts = {"cell_type": "code", "id": name, "metadata": {}, "source": source}
    return {**parts, "outputs": [], "execution_count": None}


def job(nb: dict[str, Any], settings: Settings, learner: str = "ada", lesson: str = LESSON) -> Job:
    """What a worker is given."""
    content = json.dumps(nb).encode()
    digest = sha256(content).hexdigest()
    submission = Submission(learner, lesson, "", f"{learner}/{lesson}.ipynb", digest)
    return Job(f"key-{learner}", submission, content, stored("solutions", lesson), settings)


def graded(worker: Worker, nb: dict[str, Any], lesson: str = LESSON) -> Result:
    """The result of grading a notebook with the worker's own settings."""
    return worker.grade(job(nb, worker.settings, lesson=lesson))


def points(result: Result) -> dict[str, float]:
    """Points by question."""
    return {question.name: question.points for question in result.questions}


def question(result: Result, name: str) -> QuestionResult:
    """One question's result."""
    return next(one for one in result.questions if one.name == name)
