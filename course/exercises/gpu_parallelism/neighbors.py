"""neighbor_sum: the ladder's last rung, with shared memory and a barrier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.probes.gpu_parallelism import text_of
from course.exercises.gpu_parallelism.common import TOPIC, wide
from course.exercises.gpu_parallelism.costs import in_global, requests
from course.exercises.gpu_parallelism.kernels import (
    edited,
    neighbor_sum,
)
from course.exercises.gpu_parallelism.launches import Launch, Task
from course.simt.report import Report

Changed = Callable[..., Any]

_THREADS = 64


def _neighbor_launch(x: np.ndarray) -> Launch:
    padded = np.pad(x, 1)
    return Launch((1,), (_THREADS,), (x,), padded[:-2] + x + padded[2:])


def _neighbor_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, n in (
        ("a single number", 1),
        ("two numbers", 2),
        ("more than a warp", 45),
        ("one number less than threads", 63),
        ("a full block", 64),
    ):
        x = np.asarray(wide(rng, n) + np.float32(3))
        cases.append(Case(label, (x,), _neighbor_launch(x).shown("x")))
    return cases


def _loaded_once(report: Report, best: Report) -> None:
    """Refuse a kernel that loads a number from main memory for each thread that needs it.

    Raises:
        WrongAnswer: it makes over one and a half times as many loads as the best.
    """
    mine, needed = (requests(in_global(one, "load")) for one in (report, best))
    if mine > 1.5 * needed:
        site = max(in_global(report, "load"), key=lambda one: one.requests)
        raise WrongAnswer(
            f"the numbers are right, but the warps load from main memory {mine} times, and {needed} times would do: each number is needed by "
            "three threads.",
            mark=f"loads, {mine / needed:.2g} times",
            line=site.line,
            source=report.source[site.line - 1].strip(),
        )


def _loads(report: Report, best: Report) -> str:
    mine = requests(in_global(report, "load"))
    return f"Main memory: {mine} load{'s' if mine > 1 else ''} by the warps of the block, so each number travels once."


def _neighbors(*changes: tuple[str, str]) -> Changed:
    return edited(neighbor_sum, *changes)


_NEIGHBORS = Task(neighbor_sum, _neighbor_launch, _loaded_once, _loads)
_BARRIER = "    t.syncthreads()\n"
_LEFT = "left = tile[i - 1] if i > 0 else 0.0"
_RIGHT = "right = tile[i + 1] if i + 1 < n else 0.0"
_THREE = "out[i] = left + tile[i] + right"

NEIGHBOR_SUM = Exercise(
    name="neighbor_sum",
    topic=TOPIC,
    points=2,
    reference=neighbor_sum,
    cases=_neighbor_cases,
    probe=text_of,
    measure=_NEIGHBORS.measure,
    remark=_NEIGHBORS.remark,
    edges=("a single number",),
    mistakes=(
        Mistake(
            "no barrier",
            "A thread reads from shared memory what its neighbors put there. Nothing makes it wait until they have done so.",
            _neighbors((_BARRIER, "")),
        ),
        Mistake(
            "barrier in the guard",
            "Some threads don't come to the barrier, and the others wait for them forever. Threads without a number must reach it, too.",
            _neighbors(("        tile[i] = x[i]\n" + _BARRIER, "        tile[i] = x[i]\n    " + _BARRIER)),
        ),
        Mistake(
            "no shared memory",
            "The numbers are right, but each of them is loaded from main memory several times. Let every thread bring one number into shared memory, and take the neighbors from there.",
            _neighbors(
                ('    tile = t.shared.array(64, "float32")\n', ""),
                ("    if i < n:\n        tile[i] = x[i]\n" + _BARRIER, ""),
                (_LEFT, "left = x[i - 1] if i > 0 else 0.0"),
                (_RIGHT, "right = x[i + 1] if i + 1 < n else 0.0"),
                (_THREE, "out[i] = left + x[i] + right"),
            ),
        ),
        Mistake(
            "no left end",
            "Thread 0 has no left neighbor, and yet it reads one. What lies beyond the end counts 0.",
            _neighbors((_LEFT, "left = tile[i - 1]")),
        ),
        Mistake(
            "no right end",
            "The last number has no right neighbor, and yet its thread reads one, which was never written. What lies beyond the end counts 0.",
            _neighbors((_RIGHT, "right = tile[i + 1] if i + 1 < 64 else 0.0")),
        ),
        Mistake(
            "without its own number",
            "The two neighbors are there, and the number between them is missing.",
            _neighbors((_THREE, "out[i] = left + right")),
        ),
        Mistake(
            "the left neighbor alone",
            "The right neighbor is missing from the sum.",
            _neighbors((_THREE, "out[i] = left + tile[i]")),
        ),
        Mistake(
            "the mean",
            "This is a third of the sum, so the mean. The exercise asks for the sum.",
            _neighbors((_THREE, "out[i] = (left + tile[i] + right) / 3")),
        ),
        Mistake(
            "no guard",
            "The block has 64 threads, and x may have fewer numbers: the spare threads read beyond its end.",
            _neighbors(("    if i < n:\n        tile[i] = x[i]\n", "    tile[i] = x[i]\n")),
        ),
        Mistake(
            "ends not written",
            "The first and the last place of out were never written. They have one neighbor each, and a sum, too.",
            _neighbors(("    if i < n:\n        left", "    if 0 < i and i < n - 1:\n        left")),
        ),
    ),
)
