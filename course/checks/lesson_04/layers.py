"""conv2d, output_size, max_pool: the two layers that an image meets, and the arithmetic of their sizes.

The references are NumPy's: on arrays this small JAX would spend its time compiling.
"""

from __future__ import annotations

import numpy as np
from jax.typing import ArrayLike

from course.checks.exercise import Case, Exercise, Mistake
from course.checks.lesson_04.common import LESSON, normal

# --- conv2d ---------------------------------------------------------------------------------------------------------


def conv2d(image: ArrayLike, kernel: ArrayLike) -> np.ndarray:
    """Cross-correlation of `(h, w)` with `(kh, kw)`, stride 1, no padding: `(h − kh + 1, w − kw + 1)`."""
    return (_windows(image, kernel) * np.asarray(kernel)).sum(axis=(2, 3))


def _windows(image: ArrayLike, kernel: ArrayLike) -> np.ndarray:
    """Every window of the kernel's shape, `(rows, columns, kh, kw)`."""
    return np.lib.stride_tricks.sliding_window_view(np.asarray(image), np.shape(kernel))


def _same_size(image: ArrayLike, kernel: ArrayLike) -> np.ndarray:
    frame = [((k - 1) // 2, k // 2) for k in np.shape(kernel)]
    return conv2d(np.pad(np.asarray(image), frame), kernel)


def _conv2d_cases(rng: np.random.Generator) -> list[Case]:
    # No kernel here is symmetric, and no kernel but the first is square: a flip or a swap of its axes shows.
    sizes = (
        ("a square kernel", (4, 5), (3, 3)),
        ("a kernel as large as the image", (2, 3), (2, 3)),
        ("a kernel of one row", (5, 4), (1, 3)),
        ("a kernel of one column", (4, 6), (2, 1)),
        ("a square image", (5, 5), (2, 3)),
        ("a larger image", (9, 7), (3, 2)),
    )
    return [Case(label, (normal(rng, *image), normal(rng, *kernel))) for label, image, kernel in sizes]


CONV2D = Exercise(
    name="conv2d",
    lesson=LESSON,
    points=3,
    reference=conv2d,
    cases=_conv2d_cases,
    mistakes=(
        Mistake(
            "flipped kernel",
            "The kernel was turned upside down and left to right before it slid. That is the convolution of "
            "mathematics; in deep learning the kernel is laid on the image as it is.",
            lambda image, kernel: conv2d(image, np.flip(kernel)),
        ),
        Mistake(
            "padded",
            "The answer is as large as the image, so the kernel has hung over the edge. Here it stays inside: "
            "count the places where it fits.",
            lambda image, kernel: _same_size(image, kernel),
        ),
        Mistake(
            "one place too few",
            "The last row and the last column of the answer are missing. Count the places of a kernel of width 3 "
            "in an image of width 3: there is one, not none.",
            lambda image, kernel: conv2d(image, kernel)[:-1, :-1],
        ),
        Mistake(
            "not summed",
            "There are four axes in your answer: at each place the products still stand apart. "
            "One place gives one number.",
            lambda image, kernel: _windows(image, kernel) * np.asarray(kernel),
        ),
        Mistake(
            "mean",
            "Every number is too small by the same factor, the number of weights in the kernel. "
            "At each place the products are added up, and that is all.",
            lambda image, kernel: conv2d(image, kernel) / kernel.size,
        ),
        Mistake(
            "rows and columns swapped",
            "The numbers are right, but they lie in the columns where they should lie in the rows. "
            "Which of your two loops counts the rows, and which index comes first?",
            lambda image, kernel: conv2d(image, kernel).T,
        ),
        Mistake(
            "window not weighted",
            "This is the plain sum of each window: the weights in the kernel have had no say.",
            lambda image, kernel: _windows(image, kernel).sum(axis=(2, 3)),
        ),
        Mistake(
            "maximum",
            "At each place you keep the largest product. That is the manner of a pool; a convolution adds them.",
            lambda image, kernel: (_windows(image, kernel) * np.asarray(kernel)).max(axis=(2, 3)),
        ),
    ),
)


# --- output_size ----------------------------------------------------------------------------------------------------


def output_size(n: int, kernel: int, stride: int, padding: int) -> int:
    """How many places a kernel finds along an axis of length n, with `padding` zeros on *each* side."""
    return (n + 2 * padding - kernel) // stride + 1


def _output_size_cases(rng: np.random.Generator) -> list[Case]:
    n = int(rng.integers(40, 60))
    sizes = (
        ("stride 1, no padding", 7, 3, 1, 0),
        ("a kernel of the axis' length", 5, 5, 1, 0),
        ("padding that keeps the size", 9, 3, 1, 1),
        ("stride 2 that leaves a rest", 8, 3, 2, 0),
        ("stride 2 with padding", 28, 5, 2, 2),
        ("stride 3 that leaves a rest", 3 * n + 1, 6, 3, 1),
        ("a stride longer than the kernel", 2 * n + 1, 2, 4, 1),
    )
    return [
        Case(label, numbers, shown="n = {}, kernel = {}, stride = {}, padding = {}".format(*numbers))
        for label, *numbers_ in sizes
        if (numbers := tuple(numbers_))
    ]


OUTPUT_SIZE = Exercise(
    name="output_size",
    lesson=LESSON,
    points=1,
    reference=output_size,
    cases=_output_size_cases,
    mistakes=(
        Mistake(
            "one too few",
            "Always one too few. You count the steps that the kernel can make; it has a place before the first step too.",
            lambda n, kernel, stride, padding: (n + 2 * padding - kernel) // stride,
        ),
        Mistake(
            "padding on one side",
            "The padding was counted once. It is added at both ends of the axis.",
            lambda n, kernel, stride, padding: (n + padding - kernel) // stride + 1,
        ),
        Mistake(
            "padding ignored",
            "These are the sizes without padding.",
            lambda n, kernel, stride, padding: (n - kernel) // stride + 1,
        ),
        Mistake(
            "rounded up",
            "A last step that would lead over the edge was counted as well. A step that doesn't fit is not made.",
            lambda n, kernel, stride, padding: -(-(n + 2 * padding - kernel) // stride) + 1,
        ),
        Mistake(
            "stride ignored",
            "These are the sizes for stride 1, whatever the stride is.",
            lambda n, kernel, stride, padding: n + 2 * padding - kernel + 1,
        ),
        Mistake(
            "divided too early",
            "The stride divides the axis before the kernel has been taken off. "
            "First ask how far the kernel can travel, then how many strides that is.",
            lambda n, kernel, stride, padding: (n + 2 * padding) // stride - kernel + 1,
        ),
        Mistake(
            "not a whole number",
            "The size came back as a number with a fraction, or as a float. It counts places: "
            "it is a whole number, an int.",
            lambda n, kernel, stride, padding: (n + 2 * padding - kernel) / stride + 1,
        ),
        Mistake(
            "kernel not taken off",
            "The kernel's own width plays no part in your answer. A wider kernel finds fewer places.",
            lambda n, kernel, stride, padding: (n + 2 * padding - 1) // stride + 1,
        ),
    ),
)


# --- max_pool -------------------------------------------------------------------------------------------------------


def _corners(x: ArrayLike) -> np.ndarray:
    """The four pixels of each 2×2 window, `(4, batch, h // 2, w // 2, c)`."""
    pixels = np.asarray(x)
    h, w = pixels.shape[1] // 2 * 2, pixels.shape[2] // 2 * 2
    return np.stack([pixels[:, i:h:2, j:w:2] for i in (0, 1) for j in (0, 1)])


def max_pool(x: ArrayLike) -> np.ndarray:
    """The largest of each 2×2 window, windows side by side: `(batch, h, w, c)` to `(batch, h // 2, w // 2, c)`."""
    return _corners(x).max(axis=0)


def _overlapping(x: ArrayLike) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(np.asarray(x), (2, 2), axis=(1, 2)).max(axis=(-2, -1))


def _edge_kept(x: ArrayLike) -> np.ndarray:
    odd_h, odd_w = np.shape(x)[1] % 2, np.shape(x)[2] % 2
    return max_pool(np.pad(np.asarray(x), ((0, 0), (0, odd_h), (0, odd_w), (0, 0)), constant_values=-np.inf))


def _height_only(x: ArrayLike) -> np.ndarray:
    pairs = np.asarray(x)[:, : np.shape(x)[1] // 2 * 2]
    return np.maximum(pairs[:, ::2], pairs[:, 1::2])


def _max_pool_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("one window", (normal(rng, 1, 2, 2, 1),)),
        Case("two channels, all numbers negative", (-np.abs(normal(rng, 1, 4, 4, 2)) - np.float32(0.5),)),
        Case("a batch of two images that are not square", (normal(rng, 2, 4, 6, 3),)),
        Case("an odd height and an odd width", (normal(rng, 1, 5, 7, 2),)),
        Case("an odd width", (normal(rng, 3, 4, 3, 1),)),
    ]


MAX_POOL = Exercise(
    name="max_pool",
    lesson=LESSON,
    points=2,
    reference=max_pool,
    cases=_max_pool_cases,
    mistakes=(
        Mistake(
            "mean",
            "This is the mean of each window. A max pool keeps one of the four numbers and forgets the rest.",
            lambda x: _corners(x).mean(axis=0),
        ),
        Mistake(
            "overlapping windows",
            "Your windows overlap: each begins one pixel after the one before. They should lie side by side.",
            _overlapping,
        ),
        Mistake(
            "every second pixel",
            "You keep the first pixel of each window without looking at the other three.",
            lambda x: _corners(x)[0],
        ),
        Mistake(
            "channels pooled",
            "The channels were merged. Each channel is an image of its own, and is pooled by itself.",
            lambda x: max_pool(x).max(axis=-1, keepdims=True),
        ),
        Mistake(
            "height only",
            "Only the height was halved. A window is two pixels high and two pixels wide.",
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
            "Even sizes are right. An image of an odd size can't be cut into pairs: "
            "what is to become of its last row or column?",
            lambda x: x.reshape(x.shape[0], x.shape[1] // 2, 2, x.shape[2] // 2, 2, x.shape[3]).max(axis=(2, 4)),
        ),
        Mistake(
            "starts from zero",
            "Windows in which every number is negative gave 0. The largest of some negative numbers is negative.",
            lambda x: np.maximum(max_pool(x), 0),
        ),
        Mistake(
            "minimum",
            "You keep the smallest number of each window.",
            lambda x: _corners(x).min(axis=0),
        ),
    ),
)
