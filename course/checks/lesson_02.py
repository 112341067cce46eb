"""The exercises of lesson 02, the neuron: y = f(Wx + b)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer

LESSON = "02_the_neuron"


def _normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.normal(size=shape).astype(np.float32)


# --- neuron ---------------------------------------------------------------------------------------------------------


def neuron(x: Array, w: Array, b: Array) -> Array:
    return jnp.tanh(w @ x + b)


def _neuron_cases(rng: np.random.Generator) -> list[Case]:
    # Small weights keep tanh away from its flat ends, where different sums give the same answer.
    return [
        Case("one input", (_normal(rng, 1), 0.8 * _normal(rng, 1), np.float32(rng.uniform(0.3, 0.6)))),
        Case("three inputs", (_normal(rng, 3), 0.5 * _normal(rng, 3), np.float32(rng.uniform(-0.9, -0.3)))),
        Case("inputs of zero", (np.zeros(4, np.float32), _normal(rng, 4), np.float32(rng.uniform(0.4, 0.8)))),
        Case("bias of zero", (_normal(rng, 5), 0.4 * _normal(rng, 5), np.float32(0))),
        Case("forty inputs", (_normal(rng, 40), 0.1 * _normal(rng, 40), np.float32(rng.uniform(0.2, 0.7)))),
    ]


NEURON = Exercise(
    name="neuron",
    lesson=LESSON,
    points=2,
    reference=neuron,
    cases=_neuron_cases,
    mistakes=(
        Mistake(
            "no bias", "The answers fit a neuron whose bias is 0, whatever b says.", lambda x, w, b: jnp.tanh(w @ x)
        ),
        Mistake(
            "no activation",
            "The weighing and the adding are right. What comes out has not been squashed yet.",
            lambda x, w, b: w @ x + b,
        ),
        Mistake(
            "bias outside",
            "You squash first and add the bias afterwards. In y = f(w·x + b) the bias stands inside the parentheses.",
            lambda x, w, b: jnp.tanh(w @ x) + b,
        ),
        Mistake(
            "not summed",
            "One neuron gives one number, and yours gives one for each input. The products w₁x₁, w₂x₂, … still have to become one sum.",
            lambda x, w, b: jnp.tanh(w * x + b),
        ),
        Mistake(
            "bias added to each",
            "The bias was added once for each input. It belongs to the neuron: once.",
            lambda x, w, b: jnp.tanh(jnp.sum(w * x + b)),
        ),
        Mistake(
            "another activation",
            "These are the answers of a neuron with ReLU. The exercise asks for tanh.",
            lambda x, w, b: jax.nn.relu(w @ x + b),
        ),
    ),
)


# --- layer ----------------------------------------------------------------------------------------------------------


def layer(x: Array, W: Array, b: Array) -> Array:
    return jnp.tanh(W @ x + b)


def _layer_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case(
            f"{n_in} inputs, {n_out} neurons",
            (_normal(rng, n_in), _normal(rng, n_out, n_in) / np.float32(n_in**0.5), 0.5 * _normal(rng, n_out)),
        )
        for n_in, n_out in ((3, 3), (2, 3), (4, 1), (5, 2), (30, 20))
    ]


LAYER = Exercise(
    name="layer",
    lesson=LESSON,
    points=2,
    reference=layer,
    cases=_layer_cases,
    mistakes=(
        Mistake(
            "transposed",
            "You multiplied with W turned on its side. Row i of W holds the weights of neuron i, so each *row* has to meet x.",
            lambda x, W, b: jnp.tanh(x @ W + b),
        ),
        Mistake("no bias", "The bias vector b was not added.", lambda x, W, b: jnp.tanh(W @ x)),
        Mistake(
            "no activation",
            "The sums are right, but the activation tanh has not been applied to them.",
            lambda x, W, b: W @ x + b,
        ),
        Mistake(
            "bias outside",
            "The bias was added after the activation; it belongs to the sum that goes into it.",
            lambda x, W, b: jnp.tanh(W @ x) + b,
        ),
        Mistake(
            "not summed",
            "Your answer is a matrix, one number for each weight. Along one axis of it a sum is missing: each neuron gives one number.",
            lambda x, W, b: jnp.tanh(W * x + b[:, None]),
        ),
        Mistake(
            "one neuron only",
            "This is the sum over all neurons. A layer keeps them apart: one number for each row of W.",
            lambda x, W, b: jnp.tanh(jnp.sum(W @ x + b)),
        ),
    ),
)


# --- batched_layer --------------------------------------------------------------------------------------------------


def batched_layer(X: Array, W: Array, b: Array) -> Array:
    return jnp.tanh(X @ W.T + b)


def _batched_cases(rng: np.random.Generator) -> list[Case]:
    sizes = ((1, 3, 2), (3, 3, 3), (2, 4, 3), (5, 2, 1), (33, 17, 10))
    return [
        Case(
            "a batch of one" if batch == 1 else f"a batch of {batch}, {n_in} inputs, {n_out} neurons",
            (_normal(rng, batch, n_in), _normal(rng, n_out, n_in) / np.float32(n_in**0.5), 0.5 * _normal(rng, n_out)),
        )
        for batch, n_in, n_out in sizes
    ]


BATCHED_LAYER = Exercise(
    name="batched_layer",
    lesson=LESSON,
    points=3,
    reference=batched_layer,
    cases=_batched_cases,
    mistakes=(
        Mistake(
            "batch last",
            "Your answer has one column for each example. A batch keeps its examples in the rows: (batch, n_in) goes in, (batch, n_out) comes out.",
            lambda X, W, b: jnp.tanh(W @ X.T + b[:, None]),
        ),
        Mistake(
            "W not transposed",
            "The shapes don't meet: X has one example a row, and W one neuron a row. Write the two shapes side by side: which axis of W has to meet the axis of length n_in of X?",
            lambda X, W, b: jnp.tanh(X @ W + b),
        ),
        Mistake(
            "W in front",
            "W @ X would match n_in with the batch. Write the shapes (n_out, n_in) and (batch, n_in) side by side and see which axes can meet.",
            lambda X, W, b: jnp.tanh(W @ X + b),
        ),
        Mistake("no bias", "The bias vector b was not added.", lambda X, W, b: jnp.tanh(X @ W.T)),
        Mistake(
            "no activation",
            "The sums are right, but the activation tanh has not been applied to them.",
            lambda X, W, b: X @ W.T + b,
        ),
        Mistake(
            "last example only",
            "Only one example came back. Every row of X has its own row in the answer.",
            lambda X, W, b: jnp.tanh(X[-1] @ W.T + b),
        ),
    ),
)


# --- relu -----------------------------------------------------------------------------------------------------------


def _relu_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("one negative and one positive number", (np.array([-1.5, 2.5], np.float32),)),
        Case("a mix around zero", (np.array([-3.0, -0.5, 0.0, 0.25, 1.75], np.float32),)),
        Case("only negative numbers", (-np.abs(_normal(rng, 4)) - np.float32(0.1),)),
        Case("a matrix", (3 * _normal(rng, 3, 4),)),
        Case("a batch of images", (_normal(rng, 2, 5, 5, 3),)),
    ]


RELU = Exercise(
    name="relu",
    lesson=LESSON,
    points=1,
    reference=lambda x: jnp.maximum(x, 0),
    cases=_relu_cases,
    mistakes=(
        Mistake(
            "abs",
            "Negative numbers came back with their sign changed. ReLU has another answer for them.",
            lambda x: jnp.abs(x),
        ),
        Mistake(
            "negative side",
            "This keeps the negative numbers and drops the positive ones: the other way round.",
            lambda x: jnp.minimum(x, 0),
        ),
        Mistake(
            "step",
            "This says *whether* a number is positive, 0 or 1. ReLU lets the positive number itself through.",
            lambda x: jnp.where(x > 0, 1.0, 0.0),
        ),
        Mistake(
            "capped", "The positive numbers were cut off at 1. ReLU has no upper end.", lambda x: jnp.clip(x, 0, 1)
        ),
        Mistake(
            "leaky",
            "Negative numbers leak through, made small. That is a relative of ReLU; the exercise asks for the plain one.",
            lambda x: jnp.where(x > 0, x, 0.01 * x),
        ),
        Mistake(
            "reduced",
            "One number came back for the whole array. ReLU looks at each number alone: same shape in and out.",
            lambda x: jnp.maximum(jnp.max(x), 0),
        ),
        Mistake(
            "dropped",
            "The negative numbers were left out, so the answer is shorter. They stay, as something else.",
            lambda x: x[x > 0],
        ),
    ),
)


# --- softmax --------------------------------------------------------------------------------------------------------


def _softmax_cases(rng: np.random.Generator) -> list[Case]:
    far_apart = np.array([[300.0, 301.0, 299.0], [0.5, -0.5, 0.0], [-400.0, -401.0, -399.5]], np.float32)
    return [
        Case("one row", (_normal(rng, 1, 3),)),
        Case("two rows of three", (np.float32(2) * _normal(rng, 2, 3),)),
        Case("a square matrix", (_normal(rng, 4, 4),)),
        Case("large numbers", (np.float32(1000) + np.arange(8, dtype=np.float32).reshape(2, 4),)),
        Case("rows of very different size", (far_apart,)),
        Case("a batch of 16 over 10 classes", (3 * _normal(rng, 16, 10),)),
    ]


SOFTMAX = Exercise(
    name="softmax",
    lesson=LESSON,
    points=3,
    reference=lambda Z: jax.nn.softmax(Z, axis=-1),
    cases=_softmax_cases,
    mistakes=(
        Mistake(
            "overflow",
            "Right for small numbers; for large ones exp overflows to infinity, and infinity / infinity is NaN. Shifting a row by a constant doesn't change its softmax: which constant keeps exp small?",
            lambda Z: jnp.exp(Z) / jnp.sum(jnp.exp(Z), axis=-1, keepdims=True),
        ),
        Mistake(
            "shifted by the whole maximum",
            "One maximum was subtracted from all rows. A row that lies far below it is all zeros after exp, and 0 / 0 is NaN. Each row needs its own.",
            lambda Z: jnp.exp(Z - Z.max()) / jnp.sum(jnp.exp(Z - Z.max()), axis=-1, keepdims=True),
        ),
        Mistake(
            "over everything",
            "All numbers of the batch sum to 1 together. Each *row* is one example and has to sum to 1 by itself.",
            lambda Z: jax.nn.softmax(Z, axis=None),
        ),
        Mistake(
            "over the batch",
            "Your columns sum to 1. Each row is one example, so the rows have to.",
            lambda Z: jax.nn.softmax(Z, axis=0),
        ),
        Mistake(
            "no exponential",
            "The rows sum to 1, but the numbers were divided by their sum without the exponential.",
            lambda Z: Z / jnp.sum(Z, axis=-1, keepdims=True),
        ),
        Mistake(
            "logarithm", "These are the logarithms of the probabilities.", lambda Z: jax.nn.log_softmax(Z, axis=-1)
        ),
        Mistake(
            "not normalized",
            "The exponentials are there (shifted, so that they stay finite), but a row does not sum to 1 yet.",
            lambda Z: jnp.exp(Z - Z.max(axis=-1, keepdims=True)),
        ),
        Mistake(
            "each alone",
            "That is a sigmoid of each number alone. In a softmax the classes compete: a row sums to 1.",
            lambda Z: jax.nn.sigmoid(Z),
        ),
    ),
)


# --- xor_network ----------------------------------------------------------------------------------------------------


def _run_xor(build: Callable[[], Any], X: Array) -> Array:
    """The probe: build the weights, and run the network that they make; so that the answer is a network and not a trick."""
    parameters = build()
    if not isinstance(parameters, (tuple, list)) or len(parameters) != 4:
        raise WrongAnswer("return four things: W1 (2, 2), b1 (2,), w2 (2,), b2 (one number)")
    W1, b1, w2, b2 = (jnp.asarray(p, jnp.float32) for p in parameters)
    for name, array, shape in (("W1", W1, (2, 2)), ("b1", b1, (2,)), ("w2", w2, (2,)), ("b2", b2, ())):
        if array.shape != shape:
            raise WrongAnswer(f"{name} has shape {array.shape}; expected {shape}")
    return jax.nn.relu(X @ W1.T + b1) @ w2 + b2


def _xor_weights(
    W1: Sequence[Sequence[float]], b1: Sequence[float], w2: Sequence[float], b2: float
) -> Callable[[], tuple[Array, ...]]:
    return lambda: (
        jnp.array(W1, jnp.float32),
        jnp.array(b1, jnp.float32),
        jnp.array(w2, jnp.float32),
        jnp.array(b2, jnp.float32),
    )


def _xor_cases(rng: np.random.Generator) -> list[Case]:
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    single = [Case(f"x = ({int(a)}, {int(b)})", (np.array([[a, b]], np.float32),)) for a, b in corners]
    return [*single, Case("all four corners, in another order", (corners[rng.permutation(4)],))]


def _xor_accept(got: Any, want: Any, X: Array) -> str | None:
    wrong = np.asarray(got, np.float64).round(2) - np.asarray(want)
    i = int(np.argmax(np.abs(wrong)))
    if np.abs(wrong[i]) < 0.25:
        return None
    a, b = (int(v) for v in np.asarray(X)[i])
    return f"your network answers {float(np.asarray(got)[i]):.2f}; for inputs {a} and {b}, XOR is {int(np.asarray(want)[i])} (within 0.25 will do)."


XOR_NETWORK = Exercise(
    name="xor_network",
    lesson=LESSON,
    points=3,
    reference=_xor_weights([[1, 1], [1, 1]], [0, -1], [1, -2], 0),
    cases=_xor_cases,
    probe=_run_xor,
    accept=_xor_accept,
    mistakes=(
        Mistake(
            "or",
            "This network answers OR: it says 1 at (1, 1) too. There the second hidden neuron has to pull the answer down again.",
            _xor_weights([[1, 1], [1, 1]], [0, -1], [1, -1], 0),
        ),
        Mistake(
            "and",
            "This network answers AND: it wakes only at (1, 1). XOR is 1 where exactly one input is.",
            _xor_weights([[1, 1], [1, 1]], [-1, -1], [1, 0], 0),
        ),
        Mistake(
            "upside down",
            "This network says 1 where the inputs are *equal*. That is XOR turned upside down.",
            _xor_weights([[1, 1], [1, 1]], [0, -1], [-1, 2], 1),
        ),
        Mistake(
            "sum",
            "This network just counts the ones, so it says 2 at (1, 1). The second hidden neuron does not yet take anything away.",
            _xor_weights([[1, 1], [1, 1]], [0, 0], [1, 0], 0),
        ),
        Mistake(
            "all zeros",
            "With all weights 0 the network answers 0 whatever comes in.",
            _xor_weights([[0, 0], [0, 0]], [0, 0], [0, 0], 0),
        ),
        Mistake(
            "always awake",
            "Your hidden neurons both answer the plain sum x₁ + x₂. They have to differ: one of them should stay silent until *both* inputs are 1.",
            _xor_weights([[1, 1], [1, 1]], [0, 0], [1, -2], 0),
        ),
    ),
)


# --- count_parameters -----------------------------------------------------------------------------------------------


def count_parameters(sizes: Sequence[int]) -> int:
    return sum(n_in * n_out + n_out for n_in, n_out in pairwise(sizes))


def _count_cases(rng: np.random.Generator) -> list[Case]:
    drawn = [int(n) for n in rng.integers(11, 60, size=5)]
    lists = ([3, 2], [784, 10], [2, 2, 1], [784, 128, 10], drawn)
    return [Case(f"sizes {sizes}", (list(sizes),), shown=str(sizes)) for sizes in lists]


COUNT_PARAMETERS = Exercise(
    name="count_parameters",
    lesson=LESSON,
    points=1,
    reference=count_parameters,
    cases=_count_cases,
    mistakes=(
        Mistake(
            "no biases",
            "These are the weights. Each neuron has one more number.",
            lambda sizes: sum(a * b for a, b in pairwise(sizes)),
        ),
        Mistake(
            "biases of the inputs",
            "The weights are right. The biases belong to the neurons of a layer, not to what goes into it.",
            lambda sizes: sum(a * b + a for a, b in pairwise(sizes)),
        ),
        Mistake(
            "a bias for each number",
            "You gave the inputs a bias too. The first size is what comes in; there are no neurons there yet.",
            lambda sizes: sum(a * b for a, b in pairwise(sizes)) + sum(sizes),
        ),
        Mistake(
            "neurons",
            "These are the neurons. Each has as many weights as it has inputs, and a bias.",
            lambda sizes: sum(sizes[1:]),
        ),
        Mistake("last layer only", "Only the last layer was counted.", lambda sizes: sizes[-2] * sizes[-1] + sizes[-1]),
        Mistake(
            "one bias a layer",
            "You counted one bias for each layer. Each neuron has its own.",
            lambda sizes: sum(a * b + 1 for a, b in pairwise(sizes)),
        ),
    ),
)


# --- he_init --------------------------------------------------------------------------------------------------------


def he_init(key: Array, n_in: int, n_out: int) -> tuple[Array, Array]:
    return jax.random.normal(key, (n_out, n_in)) * jnp.sqrt(2 / n_in), jnp.zeros(n_out)


def _weigh(build: Callable[..., Any], seed: int, n_in: int, n_out: int) -> tuple[Any, ...]:
    """The probe: random numbers can't be compared one by one, so their shape, mean, spread and repeatability are."""
    answer = build(jax.random.key(seed), n_in, n_out)
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise WrongAnswer("return two arrays: W (n_out, n_in) and b (n_out,)")
    W, b = answer
    again, other = build(jax.random.key(seed), n_in, n_out)[0], build(jax.random.key(seed + 1), n_in, n_out)[0]
    # In units of what He asks for, so that one tolerance serves all sizes.
    unit = jnp.sqrt(2 / n_in)
    W = jnp.asarray(W)
    return (
        jnp.array(W.shape),
        jnp.array(jnp.shape(b)),
        jnp.std(W) / unit,
        jnp.mean(W) / unit,
        jnp.max(jnp.abs(jnp.asarray(b, jnp.float32))),
        jnp.array_equal(jnp.asarray(again), W),
        jnp.array_equal(jnp.asarray(other), W),
    )


def _he_accept(got: Any, want: Any, *args: Any) -> str | None:
    W_shape, b_shape, spread, mean, bias, again, other = (np.asarray(part) for part in got)
    _, n_in, n_out = args
    if tuple(W_shape) != (n_out, n_in):
        return f"W has shape {tuple(map(int, W_shape))}; expected (n_out, n_in) = ({n_out}, {n_in})."
    if tuple(b_shape) != (n_out,):
        return f"b has shape {tuple(map(int, b_shape))}; expected (n_out,) = ({n_out},)."
    # At least 5,000 weights are drawn, so both figures lie within about 4 % of the truth.
    if not np.isfinite(spread) or abs(spread - 1) > 0.06:
        return f"the spread (standard deviation) of W is {float(spread):.2f} times what He asks for, √(2 / n_in)."
    if abs(mean) > 0.06:
        return f"the mean of W is {float(mean):.2f} standard deviations away from 0."
    if bias != 0:
        return "the biases should start at 0."
    if not again:
        return "two calls with the same key give different weights: all randomness has to come from the key."
    if other:
        return "two different keys give the same weights: the key is not used."
    return None


def _he_mistake(draw: Callable[[Array, int, int], Array]) -> Callable[[Array, int, int], tuple[Array, Array]]:
    return lambda key, n_in, n_out: (draw(key, n_in, n_out), jnp.zeros(n_out))


def _he_cases(rng: np.random.Generator) -> list[Case]:
    sizes = ((100, 50), (784, 32), (64, 512), (300, 200))
    return [
        Case(
            f"{n_in} inputs, {n_out} neurons",
            (int(rng.integers(1000)), n_in, n_out),
            shown=f"a key, n_in = {n_in}, n_out = {n_out}",
        )
        for n_in, n_out in sizes
    ]


HE_INIT = Exercise(
    name="he_init",
    lesson=LESSON,
    points=2,
    reference=he_init,
    cases=_he_cases,
    probe=_weigh,
    accept=_he_accept,
    # What a mistake is recognized by: its spread, within what chance allows.
    rtol=0.05,
    atol=0.05,
    parts=(
        "the shape of W",
        "the shape of b",
        "spread ÷ √(2/n_in)",
        "mean ÷ √(2/n_in)",
        "the largest bias",
        "same key, same W",
        "other key, same W",
    ),
    mistakes=(
        Mistake(
            "variance as spread",
            "The spread is 2/n_in. That is the *variance* that He asks for; normal numbers are scaled by the standard deviation.",
            _he_mistake(lambda key, n_in, n_out: jax.random.normal(key, (n_out, n_in)) * 2 / n_in),
        ),
        Mistake(
            "Xavier",
            "The spread is √(1/n_in). ReLU silences half of the neurons; He's rule makes up for what is lost.",
            _he_mistake(lambda key, n_in, n_out: jax.random.normal(key, (n_out, n_in)) * jnp.sqrt(1 / n_in)),
        ),
        Mistake(
            "counts the outputs",
            "The scale follows the number of neurons. What piles up in a sum is the number of its *terms*: how many inputs a neuron adds.",
            _he_mistake(lambda key, n_in, n_out: jax.random.normal(key, (n_out, n_in)) * jnp.sqrt(2 / n_out)),
        ),
        Mistake(
            "not scaled",
            "The numbers have a spread of 1, whatever n_in is.",
            _he_mistake(lambda key, n_in, n_out: jax.random.normal(key, (n_out, n_in))),
        ),
        Mistake(
            "transposed",
            "W came back as (n_in, n_out). In this course row i of W holds the weights of neuron i.",
            _he_mistake(lambda key, n_in, n_out: jax.random.normal(key, (n_in, n_out)) * jnp.sqrt(2 / n_in)),
        ),
        Mistake(
            "never negative",
            "None of the weights is negative: these numbers are uniform between 0 and 1. Normal numbers lie around 0.",
            _he_mistake(lambda key, n_in, n_out: jax.random.uniform(key, (n_out, n_in)) * jnp.sqrt(2 / n_in)),
        ),
        Mistake(
            "key ignored",
            "Two different keys give the same weights. Use the key that comes in, not one that you make yourself.",
            _he_mistake(
                lambda key, n_in, n_out: jax.random.normal(jax.random.key(0), (n_out, n_in)) * jnp.sqrt(2 / n_in)
            ),
        ),
    ),
)


EXERCISES = (NEURON, LAYER, BATCHED_LAYER, RELU, SOFTMAX, XOR_NETWORK, COUNT_PARAMETERS, HE_INIT)
