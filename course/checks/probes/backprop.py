"""The probes of lesson 03: functions of functions, and networks whose parameters are a dict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

# A dict is brought back as a pair: this word, and its entries as pairs of name and value.
DICT = "a dict"


def brought(answer: Any) -> Any:
    """An answer with its dicts, and those in a tuple or list, as pairs: plain data know no dict."""
    if isinstance(answer, dict):
        return DICT, [(str(name), value) for name, value in answer.items()]
    return type(answer)(map(brought, answer)) if type(answer) in (tuple, list) else answer


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
    return brought(function({"W1": W1, "b1": b1, "W2": W2, "b2": b2}, X, labels))
