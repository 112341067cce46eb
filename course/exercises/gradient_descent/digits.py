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
from course.data import Split, load
from course.exercises.backprop.common import NAMES, normal
from course.exercises.digits import BARELY, PIXELS, held_out, vary
from course.exercises.keys import drawn

CLASSES = 10
# Examples, and as many keys: that all of these choose the same one happens once in two million times.
FEW = 8
# Of the cases with digits. So right loops read 85.6 to 89.1 % of the unseen ones (30 draws, sorted and not, batches drawn anew
# or in rounds); loops that stop after the first round read up to 81 %, those with the other mistakes up to 64 %.
RATE, BATCH, STEPS, EXAMPLES, HIDDEN = 0.15, 32, 300, 1000, 32


class Digits:
    """Answers the questions of :func:`course.checks.probes.backprop.trained`.

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
    # The last pixel is blank, so that its weights, which are large, stay as they are.
    pixels[:, -1] = 0
    labels = np.full(examples, rng.integers(0, classes), np.int32)
    W1, *rest = he(rng, n_in, hidden, classes)
    W1[:2, -1] = 20, -20
    numbers = [rate, steps, batch, [int(rng.integers(1000))]]
    shown = f"X {pixels.shape}, learning_rate = {rate:g}, steps = {steps}, batch_size = {batch}"
    return Case(label, (pixels, labels, [W1, *rest], numbers), shown)


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
def _train() -> Split:
    return load("mnist_5k").train


def digits_cases(rng: np.random.Generator) -> list[Case]:
    """Two cases of digits to learn from and others to be tried on: in any order, and sorted by class.

    Each image is varied, their pixels stand in another order than usual, and so do the numbers of their classes. All this changes
    with the seed, so that neither a table of the course's images nor a network that was trained before is of any use.
    """
    images, labels = _train().images, _train().labels
    truth = held_out().labels
    known = rng.permutation(len(labels))[:EXAMPLES]
    order = rng.permutation(PIXELS)
    pixels = np.rint(255 * vary(images[known], rng, BARELY)).astype(np.uint8).reshape(-1, PIXELS)[:, order]
    unseen = vary(held_out().images, rng, BARELY).reshape(-1, PIXELS)[:, order]
    cases = []
    for label, ordered in (("digits", False), ("digits, sorted by class", True)):
        classes = rng.permutation(CLASSES).astype(np.int32)
        own = classes[labels[known]]
        rows = np.argsort(own, kind="stable") if ordered else np.arange(EXAMPLES)
        numbers = [RATE, STEPS, BATCH, [int(rng.integers(1000))]]
        shown = (
            f"{EXAMPLES:,} digits, each turned and moved a little, whose pixels stand in another order than usual,\n"
        )
        shown += f"and whose classes have other numbers (a 0 is class {classes[0]}),\n"
        shown += f"learning_rate = {RATE:g}, steps = {STEPS}, batch_size = {BATCH}"
        start = he(rng, PIXELS, HIDDEN, CLASSES)
        cases.append(Case(label, (pixels[rows], own[rows], start, numbers, unseen, classes[truth]), shown))
    return cases
