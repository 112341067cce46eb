"""The probes of lesson 03: functions of functions, networks and optimizers whose parameters are a dict, and a training loop."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

# A dict is brought back as a pair: this word, and its entries as pairs of name and value.
DICT = "a dict"


def _brought(answer: Any) -> Any:
    """An answer with its dicts, and those in a tuple or list, as pairs: plain data know no dict."""
    if isinstance(answer, dict):
        return DICT, [(str(name), value) for name, value in answer.items()]
    return type(answer)(map(_brought, answer)) if type(answer) in (tuple, list) else answer


# --- A function and a point ---------------------------------------------------------------------------------------------


def slopes(function: Callable[..., Any], w: Array, a: Array, c: Array, d: Array, h: float) -> tuple[Any, float]:
    """The slopes that come for f(w) = Σ c sin(a w) + ½ (Σ d w)² and a step h, and how far from w f was asked at most.

    All arrays have the same shape. The distance is -1 where f was not asked, or not with numbers.
    """
    furthest = -1.0

    def f(x: Any) -> Array:
        nonlocal furthest
        if not isinstance(x, jax.core.Tracer):
            furthest = max(furthest, float(np.abs(np.asarray(x) - np.asarray(w)).max()))
        return (c * jnp.sin(a * x)).sum() + 0.5 * (d * x).sum() ** 2

    return function(f, w, h), furthest


# --- A network of two layers --------------------------------------------------------------------------------------------


def of_network(
    function: Callable[..., Any], W1: Array, b1: Array, W2: Array, b2: Array, X: Array, labels: Array
) -> Any:
    """What the function says of a network, a batch and its labels."""
    return _brought(function({"W1": W1, "b1": b1, "W2": W2, "b2": b2}, X, labels))


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
        came = _brought(answer) if number == 1 else came
        untouched = untouched and all(map(_the_same, given, before))
        parts = list(answer) if memory and isinstance(answer, (tuple, list)) else [answer]
        if len(parts) != len(state) or not all(isinstance(p, dict) and set(p) == set(names) for p in parts):
            break
        state = parts
    # Before it is done again, as that may change it.
    last = _brought(answer)
    again = step(*first, *([1] if counted else []), *numbers)
    return last, untouched, (came, _brought(again))


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
    return tuple(_brought(train(dict(params), X, labels, *numbers, jax.random.key(seed))) for seed in seeds)


def _start(shape: list[int], data: str) -> Array:
    return jnp.array(np.frombuffer(base64.b64decode(data), np.float32).reshape(shape))
