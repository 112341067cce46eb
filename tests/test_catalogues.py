"""Promises of the catalogues together: each lesson has one, whose promises are tried in a file of their own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from course.checks import exercises
from course.checks.registry import LESSONS

HERE = Path(__file__).parent


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_lesson_has_its_catalogue(lesson: str) -> None:
    assert exercises(lesson)
    assert all(exercise.lesson == lesson for exercise in exercises(lesson).values())


def test_every_lessons_catalogue_is_tried() -> None:
    tried = []
    for path in sorted(HERE.glob("test_catalogue_lesson_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert any(isinstance(node, ast.ImportFrom) and node.module == "catalogue_promises" for node in tree.body), path
        tried += [ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign)]
    assert tried == list(LESSONS)
