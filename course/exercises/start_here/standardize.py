"""standardize: each column to mean 0 and standard deviation 1."""

from __future__ import annotations

import operator
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.start_here.common import TOPIC


def _divided(x: Array, spread: Array) -> Array:
    return x / jnp.where(spread > 0, spread, 1)


def standardize(x: Array) -> Array:
    return _divided(x - x.mean(axis=0), x.std(axis=0))


def _columns(rng: np.random.Generator, rows: int, scales: tuple[float, ...]) -> np.ndarray:
    """Columns whose means are off zero by one to two of their spreads, unequal in both."""
    sizes = np.array(scales)
    offset = rng.uniform(1, 2, size=sizes.size) * rng.choice([-1, 1], size=sizes.size)
    # + 0: a scale of 0 makes zeros of either sign, and a learner should not see "-0.".
    return (sizes * (rng.normal(size=(rows, sizes.size)) + offset) + 0.0).astype(np.float32)


def _standardize_cases(rng: np.random.Generator) -> list[Case]:
    # A message shows the smallest input that fails, so the sizes are in this order: a wrong formula shows itself
    # best on an ordinary table, a missing guard on the column of zeros, and least of all on a single row.
    # Of 40 rows one can lie further than six spreads from the mean: what is cut off there is seen, above and below.
    wide = _columns(rng, 40, (0.5, 1.0, 3.0, 10.0, 50.0, 200.0))
    wide[rng.integers(40), 2] += 1000
    wide[rng.integers(40), 4] -= 10_000
    # All zeros, so that mean and spread are exactly 0 in float32, however they are computed.
    return [
        Case("one column", (_columns(rng, 6, (2.0,)),)),
        Case("four rows of two columns", (_columns(rng, 4, (1.0, 5.0)),)),
        Case("a column of zeros", (_columns(rng, 5, (3.0, 0.0)),)),
        Case("a table of one row", (_columns(rng, 1, (1.0, 2.0, 4.0, 0.5, 3.0, 8.0, 1.5, 6.0, 2.5, 5.0, 0.7)),)),
        Case("six columns of very different size", (wide,)),
    ]


_Over = Callable[[Array, Array], Array]


def _guarded_or_not(name: str, hint: str, formula: Callable[[Array, _Over], Array]) -> tuple[Mistake, Mistake]:
    """One wrong formula twice: with a guard against a spread of 0, and without; ``formula(x, over)`` divides by ``over``."""
    also = "And where the standard deviation is 0, you divide by 0."
    return (
        Mistake(name, hint, lambda x: formula(x, _divided)),
        Mistake(f"{name}, no guard", f"{hint} {also}", lambda x: formula(x, operator.truediv)),
    )


_SAMPLE = (
    "You divided by n − 1 instead of n, as for the standard deviation of a sample. Here, as by default in "
    "NumPy and JAX, divide by n."
)


def _swapped_divisor(x: Array) -> Array:
    spread = x.std(axis=0)
    return (x - x.mean(axis=0)) / jnp.where(spread > 0, 1, spread)


def _swapped_answer(x: Array) -> Array:
    spread = x.std(axis=0)
    return jnp.where(spread > 0, 0, (x - x.mean(axis=0)) / spread)


def _sample_with_equals(x: Array) -> Array:
    spread = x.std(axis=0, ddof=1)
    return (x - x.mean(axis=0)) / jnp.where(spread == 0, 1, spread)


STANDARDIZE = Exercise(
    name="standardize",
    topic=TOPIC,
    points=2,
    reference=standardize,
    right=lambda x: (x - x.mean(axis=0)) / np.where(x.std(axis=0) > 0, x.std(axis=0), 1),
    cases=_standardize_cases,
    edges=("a column of zeros", "a table of one row"),
    mistakes=(
        Mistake(
            # The same answers come from `.at[…].set(…)` whose result is dropped, so the hint speaks of both.
            "zero spread",
            "A column of zeros has a standard deviation of 0, and 0 / 0 is NaN: it should come out as zeros. If you "
            "already use `.at[…].set(…)` for that, keep the new array that it returns.",
            lambda x: (x - x.mean(axis=0)) / x.std(axis=0),
        ),
        Mistake(
            "ones for zeros",
            "A column of zeros should come out as zeros, and yours comes out as ones. Did you put the 1 in place of "
            "the answer, instead of in place of the standard deviation?",
            lambda x: jnp.where(x.std(axis=0) > 0, standardize(x), 1),
        ),
        Mistake(
            "swapped divisor",
            "Where the standard deviation is 0 you divide by it, and elsewhere you divide by 1. "
            "`jnp.where(condition, a, b)` returns a where the condition holds: did you swap the last two?",
            _swapped_divisor,
        ),
        Mistake(
            "swapped answer",
            "The ordinary columns came out as zeros, and columns of zeros as NaN. `jnp.where(condition, a, b)` "
            "returns a where the condition holds: did you swap the last two?",
            _swapped_answer,
        ),
        Mistake(
            "whole array",
            "You computed one mean and one standard deviation for the whole array. Each column is a quantity of its "
            "own, with its own mean and standard deviation.",
            lambda x: (x - x.mean()) / x.std(),
        ),
        Mistake(
            "whole spread",
            "The means are right, but the standard deviation is that of the whole array. Each column has its own.",
            lambda x: (x - x.mean(axis=0)) / x.std(),
        ),
        *_guarded_or_not(
            "rows",
            "You standardized the rows. Each row is one example: which axis runs down a column?",
            lambda x, over: over(x - x.mean(axis=1, keepdims=True), x.std(axis=1, keepdims=True)),
        ),
        *_guarded_or_not(
            "rows, axis dropped",
            "You computed one mean for each row. Each row is one example: which axis runs down a column?",
            lambda x, over: over(x - x.mean(axis=1), x.std(axis=1)),
        ),
        *_guarded_or_not(
            "variance",
            "You divide by the variance. It is the square of what you want to divide by.",
            lambda x, over: over(x - x.mean(axis=0), x.var(axis=0)),
        ),
        *_guarded_or_not(
            "mean not removed",
            "The standard deviations are 1 now, but the columns don't have mean 0: you didn't subtract the means.",
            lambda x, over: over(x, x.std(axis=0)),
        ),
        Mistake(
            "not scaled",
            "The columns have mean 0 now, but each still has its old standard deviation.",
            lambda x: x - x.mean(axis=0),
        ),
        Mistake(
            "unchanged",
            "The table came back unchanged. `x.at[…].set(…)` doesn't change x: it returns a new array, and you have "
            "to keep that.",
            lambda x: x,
        ),
        *_guarded_or_not(
            "min and max",
            "Each column runs from 0 to 1: that is min-max scaling. Here it should have mean 0 and standard deviation 1.",
            lambda x, over: over(x - x.min(axis=0), x.max(axis=0) - x.min(axis=0)),
        ),
        *_guarded_or_not(
            "n - 1",
            _SAMPLE,
            lambda x, over: over(x - x.mean(axis=0), x.std(axis=0, ddof=1)),
        ),
        Mistake(
            # A guard that asks for `== 0` lets by the NaN that n − 1 makes of a single row.
            "n - 1, one row",
            f"{_SAMPLE} From a single row it makes 0 / 0.",
            _sample_with_equals,
        ),
        *_guarded_or_not(
            "order of operations",
            "You divided only the mean by the standard deviation: division comes before subtraction. Are "
            "parentheses missing?",
            lambda x, over: x - over(x.mean(axis=0), x.std(axis=0)),
        ),
    ),
)
