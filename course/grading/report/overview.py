"""The instructor's page: the class in one table, each learner a click away from their feedback."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from urllib.parse import quote

from course.authoring.notebook import write
from course.grading.model import Result
from course.grading.report import tally
from course.grading.report.feedback import environment, lesson_title
from course.grading.report.files import Written, file_name
from course.grading.report.gradebook import question_columns
from course.grading.report.text import by_lesson, in_order, name_of, percent, possible_in, remarks


def write_overview(results: Sequence[Result], out: Path) -> Written:
    """Write ``overview.html``, which links to ``feedback/<learner>.html`` beside it.

    It names all learners and holds what they wrote in notes, so it is for the instructor alone; it is built as safely as
    the learners' pages (see :func:`course.grading.report.feedback.page`).

    Args:
        results: of one run, in any order.
        out: the folder; made if needed.
    """
    path = out / "overview.html"
    write(path, overview(results))
    return Written((path,))


def overview(results: Sequence[Result]) -> str:
    """The instructor's page, as HTML."""
    lessons = [
        {
            "title": lesson_title(lesson),
            "possible": possible_in(of_lesson),
            "graded": len(tally.graded(of_lesson)),
            "median": median([result.points for result in tally.graded(of_lesson)] or [0.0]),
            "histogram": tally.histogram(of_lesson),
            "most": max(count for _, count in tally.histogram(of_lesson)),
            "questions": tally.questions(of_lesson),
            "mistakes": tally.mistakes(of_lesson)[:10],
            "columns": [name for found, name, _ in question_columns(of_lesson)],
            "rows": [_row(result) for result in of_lesson],
        }
        for lesson, of_lesson in by_lesson(results).items()
    ]
    lost = [_row(result) for result in in_order(results) if not result.lesson]
    return environment().get_template("overview.html").render(lessons=lessons, lost=lost, count=len(results))


def _row(result: Result) -> dict[str, object]:
    return {
        "result": result,
        "link": f"feedback/{quote(file_name(result.learner))}.html",
        "name": name_of(result),
        "percent": percent(result.points, result.possible),
        "questions": {question.name: question for question in result.questions},
        "remarks": list(remarks(result)),
    }
