"""What the rooms of this lesson's catalogue share."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.checks.compare import kind_of
from course.checks.exercise import WrongAnswer

TOPIC = "the_neuron"


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Standard normal float32 numbers."""
    return rng.normal(size=shape).astype(np.float32)


def sizes(n_in: int, n_out: int) -> str:
    """A layer's sizes in words: "5 inputs, 1 neuron"."""
    return ", ".join(f"{n} {noun}{'' if n == 1 else 's'}" for n, noun in ((n_in, "input"), (n_out, "neuron")))


def numbers(name: str, part: Any) -> np.ndarray:
    """A part of an answer as float32 numbers.

    Raises:
        WrongAnswer: there are no numbers in it.
    """
    try:
        if kind_of(part) in ("b", "i", "f"):
            return np.asarray(part).astype(np.float32)
    except (TypeError, ValueError, OverflowError):  # a list whose rows are not equally long
        pass
    raise WrongAnswer(f"{name} can't be read as an array of numbers.")
