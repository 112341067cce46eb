"""The instructor's page: the class in one table, each learner a click away from their feedback."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from urllib.parse import quote

from course.grading.model import Result
from course.grading.report import tally
from course.grading.report.alike import EXPLAINED, Alike, likenesses
from course.grading.report.feedback import environment, lesson_title
from course.grading.report.files import Written, file_name, write_text
from course.grading.report.gradebook import question_columns
from course.grading.report.phrases import (
    by_lesson,
    earned,
    in_order,
    name_of,
    percent,
    possible_in,
    remarks_for_instructor,
)

_MISTAKES = 10  # on the page


def write_overview(results: Sequence[Result], out: Path, pairs: Sequence[Alike] = ()) -> Written:
    """Write ``overview.html``, which links to ``feedback/<learner>.html`` beside it.

    It names all learners and holds what they wrote in notes, so it is for the instructor alone; it is built as safely as
    the learners' pages (see :func:`course.grading.report.feedback.page`).

    Args:
        results: of one run, in any order.
        out: the folder; made if needed.
        pairs: submissions that are alike; shown, never scored.
    """
    path = out / "overview.html"
    write_text(path, overview(results, pairs))
    return Written((path,))


def overview(results: Sequence[Result], pairs: Sequence[Alike] = ()) -> str:
    """The instructor's page, as HTML."""
    lessons = [_lesson(lesson, of_lesson, pairs) for lesson, of_lesson in by_lesson(results).items()]
    lost = [_row(result) for result in in_order(results) if not result.lesson]
    template = environment().get_template("overview.html")
    return template.render(lessons=lessons, lost=lost, count=len(results), explained=EXPLAINED, link=_link)


def _lesson(lesson: str, results: Sequence[Result], pairs: Sequence[Alike]) -> dict[str, object]:
    graded = tally.graded(results)
    histogram = tally.histogram(results)
    return {
        "title": lesson_title(lesson),
        "possible": possible_in(results),
        "graded": len(graded),
        "median": median(map(earned, graded)) if graded else 0.0,
        "histogram": histogram if graded else [],
        "most": max(count for _, count in histogram),
        "questions": tally.questions(results),
        "mistakes": tally.mistakes(results)[:_MISTAKES],
        "alike": likenesses(results, [pair for pair in pairs if pair.lesson == lesson]),
        "columns": [name for _, name, _ in question_columns(results)],
        "rows": [_row(result) for result in results],
    }


def _row(result: Result) -> dict[str, object]:
    return {
        "result": result,
        "points": earned(result),
        "name": name_of(result),
        "percent": percent(earned(result), result.possible),
        "questions": {question.name: question for question in result.questions},
        "remarks": list(remarks_for_instructor(result)),
    }


def _link(learner: str) -> str:
    """Where a learner's page lies, seen from this one."""
    return f"feedback/{quote(file_name(learner))}.html"
