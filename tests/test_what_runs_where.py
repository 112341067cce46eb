"""What runs where: every test and every notebook is in a run of CI, and CONTRIBUTING's table names each run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from functools import cache
from pathlib import Path

import pytest

from course.authoring.lessons import KINDS, course_root

pytestmark = pytest.mark.one_set

ROOT = course_root(Path(__file__).parent)
TESTS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py"))
ONE_SET = re.compile(r"^pytestmark = (?:\[\s*)?[^\n]*\bone_set\b", re.M)
OURS = ("JOBS", "PYTEST_ARGS", "PYTHON", "SEEDS", "T", "THOROUGH", "VENV")
# Without paths of its own a run of pytest has these: `testpaths` of pyproject.toml.
USUAL = ("tests", "notebooks", "solutions")


def parts() -> list[str]:
    """The targets of make that .ci/run goes through, with their variables."""
    return re.findall(r"^part (.+)$", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.M)


@cache
def commands(part: str) -> list[list[str]]:
    """The words of each pytest that `make <part>` would run."""
    dry = ["make", "--dry-run", "--no-print-directory", *shlex.split(part)]
    # The make that runs this test hands its own variables on, THOROUGH=1 among them: here each target is called by itself.
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in OURS and not name.startswith(("MAKE", "MFLAGS"))
    }
    said = subprocess.run(dry, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout.replace(
        "\\\n", " "
    )
    lines = [shlex.split(line) for line in said.splitlines() if "-m pytest" in line]
    return [words[words.index("pytest") + 1 :] for words in lines]


def selected(words: list[str]) -> set[str]:
    """The test files and notebooks that a run of pytest with these words reads."""
    paths = [word for word in words if not word.startswith("-") and (ROOT / word).exists()] or USUAL
    ignored = [word.partition("=")[2] for word in words if word.startswith("--ignore=")]
    kept = {
        path.relative_to(ROOT).as_posix()
        for name in paths
        for pattern in (("test_*.py", "*.ipynb") if "--nbval" in words else ("test_*.py",))
        for path in ([ROOT / name] if (ROOT / name).is_file() else (ROOT / name).rglob(pattern))
    }
    marked = {name for name in kept if name.endswith(".py") and ONE_SET.search((ROOT / name).read_text("utf-8"))}
    left = marked if any("not one_set" in word for word in words) else set()
    return {name for name in kept - left if not any(Path(name).is_relative_to(folder) for folder in ignored)}


def test_every_test_file_is_in_some_run_of_ci() -> None:
    run = {name for part in parts() for words in commands(part) for name in selected(words)}
    assert [name for name in TESTS if name not in run] == []


def test_make_test_runs_every_test_file_and_notebook_but_those_in_colabs_twin() -> None:
    (words,) = commands("test")
    stored = [f"{kind}/{path.name}" for kind in KINDS[:2] for path in (ROOT / kind).glob("*.ipynb")]
    wanted = {name for name in [*TESTS, *stored] if not name.startswith("tests/colab/")}
    assert wanted - selected(words) == set()


def test_ci_leaves_out_no_test_for_its_time() -> None:
    (words,) = commands(next(part for part in parts() if part.startswith("test ")))
    assert "-m" not in words and "THOROUGH=1" in (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert "not thorough" in commands("test")[0]


def test_a_file_that_runs_in_one_set_only_says_so_on_top_and_the_other_set_has_the_rest() -> None:
    (words,) = commands("test-oldest")
    oldest = selected(words)
    rest = {name for name in TESTS if not ONE_SET.search((ROOT / name).read_text("utf-8"))}
    assert {name for name in rest - oldest if not name.startswith(("tests/colab/", "tests/browser/"))} == set()
    assert len(oldest) > 20


def test_the_table_names_each_run_and_github_calls_the_same() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = page.partition("## What runs where")[2].partition("\n## ")[0]
    named = set(re.findall(r"^\| `make ([\w-]+)", table, re.M))
    assert named == {part.split()[0] for part in parts()}
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    called = set(re.findall(r"run: make ([\w-]+)", workflow))
    assert named - called == {"bench"}, "the benchmark's peers are several GB"


def test_one_word_selects_a_lesson_an_exercise_or_a_room() -> None:
    ((*_, flag, words),) = commands('test T="neuron or relu"')
    assert (flag, words) == ("-k", "neuron or relu")
