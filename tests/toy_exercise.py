"""A small exercise that the tests of the engine share, so that they don't change when a lesson does."""

from __future__ import annotations

import numpy as np

from course.checks import Case, Exercise, Mistake


def double(x: np.ndarray) -> np.ndarray:
    return 2 * x


def _cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("a matrix", (rng.normal(size=(2, 3)).astype(np.float32),)),
        Case("three numbers", (np.array([1.5, -2.0, 4.0], np.float32),)),
        Case("one number", (np.array([0.75], np.float32),)),
        Case("no dimension", (np.float32(3.0),)),
    ]


DOUBLE = Exercise(
    name="double",
    topic="none",
    points=4,
    reference=double,
    cases=_cases,
    mistakes=(
        Mistake("squared", "You squared it. `x * x` is not *twice* x.", lambda x: x * x),
        Mistake("same", "It came back <unchanged> & as it was.", lambda x: 1 * x),
        Mistake("reversed", "The numbers came back in reverse.", lambda x: 2 * x[::-1]),
    ),
)
