"""What the rooms of this lesson's catalogue share."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from jax import Array

LESSON = "04_cnn_classification"


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Standard normal float32 numbers."""
    return rng.normal(size=shape).astype(np.float32)


@cache
def _tiny() -> Any:
    # Flax takes one to two seconds to import, and every check of any lesson imports this room.
    from flax import nnx

    class Tiny(nnx.Module):
        def __init__(self, W: Array, b: Array) -> None:
            self.W, self.b = nnx.Param(W), nnx.Param(b)

        def __call__(self, images: Array) -> Array:
            return images.reshape(images.shape[0], -1) @ self.W[...] + self.b[...]

    return Tiny


def tiny(W: Array, b: Array) -> Any:
    """A Flax model of one dense layer: `(batch, h, w, 1)` images to `(batch, classes)` logits, with `W` `(h·w, classes)`."""
    return _tiny()(W, b)


def after_colon(hint: str) -> str:
    """A hint as it goes on after "On a batch of one: "."""
    return hint[0].lower() + hint[1:]
