"""What pytest needs to know of this checkout, its notebooks too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# What one test has compiled, another need not compile: kernels, JupyterLab's too, and the workers of one run share it. The user's
# own cache is left alone. Before `course` is imported, which reads it.
os.environ.setdefault("COURSE_COMPILE_CACHE", str(Path(__file__).parent / "build" / "compiled"))

pytest_plugins = ("course.authoring.validate",)

# With several workers a run ends when the last one does, so what takes longest comes first: files of half a minute and more.
LONGEST = (
    "test_lab_lessons",
    "test_lesson_cnn_classification_mnist",
    "test_grading_planted",
    "test_grading_lessons",
    "cnn_classification.ipynb",
    "test_grading_same",
    "test_notebooks",
    "test_widgets",
    "test_nbgrader",
    "make_it_fast.ipynb",
    "test_checks_gpu_parallelism_graded",
    "test_site",
    "test_lab_interactive",
    "gradient_descent.ipynb",
    "backprop.ipynb",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return next((i for i, name in enumerate(LONGEST) if name in item.path.name), len(LONGEST))

    items.sort(key=place)
