"""Exercises from solutions: only the regions go, and every slip in the marks is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import code, grading, make_course, markdown, notebook, printed, save

from course.authoring.lessons import EXERCISES
from course.authoring.notebook import AuthoringError, dumps, parse, read
from course.authoring.release import exercise_of, exercise_problem, orphans, release_file, stub
from course.curriculum import lesson_of

pytestmark = pytest.mark.one_set

REGION = "def f(x):\n    y = 1\n    ### BEGIN SOLUTION\n    y = x\n    ### END SOLUTION\n    return y"
RAISE = 'raise NotImplementedError("f is not written yet: put your code in the place of this line")'


def solution_cell(source: str = REGION, **more: Any) -> Any:
    return code(source, metadata=grading("f", **more), id="f")


def test_a_region_becomes_one_line_at_its_indentation_and_the_rest_stays() -> None:
    assert stub(REGION, "f") == f"def f(x):\n    y = 1\n    {RAISE}\n    return y"


def test_every_region_of_a_cell_is_replaced() -> None:
    source = (
        "class M:\n"
        "    def a(self):\n        ### BEGIN SOLUTION\n        return 1\n        ### END SOLUTION\n"
        "    def b(self):\n        ### BEGIN SOLUTION\n        return 2\n        ### END SOLUTION"
    )
    written = stub(source, "f")
    assert written.count(RAISE) == 2 and "return" not in written
    compile(written, "stub", "exec")


bodies = st.lists(
    st.sampled_from(["return x", "y = x", "if x:\n            pass", "# why", ""]), min_size=1, max_size=5
)


@given(bodies)
@settings(deadline=None, max_examples=60, derandomize=True)
def test_nothing_of_any_region_is_left_in_an_exercise_and_releasing_is_deterministic(body: list[str]) -> None:
    inside = "\n".join(f"        {line}" for line in ["secret = 1", *body])
    region = f"        ### BEGIN SOLUTION\n{inside}\n        ### END SOLUTION"
    source = f"def f(x):\n    if x:\n{region}\n    return None"
    nb = notebook(markdown("# A", id="a"), solution_cell(source))
    exercise = exercise_of(nb, "a")
    assert exercise["cells"][1]["source"] == f"def f(x):\n    if x:\n        {RAISE}\n    return None"
    assert dumps(exercise) == dumps(exercise_of(parse(dumps(nb), "a"), "a"))


def test_outputs_and_nbval_tags_go_ids_and_grading_stay_and_cells_for_the_solution_alone_are_dropped() -> None:
    check = code(
        "check(f)",
        outputs=[printed("right")],
        count=2,
        id="c",
        metadata=grading("f_check", solution=False, points=2),
    )
    check["metadata"]["tags"] = ["nbval-check-output", "raises-exception"]
    why = markdown("Why this works", metadata={"tags": ["solution-only"]})
    exercise = exercise_of(notebook(solution_cell(), why, check), "a")
    assert [cell["id"] for cell in exercise["cells"]] == ["f", "c"]
    cell = exercise["cells"][1]
    assert (cell["outputs"], cell["execution_count"]) == ([], None)
    assert cell["metadata"] == {"nbgrader": check["metadata"]["nbgrader"], "tags": ["raises-exception"]}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def f(x):\n    ### BEGIN SOLUTION\n    return x", "the region that begins on line 2 never ends"),
        ("x = 1\n### END SOLUTION", "line 2 ends a region that never began"),
        (
            "### BEGIN SOLUTION\nx\n### BEGIN SOLUTION\ny\n### END SOLUTION",
            "line 3 begins a region inside the one",
        ),
        ("### BEGIN SOLUTION\n\n# to do\n### END SOLUTION", "lines 1 to 4 holds no code"),
        ("## BEGIN SOLUTION\nx\n## END SOLUTION", "line 1 is almost a mark"),
        ("x = 1  ### BEGIN SOLUTION", "line 1 is almost a mark"),
        ("### Begin Solution\nx", "line 1 is almost a mark"),
        ("x = 1", "a solution cell needs a region"),
    ],
)
def test_a_slip_in_the_marks_names_the_cell_and_the_line(source: str, said: str) -> None:
    with pytest.raises(AuthoringError) as caught:
        exercise_of(notebook(markdown("# A"), solution_cell(source)), "solutions/a.ipynb")
    assert said in str(caught.value) and "solutions/a.ipynb, cell 2 of 2 (In [1], id f)" in str(caught.value)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (code(REGION), "the cell is no code cell with nbgrader's solution: true"),
        (code(REGION, metadata=grading("f", solution=False)), "the cell is no code cell"),
        (markdown("### BEGIN SOLUTION\ntext\n### END SOLUTION"), "the cell is no code cell"),
        (solution_cell(schema_version=2), "schema_version is 2, not 3"),
        (code(REGION, metadata=grading("has blank")), "grade_id is 'has blank'"),
        (solution_cell(task=None), "'task' is None"),
        (solution_cell(locked=True), "must not be locked"),
        (solution_cell(grade=True), "needs points of 0 or more, not None"),
        (solution_cell(grade=True, points=True), "needs points of 0 or more, not True"),
        (solution_cell(grade=True, points=-1), "needs points of 0 or more, not -1"),
    ],
)
def test_a_mark_outside_a_solution_cell_or_wrong_grading_metadata_is_named(cell: Any, said: str) -> None:
    with pytest.raises(AuthoringError) as caught:
        exercise_of(notebook(cell), "a")
    assert said in str(caught.value) and "cell 1 of 1" in str(caught.value)


def test_a_repeated_grade_id_names_both_cells_and_all_problems_are_said_at_once() -> None:
    bad = code("x", metadata=grading("g"), id="bad")
    with pytest.raises(AuthoringError) as caught:
        exercise_of(notebook(solution_cell(), {**solution_cell(), "id": "twin"}, bad), "a")
    lines = str(caught.value).splitlines()
    assert len(lines) == 2 and "id twin" in lines[0] and "id f" in lines[0] and "id bad" in lines[1]


def test_releasing_writes_once_and_checking_writes_nothing(tmp_path: Path) -> None:
    root = make_course(tmp_path)
    solution, exercise = (
        root / "solutions" / f"{lesson_of('the_neuron')}.ipynb",
        root / EXERCISES / f"{lesson_of('the_neuron')}.ipynb",
    )
    assert exercise_problem(solution, root) and not exercise.exists()
    assert release_file(solution, root) and exercise_problem(solution, root) is None
    stamp = exercise.stat().st_mtime_ns
    assert not release_file(solution, root) and exercise.stat().st_mtime_ns == stamp
    changed = read(exercise)
    changed["cells"][0]["source"] = "# By hand"
    save(exercise, changed)
    assert "not what its solution gives" in str(exercise_problem(solution, root))
    assert orphans(root) == []
    solution.unlink()
    assert orphans(root) == [exercise]
