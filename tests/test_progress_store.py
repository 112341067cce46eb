"""The file that keeps a learner's progress: what is written, that nothing of it is lost, and that no check suffers for it."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import pytest
from filelock import FileLock
from hang import HANG_S, ends_within_a_hang
from making import code, notebook
from progress_files import TOPIC, WRONG, fresh_map, verdict

from course import check
from course.authoring.execute import execute
from course.grading.sandbox.package import write_package
from course.history import file as store
from course.history.attempts import VERSION, dumps, loads

pytestmark = pytest.mark.one_set

# A program that records, as another notebook would; it needs neither JAX nor the catalogues.
RECORD = f"""
import os, signal, sys
from types import SimpleNamespace
from course.history import file as store
def record(name, right=5):
    return store.record("{TOPIC}", SimpleNamespace(
        exercise=name, passed=right == 5, text=(), mistake=None, cases_passed=right, cases=5))
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return fresh_map(tmp_path, monkeypatch)


def kept(file: Path) -> dict[str, Any]:
    exercises: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["exercises"]
    return exercises


def child(lines: str, file: Path) -> subprocess.Popen[str]:
    env = {**os.environ, store.VARIABLE: str(file)}
    return subprocess.Popen([sys.executable, "-c", RECORD + lines], env=env, text=True, stderr=subprocess.PIPE)


def test_a_check_keeps_its_outcome_and_a_passed_exercise_stays_passed(file: Path) -> None:
    def neuron(x: Any, w: Any, b: Any) -> Any:
        return jnp.tanh(w @ x) + b

    check(neuron)
    one = kept(file)["neuron"]
    assert (one["lesson"], one["tries"], one["cases"], one["passed"]) == (TOPIC, 1, 5, None)
    assert one["mistake"] == "bias outside" and one["said"].startswith("You squash first")
    assert one["right"] < 5 and one["first"] == one["last"] and one["first"].endswith("Z")

    def right(x: Any, w: Any, b: Any) -> Any:
        return jnp.tanh(w @ x + b)

    right.__name__ = "neuron"
    check(right)
    two = kept(file)["neuron"]
    assert (two["tries"], two["right"], two["said"], two["mistake"]) == (2, 5, "", "bias outside")
    assert two["passed"] == two["last"] and two["first"] == one["first"]
    check(neuron)
    three = kept(file)["neuron"]
    assert (three["tries"], three["passed"]) == (3, two["passed"]) and three["right"] < 5


def test_a_stub_that_runs_is_no_try(file: Path) -> None:
    def neuron(x: Any, w: Any, b: Any) -> Any:
        raise NotImplementedError

    check(neuron)
    assert not file.exists()


@pytest.mark.parametrize("dies_at", ["fsync", "replace"])
def test_a_writer_that_is_killed_in_the_middle_leaves_the_file_as_it_was(file: Path, dies_at: str) -> None:
    store.record(TOPIC, verdict("layer"))
    before = file.read_bytes()
    dying = child(f"os.{dies_at} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\nrecord('neuron')", file)
    assert dying.wait(HANG_S) == -signal.SIGKILL
    dying.communicate()
    assert file.read_bytes() == before
    assert file.with_name("progress.json.new").exists(), "it died after it had begun to write"
    store.record(TOPIC, verdict("relu"))
    assert set(kept(file)) == {"layer", "relu"}
    assert not file.with_name("progress.json.new").exists()


def test_two_notebooks_that_write_at_once_lose_nothing(file: Path) -> None:
    # However long a busy machine keeps one of them from the lock.
    writers = [child(f"store._PATIENCE_S = {HANG_S}\nfor _ in range(20): record('{name}'); record('both')\nassert not store._pending", file)
               for name in ("neuron", "layer")]  # fmt: skip
    said = [writer.communicate(timeout=HANG_S)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], said
    assert {name: one["tries"] for name, one in kept(file).items()} == {"neuron": 20, "layer": 20, "both": 40}


GOOD = dumps({})
BROKEN = {
    "half-written": dumps(loads(GOOD))[:40],
    "empty": "",
    "no JSON": "progress: 3",
    "no object": "[1, 2]",
    "another version": GOOD.replace(f'"version": {VERSION}', '"version": 0'),
    "no version": "{}",
    "an exercise that is none": GOOD.replace("{}", '{"neuron": 3}'),
    "a number that is text": GOOD.replace("{}", '{"neuron": {"lesson": "the_neuron", "tries": "3"}}'),
    "not text": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_set_aside_whole_and_said_once(file: Path, content: str | bytes) -> None:
    raw = content if isinstance(content, bytes) else content.encode()
    file.parent.mkdir()
    file.write_bytes(raw)
    note = store.record(TOPIC, verdict())
    (aside,) = file.parent.glob("progress-broken-*.json")
    assert aside.read_bytes() == raw
    assert "could not be read" in note and aside.name in note
    assert list(kept(file)) == ["neuron"]
    assert store.record(TOPIC, verdict()) == "" and store.load().notes == ()


def test_a_second_broken_file_of_the_day_does_not_replace_the_first(file: Path) -> None:
    file.parent.mkdir()
    for content in ("first", "second"):
        file.write_text(content, encoding="utf-8")
        (note,) = store.load().notes
        assert "could not be read" in note
    assert sorted(path.read_text() for path in file.parent.glob("*broken*")) == ["first", "second"]
    assert not file.exists()


def test_the_note_of_a_broken_file_stands_below_the_verdict(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def relu(z: Any) -> Any:
        return jnp.maximum(z, 0)

    file.parent.mkdir()
    file.write_text("?", encoding="utf-8")
    assert check(relu).passed
    assert capsys.readouterr().out.splitlines()[-1].startswith("The file with your progress could not be read")


def test_a_newer_version_s_file_is_left_alone_and_the_session_has_its_map(file: Path) -> None:
    file.parent.mkdir()
    newer = GOOD.replace(f'"version": {VERSION}', f'"version": {VERSION + 1}')
    file.write_text(newer, encoding="utf-8")
    assert store.record(TOPIC, verdict()) == ""
    assert file.read_text(encoding="utf-8") == newer and not [*file.parent.glob("*broken*")]
    found = store.load()
    assert list(found.outcomes) == ["neuron"]
    assert "newer version" in found.notes[0] and store.load().notes == ()


def test_what_can_t_be_written_is_said_once_and_written_when_it_can_be(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        assert store.record(TOPIC, verdict("neuron")) == "" == store.record(TOPIC, verdict("neuron", 2))
        (note,) = store.load().notes
        assert "No space left on device" in note
    found = store.load()
    assert found.notes == () and found.outcomes["neuron"].tries == 2
    store.record(TOPIC, verdict("layer"))
    assert {name: one["tries"] for name, one in kept(file).items()} == {"neuron": 2, "layer": 1}


def test_a_place_where_nothing_can_be_made_costs_no_check(file: Path) -> None:
    file.parent.write_text("a file where the folder should be")

    def relu(z: Any) -> Any:
        return jnp.maximum(z, 0)

    assert check(relu).passed
    found = store.load()
    assert found.outcomes["relu"].passed and len(found.notes) == 1


def test_a_check_does_not_wait_long_for_a_lock(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store._PATIENCE_S <= 1
    monkeypatch.setattr(store, "_PATIENCE_S", 0.05)
    file.parent.mkdir()
    with FileLock(f"{file}.lock"), ends_within_a_hang():
        store.record(TOPIC, verdict())
    assert not file.exists()
    (note,) = store.load().notes
    assert "another program keeps it locked" in note


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    real = tmp_path / "drive" / "mine.json"
    real.parent.mkdir()
    file.parent.mkdir()
    file.symlink_to(real)
    store.record(TOPIC, verdict())
    assert file.is_symlink() and list(kept(real)) == ["neuron"]


@pytest.mark.parametrize(
    "variables", [{store.VARIABLE: "off"}, {store.VARIABLE: "OFF "}, {"NBGRADER_EXECUTION": "validate"}]
)
def test_nothing_is_kept_where_it_is_off_or_nbgrader_runs_the_notebook(
    file: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert store.location() is None and store.record(TOPIC, verdict()) == ""
    assert not file.parent.exists()
    found = store.load()
    assert found.outcomes == {} and "Nothing is kept" in found.notes[0]


def test_without_the_variable_it_is_the_user_s_own_folder_and_never_under_pytest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(store.VARIABLE)
    assert store.location() is None, "pytest says in PYTEST_VERSION that it runs; kernels that it starts hear it, too"
    monkeypatch.delenv("PYTEST_VERSION")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    file = store.location()
    assert file is not None and file.is_relative_to(tmp_path.resolve())
    assert file.parts[-2:] == ("threads-to-networks", "progress.json")
    assert store.load().where.startswith("~/")


def test_a_submission_s_kernel_has_a_progress_that_keeps_nothing(tmp_path: Path) -> None:
    package = write_package(tmp_path)
    assert not (package / "course" / "progress").exists()
    line = "from course import check, progress; check(None); print(progress('the_neuron'))"
    env = {**os.environ, "PYTHONPATH": str(package), store.VARIABLE: str(tmp_path / "p.json")}
    ran = subprocess.run(
        [sys.executable, "-c", line], env=env, capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert ran.stdout == "This notebook is being graded; nothing is kept.\n"
    assert not (tmp_path / "p.json").exists()


def test_a_run_of_course_format_begins_with_an_empty_map_and_leaves_the_author_s_alone(file: Path) -> None:
    told = execute(notebook(code(f"import os; print(os.environ['{store.VARIABLE}'])")), "a", file.parents[1])
    used = Path(told["cells"][0]["outputs"][0]["text"].strip())
    assert used.is_absolute() and used != file and not used.parent.exists()


def test_the_file_says_what_it_is_and_is_read_as_it_was_written(file: Path) -> None:
    store.record(TOPIC, verdict(right=2, mistake="no bias"))
    text = file.read_text(encoding="utf-8")
    assert "From Threads to Networks" in text.splitlines()[1]
    assert dumps(loads(text)) == text
    assert loads(text)["neuron"].said == WRONG


@pytest.mark.parametrize("number", ["02", "77"])
def test_a_file_that_names_lessons_with_their_numbers_of_then_keeps_its_meaning(file: Path, number: str) -> None:
    store.record(TOPIC, verdict())
    ours = file.read_text(encoding="utf-8")
    file.write_text(ours.replace(f'"lesson": "{TOPIC}"', f'"lesson": "{number}_{TOPIC}"'), encoding="utf-8")
    assert store.load().outcomes == loads(ours) and store.load().outcomes["neuron"].lesson == TOPIC
    # Written again, it names the topic.
    store.record(TOPIC, verdict("layer"))
    assert {one["lesson"] for one in kept(file).values()} == {TOPIC}
