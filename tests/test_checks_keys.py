"""Promises of exercises that hand a random key: it decides, and nothing else does. They are found by their parameters."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import pytest
from flax import nnx
from seeds import SEEDS

from course.checks import exercises
from course.checks.judge import Marking, attempt
from course.checks.verdict import Verdict

KEYS = {"key", "rng", "rngs", "seed"}
KEYED = {
    name: (one, found.pop())
    for name, one in exercises().items()
    if (found := KEYS & set(inspect.signature(one.reference).parameters))
}
COUNT = itertools.count()


def verdict(name: str, seed: int, number: Callable[[], int]) -> Verdict:
    """On an answer that is right but for its key, which is made of a number of its own."""
    exercise, parameter = KEYED[name]
    make = nnx.Rngs if parameter == "rngs" else jax.random.key

    def wrong(*args: Any, **kwargs: Any) -> Any:
        given = inspect.signature(exercise.reference).bind(*args, **kwargs)
        given.arguments[parameter] = make(number())
        return exercise.reference(*given.args, **given.kwargs)

    marks = Marking(exercise, seed)
    return marks.verdict(marks.collect(partial(attempt, exercise, wrong)))


def test_the_exercises_with_a_key_are_found() -> None:
    assert set(KEYED) == {"he_init", "start_network", "train", "CNN", "device_batches"}


@pytest.mark.parametrize("name", KEYED)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_key_that_is_not_used_is_refused_by_its_name(name: str, seed: int) -> None:
    said = verdict(name, seed, lambda: 0)
    assert not said.passed
    assert said.mistake, said.text


@pytest.mark.parametrize("name", KEYED)
def test_what_another_generator_decides_is_refused(name: str) -> None:
    said = verdict(name, 1, lambda: next(COUNT))
    assert not said.passed
    assert "same key" in " ".join(said.text), said.text
