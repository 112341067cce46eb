"""What the rooms of this lesson's catalogue share."""

from __future__ import annotations

import numpy as np

LESSON = "02_the_neuron"


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Standard normal float32 numbers."""
    return rng.normal(size=shape).astype(np.float32)


def sizes(n_in: int, n_out: int) -> str:
    """A layer's sizes in words: "5 inputs, 1 neuron"."""
    return ", ".join(f"{n} {noun}{'' if n == 1 else 's'}" for n, noun in ((n_in, "input"), (n_out, "neuron")))
