"""curve_through: a layer of ReLUs whose sum runs through given points."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.the_neuron.common import TOPIC


def _pieces(xs: Array, ys: Array) -> Array:
    """The slope of each piece between two neighbors, (n,) and (n,) → (n − 1,)."""
    return jnp.diff(ys) / jnp.diff(xs)


def _changes(slopes: Array) -> Array:
    """By how much each is more than the one before; the first counts from 0."""
    return jnp.diff(slopes, prepend=jnp.zeros(1))


def curve_through(xs: Array, ys: Array) -> tuple[Array, Array]:
    return ys[0], _changes(_pieces(xs, ys))


def _from_the_last(xs: Array, ys: Array) -> tuple[Array, Array]:
    """Each slope less the a before it."""
    a: list[Array] = []
    for slope in _pieces(xs, ys):
        a.append(slope - a[-1] if a else slope)
    return ys[0], jnp.stack(a)


def _numpy(xs: np.ndarray, ys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    slopes = np.diff(ys) / np.diff(xs)
    return ys[0], np.diff(slopes, prepend=np.float32(0))


def _cases(rng: np.random.Generator) -> list[Case]:
    def points(n: int) -> tuple[np.ndarray, np.ndarray]:
        """Points at unequal distances, none of them close to the next, whose first height is far from 0."""
        xs = np.cumsum(rng.uniform(0.4, 1.6, n)) + rng.uniform(-3, 1)
        ys = rng.uniform(0.5, 1.0, n) + np.where(np.arange(n) % 2, 1.2, -1.9) * rng.uniform(0.8, 1.2, n)
        return xs.astype(np.float32), ys.astype(np.float32)

    two = points(2)
    level = points(5)
    level[1][3] = level[1][2]
    high = points(3)
    high[1][:] += 9  # no bound that comes to mind holds for its first height
    return [
        Case("two points", two),
        Case("three points, high up", high),
        Case("five points, two of them equally high", level),
        Case("four points", points(4)),
        Case("twelve points", points(12)),
    ]


CURVE_THROUGH = Exercise(
    name="curve_through",
    topic=TOPIC,
    points=3,
    reference=curve_through,
    right=_numpy,
    cases=_cases,
    edges=("two points", "five points, two of them equally high"),
    rtol=1e-3,
    atol=1e-4,
    parts=("b", "a"),
    mistakes=(
        Mistake(
            "slopes, not their changes",
            "a holds the slopes of the pieces. A ReLU that is awake goes on rising beyond the next joint, so the next one has to add only what *changes* there.",
            lambda xs, ys: (ys[0], _pieces(xs, ys)),
        ),
        Mistake(
            "rises",
            "The widths of the pieces are missing: a slope is a rise divided by the width over which it happens.",
            lambda xs, ys: (ys[0], _changes(jnp.diff(ys))),
        ),
        Mistake(
            "rises, not their changes",
            "a holds the rises from point to point. Divide each by the width of its piece, and then ask by how much the slope changes at each joint.",
            lambda xs, ys: (ys[0], jnp.diff(ys)),
        ),
        Mistake(
            "run over rise",
            "These slopes are widths divided by rises. A slope is the other way up.",
            lambda xs, ys: (ys[0], _changes(jnp.diff(xs) / jnp.diff(ys))),
        ),
        Mistake(
            "no bias",
            "a is right, and b is 0. At the first joint every ReLU is 0, so the height of the first point has to come from b.",
            lambda xs, ys: (0.0 * ys[0], _changes(_pieces(xs, ys))),
        ),
        Mistake(
            "bias of the last point",
            "a is right, and b is the height of the *last* point. Where are all ReLUs asleep?",
            lambda xs, ys: (ys[-1], _changes(_pieces(xs, ys))),
        ),
        Mistake(
            "bias of the mean",
            "a is right, and b is the mean of all heights. At the first point all ReLUs are 0, so b alone has to give its height.",
            lambda xs, ys: (ys.mean(), _changes(_pieces(xs, ys))),
        ),
        Mistake(
            "bias where x is 0",
            "a is right, and b is the height at which the first piece would meet x = 0. Left of the first joint the curve is level: how high is it there?",
            lambda xs, ys: (ys[0] - _pieces(xs, ys)[0] * xs[0], _changes(_pieces(xs, ys))),
        ),
        Mistake(
            "first slope forgotten",
            "The first ReLU does nothing. Before it the curve is level, slope 0, so at the first joint the slope changes, too.",
            lambda xs, ys: (ys[0], _changes(_pieces(xs, ys)).at[0].set(0.0)),
        ),
        Mistake(
            "one short",
            "a is one number short. `jnp.diff` of n numbers gives n − 1; the first change is from slope 0, left of all points, to the slope of the first piece.",
            lambda xs, ys: (ys[0], jnp.diff(_pieces(xs, ys))),
        ),
        Mistake(
            "changes backwards",
            "The signs after the first joint are reversed: a change is the new slope minus the old one.",
            lambda xs, ys: (ys[0], -_changes(_pieces(xs, ys)).at[0].multiply(-1)),
        ),
        Mistake(
            "change from the last a",
            "From each slope you took away the a before it. Behind a joint all earlier ReLUs are awake, so what has to be taken away is the slope of the piece before, the sum of all earlier a's.",
            _from_the_last,
        ),
        Mistake(
            "slopes added up",
            "The slopes were added up. The *ReLUs* do the adding; each a is a difference of two neighboring slopes.",
            lambda xs, ys: (ys[0], jnp.cumsum(_pieces(xs, ys))),
        ),
        Mistake(
            "a number for each point",
            "a has a number for each point. The last point needs no joint: nothing has to bend there.",
            lambda xs, ys: (ys[0], jnp.append(_changes(_pieces(xs, ys)), 0.0)),
        ),
        Mistake(
            "order of the answer",
            "b comes first, then a.",
            lambda xs, ys: (_changes(_pieces(xs, ys)), ys[0]),
        ),
    ),
)
