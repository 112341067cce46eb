"""The digits that a verdict is made on: new with every seed, and none of the course's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from hashlib import sha256
from typing import Any

import numpy as np
import pytest

from course.checks import exercises
from course.checks.judge import Marking, attempt
from course.data import load
from course.exercises.cnn_classification.reading import ENOUGH
from course.exercises.cnn_classification.reading import classify as labels_of
from course.exercises.digits import BARELY, CLEARLY, Strength, held_out, vary

pytestmark = pytest.mark.one_set

CLASSIFY = exercises("cnn_classification")["classify"]


@cache
def course_digits() -> tuple[np.ndarray, np.ndarray]:
    """All images and labels that come with the course, those that are held out as well."""
    data = load("mnist_5k")
    parts = (data.train, data.validation, data.test)
    return np.concatenate([part.images for part in parts]), np.concatenate([part.labels for part in parts])


def key(image: Any) -> str:
    return sha256(np.rint(255 * np.asarray(image)).astype(np.uint8).tobytes()).hexdigest()


@pytest.mark.parametrize("strength", [BARELY, CLEARLY])
def test_the_same_seed_gives_the_same_digits_and_another_seed_others(strength: Strength) -> None:
    images = held_out().images[:40]
    first, again, other = (vary(images, np.random.default_rng(seed), strength) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert all((one != another).any() for one, another in zip(first, other, strict=True))
    assert first.shape == images.shape and first.dtype == np.float32 and 0 <= first.min() < first.max() <= 1


def test_a_digit_that_is_not_varied_at_all_stays_as_it_is() -> None:
    images = held_out().images[:40]
    np.testing.assert_allclose(vary(images, np.random.default_rng(0), Strength(0, 0, 0, 0)), images, atol=1e-6)


def points(answer: Callable[..., Any], seed: int) -> float:
    marks = Marking(replace(CLASSIFY, mistakes=()), seed)
    return marks.verdict(marks.collect(partial(attempt, marks.exercise, answer))).points


@pytest.mark.parametrize("seed", [0, 31])
def test_a_table_of_all_of_the_courses_digits_earns_nothing(seed: int) -> None:
    images, labels = course_digits()
    table = {key(image): int(label) for image, label in zip(images, labels, strict=True)}

    def classify(given: Any) -> np.ndarray:
        return np.array([table.get(key(image), 3) for image in given], np.int32)

    assert points(classify, seed) == 0


@pytest.mark.parametrize("seed", [0, 31])
def test_the_nearest_of_all_of_the_courses_digits_is_not_enough(seed: int) -> None:
    images, labels = course_digits()
    known = images.reshape(len(images), -1)
    (given,) = CLASSIFY.draw(seed)[-1].args
    nearest = (np.square(known).sum(axis=1) - 2 * given.reshape(len(given), -1) @ known.T).argmin(axis=1)
    assert (labels[nearest] == labels_of(given)).mean() < ENOUGH - 0.01
