"""What the rooms of this lesson's catalogue share."""

from __future__ import annotations

import numpy as np

TOPIC = "cnn_classification"


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Standard normal float32 numbers."""
    return rng.normal(size=shape).astype(np.float32)


def after_colon(hint: str) -> str:
    """A hint as it goes on after "On a batch of one: "."""
    return hint[0].lower() + hint[1:]
