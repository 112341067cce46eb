"""output_size: how many places a kernel finds along an axis."""

from __future__ import annotations

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.cnn_classification.common import TOPIC


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
            "Always one too few. You count the steps that the window can take. It also has a place before the first step.",
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
            "You counted a last step that would lead over the edge. A step that doesn't fit is not taken.",
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
            "The size came back with a fraction. It counts places: a step that doesn't fit is not taken.",
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
            "A step that doesn't fit is not taken.",
            lambda n, kernel, stride, padding: round((n + 2 * padding - kernel) / stride) + 1,
        ),
        Mistake(
            "rounded at the end",
            "The result was rounded to the nearest whole number, and half a step sometimes became one. "
            "A step that doesn't fit is not taken.",
            lambda n, kernel, stride, padding: round((n + 2 * padding - kernel) / stride + 1),
        ),
        Mistake(
            "kernel not taken off",
            "The kernel's width plays no part in your answer. A wider kernel finds fewer places.",
            lambda n, kernel, stride, padding: (n + 2 * padding - 1) // stride + 1,
        ),
    ),
)
