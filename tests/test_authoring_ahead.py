"""The learner does it first: a lesson that shows an exercise's answer above its pencil line is found."""

from __future__ import annotations

from typing import Any

import pytest
from making import code, grading, markdown, notebook

from course.authoring.ahead import ahead_problems

pytestmark = pytest.mark.one_set

ANSWER = """\
def relu(x):
    \"\"\"The larger of x and 0.\"\"\"
    ### BEGIN SOLUTION
    zero = jnp.zeros_like(x)
    return jnp.maximum(x, zero)
    ### END SOLUTION"""
SOLUTION = notebook(code(ANSWER, metadata=grading("relu")))
PENCIL = markdown("> ✎ **Now write [`relu`](../exercises/the_lesson.ipynb#relu).** Two minutes.")
SIBLING = code("def leaky(x):\n    return jnp.where(x > 0, x, 0.1 * x)")


def found(*cells: Any) -> list[str]:
    return [str(problem) for problem in ahead_problems(notebook(*cells), SOLUTION)]


def test_a_sibling_above_and_the_answer_below_are_right() -> None:
    assert found(SIBLING, PENCIL, code(ANSWER)) == []


@pytest.mark.parametrize(
    "above",
    [
        "def relu(x):\n    return x",
        "relu = lambda x: jnp.maximum(x, 0)",
        "def ramp(z):\n    nothing = jnp.zeros_like(z)\n    return jnp.maximum(nothing, nothing)",
        "@jax.jit\ndef ramp(z: Array) -> Array:\n    'Another text.'\n    n = jnp.zeros_like(z)\n    return jnp.maximum(z, n)",
        "class Layer:\n    def ramp(self, z):\n        n = jnp.zeros_like(z)\n        return jnp.maximum(z, n)",
    ],
)
def test_the_name_or_the_body_above_the_line_is_found(above: str) -> None:
    (problem,) = found(code(above), PENCIL)
    assert "above the line that asks for it" in problem


def test_an_exercise_without_a_pencil_line_is_found() -> None:
    (problem,) = found(SIBLING)
    assert "no line with ✎ sends the learner to `relu`" in problem


def test_a_cell_with_a_magic_is_no_python_and_shows_nothing() -> None:
    assert found(code("%timeit relu(x)\ndef relu(x): pass"), PENCIL) == []
