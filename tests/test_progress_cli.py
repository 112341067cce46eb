"""The command `course progress`, as a learner uses it: anywhere, with what a learner has installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from progress_files import LESSON, fresh_map, outcome, verdict
from running import Run, typed

from course import cli
from course.checks.registry import LESSONS, exercises
from course.curriculum import lesson_of
from course.history import file as store
from course.history.attempts import dumps

pytestmark = pytest.mark.one_set

# Of the extras: what a learner's environment need not have.
NOT_A_LEARNER_S = [
    "nbformat",
    "nbclient",
    "nbval",
    "nbgrader",
    "jupyter_client",
    "zmq",
    "psutil",
    "jinja2",
    "yaml",
    "distributed",
    "pytest",
]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = fresh_map(tmp_path, monkeypatch)
    monkeypatch.chdir(tmp_path)
    store.record(LESSON, verdict("neuron"))
    store.record(LESSON, verdict("relu", 2))
    return file


@pytest.fixture
def course(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `course progress` with these words: (exit code, stdout, stderr)."""
    program = typed(monkeypatch, capsys, "progress")

    def run(*words: str, columns: int = 80) -> tuple[int, str, str]:
        monkeypatch.setenv("COLUMNS", str(columns))
        return program(*words)

    return run


@pytest.mark.parametrize("columns", [60, 80, 100])
@pytest.mark.parametrize("words", [(), ("--lesson", "the_neuron"), ("--lesson", "backprop")])
def test_nothing_is_cut_off_at_usual_widths(file: Path, course: Run, columns: int, words: tuple[str, ...]) -> None:
    status, out, err = course(*words, columns=columns)
    assert (status, err) == (0, "")
    assert max(map(len, out.splitlines())) <= columns and "…" not in out
    shown = out.split()
    lessons = [lesson_of(words[1])] if words else LESSONS
    for lesson in lessons:
        missing = [name for name in exercises(lesson) if name not in shown and f"{name}," not in shown]
        assert missing == []


def test_it_shows_states_shares_and_what_to_do_next(file: Path, course: Run) -> None:
    _, out, _ = course(columns=100)
    assert out.startswith(f"Your progress: 1 of {len(exercises())} exercises passed, 1 tried\n")
    assert f"Go on with relu (exercises/{lesson_of('the_neuron')}.ipynb)." in out
    count = len(exercises(LESSON))
    squares, said = f"■□□◧{(count - 4) * '□'}", f"1 of {count} passed, about "
    assert squares in out and said in " ".join(out.split())
    assert "✓ passed neuron\n" in "\n".join(line.strip() + "\n" for line in out.splitlines())
    # A long path is broken anywhere, and so are the words that come after it.
    assert f"{file},andnothingissentanywhere." in "".join(out.split())


def test_another_file_is_read_and_left_as_it_is(file: Path, course: Run, tmp_path: Path) -> None:
    other = tmp_path / "ada.json"
    other.write_text(dumps({"softmax": outcome()}))
    _, out, _ = course("--file", str(other))
    assert "✓ passed softmax" in out and "relu (2" not in out
    other.write_text("not a map")
    status, out, err = course("--file", str(other))
    assert (status, out) == (1, "") and err.startswith(f"{other} can't be read: it is not JSON")
    assert other.read_text() == "not a map" and [*tmp_path.glob("*broken*")] == []


def test_json_is_for_programs(file: Path, course: Run) -> None:
    told = json.loads(course("--json")[1])
    assert told["next"]["exercise"] == "relu" and [one["lesson"] for one in told["lessons"]] == list(LESSONS)
    told = json.loads(course("--json", "--lesson", "the_neuron")[1])
    (lesson,) = told["lessons"]
    states = {one["name"]: one["state"] for one in lesson["exercises"]}
    assert states["neuron"] == "passed" and states["relu"] == "tried" and states["layer"] == "open"
    assert next(one for one in lesson["exercises"] if one["name"] == "relu")["outcome"]["right"] == 2


def test_a_wrong_lesson_or_file_gets_a_sentence_and_no_traceback(file: Path, course: Run) -> None:
    assert course("--lesson", "77") == (1, "", f"There is no lesson '77'. There are {', '.join(LESSONS)}.\n")
    assert course("--file", "none.json") == (1, "", "none.json can't be read: No such file or directory.\n")


def test_it_needs_no_clone_and_nothing_but_a_learner_s_packages(file: Path, tmp_path: Path) -> None:
    lines = f"""
import sys
for name in {NOT_A_LEARNER_S}:
    sys.modules[name] = None
sys.argv = ["course", "progress"]
from course.cli import main
main()
"""
    here = Path(cli.__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(here)}
    ran = subprocess.run(
        [sys.executable, "-c", lines], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "Go on with relu" in ran.stdout
