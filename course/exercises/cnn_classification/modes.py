"""evaluate: a network is measured in evaluation mode, and each image counts the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jax import Array

from course.checks.compare import is_number
from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.probes.cnn_classification import evaluated
from course.exercises.cnn_classification.common import TOPIC, normal
from course.exercises.cnn_classification.training import EPSILON

BATCH = 4  # of the code that is to be repaired


def evaluate(model: Any, images: Array, labels: Array) -> float:
    """The share of the images that the model, in evaluation mode, reads correctly."""
    return _by_batches()(model, images, labels)


def _by_batches(
    *,
    mode: str = "eval",
    of: Callable[[list[np.ndarray]], Any] = lambda hits: float(np.concatenate(hits).mean()),
    whole: bool = False,
) -> Callable[..., Any]:
    """An evaluation in batches that differs in the mode, in what it makes of the hits of all batches, or leaves a last, smaller batch out."""

    def wrong(model: Any, images: Array, labels: Array) -> Any:
        if mode:
            getattr(model, mode)()
        hits = []
        for i in range(0, len(images) // BATCH * BATCH if whole else len(images), BATCH):
            hits.append(np.asarray(model(images[i : i + BATCH]).argmax(axis=1) == labels[i : i + BATCH]))
        return of(hits)

    return wrong


def _mean_of_means(hits: list[np.ndarray]) -> float:
    return float(np.mean([one.mean() for one in hits]))


def _right(
    W: np.ndarray, b: np.ndarray, mean: np.ndarray, var: np.ndarray, images: np.ndarray, labels: np.ndarray
) -> Any:
    numbers = (images.reshape(len(images), -1) - mean) / np.sqrt(var + np.float32(EPSILON))
    return np.float32(((numbers @ W + b).argmax(axis=1) == labels).mean()), np.concatenate([mean, var])


def _measure(raw: Any, *args: Any) -> Any:
    share, averages = raw
    if share is None:
        return None
    if not is_number(share):
        raise WrongAnswer("expected is one number, the share of the images that are read correctly.")
    return np.float32(share), averages


def _case(label: str, rng: np.random.Generator, n: int, stray: int) -> Case:
    """`stray`: how many of the last images have a wrong label; the others' are those that the model gives them."""
    W, b = normal(rng, 6, 4), 0.3 * normal(rng, 4)
    mean, var = 2 * normal(rng, 6), rng.uniform(2, 6, 6).astype(np.float32)
    # One class after the other, as where the images of a folder were read in its order: no batch is like the whole.
    numbers = np.sort(rng.normal(size=(n, 1)), axis=0) * np.array([1, -1, 0.5, -0.5, 1, -1]) + 0.7 * normal(rng, n, 6)
    images = (mean + np.sqrt(var) * numbers).astype(np.float32)
    labels = (((images - mean) / np.sqrt(var + np.float32(EPSILON))) @ W + b).argmax(axis=1)
    labels[n - stray :] = (labels[n - stray :] + 1) % 4
    shown = f"{n} images (3, 2, 1), and a model of batch normalization and one dense layer, in training mode"
    return Case(label, (W, b, mean, var, images.reshape(n, 3, 2, 1), labels.astype(np.int32)), shown)


EVALUATE = Exercise(
    name="evaluate",
    topic=TOPIC,
    points=3,
    kind="repair",
    reference=evaluate,
    right=_right,
    probe=evaluated,
    measure=_measure,
    parts=("the share", "the running averages afterwards"),
    limit_s=60.0,
    cases=lambda rng: [
        _case("one image", rng, 1, 0),
        _case("six images", rng, 6, 1),
        _case("eighteen images", rng, 18, 2),
        _case("a multiple of the batch", rng, 24, 5),
        _case("ninety images", rng, 90, 1),
    ],
    edges=("one image",),
    mistakes=(
        Mistake(
            "training mode",
            "The network came in training mode and stayed in it: its answer to an image depends on the batch around that image, "
            "and measuring it has moved its running averages. (The mean is right.)",
            _by_batches(mode=""),
        ),
        Mistake(
            "training mode, all at once",
            "The mean is right, because all images are read at once. But the network stayed in training mode: its answer to an image "
            "depends on the others, and measuring it has moved its running averages.",
            lambda model, images, labels: float((model(images).argmax(axis=1) == labels).mean()),
        ),
        Mistake(
            "training mode, one at a time",
            "The mean is right, and no image depends on another, as each is read alone. But the network stayed in training mode: it "
            "normalizes each image by that image itself, and has moved its running averages.",
            lambda model, images, labels: float(
                np.mean([int(model(one[None])[0].argmax()) == label for one, label in zip(images, labels, strict=True)])
            ),
        ),
        Mistake(
            "not repaired",
            "Both faults are still there: the network is in training mode, and the mean is taken of the batches' shares. "
            "What does each of the two do to the answer?",
            _by_batches(mode="", of=_mean_of_means),
        ),
        Mistake(
            "mean of the batches",
            "The mode is right. But the mean is taken of the batches' shares, so an image of the last, smaller batch counts "
            "more than the others.",
            _by_batches(of=_mean_of_means),
        ),
        Mistake(
            "last batch left out",
            "The last, smaller batch is left out. Every image counts.",
            _by_batches(whole=True, of=lambda hits: float(np.concatenate(hits or [np.zeros(1)]).mean())),
        ),
        Mistake(
            "a count",
            "This is the number of images that are read correctly. Expected is their share.",
            _by_batches(of=lambda hits: int(np.concatenate(hits).sum())),
        ),
        Mistake(
            "percent",
            "This is in percent. A share lies between 0 and 1.",
            _by_batches(of=lambda hits: 100 * float(np.concatenate(hits).mean())),
        ),
        Mistake(
            "the wrong ones",
            "This is the share of the images that are read wrongly.",
            _by_batches(of=lambda hits: 1 - float(np.concatenate(hits).mean())),
        ),
    ),
)
