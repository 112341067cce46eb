"""The table of all that was handed in: what became of each file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from course.grading.intake.ledger import LEFT, NO_OWNER, NOT_ASKED, NOT_TAKEN, Handed
from course.grading.model import GRADED, Result
from course.grading.report.files import Written, write_csv
from course.grading.report.phrases import plural
from course.grading.safe_text import cell

_COLUMNS = ("file", "learner", "lesson", "became", "why", "name_bytes")
_NOT_YET = "not graded"


def write_files(files: Sequence[Handed], results: Sequence[Result], out: Path) -> Written:
    """Write ``files.csv``: a row for each file that was handed in, whatever it is.

    ``became`` is a submission's status ("graded", "not gradable", "failed"), or the word that says why the file is none; ``why`` says
    more. ``name_bytes`` has the bytes of the file's path in its zip file in hexadecimal, where the archive didn't say in which encoding
    they are, or the path was changed: with them, names can be matched that were read wrongly.

    Args:
        files: what became of each, as :func:`course.grading.intake.collection.take_in` says.
        results: of the run.
        out: the folder; made if needed.
    """
    by_row = {(result.learner, result.lesson): result for result in results}
    rows = [list(_COLUMNS)]
    for one in files:
        result = None if one.became else by_row.get((one.learner, one.lesson))
        became = one.became or (result.status if result else _NOT_YET)
        why = one.why or (result.problem if result and result.status != GRADED else "")
        rows.append([*map(cell, (one.shown, one.learner, one.lesson, became, why)), one.raw.hex()])
    path = write_csv(out / "files.csv", rows, bom=True)
    left = sum(one.became == LEFT for one in files)
    lost = sum(one.became in (NO_OWNER, NOT_TAKEN, NOT_ASKED) for one in files)
    notes = []
    if lost:
        beside = f", besides {plural(left, 'file')} left by programs" if left else ""
        notes.append(
            f"{plural(lost, 'file')} of {len(files):,} {'is' if lost == 1 else 'are'} not graded{beside}: files.csv says why."
        )
    return Written((path,), tuple(notes))
