"""The gates can fail: each part that a lesson or a solution must have is missed when it is taken away."""

from __future__ import annotations

import copy
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from making import code, grading, markdown, notebook, result

from course.authoring.gates import (
    compared_share,
    difference_problems,
    exercise_problems,
    lesson_problems,
    link_problems,
    picture_problems,
)
from course.authoring.release import exercise_of

pytestmark = pytest.mark.one_set

LESSON = notebook(
    markdown("# A\n\n**What you will be able to do.** …\n\n**What you need.** …\n\n**How long.** 20 min"),
    code("set_up"),
    markdown("Now write it: [exercises](../exercises/a.ipynb)."),
    code("claim(2 > 1, 'two is more')"),
    markdown("## Your guesses and the answers"),
    code("my_numbers()", metadata={"tags": ["nbval-ignore-output"]}),
    markdown("## What comes next"),
)
HELP = "<details><summary>A nudge</summary>\nx\n</details>\n<details><summary>Pattern</summary>\ny\n</details>"
SOLUTION = notebook(
    markdown("## 1 · `f`\n\n> Difficulty: easy · Importance: high · 5 min", id="box"),
    markdown("One line.", id="recap"),
    code("def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION", id="f", metadata=grading("f")),
    code("check(f)", id="check", metadata=grading("f_check", solution=False, points=2)),
    markdown(f"{HELP}\n\n## Done?\n\n<details>More</details>", id="help"),
)


def edited(nb: Any, old: str, new: str = "") -> Any:
    """A copy with `old` replaced in every source; it must be there."""
    nb = copy.deepcopy(nb)
    assert any(old in cell["source"] for cell in nb["cells"])
    for cell in nb["cells"]:
        cell["source"] = cell["source"].replace(old, new)
    return nb


def test_a_whole_lesson_and_a_whole_solution_pass() -> None:
    assert lesson_problems(LESSON, "a") == []
    assert exercise_problems(SOLUTION, {"f": 2}) == []


@pytest.mark.parametrize(
    "part",
    ["What you will be able to do", "What you need", "How long", "Your guesses and the answers", "What comes next"],
)
def test_a_lesson_without_a_part_of_its_frame_is_named(part: str) -> None:
    (problem,) = lesson_problems(edited(LESSON, part), "a")
    assert part in str(problem)


def test_a_lesson_without_a_link_to_its_own_exercises_is_named() -> None:
    (problem,) = lesson_problems(LESSON, "b")
    assert "../exercises/b.ipynb" in str(problem)


@pytest.mark.parametrize("source", ["claim(True, 'x')", "y = 1\nif y: check(f)"])
def test_a_claim_or_a_check_that_is_not_compared_is_named(source: str) -> None:
    nb = copy.deepcopy(LESSON)
    nb["cells"][3] = code(source, id="c", metadata={"tags": ["nbval-ignore-output"]})
    (problem,) = lesson_problems(nb, "a")
    assert "id c" in problem.place
    nb["cells"][3]["source"] = "# check(f) comes later"
    assert lesson_problems(nb, "a") == []


def test_a_link_to_a_missing_notebook_is_named_and_others_pass(tmp_path: Path) -> None:
    (tmp_path / "here.ipynb").touch()
    text = "[a](here.ipynb) [b](here.ipynb#part) [c](https://x.org/n.ipynb) [d](gone.ipynb)"
    (problem,) = link_problems(notebook(markdown(text)), tmp_path)
    assert "gone.ipynb" in str(problem)


def test_the_share_of_compared_cells() -> None:
    assert compared_share(LESSON) == Fraction(2, 3)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Difficulty", "", "'Difficulty'"),
        ("Importance", "", "'Importance'"),
        ("5 min", "", "'min'"),
        ("One line.", "", "not 0"),
        ("One line.", "1\n\n2\n\n3\n\n4", "not 4"),
        ("</details>", "", "two folds"),
        ("check(f)", "f(1)", "nothing calls check(f)"),
        ("`f`", "it", "names `f`"),
        ("## 1", "# 1", "names `f`"),
    ],
)
def test_an_exercise_without_one_of_its_parts_is_named(old: str, new: str, said: str) -> None:
    (problem,) = exercise_problems(edited(SOLUTION, old, new), {"f": 2})
    assert said in str(problem)


def test_other_points_another_grade_id_or_another_catalogue_are_named() -> None:
    assert "the catalogue's 3 points" in str(exercise_problems(SOLUTION, {"f": 3})[0])
    nb = copy.deepcopy(SOLUTION)
    nb["cells"][2]["metadata"]["nbgrader"]["grade_id"] = "g"
    assert "no solution cell with the grade_id 'f'" in str(exercise_problems(nb, {"f": 2})[0])
    assert "check(f): the catalogue has no such exercise" in str(exercise_problems(SOLUTION, {})[0])
    assert "names `g`" in str(exercise_problems(SOLUTION, {"f": 2, "g": 1})[0])


def test_an_exercise_as_released_differs_only_in_its_regions() -> None:
    assert difference_problems(SOLUTION, exercise_of(SOLUTION, "a")) == []


@pytest.mark.parametrize(
    ("cell", "old", "new"),
    [
        (2, "def f(x):", "def f(x, y):"),
        (2, '    raise NotImplementedError("f is', '    pass; raise NotImplementedError("f is'),
        (2, 'raise NotImplementedError("f is not written yet: ', 'raise NotImplementedError("'),
        (3, "check(f)", "check(f)  "),
        (1, "One line", "Another"),
    ],
)
def test_any_other_difference_is_named(cell: int, old: str, new: str) -> None:
    exercise = exercise_of(SOLUTION, "a")
    assert old in exercise["cells"][cell]["source"]
    exercise["cells"][cell]["source"] = exercise["cells"][cell]["source"].replace(old, new)
    assert f"cell {cell + 1} of 5" in str(difference_problems(SOLUTION, exercise)[0])


def test_a_missing_cell_and_changed_grading_are_named() -> None:
    exercise = exercise_of(SOLUTION, "a")
    other = copy.deepcopy(exercise)
    other["cells"][3]["metadata"]["nbgrader"]["points"] = 9
    assert len(difference_problems(SOLUTION, other)) == 1
    del exercise["cells"][0]
    assert "not those of the solution" in str(difference_problems(SOLUTION, exercise)[0])


@pytest.mark.parametrize("alt", [None, "", "too short", "<Figure size 640x480 with 1 Axes>"])
def test_a_figure_without_words_is_named(alt: str | None) -> None:
    figure = result(image__png="…", text__plain="<Figure>")
    if alt is not None:
        figure["metadata"] = {"image/png": {"alt": alt}}
    (problem,) = picture_problems(notebook(code("plot", outputs=[figure], id="p")))
    assert "no alternative text" in problem.reason
    assert "id p" in problem.place
    figure["metadata"] = {"image/png": {"alt": "loss falls from 3 at 0 to 1 at 12."}}
    assert picture_problems(notebook(code("plot", outputs=[figure]))) == []


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("![](a.png)", False),
        ("[![ ](a.svg)](b)", False),
        ("![a warp](a.png)", True),
        ('<img src="a.png">', False),
        ('<img src="a.png" alt="">', False),
        ('<img alt="a warp" src="a.png">', True),
    ],
)
def test_a_picture_in_text_or_in_a_card_needs_words(text: str, passes: bool) -> None:
    assert (picture_problems(notebook(markdown(text))) == []) is passes
    if text.startswith("<"):
        assert (picture_problems(notebook(code("x", outputs=[result(text__html=text)]))) == []) is passes
