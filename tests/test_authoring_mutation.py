"""Mutation testing of the checks: what is changed, that a weak draw lets a change live, and what may survive."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from making import code, make_course, notebook, save
from running import typed
from toy_exercise import DOUBLE

from course.authoring.lessons import course_root
from course.authoring.mutation import trials
from course.authoring.mutation.explained import TABLE, explained
from course.authoring.mutation.mutants import Mutant, answers, mutants
from course.authoring.mutation.trials import Task, Trial, function_of, run
from course.authoring.notebook import AuthoringError
from course.checks import Case
from course.checks.registry import exercises
from course.cli import mutation
from course.curriculum import lesson_of

pytestmark = pytest.mark.one_set

ROOT = course_root(Path(__file__).parent)


def changed(body: str, head: str = "def f(x, y):") -> set[str]:
    """The last lines of the mutants of a function of one line."""
    return {mutant.source.splitlines()[-1].strip() for mutant in mutants(f"{head}\n    {body}")}


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("return x + y", {"return x - y", "return x", "return y", "return -(x + y)"}),
        ("return x / y", {"return x * y", "return y / x"}),
        ("return jnp.maximum(x, 0)", {"return jnp.minimum(x, 0)", "return x", "return jnp.maximum(x, 1)"}),
        ("return jnp.maximum(x, 0)", {"return jnp.minimum(jnp.maximum(x, 0), 6)", "return jnp.maximum(y, 0)"}),
        ("return x.sum(axis=1, keepdims=True)", {"return x.sum(axis=0, keepdims=True)", "return x.sum(axis=1)"}),
        ("return x.sum(axis=1, keepdims=True)", {"return x.sum(axis=1, keepdims=False)", "return x"}),
        ("return x.sum(axis=1, keepdims=True)", {"return x.mean(axis=1, keepdims=True)"}),
        ("return x @ y.T", {"return x @ y", "return y.T @ x"}),
        ("return x[1:, y]", {"return x[2:, y]", "return x[:, y]", "return x[y, 1:]", "return x[1:, y - 1]"}),
        ("return x < y", {"return x <= y", "return x >= y"}),
        ("return x if x else y", {"return y if x else x"}),
        ("return f(x, y)", {"return f(y, x)", "return f(x)"}),
        ("return x.max()", {"return x.min()"}),
        ("return jnp.zeros(3, dtype=jnp.float32)", {"return jnp.zeros(3)", "return jnp.ones(3, dtype=jnp.float32)"}),
        ("return jnp.zeros(3, dtype=jnp.float32)", {"return jnp.zeros(3, dtype=jnp.bfloat16)"}),
        ("x += y", {"x = y", "x -= y", "pass"}),
        ("for i in range(x): y", {"break", "y"}),
        ("x[0] = y", {"x[0] = -y", "x[1] = y", "pass"}),
        ("return (x, y)", {"return (y, x)", "return (-x, y)"}),
    ],
)
def test_every_place_of_an_answer_is_changed(body: str, wanted: set[str]) -> None:
    assert wanted - changed(body) == set()


def test_loops_lose_their_first_and_last_round_and_functions_their_decorator() -> None:
    sources = [mutant.source for mutant in mutants("@jit\ndef f(x):\n    for i in range(x):\n        g(i)")]
    for wanted in ("in list(range(x))[1:]", "in list(range(x))[:-1]", "in range(x + 1)"):
        assert any(wanted in source for source in sources), wanted
    assert any(not source.startswith("@jit") for source in sources)


def test_no_mutant_stands_twice_nor_is_the_answer_itself_and_each_has_a_name_of_its_own() -> None:
    for answer in answers(ROOT).values():
        found = mutants(answer.source)
        assert len({mutant.source for mutant in found}) == len({mutant.name for mutant in found}) == len(found)


def test_only_what_stands_between_the_marks_is_changed() -> None:
    source = "a = 1\ndef f(x):\n    ### BEGIN SOLUTION\n    return x + 2\n    ### END SOLUTION"
    assert all(mutant.source.startswith("a = 1\n\ndef f(x):") for mutant in mutants(source))


def test_a_long_line_is_named_by_its_part_that_differs() -> None:
    source = "def f(x):\n    return (" + " + ".join(f"g(x, {i})" for i in range(30)) + ")"
    names = [mutant.name for mutant in mutants(source)]
    assert max(map(len, names)) < 400 and any("g(x, 17) → " in name or "…" in name for name in names)


# --- Trials -----------------------------------------------------------------------------------------------------------

CLIPPED = "import numpy as np\ndef double(x):\n    return np.minimum(2 * x, 6)"


def _one(seed_of: float) -> list[Case]:
    return [Case("numbers", (np.array([seed_of, -1], np.float32),))]


def test_a_weak_draw_lets_a_mutant_live_and_the_seed_is_named() -> None:
    """Numbers above 3 are drawn on some seeds alone: on those an answer that is cut off at 6 is seen."""
    weak = replace(DOUBLE, cases=lambda rng: _one(3.5 if rng.integers(4) else 1.5))
    strong = replace(DOUBLE, cases=lambda rng: _one(3.5 + rng.uniform()))
    wrong = function_of(CLIPPED, "double", {})
    assert wrong is not None
    lucky = Trial(weak, range(50)).accepted(wrong)
    assert lucky is not None and lucky > 0, "on the first seed it is refused"
    assert Trial(strong, range(50)).accepted(wrong) is None
    assert Trial(weak, range(50)).accepted(DOUBLE.reference) == 0


def test_an_answer_that_takes_too_long_is_refused_at_once() -> None:
    quick = replace(DOUBLE, limit_s=0.2)
    tried = []

    def endless(x: np.ndarray) -> None:
        tried.append(x)
        while True:
            pass

    assert Trial(quick, range(50)).accepted(endless) is None and len(tried) == 1


def test_a_cell_that_fails_is_no_answer() -> None:
    assert function_of("1 / 0", "f", {}) is None and function_of("g = 1", "f", {}) is None


def test_an_answer_that_ends_its_process_is_refused_and_the_next_is_tried() -> None:
    right = "def speedup(p, n):\n    return 1 / ((1 - p) + p / n)"
    task = Task("speedup", "import os", (("exits", "def speedup(p, n):\n    os._exit(1)"), ("right", right)))
    assert list(run([task], range(2), 1)) == [("speedup", "exits", None), ("speedup", "right", 0)]


def test_a_right_answer_that_is_refused_stops_the_run_as_it_tells_nothing_of_the_others() -> None:
    wrong = "def speedup(p, n):\n    return n"
    task = Task("speedup", "", (("wrong", wrong),), right=wrong)
    with pytest.raises(AuthoringError, match="speedup: the solution of speedup itself is refused"):
        list(run([task], range(2), 1))


# --- The command ------------------------------------------------------------------------------------------------------

SPEEDUP = "def speedup(p, n):\n    ### BEGIN SOLUTION\n    return 1 / ((1 - p) + p / n)\n    ### END SOLUTION"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone whose solution of one exercise is SPEEDUP, tried in this process."""
    root = make_course(tmp_path)
    cell = code(SPEEDUP)
    cell["metadata"]["nbgrader"] = {"grade_id": "speedup", "solution": True}
    save(root / "solutions" / f"{lesson_of('gpu_parallelism')}.ipynb", notebook(cell))
    monkeypatch.chdir(root)
    monkeypatch.setenv("COLUMNS", "160")

    def at_once(tasks: list[Task], seeds: range, jobs: int) -> list[tuple[str, str, int | None]]:
        return [
            (task.exercise, name, seed)
            for task in tasks
            for (name, _), seed in zip(task.answers, trials.accepted(task, seeds), strict=True)
        ]

    monkeypatch.setattr(mutation.trials, "run", at_once)
    return root


def test_a_survivor_fails_the_command_until_it_is_explained(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    course = typed(monkeypatch, capsys)
    name = "return 1 / (1 - p + p / n) → return max(1 / (1 - p + p / n), 0)"
    status, out, err = course("mutants", "speedup", "--seeds", "3")
    assert status == 1 and f"speedup, right on all inputs of seed 0: {name}" in out
    assert "1 of " in err and "survived" in err
    (here / TABLE).parent.mkdir(exist_ok=True)
    (here / TABLE).write_text(f'[[speedup]]\nwhy = "No time is negative."\nmutants = ["{name}"]\n', encoding="utf-8")
    status, out, err = course("mutants", "speedup", "--seeds", "3")
    assert (status, err) == (0, "") and "No unexplained survivor" in out


def test_a_sample_is_the_same_each_time_and_the_listed_mistakes_are_tried_in_the_same_way(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    course = typed(monkeypatch, capsys)
    one, again = (course("mutants", "speedup", "--sample", "3", "--seeds", "1")[1] for _ in range(2))
    assert one == again and "│ 3 " in one
    status, out, _ = course("mutants", "speedup", "--listed", "--seeds", "5")
    assert status == 0 and f"among {len(exercises()['speedup'].mistakes)} listed mistakes" in out


def test_what_is_no_exercise_is_said(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = typed(monkeypatch, capsys)("mutants", "spedup")
    assert status == 1 and "There is no lesson 'spedup'" in err


# --- The table of what may survive ------------------------------------------------------------------------------------


def test_every_explained_survivor_is_a_mutant_of_today() -> None:
    """A line that is no mutant of its exercise any more explains nothing."""
    found = answers(ROOT)
    stale = {
        exercise: unknown
        for exercise, reasons in explained(ROOT).items()
        if (unknown := set(reasons) - _names(mutants(found[exercise].source)))
    }
    assert stale == {}


def _names(found: list[Mutant]) -> set[str]:
    return {mutant.name for mutant in found}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('[[f]]\nmutants = ["x → y"]', "has no `why`"),
        ('[[f]]\nwhy = "so"\nmutants = ["x → y", "x → y"]', "stands twice"),
        ("[[f", "can't be read"),
    ],
)
def test_a_table_that_explains_nothing_is_refused(tmp_path: Path, table: str, said: str) -> None:
    (tmp_path / TABLE).parent.mkdir()
    (tmp_path / TABLE).write_text(table, encoding="utf-8")
    with pytest.raises(AuthoringError, match=said):
        explained(tmp_path)


def test_an_estimate_is_right_to_a_factor_and_not_changed_a_little() -> None:
    from course.cli.mutation import _mutants

    assert [task.exercise for task in _mutants(ROOT, ["gradient_cost", "multiply"], 1)] == ["multiply"]
