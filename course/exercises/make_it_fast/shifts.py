"""shifted_conv: a convolution of images with one channel, as a sum of shifted images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.make_it_fast.common import TOPIC, normal


def shifted_conv(images: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    images, kernel = np.asarray(images), np.asarray(kernel)
    high, wide = kernel.shape[:2]
    return _summed(images, kernel, (high // 2, high // 2), (wide // 2, wide // 2))


def _summed(
    images: np.ndarray,
    kernel: np.ndarray,
    rows: tuple[int, int],
    columns: tuple[int, int],
    mode: Literal["constant", "wrap"] = "constant",
) -> np.ndarray:
    """Shifted images times their weights, with so many places above and below, and left and right: zeros, or the other side's pixels."""
    _, h, w, _ = images.shape
    padded = np.pad(images, ((0, 0), rows, columns, (0, 0)), mode=mode)
    total = np.zeros((*images.shape[:3], kernel.shape[-1]), np.float32)
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            total += padded[:, i : i + h, j : j + w] * kernel[i, j, 0]
    return total


def _with(change: Callable[[np.ndarray], np.ndarray]) -> Callable[..., np.ndarray]:
    """The convolution with kernels that are changed before."""
    return lambda images, kernel: shifted_conv(images, change(np.asarray(kernel)))


def _one_side(images: np.ndarray, kernel: np.ndarray, before: bool) -> np.ndarray:
    rows, columns = ((side - 1, 0) if before else (0, side - 1) for side in kernel.shape[:2])
    return _summed(np.asarray(images), np.asarray(kernel), rows, columns)


def _around(images: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    rows, columns = ((side // 2, side // 2) for side in kernel.shape[:2])
    return _summed(np.asarray(images), np.asarray(kernel), rows, columns, "wrap")


def _middle(kernel: np.ndarray) -> np.ndarray:
    """The nine weights in the middle alone."""
    high, wide = kernel.shape[:2]
    kept = np.zeros_like(kernel)
    place = slice(max(high // 2 - 1, 0), high // 2 + 2), slice(max(wide // 2 - 1, 0), wide // 2 + 2)
    kept[place] = kernel[place]
    return kept


def _one_zero(high: int | None = None, wide: int | None = None) -> Callable[..., Array]:
    """One zero on each side, as for a kernel of 3 × 3. It goes through so many weights, or through those of the kernel."""

    def wrong(images: Array, kernel: Array) -> Array:
        images, kernel = jnp.asarray(images), jnp.asarray(kernel)
        _, h, w, _ = images.shape
        padded = jnp.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
        total = jnp.zeros(())
        for i in range(high or kernel.shape[0]):
            for j in range(wide or kernel.shape[1]):
                total = total + padded[:, i : i + h, j : j + w] * kernel[i, j, 0]
        return total

    return wrong


def _last(kernel: np.ndarray) -> np.ndarray:
    kept = np.zeros_like(kernel)
    kept[-1, -1] = kernel[-1, -1]
    return kept


def _first_channel(kernel: np.ndarray) -> np.ndarray:
    return np.repeat(kernel[..., :1], kernel.shape[-1], axis=-1)


def _cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, batch: int, h: int, w: int, high: int, wide: int, channels: int) -> Case:
        images, kernel = normal(rng, batch, h, w, 1), normal(rng, high, wide, 1, channels)
        shown = f"images ({batch}, {h}, {w}, 1), kernel ({high}, {wide}, 1, {channels})"
        return Case(label, (images, kernel), shown)

    return [
        case("one image", 1, 4, 6, 3, 3, 2),
        case("a batch, and three kernels", 2, 5, 4, 3, 3, 3),
        case("kernels of 5 × 5", 2, 7, 6, 5, 5, 2),
        case("kernels that are one row", 3, 4, 5, 1, 3, 2),
        case("kernels that are higher than wide", 2, 6, 4, 5, 3, 2),
    ]


SHIFTED_CONV = Exercise(
    name="shifted_conv",
    topic=TOPIC,
    points=3,
    reference=shifted_conv,
    cases=_cases,
    atol=1e-5,
    mistakes=(
        Mistake(
            "mirrored",
            "Your kernel is flipped: its first weight meets the last shift. With zeros around the image, the shift (0, 0) belongs to the weight in the upper left corner.",
            _with(lambda kernel: kernel[::-1, ::-1]),
        ),
        Mistake(
            "upside down",
            "Your kernel is upside down: the weights of its first row meet the shifts of its last.",
            _with(lambda kernel: kernel[::-1]),
        ),
        Mistake(
            "left and right swapped",
            "Left and right of your kernel are swapped.",
            _with(lambda kernel: kernel[:, ::-1]),
        ),
        Mistake(
            "zeros behind",
            "You put all the zeros below and to the right, so the whole answer is shifted. Half of them belong on each side.",
            lambda images, kernel: _one_side(images, kernel, before=False),
        ),
        Mistake(
            "zeros before",
            "You put all the zeros above and to the left, so the whole answer is shifted. Half of them belong on each side.",
            lambda images, kernel: _one_side(images, kernel, before=True),
        ),
        Mistake(
            "around the edge",
            "What leaves the image on one side comes in on the other, as with `roll`. Beyond the edge there should be zeros.",
            _around,
        ),
        Mistake(
            "three by three",
            "You use at most nine weights. A kernel may have another size: its shape says how many shifts there are.",
            _with(_middle),
        ),
        Mistake(
            "always one zero",
            "You put one zero on each side, which is right for a kernel of 3 × 3 only. The zeros on a side are half of the kernel's size there.",
            _one_zero(),
        ),
        Mistake(
            "always three by three",
            "Your zeros and your loops are those of a kernel of 3 × 3. A kernel may have another size: read it from `kernel.shape`.",
            _one_zero(3, 3),
        ),
        Mistake(
            "last shift only",
            "Only the last shift arrives. The others have to be added up with it.",
            _with(_last),
        ),
        Mistake(
            "first kernel only",
            "All channels of your answer come from the first kernel. `kernel[i, j, 0]` has a weight for each of them.",
            _with(_first_channel),
        ),
        Mistake(
            "mean",
            "You divide by the number of weights. A convolution is the sum.",
            _with(lambda kernel: kernel / np.float32(kernel.shape[0] * kernel.shape[1])),
        ),
    ),
)
