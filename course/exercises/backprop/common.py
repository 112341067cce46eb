"""What the rooms of this lesson's catalogue share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.compare import kind_of
from course.checks.exercise import WrongAnswer

TOPIC = "backprop"
# The network's parameters, in the order in which they are compared.
NAMES = ("W1", "b1", "W2", "b2")

Params = dict[str, Array]


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Standard normal float32 numbers."""
    return rng.normal(size=shape).astype(np.float32)


def some_labels(rng: np.random.Generator, batch: int, classes: int) -> np.ndarray:
    """Labels `(batch,)`, int32, of which two are never all the same."""
    labels = rng.integers(0, classes, batch).astype(np.int32)
    if batch > 1 and (labels == labels[0]).all():
        labels[0] = (labels[0] + 1) % classes
    return labels


def batch_of(batch: int) -> str:
    """ "a batch of one"."""
    return f"a batch of {'one' if batch == 1 else batch}"


def one_hot(logits: Array, labels: Array) -> Array:
    """The labels as rows of 0 and one 1 `(batch, classes)`."""
    return jax.nn.one_hot(labels, logits.shape[1])


def of_labels(table: Array, labels: Array) -> Array:
    """For each row of `table` `(batch, classes)` the entry of its label `(batch,)`."""
    return jnp.take_along_axis(table, labels[:, None], axis=1)[:, 0]


def after_colon(hint: str) -> str:
    """A hint as it goes on after "On a batch of one: "."""
    return hint[0].lower() + hint[1:]


# --- Answers that are dicts ---------------------------------------------------------------------------------------------

# What a probe puts in front of the entries of a dict (see probes/backprop.py).
DICT = "a dict"


def is_dict(raw: Any) -> bool:
    """Whether a probe says that this was a dict."""
    return isinstance(raw, tuple) and len(raw) == 2 and isinstance(raw[0], str) and raw[0] == DICT


def entries(raw: Any, shapes: Mapping[str, tuple[int, ...]], what: str) -> np.ndarray:
    """All numbers of a dict's entries in the order of `shapes`, one after another.

    Args:
        raw: what the probe brought back.
        shapes: the entries that are expected, and their shapes.
        what: how the dict is called in a message, such as "the gradients".

    Raises:
        WrongAnswer: it is no dict, an entry is missing or too many, has another shape, or holds no floating-point numbers.
    """
    wanted = ", ".join(f'"{name}"' for name in shapes)
    if not is_dict(raw):
        raise WrongAnswer(f"{what} should be a dict with {_entries(len(shapes))} {wanted}, and are {_kind(raw)}.")
    found = {str(name): value for name, value in raw[1]}
    if missing := [name for name in shapes if name not in found]:
        raise WrongAnswer(f'{what} have no entry "{missing[0]}"; expected {wanted}.')
    if further := [name for name in found if name not in shapes]:
        raise WrongAnswer(f'{what} have an entry "{further[0]}" that is not asked for; expected {wanted}.')
    return np.concatenate([_numbers(name, found[name], shape) for name, shape in shapes.items()])


def _entries(count: int) -> str:
    return "the entry" if count == 1 else "the entries"


def _kind(raw: Any) -> str:
    if raw is None:
        return "None"
    if isinstance(raw, (tuple, list)):
        return f"{len(raw)} values in a {type(raw).__name__}"
    return f"an array of shape {raw.shape}" if isinstance(raw, np.ndarray) else f"of the class {type(raw).__name__}"


def _numbers(name: str, value: Any, shape: tuple[int, ...]) -> np.ndarray:
    if value is None or isinstance(value, (tuple, list, str)) or kind_of(value) not in "if":
        raise WrongAnswer(f'the entry "{name}" can\'t be read as an array of numbers.')
    array = np.asarray(value)
    if array.shape != shape:
        raise WrongAnswer(f'the entry "{name}" has the shape {array.shape}, which is not the shape of {name}.')
    if kind_of(array) != "f" or array.itemsize < 4:
        raise WrongAnswer(f'the entry "{name}" holds {array.dtype} numbers; expected float32.')
    return array.astype(np.float32).reshape(-1)
