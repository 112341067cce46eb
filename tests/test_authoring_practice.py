"""What a lesson promises is practiced: a planted breach of each rule is found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from making import code, grading, markdown, notebook
from toy_exercise import DOUBLE

from course.authoring.practice import practice_problems

pytestmark = pytest.mark.one_set

LINK = "../exercises/the_lesson.ipynb"
OPENING = f"""\
# 02 · The lesson

**What you will be able to do**

- double a number · [`double`]({LINK}#double)
- say how many there are · [`how_many`]({LINK}#how_many), [`which`]({LINK}#which)

| What you need | How long |
| :-- | :-- |
| nothing | 6 minutes for the exercises |"""
QUESTIONS = "## Five questions\n\n" + "\n\n".join(
    f"{n}. Why?\n\n<details><summary>Answer</summary>\n\nSo.\n\n</details>" for n in range(1, 6)
)
TASKS = {"double": 1, "how_many": 2, "which": 3}
EXERCISES = {
    "double": DOUBLE,
    "how_many": replace(DOUBLE, name="how_many", kind="estimate"),
    "which": replace(DOUBLE, name="which", kind="diagnose"),
}


def pencil(name: str) -> Any:
    return markdown(f"> ✎ **Now write [`{name}`]({LINK}#{name}).**")


def lesson(opening: str = OPENING, names: tuple[str, ...] = tuple(TASKS), questions: str = QUESTIONS) -> Any:
    return notebook(markdown(opening), *map(pencil, names), markdown(questions), markdown("## What comes next"))


def solution(**minutes: int) -> Any:
    cells = []
    for name, time in {**TASKS, **minutes}.items():
        box = (
            f"## {name}\n\n| difficulty | importance | time |\n| :-: | :-: | :-: |\n| ●○○○○ | ●●●●● | {time} minutes |"
        )
        cells += [markdown(box), code(f"def {name}(x): ...", metadata=grading(name))]
    return notebook(*cells)


def found(nb: Any = None, answers: Any = None, exercises: Any = None) -> str:
    problems = practice_problems(nb or lesson(), answers or solution(), exercises or EXERCISES)
    return "\n".join(map(str, problems))


def test_a_lesson_that_keeps_its_promises_has_no_problem() -> None:
    assert found() == ""


def test_an_outcome_that_no_exercise_tests_is_found() -> None:
    planted = OPENING.replace(f"number · [`double`]({LINK}#double)", "number")
    assert found(lesson(planted)) == "no exercise tests the outcome 'double a number': end it with a link to one."


def test_an_outcome_that_links_to_no_exercise_is_found() -> None:
    assert "links to treble, which is no exercise" in found(lesson(OPENING.replace("#double", "#treble")))


def test_a_lesson_without_a_list_of_outcomes_is_found() -> None:
    assert "there is no list of bullets" in found(lesson(OPENING.replace("- ", "")))


def test_exercises_in_another_order_than_the_lesson_are_found() -> None:
    assert "the order differs" in found(lesson(names=("how_many", "double", "which")))


def test_exercises_of_one_kind_only_are_found() -> None:
    plain = {name: replace(one, kind="write") for name, one in EXERCISES.items()}
    said = found(exercises=plain)
    assert "no exercise asks for a repair or a diagnosis" in said and "no exercise asks for an estimate" in said


def test_a_repair_is_as_good_as_a_diagnosis() -> None:
    assert found(exercises={**EXERCISES, "which": replace(EXERCISES["which"], kind="repair")}) == ""


def test_a_first_exercise_that_takes_long_is_found() -> None:
    assert "the first exercise takes 3 minutes" in found(answers=solution(double=3))


@pytest.mark.parametrize(("minutes", "right"), [("5 minutes", True), ("7 minutes", True), ("4 minutes", False)])
def test_minutes_for_the_exercises_are_the_sum_of_their_boxes_to_a_fifth(minutes: str, right: bool) -> None:
    assert (found(lesson(OPENING.replace("6 minutes", minutes))) == "") == right


def test_a_lesson_that_says_no_minutes_for_its_exercises_is_found() -> None:
    assert "write '6 minutes for the exercises'" in found(lesson(OPENING.replace("6 minutes for the", "some")))


@pytest.mark.parametrize(
    "planted", [QUESTIONS.replace("5. ", ""), QUESTIONS.replace("<details>", "", 1), QUESTIONS + "\n\n6. Why?"]
)
def test_questions_that_are_not_five_with_folded_answers_are_found(planted: str) -> None:
    assert "it needs 5 of each" in found(lesson(questions=planted))


def test_a_lesson_without_its_five_questions_is_found() -> None:
    assert "there is no section" in found(lesson(questions="## Questions"))
