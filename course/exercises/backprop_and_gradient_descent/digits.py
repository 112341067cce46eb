"""The world of `train`: it hands out digits to learn from, and keeps those on which the network will be tried.

What the learner's process gets of it is the training data and a network to begin with, so that nothing in that process is
the answer. The accuracy is that of the parameters that come back, on images that stay here.
"""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import numpy as np

from course.checks.exercise import Case
from course.exercises.backprop_and_gradient_descent.common import NAMES, normal
from course.exercises.keys import drawn

CLASSES = 10
PIXELS = 28 * 28
# Examples, and as many keys: that all of these choose the same one happens once in two million times.
FEW = 8
# Of the cases with digits. So right loops read 85.6 to 89.1 % of the unseen ones (30 draws, sorted and not, batches drawn anew
# or in rounds); loops that stop after the first round read up to 81 %, those with the other mistakes up to 64 %.
RATE, BATCH, STEPS, EXAMPLES, HIDDEN = 0.15, 32, 300, 1000, 32


class Digits:
    """Answers the questions of :func:`course.checks.probes.backprop_and_gradient_descent.trained`.

    Args:
        pixels: the training images `(n, in)`, uint8.
        labels: of them `(n,)`, int32.
        start: the parameters to begin with, in the order of NAMES.
        numbers: the learning rate, how many steps, how many examples a batch, and the numbers of the random keys.
    """

    def __init__(self, pixels: np.ndarray, labels: np.ndarray, start: list[np.ndarray], numbers: list[Any]) -> None:
        self.pixels, self.labels, self.numbers = pixels, labels, numbers
        self.start = dict(zip(NAMES, start, strict=True))

    def ask(self, op: str, *given: Any) -> Any:
        """See the probe.

        Raises:
            ValueError: the question makes no sense.
        """
        match op, given:
            case "images", ():
                return base64.b64encode(self.pixels.tobytes()).decode()
            case "labels", ():
                return self.labels.tolist()
            case "numbers", ():
                return self.numbers
            case "size", (str(name),) if name in self.start:
                return list(self.start[name].shape)
            case "start", (str(name),) if name in self.start:
                return base64.b64encode(self.start[name].tobytes()).decode()
        raise ValueError("the world of this exercise does not know that question")


def world(
    pixels: np.ndarray, labels: np.ndarray, start: list[np.ndarray], numbers: list[Any], *kept: np.ndarray
) -> Digits:
    """The world of a case; the unseen images and their labels, if there are any, are not given to it."""
    return Digits(pixels, labels, start, numbers)


def he(rng: np.random.Generator, n_in: int, hidden: int, classes: int) -> list[np.ndarray]:
    """Parameters to begin with, in the order of NAMES: He's weights (He and others 2015), and biases of 0."""
    W1 = normal(rng, hidden, n_in) * np.float32((2 / n_in) ** 0.5)
    W2 = normal(rng, classes, hidden) * np.float32((2 / hidden) ** 0.5)
    return [W1, np.zeros(hidden, np.float32), W2, np.zeros(classes, np.float32)]


def alike_case(label: str, rng: np.random.Generator, examples: int, batch: int, steps: int, rate: float) -> Case:
    """A case in which all examples are the same, so that every batch is, and the parameters after some steps are known."""
    n_in, hidden, classes = 5, 4, 3
    pixels = np.tile(rng.integers(60, 255, n_in).astype(np.uint8), (examples, 1))
    labels = np.full(examples, rng.integers(0, classes), np.int32)
    numbers = [rate, steps, batch, [int(rng.integers(1000))]]
    shown = f"X {pixels.shape}, learning_rate = {rate:g}, steps = {steps}, batch_size = {batch}"
    return Case(label, (pixels, labels, he(rng, n_in, hidden, classes), numbers), shown)


def apart_case(label: str, rng: np.random.Generator, rate: float) -> Case:
    """A case of a few examples and one step with a batch of one, for several keys: it can be told which of them each step took.

    They have no inked pixel in common and all hidden neurons answer, so that their gradients are far apart; and the same class.
    """
    inked, hidden, classes = 3, 4, 3
    pixels = np.zeros((FEW, FEW * inked), np.uint8)
    for i, image in enumerate(pixels):
        image[i * inked : (i + 1) * inked] = rng.integers(60, 255, inked)
    labels = np.full(FEW, rng.integers(0, classes), np.int32)
    W1, *rest = he(rng, FEW * inked, hidden, classes)
    numbers = [rate, 1, 1, drawn(rng, FEW, 2)]
    shown = f"X {pixels.shape}, learning_rate = {rate:g}, steps = 1, batch_size = 1"
    return Case(label, (pixels, labels, [np.abs(W1), *rest], numbers), shown)


@cache
def _read() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    from course.data import load

    data = load("mnist_5k")
    return (*data.train, *data.test)  # type: ignore[return-value]


def digits_case(label: str, rng: np.random.Generator, ordered: bool) -> Case:
    """A case with real digits, whose classes get other numbers than their own; perhaps sorted by class.

    As these numbers change with the seed, no network that was trained before it knew them is of any use.
    """
    images, labels, unseen, truth = _read()
    classes = rng.permutation(CLASSES).astype(np.int32)
    known = rng.permutation(len(labels))[:EXAMPLES]
    if ordered:
        known = known[np.argsort(classes[labels[known]], kind="stable")]
    pixels = np.rint(255 * images[known]).astype(np.uint8).reshape(-1, PIXELS)
    numbers = [RATE, STEPS, BATCH, [int(rng.integers(1000))]]
    shown = f"{EXAMPLES:,} digits, whose classes have other numbers than usual (a 0 is class {classes[0]}),\n"
    shown += f"learning_rate = {RATE:g}, steps = {STEPS}, batch_size = {BATCH}"
    start = he(rng, PIXELS, HIDDEN, CLASSES)
    return Case(label, (pixels, classes[labels[known]], start, numbers, unseen, classes[truth]), shown)
