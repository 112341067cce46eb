"""neuron, layer, batched_layer: the sum and its squashing, for one neuron, for several, and for a batch of examples."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.the_neuron.common import TOPIC, normal, sizes

# --- neuron ---------------------------------------------------------------------------------------------------------


def neuron(x: Array, w: Array, b: Array) -> Array:
    return jnp.tanh(w @ x + b)


def _neuron_of(n: int) -> Callable[[Array, Array, Array], Array]:
    """A neuron that always adds up ``n`` products; where there are fewer inputs, JAX repeats the last."""
    return lambda x, w, b: jnp.tanh(sum((w[i] * x[i] for i in range(n)), start=b))


def _neuron_cases(rng: np.random.Generator) -> list[Case]:
    # Small weights keep tanh away from its flat ends, where different sums give the same answer.
    x, w = normal(rng, 3), normal(rng, 3)  # of opposite directions below: one answer is negative in every draw
    many, b = normal(rng, 40), np.float32(rng.uniform(0.2, 0.7))
    return [
        Case("x of one number", (normal(rng, 1), 0.8 * normal(rng, 1), np.float32(rng.uniform(0.3, 0.6)))),
        Case("x of three numbers", (x, -0.5 * np.sign(x @ w) * w, np.float32(rng.uniform(-0.9, -0.3)))),
        Case("inputs of zero", (np.zeros(4, np.float32), normal(rng, 4), np.float32(rng.uniform(0.4, 0.8)))),
        Case("a bias of zero", (normal(rng, 5), 0.4 * normal(rng, 5), np.float32(0))),
        # Its sum is below -100, where e to the power of -z is infinity; the answer, -1, is no constant that comes to mind.
        Case("a large sum of forty inputs", (many, -np.sign(many) * rng.uniform(4, 8, 40).astype(np.float32), b)),
    ]


NEURON = Exercise(
    name="neuron",
    topic=TOPIC,
    points=2,
    reference=neuron,
    right=lambda x, w, b: np.tanh(w @ x + b),
    # What is rounded to a few places is another number.
    rtol=2e-5,
    atol=2e-6,
    cases=_neuron_cases,
    edges=("inputs of zero", "a bias of zero"),
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
            "You squash first and add the bias afterwards. In y = f(w·x + b) the bias is inside the parentheses.",
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
            "bias added to the inputs",
            "The bias was added to the inputs before they were weighed, so the weights multiply it too. It is added to the sum of the products.",
            lambda x, w, b: jnp.tanh(w @ (x + b)),
        ),
        Mistake(
            "bias subtracted",
            "The bias was taken away. A neuron adds it; a bias that pulls down is a negative number.",
            lambda x, w, b: jnp.tanh(w @ x - b),
        ),
        Mistake(
            "squashed before the sum",
            "You squash each product and add up afterwards. A neuron has one sum, and squashes that.",
            lambda x, w, b: jnp.sum(jnp.tanh(w * x + b)),
        ),
        Mistake(
            "ReLU",
            "These are the answers of a neuron with ReLU. The exercise asks for tanh.",
            lambda x, w, b: jax.nn.relu(w @ x + b),
        ),
        Mistake(
            "sigmoid",
            "The sum is right, but it was squashed into 0 to 1, by a sigmoid. The exercise asks for tanh, which gives −1 to 1.",
            lambda x, w, b: jax.nn.sigmoid(w @ x + b),
        ),
        Mistake(
            "last product only",
            "Only the last product arrived, without the bias: in the loop, `=` replaces the total. Each product has to be *added* to what is there.",
            lambda x, w, b: jnp.tanh(w[-1] * x[-1]),
        ),
        Mistake(
            "two inputs only",
            "You add up two products. The number of inputs is not always 2; the arrays know how long they are.",
            _neuron_of(2),
        ),
        Mistake(
            "three inputs only",
            "You add up three products. The number of inputs is not always 3: where there are fewer, JAX silently repeats the last, where there are more, the rest is left out.",
            _neuron_of(3),
        ),
    ),
)


# --- layer ----------------------------------------------------------------------------------------------------------


def layer(x: Array, W: Array, b: Array) -> Array:
    return jnp.tanh(W @ x + b)


def _layer_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case(
            sizes(n_in, n_out),
            (normal(rng, n_in), normal(rng, n_out, n_in) / np.float32(n_in**0.5), 0.5 * normal(rng, n_out)),
        )
        for n_in, n_out in ((3, 3), (2, 3), (4, 1), (5, 2), (30, 20))
    ]


LAYER = Exercise(
    name="layer",
    topic=TOPIC,
    points=2,
    reference=layer,
    right=lambda x, W, b: np.tanh(W @ x + b),
    cases=_layer_cases,
    edges=("4 inputs, 1 neuron",),
    mistakes=(
        Mistake(
            "met the columns",
            "x has met the *columns* of W. Row i of W holds the weights of neuron i, so x has to meet each *row*.",
            lambda x, W, b: jnp.tanh(x @ W + b),
        ),
        Mistake(
            "the lesson's line",
            "This is the lesson's line, for a kernel with a column for each neuron. Row i of W holds the weights of neuron i, so x has to meet each *row*; and the activation is tanh.",
            lambda x, W, b: jax.nn.sigmoid(x @ W + b),
        ),
        Mistake(
            "one bias for all",
            "Every neuron was given the first bias. Neuron i has a bias of its own, b[i].",
            lambda x, W, b: jnp.tanh(W @ x + b[0]),
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
            "bias subtracted",
            "The biases were taken away. A neuron adds its bias to its sum.",
            lambda x, W, b: jnp.tanh(W @ x - b),
        ),
        Mistake(
            "not summed",
            "Your answer is a matrix, one number for each weight. Along one axis of it a sum is missing: each neuron gives one number.",
            lambda x, W, b: jnp.tanh(W * x + b[:, None]),
        ),
        Mistake(
            "not summed, bias along the rows",
            "`*` multiplies number by number and leaves a matrix, so the sums are missing: each neuron gives one number. (The biases, too, have landed on the inputs instead of the neurons.)",
            lambda x, W, b: jnp.tanh(W * x + b),
        ),
        Mistake(
            "summed down the columns",
            "The products are right, but they were added up down the columns, over the neurons. The products of one neuron are in one row.",
            lambda x, W, b: jnp.tanh(jnp.sum(W * x, axis=0) + b),
        ),
        Mistake(
            "one neuron only",
            "This is the sum over all neurons. A layer keeps them apart: one number for each row of W.",
            lambda x, W, b: jnp.tanh(jnp.sum(W @ x + b)),
        ),
        Mistake(
            "one sum for all",
            "All products went into one sum, the same for every neuron; only the biases differ. Each neuron adds up its own row.",
            lambda x, W, b: jnp.tanh(jnp.sum(W * x) + b),
        ),
        Mistake(
            "ReLU",
            "The sums are right, and went through ReLU. The exercise asks for tanh.",
            lambda x, W, b: jax.nn.relu(W @ x + b),
        ),
        Mistake(
            "sigmoid",
            "The sums are right, but they were squashed into 0 to 1, by a sigmoid. The exercise asks for tanh.",
            lambda x, W, b: jax.nn.sigmoid(W @ x + b),
        ),
    ),
)


# --- batched_layer --------------------------------------------------------------------------------------------------


def batched_layer(X: Array, W: Array, b: Array) -> Array:
    return jnp.tanh(X @ W.T + b)


def _batched_cases(rng: np.random.Generator) -> list[Case]:
    shapes = ((1, 3, 2), (3, 3, 3), (2, 4, 3), (5, 2, 1), (33, 17, 10))
    return [
        Case(
            f"a batch of {'one' if batch == 1 else batch}, {sizes(n_in, n_out)}",
            (normal(rng, batch, n_in), normal(rng, n_out, n_in) / np.float32(n_in**0.5), 0.5 * normal(rng, n_out)),
        )
        for batch, n_in, n_out in shapes
    ]


BATCHED_LAYER = Exercise(
    name="batched_layer",
    topic=TOPIC,
    points=3,
    reference=batched_layer,
    right=lambda X, W, b: np.tanh(X @ W.T + b),
    cases=_batched_cases,
    edges=("a batch of one, 3 inputs, 2 neurons", "a batch of 5, 2 inputs, 1 neuron"),
    mistakes=(
        Mistake(
            "batch last",
            "Your answer has one column for each example. A batch keeps its examples in the rows: (batch, n_in) goes in, (batch, n_out) comes out.",
            lambda X, W, b: jnp.tanh(W @ X.T + b[:, None]),
        ),
        Mistake(
            "batch last, bias along the examples",
            "Your answer has the neurons in the rows and the examples in the columns, and b was added along the examples. Examples belong in the rows: (batch, n_out) comes out.",
            lambda X, W, b: jnp.tanh(W @ X.T + b),
        ),
        Mistake(
            "bias along the examples",
            "The products are right. The biases were laid along the axis of the examples: each example got a bias, instead of each neuron.",
            lambda X, W, b: jnp.tanh(X @ W.T + b[:, None]),
        ),
        # The same numbers as the one before where there are any; but where the shapes don't fit, JAX raises another error.
        Mistake(
            "bias before the turn",
            "The biases were added while the neurons were in the rows, so they landed along the examples. When the answer is turned the right way round, each column belongs to one neuron.",
            lambda X, W, b: jnp.tanh((W @ X.T + b).T),
        ),
        Mistake(
            "W not transposed",
            "X has one example a row, and W one neuron a row; as they are, n_in of X meets the neurons of W. Write the two shapes side by side: which axis of W has to meet the axis of length n_in of X?",
            lambda X, W, b: jnp.tanh(X @ W + b),
        ),
        Mistake(
            "X transposed",
            "You turned X on its side, so that its examples, and not its inputs, meet W. Write the shapes (batch, n_in) and (n_out, n_in) side by side: where is n_in in each?",
            lambda X, W, b: jnp.tanh(X.T @ W + b),
        ),
        Mistake(
            "W in front",
            "W @ X would match n_in with the batch. Write the shapes (n_out, n_in) and (batch, n_in) side by side and see which axes can meet.",
            lambda X, W, b: jnp.tanh(W @ X + b),
        ),
        Mistake(
            "W.T in front",
            "W.T @ X would match the neurons with the examples: (n_in, n_out) @ (batch, n_in). Which order makes n_in and n_in touch?",
            lambda X, W, b: jnp.tanh(W.T @ X + b),
        ),
        Mistake(
            "W reshaped",
            "W has the right shape now, but the wrong numbers in it: `reshape` reads the numbers in their old order and cuts the rows anew. To turn a matrix on its side is something else.",
            lambda X, W, b: jnp.tanh(X @ W.reshape(W.shape[1], W.shape[0]) + b),
        ),
        Mistake("no bias", "The bias vector b was not added.", lambda X, W, b: jnp.tanh(X @ W.T)),
        Mistake(
            "no activation",
            "The sums are right, but the activation tanh has not been applied to them.",
            lambda X, W, b: X @ W.T + b,
        ),
        Mistake(
            "bias outside",
            "The bias was added after the activation; it belongs to the sum that goes into it.",
            lambda X, W, b: jnp.tanh(X @ W.T) + b,
        ),
        Mistake(
            "ReLU",
            "The sums are right, and went through ReLU. The exercise asks for tanh.",
            lambda X, W, b: jax.nn.relu(X @ W.T + b),
        ),
        Mistake(
            "sigmoid",
            "The sums are right, but they were squashed into 0 to 1, by a sigmoid. The exercise asks for tanh.",
            lambda X, W, b: jax.nn.sigmoid(X @ W.T + b),
        ),
        Mistake(
            "the lesson's line",
            "This is the lesson's line, for a kernel with a column for each neuron. W has a row for each neuron, so it has to be turned on its side; and the activation is tanh.",
            lambda X, W, b: jax.nn.sigmoid(X @ W + b),
        ),
        Mistake(
            "first example only",
            "Only the first example came back. Every row of X has its own row in the answer; a loop that returns in its first round gives one.",
            lambda X, W, b: jnp.tanh(X[0] @ W.T + b),
        ),
        Mistake(
            "last example only",
            "Only one example came back. Every row of X has its own row in the answer.",
            lambda X, W, b: jnp.tanh(X[-1] @ W.T + b),
        ),
    ),
)
