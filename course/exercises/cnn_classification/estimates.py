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
                + FIRST: "That would be right for a gray image. Each kernel has nine weights for each of the three colors.",
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
                9 * FIRST
                + SECOND: "Those are the weights of one kernel, and all biases. There are as many kernels as channels that go out.",
                9 * COLORS * SECOND
                + SECOND: "The second layer doesn't see the colors of the image. How many channels does the first layer give it?",
            },
        ),
        "parameters of the dense layer": Quantity(
            _DENSE * CLASSES + CLASSES,
            within=1.2,
            wrong={
                SIDE * SIDE * SECOND * CLASSES
                + CLASSES: "That is without the pools. Each pool halves the height and the width.",
                (SIDE // 2) ** 2 * SECOND * CLASSES
                + CLASSES: "There are two pools before the dense layer, and each halves the height and the width.",
                _DENSE + CLASSES: "Each of the ten sums has a weight of its own for every number that comes in.",
            },
        ),
        "FLOP of the second convolution, for one image": Quantity(
            2 * _SECOND * (SIDE // 2) ** 2,
            within=1.5,
            wrong={
                _SECOND
                * (SIDE // 2)
                ** 2: "One multiplication and one addition are 2 FLOP. You counted the multiplications alone.",
                2
                * 9
                * SECOND
                * (SIDE // 2)
                ** 2: "At each place a kernel has nine weights for every channel that comes in, not nine in all.",
                2
                * _SECOND: "Those are the operations at one place. The kernel is laid on every pixel of what the first pool leaves.",
                2 * _SECOND * SIDE**2: "The first pool comes before it: how high and how wide is the picture by then?",
            },
        ),
        "pixels in a row that one neuron of the second convolution sees": Quantity(
            8,
            within=1.05,
            wrong={
                7: "The three pooled answers are two pixels apart. But the pool looks at two answers in a row, so a pooled answer "
                "sees more than three pixels.",
                10: "Two layers of 3 × 3 see 5, but not everything doubles: only the step from one pooled answer to the next is "
                "two pixels.",
                5: "Two layers of 3 × 3 would see 5 pixels without the pool between them. A step to the side is now worth two pixels.",
                3: "Those are three pooled answers, not three pixels of the image.",
                6: "The three pooled answers are two pixels apart, but each of them sees more than two pixels.",
            },
        ),
    },
)
