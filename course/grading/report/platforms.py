"""Grades in the forms that learning platforms take: Canvas, Moodle, Gradescope."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from course.grading.model import FAILED, GRADED, RIGHT, QuestionResult, Result
from course.grading.report.feedback import page
from course.grading.report.files import Written, file_name, write_csv, write_text, write_zip
from course.grading.report.phrases import (
    SIGNS,
    beyond,
    by_lesson,
    earned,
    failing,
    inputs,
    more,
    name_of,
    number,
    possible_in,
    remarks,
    rounded,
    told,
)
from course.grading.safe_text import cell, line, some, visible


def write_platforms(results: Sequence[Result], out: Path) -> Written:
    """Write ``canvas/<lesson>.csv``, ``moodle/<lesson>.csv`` with ``moodle/<lesson>_feedback.zip``, and ``gradescope/<lesson>/<learner>.json``.

    One file for each lesson, as a lesson is one assignment there. The Canvas and Moodle files hold the learners whose id on that platform
    is known (from its own download's file names); where nobody's is, they are not written, as a guess by name can grade the wrong
    person. Gradescope needs no id. A submission that could not be graded is in no file for Canvas or Moodle, and one whose grading
    failed is in none at all, so that no import writes a zero or clears an older grade.

    Returns:
        The files, and a note for whatever was left out.
    """
    files: list[Path] = []
    notes: list[str] = []
    for lesson, of_lesson in by_lesson(results).items():
        folder = out / "gradescope" / file_name(lesson)
        known = [result for result in of_lesson if result.status != FAILED]
        for platform, key, one_lesson in (
            ("Canvas", "canvas_user", _canvas),
            ("Moodle", "moodle_participant", _moodle),
        ):
            found = [result for result in of_lesson if _id(result, key) and result.status == GRADED]
            if found:
                files += one_lesson(found, possible_in(of_lesson), out / platform.lower(), lesson)
            if any(_id(result, key) for result in of_lesson):
                notes += _left_out(f"{platform}, {lesson}", of_lesson, key)
        for result in known:
            write_text(folder / f"{file_name(result.learner)}.json", json.dumps(gradescope(result), indent=1) + "\n")
        files += [folder] if known else []
    if not any(_id(result, key) for result in results for key in ("canvas_user", "moodle_participant")):
        notes.append(
            "No file for Canvas or Moodle: a learner's id is known only from the file names of their own downloads."
        )
    if any(path.parent.name == "moodle" for path in files):
        notes.append(
            "Moodle skips a grade above the assignment's maximum: set the maximum to the lesson's points before you upload."
        )
    return Written(tuple(files), tuple(notes))


def _left_out(where: str, results: Sequence[Result], key: str) -> Iterator[str]:
    """Who is not in a platform's file, and why."""
    ungraded = [result.learner for result in results if result.status != GRADED]
    if ungraded:
        yield f"{where}: {some(ungraded)} could not be graded and were left out; their grades there stay as they are."
    unknown = [result.learner for result in results if result.status == GRADED and not _id(result, key)]
    if unknown:
        yield f"{where}: {some(unknown)} left out, because their ids there are not known."


def _id(result: Result, key: str) -> str:
    """The learner's id on a platform; they are all numbers there, and whatever else stands there is none."""
    found = result.identity.get(key, "")
    return found if found.isascii() and found.isdigit() else ""


def _canvas(results: Sequence[Result], possible: float, folder: Path, lesson: str) -> list[Path]:
    """A file for Canvas' *Import* in the grade book.

    Its importer wants the columns Student, ID, SIS User ID, SIS Login ID, Section and then the assignments, and a row "Points Possible";
    it looks a student up by ID, and an assignment by its title, and asks about what it does not know.
    Source: ``lib/gradebook_importer.rb`` of https://github.com/instructure/canvas-lms.
    """
    rows = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", cell(lesson)],
        ["    Points Possible", "", "", "", "", number(possible)],
    ]
    for result in results:
        # A row whose first cell has the words "Points Possible" in it is taken for that row, whoever is called so.
        name = cell((name_of(result) or result.learner).replace("Possible", "possible"))
        rows.append([name, _id(result, "canvas_user"), "", "", "", number(earned(result))])
    return [write_csv(folder / f"{lesson}.csv", rows)]


def _moodle(results: Sequence[Result], possible: float, folder: Path, lesson: str) -> list[Path]:
    """A file for Moodle's *Upload grading worksheet*, and one for *Upload multiple feedback files in a zip*.

    The worksheet's importer looks for the columns Identifier ("Participant 1234567"), Grade, Last modified (grade) and Feedback comments,
    by their English names; the last is HTML. No date in "Last modified" makes it leave alone a grade given in Moodle, unless the
    teacher ticks that it may be replaced. The zip has a folder "Full name_1234567_assignfeedback_file_" for each learner; an
    underscore in the name would be read as the end of it.
    Sources: ``mod/assign/feedback/offline/importgradeslib.php``, ``…/locallib.php`` and ``mod/assign/feedback/file/importziplib.php``
    of https://github.com/moodle/moodle.
    """
    titles = ("Identifier", "Full name", "Status", "Grade", "Maximum grade", "Grade can be changed")
    rows = [[*titles, "Last modified (submission)", "Last modified (grade)", "Feedback comments"]]
    pages = {}
    for result in results:
        number_there, name = _id(result, "moodle_participant"), name_of(result) or result.learner
        comments = "<br>".join(html.escape(sentence, quote=False) for sentence in _sentences(result))
        rows.append(
            [
                f"Participant {number_there}",
                cell(name),
                "Submitted for grading",
                number(earned(result)),
                number(possible),
                "Yes",
                "-",
                "-",
                cell(comments),
            ]
        )
        safe = "".join(letter for letter in line(name, 80).replace("_", " ") if letter not in '/\\:"<>|?*')
        pages[f"{safe.strip('. ') or 'learner'}_{number_there}_assignfeedback_file_/feedback_{lesson}.html"] = page(
            [result]
        )
    return [write_csv(folder / f"{lesson}.csv", rows), write_zip(folder / f"{lesson}_feedback.zip", pages)]


def _sentences(result: Result) -> Iterator[str]:
    for question in result.questions:
        text = f"{SIGNS.get(question.state, '')} {question.name}: {question.state}, "
        yield line(f"{text}{number(question.points)} of {number(question.possible)} points.")


def gradescope(result: Result) -> dict[str, Any]:
    """What an autograder leaves at ``/autograder/results/results.json``.

    There a ``run_autograder`` script runs the grader on ``/autograder/submission`` and copies the one file.
    Source: https://gradescope-autograders.readthedocs.io/en/latest/specs/. All is plain text, so that nothing of a submission becomes markup.
    """
    said = filter(None, [told(result), *remarks(result)])
    return {
        "score": earned(result),
        "execution_time": round(result.seconds, 1),
        "output": "\n".join(map(visible, said)),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        # Of what could not be graded no question is worth a word; its points are zero all the same.
        "tests": [_test(question) for question in result.questions if result.status == GRADED],
    }


def _test(question: QuestionResult) -> dict[str, Any]:
    state = ", ".join(filter(None, (question.state, inputs(question))))
    said = [state, more(question), *question.text, failing(question), beyond(question), *question.limits]
    return {
        "name": visible(question.name),
        "score": float(rounded(question.points)),
        "max_score": round(question.possible, 4),
        "status": "passed" if question.state == RIGHT else "failed",
        "output": "\n".join(visible(text) for text in said if text),
        "output_format": "text",
        "visibility": "visible",
    }
