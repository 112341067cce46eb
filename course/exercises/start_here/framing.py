"""framed: a function written for NumPy, repaired for arrays that don't change."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.start_here.common import TOPIC


def framed(image: Array, value: float) -> Array:
    image = image.at[0, :].set(value).at[-1, :].set(value)
    return image.at[:, 0].set(value).at[:, -1].set(value)


def _in_numpy(image: np.ndarray, value: float) -> np.ndarray:
    image = np.array(image)
    image[[0, -1], :] = value
    image[:, [0, -1]] = value
    return image


def _framed_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, shape: tuple[int, int]) -> Case:
        # No pixel has the value of the frame, nor 0.
        image = rng.uniform(0.1, 0.9, size=shape).astype(np.float32)
        return Case(label, (image, float(np.float32(rng.uniform(1.5, 3.0)))))

    return [
        case("three rows of four pixels", (3, 4)),
        case("a picture of one row", (1, 4)),
        case("a picture of one column", (3, 1)),
        case("a wide picture", (4, 7)),
        case("a tall picture", (8, 5)),
    ]


FRAMED = Exercise(
    name="framed",
    kind="repair",
    topic=TOPIC,
    points=1,
    reference=framed,
    right=_in_numpy,
    cases=_framed_cases,
    edges=("a picture of one row", "a picture of one column"),
    mistakes=(
        Mistake(
            "unchanged",
            "The picture came back as it was. `.at[…].set(…)` leaves the array alone and returns a new one: keep it under a name.",
            lambda image, value: image,
        ),
        Mistake(
            "rows alone",
            "The first and the last row have the value, the columns don't. Is the new array of the last two lines lost?",
            lambda image, value: image.at[0, :].set(value).at[-1, :].set(value),
        ),
        Mistake(
            "columns alone",
            "The first and the last column have the value, the rows don't. Is the new array of the first two lines lost?",
            lambda image, value: image.at[:, 0].set(value).at[:, -1].set(value),
        ),
        Mistake(
            "top alone",
            "Only the first row has the value. Each of the four lines makes a new array, and the next line has to start from that one.",
            lambda image, value: image.at[0, :].set(value),
        ),
        Mistake(
            "right edge alone",
            "Only the last column has the value: each line starts from the old picture. Let the next line start from what the one before returned.",
            lambda image, value: image.at[:, -1].set(value),
        ),
        Mistake(
            "bottom missing",
            "The last row is not framed. Is that line's new array kept, and does it name the row −1?",
            lambda image, value: image.at[0, :].set(value).at[:, 0].set(value).at[:, -1].set(value),
        ),
        Mistake(
            "right edge missing",
            "The last column is not framed. Is that line's new array kept, and does it name the column −1?",
            lambda image, value: image.at[0, :].set(value).at[-1, :].set(value).at[:, 0].set(value),
        ),
        Mistake(
            "top and left alone",
            "Only the top and the left edge are framed. An index out of bounds has no effect in `.at[…].set(…)`. The last row or column is −1, whatever the size.",
            lambda image, value: image.at[0, :].set(value).at[:, 0].set(value),
        ),
        Mistake(
            "inside filled",
            "The inside has the value now, and the edge is as it was. It should be the other way around.",
            lambda image, value: image.at[1:-1, 1:-1].set(value),
        ),
        Mistake(
            "around the picture",
            "The frame lies around the picture, which is larger now. It should replace the outermost pixels.",
            lambda image, value: jnp.pad(image, 1, constant_values=value),
        ),
        Mistake(
            "always 1",
            "The frame is always 1. The second argument says which value it should have.",
            lambda image, value: framed(image, 1.0),
        ),
        Mistake(
            "added",
            "The value was added to the pixels of the edge, twice in the corners. It should replace them.",
            lambda image, value: (
                image.at[0, :].add(value).at[-1, :].add(value).at[:, 0].add(value).at[:, -1].add(value)
            ),
        ),
        Mistake(
            "inside lost",
            "The frame is right, but the picture inside of it is gone. Start from the picture, not from zeros.",
            lambda image, value: framed(jnp.zeros_like(image), value),
        ),
    ),
)
