"""flop_rate: how fast a product of two matrices was, in GFLOP/s."""

from __future__ import annotations

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.start_here.common import TOPIC


def flop_rate(m: int, k: int, n: int, seconds: float) -> float:
    return 2 * m * k * n / seconds / 1e9


def _rate_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for label, (m, k, n), seconds in (
        ("small matrices", (8, 10, 12), 0.001),
        ("a matrix times one column", (50, 40, 1), 0.0005),
        ("one row times a matrix", (1, 30, 70), 0.0002),
        ("a product that takes seconds", (300, 500, 200), 2.5),
        ("a layer for a batch of digits", (128, 784, 100), 0.0004),
    ):
        scale = rng.uniform(0.8, 1.2)
        # Sizes that differ from each other in every draw: none may stand for another.
        m, k, n = (size if size == 1 else size + int(rng.integers(0, 1 + size // 8)) for size in (m, k, n))
        cases.append(Case(label, (m, k, n, float(f"{seconds * scale:.6g}"))))
    return cases


FLOP_RATE = Exercise(
    name="flop_rate",
    topic=TOPIC,
    points=1,
    reference=flop_rate,
    atol=0.0,
    cases=_rate_cases,
    edges=("a matrix times one column", "one row times a matrix"),
    mistakes=(
        Mistake(
            "multiplications alone",
            "You counted half of the calculations: the multiplications. Each product is also *added* to a sum.",
            lambda m, k, n, seconds: m * k * n / seconds / 1e9,
        ),
        Mistake(
            "first addition left out",
            "You count k multiplications, but k − 1 additions. The course counts one addition for each multiplication: a sum starts at 0.",
            lambda m, k, n, seconds: m * n * (2 * k - 1) / seconds / 1e9,
        ),
        Mistake(
            "inner size left out",
            "The result has m · n elements, and you count two calculations for each. Each element is a sum of k products.",
            lambda m, k, n, seconds: 2 * m * n / seconds / 1e9,
        ),
        Mistake(
            "square of n",
            "This is the count for two n × n matrices, as in the lesson. Here m, k and n differ.",
            lambda m, k, n, seconds: 2 * n**3 / seconds / 1e9,
        ),
        Mistake(
            "square of m",
            "This is the count for two m × m matrices. Here m, k and n differ.",
            lambda m, k, n, seconds: 2 * m**3 / seconds / 1e9,
        ),
        Mistake(
            "not divided",
            "This is the number of calculations. A rate says how many of them are done *per second*.",
            lambda m, k, n, seconds: 2 * m * k * n / 1e9,
        ),
        Mistake(
            "times the seconds",
            "You multiplied by the seconds. The longer the same work takes, the *lower* its rate.",
            lambda m, k, n, seconds: 2 * m * k * n * seconds / 1e9,
        ),
        Mistake(
            "upside down",
            "These are seconds per calculation. The exercise asks for calculations per second.",
            lambda m, k, n, seconds: seconds / (2 * m * k * n) / 1e9,
        ),
        Mistake(
            "upside down, not in billions",
            "These are seconds per calculation. The exercise asks for billions of calculations per second.",
            lambda m, k, n, seconds: seconds / (2 * m * k * n),
        ),
        Mistake(
            "FLOP/s",
            "This is in FLOP/s. The exercise asks for GFLOP/s, billions of calculations per second.",
            lambda m, k, n, seconds: 2 * m * k * n / seconds,
        ),
        Mistake(
            "TFLOP/s",
            "This is in TFLOP/s, thousands of billions per second. The exercise asks for GFLOP/s.",
            lambda m, k, n, seconds: 2 * m * k * n / seconds / 1e12,
        ),
        Mistake(
            "numbers of the matrices",
            "You counted how many numbers the matrices hold. How many multiplications and additions does one element of the result take?",
            lambda m, k, n, seconds: (m * k + k * n) / seconds / 1e9,
        ),
        Mistake(
            "sizes added",
            "You added the sizes. Each of m · n elements takes k multiplications: sizes multiply.",
            lambda m, k, n, seconds: 2 * (m + k + n) / seconds / 1e9,
        ),
    ),
)
