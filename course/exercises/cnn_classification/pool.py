"""max_pool: each block of four pixels becomes the largest of them.

The reference is NumPy's: on arrays this small JAX would spend its time compiling.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from course.checks.compare import describe, equal
from course.checks.exercise import Case, Exercise, Mistake
from course.checks.outcome import Failure
from course.checks.probes.cnn_classification import pooled
from course.exercises.cnn_classification.common import TOPIC, after_colon, normal


def _corners(x: ArrayLike) -> np.ndarray:
    """The four pixels of each 2×2 block, row by row: `(4, batch, h // 2, w // 2, c)`."""
    pixels = np.asarray(x)
    h, w = pixels.shape[1] // 2 * 2, pixels.shape[2] // 2 * 2
    return np.stack([pixels[:, i:h:2, j:w:2] for i in (0, 1) for j in (0, 1)])


def max_pool(x: ArrayLike) -> np.ndarray:
    """The largest of each 2×2 block, blocks side by side: `(batch, h, w, c)` to `(batch, h // 2, w // 2, c)`."""
    return _corners(x).max(axis=0)


def _overlapping(x: ArrayLike) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(np.asarray(x), (2, 2), axis=(1, 2)).max(axis=(-2, -1))


def _edge_kept(x: ArrayLike) -> np.ndarray:
    odd_h, odd_w = np.shape(x)[1] % 2, np.shape(x)[2] % 2
    return max_pool(np.pad(np.asarray(x), ((0, 0), (0, odd_h), (0, odd_w), (0, 0)), constant_values=-np.inf))


def _height_only(x: ArrayLike) -> np.ndarray:
    pairs = np.asarray(x)[:, : np.shape(x)[1] // 2 * 2]
    return np.maximum(pairs[:, ::2], pairs[:, 1::2])


def _cut_into_pieces(x: Array) -> Array:
    """A reshape that takes four neighbors of a row for a block; stops where the size is odd, as the learner's would."""
    batch, h, w, channels = x.shape
    return x.reshape(batch, h // 2, w // 2, 2, 2, channels).max(axis=(3, 4))


def _cut_into_halves(x: Array) -> Array:
    """A reshape that takes for a block what is at the same place of each half; stops where the size is odd."""
    batch, h, w, channels = x.shape
    return x.reshape(batch, 2, h // 2, 2, w // 2, channels).max(axis=(1, 3))


def _even(x: Array) -> Array:
    return x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]


def _uncut_pair(row: int, column: int) -> Callable[[Array], Array]:
    """Compares the upper left pixel with one other; stops where an odd size makes the slices unequal."""
    return lambda x: jnp.maximum(x[:, ::2, ::2], x[:, row::2, column::2])


_ODD = (
    "Even sizes are right. An image of an odd size can't be cut into pairs: "
    "what is to become of its last row or column?"
)


def _explain(failure: Failure, besides: Any, x: np.ndarray) -> str | None:
    """Four slices, a stack and a reshape stop in three ways, and for the same reason, where the even part is right."""
    return after_colon(_ODD) if besides is not None and equal(besides, max_pool(x), 1e-4, 1e-5) else None


def _max_pool_cases(rng: np.random.Generator) -> list[Case]:
    inputs = {
        "one block": normal(rng, 1, 2, 2, 1),
        "two channels of negative numbers": -np.abs(normal(rng, 1, 4, 4, 2)) - np.float32(0.5),
        "a batch of two images that are not square": normal(rng, 2, 4, 6, 3),
        "an odd height and an odd width": normal(rng, 1, 5, 7, 2),
        # Wide enough that slices of unequal width can't be broadcast to each other; and higher than that.
        "an odd width": normal(rng, 3, 8, 5, 1),
    }
    # It shows where an answer is cut off.
    inputs["a batch of two images that are not square"][0, 1, 2, 0] = 20
    return [Case(label, (x,), shown=f"x = {describe(x)}") for label, x in inputs.items()]


_PAIRS = {"two upper ones": (0, 1), "two on the left": (1, 0), "two on the diagonal": (1, 1)}


MAX_POOL = Exercise(
    name="max_pool",
    topic=TOPIC,
    points=2,
    reference=max_pool,
    # A zero is a zero, exactly, and every other number one of the inputs.
    atol=1e-9,
    probe=pooled,
    explain=_explain,
    cases=_max_pool_cases,
    edges=("one block",),
    mistakes=(
        Mistake(
            "mean",
            "This is the mean of each block. A max pool keeps one of the four numbers and forgets the rest.",
            lambda x: _corners(x).mean(axis=0),
        ),
        Mistake(
            "overlapping blocks",
            "Your blocks overlap: each begins one pixel after the one before. They should lie side by side.",
            _overlapping,
        ),
        Mistake(
            "forgot to step by two",
            "The shape is right, but each block begins one pixel after the one before, so they overlap and the far end "
            "of the image is never seen. How many pixels further does the next block begin?",
            lambda x: _overlapping(x)[:, : x.shape[1] // 2, : x.shape[2] // 2],
        ),
        Mistake(
            "every second pixel",
            "You keep the first pixel of each block without looking at the other three.",
            lambda x: _corners(x)[0],
        ),
        Mistake(
            "every second pixel, odd sizes too",
            "You keep the first pixel of each block without looking at the other three. "
            "Where a size is odd, even a last row or column that fills no block is kept.",
            lambda x: x[:, ::2, ::2],
        ),
        *(
            Mistake(
                name,
                f"Only two of the four numbers of each block are compared, the {name}. The others may be larger.",
                lambda x, other=2 * row + column: np.maximum(_corners(x)[0], _corners(x)[other]),
            )
            for name, (row, column) in _PAIRS.items()
        ),
        *(
            Mistake(
                f"{name}, odd sizes fail",
                f"Only two of the four numbers of each block are compared, the {name}. The others may be larger. "
                "After that, think of odd sizes.",
                _uncut_pair(row, column),
            )
            for name, (row, column) in _PAIRS.items()
        ),
        Mistake(
            "cut into wrong pieces",
            "The reshape takes four numbers that follow each other in a row for a block. `reshape` reads row by row: "
            "in which order of the axes do two rows and two columns make a block?",
            _cut_into_pieces,
        ),
        Mistake(
            "cut into wrong pieces, even part only",
            "The last odd row or column is cut off as it should be, but the reshape takes four numbers that follow each other in a row "
            "for a block. In which order of the axes do two rows and two columns make one?",
            lambda x: _cut_into_pieces(_even(x)),
        ),
        Mistake(
            "cut into halves",
            "The reshape compares numbers that lie half an image apart: its axes of length 2 come before the counts of blocks. "
            "Neighbors are in the axis that comes *last*.",
            _cut_into_halves,
        ),
        Mistake(
            "cut into halves, even part only",
            "The last odd row or column is cut off as it should be, but the reshape compares numbers that lie half an image apart: "
            "its axes of length 2 come before the counts of blocks. Neighbors are in the axis that comes *last*.",
            lambda x: _cut_into_halves(_even(x)),
        ),
        Mistake(
            "channels pooled",
            "The channels were merged. Each channel is an image of its own, and is pooled by itself.",
            lambda x: max_pool(x).max(axis=-1, keepdims=True),
        ),
        Mistake(
            "height only",
            "Only the height was halved. A block is two pixels high and two pixels wide.",
            _height_only,
        ),
        Mistake(
            "edge kept",
            "Even sizes are right. Where a size is odd, the last row or column has no partner, "
            "and is dropped rather than pooled alone.",
            _edge_kept,
        ),
        Mistake(
            "fails on odd sizes",
            _ODD,
            lambda x: x.reshape(x.shape[0], x.shape[1] // 2, 2, x.shape[2] // 2, 2, x.shape[3]).max(axis=(2, 4)),
        ),
        Mistake(
            "starts from zero",
            "Blocks in which every number is negative gave 0. The largest of some negative numbers is negative.",
            lambda x: np.maximum(max_pool(x), 0),
        ),
        Mistake(
            "minimum",
            "You keep the smallest number of each block.",
            lambda x: _corners(x).min(axis=0),
        ),
    ),
)
