"""network_costs: what a network costs, before it is built."""

from __future__ import annotations

from course.exercises.choices import Quantity, estimate
from course.exercises.cnn_classification.common import TOPIC

# Of the network in the exercise: color images of 32 × 32, conv 64, pool, conv 128, pool, dense 10; all kernels 3 × 3, all padded.
SIDE, COLORS, FIRST, SECOND, CLASSES = 32, 3, 64, 128, 10
_SECOND = 9 * FIRST * SECOND
_DENSE = (SIDE // 4) ** 2 * SECOND

NETWORK_COSTS = estimate(
    "network_costs",
    TOPIC,
    3,
    {
        "parameters of the first convolution": Quantity(
            9 * COLORS * FIRST + FIRST,
            within=1.2,
            wrong={
                9 * FIRST
                + FIRST: "That would do for a gray image. Each kernel has nine weights for each of the three colors.",
                SIDE
                * SIDE
                * FIRST
                * (9 * COLORS + 1): "The kernels are the same at every place of the image: count them once.",
            },
        ),
        "parameters of the second convolution": Quantity(
            _SECOND + SECOND,
            within=1.2,
            wrong={
                9 * SECOND
                + SECOND: "A kernel of the second layer has nine weights for each of the channels that come in, not nine in all.",
                9 * COLORS * SECOND
                + SECOND: "The colors of the image are used up by then. How many channels does the first layer give?",
            },
        ),
        "parameters of the dense layer": Quantity(
            _DENSE * CLASSES + CLASSES,
            within=1.2,
            wrong={
                SIDE * SIDE * SECOND * CLASSES
                + CLASSES: "That is without the pools. Each of them halves the height and the width.",
                _DENSE + CLASSES: "Each of the ten sums has a weight of its own for every number that comes in.",
            },
        ),
        "FLOP of the second convolution, for one image": Quantity(
            2 * _SECOND * (SIDE // 2) ** 2,
            within=1.5,
            wrong={
                2
                * _SECOND: "Those are the operations at one place. The kernel is laid on every pixel of what the first pool leaves.",
                2 * _SECOND * SIDE**2: "The first pool comes before it: how high and how wide is the picture by then?",
            },
        ),
        "pixels in a row that one neuron of the second convolution sees": Quantity(
            8,
            within=1.05,
            wrong={
                5: "Two layers of 3 × 3 would see 5 pixels without the pool between them. A step to the side is now worth two pixels.",
                3: "Those are the neighbors in the picture that it looks at, not pixels of the image.",
                6: "Three neighbors, two pixels apart. But each of them, a pooled answer, sees more than two pixels.",
            },
        ),
    },
)
