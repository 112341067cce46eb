"""The command `course`: what an author types, what comes back, and how it ends."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from typing import Any

import pytest
from making import code, make_course, notebook, save
from running import Run, typed

from course.authoring.lessons import course_root, find_name
from course.authoring.notebook import AuthoringError, read
from course.cli import notebooks
from course.curriculum import lesson_of, number_of

pytestmark = pytest.mark.one_set


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(make_course(tmp_path))
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


@pytest.fixture
def course(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `course` with these words: (exit code, stdout, stderr)."""

    return typed(monkeypatch, capsys)


def test_from_two_bare_notebooks_to_a_whole_lesson(root: Path, course: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The author's day: set-up cell, checks, then `course lesson` formats, releases and runs the gates."""
    assert course("bootstrap", "--check")[0] == 1
    status, out, _ = course("bootstrap", "--write")
    assert status == 0 and out.count("set-up cell written") == 2 and "Now run `course format`" in out
    status, _, err = course("format", "--check")
    assert status == 1 and f"notebooks/{lesson_of('the_neuron')}.ipynb, cell 2 of 3 (In [1], id bootstrap)" in err
    assert course("release", "--check")[0] == 1
    asked: list[list[str]] = []

    def pytest_run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 3)

    with monkeypatch.context() as patched:
        patched.setattr(notebooks.subprocess, "run", pytest_run)
        status, out, _ = course("lesson", "the_neuron")
    assert status == 3, "the gates' verdict is the command's"
    assert out.count(": written") == 3
    assert "--nbval" in asked[0] and asked[0][-1].endswith(f"solutions/{lesson_of('the_neuron')}.ipynb")
    assert asked[0][asked[0].index("-k") + 1] == lesson_of("the_neuron")
    for gate in ("format", "release", "bootstrap"):
        status, out, err = course(gate, "--check")
        assert (status, err) == (0, ""), f"{gate}: {err}"
    assert course("release") == (0, f"exercises/{lesson_of('the_neuron')}.ipynb: unchanged\n", "")


def test_a_failing_notebook_is_named_and_the_others_are_still_formatted(root: Path, course: Run) -> None:
    save(root / "notebooks" / "01_first.ipynb", notebook(code("1 / 0")))
    status, out, err = course("format")
    assert status == 1
    assert "notebooks/01_first.ipynb, cell 1 of 1 (In [1]" in err and "ZeroDivisionError" in err
    assert out.count(": written") == 2


def test_without_a_run_the_form_is_mended_and_what_is_left_is_said(root: Path, course: Run) -> None:
    status, out, _ = course("format", "--no-run", f"notebooks/{lesson_of('the_neuron')}.ipynb")
    assert status == 0 and ": written" in out and "was not run. Run `course format`" in out
    assert read(root / "solutions" / f"{lesson_of('the_neuron')}.ipynb")["nbformat_minor"] == 5


def test_release_names_every_bad_solution_and_every_exercise_without_one(root: Path, course: Run) -> None:
    save(root / "solutions" / "03_bad.ipynb", notebook(code("### BEGIN SOLUTION")))
    save(root / "exercises" / "09_old.ipynb", notebook())
    status, out, err = course("release")
    assert status == 1
    assert "solutions/03_bad.ipynb, cell 1 of 1" in err and "exercises/09_old.ipynb has no solution" in err
    assert f"exercises/{lesson_of('the_neuron')}.ipynb: written" in out


def test_the_list_shows_title_minutes_exercises_points_and_files(root: Path, course: Run) -> None:
    status, out, _ = course("list")
    row = next(line for line in out.splitlines() if lesson_of("the_neuron") in line)
    assert status == 0
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells == [lesson_of("the_neuron"), "The neuron", "60", "1", "2", "notebooks, solutions"]


def test_version_help_and_the_set_up_cell_are_shown(root: Path, course: Run) -> None:
    assert course("--version")[1].startswith("threads-to-networks")
    status, out, _ = course("--help")
    assert status == 0 and all(word in out for word in ("list", "format", "release", "bootstrap", "lesson"))
    assert 'find_spec("course")' in course("bootstrap")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["format", "the_nuron"], f"Did you mean {lesson_of('the_neuron')}?"),
        (["format", "notebooks/none.ipynb"], "notebooks/none.ipynb does not exist."),
        (["lesson", "77"], "There is no lesson '77'."),
    ],
)
def test_a_wrong_name_gets_a_sentence_and_no_traceback(course: Run, root: Path, words: list[str], said: str) -> None:
    status, _, err = course(*words)
    assert status == 1 and said in err and "Traceback" not in err


def test_outside_of_a_clone_the_command_says_so(course: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    status, _, err = course("list")
    assert status == 1 and "not inside a clone of the course" in err


def test_the_clone_is_found_from_inside_and_a_name_may_be_short_but_not_ambiguous(root: Path) -> None:
    assert course_root(root / "notebooks") == root.resolve()
    topic = "the_neuron"
    neuron = lesson_of(topic)
    other = f"{number_of(neuron)}_other"
    save(root / "notebooks" / f"{other}.ipynb", notebook())
    assert find_name(root, f"{number_of(neuron)}_t") == neuron
    assert find_name(root, f"notebooks/{other}.ipynb") == other
    # By its topic, too, and by a name that it had when its number was another.
    assert find_name(root, topic) == find_name(root, topic[:5]) == find_name(root, f"77_{topic}") == neuron
    with pytest.raises(AuthoringError, match=f"{other}, {neuron}"):
        find_name(root, number_of(neuron))


@pytest.mark.parametrize(
    ("words", "needs"),
    [
        (["grade", "submissions", "--lesson", "the_neuron"], "Grading needs nbval, psutil"),
        (["lesson", "the_neuron"], "Testing a lesson needs nbval"),
        (["site"], "The site needs sphinx"),
    ],
)
def test_what_a_learners_environment_leaves_out_is_said_before_anything_is_done(
    root: Path, course: Run, monkeypatch: pytest.MonkeyPatch, words: list[str], needs: str
) -> None:
    there = importlib.util.find_spec
    left_out = ("nbval", "psutil", "sphinx")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in left_out else there(name))
    before = sorted(root.rglob("*"))
    status, _, err = course(*words)
    assert status == 1 and needs in err and "`make env`" in err
    assert sorted(root.rglob("*")) == before
