"""pool_by_slices: the pool of lesson 05, but with a gradient that is not searched for."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from course.checks.compare import equal
from course.checks.exercise import Case, Exercise, How, Mistake, WrongAnswer
from course.checks.probes.make_it_fast import pool_program, pool_with_gradient
from course.checks.program import Program
from course.exercises.make_it_fast.common import TOPIC, normal, unreadable


def _corners(x: Array) -> tuple[Array, Array, Array, Array]:
    return x[:, ::2, ::2], x[:, ::2, 1::2], x[:, 1::2, ::2], x[:, 1::2, 1::2]


def _larger(a: Array, b: Array) -> Array:
    return jnp.where(a >= b, a, b)


def _last(a: Array, b: Array) -> Array:
    return jnp.where(a > b, a, b)


def pool_by_slices(x: Array) -> Array:
    a, b, c, d = _corners(x)
    return _larger(_larger(a, b), _larger(c, d))


def _comparing(choose: Callable[[Array, Array, Array, Array], Array]) -> Callable[[Array], Array]:
    return lambda x: choose(*_corners(x))


def _library(x: Array) -> Array:
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def _by_pieces(x: Array) -> Array:
    n, h, w, c = x.shape
    return x.reshape(n, h // 2, 2, w // 2, 2, c).max(axis=(2, 4))


def _cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, *shape: int, ties: str = "") -> Case:
        x = normal(rng, *shape)
        if ties == "zeros":
            x = np.maximum(x - 0.8, 0)  # as a ReLU leaves them: many blocks hold nothing but zeros
        if ties == "pairs":
            x = np.round(x)
            # In a block of its own each pair that can tie, above all else, in every draw.
            pixels = [(0, 0), (0, 1), (1, 0), (1, 1)]
            for block, ((r, s), (i, j)) in enumerate(combinations(pixels, 2)):
                down, right = block // 3 * 2, block % 3 * 2
                x[0, down + r, right + s, 0] = x[0, down + i, right + j, 0] = 20
        n, h, w, channels = shape
        return Case(
            label,
            (x.astype(np.float32), normal(rng, n, h // 2, w // 2, channels)),
            f"x = float32 {shape}{' with ties' if ties else ''}",
        )

    return [
        case("one block", 1, 2, 2, 1),
        case("two channels, not square", 1, 4, 6, 2),
        case("a batch of three", 3, 4, 2, 2),
        case("many zeros, as after a ReLU", 2, 6, 4, 3, ties="zeros"),
        case("ties of other numbers", 2, 4, 6, 2, ties="pairs"),
    ]


SEARCHED = (
    "You use the library's window: its gradient searches each window again for the largest number, and this "
    "exercise is meant to avoid that. Compare four slices instead."
)


def _right(x: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pooled images, and the gradient: all of a weight goes to the first of the largest."""
    corners = [(i, j) for i in (0, 1) for j in (0, 1)]
    h, w = (2 * side for side in weight.shape[1:3])
    found = np.stack([x[:, i:h:2, j:w:2] for i, j in corners])
    gradient = np.zeros_like(x)
    for k, (i, j) in enumerate(corners):
        gradient[:, i:h:2, j:w:2] = np.where(found.argmax(axis=0) == k, weight, 0)
    return found.max(axis=0), gradient


def _measure(raw: Any, x: np.ndarray, weight: np.ndarray) -> Any:
    match raw:
        case (pooled, gradient, list(names)) if all(isinstance(name, str) for name in names):
            pass
        case _:
            raise unreadable()
    if gradient is None:  # of another shape, which the comparison of the values says
        return pooled, np.zeros((), np.float32)
    if any(name.startswith("reduce_window") for name in names) and equal(pooled, _right(x, weight)[0], 1e-4, 1e-5):
        raise WrongAnswer("the numbers are right, but they come from the library's window.", mark="window")
    return pooled, gradient


def _no_window(program: Program, *args: Any) -> None:
    """Refuse the library's window and its search.

    Raises:
        WrongAnswer: one of them is in the program.
    """
    if program.named("reduce_window", "select_and_scatter"):
        raise WrongAnswer("the numbers are right, but they come from the library's window.", mark="window")


POOL_BY_SLICES = Exercise(
    name="pool_by_slices",
    topic=TOPIC,
    points=2,
    reference=pool_by_slices,
    right=_right,
    # A zero is a zero, exactly, in the pooled images and in the gradient.
    atol=1e-9,
    cases=_cases,
    probe=pool_with_gradient,
    measure=_measure,
    how=How(pool_program, judge=_no_window),
    parts=("the pooled images", "the gradient"),
    edges=("one block", "many zeros, as after a ReLU", "ties of other numbers"),
    mistakes=(
        Mistake("window", SEARCHED, _library),
        Mistake(
            "ties shared",
            "The values are right. If two are the largest, your gradient gives each of them a share; the library's "
            "gives everything to the *first*. `jnp.maximum` shares; `jnp.where` chooses.",
            _comparing(lambda a, b, c, d: jnp.maximum(jnp.maximum(a, b), jnp.maximum(c, d))),
        ),
        Mistake(
            "ties shared among four",
            "The values are right. If several in a block are the largest, `max` over an axis gives each of them an "
            "equal share of the gradient; the library's gives everything to the *first*. Compare two at a time, and "
            "choose.",
            _by_pieces,
        ),
        Mistake(
            "ties to the last",
            "The values are right. If two are equal, your gradient goes to the later one; the library's goes to the *first*. Which comparison lets the first win a tie?",
            _comparing(lambda a, b, c, d: _last(_last(a, b), _last(c, d))),
        ),
        Mistake(
            "ties of neighbors to the last",
            "The values are right. If two neighbors in a row are equal, your gradient goes to the one on the right; the library's goes to the *first*. Between the rows it is already right.",
            _comparing(lambda a, b, c, d: _larger(_last(a, b), _last(c, d))),
        ),
        Mistake(
            "ties down the columns",
            "The values are right, and the first of a row wins its tie. But in ties between the rows the wrong one wins: the order is upper left, upper right, lower left, lower right.",
            _comparing(lambda a, b, c, d: _larger(_larger(a, c), _larger(b, d))),
        ),
        Mistake(
            "mean",
            "This is the mean of each block. A max pool keeps the largest.",
            lambda x: sum(_corners(x)) / 4,
        ),
        Mistake(
            "smallest",
            "This is the smallest of each block: the comparison is the wrong way around.",
            lambda x: -pool_by_slices(-x),
        ),
        Mistake(
            "one corner",
            "You keep the upper left corner of each block without looking at the other three.",
            lambda x: _corners(x)[0],
        ),
        Mistake(
            "upper row",
            "You compare only the upper two of each block.",
            lambda x: _larger(_corners(x)[0], _corners(x)[1]),
        ),
        Mistake(
            "left column",
            "You compare only the left two of each block.",
            lambda x: _larger(_corners(x)[0], _corners(x)[2]),
        ),
        Mistake(
            "diagonal",
            "You compare only the upper left and the lower right of each block.",
            lambda x: _larger(_corners(x)[0], _corners(x)[3]),
        ),
        Mistake(
            "ReLU too",
            "Negative numbers came out as 0. There is no ReLU in a pool.",
            lambda x: jnp.maximum(pool_by_slices(x), 0),
        ),
        Mistake(
            "no gradient through it",
            "Something in it cuts the gradient off: none arrives at the images.",
            lambda x: lax.stop_gradient(pool_by_slices(x)),
        ),
        Mistake(
            "NumPy inside",
            "JAX can't trace NumPy's functions, so it can't compute a gradient through them. `jnp` has the same functions.",
            lambda x: jnp.asarray(np.maximum(*map(np.asarray, _corners(x)[:2]))),
        ),
    ),
)
