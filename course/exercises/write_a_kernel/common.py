"""What the rooms of this lesson's catalogue share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import jax
import numpy as np

from course.exercises.gpu_parallelism.kernels import edited as _edited

TOPIC = "write_a_kernel"
# A kernel is read and compiled for each shape, which takes its time where many share a machine.
LIMIT_S = 60.0
NOTHING_WRITTEN = (
    "Nothing was written: everything is nan. `o_ref = …` only gives the name to something else. To write into "
    "the block that the reference points to, use brackets."
)


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Standard normal float32 numbers."""
    return rng.normal(size=shape).astype(np.float32)


def quarters(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Float32 numbers from -2 to 2 in steps of 1/4: their products are exact also in the short formats of tensor cores."""
    return (rng.integers(-8, 9, shape) / 4).astype(np.float32)


def whole(rng: np.random.Generator, low: int, high: int) -> int:
    """A whole number from `low` up to and with `high`."""
    return int(rng.integers(low, high + 1))


def compiled(function: Callable[..., Any], *numbers: str) -> Callable[..., Any]:
    """The function under `jit`, so that inputs of the same shapes don't compile its kernel anew; `numbers` are no arrays.

    Compiled in haste: the inputs are small, and a check waits for the compiler more than for them.
    """
    fast = jax.jit(function, static_argnames=numbers, compiler_options={"xla_backend_optimization_level": 0})

    @wraps(function)
    def either(*args: Any) -> Any:
        # Options are for the outermost `jit` alone; where the function is only read, there is one around it.
        return function(*args) if any(isinstance(arg, jax.core.Tracer) for arg in args) else fast(*args)

    return either


def edited(function: Callable[..., Any], *changes: tuple[str, str]) -> Callable[..., Any]:
    """The function with pieces of its text exchanged, each of which stands in it once.

    Raises:
        ValueError: a piece is not there, or more than once.
    """
    wrong = _edited(function, *changes)
    # What the text names has to be there: `jax`, `jnp`, `pl`.
    wrong.__globals__.update(function.__globals__)
    return wrong
