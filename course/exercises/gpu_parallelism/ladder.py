"""scale_kernel, blend_kernel: the first rungs of the ladder, one thread an element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.checks.probes.gpu_parallelism import text_of
from course.exercises.gpu_parallelism.common import TOPIC, normal, wide
from course.exercises.gpu_parallelism.costs import coalescing
from course.exercises.gpu_parallelism.kernels import (
    blend_kernel,
    edited,
    scale_kernel,
)
from course.exercises.gpu_parallelism.launches import Launch, Task

Changed = Callable[..., Any]

# --- scale_kernel ---------------------------------------------------------------------------------------------------


def _scale_launch(x: np.ndarray) -> Launch:
    return Launch((1,), (len(x),), (x,), 2 * x)


def _scale_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, n in (
        ("one element", 1),
        ("a few elements", 5),
        ("a whole warp", 32),
        ("two warps, the second not full", 40),
    ):
        x = wide(rng, n)
        cases.append(Case(label, (x,), _scale_launch(x).shown("x")))
    return cases


def _scale(*changes: tuple[str, str]) -> Changed:
    return edited(scale_kernel, *changes)


_SCALE = Task(scale_kernel, _scale_launch, score=coalescing)
_ME = "i = t.threadIdx.x"
_DOUBLE = "out[i] = 2 * x[i]"

SCALE_KERNEL = Exercise(
    name="scale_kernel",
    topic=TOPIC,
    points=1,
    reference=scale_kernel,
    cases=_scale_cases,
    probe=text_of,
    measure=_SCALE.measure,
    remark=_SCALE.remark,
    edges=("one element",),
    mistakes=(
        Mistake(
            "the block's number",
            "There is one block here, and its number is 0 for all of its threads, so all of them do element 0. Which number tells the threads of a block apart?",
            _scale((_ME, "i = t.blockIdx.x")),
        ),
        Mistake(
            "the block's size",
            "`blockDim` is how many threads there are, the same for all of them, and no element has that number. Which number is a thread's own?",
            _scale((_ME, "i = t.blockDim.x")),
        ),
        Mistake(
            "counted from one",
            "Threads are numbered from 0, and so are elements. With 1 added, the first element gets no thread, and the last thread no element.",
            _scale((_ME, "i = t.threadIdx.x + 1")),
        ),
        Mistake(
            "two added",
            "This adds 2 to each element. The exercise asks for twice the element.",
            _scale((_DOUBLE, "out[i] = 2 + x[i]")),
        ),
        Mistake(
            "squared",
            "This multiplies each element by itself. The exercise asks for twice the element.",
            _scale((_DOUBLE, "out[i] = x[i] * x[i]")),
        ),
        Mistake(
            "in place",
            "The result went into `x`, which belongs to the caller. Write it to `out`.",
            _scale((_DOUBLE, "x[i] = 2 * x[i]")),
        ),
        Mistake(
            "every thread does everything",
            "There is a loop over all elements in the kernel, and every thread runs through it, so all of them write everything. The threads *are* the loop: each does one element.",
            _scale((_ME + "\n    " + _DOUBLE, "for i in range(x.shape[0]):\n        " + _DOUBLE)),
        ),
    ),
)

# --- blend_kernel ---------------------------------------------------------------------------------------------------


def _blend_launch(a: np.ndarray, b: np.ndarray, threads: int) -> Launch:
    return Launch((1,), (threads,), (a, b), (a + b) / 2)


def _blend_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, n, threads in (
        ("one element", 1, 4),
        ("as many threads as elements", 7, 7),
        ("a few threads to spare", 20, 32),
        ("a second warp for one element", 33, 64),
    ):
        args = (wide(rng, n), normal(rng, n), threads)
        cases.append(Case(label, args, _blend_launch(*args).shown("a", "b")))
    return cases


def _blend(*changes: tuple[str, str]) -> Changed:
    return edited(blend_kernel, *changes)


_BLEND = Task(blend_kernel, _blend_launch, score=coalescing)
_BLEND_GUARD = "if i < out.shape[0]:"
_MEAN = "out[i] = (a[i] + b[i]) / 2"

BLEND_KERNEL = Exercise(
    name="blend_kernel",
    topic=TOPIC,
    points=1,
    reference=blend_kernel,
    cases=_blend_cases,
    probe=text_of,
    measure=_BLEND.measure,
    remark=_BLEND.remark,
    edges=("one element",),
    mistakes=(
        Mistake(
            "no guard",
            "There are more threads than elements, and the spare ones reach beyond the end of the arrays. A thread without an element must do nothing.",
            _blend((_BLEND_GUARD, "if True:")),
        ),
        Mistake(
            "guard one too late",
            "The guard lets one thread too many through. Elements are numbered from 0, so the last one's number is one less than how many there are.",
            _blend((_BLEND_GUARD, "if i <= out.shape[0]:")),
        ),
        Mistake(
            "guard one too early",
            "The last element was never written: the guard holds back a thread that still has one.",
            _blend((_BLEND_GUARD, "if i < out.shape[0] - 1:")),
        ),
        Mistake(
            "the sum",
            "This is the sum of the two elements. Their mean is half of it.",
            _blend((_MEAN, "out[i] = a[i] + b[i]")),
        ),
        Mistake(
            "only the second halved",
            "Division comes before addition, so only the second element was halved. Parentheses help.",
            _blend((_MEAN, "out[i] = a[i] + b[i] / 2")),
        ),
        Mistake(
            "one array",
            "Only one of the two arrays is in the answer. The mean needs an element of each.",
            _blend((_MEAN, "out[i] = (a[i] + a[i]) / 2")),
        ),
        Mistake(
            "a difference",
            "This is half the difference. The mean is half the sum.",
            _blend((_MEAN, "out[i] = (a[i] - b[i]) / 2")),
        ),
    ),
)
