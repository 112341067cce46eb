"""The cache of compiled code that a lesson's solution fills for the submissions."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.grading.sandbox import compiled as room

pytestmark = pytest.mark.one_set


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    return tmp_path / "grading"


def _fills(folder: Path) -> bool:
    (folder / "entry").write_text("compiled", encoding="utf-8")
    return True


def test_a_solution_is_run_once_and_its_compiled_code_is_kept() -> None:
    runs: list[Path] = []

    def fill(folder: Path) -> bool:
        runs.append(folder)
        return _fills(folder)

    first, again = room.compiled("a solution", fill), room.compiled("a solution", fill)
    assert first is not None and first == again and (first / "entry").is_file() and len(runs) == 1
    assert room.compiled("another solution", _fills) != first


def test_a_solution_that_did_not_run_leaves_no_folder_that_would_make_later_runs_slow(cache: Path) -> None:
    assert room.compiled("a solution", lambda into: _fills(into) and False) is None
    assert [path.name for path in cache.iterdir()] == ["lock"]
    assert room.compiled("a solution", _fills) is not None


def test_where_the_cache_can_not_be_made_there_is_none_and_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file"))
    assert room.compiled("a solution", _fills) is None
    assert room.references() == {}
