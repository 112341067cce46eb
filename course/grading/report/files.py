"""Files that are written whole or not at all."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from course.authoring.notebook import write
from course.grading.model import GradingError
from course.grading.storage import writing


@dataclass(frozen=True)
class Written:
    """What a report has written.

    Attributes:
        files: the files, or one folder where there are many of a kind.
        notes: what the instructor should know about them, as sentences.
    """

    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


def file_name(name: str) -> str:
    """A learner's key or a lesson's name, as it is, where it can name a file without a suffix.

    Raises:
        GradingError: it can't, so that it could lead out of the folder.
    """
    if not name or name.startswith(".") or not set(name).isdisjoint('/\\:\0"<>|?*\n'):
        raise GradingError(f"{name!r} can't be a file name; rename the submission and grade again.")
    return name


def write_text(path: Path, text: str) -> Path:
    """Write a text to `path`, whole or not at all.

    Raises:
        GradingError: it can't be written; what was there is unchanged.
    """
    with writing(path):
        write(path, text)
    return path


def write_csv(path: Path, rows: Iterable[Sequence[str]], bom: bool = False) -> Path:
    """Write a table (RFC 4180, but with "\\n" at the line's end, which every reader takes).

    Args:
        path: where.
        rows: the cells, already made safe (see :func:`course.grading.report.phrases.cell`).
        bom: begin with U+FEFF. Excel needs it to read UTF-8; pandas and LibreOffice skip it. A platform's importer does not need it.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return write_text(path, ("\ufeff" if bom else "") + text.getvalue())


def write_zip(path: Path, members: Mapping[str, str]) -> Path:
    """Write texts into an archive, by the members' names; the same texts give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name), text.encode("utf-8"), zipfile.ZIP_DEFLATED)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.tmp")
        try:
            temporary.write_bytes(packed.getvalue())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    return path


def remove(path: Path) -> None:
    """Delete a table of an earlier run, if it is there.

    Raises:
        GradingError: it can't be deleted.
    """
    with writing(path):
        path.unlink(missing_ok=True)
