"""The gates over the stored notebooks: each test is run for each notebook of the course.

That the notebooks still show what is stored in them is held by nbval (`pytest --nbval notebooks solutions`).
"""

from __future__ import annotations

import copy
import re
from fractions import Fraction
from pathlib import Path

import pytest

from course.authoring import bootstrap, gates
from course.authoring.ahead import ahead_problems
from course.authoring.execute import execute
from course.authoring.format import check_file
from course.authoring.guesses import claim_problems, guess_problems
from course.authoring.lessons import EXERCISES, KINDS, LESSONS, SOLUTIONS, course_root, names, stored
from course.authoring.minutes import minutes_problem
from course.authoring.minutes import stated as stated_minutes
from course.authoring.notebook import code_cells, read
from course.authoring.practice import practice_problems
from course.authoring.release import exercise_problem, orphans
from course.curriculum import lesson_of, topic_of

pytestmark = pytest.mark.one_set

ROOT = course_root(Path(__file__).parent)


def each(*kinds: str) -> pytest.MarkDecorator:
    """Run the test for each notebook of these kinds."""
    paths = stored(ROOT, kinds)
    return pytest.mark.parametrize("path", paths, ids=[f"{path.parent.name}-{path.stem}" for path in paths])


def said(problems: object) -> str:
    """The problems, one on a line; empty if there are none."""
    return "\n".join(map(str, problems)) if isinstance(problems, list) else ""


@each(*KINDS)
def test_is_stored_in_the_canonical_form(path: Path) -> None:
    assert said(check_file(path)) == ""


@each(*KINDS)
def test_is_a_valid_notebook(path: Path) -> None:
    import nbformat

    nbformat.validate(nbformat.read(path, as_version=4))


@each(*KINDS)
def test_begins_with_the_set_up_cell(path: Path) -> None:
    assert bootstrap.problem(read(path), ROOT) is None


@each(*KINDS)
def test_links_to_notebooks_that_exist(path: Path) -> None:
    assert said(gates.link_problems(read(path), path.parent)) == ""


@each(*KINDS)
def test_every_picture_has_an_alternative_text(path: Path) -> None:
    assert said(gates.picture_problems(read(path))) == ""


@pytest.mark.parametrize("name", names(ROOT))
def test_a_lesson_has_its_three_notebooks(name: str) -> None:
    assert [kind for kind in KINDS if not (ROOT / kind / f"{name}.ipynb").is_file()] == []


@each(LESSONS)
def test_lesson_opens_and_closes_as_it_should_and_compares_its_claims(path: Path) -> None:
    assert said(gates.lesson_problems(read(path), path.stem)) == ""


@each(LESSONS)
def test_lesson_answers_each_guess_and_says_where_the_answer_comes_from(path: Path) -> None:
    assert said(guess_problems(read(path))) == ""


@each(LESSONS)
def test_lesson_shows_figures_honest_minutes_no_answer_ahead_and_practices_all(path: Path) -> None:
    from course.checks.registry import exercises

    nb, solution = read(path), read(ROOT / SOLUTIONS / path.name)
    found = (*ahead_problems(nb, solution), *claim_problems(nb), *practice_problems(nb, solution, exercises(path.stem)))
    assert "\n".join(filter(None, (said([*found]), minutes_problem(nb)))) == ""


@each(LESSONS)
def test_the_way_ahead_in_the_first_lesson_says_the_minutes_that_the_lesson_says(path: Path) -> None:
    ahead = (ROOT / LESSONS / f"{lesson_of('start_here')}.ipynb").read_text(encoding="utf-8")
    said = re.findall(rf"\({path.stem}\.ipynb\) \|[^|]*\| (\d+) minutes", ahead)
    assert topic_of(path.stem) == "start_here" or [int(minutes) for minutes in said] == [stated_minutes(read(path))]


@each(SOLUTIONS)
def test_releasing_the_solution_changes_no_byte(path: Path) -> None:
    assert exercise_problem(path, ROOT) is None


@each(SOLUTIONS)
def test_exercise_differs_from_its_solution_only_in_the_regions(path: Path) -> None:
    assert said(gates.difference_problems(read(path), read(ROOT / EXERCISES / path.name))) == ""


@each(SOLUTIONS)
def test_two_thirds_of_the_solution_are_compared(path: Path) -> None:
    assert gates.compared_share(read(path)) >= Fraction(2, 3)


@each(SOLUTIONS)
def test_solution_has_every_exercise_of_the_catalogue_with_all_its_parts(path: Path) -> None:
    from course.checks.registry import exercises

    points = {name: float(exercise.points) for name, exercise in exercises(path.stem).items()}
    assert said(gates.exercise_problems(read(path), points)) == ""


@pytest.mark.thorough
@each(EXERCISES)
def test_untouched_exercise_fails_in_no_other_way_than_not_written_yet(path: Path) -> None:
    """As when a learner who has written nothing runs all cells: each check says so, all else goes well."""
    nb = copy.deepcopy(read(path))
    for _, cell in code_cells(nb):
        cell["metadata"]["tags"] = ["raises-exception"]
    ran = execute(nb, path.name, path.parent, forked=True)
    for index, cell in code_cells(ran):
        where = f"cell {index + 1}:\n{cell['source']}"
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                assert output["ename"] == "NotImplementedError", f"{where}\n{output['ename']}: {output['evalue']}"
            assert output.get("name") != "stderr", f"{where}\n{output.get('text')}"
        if gates.states_check(cell):
            assert "not written yet" in str(cell["outputs"]), where


def test_no_exercise_is_left_without_a_solution() -> None:
    assert orphans(ROOT) == []
