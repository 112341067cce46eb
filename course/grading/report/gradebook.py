"""The grade book: tables that a spreadsheet, pandas or a script reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from course.grading.model import FAILED, Result
from course.grading.report.files import Written, write_csv
from course.grading.report.text import (
    by_lesson,
    cell,
    in_order,
    is_late,
    name_of,
    number,
    percent,
    possible_in,
    remarks,
)

_BEFORE = ("learner", "name", "lesson", "points", "possible", "percent", "status", "problem")
_AFTER = ("late", "notes")


def write_gradebook(results: Sequence[Result], out: Path) -> Written:
    """Write ``grades.csv`` and, of more than one lesson, ``totals.csv``.

    ``grades.csv`` has one row for each learner and lesson, whatever the number of lessons, so that a script finds the same columns on
    every run: learner, name, lesson, points, possible, percent, status, problem, then one column for each question with its points
    (empty in the rows of other lessons; "lesson: question" where two lessons have a question of the same name), late ("yes" or
    empty), notes. ``totals.csv`` has one row for each learner: name, points, possible and percent over all lessons of the run,
    one column for each lesson, and what is open. A lesson that was not handed in counts as zero; one whose grading failed makes the
    learner's sum unknown, so that it stays empty.

    Both are UTF-8 with a byte order mark, as Excel takes a file without one for Windows-1252 and spoils names. Points have a
    decimal point. Text that a spreadsheet would take for a formula has an apostrophe before it.

    Args:
        results: of one run, in any order.
        out: the folder; made if needed.
    """
    files = [write_csv(out / "grades.csv", _grades(results), bom=True)]
    if len(by_lesson(results)) > 1:
        files.append(write_csv(out / "totals.csv", _totals(results), bom=True))
    return Written(tuple(files))


def question_columns(results: Sequence[Result]) -> list[tuple[str, str, str]]:
    """(lesson, question, title of its column) of all questions, in the lessons' own order."""
    pairs = list(
        dict.fromkeys(
            (lesson, question.name)
            for lesson, of_lesson in by_lesson(results).items()
            for result in of_lesson
            for question in result.questions
        )
    )
    # A question may not be called like another column, either.
    taken = Counter([name for _, name in pairs] + [*_BEFORE, *_AFTER])
    return [(lesson, name, f"{lesson}: {name}" if taken[name] > 1 else name) for lesson, name in pairs]


def _grades(results: Sequence[Result]) -> list[list[str]]:
    columns = question_columns(results)
    rows = [[*_BEFORE, *(cell(title) for _, _, title in columns), *_AFTER]]
    for result in in_order(results):
        known = result.status != FAILED
        points = {(result.lesson, question.name): number(question.points) for question in result.questions if known}
        rows.append(
            [
                cell(result.learner),
                cell(name_of(result)),
                cell(result.lesson),
                number(result.points) if known else "",
                number(result.possible),
                percent(result.points, result.possible) if known else "",
                result.status,
                cell(result.problem),
                *(points.get((lesson, name), "") for lesson, name, _ in columns),
                "yes" if is_late(result) else "",
                cell("; ".join(remark for remark in remarks(result) if remark.casefold() != "late")),
            ]
        )
    return rows


def _totals(results: Sequence[Result]) -> list[list[str]]:
    lessons = {lesson: possible_in(of_lesson) for lesson, of_lesson in by_lesson(results).items()}
    possible = sum(lessons.values())
    learners: dict[str, list[Result]] = {}
    for result in in_order(results):
        learners.setdefault(result.learner, []).append(result)
    rows = [["learner", "name", "points", "possible", "percent", *(cell(lesson) for lesson in lessons), "open"]]
    for learner, own in learners.items():
        by_name = {result.lesson: result for result in own}
        failed = [result for result in own if result.status == FAILED]
        points = sum(result.points for result in own)
        still = [f"{result.lesson or result.shown}: grading failed, grade it again" for result in failed]
        still += [f"{lesson}: not handed in" for lesson in lessons if lesson not in by_name]
        still += [f"{result.shown}: {result.problem}" for result in own if not result.lesson and result not in failed]
        rows.append(
            [
                cell(learner),
                cell(next(filter(None, map(name_of, own)), "")),
                "" if failed else number(points),
                number(possible),
                "" if failed else percent(points, possible),
                *(
                    "" if lesson not in by_name or by_name[lesson] in failed else number(by_name[lesson].points)
                    for lesson in lessons
                ),
                cell("; ".join(still)),
            ]
        )
    return rows
