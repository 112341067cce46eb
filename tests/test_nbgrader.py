"""The course's notebooks under nbgrader itself: `nbgrader validate`, `generate_assignment` and `autograde` are run.

Every lesson is released, which runs nothing, and nbgrader's points for it are compared. One lesson is graded whole: `autograde` runs
the cells and takes each check that raises for zero points, whatever the lesson. That the checks of each lesson's solution pass, and
that those of its untouched exercise raise, is held where they are run without nbgrader.

nbgrader can't be installed beside Colab's IPython, so these run under the newest set alone.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hang import HANG_S

from course.authoring.lessons import EXERCISES, SOLUTIONS, course_root, names
from course.authoring.notebook import Cell, Notebook, code_cells, dumps, joined, read, tags
from course.authoring.release import SOLUTION_ONLY
from course.checks.registry import exercises
from course.curriculum import lesson_of

pytestmark = [pytest.mark.one_set, pytest.mark.thorough]

ROOT = course_root(Path(__file__).parent)
ASSIGNMENT = "part_1"
# Two lessons that train nothing: one is validated, the other graded.
VALIDATED, AUTOGRADED = lesson_of("start_here"), lesson_of("the_neuron")
# Right where the logits are small: nbgrader gives nothing, since a check passes or it doesn't.
OVERFLOWS = "def softmax(Z):\n    return jnp.exp(Z) / jnp.exp(Z).sum(axis=-1, keepdims=True)"
GRADES = """
import json, sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    asked = [
        [notebook.name, cell.name, cell.max_score]
        for notebook in book.find_assignment(sys.argv[1]).notebooks
        for cell in notebook.grade_cells
    ]
    given = [
        [submission.student.id, notebook.name, grade.name, grade.score]
        for submission in book.assignment_submissions(sys.argv[1])
        for notebook in submission.notebooks
        for grade in notebook.grades
    ]
print(json.dumps([asked, given]))
"""


@dataclass(frozen=True)
class NbGrader:
    """nbgrader's commands, run in a course folder, with nothing of this user's settings."""

    folder: Path
    env: dict[str, str]

    def __call__(self, *arguments: str) -> str:
        """What `nbgrader …` prints on stdout; its log goes into the message where it fails."""
        return self.run("-m", "nbgrader", *arguments)

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=6 * HANG_S,
        )
        assert done.returncode == 0, f"{arguments}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout


@pytest.fixture(scope="module")
def nbgrader(tmp_path_factory: pytest.TempPathFactory) -> NbGrader:
    pytest.importorskip("nbgrader", reason="nbgrader is not installed: `make test` installs it")
    home = tmp_path_factory.mktemp("home")
    kernel = home / "jupyter" / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    launch = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": launch, "display_name": "this Python", "language": "python"}))
    env = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "PYTEST"))}
    env |= {
        # nbgrader calls the command `alembic`, which lies beside its Python.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", os.defpath)]),
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_PATH": str(home / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        # What one notebook has compiled, the next need not: it halves the time, and no grade depends on it.
        "JAX_COMPILATION_CACHE_DIR": str(home / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    return NbGrader(tmp_path_factory.mktemp("course"), env)


@dataclass(frozen=True)
class Graded:
    """A course folder that nbgrader has graded."""

    folder: Path
    possible: dict[str, dict[str, float]]  # {lesson: {exercise: points}}
    points: dict[tuple[str, str], dict[str, float]]  # {(learner, lesson): {exercise: points}}


@pytest.fixture(scope="module")
def graded(nbgrader: NbGrader) -> Graded:
    """Ada hands in the solution, bob the untouched exercise, carl one that is half right, dora what nbgrader released."""

    def put(place: str, lesson: str, nb: Notebook) -> None:
        path = nbgrader.folder / place / ASSIGNMENT / f"{lesson}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dumps(nb), encoding="utf-8")

    for lesson in names(ROOT):
        put("source", lesson, _stored(SOLUTIONS, lesson))
    put("submitted/ada", AUTOGRADED, _stored(SOLUTIONS, AUTOGRADED))
    put("submitted/bob", AUTOGRADED, _stored(EXERCISES, AUTOGRADED))
    put("submitted/carl", AUTOGRADED, _half_right(AUTOGRADED))
    nbgrader("generate_assignment", ASSIGNMENT)
    put("submitted/dora", AUTOGRADED, _released(nbgrader.folder, AUTOGRADED))
    nbgrader("autograde", ASSIGNMENT, "--ExecutePreprocessor.timeout=900")
    asked, given = json.loads(nbgrader.run("-c", GRADES, ASSIGNMENT))
    possible: dict[str, dict[str, float]] = {}
    for lesson, check, score in asked:
        possible.setdefault(lesson, {})[check.removeprefix("check-")] = score
    points: dict[tuple[str, str], dict[str, float]] = {}
    for learner, lesson, check, score in given:
        points.setdefault((learner, lesson), {})[check.removeprefix("check-")] = score
    return Graded(nbgrader.folder, possible, points)


def _stored(kind: str, lesson: str) -> Notebook:
    return read(ROOT / kind / f"{lesson}.ipynb")


def _released(folder: Path, lesson: str) -> Notebook:
    """The exercise that nbgrader made."""
    return read(folder / "release" / ASSIGNMENT / f"{lesson}.ipynb")


def _grading(cell: Cell) -> dict[str, Any]:
    return cell["metadata"].get("nbgrader", {})


def _by_id(nb: Notebook) -> dict[str, Cell]:
    """{grade_id: cell}, in the notebook's order."""
    return {_grading(cell)["grade_id"]: cell for cell in nb["cells"] if _grading(cell)}


def _half_right_names(lesson: str) -> list[str]:
    """Every second exercise, without softmax."""
    return [name for name in list(exercises(lesson))[::2] if name != "softmax"]


def _half_right(lesson: str) -> Notebook:
    """The solution, with every second exercise not written, an overflowing softmax, and each check replaced by boasting."""
    nb, untouched = _stored(SOLUTIONS, lesson), _by_id(_stored(EXERCISES, lesson))
    for grade_id, cell in _by_id(nb).items():
        if _grading(cell)["grade"]:
            cell["source"] = "print('All right, full marks.')"
        elif grade_id == "softmax":
            cell["source"] = OVERFLOWS
        elif grade_id not in _half_right_names(lesson):
            cell["source"] = untouched[grade_id]["source"]
    return nb


def _full(lesson: str) -> dict[str, float]:
    return {name: float(exercise.points) for name, exercise in exercises(lesson).items()}


def test_the_notebooks_run_in_a_kernel_of_this_python(nbgrader: NbGrader) -> None:
    look = "from jupyter_client.kernelspec import get_kernel_spec; print(get_kernel_spec('python3').argv[0])"
    assert nbgrader.run("-c", look).strip() == sys.executable


@pytest.mark.parametrize("lesson", names(ROOT))
def test_nbgraders_points_are_those_of_the_catalogue(graded: Graded, lesson: str) -> None:
    assert graded.possible[lesson] == _full(lesson)


def test_autograde_gives_the_solution_full_marks(graded: Graded) -> None:
    assert graded.points["ada", AUTOGRADED] == _full(AUTOGRADED)


def test_autograde_gives_the_untouched_exercise_nothing(graded: Graded) -> None:
    assert graded.points["bob", AUTOGRADED] == dict.fromkeys(_full(AUTOGRADED), 0.0)


def test_autograde_gives_a_half_right_notebook_its_right_half(graded: Graded) -> None:
    right = _half_right_names(AUTOGRADED)
    assert graded.points["carl", AUTOGRADED] == {n: p if n in right else 0.0 for n, p in _full(AUTOGRADED).items()}


@pytest.mark.parametrize("lesson", [lesson for lesson in names(ROOT) if lesson != AUTOGRADED])
def test_autograde_gives_a_lesson_that_was_not_handed_in_nothing(graded: Graded, lesson: str) -> None:
    assert set(graded.points["carl", lesson].values()) == {0.0}


def test_autograde_takes_our_check_where_the_learner_has_changed_it(graded: Graded) -> None:
    checks = _by_id(_stored(SOLUTIONS, AUTOGRADED))
    seen = _by_id(read(graded.folder / "autograded" / "carl" / ASSIGNMENT / f"{AUTOGRADED}.ipynb"))
    for grade_id, cell in checks.items():
        if _grading(cell)["grade"]:
            assert seen[grade_id]["source"] == cell["source"]


@pytest.mark.parametrize("lesson", names(ROOT))
def test_what_nbgrader_releases_has_our_exercises_cells_and_its_own_stubs(graded: Graded, lesson: str) -> None:
    """`solutions/` can be nbgrader's `source/`. Only `course release` takes out the cells that say why an answer is right."""
    theirs, ours = _released(graded.folder, lesson), _stored(EXERCISES, lesson)
    cells = [cell for cell in theirs["cells"] if SOLUTION_ONLY not in tags(cell)]
    assert len(cells) == len(ours["cells"])
    for cell, our in zip(cells, ours["cells"], strict=True):
        assert cell["cell_type"] == our["cell_type"] and not cell.get("outputs")
        kept = {key: _grading(cell).get(key) for key in _grading(our)}
        assert kept == _grading(our)
        # Their stubs, written as ours are, say nothing of the exercise.
        source = re.sub(r"^ *# YOUR CODE HERE\n", "", cell["source"], flags=re.M)
        assert source == re.sub(
            r'NotImplementedError\("\w+ is not written yet: .*"\)', "NotImplementedError()", our["source"]
        )


def test_nbgraders_own_stub_counts_as_not_written_yet(graded: Graded) -> None:
    assert set(graded.points["dora", AUTOGRADED].values()) == {0.0}
    ran = read(graded.folder / "autograded" / "dora" / ASSIGNMENT / f"{AUTOGRADED}.ipynb")
    for _, cell in code_cells(ran):
        if _grading(cell).get("grade"):
            assert [_error(output) for output in cell["outputs"] if output["output_type"] == "error"] == [
                f"CheckFailed: {_grading(cell)['grade_id'].removeprefix('check-')}: not written yet"
            ]


def _error(output: dict[str, Any]) -> str:
    return f"{output['ename']}: {joined(output['evalue'])}"


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[str], str]:
    """The path of a copy of the notebook of a kind: a run may leave files beside it."""
    return lambda kind: str(shutil.copy(ROOT / kind / f"{VALIDATED}.ipynb", tmp_path))


def test_validate_finds_nothing_wrong_with_the_solution(nbgrader: NbGrader, copied: Callable[[str], str]) -> None:
    assert nbgrader("validate", copied(SOLUTIONS)) == "Success! Your notebook passes all the tests.\n"


def test_validate_says_of_the_untouched_exercise_that_it_is_not_written(
    nbgrader: NbGrader, copied: Callable[[str], str]
) -> None:
    said = nbgrader("validate", copied(EXERCISES))
    questions = list(exercises(VALIDATED))
    assert said.count("The following cell failed:") == len(questions)
    for name in questions:
        assert f"    check({name})\n" in said
        assert f"    CheckFailed: {name}: not written yet\n" in said
