"""linear_backward, relu_backward: from the slopes of a layer's answers back to those of all that went into it."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.backprop.common import TOPIC, batch_of, normal

Three = tuple[Array, Array, Array]

# --- linear_backward ----------------------------------------------------------------------------------------------------


def linear_backward(dZ: Array, X: Array, W: Array) -> Three:
    """For Z = X @ W.T + b: dX = dZ @ W, dW = dZᵀ X, db = Σ over the batch (Goodfellow and others 2016, algorithm 6.4)."""
    return dZ @ W, dZ.T @ X, dZ.sum(axis=0)


def _but(
    dX: Callable[..., Array] = lambda dZ, X, W: dZ @ W,
    dW: Callable[..., Array] = lambda dZ, X, W: dZ.T @ X,
    db: Callable[..., Array] = lambda dZ, X, W: dZ.sum(axis=0),
) -> Callable[[Array, Array, Array], Three]:
    """Right but for some of the three."""
    return lambda dZ, X, W: (dX(dZ, X, W), dW(dZ, X, W), db(dZ, X, W))


def _linear_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case(
            f"{batch_of(batch)}, {n_in} inputs, {n_out} neuron{'' if n_out == 1 else 's'}",
            (normal(rng, batch, n_out), normal(rng, batch, n_in), normal(rng, n_out, n_in)),
        )
        # The second is square in every way, so that what is turned the wrong way round runs, and can be told from the right.
        for batch, n_in, n_out in ((2, 4, 3), (3, 3, 3), (1, 3, 2), (5, 2, 1), (4, 2, 4), (33, 17, 10))
    ]


LINEAR_BACKWARD = Exercise(
    name="linear_backward",
    topic=TOPIC,
    points=3,
    reference=linear_backward,
    right=linear_backward,
    cases=_linear_cases,
    parts=("dX", "dW", "db"),
    edges=("a batch of one, 3 inputs, 2 neurons", "a batch of 5, 2 inputs, 1 neuron"),
    mistakes=(
        Mistake(
            "bias over the wrong axis",
            "dX and dW are right. db was summed along the neurons, which leaves a number for each *example*. "
            "There is one bias for each neuron, and the slopes of all examples add up.",
            _but(db=lambda dZ, X, W: dZ.sum(axis=1)),
        ),
        Mistake(
            "bias averaged over the wrong axis",
            "dX and dW are right. db was averaged along the neurons, which leaves a number for each *example*. "
            "There is one bias for each neuron; the slopes of all examples add up, and are not averaged.",
            _but(db=lambda dZ, X, W: dZ.mean(axis=1)),
        ),
        Mistake(
            "bias not summed",
            "db came back as a table with a row for each example. They all use the same bias, so their slopes add up.",
            _but(db=lambda dZ, X, W: dZ),
        ),
        Mistake(
            "bias summed over everything",
            "db is one number, the sum of everything. Each neuron has a bias of its own.",
            _but(db=lambda dZ, X, W: dZ.sum()),
        ),
        Mistake(
            "bias with an axis too many",
            "The numbers of db are right, and it has an axis too many: the bias is (n_out,), and so is its gradient.",
            _but(db=lambda dZ, X, W: dZ.sum(axis=0, keepdims=True)),
        ),
        Mistake(
            "bias averaged",
            "A batch of one is right. In a larger one db was averaged over the batch; the examples' slopes add up. (The mean of the loss is in dZ already.)",
            _but(db=lambda dZ, X, W: dZ.mean(axis=0)),
        ),
        Mistake(
            "weights averaged",
            "A batch of one is right. In a larger one dW was divided by the batch, and db was not. The mean of the loss is in dZ already.",
            _but(dW=lambda dZ, X, W: dZ.T @ X / len(X)),
        ),
        Mistake(
            "divided by the batch once more",
            "A batch of one is right. In a larger one dW and db are too small: the mean of the loss is in dZ already, and counts once.",
            _but(dW=lambda dZ, X, W: dZ.T @ X / len(X), db=lambda dZ, X, W: dZ.mean(axis=0)),
        ),
        Mistake(
            "all divided by the batch",
            "A batch of one is right. In a larger one all three are too small: the mean of the loss is in dZ already, and counts once.",
            lambda dZ, X, W: tuple(part / len(X) for part in linear_backward(dZ, X, W)),
        ),
        Mistake(
            "dW transposed",
            "dW is transposed: it has a column for each neuron. A slope has the shape of the thing itself, "
            "and W has a row for each neuron.",
            _but(dW=lambda dZ, X, W: X.T @ dZ),
        ),
        Mistake(
            "dW not turned",
            "In the product for dW the axes don't match. Write the two shapes side by side, and the shape of W: "
            "which axis has to vanish?",
            _but(dW=lambda dZ, X, W: dZ @ X),
        ),
        Mistake(
            "dW from X and dZ, not turned",
            "In the product for dW the axes don't match: the axis that has to vanish is the *batch*, in both. "
            "Which of the two do you have to transpose, and which comes first?",
            _but(dW=lambda dZ, X, W: X @ dZ),
        ),
        Mistake(
            "dX with W turned",
            "In the product for dX you transposed W, as in the forward pass. dZ is (batch, n_out): "
            "which axis of W has to meet n_out?",
            _but(dX=lambda dZ, X, W: dZ @ W.T),
        ),
        Mistake(
            "dX turned",
            "dX came out with the examples in its columns. It has the shape of X: an example a row.",
            _but(dX=lambda dZ, X, W: W.T @ dZ.T),
        ),
        Mistake(
            "W in front",
            "In the product for dX, W comes first, and its axes meet the wrong ones of dZ. Write (batch, n_out) and "
            "(n_out, n_in) side by side: in which order do they touch?",
            _but(dX=lambda dZ, X, W: W @ dZ),
        ),
        Mistake(
            "W turned, in front",
            "In the product for dX, the transposed W comes first, and its neurons meet the examples. Write (batch, n_out) and "
            "(n_out, n_in) side by side: in which order do they touch?",
            _but(dX=lambda dZ, X, W: W.T @ dZ),
        ),
        Mistake(
            "dX and dW swapped",
            "dX and dW came back in the wrong order. The exercise asks for dX, dW, db.",
            lambda dZ, X, W: (dZ.T @ X, dZ @ W, dZ.sum(axis=0)),
        ),
        Mistake(
            "dX last",
            "The three are right, and in another order than the exercise asks for: dX, dW, db.",
            lambda dZ, X, W: (dZ.T @ X, dZ.sum(axis=0), dZ @ W),
        ),
        Mistake(
            "X and W swapped",
            "X and W are swapped. In a product, the slope for one factor contains the *other*: "
            "dX is made of dZ and W, dW of dZ and X.",
            lambda dZ, X, W: (dZ @ X, dZ.T @ W, dZ.sum(axis=0)),
        ),
        Mistake(
            "no dX",
            "You returned only two values. The layer before needs dX: that is how the backward pass goes on.",
            lambda dZ, X, W: (dZ.T @ X, dZ.sum(axis=0)),
        ),
        Mistake(
            "dZ left out of dX",
            "Your dX does not depend on dZ: it says how the answers follow X, in the same way for every example. By the chain rule, "
            "what comes back, dZ, is a factor of it.",
            _but(dX=lambda dZ, X, W: jnp.ones_like(dZ) @ W),
        ),
    ),
)


# --- relu_backward ------------------------------------------------------------------------------------------------------


def relu_backward(dH: Array, Z: Array) -> Array:
    """Slopes pass where the input of ReLU was positive, and stop elsewhere, at 0 by convention."""
    return jnp.where(Z > 0, dH, 0)


def _relu_case(label: str, rng: np.random.Generator, *shape: int) -> Case:
    Z, dH = normal(rng, *shape), normal(rng, *shape)
    # Ties: ReLU has no slope at 0, and the exercise says which one to take.
    Z.reshape(-1)[:: 4 if Z.size > 3 else 2] = 0
    if Z.size > 3:
        # Inputs just beside 0, and slopes of any size and either sign that pass, in every draw.
        Z.reshape(-1)[1:4], dH.reshape(-1)[1:4] = (1e-3, 0.5, -1e-3), (20, -20, 20)
    return Case(label, (dH, Z))


RELU_BACKWARD = Exercise(
    name="relu_backward",
    topic=TOPIC,
    points=1,
    reference=relu_backward,
    right=lambda dH, Z: np.where(Z > 0, dH, np.float32(0)),
    # A zero is a zero, exactly, and every other number one of the inputs.
    atol=1e-9,
    cases=lambda rng: [
        Case("three numbers", (normal(rng, 3), np.array([-1.5, 0, 0.5], np.float32))),
        Case("inputs that are all above 0", (normal(rng, 4), np.abs(normal(rng, 4)) + np.float32(0.1))),
        Case("inputs that are all 0", (normal(rng, 3), np.zeros(3, np.float32))),
        _relu_case("a batch of one, five neurons", rng, 1, 5),
        _relu_case("a batch of four, three neurons", rng, 4, 3),
        _relu_case("a batch of images", rng, 2, 3, 4),
    ],
    edges=("inputs that are all above 0", "inputs that are all 0", "a batch of one, five neurons"),
    mistakes=(
        Mistake(
            "asked the wrong one",
            "You let the *slope* decide what passes. ReLU's input decides.",
            lambda dH, Z: jnp.where(dH > 0, dH, 0),
        ),
        Mistake(
            "both positive",
            "Slopes pass here only if they are positive themselves. A negative slope passes in the same way as a positive one.",
            lambda dH, Z: jnp.where((Z > 0) & (dH > 0), dH, 0),
        ),
        Mistake(
            "1 at zero",
            "Right except where the input is exactly 0. The slope is 0 to the left of it and 1 to the right; the exercise uses 0.",
            lambda dH, Z: jnp.where(Z >= 0, dH, 0),
        ),
        Mistake(
            "a half at zero",
            "Right except where the input is exactly 0: there you let half of the slope pass, as JAX does for `jnp.maximum` "
            "where its two sides are equal. The exercise uses 0.",
            lambda dH, Z: jnp.where(Z > 0, dH, jnp.where(Z == 0, dH / 2, 0)),
        ),
        Mistake(
            "the other half",
            "Slopes pass where the input was *negative*. Where did ReLU follow its input, and where did it stay at 0?",
            lambda dH, Z: jnp.where(Z < 0, dH, 0),
        ),
        Mistake(
            "everything passes",
            "All slopes passed unchanged. Where ReLU is flat, a small change of its input changes nothing.",
            lambda dH, Z: dH,
        ),
        Mistake(
            "slope of ReLU alone",
            "This is the slope of ReLU itself, 0 or 1. By the chain rule the slope that comes back, dH, is a factor.",
            lambda dH, Z: (Z > 0).astype(jnp.float32),
        ),
        Mistake(
            "slope of ReLU alone, True and False",
            "This says where ReLU has a slope, as True and False. By the chain rule the slope that comes back, dH, is a factor.",
            lambda dH, Z: Z > 0,
        ),
        Mistake(
            "times the input",
            "You multiplied the slopes by ReLU's *answer*. ReLU's slope is 1 wherever it is not flat, however large its input.",
            lambda dH, Z: dH * jnp.maximum(Z, 0),
        ),
        Mistake(
            "times the input, everywhere",
            "You multiplied the slopes by the input. ReLU's slope is 1 or 0.",
            lambda dH, Z: dH * Z,
        ),
        Mistake(
            "forward",
            "This is ReLU's forward pass. The exercise asks for the backward pass: dH, with 0 where nothing passes.",
            lambda dH, Z: jnp.maximum(Z, 0),
        ),
        Mistake(
            "sign of the input",
            "Where the input was negative, the slope came back with the other sign. ReLU is flat there.",
            lambda dH, Z: dH * jnp.sign(Z),
        ),
    ),
)
