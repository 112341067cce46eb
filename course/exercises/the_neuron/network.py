"""xor_network, count_parameters: a network whose numbers one chooses by hand, and how many numbers networks have."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.probes.the_neuron import built
from course.exercises.the_neuron.common import TOPIC, numbers

# --- xor_network ----------------------------------------------------------------------------------------------------

# The weights and the bias of relu(x₁ + x₂ − 1) and of relu(x₁ + x₂).
_OF_THE_LESSON = [(1.0, 1.0, -1.0), (1.0, 1.0, 0.0)]
_CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
_XOR_SHAPES = {"W1": (2, 2), "b1": (2,), "w2": (2,), "b2": ()}


def _xor_part(name: str, part: Any, shape: tuple[int, ...]) -> np.ndarray:
    array = numbers(name, part)
    if array.shape == shape:
        return array
    wanted = f"expected {shape}." if shape else f"{name} is one number, such as 0.0, without brackets."
    raise WrongAnswer(f"{name} has shape {array.shape}; {wanted}")


def _run_xor(parameters: Any, X: np.ndarray) -> np.ndarray:
    """The measure: run the network that the weights make; so that the answer is a network and not a trick."""
    if parameters is None:
        raise WrongAnswer("it returned None. End it with `return W1, b1, w2, b2`.")
    if not isinstance(parameters, (tuple, list)) or len(parameters) != 4:
        raise WrongAnswer("return four things: W1 (2, 2), b1 (2,), w2 (2,), b2 (one number).")
    W1, b1, w2, b2 = (_xor_part(*named) for named in zip(_XOR_SHAPES, parameters, _XOR_SHAPES.values(), strict=True))

    def run(X: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore", invalid="ignore"):
            answers: np.ndarray = np.maximum(X @ W1.T + b1, 0) @ w2 + b2
        return answers

    hidden = sorted(map(tuple, np.column_stack([W1, b1]).tolist()))
    if hidden == _OF_THE_LESSON and np.allclose(run(_CORNERS), [0, 1, 1, 0], atol=0.25):
        raise WrongAnswer("these are the lesson's two hidden neurons. Find a network with others.", mark="the lesson's")
    return run(X)


def _xor_weights(
    W1: Sequence[Sequence[float]], b1: Sequence[float], w2: Sequence[float], b2: float
) -> Callable[[], tuple[Array, ...]]:
    return lambda: tuple(jnp.array(part, jnp.float32) for part in (W1, b1, w2, b2))


def _pair(corner: np.ndarray) -> str:
    return f"({int(corner[0])}, {int(corner[1])})"


def _xor_cases(rng: np.random.Generator) -> list[Case]:
    mixed = _CORNERS[rng.permutation(4)]
    one_by_one = [
        Case(f"x = {_pair(corner)}", (corner[None],), shown=f"one pair of inputs: {_pair(corner)}")
        for corner in _CORNERS
    ]
    return [
        *one_by_one,
        Case(
            "all four corners", (mixed,), shown=f"four pairs of inputs: {', '.join(_pair(corner) for corner in mixed)}"
        ),
    ]


def _xor_accept(got: Any, want: Any, X: Array) -> str | None:
    wrong = np.asarray(got, np.float64).round(2) - np.asarray(want)
    i = int(np.argmax(np.abs(wrong)))
    if np.abs(wrong[i]) < 0.25:
        return None
    a, b = (int(v) for v in np.asarray(X)[i])
    return f"your network answers {float(np.asarray(got)[i]):.2f}; for inputs {a} and {b}, XOR is {int(np.asarray(want)[i])} (within 0.25 will do)."


XOR_NETWORK = Exercise(
    name="xor_network",
    topic=TOPIC,
    points=3,
    reference=_xor_weights([[1, -1], [-1, 1]], [0, 0], [1, 1], 0),
    cases=_xor_cases,
    probe=built,
    measure=_run_xor,
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
            "This network just counts the ones, so it says 2 at (1, 1). There a second hidden neuron has to take something away.",
            _xor_weights([[1, 1], [1, 1]], [0, 0], [1, 0], 0),
        ),
        Mistake(
            "0 everywhere",
            "Your network answers 0 on all four corners. Print h for each of them: is a hidden neuron awake where exactly one input is 1, and does w2 let it through?",
            _xor_weights([[0, 0], [0, 0]], [0, 0], [0, 0], 0),
        ),
        Mistake(
            "half everywhere",
            "Your network answers 0.5 on all four corners: right in the middle, so it has not decided anything. Print h for each corner: it has to differ between them.",
            _xor_weights([[0, 0], [0, 0]], [0, 0], [0, 0], 0.5),
        ),
        Mistake(
            "1 everywhere",
            "Your network answers 1 on all four corners. At (0, 0) and at (1, 1) it has to answer 0: print h there.",
            _xor_weights([[0, 0], [0, 0]], [0, 0], [0, 0], 1),
        ),
        Mistake(
            "minus the sum",
            "Your network answers minus the number of ones. If both hidden neurons give the plain sum x₁ + x₂, they have to differ: one of them should stay silent until *both* inputs are 1.",
            _xor_weights([[1, 1], [1, 1]], [0, 0], [1, -2], 0),
        ),
        Mistake(
            "difference",
            "Your network answers 1 at (1, 0) and −1 at (0, 1): their difference. XOR treats both inputs alike.",
            _xor_weights([[1, -1], [-1, 1]], [0, 0], [1, -1], 0),
        ),
        Mistake(
            "first input only",
            "(1, 0) is right, but (0, 1) still gives 0: a hidden neuron answers where only the first input is on, and nothing does where only the second is.",
            _xor_weights([[1, -1], [-1, 1]], [0, 0], [1, 0], 0),
        ),
        Mistake(
            "second input only",
            "(0, 1) is right, but (1, 0) still gives 0: a hidden neuron answers where only the second input is on, and nothing does where only the first is.",
            _xor_weights([[1, -1], [-1, 1]], [0, 0], [0, 1], 0),
        ),
    ),
)


# --- count_parameters -----------------------------------------------------------------------------------------------


def count_parameters(sizes: Sequence[int]) -> int:
    return sum(n_in * n_out + n_out for n_in, n_out in pairwise(sizes))


def _count_cases(rng: np.random.Generator) -> list[Case]:
    # All are drawn, and none is an example of the notebook: what that prints is no answer.
    def drawn(low: int, high: int, count: int) -> list[int]:
        return [int(n) for n in rng.choice(np.arange(low, high), size=count, replace=False)]

    lists = {
        "one small layer": drawn(4, 40, 2),
        "one layer with many inputs": [*drawn(400, 780, 1), *drawn(11, 60, 1)],
        "two layers, the last of one neuron": [*drawn(2, 40, 2), 1],
        # An odd number above 2^24: a float32 has no room for it.
        "two large layers": [2 * drawn(2300, 2900, 1)[0], 2 * drawn(2100, 2300, 1)[0] + 1, *drawn(5, 20, 1)],
        "four layers": drawn(11, 60, 5),
    }
    return [Case(label, (sizes,), shown=str(sizes)) for label, sizes in lists.items()]


COUNT_PARAMETERS = Exercise(
    name="count_parameters",
    topic=TOPIC,
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
        Mistake(
            "first layer only",
            "Only the first layer was counted. Does your `return` stand inside the loop? Then it ends the function in the first round.",
            lambda sizes: sizes[0] * sizes[1] + sizes[1],
        ),
        Mistake(
            "last layer only",
            "Only the last layer was counted. In a loop each layer is *added* to the total; `=` alone forgets the ones before.",
            lambda sizes: sizes[-2] * sizes[-1] + sizes[-1],
        ),
        Mistake(
            "without the last layer",
            "The last layer was not counted. The loop ends one step too early: n sizes make n − 1 layers.",
            lambda sizes: count_parameters(sizes[:-1]),
        ),
        Mistake(
            "one layer too many",
            "A size was looked for after the last one. n sizes make n − 1 layers, and their places are 0 to n − 1: does the loop take one step too many, or is a size itself taken for a place?",
            lambda sizes: [sizes[i] * sizes[i + 1] + sizes[i + 1] for i in range(len(sizes))],
        ),
        Mistake(
            "from the last to the first",
            "There is one layer too many: it goes from the last size to the first, because index −1 means the last. The first layer starts at the first size: n sizes make n − 1 layers.",
            lambda sizes: sum(sizes[i - 1] * sizes[i] + sizes[i] for i in range(len(sizes))),
        ),
        Mistake(
            "one bias a layer",
            "You counted one bias for each layer. Each neuron has its own.",
            lambda sizes: sum(a * b + 1 for a, b in pairwise(sizes)),
        ),
        Mistake(
            "a float",
            "The number is right, but it is a float, with a decimal point. A count is an int: start from `0` and not from `0.0`, and divide nothing.",
            lambda sizes: float(count_parameters(sizes)),
        ),
        Mistake(
            "sums for products",
            "Sizes were added where they have to be multiplied: each neuron has a weight for *each* of its inputs. Without parentheses, `a + 1 * b` is a sum, too.",
            lambda sizes: sum(a + b for a, b in pairwise(sizes)),
        ),
        Mistake(
            "without the first layer",
            "The first layer was not counted. It goes from the first size to the second: n sizes make n − 1 layers.",
            lambda sizes: count_parameters(sizes[1:]),
        ),
        Mistake(
            "pairs that don't overlap",
            "Each size but the first and the last belongs to two layers: what comes out of one goes into the next. Your pairs don't overlap.",
            lambda sizes: (
                count_parameters(sizes[:2]) + sum(map(count_parameters, zip(sizes[2::2], sizes[3::2], strict=False)))
            ),
        ),
        Mistake(
            "each size with itself",
            "Each size meets itself. A layer goes from one size to the *next*.",
            lambda sizes: sum(n * n + n for n in sizes),
        ),
        Mistake(
            "multiplied up",
            "The layers' counts were multiplied. The counts of all layers are added.",
            lambda sizes: math.prod(a * b + b for a, b in pairwise(sizes)),
        ),
        Mistake(
            "biases of the hidden layers",
            "The weights are right. The neurons of the last layer have biases, too.",
            lambda sizes: sum(a * b for a, b in pairwise(sizes)) + sum(sizes[1:-1]),
        ),
        Mistake(
            "first and last size",
            "You took the first and the last size alone. The layers between them have weights and biases, too.",
            lambda sizes: sizes[0] * sizes[-1] + sizes[-1],
        ),
        Mistake(
            "product of all sizes",
            "All sizes were multiplied with each other. Each layer has its own weights, and these are added.",
            lambda sizes: math.prod(sizes) + sum(sizes[1:]),
        ),
        Mistake(
            "layers",
            "These are the layers. Each neuron of each layer has as many weights as it has inputs, and a bias.",
            lambda sizes: len(sizes) - 1,
        ),
        Mistake(
            "all sizes added",
            "These are the sizes, added up. Each neuron has as many weights as it has inputs, and a bias.",
            lambda sizes: sum(sizes),
        ),
    ),
)
