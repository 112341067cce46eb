"""Promises of the compilation cache: it spares a learner the second wait, and never stands in anybody's way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from course import compile_cache as room
from course.grading.model import Settings
from course.grading.sandbox.compiled import compiled
from course.grading.sandbox.launcher import Launcher, Zygote

ROOT = Path(__file__).resolve().parents[1]
VARIABLES = (
    room.FOLDER,
    room.INHERITED,
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES",
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for the cache, and a process in which JAX is not imported yet, and nobody has set anything."""
    for name in (*VARIABLES, room.SETTING):
        monkeypatch.setenv(name, "")  # so that what is set below is taken back at the end
        monkeypatch.delenv(name)
    monkeypatch.delitem(sys.modules, "jax", raising=False)
    monkeypatch.setenv(room.SETTING, str(tmp_path / "compiled"))
    yield tmp_path / "compiled"
    for name in VARIABLES:
        os.environ.pop(name, None)


# --- Whether, and where -----------------------------------------------------------------------------------------------


def test_it_is_on_in_the_folder_that_is_named_and_nobody_else_may_write_there(home: Path) -> None:
    folder = room.turn_on()
    assert folder is not None and folder.parent == home
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [os.environ[name] for name in VARIABLES] == [str(folder), str(folder), "0", "-1"]


def test_without_a_name_it_is_in_the_users_cache_or_beside_the_courses_data(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(room.SETTING)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "data"))
    folder = room.turn_on()
    assert folder is not None and folder.parent == tmp_path / "data" / "compiled"
    monkeypatch.delenv(room.FOLDER)
    monkeypatch.delenv("COURSE_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    folder = room.turn_on()
    assert folder is not None and folder.is_relative_to(tmp_path)
    assert "threads-to-networks" in folder.parts


@pytest.mark.parametrize("word", ["off", "OFF", " off "])
def test_off_means_off(home: Path, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv(room.SETTING, word)
    assert room.turn_on() is None
    assert room.FOLDER not in os.environ and not home.exists()


@pytest.mark.parametrize("theirs", ["/somewhere/else", ""])
def test_a_folder_of_the_users_own_stays_theirs_and_so_does_none(
    home: Path, monkeypatch: pytest.MonkeyPatch, theirs: str
) -> None:
    monkeypatch.setenv(room.FOLDER, theirs)
    assert room.turn_on() is None
    assert os.environ[room.FOLDER] == theirs and not home.exists()
    assert VARIABLES[2] not in os.environ


def test_thresholds_of_the_users_own_stay_theirs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLES[2], "5")
    assert room.turn_on() is not None
    assert os.environ[VARIABLES[2]] == "5"


def test_where_the_folder_can_not_be_made_or_written_it_is_off_and_nothing_fails(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv(room.SETTING, str(tmp_path / "file"))
    assert room.turn_on() is None
    monkeypatch.setenv(room.SETTING, str(home))
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # as on a disk that can only be read
    assert room.turn_on() is None
    assert room.FOLDER not in os.environ


def test_a_user_without_a_home_folder_has_no_cache(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(room.SETTING, "~no-user-of-this-name/cache")
    assert room.turn_on() is None


def test_another_kind_of_processor_has_a_folder_of_its_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = room.turn_on()
    monkeypatch.delenv(room.FOLDER)
    monkeypatch.setattr(room, "processor", lambda: "flags : sse2")
    assert here is not None and here != room.turn_on()


def test_kernels_of_the_grader_have_it_off(tmp_path: Path) -> None:
    launcher = Launcher(Settings(seed=0, sandbox=False), tmp_path, {}, {}, Zygote(tmp_path))
    assert launcher._env[room.SETTING] == "off"


def test_what_is_off_is_off_for_the_grader_s_solutions_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled: list[Path] = []

    def fill(into: Path) -> bool:
        filled.append(into)
        return True

    monkeypatch.setenv("COURSE_CACHE", str(home))
    monkeypatch.setenv(room.SETTING, "off")
    assert compiled("a solution", fill) is None and not filled
    monkeypatch.delenv(room.SETTING)
    assert compiled("a solution", fill) is not None and filled


# --- How large ----------------------------------------------------------------------------------------------------------


def _entries(home: Path, count: int, size: int) -> list[Path]:
    paths = [home / "a key" / f"entry-{k}" for k in range(count)]
    for k, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
        os.utime(path, (1_000_000 + k, 1_000_000 + k))
    return paths


def test_below_the_bound_nothing_is_deleted(home: Path) -> None:
    entries = _entries(home, 10, 100)
    room.clear(home, 1000)
    assert all(path.exists() for path in entries)


def test_above_the_bound_the_oldest_go_until_there_is_room_again(home: Path) -> None:
    entries = _entries(home, 11, 100)
    room.clear(home, 1000)
    assert [path.exists() for path in entries] == [False] * 4 + [True] * 7


def test_each_start_clears(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = _entries(home, 11, 100)
    monkeypatch.setattr(room.clear, "__defaults__", (1000,))
    assert room.turn_on() is not None
    assert sum(path.exists() for path in entries) == 7


# --- With JAX -----------------------------------------------------------------------------------------------------------

COMPILES = "import jax.numpy as jnp; print(float(jnp.tanh(jnp.arange(3.0)).sum()))"


def _python(code: str, home: Path) -> str:
    env = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    env |= {room.SETTING: str(home), "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"}
    run = subprocess.run((sys.executable, "-c", code), env=env, capture_output=True, text=True, check=True)
    return run.stdout + run.stderr


def _kept(home: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in home.rglob("jit*")}


@pytest.mark.parametrize(
    "first", ["import course", "import jax, course", "import jax; jax.numpy.ones(2) + 1; import course"]
)
def test_what_is_compiled_is_kept_also_where_jax_was_there_first(tmp_path: Path, first: str) -> None:
    said = _python(f"{first}; {COMPILES}", tmp_path)
    assert any("tanh" in name for name in _kept(tmp_path)), said


def test_the_second_process_compiles_nothing_and_gives_the_same(tmp_path: Path) -> None:
    code = (
        "import course, jax; found = []; jax.monitoring.register_event_listener(lambda name, **_: found.append(name)); "
        f"{COMPILES}; print(sum('cache_misses' in name for name in found), sum('cache_hits' in name for name in found))"
    )
    first, second = (_python(code, tmp_path).split() for _ in range(2))
    assert first[0] == second[0]
    assert int(first[1]) > 0 and int(second[1]) == 0 and int(second[2]) >= int(first[1])


@pytest.mark.parametrize("first", ["import course", "import jax, course"])
@pytest.mark.parametrize("setting", ["off", "another"])
def test_a_process_started_by_one_that_has_it_on_decides_for_itself(tmp_path: Path, first: str, setting: str) -> None:
    """A notebook that `course format` or a benchmark runs: their own cache must not be its."""
    env = {"off": "off", "another": str(tmp_path / "another")}[setting]
    child = f"(sys.executable, '-c', {f'{first}; {COMPILES}'!r}), env={{**os.environ, {room.SETTING!r}: {env!r}}}, check=True"
    said = _python(f"import course, os, subprocess, sys; subprocess.run({child})", tmp_path / "own")
    assert not _kept(tmp_path / "own"), said
    assert any("tanh" in name for name in _kept(tmp_path / "another")) == (setting == "another"), said


@pytest.mark.parametrize(
    "harm", ["shutil.rmtree(folder)", "[path.write_bytes(b'nonsense') for path in folder.iterdir()]"]
)
def test_a_folder_that_is_deleted_or_spoiled_under_way_disturbs_nobody(tmp_path: Path, harm: str) -> None:
    right = _python(f"import course; {COMPILES}", tmp_path).split()
    spoil = f"import os, pathlib, shutil; folder = pathlib.Path(os.environ['{room.FOLDER}'])"
    assert _python(f"import course; {spoil}; {harm}; {COMPILES}", tmp_path).split() == right
