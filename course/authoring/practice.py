"""What a lesson promises is practiced: each outcome by an exercise, in the lesson's order, in several ways, and by five questions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from course.authoring.ahead import pencil_lines
from course.authoring.minutes import TOLERANCE
from course.authoring.notebook import Notebook, Problem, code_cells
from course.checks.exercise import Exercise

OUTCOMES = "What you will be able to do"
QUESTIONS = "## Five questions"
MANY = 5
# The first exercise is quickly done, so that a learner begins.
FIRST = 2  # minutes
_BULLETS = re.compile(rf"\*\*{OUTCOMES}\*\*\s*\n((?:\s*[-*] .*\n?)+)")
_BULLET = re.compile(r"^\s*[-*] (.*)$", re.M)
_TIME = re.compile(r"(\d+) minutes? \|\s*$", re.M)
_STATED = re.compile(r"(\d+) minutes for the exercises")


def practice_problems(lesson: Notebook, solution: Notebook, exercises: Mapping[str, Exercise]) -> list[Problem]:
    """What is promised in a lesson and not practiced.

    Args:
        lesson: the notebook in notebooks/.
        solution: the one of the same name in solutions/.
        exercises: the lesson's catalogue, in its order.
    """
    prose = "\n".join(cell["source"] for cell in lesson["cells"] if cell["cell_type"] == "markdown")
    reasons = (
        *_outcomes(prose, exercises),
        *_order(lesson, solution, exercises),
        *_kinds(exercises),
        *_times(prose, solution),
        *_questions(lesson),
    )
    return [Problem("", reason) for reason in reasons]


def _outcomes(prose: str, exercises: Mapping[str, Exercise]) -> Iterator[str]:
    found = _BULLETS.search(prose)
    if not found:
        yield f"there is no list of bullets under **{OUTCOMES}**."
        return
    for bullet in _BULLET.findall(found[1]):
        named = re.findall(r"\.ipynb#(\w+)\)", bullet)
        if not named:
            yield f"no exercise tests the outcome {bullet!r}: end it with a link to one."
        yield from (
            f"the outcome {bullet!r} links to {name}, which is no exercise." for name in named if name not in exercises
        )


def _order(lesson: Notebook, solution: Notebook, exercises: Mapping[str, Exercise]) -> Iterator[str]:
    lines = pencil_lines(lesson)
    orders = {
        "the lesson's pencil lines": [name for name in sorted(lines, key=lines.__getitem__) if name in exercises],
        "the exercise notebook": [
            grading["grade_id"]
            for _, cell in code_cells(solution)
            if (grading := cell["metadata"].get("nbgrader", {})).get("solution")
        ],
        "the catalogue": list(exercises),
    }
    if len({tuple(order) for order in orders.values()}) > 1:
        said = "; ".join(f"{where}: {', '.join(order)}" for where, order in orders.items())
        yield f"the order differs: {said}."


def _kinds(exercises: Mapping[str, Exercise]) -> Iterator[str]:
    kinds = {one.kind for one in exercises.values()}
    if not kinds & {"repair", "diagnose"}:
        yield "no exercise asks for a repair or a diagnosis."
    if "estimate" not in kinds:
        yield "no exercise asks for an estimate."


def _times(prose: str, solution: Notebook) -> Iterator[str]:
    boxes = [
        int(time)
        for cell in solution["cells"]
        if cell["cell_type"] == "markdown"
        for time in _TIME.findall(cell["source"])
    ]
    if boxes and boxes[0] > FIRST:
        yield f"the first exercise takes {boxes[0]} minutes; let one of at most {FIRST} come first."
    stated, sum_ = _STATED.search(prose), sum(boxes)
    if not stated:
        yield f"the lesson does not say how long its exercises take: write '{sum_} minutes for the exercises'."
    elif abs(int(stated[1]) - sum_) > TOLERANCE * sum_:
        yield f"the lesson says {stated[1]} minutes for the exercises; their boxes say {sum_}."


def _questions(lesson: Notebook) -> Iterator[str]:
    sources = [cell["source"] for cell in lesson["cells"] if cell["cell_type"] == "markdown"]
    begins = [index for index, source in enumerate(sources) if re.search(rf"^{QUESTIONS}$", source, re.M)]
    if len(begins) != 1:
        yield f"there is no section '{QUESTIONS}', or more than one."
        return
    text = sources[begins[0]].partition(QUESTIONS)[2]
    for source in sources[begins[0] + 1 :]:
        if source.lstrip().startswith("## "):
            break
        text += "\n" + source
    text = text.partition("\n## ")[0]
    asked, folded = len(re.findall(r"^\**\d\.", text, re.M)), len(re.findall(r"<details.*?</details>", text, re.S))
    if (asked, folded) != (MANY, MANY):
        yield f"'{QUESTIONS}' has {asked} numbered questions and {folded} folded answers; it needs {MANY} of each."
