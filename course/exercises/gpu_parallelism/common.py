"""What the rooms of this lesson's catalogue share."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.checks.compare import is_number, kind_of

TOPIC = "gpu_parallelism"


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Standard normal float32 numbers."""
    return rng.normal(size=shape).astype(np.float32)


def wide(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """The same; of four and more, 20 stands in one column and −20 in another, so that it shows where an answer is cut off."""
    array = np.asarray(normal(rng, *shape))
    if array.size >= 4 and shape[-1] > 1:
        rows = array.reshape(-1, shape[-1])
        for column, number in zip(rng.choice(shape[-1], 2, replace=False), (20, -20), strict=True):
            rows[rng.integers(len(rows)), column] = number
    return array


def real(rng: np.random.Generator, low: float, high: float, digits: int = 3) -> float:
    """A number between two others, evenly on a logarithmic scale, with few digits, so that it reads well in a message."""
    return float(f"{np.exp(rng.uniform(np.log(low), np.log(high))):.{digits}g}")


def as_float(raw: Any, *args: Any) -> Any:
    """A measure: one float of any width, JAX's too, is as good as Python's. Other answers stay as they are."""
    return float(raw) if is_number(raw) and kind_of(raw) == "f" else raw
