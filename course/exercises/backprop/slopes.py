"""numerical_gradient: the slopes of any function, by asking it twice for each number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.compare import describe, equal, is_array
from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.probes.backprop import slopes
from course.exercises.backprop.common import TOPIC, after_colon, normal

F = Callable[[Array], Array]
# In float32 the quotient of a difference has an error of about 6e-8 · |f| / h, which is 1e-5 for the smallest h that is asked.
_RTOL, _ATOL = 1e-3, 1e-3


def numerical_gradient(f: F, w: Array, h: float) -> Array:
    """Central differences: (f(w + h e) − f(w − h e)) / 2h for each entry's unit vector e (Press and others 2007, eq. 5.7.7)."""
    return _each(w, lambda e: (f(w + h * e) - f(w - h * e)) / (2 * h))


def _each(w: Array, slope: Callable[[Array], Array]) -> Array:
    """`slope` of the unit vector of each entry, in the shape of w."""
    unit = jnp.eye(w.size).reshape(w.size, *w.shape)
    return jnp.stack([slope(e) for e in unit]).reshape(w.shape)


def _quotient(difference: Callable[[F, Array, Array], Array], over: Callable[[float], float]) -> Callable[..., Array]:
    """`difference(f, w, step)` for a step along each entry, divided by `over(h)`."""
    return lambda f, w, h: _each(w, lambda e: difference(f, w, h * e) / over(h))


def _not_put_back(f: F, w: Array, h: float) -> Array:
    """Each entry stays lowered when the next one has its turn."""
    found, moved = [], w
    for e in jnp.eye(w.size).reshape(w.size, *w.shape):
        found.append((f(moved + h * e) - f(moved - h * e)) / (2 * h))
        moved = moved - h * e
    return jnp.stack(found).reshape(w.shape)


def _rows(f: F, w: Array, h: float) -> Array:
    """One slope for each index of the first axis, along which the whole row moves."""
    eye = jnp.eye(w.shape[0]).reshape(w.shape[0], w.shape[0], *[1] * (w.ndim - 1))
    return jnp.stack([(f(w + h * e) - f(w - h * e)) / (2 * h) for e in eye])


TOO_SMALL = (
    "You called f only at points much closer to w than h: the step is too small. A float32 keeps about seven digits, so two "
    "values of f that are this close differ in little but rounding. Use the h that is given."
)
NOTHING_MOVED = (
    "You called f only at w itself. A JAX array never changes: `w.at[i].add(h)` makes *another* array, and you have to pass that one to f. "
    "(Or the step is so small that it is rounded away; use the h that is given.)"
)
RIGHT_BY_OTHER_MEANS = (
    "These are the slopes at the point itself, as `jax.grad` or pen and paper give them. The exercise asks for the quotient "
    "with the given h, which also works where no formula for the slope is known."
)


def _right(w: np.ndarray, a: np.ndarray, c: np.ndarray, d: np.ndarray, h: float) -> np.ndarray:
    """The quotients for the probe's f, in double precision."""

    def f(x: np.ndarray) -> float:
        return float((c * np.sin(a * x)).sum() + 0.5 * (d * x).sum() ** 2)

    steps = h * np.eye(w.size).reshape(w.size, *w.shape)
    return np.array([(f(w + e) - f(w - e)) / (2 * h) for e in steps], np.float32).reshape(w.shape)


def _measure(raw: Any, w: Any, a: Any, c: Any, d: Any, h: float) -> Any:
    answer, furthest = raw
    if is_array(answer) and 0 <= furthest < h / 5 and not equal(answer, _right(w, a, c, d, h), _RTOL, _ATOL):
        raise WrongAnswer(after_colon(TOO_SMALL if furthest else NOTHING_MOVED))
    return answer


def _case(label: str, rng: np.random.Generator, shape: tuple[int, ...], h: float, steep: bool = False) -> Case:
    """`steep`: the first slope is sure to lie above 15, the second below −15; the others lie around 0."""
    w, a, c, d = normal(rng, *shape), 2 + normal(rng, *shape) / 4, 1.5 + normal(rng, *shape) / 4, normal(rng, *shape)
    if steep:
        # The slopes are a c cos(a w) + d Σ d w, of which the sum becomes 4.
        c, first = np.clip(c, 1, 2), (0,) * len(shape)
        d.reshape(-1)[:2] = 6, -6
        w[first] += (4 - (d * w).sum()) / 6
    return Case(label, (w, a, c, d, h), f"a smooth function f\nw = {describe(w)}\nh = {h:g}")


NUMERICAL_GRADIENT = Exercise(
    name="numerical_gradient",
    topic=TOPIC,
    points=2,
    reference=numerical_gradient,
    right=_right,
    probe=slopes,
    measure=_measure,
    cases=lambda rng: [
        _case("one number", rng, (1,), 0.25),
        _case("three numbers", rng, (3,), 0.125),
        _case("a matrix", rng, (2, 3), 0.2, steep=True),
        _case("a square matrix", rng, (2, 2), 0.1),
        _case("a small step", rng, (5,), 0.01),
    ],
    rtol=_RTOL,
    atol=_ATOL,
    edges=("one number",),
    mistakes=(
        Mistake(
            "one-sided",
            "You call f at w and one step *above* it. That is the slope halfway between, and its error is about as large as h. Two points at "
            "the same distance on both sides of w cost as much, with an error of about h².",
            _quotient(lambda f, w, s: f(w + s) - f(w), lambda h: h),
        ),
        Mistake(
            "one-sided, below",
            "You call f at w and one step *below* it. The error is about as large as h. Two points at the same distance on both sides of w cost "
            "as much, with an error of about h².",
            _quotient(lambda f, w, s: f(w) - f(w - s), lambda h: h),
        ),
        Mistake(
            "one-sided, divided by two steps",
            "You call f at w and one step above, but divide by two steps. How far apart are the two points?",
            _quotient(lambda f, w, s: f(w + s) - f(w), lambda h: 2 * h),
        ),
        Mistake(
            "divided by one step",
            "Every slope is twice as large as it should be. How far apart are the two points at which you call f?",
            _quotient(lambda f, w, s: f(w + s) - f(w - s), lambda h: h),
        ),
        Mistake(
            "parenthesis",
            "`x / 2 * h` divides by 2 and then *multiplies* by h. The whole denominator needs parentheses.",
            _quotient(lambda f, w, s: f(w + s) - f(w - s), lambda h: 2 / h),
        ),
        Mistake(
            "not divided",
            "These are the differences of f. A slope is how much f changes *for each unit* of w.",
            _quotient(lambda f, w, s: f(w + s) - f(w - s), lambda h: 1.0),
        ),
        Mistake(
            "half a step each way",
            "Your two points are half a step away from w on either side, so they are h apart. The exercise asks for steps of h to either side.",
            _quotient(lambda f, w, s: f(w + s / 2) - f(w - s / 2), lambda h: h),
        ),
        Mistake(
            "turned around",
            "Every slope has the wrong sign. Which of the two values do you have to subtract from the other?",
            _quotient(lambda f, w, s: f(w - s) - f(w + s), lambda h: 2 * h),
        ),
        Mistake(
            "all at once",
            "One number came back: all entries of w moved together. Move one, keep the others where they are; "
            "there are as many slopes as entries.",
            lambda f, w, h: (f(w + h) - f(w - h)) / (2 * h),
        ),
        Mistake(
            "all at once, for each",
            "All slopes are the same number, since all entries of w moved together each time. Move one, "
            "and keep the others where they are.",
            lambda f, w, h: jnp.full(w.shape, (f(w + h) - f(w - h)) / (2 * h)),
        ),
        Mistake(
            "all at once, one-sided",
            "One number came back: all entries of w moved together. Move one at a time. (And two points on both sides of w "
            "give a more exact slope than w and one point beside it.)",
            lambda f, w, h: (f(w + h) - f(w)) / h,
        ),
        Mistake(
            "not put back",
            "The first slope is right. After that, an entry that you moved stays moved while you try the next ones.",
            _not_put_back,
        ),
        Mistake(
            "one slope a row",
            "Right for a vector. Where w is a matrix, a loop over `len(w)` goes over its *rows*, and moves a whole row at a time.",
            _rows,
        ),
        Mistake(
            "in a row",
            "The slopes are right, but in one long row. Return them in the shape of w, each in the place of its entry.",
            lambda f, w, h: numerical_gradient(f, w, h).reshape(-1),
        ),
        Mistake(
            "set to the step",
            "`at[…].set` makes the entry *equal* to h, or to −h. For the slope at w you need the entry h higher than it was, and h lower.",
            lambda f, w, h: _each(w, lambda e: (f(jnp.where(e > 0, h, w)) - f(jnp.where(e > 0, -h, w))) / (2 * h)),
        ),
        Mistake(
            "step too small",
            TOO_SMALL,
            lambda f, w, h: numerical_gradient(f, w, 1e-5),
        ),
        Mistake("nothing moved", NOTHING_MOVED, _quotient(lambda f, w, s: f(w) - f(w), lambda h: 2 * h)),
        Mistake("jax.grad", RIGHT_BY_OTHER_MEANS, lambda f, w, h: jax.grad(f)(w)),
    ),
)
