"""An answer that does no work earns nothing, in any exercise; and so does a table of answers to other inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from fake_class import question, result

from course.checks import exercises, probes
from course.checks.exercise import Case, Exercise
from course.checks.judge import Marking, attempt
from course.checks.outcome import Outcome
from course.checks.verdict import Verdict
from course.curriculum import lesson_of
from course.grading.model import WRONG
from course.grading.report.feedback import page
from course.grading.report.platforms import gradescope

ALL = exercises()
SEED = 21


@cache
def marks(name: str) -> Marking:
    """Without the known mistakes, which decide no points and take long."""
    return Marking(replace(ALL[name], mistakes=()), SEED)


def points(name: str, answer: Callable[..., Any]) -> float:
    """What an answer earns."""
    one = marks(name)
    return one.verdict(one.collect(partial(attempt, one.exercise, answer))).points


def stub(*args: Any, **kwargs: Any) -> Any:
    raise NotImplementedError("write this")


def constant(value: Any) -> Callable[..., Any]:
    return lambda *args, **kwargs: value


def in_shape(exercise: Exercise, fill: Callable[[np.ndarray], Any]) -> Callable[..., Any]:
    """An answer in the shape of the right one, and of its type."""

    def answer(*args: Any, **kwargs: Any) -> Any:
        right = exercise.reference(*args, **kwargs)
        if right is None:
            raise TypeError("it has done the work, in what it was given")
        if not isinstance(right, (jax.Array, np.ndarray, np.generic, int, float, tuple, list, dict)):
            return None  # a network: the numbers in it are not what is judged
        return jax.tree.map(lambda leaf: _like(leaf, fill(np.asarray(leaf))), right)

    return answer


def _like(leaf: Any, filled: Any) -> Any:
    return type(leaf)(filled) if isinstance(leaf, (bool, int, float)) else jnp.asarray(filled, np.asarray(leaf).dtype)


def random(seed: int) -> Callable[[np.ndarray], Any]:
    rng = np.random.default_rng(seed)

    def fill(leaf: np.ndarray) -> Any:
        return rng.integers(0, 10, leaf.shape) if leaf.dtype.kind in "iub" else rng.normal(size=leaf.shape)

    return fill


def idle(exercise: Exercise) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Answers that do no work, by what they do."""
    yield "the untouched stub", stub
    yield from ((f"always {value!r}", constant(value)) for value in (0, 1, True, None, 0.5, "", np.float32(0)))
    yield "the first input", lambda *args, **kwargs: args[0]
    yield "the last input", lambda *args, **kwargs: args[-1]
    yield "zeros", in_shape(exercise, np.zeros_like)
    yield "ones", in_shape(exercise, np.ones_like)
    yield from ((f"random numbers, {seed}", in_shape(exercise, random(seed))) for seed in range(2))


# Of these each answer is compiled for each input.
LONG = ("backprop", "gradient_descent", "cnn_classification", "write_a_kernel", "make_it_fast")
EACH = [
    pytest.param(name, marks=pytest.mark.thorough if one.topic in LONG and one.probe is not probes.call else ())
    for name, one in ALL.items()
]


@pytest.mark.parametrize("name", EACH)
def test_an_answer_that_does_no_work_earns_nothing(name: str) -> None:
    earned = {how: points(name, answer) for how, answer in idle(ALL[name])}
    assert not any(earned.values()), earned
    assert marks(name).free < len(marks(name).cases)


def test_what_an_answer_does_to_its_input_is_work() -> None:
    assert marks("backward").free == 0


def _key(case: Case) -> str:
    leaves = jax.tree.leaves(case.args)
    return repr([leaf.tobytes() if isinstance(leaf, np.ndarray) else leaf for leaf in leaves])


# The answer of the one is a network, which gets no input; that of the other has to follow from the key that it is given. A choice is
# made for the pictures of the page, which every learner sees.
FINITE = ("xor_network", "he_init", *(name for name, one in ALL.items() if one.chosen))


@pytest.mark.parametrize("name", [name for name in ALL if name not in FINITE])
def test_no_input_comes_again_with_another_seed(name: str) -> None:
    """So that a table of all inputs that were ever seen has none of the hidden ones."""
    seen = {_key(case) for seed in range(6) for case in ALL[name].draw(seed)}
    again = [case.label for seed in (100, 101) for case in ALL[name].draw(seed) if _key(case) in seen]
    assert not again


# --- How points count ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("right", "points"), [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2), (5, 3)])
def test_points_count_beyond_what_an_answer_that_does_no_work_has_right(right: int, points: float) -> None:
    assert (
        Verdict("xor_network", right == 5, "", cases_passed=right, cases=5, free=2, points_possible=3).points == points
    )


def test_the_same_number_everywhere_is_right_on_two_inputs_of_xor_and_earns_nothing() -> None:
    one = marks("xor_network")
    zeros = (np.zeros((2, 2), np.float32), np.zeros(2, np.float32), np.zeros(2, np.float32), np.float32(0))
    verdict = one.verdict([Outcome(zeros)] * len(one.cases))
    assert (verdict.cases_passed, verdict.free, verdict.points) == (2, 2, 0)


def test_feedback_says_from_where_the_points_count() -> None:
    told = question("xor_network", WRONG, cases_passed=2, cases=5, failed=("x = (0, 1)",), free=2)
    graded = result("ada", lesson_of("the_neuron"), told)
    said = "An answer that does no work, such as 0 for every input, is also right on 2 inputs."
    for text in (page([graded]), str(gradescope(graded))):
        assert said in text and "So points count from there: 0 of the other 3." in text
        assert "Not right on: x = (0, 1)." in text
    without = page([result("ada", lesson_of("the_neuron"), question("xor_network", WRONG))])
    assert "An answer that does no work" not in without
