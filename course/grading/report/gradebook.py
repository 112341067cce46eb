"""The grade book: tables that a spreadsheet, pandas or a script reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from course.grading.model import FAILED, GRADED, Result
from course.grading.report.files import Written, remove, write_csv
from course.grading.report.phrases import (
    by_lesson,
    earned,
    in_order,
    is_late,
    name_of,
    number,
    percent,
    possible_in,
    remarks_for_instructor,
)
from course.grading.safe_text import cell

_BEFORE = ("learner", "name", "lesson", "points", "possible", "percent", "status", "problem")
_AFTER = ("late", "notes")


def write_gradebook(results: Sequence[Result], out: Path) -> Written:
    """Write ``grades.csv``, ``states.csv`` and, of more than one lesson, ``totals.csv``.

    ``grades.csv`` has one row for each learner and lesson, whatever the number of lessons, so that a script finds the same columns on
    every run: learner, name, lesson, points, possible, percent, status, problem, then one column for each question with its points
    (empty in the rows of other lessons; "lesson: question" where two lessons have a question of the same name), late ("yes" or
    empty), notes. ``states.csv`` has the same rows, and for each question the word that says why its points are what they are;
    empty where the submission could not be graded. ``totals.csv`` has one row for each learner: name, points, possible and percent over all lessons of the run,
    one column for each lesson, and what is open. A lesson that was not handed in counts as zero; one whose grading failed makes the
    learner's sum unknown, so that it stays empty.

    All are UTF-8 with a byte order mark, as Excel takes a file without one for Windows-1252 and spoils names. Points have a
    decimal point, and those of a row add up to its sum. Text that a spreadsheet would take for a formula has an apostrophe before it.

    Args:
        results: of one run, in any order.
        out: the folder; made if needed.
    """
    files = [
        write_csv(out / f"{name}.csv", rows(results), bom=True)
        for name, rows in (("grades", _grades), ("states", _states))
    ]
    if len(by_lesson(results)) > 1:
        files.append(write_csv(out / "totals.csv", _totals(results), bom=True))
    else:
        # Of an earlier run with more lessons; it would tell what is not so any more.
        remove(out / "totals.csv")
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
                number(earned(result)) if known else "",
                number(result.possible),
                percent(earned(result), result.possible) if known else "",
                result.status,
                cell(result.problem),
                *(points.get((lesson, name), "") for lesson, name, _ in columns),
                "yes" if is_late(result) else "",
                cell("; ".join(remark for remark in remarks_for_instructor(result) if remark.casefold() != "late")),
            ]
        )
    return rows


def _states(results: Sequence[Result]) -> list[list[str]]:
    columns = question_columns(results)
    rows = [["learner", "name", "lesson", "status", *(cell(title) for _, _, title in columns)]]
    for result in in_order(results):
        graded = result.status == GRADED
        states = {(result.lesson, question.name): question.state for question in result.questions if graded}
        row = [cell(result.learner), cell(name_of(result)), cell(result.lesson), result.status]
        rows.append([*row, *(cell(states.get((lesson, name), "")) for lesson, name, _ in columns)])
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
        points = sum(map(earned, own))
        still = [f"{result.lesson or result.shown}: grading failed; grade it again" for result in failed]
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
                    "" if lesson not in by_name or by_name[lesson] in failed else number(earned(by_name[lesson]))
                    for lesson in lessons
                ),
                cell("; ".join(still)),
            ]
        )
    return rows
