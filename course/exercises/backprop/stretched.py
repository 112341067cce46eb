"""unbroadcast: the slope of an array that was stretched, in the array's own shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.backprop.common import TOPIC, normal


def unbroadcast(grad: Any, shape: Sequence[int]) -> Any:
    """Sums over the axes that broadcasting has added, and over those that it has stretched."""
    return _stretched_summed(_added_summed(grad, shape), shape)


def _added_summed(grad: Any, shape: Sequence[int]) -> Any:
    return grad.sum(axis=tuple(range(grad.ndim - len(shape))))


def _ones_lost(grad: Any, shape: Sequence[int]) -> Any:
    return grad.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1))


def _stretched_summed(grad: Any, shape: Sequence[int]) -> Any:
    lead = grad.ndim - len(shape)
    axes = tuple(lead + i for i, n in enumerate(shape) if n == 1 < grad.shape[lead + i])
    return grad.sum(axis=axes, keepdims=True)


def _unbroadcast_right(grad: Any, shape: Sequence[int]) -> np.ndarray:
    """Each number is added where it came from: place by place."""
    found = np.zeros(tuple(shape))
    source = np.broadcast_to(np.arange(found.size).reshape(found.shape), np.shape(grad))
    np.add.at(found.reshape(-1), source.reshape(-1), np.asarray(grad, float).reshape(-1))
    return found.astype(np.float32)


def _to_shape(grad: Any, shape: Sequence[int]) -> bool:
    return tuple(grad.shape) == tuple(shape)


UNBROADCAST = Exercise(
    name="unbroadcast",
    topic=TOPIC,
    points=3,
    reference=unbroadcast,
    right=_unbroadcast_right,
    cases=lambda rng: [
        Case("a bias: (5, 3) to (3,)", (normal(rng, 5, 3), (3,))),
        Case("a column: (5, 3) to (5, 1)", (normal(rng, 5, 3), (5, 1))),
        Case("a row that is a matrix: (4, 2) to (1, 2)", (normal(rng, 4, 2), (1, 2))),
        Case("one number: (2, 3) to ()", (normal(rng, 2, 3), ())),
        Case("both at once: (2, 4, 3) to (4, 1)", (normal(rng, 2, 4, 3), (4, 1))),
        Case("a shape that nothing has stretched, (3, 3)", (normal(rng, 3, 3), (3, 3))),
        Case("an axis that has length 1 already: (1, 3) to (1, 3)", (normal(rng, 1, 3), (1, 3))),
    ],
    given=("grad", "shape"),
    edges=(
        "a shape that nothing has stretched, (3, 3)",
        "an axis that has length 1 already: (1, 3) to (1, 3)",
    ),
    mistakes=(
        Mistake(
            "averaged",
            "A number that was used several times collects the slopes of all its uses: they add up, and are not averaged.",
            lambda grad, shape: unbroadcast(grad, shape) * (max(1, int(np.prod(shape))) / grad.size),
        ),
        Mistake(
            "the first copy only",
            "Only the slope of *one* copy was kept. A number that was stretched was used many times, and all its uses count.",
            lambda grad, shape: _first_copy(grad, shape),
        ),
        Mistake(
            "the first along the added axes",
            "Along an axis that was added in front, only the first slope was kept. The slopes of all copies add up.",
            lambda grad, shape: _stretched_summed(grad[(0,) * (grad.ndim - len(shape))], shape),
        ),
        Mistake(
            "added axes only",
            "The axes that were added in front are summed. An axis of length 1 that was *stretched* is still as long as in `grad`.",
            _added_summed,
        ),
        Mistake(
            "stretched axes only",
            "The axes that were stretched are summed. Where `shape` has fewer axes than `grad`, there are too many in front.",
            lambda grad, shape: _stretched_summed(grad, shape),
        ),
        Mistake(
            "the axis lost",
            "The numbers are right, and an axis of length 1 is gone. `shape` has it, and a sum can keep its axis.",
            lambda grad, shape: _ones_lost(_added_summed(grad, shape), shape),
        ),
        Mistake(
            "over the batch, always",
            "You summed over the first axis, whatever the shape. Compare `grad.shape` with `shape`, axis by axis: which are too many, and which too long?",
            lambda grad, shape: grad.sum(axis=0),
        ),
        Mistake(
            "one axis in front",
            "A bias is right. There may be more than one axis in front, and an axis of length 1 may have been stretched, too. "
            "Compare `grad.shape` with `shape`, axis by axis.",
            lambda grad, shape: grad.sum(axis=0) if grad.ndim > len(shape) else grad,
        ),
        Mistake(
            "as it came",
            "The slopes came back unchanged. They need the shape of what was stretched.",
            lambda grad, shape: grad if not _to_shape(grad, shape) else 1.0 * grad,
        ),
        Mistake(
            "all in one sum",
            "All slopes were added to one number. Only what came from the same number belongs together.",
            lambda grad, shape: grad.sum(),
        ),
        Mistake(
            "reshaped",
            "There are more numbers in `grad` than in `shape`: `reshape` can't make one of several. The slopes of the copies add up.",
            lambda grad, shape: grad.reshape(shape),
        ),
    ),
)


def _first_copy(grad: Any, shape: Sequence[int]) -> Any:
    """Index 0 along each axis that was added or stretched."""
    lead = grad.ndim - len(shape)
    places = [slice(0, 1) if n == 1 else slice(None) for n in shape]
    return grad[(*[0] * lead, *places)]
