"""Training loops that are right, and wrong in the ways that learners' are; all of them are one compiled loop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.exercises.backprop.common import NAMES, Params, of_labels


def _loss(params: Params, X: Array, labels: Array) -> Array:
    hidden = jax.nn.relu(X @ params["W1"].T + params["b1"])
    return -of_labels(jax.nn.log_softmax(hidden @ params["W2"].T + params["b2"]), labels).mean()


@partial(jax.jit, static_argnames="together")
def _descend(
    params: Params, X: Array, labels: Array, rows: Array, label_rows: Array, rates: Array, biases: Array, together: bool
) -> Params:
    """A step for each row of `rows` `(steps, batch)`, which name the examples.

    Args:
        label_rows: of which examples the labels are taken.
        rates: the learning rate of each step.
        biases: 0 keeps the biases where they are.
        together: the parameters move at the same time, and not one after the other.
    """

    def step(params: Params, one: tuple[Array, Array, Array]) -> tuple[Params, None]:
        row, label_row, rate = one
        for names in [NAMES] if together else [(name,) for name in NAMES]:
            grads = jax.grad(_loss)(params, X[row], labels[label_row])
            moved = {n: params[n] - rate * grads[n] * (biases if n in ("b1", "b2") else 1) for n in names}
            params = {**params, **moved}
        return params, None

    return jax.lax.scan(step, params, (rows, label_rows, rates))[0]


Rows = Callable[[Array, int, int, int], Array]
Train = Callable[[Params, Array, Array, float, int, int, Array], Any]


def at_random(key: Array, n: int, steps: int, batch: int) -> Array:
    """Which examples each step takes: any."""
    return jax.random.randint(key, (steps, batch), 0, n)


def loop(
    rows: Rows = at_random,
    label_rows: Rows | None = None,
    rates: Callable[[np.ndarray, float, int, int], np.ndarray] = lambda step, rate, steps, batch: rate * (step < steps),
    biases: float = 1.0,
    together: bool = True,
) -> Train:
    """A loop that is right but for what is given.

    Args:
        rows, label_rows: which examples the steps take `(steps, batch)`, of a key, their number, the steps and the batch size.
        rates: the learning rate of each step, whose numbers from 0 to `steps` are given; the last is one step too many.
        biases, together: see `_descend`.
    """

    def train(
        params: Params, X: Array, labels: Array, learning_rate: float, steps: int, batch_size: int, key: Array
    ) -> Params:
        size = (len(X), steps + 1, batch_size)
        taken = rows(key, *size)
        of = label_rows(jax.random.fold_in(key, 1), *size) if label_rows else taken
        rate = rates(np.arange(steps + 1), learning_rate, steps, batch_size)
        return _descend(params, X, labels, taken, of, jnp.asarray(rate, jnp.float32), jnp.float32(biases), together)

    return train


train: Train = loop()


def in_turn(key: Array, n: int, steps: int, batch: int) -> Array:
    """Which examples each step takes: the next, in the order of the data."""
    return jnp.asarray(np.arange(steps * batch).reshape(steps, batch) % n)


def one_batch(key: Array, n: int, steps: int, batch: int) -> Array:
    """Which examples each step takes: always the same few."""
    return jnp.tile(at_random(key, n, 1, batch), (steps, 1))


def everything(params: Params, X: Array, labels: Array, rate: float, steps: int, batch: int, key: Array) -> Params:
    """All examples in each step, however many there should be."""
    return loop(in_turn)(params, X, labels, rate, steps, len(X), key)


def runs_off(params: Params, X: Array, *rest: Any) -> Params:
    """The slices go on past the last example: an empty batch has a gradient of 0."""
    last = len(X)
    part = loop(rates=lambda step, rate, steps, batch: rate * ((step < steps) & (step * batch < last)))
    return part(params, X, *rest)


def rounds(params: Params, X: Array, labels: Array, rate: float, steps: int, batch: int, key: Array) -> Params:
    """As many rounds through the examples as there should be steps; two for each are enough to see it."""
    for _ in range(min(2, max(1, len(X) // batch))):
        params = train(params, X, labels, rate, steps, batch, key)
    return params
