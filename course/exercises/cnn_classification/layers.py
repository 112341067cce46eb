"""conv2d: the layer that an image meets first.

The reference is NumPy's: on arrays this small JAX would spend its time compiling.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from course.checks.exercise import Case, Exercise, Mistake
from course.checks.outcome import Failure
from course.exercises.cnn_classification.common import TOPIC, after_colon, normal


def conv2d(image: ArrayLike, kernels: ArrayLike, padding: int, stride: int) -> np.ndarray:
    """Kernels `(kh, kw, c_in, c_out)` slid over an image `(h, w, c_in)` with `padding` zeros around it: `(rows, columns, c_out)`."""
    frame = ((padding, padding), (padding, padding), (0, 0))
    return _slid(np.pad(np.asarray(image), frame), kernels, (stride, stride))


def _slid(image: np.ndarray, kernels: ArrayLike, strides: tuple[int, int], products: str = "rcdij,ijdo->rco") -> Any:
    """Each window's products with each kernel; which of them are added up, and what becomes of the axes, is told by an einsum."""
    weights = np.asarray(kernels)
    windows = np.lib.stride_tricks.sliding_window_view(image, weights.shape[:2], axis=(0, 1))
    return np.einsum(products, windows[:: strides[0], :: strides[1]], weights)


def _as(
    products: str = "rcdij,ijdo->rco",
    frame: Callable[[int], tuple[tuple[int, int], tuple[int, int]]] = lambda p: ((p, p), (p, p)),
    strides: Callable[[int], tuple[int, int]] = lambda s: (s, s),
) -> Callable[..., Any]:
    """A convolution with another einsum, another frame of zeros or other strides."""

    def wrong(image: ArrayLike, kernels: ArrayLike, padding: int, stride: int) -> Any:
        return _slid(np.pad(np.asarray(image), (*frame(padding), (0, 0))), kernels, strides(stride), products)

    return wrong


def _window_of(size: Callable[[int, int], tuple[int, int]]) -> Callable[..., np.ndarray]:
    """A convolution whose windows have the shape `size(kh, kw)`; where the kernel can't be laid on them, it stops as JAX does."""

    def wrong(image: ArrayLike, kernels: ArrayLike, padding: int, stride: int) -> Any:
        kh, kw, deep = np.shape(kernels)[:3]
        _ = jnp.zeros((*size(kh, kw), deep, 1)) * jnp.asarray(kernels)
        return conv2d(image, kernels, padding, stride)

    return wrong


def _same_place_first(image: ArrayLike, kernels: ArrayLike, padding: int, stride: int) -> np.ndarray:
    """As many answers as the stride allows, of windows that move on by one pixel all the same."""
    rows, columns, _ = conv2d(image, kernels, padding, stride).shape
    return conv2d(image, kernels, padding, 1)[:rows, :columns]


def _down_only(image: ArrayLike, kernels: ArrayLike, padding: int, stride: int) -> np.ndarray:
    """As many answers as the stride allows, of windows that move by it downward, and by one pixel to the right."""
    rows, columns, _ = conv2d(image, kernels, padding, stride).shape
    return conv2d(image, kernels, padding, 1)[: rows * stride : stride, :columns]


def _rounded_up(image: ArrayLike, kernels: ArrayLike, padding: int, stride: int) -> np.ndarray:
    """A last window that hangs over is counted, and gets what is left of the image."""
    given, (kh, kw) = np.asarray(image), np.shape(kernels)[:2]
    over = [-(size + 2 * padding - k) % stride for size, k in zip(given.shape, (kh, kw), strict=False)]
    return conv2d(np.pad(given, ((0, over[0]), (0, over[1]), (0, 0))), kernels, padding, stride)


def _frame_of_channels(image: ArrayLike, kernels: ArrayLike, padding: int, stride: int) -> Any:
    """The frame goes around the channels, too; then the kernel can't be laid on the window, and it stops as JAX does."""
    deep = np.shape(image)[2] + 2 * padding
    _ = jnp.zeros((*np.shape(kernels)[:2], deep, 1)) * jnp.asarray(kernels)
    return conv2d(image, kernels, padding, stride)


def _no_axis_for_the_kernels(image: ArrayLike, kernels: ArrayLike, padding: int, stride: int) -> Any:
    """The window has three axes, and the kernels have four."""
    _ = jnp.zeros(np.shape(kernels)[:3]) * jnp.asarray(kernels)
    return conv2d(image, kernels, padding, stride)


AS_WIDE = "You use the kernel's height as its width, too. A kernel need not be square."
AS_HIGH = "You use the kernel's width as its height, too. A kernel need not be square."
SWAPPED = "The kernel's height and width are swapped. In which order does `shape` give them?"
NO_AXIS = (
    "The window has three axes and the kernels have four, so their axes don't line up. Give the window one more "
    "axis at its end, of length 1, as `window[..., None]` does."
)


def _explain(failure: Failure, besides: Any, image: Any, kernels: Any, padding: int, stride: int) -> str | None:
    """NumPy and JAX stop in different words where a window and the kernels don't fit; what doesn't fit is the same."""
    found = re.search(r"broadcast\D*\((\d+), ?(\d+)((?:, ?\d+)*)\)", failure.message)
    if not found:
        return None
    kh, kw = np.shape(kernels)[:2]
    window = int(found[1]), int(found[2])
    if window == (kh, kw):
        return after_colon(NO_AXIS) if found[3].count(",") == 1 else None
    said = {(kh, kh): AS_WIDE, (kw, kw): AS_HIGH, (kw, kh): SWAPPED}.get(window)
    return said and after_colon(said)


def _conv2d_cases(rng: np.random.Generator) -> list[Case]:
    # No kernel is symmetric or square but the last one's, and channels never are as many as kernels: a flip or a swap shows.
    # Every image has several places in both directions, and each stride above 1 leaves a rest in one of them.
    sizes = (
        ("one channel and one kernel", (4, 5, 1), (3, 2, 1, 1), 0, 1),
        ("two channels and one kernel", (4, 6, 2), (2, 3, 2, 1), 0, 1),
        ("two channels and three kernels", (5, 4, 2), (2, 3, 2, 3), 0, 1),
        ("a padding of 1", (3, 4, 2), (3, 2, 2, 3), 1, 1),
        ("a stride of 2", (6, 8, 3), (3, 2, 3, 2), 0, 2),
        ("a padding of 2 and a stride of 3", (9, 7, 2), (3, 4, 2, 4), 2, 3),
        ("a square image and a square kernel", (6, 6, 3), (3, 3, 3, 2), 1, 2),
    )
    cases = []
    for label, image, kernels, padding, stride in sizes:
        given = normal(rng, *image), normal(rng, *kernels), padding, stride
        cases.append(Case(label, given))
    # Two windows whose answers are far from 0, on either side: it shows where an answer is cut off.
    image, kernels = cases[2].args[:2]
    first = kernels[..., 0]
    (kh, kw, _), scale = first.shape, 20 / np.square(first).sum()
    image[:kh, :kw], image[-kh:, -kw:] = scale * first, -scale * first
    return cases


CONV2D = Exercise(
    name="conv2d",
    topic=TOPIC,
    points=4,
    reference=conv2d,
    cases=_conv2d_cases,
    explain=_explain,
    mistakes=(
        Mistake("no axis for the kernels", NO_AXIS, _no_axis_for_the_kernels),
        Mistake(
            "channels not added up",
            "Your answer has an axis for the channels that come in. The products of all channels belong to one window: "
            "add them up, too.",
            _as("rcdij,ijdo->rcdo"),
        ),
        Mistake(
            "first channel only",
            "Only the first channel was looked at. Each kernel has weights for every channel that comes in.",
            lambda image, kernels, padding, stride: conv2d(image[:, :, :1], kernels[:, :, :1], padding, stride),
        ),
        Mistake(
            "kernels added up",
            "The answers of all kernels were added up. Each kernel has a channel of its own in the answer: the last axis is `c_out`.",
            lambda image, kernels, padding, stride: conv2d(image, kernels, padding, stride).sum(axis=2),
        ),
        Mistake(
            "kernels added up, with an axis",
            "The answers of all kernels were added up into every channel. Each kernel has a channel of its own in the answer: "
            "along which axes did you sum?",
            lambda image, kernels, padding, stride: (
                conv2d(image, kernels, padding, stride).sum(axis=2, keepdims=True)
                * np.ones(kernels.shape[3], np.float32)
            ),
        ),
        Mistake(
            "first kernel only",
            "There is one channel in your answer, that of the first kernel. Each kernel gives a channel: as many as `c_out`.",
            lambda image, kernels, padding, stride: conv2d(image, kernels[..., :1], padding, stride),
        ),
        Mistake(
            "kernels in front",
            "The numbers are right, but the kernels' axis comes first. Channels come last here: (rows, columns, c_out).",
            lambda image, kernels, padding, stride: np.moveaxis(conv2d(image, kernels, padding, stride), 2, 0),
        ),
        Mistake(
            "padding ignored",
            "These are the answers without padding. A frame of zeros goes around the image first.",
            _as(frame=lambda p: ((0, 0), (0, 0))),
        ),
        Mistake(
            "padding on one side",
            "The zeros were added on one side of each axis only. The frame goes all around.",
            _as(frame=lambda p: ((0, p), (0, p))),
        ),
        Mistake(
            "padding above and to the left",
            "The zeros were added above and to the left only. The frame goes all around.",
            _as(frame=lambda p: ((p, 0), (p, 0))),
        ),
        Mistake(
            "padding along one axis",
            "The zeros were added along one axis of the image only. The frame goes around height and width.",
            _as(frame=lambda p: ((p, p), (0, 0))),
        ),
        Mistake(
            "padded channels",
            "The channels were padded, too: `jnp.pad(image, padding)` pads every axis. It takes a pair for each axis, and (0, 0) "
            "leaves one as it is.",
            _frame_of_channels,
        ),
        Mistake(
            "stride ignored",
            "The window moves on by one pixel, whatever the stride is.",
            _as(strides=lambda s: (1, 1)),
        ),
        Mistake(
            "stride along one axis",
            "The stride is used downward only. The window moves by it to the right, too.",
            _as(strides=lambda s: (s, 1)),
        ),
        Mistake(
            "stride in the count only",
            "The answer has the right shape, but its windows lie side by side, one pixel apart. "
            "Where does the window of answer r begin?",
            _same_place_first,
        ),
        Mistake(
            "stride downward, and in the count",
            "The answer has the right shape, and its windows move down by the stride. To the right they move by one pixel.",
            _down_only,
        ),
        Mistake(
            "a window that hangs over",
            "A last window that hangs over the edge was counted. A step that doesn't fit is not taken.",
            _rounded_up,
        ),
        Mistake(
            "one place too few",
            "The last row and the last column of the answer are missing. Count the places of a kernel of width 3 "
            "in an image of width 3: there is one, not none.",
            lambda image, kernels, padding, stride: conv2d(image, kernels, padding, stride)[:-1, :-1],
        ),
        Mistake(
            "flipped kernel",
            "The kernel was turned upside down and left to right before it slid. That is the convolution of "
            "mathematics; in deep learning the kernel is laid on the image as it is.",
            lambda image, kernels, padding, stride: conv2d(image, np.flip(kernels, (0, 1)), padding, stride),
        ),
        Mistake(
            "as wide as high",
            AS_WIDE,
            _window_of(lambda kh, kw: (kh, kh)),
        ),
        Mistake(
            "as high as wide",
            AS_HIGH,
            _window_of(lambda kh, kw: (kw, kw)),
        ),
        Mistake(
            "height and width swapped",
            SWAPPED,
            _window_of(lambda kh, kw: (kw, kh)),
        ),
        Mistake(
            "mean",
            "Every number is too small by the same factor, the number of weights in a kernel. "
            "The products are added up, and that is all.",
            lambda image, kernels, padding, stride: (
                conv2d(image, kernels, padding, stride) / np.float32(np.prod(kernels.shape[:3]))
            ),
        ),
        Mistake(
            "mean over the channels",
            "Every number is too small by the number of channels. The channels are added up, as all products are.",
            lambda image, kernels, padding, stride: (
                conv2d(image, kernels, padding, stride) / np.float32(image.shape[2])
            ),
        ),
        Mistake(
            "rows and columns swapped",
            "The numbers are right, but they lie in the columns where they should lie in the rows. "
            "Which of your two loops counts the rows, and which index comes first?",
            lambda image, kernels, padding, stride: conv2d(image, kernels, padding, stride).transpose(1, 0, 2),
        ),
        Mistake(
            "window not weighted",
            "This is the plain sum of each window: the weights in the kernel are not used.",
            lambda image, kernels, padding, stride: conv2d(image, np.ones_like(kernels), padding, stride),
        ),
    ),
)
