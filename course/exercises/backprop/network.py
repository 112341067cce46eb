"""two_layer_gradients: the forward and the backward pass of a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.compare import describe
from course.checks.exercise import Case, Exercise, Mistake
from course.checks.probes.backprop import of_network
from course.exercises import by_numpy
from course.exercises.backprop.common import (
    NAMES,
    TOPIC,
    Params,
    batch_of,
    entries,
    normal,
    one_hot,
    some_labels,
)


@dataclass(frozen=True)
class _Passed:
    """What a forward and a backward pass have found: sizes as in the exercise."""

    X: Array  # (batch, in)
    Z: Array  # (batch, hidden), the sums
    H: Array  # (batch, hidden), after ReLU
    dlogits: Array  # (batch, out)
    W2: Array


def _passed(params: Params, X: Array, labels: Array) -> _Passed:
    Z = X @ params["W1"].T + params["b1"]
    H = jnp.maximum(Z, 0)
    logits = H @ params["W2"].T + params["b2"]
    return _Passed(X, Z, H, (jax.nn.softmax(logits) - one_hot(logits, labels)) / len(X), params["W2"])


def _gradients(p: _Passed, back: Callable[[_Passed], Array] | None = None) -> Params:
    """The gradients; `back` replaces the slope of the hidden sums `(batch, hidden)`."""
    dZ = back(p) if back else jnp.where(p.Z > 0, p.dlogits @ p.W2, 0)
    return {"W1": dZ.T @ p.X, "b1": dZ.sum(axis=0), "W2": p.dlogits.T @ p.H, "b2": p.dlogits.sum(axis=0)}


def two_layer_gradients(params: Params, X: Array, labels: Array) -> Params:
    """The gradients of the mean cross-entropy of relu(X @ W1.T + b1) @ W2.T + b2 (Goodfellow and others 2016, algorithm 6.4)."""
    return _gradients(_passed(params, X, labels))


def _after_passing(wrong: Callable[[_Passed], Any]) -> Callable[[Params, Array, Array], Any]:
    """A right forward pass, and something wrong after it."""
    return lambda params, X, labels: wrong(_passed(params, X, labels))


def _but(**wrong: Callable[[_Passed], Array]) -> Callable[[Params, Array, Array], Params]:
    """Right but for the gradients of these names."""
    return _after_passing(lambda p: {**_gradients(p), **{name: make(p) for name, make in wrong.items()}})


def _dZ(p: _Passed) -> Array:
    return jnp.where(p.Z > 0, p.dlogits @ p.W2, 0)


def _scaled(by: Callable[[_Passed], float]) -> Callable[[Params, Array, Array], Params]:
    """Right but for a factor of all slopes of the logits."""
    return _after_passing(lambda p: _gradients(replace(p, dlogits=p.dlogits * by(p))))


def _no_labels(params: Params, X: Array, labels: Array) -> Params:
    p = _passed(params, X, labels)
    return _gradients(replace(p, dlogits=p.dlogits + one_hot(p.dlogits, labels) / len(X)))


def _no_relu_forward(params: Params, X: Array, labels: Array, back: Callable[[_Passed], Array] | None = None) -> Params:
    Z = X @ params["W1"].T + params["b1"]
    logits = Z @ params["W2"].T + params["b2"]
    dlogits = (jax.nn.softmax(logits) - one_hot(logits, labels)) / len(X)
    return _gradients(_Passed(X, Z, Z, dlogits, params["W2"]), back)


def _updated_too_early(params: Params, X: Array, labels: Array) -> Params:
    """W2 takes its step, of a learning rate of 1, before the backward pass has gone through it."""
    p = _passed(params, X, labels)
    return {**_gradients(replace(p, W2=p.W2 - p.dlogits.T @ p.H)), "W2": p.dlogits.T @ p.H}


def _measure(raw: Any, *args: Any) -> Any:
    """All gradients in the order of NAMES, a vector for each."""
    if raw is None:
        return None
    shapes = {name: np.shape(arg) for name, arg in zip(NAMES, args, strict=False)}
    together = entries(raw, shapes, "the gradients")
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes.values()])
    return tuple(np.split(together, ends[:-1]))


def _right(W1: Any, b1: Any, W2: Any, b2: Any, X: Any, labels: Any) -> tuple[np.ndarray, ...]:
    Z = X @ W1.T + b1
    H = np.maximum(Z, 0)
    dlogits = by_numpy.cross_entropy_slopes(H @ W2.T + b2, labels)
    dZ = np.where(Z > 0, dlogits @ W2, 0)
    return tuple(np.ravel(part) for part in (dZ.T @ X, dZ.sum(axis=0), dlogits.T @ H, dlogits.sum(axis=0)))


def _case(
    label: str,
    rng: np.random.Generator,
    batch: int,
    n_in: int,
    hidden: int,
    out: int,
    large: bool = False,
    rare: bool = False,
) -> Case:
    """`large`: all hidden neurons answer, and the network is sure of class 0, which none is, so that gradients are beyond ±10. `rare`: the last class is nobody's."""
    W1, W2 = normal(rng, hidden, n_in), normal(rng, out, hidden)
    X, labels = normal(rng, batch, n_in), some_labels(rng, batch, out - rare)
    b1, b2 = normal(rng, hidden) / 2, normal(rng, out) / 2
    # The first hidden neuron sums up to exactly 0 on the first example, where ReLU's slope is 0 by convention.
    X[0, 0], W1[0], b1[0] = 1, 0, -0.5
    W1[0, 0] = 0.5
    X[0, 1:] = np.round(X[0, 1:])
    # And one neuron that is sure to work there.
    b1[-1] = np.maximum(b1[-1], np.float32(0.2) - W1[-1] @ X[0])
    if large:
        # Cut off so that no draw is an exception: each sum lies between 10 and 50, and b2 outweighs all that W2 makes of them. With
        # X positive no large numbers add up to almost 0, which would be rounded.
        W1, X = np.clip(W1, -2, 2), np.clip(np.abs(X), 0.5, 2.5)
        W2[0, :4] = np.array([40, -40, 30, -20]) * rng.uniform(1, 1.2)
        b1, b2[0], X[:, 0] = np.clip(b1, -2, 2) + np.float32(30), 10_000, 1
        labels = rng.integers(1, out, batch).astype(np.int32)
        labels[:2] = 1, 2
    sizes = f"W1 {W1.shape}, b1 {b1.shape}, W2 {W2.shape}, b2 {b2.shape}"
    return Case(
        label, (W1, b1, W2, b2, X, labels), f"parameters {sizes}\nX = {describe(X)}\nlabels = {describe(labels)}"
    )


TWO_LAYER_GRADIENTS = Exercise(
    name="two_layer_gradients",
    topic=TOPIC,
    points=4,
    reference=two_layer_gradients,
    right=_right,
    probe=of_network,
    measure=_measure,
    parts=tuple(f"the gradient of {name}, in a row" for name in NAMES),
    atol=1e-6,
    rtol=5e-4,
    cases=lambda rng: [
        _case("three examples, 2 inputs, 4 hidden, 3 classes", rng, 3, 2, 4, 3, rare=True),
        _case("a network with equal sizes throughout", rng, 3, 3, 3, 3),
        _case(batch_of(1), rng, 1, 3, 4, 2),
        _case("a network of as many inputs as hidden neurons", rng, 5, 4, 4, 3, large=True),
        _case("a batch of 20, 10 classes", rng, 20, 7, 12, 10),
    ],
    edges=("a batch of one",),
    mistakes=(
        Mistake(
            "not divided by the batch",
            "A batch of one is right; for larger ones all gradients are too large, by the number of examples. "
            "The loss is a *mean* over the batch.",
            _scaled(lambda p: len(p.X)),
        ),
        Mistake(
            "divided by the batch twice",
            "A batch of one is right; for larger ones all gradients are too small. The mean over the batch counts once, "
            "where the backward pass begins. After that, slopes are only added.",
            _scaled(lambda p: 1 / len(p.X)),
        ),
        Mistake(
            "the first layer divided twice",
            "The gradients of W2 and b2 are right. You divided those of W1 and b1 by the number of examples once more: the mean counts "
            "once, where the backward pass begins.",
            _after_passing(lambda p: _gradients(p, lambda p: _dZ(p) / len(p.X))),
        ),
        Mistake(
            "b1 forgotten",
            "The forward pass does not add b1. It helps to decide which hidden neurons are silent, and what the others answer.",
            lambda params, X, labels: two_layer_gradients({**params, "b1": 0 * params["b1"]}, X, labels),
        ),
        Mistake(
            "b2 forgotten",
            "The forward pass does not add b2 to the logits. All gradients begin at the probabilities that are made of them.",
            lambda params, X, labels: two_layer_gradients({**params, "b2": 0 * params["b2"]}, X, labels),
        ),
        Mistake(
            "divided by the classes",
            "All gradients are too small or too large by one factor: the mean in the loss is taken over the examples, and you "
            "divided by the number of classes.",
            _scaled(lambda p: len(p.X) / p.dlogits.shape[1]),
        ),
        Mistake(
            "sign",
            "All gradients have the wrong sign. The backward pass begins with softmax and one-hot labels: which do you subtract from the other?",
            _scaled(lambda p: -1.0),
        ),
        Mistake(
            "no labels",
            "The labels play no part: your backward pass begins with the probabilities alone. What makes the right class's slope negative?",
            _no_labels,
        ),
        Mistake(
            "ReLU forgotten on the way back",
            "The gradients of W2 and b2 are right. On the way back to the first layer, slopes passed hidden neurons that were silent.",
            _after_passing(lambda p: _gradients(p, lambda p: p.dlogits @ p.W2)),
        ),
        Mistake(
            "ReLU asked of the slopes",
            "The gradients of W2 and b2 are right. ReLU's *input* decides whether a slope passes, not the sign of the slope.",
            _after_passing(lambda p: _gradients(p, lambda p: jnp.maximum(p.dlogits @ p.W2, 0))),
        ),
        Mistake(
            "1 at zero",
            "Right except where a hidden sum is exactly 0. ReLU has a kink there, and this course uses the slope 0.",
            _after_passing(lambda p: _gradients(p, lambda p: jnp.where(p.Z >= 0, p.dlogits @ p.W2, 0))),
        ),
        Mistake(
            "times the hidden answers",
            "The gradients of W2 and b2 are right. In ReLU's backward pass you multiplied the slopes by its answers; "
            "ReLU's slope is 1 wherever it is not flat.",
            _after_passing(lambda p: _gradients(p, lambda p: p.dlogits @ p.W2 * p.H)),
        ),
        Mistake(
            "ReLU forgotten on the way forward",
            "These are the gradients of a network without ReLU in its forward pass.",
            _no_relu_forward,
        ),
        Mistake(
            "no ReLU at all",
            "These are the gradients of a network without ReLU, neither in the forward pass nor in the backward pass.",
            lambda params, X, labels: _no_relu_forward(params, X, labels, lambda p: p.dlogits @ p.W2),
        ),
        Mistake(
            "sums instead of answers",
            "Only the gradient of W2 is wrong: you made it from the hidden sums. What the forward pass multiplies by W2 "
            "has been through ReLU.",
            _but(W2=lambda p: p.dlogits.T @ p.Z),
        ),
        Mistake(
            "W2 from the inputs",
            "You made the gradient of W2 from X. What does the forward pass multiply by W2?",
            _but(W2=lambda p: p.dlogits.T @ p.X),
        ),
        Mistake(
            "biases over the wrong axis",
            "You summed the biases' gradients along the neurons. There is one bias for each neuron, and the slopes of all examples add up.",
            _but(b1=lambda p: _dZ(p).sum(axis=1), b2=lambda p: p.dlogits.sum(axis=1)),
        ),
        Mistake(
            "biases averaged",
            "The weights' gradients are right. You averaged those of the biases over the batch; the mean of the loss is "
            "in the slopes already, and the examples' slopes add up.",
            _but(b1=lambda p: _dZ(p).mean(axis=0), b2=lambda p: p.dlogits.mean(axis=0)),
        ),
        Mistake(
            "biases not summed",
            "The biases' gradients came back as tables with a row for each example. All examples use the same bias: "
            "their slopes add up.",
            _but(b1=_dZ, b2=lambda p: p.dlogits),
        ),
        Mistake(
            "first bias before ReLU",
            "Only the gradient of b1 is wrong: you summed the slopes before they went back through ReLU.",
            _but(b1=lambda p: (p.dlogits @ p.W2).sum(axis=0)),
        ),
        Mistake(
            "first weights before ReLU",
            "Only the gradient of W1 is wrong: you made it from the slopes before they went back through ReLU.",
            _but(W1=lambda p: (p.dlogits @ p.W2).T @ p.X),
        ),
        Mistake(
            "weights transposed",
            "The weights' gradients are transposed. A slope has the shape of the thing itself.",
            _but(W1=lambda p: p.X.T @ _dZ(p), W2=lambda p: p.H.T @ p.dlogits),
        ),
        Mistake(
            "back through the wrong side",
            "In the backward pass, from the logits to the hidden layer, the axes of W2 don't meet those of the slopes. "
            "Write (batch, out) and (out, hidden) side by side: do you have to transpose W2 here?",
            _after_passing(lambda p: _gradients(p, lambda p: jnp.where(p.Z > 0, p.dlogits @ p.W2.T, 0))),
        ),
        Mistake(
            "updated too early",
            "The gradients of W2 and b2 are right. The backward pass used a W2 that you had already changed. "
            "All gradients belong to the network of the forward pass.",
            _updated_too_early,
        ),
        Mistake(
            "a tuple",
            "The gradients came back as a tuple. The exercise asks for a dict with the names of the parameters.",
            _after_passing(lambda p: tuple(_gradients(p)[name] for name in NAMES)),
        ),
    ),
)
