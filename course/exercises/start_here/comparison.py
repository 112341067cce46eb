"""nearest: which known example is most like each new one, for all of them at once."""

from __future__ import annotations

import numpy as np
from jax import Array

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.start_here.common import TOPIC


def nearest(known: Array, new: Array) -> Array:
    lengths = (known**2).sum(axis=1)
    return (lengths - 2 * new @ known.T).argmin(axis=1)


def _distances(known: np.ndarray, new: np.ndarray) -> np.ndarray:
    """The squared distances, (new, known)."""
    return ((new.astype(np.float64)[:, None] - known) ** 2).sum(axis=2)


def _nearest_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, known: int, new: int, features: int) -> Case:
        while True:
            examples = rng.normal(size=(known, features)) * rng.uniform(0.5, 2, size=(known, 1))
            # The origin, and two rows from which it is 2.4 and 3 away: by the sum of absolute differences the second is nearer.
            # The last row is long, so that its products are large.
            examples[0], examples[1] = 0, 0
            examples[0, :3], examples[1, 0], examples[-1] = 1.39, 3, 9
            examples[2:-1] += 5 * rng.choice([-1, 1], size=(known - 3, features))
            asked = examples[rng.integers(2, known, size=new)] + rng.normal(size=(new, features))
            asked[0] = 0
            if known > 4 and new > 1:
                # Near (2, 2, …). A wrong weight of the product prefers (3, 3, …) to it, or the long row.
                examples[2:4] = np.array([[2], [3]]) + rng.uniform(-0.1, 0.1, size=(2, features))
                asked[1] = examples[2] + rng.uniform(-0.1, 0.1, size=features)
            examples, asked = examples.astype(np.float32), asked.astype(np.float32)
            ordered = np.sort(_distances(examples, asked), axis=1)
            # Rounding must not decide which of two is nearer.
            if (ordered[:, 1] - ordered[:, 0] > 0.05).all():
                return Case(label, (examples, asked))

    return [
        case("four known and two new ones", 4, 2, 3),
        case("one new example", 6, 1, 4),
        case("more new ones than known ones", 5, 9, 4),
        case("as many new ones as numbers in each", 8, 5, 5),
        case("more known ones than new ones", 20, 7, 6),
    ]


NEAREST = Exercise(
    name="nearest",
    topic=TOPIC,
    points=3,
    reference=nearest,
    right=lambda known, new: _distances(known, new).argmin(axis=1).astype(np.int32),
    cases=_nearest_cases,
    edges=("one new example",),
    mistakes=(
        Mistake(
            "largest product",
            "You take the largest product x · w. A known example with large numbers then wins too often: what does |w|² do in the formula?",
            lambda known, new: (new @ known.T).argmax(axis=1),
        ),
        Mistake(
            "smallest product",
            "You take the smallest product x · w. In the formula it has a minus: the more two examples agree, the larger it is.",
            lambda known, new: (new @ known.T).argmin(axis=1),
        ),
        Mistake(
            "2 forgotten",
            "|w|² is there, but the factor of x · w is 1. Multiply (x − w) · (x − w) out: how often does x · w occur?",
            lambda known, new: ((known**2).sum(axis=1) - new @ known.T).argmin(axis=1),
        ),
        Mistake(
            "sign of the product",
            "The product x · w is added to |w|². Multiply (x − w) · (x − w) out: which sign does it get?",
            lambda known, new: ((known**2).sum(axis=1) + 2 * new @ known.T).argmin(axis=1),
        ),
        Mistake(
            "farthest",
            "These are the examples that differ *most*. Which end of the distances is asked for?",
            lambda known, new: ((known**2).sum(axis=1) - 2 * new @ known.T).argmax(axis=1),
        ),
        Mistake(
            "distances",
            "These are the smallest distances themselves. The exercise asks *which* known example has it: `argmin`, not `min`.",
            lambda known, new: ((new[:, None] - known) ** 2).sum(axis=2).min(axis=1),
        ),
        Mistake(
            "other axis, by the product",
            "You have one answer for each known example. There should be one for each *new* example: along which axis does `argmin` look?",
            lambda known, new: ((known**2).sum(axis=1) - 2 * new @ known.T).argmin(axis=0),
        ),
        Mistake(
            "other axis",
            "You found the nearest new example for each known one. There should be one answer for each *new* example: use the other axis.",
            lambda known, new: ((new[:, None] - known) ** 2).sum(axis=2).argmin(axis=0),
        ),
        Mistake(
            "not squared",
            "The differences were added up without being squared, so that positive and negative ones cancel.",
            lambda known, new: (new[:, None] - known).sum(axis=2).argmin(axis=1),
        ),
        Mistake(
            "absolute differences",
            "You added up the absolute values of the differences. The exercise asks for their squares, which weigh a large difference more.",
            lambda known, new: abs(new[:, None] - known).sum(axis=2).argmin(axis=1),
        ),
        Mistake(
            "one answer for all",
            "This is one place for all new examples together. `argmin` needs an axis, so that each new example gets its own.",
            lambda known, new: ((known**2).sum(axis=1) - 2 * new @ known.T).argmin(),
        ),
        Mistake(
            "vectors themselves",
            "These are the known examples themselves. The exercise asks for their places: 0 for the first one.",
            lambda known, new: known[nearest(known, new)],
        ),
    ),
)
