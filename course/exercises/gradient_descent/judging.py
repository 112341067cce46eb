"""estimate_training, diagnose_curves: what to expect of a run, and what its curves say."""

from __future__ import annotations

import math

from course.exercises.choices import Quantity, choice, estimate
from course.exercises.gradient_descent.common import TOPIC

ESTIMATE_TRAINING = estimate(
    "estimate_training",
    TOPIC,
    2,
    {
        "first loss": Quantity(
            math.log(100),
            within=1.1,
            wrong={
                math.log(10): "That is the first loss for ten classes.",
                2.0: "That is the logarithm to the base 10. The loss is in nats.",
                math.log2(100): "That is in bits, with the logarithm to the base 2. The loss is in nats.",
                0.01: "That is the probability of the right class. What is the loss where it gets that?",
                99.0: "A probability of 1/100 is not that bad. Which function turns it into a loss?",
            },
        ),
        "steps": Quantity(
            9375,
            within=1.02,
            wrong={
                937.5: "That is one epoch.",
                600_000: "That is how many examples the run sees. A step takes a whole batch of them.",
                640: "That is ten batches' worth of examples. How many batches are in 60,000 examples?",
                60_000: "That is one epoch with batches of one.",
            },
        ),
        "largest learning rate": Quantity(
            0.04,
            within=1.05,
            wrong={
                0.02: "At 1/c the walk is at the bottom after one step. It may be larger than that.",
                100.0: "A narrower valley needs shorter steps, not longer ones.",
                25.0: "A narrower valley needs shorter steps, not longer ones.",
            },
        ),
        "noise": Quantity(
            4.0,
            within=1.05,
            wrong={
                16.0: "The noise does not shrink as fast as the batch grows.",
                2.0: "That is what four times the batch brings.",
                256.0: "The noise does not shrink faster than the batch grows.",
                1.0: "The noise does get smaller.",
                0.25: "That is the share of the noise that is left. How many times smaller is it? That number is above 1.",
            },
        ),
        "numbers of Adam": Quantity(
            3e6,
            within=1.05,
            wrong={
                1e6: "Adam keeps something for each weight, besides the weight.",
                2e6: "One more number is kept for each weight: Adam has two running means.",
                4e6: "The gradient need not be kept: the next step calculates a new one.",
            },
        ),
        "step with momentum": Quantity(
            1.0,
            within=1.05,
            wrong={
                0.01: "That is the plain step. The velocity grows while the slope stays the same.",
                0.1: "That would be so with a momentum of 0.9.",
                100.0: "That is the velocity. The step is the learning rate times that.",
                0.0199: "That is the second step. The velocity goes on growing.",
            },
        ),
    },
)

# What the runs of the exercise would look like if it were this.
_LOOKS = {
    "A": "With too small a learning rate, both curves fall slowly and evenly, close together, and are still falling at the end.",
    "B": "With too large a learning rate, even the training loss jumps up and down and never settles.",
    "C": "A network that overfits gets better and better on its own examples, and after a while worse on new ones: the validation loss has a low point.",
    "D": "A network that is too small levels off early, on both curves, and high: it can't fit even the examples that it knows.",
    "E": (
        "Where images and labels don't belong together, nothing that the network learns holds for new ones: "
        "the validation loss never gets below log 10 = 2.3."
    ),
    "F": "In a good run both curves fall fast, then slowly, down to a low loss, and the validation loss does not rise again.",
}
_RIGHT = {"curve 1": "C", "curve 2": "A", "curve 3": "F", "curve 4": "E", "curve 5": "B", "curve 6": "D"}

DIAGNOSE_CURVES = choice(
    "diagnose_curves",
    TOPIC,
    2,
    {
        curve: (right, {letter: looks for letter, looks in _LOOKS.items() if letter != right})
        for curve, right in _RIGHT.items()
    },
)
