"""The probes of lesson 03: functions of functions, and networks whose parameters are a dict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


# --- An engine ----------------------------------------------------------------------------------------------------------

# What stands in a slope before anything comes back: so that one who writes `=` for `+=` throws something away.
LEFT_OVER = 0.25


class Node:
    """A number, or an array, that remembers what it was computed from: the lesson's Value, for those who aren't the learner."""

    def __init__(self, data: Any, parents: Sequence[Node] = ()) -> None:
        self.data, self.parents = data, parents
        self.grad: Any = 0.0 * data

    def push(self) -> None:
        """Send the slope on to the parents; a leaf has none."""


def _leaf(data: Any) -> Node:
    leaf = Node(float(data) if np.ndim(data) == 0 else np.asarray(data, float))
    leaf.grad = leaf.grad + LEFT_OVER
    return leaf


def operation(function: Callable[..., Any], a: Any, b: Any, slope: Any, same: bool) -> Any:
    """The value of a new Value, those of its parents, and the slopes of a and b once it has pushed; a word where it is none or can't."""
    one = _leaf(a)
    other = one if same else _leaf(b)
    out = function(one, other)
    if not callable(getattr(out, "push", None)):
        return None if out is None else "no push" if hasattr(out, "parents") else "no Value"
    out.grad = float(slope) if np.ndim(slope) == 0 else np.asarray(slope, float)
    out.push()
    return out.data, [parent.data for parent in out.parents], one.grad, other.grad


def walk(function: Callable[..., Any], leaves: Any, steps: Any) -> list[Any]:
    """The slopes of all Values of a graph after a walk that begins at the last one.

    Each row of `steps` makes a Value: 0 the sum of two that are there, 1 their product, 2 the tanh of the first.
    """
    nodes = [_leaf(float(value)) for value in np.asarray(leaves)]
    for op, i, j in np.asarray(steps).tolist():
        nodes.append((_sum, _times, _tanh)[op](nodes[i], nodes[j]))
        nodes[-1].grad = LEFT_OVER
    function(nodes[-1])
    return [node.grad for node in nodes]


def _made(data: float, parents: Sequence[Node], local: Sequence[float]) -> Node:
    """A Value that pushes its slope times each local slope."""
    out = Node(data, parents)

    def push() -> None:
        for parent, factor in zip(parents, local, strict=True):
            parent.grad = parent.grad + factor * out.grad

    out.push = push  # type: ignore[method-assign]
    return out


def _sum(a: Node, b: Node) -> Node:
    return _made(a.data + b.data, (a, b), (1.0, 1.0))


def _times(a: Node, b: Node) -> Node:
    return _made(a.data * b.data, (a, b), (b.data, a.data))


def _tanh(a: Node, _: Node) -> Node:
    y = float(np.tanh(a.data))
    return _made(y, (a,), (1 - y**2,))
