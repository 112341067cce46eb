"""The probes of lesson 04: optimizers whose parameters are a dict, a training loop, and a loss whose curvature is measured."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.probes.backprop import brought

# --- An optimizer -------------------------------------------------------------------------------------------------------


def steps(
    step: Callable[..., Any],
    names: Sequence[str],
    params: Sequence[Array],
    memory: Sequence[Sequence[Array]],
    grads: Sequence[Sequence[Array]],
    counted: bool,
    numbers: Sequence[float],
) -> tuple[Any, bool, tuple[Any, Any]]:
    """A step for each of the gradients, from the state that the one before gave; then the first one again, with the same dicts.

    Args:
        step: called with the dict of parameters, the dict of gradients, a dict for each part of the memory, the number of the
            step from 1 if `counted`, and the numbers.
        names: of the parameters.
        params, memory, grads: arrays in the order of the names.

    Returns:
        What came of the last step, or of the first that does not give as many dicts as went in; whether all dicts that
        the step was given were left as they were; and what came of the first step, and of the same one done again.
    """

    def named(arrays: Sequence[Array]) -> dict[str, Array]:
        return dict(zip(names, arrays, strict=True))

    state, untouched = [named(params), *map(named, memory)], True
    answer: Any = None
    first: list[Any] = []
    came: Any = None
    for number, gradient in enumerate(grads, 1):
        # The gradients come in another order than the parameters: it is the names that count.
        given = [state[0], dict(reversed(named(gradient).items())), *state[1:]]
        first = first or given
        before = [dict(one) for one in given]
        answer = step(*given, *([number] if counted else []), *numbers)
        came = brought(answer) if number == 1 else came
        untouched = untouched and all(map(_the_same, given, before))
        parts = list(answer) if memory and isinstance(answer, (tuple, list)) else [answer]
        if len(parts) != len(state) or not all(isinstance(p, dict) and set(p) == set(names) for p in parts):
            break
        state = parts
    # Before it is done again, as that may change it.
    last = brought(answer)
    again = step(*first, *([1] if counted else []), *numbers)
    return last, untouched, (came, brought(again))


def _the_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(one[name] is other[name] for name in other)


# --- A training loop ----------------------------------------------------------------------------------------------------


def trained(train: Callable[..., Any], ask: Callable[..., Any]) -> Any:
    """What a training loop makes of the data and the network that the world hands out. What is asked:

    - ``ask("images")``: the images, a byte for each pixel, in base64; ``ask("labels")``: a list.
    - ``ask("size", name)``, ``ask("start", name)``: the shape of a parameter, and its numbers, float32 in base64.
    - ``ask("numbers")``: the learning rate, how many steps, how many examples a batch, and a list with the number of the random key
      of each call, one after the other.

    Returns:
        What came of the calls, a tuple.
    """
    labels = jnp.array(ask("labels"), jnp.int32)
    pixels = np.frombuffer(base64.b64decode(ask("images")), np.uint8).reshape(len(labels), -1)
    params = {name: _start(ask("size", name), ask("start", name)) for name in ("W1", "b1", "W2", "b2")}
    learning_rate, count, batch, seeds = ask("numbers")
    X = jnp.array(pixels.astype(np.float32) / 255)
    numbers = learning_rate, count, batch
    return tuple(brought(train(dict(params), X, labels, *numbers, jax.random.key(seed))) for seed in seeds)


def _start(shape: list[int], data: str) -> Array:
    return jnp.array(np.frombuffer(base64.b64decode(data), np.float32).reshape(shape))


# --- A curvature --------------------------------------------------------------------------------------------------------


def curvature(measure: Callable[..., Any], A: Array, signs: Array, w: Array, v: Array, rounds: int, bent: float) -> Any:
    """What the learner's function finds for the loss Σ ±(A w)² / 2 + bent · Σ w⁴ / 4 at the place w, from the direction v."""

    def loss(w: Array) -> Array:
        return (signs * (A @ w) ** 2).sum() / 2 + bent * (w**4).sum() / 4

    return measure(loss, w, v, rounds)
