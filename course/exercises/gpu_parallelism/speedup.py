"""speedup: what becomes of the whole when a part of it gets faster."""

from __future__ import annotations

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.gpu_parallelism.common import TOPIC, as_float


def speedup(parallel_fraction: float, workers: int) -> float:
    """How many times faster with `workers`, if only a part of the time can be shared among them (Amdahl, 1967)."""
    return 1 / ((1 - parallel_fraction) + parallel_fraction / workers)


def _speedup_cases(rng: np.random.Generator) -> list[Case]:
    def share(low: float, high: float) -> float:
        return round(float(rng.uniform(low, high)), 4)

    return [
        Case("a program half of which is parallel, and two workers", (share(0.4, 0.6), 2)),
        Case("a program nine tenths of which are parallel, and ten workers", (share(0.85, 0.95), 10)),
        Case("a program without a parallel part", (0.0, int(rng.integers(4, 1000)))),
        Case("one worker", (share(0.3, 0.8), 1)),
        Case("a program without a serial part", (1.0, int(rng.integers(16, 2000)))),
        Case("the cores of a GPU", (share(0.9, 0.99), int(rng.integers(2000, 17000)))),
    ]


SPEEDUP = Exercise(
    name="speedup",
    topic=TOPIC,
    points=1,
    reference=speedup,
    cases=_speedup_cases,
    measure=as_float,
    edges=("a program without a parallel part", "one worker", "a program without a serial part"),
    mistakes=(
        Mistake(
            "as many as workers",
            "You answer with the number of workers. Only the part that they share gets that many times faster; the serial part still has one worker.",
            lambda p, workers: workers,
        ),
        Mistake(
            "share of the workers",
            "Nothing parallel means as fast as before: 1, not 0. Work out the *time* that is left first, as a share of the old one.",
            lambda p, workers: p * workers,
        ),
        Mistake(
            "the limit",
            "In your answer the parallel part takes no time, as with endlessly many workers. That is the limit; with these, it still takes some. Is it there and gets lost? `//` turns a fraction into 0.",
            lambda p, workers: 1 / (1 - p),
        ),
        Mistake(
            "the time",
            "This is the time that is left, as a share of the old one. A speedup is the old time divided by the new.",
            lambda p, workers: (1 - p) + p / workers,
        ),
        Mistake(
            "parts swapped",
            "The serial part was shared among the workers, and the parallel one was not.",
            lambda p, workers: 1 / (p + (1 - p) / workers),
        ),
        Mistake(
            "multiplied",
            "The parallel part was multiplied by the workers, so more of them take longer. Together they need less time.",
            lambda p, workers: 1 / ((1 - p) + p * workers),
        ),
        Mistake(
            "growing work",
            "That is Gustafson's law, for work that grows with the machine. Amdahl's asks how much faster the *same* work is done.",
            lambda p, workers: (1 - p) + p * workers,
        ),
        Mistake(
            "upside down inside",
            "The workers were divided by the parallel part. It is the part that is divided among them.",
            lambda p, workers: 1 / ((1 - p) + workers / p),
        ),
        Mistake(
            "no serial part",
            "The serial part is missing from the time that is left: what can't be shared takes as long as before.",
            lambda p, workers: 1 / (p / workers),
        ),
        Mistake(
            "parallel part twice",
            "The serial part is what is *not* parallel: 1 − the parallel fraction. You took the parallel fraction itself.",
            lambda p, workers: 1 / (p + p / workers),
        ),
        Mistake(
            "parentheses",
            "Only the serial part went under the 1, because division comes before addition. Is there a pair of parentheses missing?",
            lambda p, workers: 1 / (1 - p) + p / workers,
        ),
        Mistake(
            "time saved",
            "This is the share of the time that was saved. A speedup is the old time divided by the new.",
            lambda p, workers: p - p / workers,
        ),
    ),
)
