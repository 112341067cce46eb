"""What the rooms of this lesson's catalogue share."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.checks.exercise import WrongAnswer

TOPIC = "make_it_fast"


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Standard normal float32 numbers."""
    return rng.normal(size=shape).astype(np.float32)


def layer(rng: np.random.Generator, inputs: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """The weights `(inputs, classes)` and the bias `(classes,)` of a dense layer, float32."""
    return 0.3 * normal(rng, inputs, classes), 0.3 * normal(rng, classes)


def surely_wrong(rng: np.random.Generator, b: np.ndarray, labels: np.ndarray) -> None:
    """Make the layer sure of class 0, and all labels others, so that the loss is large: it shows where it is cut off."""
    b[0], labels[...] = 20, rng.integers(1, b.size, labels.shape)


def whole_numbers(raw: Any, count: int) -> tuple[int, ...]:
    """`count` whole numbers, from a process that may lie.

    Raises:
        WrongAnswer: they are nothing of the kind.
    """
    numbers = np.asarray(raw)
    if numbers.dtype.kind not in "iu" or numbers.shape != (count,):
        raise unreadable()
    return tuple(map(int, numbers))


def unreadable() -> WrongAnswer:
    """What came from the learner's process makes no sense."""
    return WrongAnswer("what your function does could not be read.")
