"""count_parameters, layer_numbers: how many numbers a network has, and how much work it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.choices import Quantity, estimate
from course.exercises.the_neuron.common import TOPIC

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
            "You gave the inputs a bias, too. The first size is what comes in; there are no neurons there yet.",
            lambda sizes: sum(a * b for a, b in pairwise(sizes)) + sum(sizes),
        ),
        Mistake(
            "neurons",
            "These are the neurons. Each has as many weights as it has inputs, and a bias.",
            lambda sizes: sum(sizes[1:]),
        ),
        Mistake(
            "first layer only",
            "Only the first layer was counted. Is your `return` inside the loop? Then it ends the function in the first round.",
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


# --- layer_numbers --------------------------------------------------------------------------------------------------

# Of a layer from 784 inputs to 256 neurons; a factor of 2 that was forgotten is seen.
_CLOSE = 1.3
_WEIGHTS, _FLOP = 784 * 256, 2 * 784 * 256

LAYER_NUMBERS = estimate(
    "layer_numbers",
    TOPIC,
    2,
    {
        "parameters": Quantity(
            _WEIGHTS + 256,
            _CLOSE,
            {
                784 + 256: "These are the inputs and the neurons, added. Each neuron has a weight for each input.",
                784: "That is the number of weights of one neuron. How many neurons are there?",
                256: "That is the number of neurons. Each has a weight for each of its inputs, and a bias.",
                2 * _WEIGHTS: "That is twice as many. Each pair of an input and a neuron has a single weight.",
            },
        ),
        "bytes of the parameters": Quantity(
            4 * _WEIGHTS,
            _CLOSE,
            {
                _WEIGHTS: "That is how many numbers there are. How many bytes does a float32 take?",
                32 * _WEIGHTS: "These are bits. Eight of them are a byte.",
                8 * _WEIGHTS: "That would be right for float64. JAX computes in float32.",
            },
        ),
        "FLOP for one image": Quantity(
            _FLOP,
            _CLOSE,
            {
                _WEIGHTS: "These are the multiplications alone. Each product is also added to a sum.",
                784: "These are the multiplications of a single neuron. Count the other neurons, and the additions.",
                2 * 784: "That is the work of one neuron. The layer has 256.",
            },
        ),
        "FLOP for a batch of 64": Quantity(
            64 * _FLOP,
            _CLOSE,
            {
                _FLOP: "That is one image. Every image of the batch takes as much work.",
                64 * _WEIGHTS: "These are the multiplications alone. Each product is also added to a sum.",
            },
        ),
        "answers for a batch of 64": Quantity(
            64 * 256,
            _CLOSE,
            {
                256: "That is how many come out for one image.",
                64: "Each image gets an answer from each neuron, not a single one.",
                64 * 784: "That is how many numbers go in. What comes out has a column for each neuron.",
            },
        ),
    },
)
