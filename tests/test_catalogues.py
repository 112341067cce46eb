"""Promises of the catalogues together: each lesson has one, by its topic, whose promises are tried in a file of their own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from course import curriculum
from course.checks import exercises, registry
from course.curriculum import LESSONS, TOPICS, topic_of
from course.grading.sandbox.package import write_package

HERE = Path(__file__).parent


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_lesson_has_its_catalogue(lesson: str) -> None:
    assert exercises(lesson)
    assert all(exercise.topic == topic_of(lesson) for exercise in exercises(lesson).values())


def test_a_catalogue_is_found_by_the_topic_and_by_the_name_that_the_lesson_had_with_another_number() -> None:
    for topic in TOPICS:
        assert exercises(topic) == exercises(f"77_{topic}")
    assert list(exercises()) == [name for topic in TOPICS for name in exercises(topic)]


def test_a_lesson_that_has_no_catalogue_yet_stops_no_check_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = list(exercises())
    for module in (registry, curriculum):
        monkeypatch.setattr(module, "LESSONS", ("00_being_written", *LESSONS))
    assert list(exercises()) == everything and registry.find(everything[-1]).name == everything[-1]


def test_no_catalogue_goes_into_the_sandbox(tmp_path: Path) -> None:
    package = write_package(tmp_path) / "course"
    assert not (package / "exercises").exists() and not (package / "checks" / "registry.py").exists()
    held = "".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    assert "course.exercises" not in held and "from course.checks.exercise" not in held


def test_every_lessons_catalogue_is_tried() -> None:
    tried = []
    for topic in TOPICS:
        path = HERE / f"test_catalogue_{topic}.py"
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert any(isinstance(node, ast.ImportFrom) and node.module == "catalogue_promises" for node in tree.body), path
        tried += [ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign)]
    assert tried == list(TOPICS)
