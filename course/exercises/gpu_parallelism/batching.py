"""batched: a function of one example, for a whole batch at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.exercise import Case, Exercise, How, Mistake, WrongAnswer
from course.checks.plain import Thing
from course.checks.probes.gpu_parallelism import scored, scores_program
from course.checks.program import Program
from course.exercises import by_numpy
from course.exercises.gpu_parallelism.common import TOPIC, normal

Score = Callable[[Array, Array], Array]


def batched(score: Score, X: Array, w: Array) -> Array:
    return jax.vmap(score, in_axes=(0, None))(X, w)


_IN_WORDS = (
    "a distance: √Σ(xᵢ − wᵢ)²",
    "a weighted mean: Σ wᵢ·softmax(x)ᵢ",
    "a row again: w · x / max|x|",
)


def _batched_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, which: int, rows: int, n: int) -> Case:
        shown = f"score(x, w) gives {_IN_WORDS[which]}\nX = float32 ({rows}, {n})\nw = float32 ({n},)"
        X, w = normal(rng, rows, n), normal(rng, n)
        # Scores far above 0, and below it where there are any: it shows where an answer is cut off.
        if which == 0:
            X[-1] = w + 9
        elif which == 2:
            X[0], w[:2] = 2, (20, -20)
        return Case(label, (which, X, w), shown)

    return [
        case("two rows of three", 0, 2, 3),
        case("a batch of one", 1, 1, 5),
        case("a table of as many rows as columns", 0, 4, 4),
        case("a score that gives a row", 2, 5, 3),
        case("a batch of nine", 1, 9, 6),
    ]


def _right(which: int, X: np.ndarray, w: np.ndarray) -> np.ndarray:
    """What SCORES of the probe give for each row, in NumPy."""
    if which == 0:
        return np.sqrt(((X - w) ** 2).sum(axis=1))
    if which == 1:
        return (by_numpy.softmax(X) @ w).astype(np.float32)
    return w * X / np.abs(X).max(axis=1, keepdims=True)


def _at_once(raw: Any, which: int, X: np.ndarray, w: np.ndarray) -> Any:
    """The measure: the answer, if it was made in one go.

    Raises:
        WrongAnswer: it was made row by row, or not at all.
    """
    answer, calls, traced = raw
    count, axes, mapped = (int(number) for number in np.ravel(calls))
    if not count and isinstance(answer, Thing):
        raise WrongAnswer("it returned something that is no array, and `score` was never called.", mark="not called")
    if axes != 1 or mapped or answer is None:
        return answer
    # One call serves one row, whoever makes it; and with fewer calls than rows nobody went through them.
    if len(X) == 1 or (count < len(X) and not traced):
        return answer
    times = f"`score` was called {count} times, on one row each" if count > 1 else "`score` was given one row at a time"
    mark = "a loop in a trace" if count > 1 and traced else "a loop on the device" if traced else "a loop"
    raise WrongAnswer(f"{times}, where one call can serve all rows at once.", mark=mark)


# A right program has as many operations as a score has, 8 at most, however many rows there are.
_OPERATIONS = 24


def _all_rows_together(program: Program, which: int, X: np.ndarray, w: np.ndarray) -> None:
    """Refuse a loop, on the device or in Python, by the program for nine rows.

    Raises:
        WrongAnswer: it is one.
    """
    work = program.computing()
    if any(turns != 1 for one in work for turns in one.loops):
        raise WrongAnswer(
            "the program has a loop on the device, which takes one row after the other.", mark="a loop on the device"
        )
    if len(work) > _OPERATIONS:
        raise WrongAnswer(
            f"for {len(X)} rows the program has {len(work)} operations: the work of each row by itself, where one call can serve all.",
            mark="a loop",
        )


def _loop(score: Score, X: Array, w: Array) -> Array:
    return jnp.stack([score(x, w) for x in X])


BATCHED = Exercise(
    name="batched",
    topic=TOPIC,
    points=2,
    reference=batched,
    right=_right,
    cases=_batched_cases,
    probe=scored,
    measure=_at_once,
    edges=("a batch of one",),
    how=How(scores_program, judge=_all_rows_together, tells=lambda which, X, w: len(X) > 1),
    mistakes=(
        Mistake(
            "a loop",
            "`score` was called for one row after the other, as a Python loop does: that sends the device one small piece of work for each row. `jax.vmap` turns a function of one row into one of all rows.",
            _loop,
        ),
        Mistake(
            "a loop under jit",
            "`jit` unrolls a Python loop: the compiled program holds the work of each row once, one after the other, and grows with the batch. `jax.vmap` makes it one piece of work for all rows.",
            lambda score, X, w: jax.jit(lambda X, w: _loop(score, X, w))(X, w),
        ),
        Mistake(
            "lax.map",
            "What is compiled here is the work of one row, as in `jax.lax.map` and `jax.lax.scan`, which do it for one row after the other. `jax.vmap` does all of them at once.",
            lambda score, X, w: jax.lax.map(lambda x: score(x, w), X),
        ),
        Mistake(
            "weights mapped too",
            "By default `vmap` walks along the first axis of *every* argument, so that row i meets the single number w[i]. The weights are the same for all rows: which argument of `vmap` says that?",
            lambda score, X, w: jax.vmap(score)(X, w),
        ),
        Mistake(
            "columns",
            "`vmap` took the columns of X for the examples. The examples are its rows: which axis has to be walked along to meet them one by one?",
            lambda score, X, w: jax.vmap(score, in_axes=(1, None))(X, w),
        ),
        Mistake(
            "weights mapped alone",
            "`vmap` walks along the weights and hands all of X over each time. The two entries of `in_axes` are in the order of the arguments: are they swapped?",
            lambda score, X, w: jax.vmap(score, in_axes=(None, 0))(X, w),
        ),
        Mistake(
            "the whole table",
            "`score` was called on the whole table. It is written for one row, so its sums and maxima run over all rows together.",
            lambda score, X, w: score(X, w),
        ),
        Mistake(
            "the first row alone",
            "`score` was called on the first row, and that is the only answer. Every row of X has one.",
            lambda score, X, w: score(X[0], w),
        ),
        Mistake(
            "score not used",
            "These are the products of the rows with w, whatever `score` is. It is handed over as a function, another one each time: hand it on to `vmap`.",
            lambda score, X, w: X @ w,
        ),
        Mistake(
            "examples last",
            "The answers are there, but the examples lie along the *last* axis. What comes out has the examples in its rows, as X has.",
            lambda score, X, w: jax.vmap(score, in_axes=(0, None), out_axes=-1)(X, w),
        ),
        Mistake(
            "not called",
            "`vmap` gives back a *function*, and that is what you returned. It still has to be called, on X and w.",
            lambda score, X, w: jax.vmap(score, in_axes=(0, None)),
        ),
    ),
)
