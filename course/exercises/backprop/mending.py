"""mended_gradients: a backward pass with two bugs, to be found by what agrees and what does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.compare import describe
from course.checks.exercise import Case, Exercise, Mistake
from course.checks.probes.backprop import of_network
from course.exercises.backprop.common import NAMES, TOPIC, Params, batch_of, entries, normal

# What may be wrong: the slope of tanh, what W2 met, the slopes of the answers.
Tanh = Callable[[Array, Array], Array]


def _gradients(
    params: Params,
    X: Array,
    T: Array,
    tanh: Tanh = lambda Z, H: 1 - H**2,
    met: Tanh = lambda Z, H: H,
    scale: Callable[[Array], float] = lambda T: 2 / len(T),
    add: Callable[[Array], Array] = lambda slopes: slopes.sum(axis=0),
) -> Params:
    Z1 = X @ params["W1"].T + params["b1"]
    H = jnp.tanh(Z1)
    Y = H @ params["W2"].T + params["b2"]
    dY = scale(T) * (Y - T)
    dZ1 = (dY @ params["W2"]) * tanh(Z1, H)
    return {"W1": dZ1.T @ X, "b1": add(dZ1), "W2": dY.T @ met(Z1, H), "b2": add(dY)}


def mended_gradients(params: Params, X: Array, T: Array) -> Params:
    """The gradients of the mean squared error of tanh(X @ W1.T + b1) @ W2.T + b2 (Goodfellow and others 2016, algorithm 6.4)."""
    return _gradients(params, X, T)


def _but(**wrong: Any) -> Callable[[Params, Array, Array], Params]:
    return lambda params, X, T: _gradients(params, X, T, **wrong)


def _of_sums(Z: Array, H: Array) -> Array:
    return 1 - Z**2


def _the_sums(Z: Array, H: Array) -> Array:
    return Z


def _right(W1: Any, b1: Any, W2: Any, b2: Any, X: Any, T: Any) -> np.ndarray:
    """All slopes in a row, in double precision."""
    W1, b1, W2, b2, X, T = (np.asarray(part, float) for part in (W1, b1, W2, b2, X, T))
    H = np.tanh(X @ W1.T + b1)
    dY = 2 * (H @ W2.T + b2 - T) / len(T)
    dZ1 = (dY @ W2) * (1 - H**2)
    found = (dZ1.T @ X, dZ1.sum(axis=0), dY.T @ H, dY.sum(axis=0))
    return np.concatenate([part.reshape(-1) for part in found]).astype(np.float32)


def _measure(raw: Any, *args: Any) -> np.ndarray:
    shapes = {name: np.shape(part) for name, part in zip(NAMES, args, strict=False)}
    return entries(raw, shapes, "the gradients")


def _case(rng: np.random.Generator, batch: int, n_in: int, hidden: int, n_out: int, far: bool = False) -> Case:
    """`far`: slopes of every parameter are sure to lie above 6, as the answers are far from the wanted ones."""
    W1, b1, W2, b2 = normal(rng, hidden, n_in), normal(rng, hidden), normal(rng, n_out, hidden), normal(rng, n_out)
    X, T = normal(rng, batch, n_in), 2 * normal(rng, batch, n_out)
    if far:
        # The first answer is too large; one neuron is sure, and another one flat enough to learn, from inputs above 0.
        T[:, 0] -= 15
        b1[:2], W1[1] = (3, 0), 0.3 * W1[1]
        W2[0, 1], X[:, 0] = 2, np.abs(X[:, 0]) + np.float32(0.5)
    given = (W1, b1, W2, b2, X, T)
    told = "\n".join(f"{name} = {describe(part)}" for name, part in zip((*NAMES, "X", "T"), given, strict=True))
    return Case(f"{batch_of(batch)}, {n_in} inputs, {hidden} hidden, {n_out} out", given, told)


MENDED_GRADIENTS = Exercise(
    name="mended_gradients",
    topic=TOPIC,
    kind="repair",
    points=3,
    reference=mended_gradients,
    right=_right,
    probe=of_network,
    measure=_measure,
    cases=lambda rng: [
        *(_case(rng, *sizes) for sizes in ((1, 2, 3, 1), (4, 3, 2, 2), (3, 3, 3, 3))),
        _case(rng, 6, 2, 5, 4, far=True),
    ],
    # Sums of slopes of about 10 that nearly cancel.
    atol=5e-5,
    given=("W1", "b1", "W2", "b2", "X", "T"),
    edges=("a batch of one, 2 inputs, 3 hidden, 1 out",),
    mistakes=(
        Mistake(
            "as it was",
            "Nothing is mended yet: W1, b1 and W2 are wrong, b2 is right. So the slopes of the answers, dY, are right; "
            "look at each line that comes after them.",
            _but(tanh=_of_sums, met=_the_sums),
        ),
        Mistake(
            "W2 is left",
            "One bug is mended: W1 and b1 are right. W2 is still wrong. What did the forward pass multiply by W2?",
            _but(met=_the_sums),
        ),
        Mistake(
            "tanh is left",
            "One bug is mended: W2 is right. W1 and b1 are still wrong, and both are made of dZ1. Which number does the slope of tanh need?",
            _but(tanh=_of_sums),
        ),
        Mistake(
            "not squared",
            "W2 is right. The slope of tanh contains its answer, but not the answer itself: look at the rule in section 3 of the lesson.",
            _but(tanh=lambda Z, H: 1 - H),
        ),
        Mistake(
            "tanh passed by",
            "W2 is right. The slopes went through tanh unchanged. What is the slope of tanh where it is flat?",
            _but(tanh=lambda Z, H: jnp.ones_like(H)),
        ),
        Mistake(
            "tanh of the answer",
            "W2 is right. You applied `tanh` once more, to numbers that have been through it already.",
            _but(tanh=lambda Z, H: 1 - jnp.tanh(H) ** 2),
        ),
        Mistake(
            "the rule of ReLU",
            "W2 is right. You used ReLU's slope, 1 or 0. The activation of this network is tanh.",
            _but(tanh=lambda Z, H: (Z > 0).astype(Z.dtype)),
        ),
        Mistake(
            "the 2 is gone",
            "All slopes are half as large as they should be. b2 was right in the broken pass; what did you change that it is made of?",
            _but(scale=lambda T: 1 / len(T)),
        ),
        Mistake(
            "divided by all numbers",
            "All slopes are too small where there are several outputs. b2 was right in the broken pass; what did you change that it is made of?",
            _but(scale=lambda T: 2 / T.size),
        ),
        Mistake(
            "not divided",
            "All slopes are too large where there are several examples. b2 was right in the broken pass; what did you change that it is made of?",
            _but(scale=lambda T: 2.0),
        ),
        Mistake(
            "biases averaged",
            "The weights are right. The slopes of the biases were averaged over the batch; they add up.",
            _but(add=lambda slopes: slopes.mean(axis=0)),
        ),
    ),
)
