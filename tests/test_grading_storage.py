"""Where something can't be written, a sentence says what and why; nothing old is lost, and no table is half written."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fake_class import make_class
from test_grading_collect import TWO, book, zipped

from course.curriculum import lesson_of
from course.grading import report, storage
from course.grading.intake.archives import unpack
from course.grading.intake.collection import collect
from course.grading.intake.ledger import Handed
from course.grading.model import GradingError, Result
from course.grading.records.results import RUN, Store, begin_run, end_run
from course.grading.report.files import Written, write_zip
from course.grading.workers import desk

pytestmark = pytest.mark.one_set

REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your share of the disk",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "you have no permission to write there",
    errno.EFBIG: "larger than your limits allow",
}


def with_ids(results: list[Result]) -> list[Result]:
    """The class as a zip file of Canvas or of Moodle would have it."""
    for index, result in enumerate(results):
        result.identity["canvas_user" if index % 2 else "moodle_participant"] = str(index + 1)  # type: ignore[index]
    return results


RESULTS = with_ids(make_class(4))
WRITERS = {
    "grades.csv": lambda out: report.write_gradebook(RESULTS, out),
    "states.csv": lambda out: report.write_gradebook(RESULTS, out),
    "totals.csv": lambda out: report.write_gradebook([*RESULTS, *make_class(2, lesson_of("cnn_classification"))], out),
    "files.csv": lambda out: report.write_files([Handed("class.zip: ada/x.ipynb")], RESULTS, out),
    "alike.csv": lambda out: report.write_alike(RESULTS, [], out),
    "overview.html": lambda out: report.write_overview(RESULTS, out),
    "feedback": lambda out: report.write_feedback(RESULTS, out),
    "canvas": lambda out: report.write_platforms(RESULTS, out),
    "moodle": lambda out: report.write_platforms(RESULTS, out),
    "gradescope": lambda out: report.write_platforms(RESULTS, out),
    RUN: lambda out: _run(out),
}


def _run(out: Path) -> Written:
    with Store(out) as store:
        begin_run(store, 3, False, {"jobs": os.getpid()})
        end_run(store)
    return Written()


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, number: int, where: str) -> Iterator[None]:
    """Every write below a path with `where` in it fails in its middle, as on a disk that is full."""
    opened, replaced, written = os.fdopen, os.replace, Path.write_bytes

    def fail(path: Any) -> None:
        if where in str(path):
            raise OSError(number, os.strerror(number), str(path))

    def fdopen(handle: int, *args: Any, **kwargs: Any) -> Any:
        file = opened(handle, *args, **kwargs)
        path = os.readlink(f"/proc/self/fd/{handle}")
        if where in path:
            file.write("half")
            file.close()
            fail(path)
        return file

    def write_bytes(path: Path, data: bytes) -> int:
        written(path, data[: len(data) // 2])
        fail(path)
        return written(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdopen", fdopen)
        patch.setattr(Path, "write_bytes", write_bytes)
        yield
    assert os.replace is replaced


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("number", REASONS)
@pytest.mark.parametrize("name", WRITERS)
def test_what_can_not_be_written_is_said_in_a_sentence_and_what_was_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    WRITERS[name](tmp_path)
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != "results.jsonl":
            path.write_bytes(b"{}")
    before = content(tmp_path)
    stem = f".{Path(name).stem}" if "." in name else name
    with failing(monkeypatch, number, stem), pytest.raises(GradingError, match=REASONS[number]) as raised:
        WRITERS[name](tmp_path)
    assert name in str(raised.value) and "the same command continues where it stopped" in str(raised.value)
    after = content(tmp_path)
    assert after.keys() == before.keys(), "nothing is left of what was half written"
    assert all(after[path] == before[path] for path in before if path.startswith(name))


@pytest.mark.parametrize("name", [*WRITERS, "results.jsonl", ".grading.lock"])
def test_a_folder_in_the_place_of_a_file_and_a_file_in_that_of_a_folder_are_called_so(
    tmp_path: Path, name: str
) -> None:
    place = tmp_path / name
    as_folder = "." in name
    if as_folder:
        place.mkdir()
    else:
        place.write_bytes(b"x")
    word = "a folder has this name" if as_folder else "a file has the name of a folder"
    with pytest.raises(GradingError, match=word) as raised:
        WRITERS.get(name, _run)(tmp_path)
    assert name in str(raised.value)


def test_a_zip_of_feedback_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_zip(tmp_path / "x.zip", {"a.html": "old"})
    before = path.read_bytes()
    with failing(monkeypatch, errno.ENOSPC, "x.zip"), pytest.raises(GradingError, match="the disk is full"):
        write_zip(path, {"a.html": "new"})
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_disk_that_fills_while_a_zip_file_is_unpacked_is_not_called_a_damaged_zip_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "class.zip").write_bytes(zipped({f"ada/{TWO}.ipynb": book()}))
    opened = Path.open

    class Full:
        def __init__(self, file: Any) -> None:
            self._file = file

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def write(self, data: bytes) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(
        Path,
        "open",
        lambda path, mode="r", **more: Full(opened(path, mode)) if "x" in mode else opened(path, mode, **more),
    )
    with pytest.raises(GradingError, match=r"the disk is full\. Make room there\. Nothing has been graded yet"):
        collect(tmp_path / "class.zip", [TWO], tmp_path / "work")


def test_a_workspace_that_can_not_be_made_is_not_called_a_zip_file_that_can_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "class.zip").write_bytes(zipped({f"ada/{TWO}.ipynb": book()}))
    (tmp_path / "work").write_text("", encoding="utf-8")
    with pytest.raises(GradingError, match="a file has the name of a folder"):
        collect(tmp_path / "class.zip", [TWO], tmp_path / "work")
    with pytest.raises(GradingError, match="a file has the name of a folder"):
        unpack(tmp_path / "class.zip", tmp_path / "work", lambda name: True)


def test_a_grading_process_without_room_for_its_files_says_so_and_does_not_die(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "package"))

    monkeypatch.setattr(desk, "write_package", full)
    with (
        desk._desk() as made,
        pytest.raises(GradingError, match=r"package can't be written: the disk is full\. Make room there"),
    ):
        made.grade(None)  # type: ignore[arg-type]


def test_each_reason_is_words_and_an_unknown_one_is_the_system_s_own() -> None:
    assert storage.why(OSError(errno.EIO, "Input/output error")) == ("Input/output error", "mend that")
    assert storage.why(OSError("odd")) == ("OSError", "mend that")
