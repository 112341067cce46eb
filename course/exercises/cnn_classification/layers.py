"""conv2d, output_size: the layer that an image meets first, and the arithmetic of its size.

The references are NumPy's: on arrays this small JAX would spend its time compiling.
"""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.cnn_classification.common import TOPIC, normal

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


def _window_of(size: Callable[[int, int], tuple[int, int]]) -> Callable[..., np.ndarray]:
    """A convolution whose windows have the shape `size(kh, kw)`; where the kernel can't be laid on them, it stops as JAX does."""

    def wrong(image: ArrayLike, kernel: ArrayLike) -> np.ndarray:
        kh, kw = size(*np.shape(kernel))
        _ = jnp.zeros((kh, kw)) * jnp.asarray(kernel)
        windows = np.lib.stride_tricks.sliding_window_view(np.asarray(image), (kh, kw))
        return (windows * np.asarray(kernel)).sum(axis=(2, 3))

    return wrong


def _short_stack(image: ArrayLike, kernel: ArrayLike) -> np.ndarray:
    if 0 in (short := conv2d(image, kernel)[:-1, :-1]).shape:
        jnp.stack([])
    return short


def _edge_empty(image: ArrayLike, kernel: ArrayLike) -> np.ndarray:
    answer = conv2d(image, kernel)
    answer[-1], answer[:, -1] = 0, 0
    return answer


def _conv2d_cases(rng: np.random.Generator) -> list[Case]:
    # No kernel here is symmetric, and no kernel but the first is square: a flip or a swap of its axes shows. The smallest
    # is an ordinary one, as it is the one that is shown; a kernel that fits at one place only says little when it fails.
    sizes = (
        ("a square kernel", (4, 5), (3, 3)),
        ("a kernel as wide as the image", (9, 4), (3, 4)),
        ("a kernel of one row", (5, 4), (1, 3)),
        ("a kernel of one column", (4, 6), (2, 1)),
        ("a square image", (5, 5), (2, 3)),
        ("a larger image", (9, 7), (3, 2)),
    )
    cases = [Case(label, (normal(rng, *image), normal(rng, *kernel))) for label, image, kernel in sizes]
    # Two windows whose answers are far from 0, on either side: it shows where an answer is cut off.
    image, kernel = cases[-1].args
    (h, w), scale = kernel.shape, 20 / np.square(kernel).sum()
    image[:h, :w], image[-h:, -w:] = scale * kernel, -scale * kernel
    return cases


CONV2D = Exercise(
    name="conv2d",
    topic=TOPIC,
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
            "one place too few, nothing to stack",
            "The last row and the last column of the answer are missing; where there is one place only, nothing is left "
            "to stack. Count the places of a kernel of width 3 in an image of width 3: there is one, not none.",
            _short_stack,
        ),
        Mistake(
            "one row too few",
            "The last row of the answer is missing. How many steps can the kernel make downwards, "
            "and how many places are that?",
            lambda image, kernel: conv2d(image, kernel)[:-1],
        ),
        Mistake(
            "one column too few",
            "The last column of the answer is missing. How many steps can the kernel make to the right, "
            "and how many places are that?",
            lambda image, kernel: conv2d(image, kernel)[:, :-1],
        ),
        Mistake(
            "last places left empty",
            "The shape is right, but the last row and the last column are still 0, as where loops end one place too early.",
            _edge_empty,
        ),
        Mistake(
            "as wide as high",
            "You take the kernel's height for its width as well. A kernel need not be square.",
            _window_of(lambda kh, kw: (kh, kh)),
        ),
        Mistake(
            "as high as wide",
            "You take the kernel's width for its height as well. A kernel need not be square.",
            _window_of(lambda kh, kw: (kw, kw)),
        ),
        Mistake(
            "height and width swapped",
            "The kernel's height and width have changed places. In which order does `shape` give them?",
            _window_of(lambda kh, kw: (kw, kh)),
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
    a, b, c, d, e, f, g, h = (int(n) for n in rng.integers(20, 2000, 8))
    # With 4 d and 4 f half a step is left after an even and after an odd number of them: Python rounds these apart.
    sizes = (
        ("a stride of 1 without padding", a, 4, 1, 0),
        ("a kernel as long as the axis", b, b, 1, 0),
        ("a padding that keeps the size", c, 3, 1, 1),
        ("a stride of 2 that leaves a rest", 4 * d, 3, 2, 0),
        ("a stride of 2 that fits exactly", 2 * e + 1, 3, 2, 0),
        ("a stride of 2 with padding", 4 * f, 5, 2, 2),
        ("a stride of 3 that leaves a rest", 3 * g + 2, 6, 3, 1),
        ("a stride longer than the kernel", 2 * h + 1, 2, 4, 1),
    )
    return [
        Case(label, numbers, shown="n = {}, kernel = {}, stride = {}, padding = {}".format(*numbers))
        for label, *numbers_ in sizes
        if (numbers := tuple(numbers_))
    ]


OUTPUT_SIZE = Exercise(
    name="output_size",
    topic=TOPIC,
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
            "one added before the division",
            "The place at the start was added too early: it went through the division by the stride, together with the steps.",
            lambda n, kernel, stride, padding: (n + 2 * padding - kernel + 1) // stride,
        ),
        Mistake(
            "not a whole number",
            "The size came back with a fraction. It counts places: a step that is begun and doesn't fit is not made.",
            lambda n, kernel, stride, padding: np.float32((n + 2 * padding - kernel) / stride + 1),
        ),
        Mistake(
            "a float",
            "The number is right, but it is a float, with a decimal point. A count of places is an int.",
            lambda n, kernel, stride, padding: np.float32(output_size(n, kernel, stride, padding)),
        ),
        Mistake(
            "rounded",
            "The steps were rounded to the nearest whole number, and half a step sometimes became one. "
            "A step that doesn't fit is not made.",
            lambda n, kernel, stride, padding: round((n + 2 * padding - kernel) / stride) + 1,
        ),
        Mistake(
            "rounded at the end",
            "The result was rounded to the nearest whole number, and half a step sometimes became one. "
            "A step that doesn't fit is not made.",
            lambda n, kernel, stride, padding: round((n + 2 * padding - kernel) / stride + 1),
        ),
        Mistake(
            "kernel not taken off",
            "The kernel's own width plays no part in your answer. A wider kernel finds fewer places.",
            lambda n, kernel, stride, padding: (n + 2 * padding - 1) // stride + 1,
        ),
    ),
)
