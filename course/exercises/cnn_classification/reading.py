"""classify: a network of the learner's own, which reads digits that it has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import Array

from course.checks.compare import Told, difference, kind_of
from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.cnn_classification.common import TOPIC, after_colon
from course.exercises.digits import BARELY, CLEARLY, Strength, held_out, vary

CLASSES = 10
# Of digits that are varied CLEARLY. Nine networks that the lesson leads to, which read 96.2 to 97.7 % of the originals, read
# 90.1 % of them or more in each of eight draws; the nearest neighbor among all images of the course about 85 %.
ENOUGH = 0.88
# What is asked of the smaller batches leaves room for chance, so that the whole test decides.
_ENOUGH_OF = {1: 1, 50: 38, 200: 166}
# The first digit is easy to read: it is typical of its class, and hardly varied.
_EASY = BARELY
_KNOWN: dict[bytes, int] = {}


def _key(image: Any) -> bytes:
    return np.rint(255 * np.asarray(image)).astype(np.uint8).tobytes()


def classify(images: Array) -> np.ndarray:
    """The labels of digits that were drawn here `(n, 28, 28, 1)`, looked up rather than recognized: int32 `(n,)`."""
    return np.array([_KNOWN[_key(image)] for image in np.asarray(images)], np.int32)


def _varied(rng: np.random.Generator, images: np.ndarray, labels: np.ndarray, strength: Strength) -> np.ndarray:
    varied = vary(images, rng, strength)
    _KNOWN.update((_key(image), int(label)) for image, label in zip(varied, labels, strict=True))
    return varied


def _classify_cases(rng: np.random.Generator) -> list[Case]:
    images, labels = held_out()
    digit = int(rng.integers(0, CLASSES))
    # The most typical image of its class: an answer that is right 88 times in 100 is right here.
    same = images[labels == digit]
    typical = same[np.square(same - same.mean(axis=0)).sum(axis=(1, 2, 3)).argmin()]
    order = rng.permutation(len(images))
    varied = _varied(rng, images[order], labels[order], CLEARLY)
    return [
        Case("a batch of one", (_varied(rng, typical[np.newaxis], np.array([digit]), _EASY),)),
        Case("fifty digits that it has not seen", (varied[:50],)),
        Case("two hundred digits that it has not seen", (varied[50:250],)),
        Case("all the held-out digits", (varied,)),
    ]


_LOOK = (
    "Has the network in `classify` been trained, and do its images look as they did in training? "
    "They arrive as float32 in [0, 1], each turned, scaled, shifted, and made thicker or thinner a little."
)
_HINTS = {
    "scores": "For each image you return ten scores. A label is one whole number: the place of the largest score.",
    "probabilities": "For each image you return ten probabilities. Return the class that you decide for.",
    "one-hot": "The labels came back one-hot, in ten columns of 0 and 1. Expected is the number of the class.",
    "constant": f"The answer is the same digit for every image. {_LOOK}",
    "counted from 1": "Most answers are one too high. The classes are numbered from 0.",
    "argmax over the batch": "You asked which *image* has the largest score for each class. Ask along the other axis.",
    "argmax over everything": "One number came back: the largest score of the whole batch. Each image has its own.",
    "floats": "The labels are floating-point numbers. They count classes, so they are whole numbers: look at the dtype.",
}


def _said(name: str) -> str:
    return after_colon(_HINTS[name])


def _scores_of(images: Array) -> np.ndarray:
    spread = np.linspace(-1.0, 1.0, len(images))[:, None] + np.linspace(-0.5, 0.5, CLASSES)
    return 6.0 * np.eye(CLASSES, dtype=np.float32)[classify(images)] + spread


def _accept(got: Any, want: Any, images: Array) -> str | None:
    """None where enough labels are right, else what is wrong; the learner's scores are never those of a listed mistake."""
    n = len(want)
    shape = np.shape(got)
    if shape == (n, CLASSES):
        values = np.asarray(got, dtype=np.float64)
        if np.isin(values, (0, 1)).all():
            return _said("one-hot")
        return _said("probabilities" if np.allclose(values.sum(axis=1), 1, atol=1e-3) else "scores")
    if shape in ((CLASSES,), ()):
        return _said("argmax over the batch" if shape else "argmax over everything")
    if shape != (n,) or kind_of(got) not in "if" or isinstance(got, (list, tuple)):
        return difference(got, want, 0, 0)
    if kind_of(got) == "f":
        return difference(got, want, np.inf, np.inf) or _said("floats")
    answers, truth = np.asarray(got).astype(np.int64), np.asarray(want)
    right = int((answers == truth).sum())
    needed = _ENOUGH_OF.get(n, int(np.ceil(ENOUGH * n)))
    if right >= needed:
        return None
    if n == 1:  # too few to say more: a constant answer, or a guess, may be one too high here
        asked = " And do your classes count from 0?" if answers[0] == truth[0] + 1 else ""
        taken = f"was taken for {answers[0]}. {_LOOK}"
        return Told(f"the digit {truth[0]}, easy to read, {taken}{asked}", f"a digit that is easy to read {taken}")
    if (answers - 1 == truth).sum() >= 0.8 * n:
        return _said("counted from 1")
    if (answers == answers[0]).all():
        return _said("constant")
    return f"{right:,} of {n:,} right ({right / n:.1%}); {needed:,} are needed."


CLASSIFY = Exercise(
    name="classify",
    topic=TOPIC,
    points=4,
    reference=classify,
    cases=_classify_cases,
    accept=_accept,
    rtol=0.0,
    limit_s=300.0,
    mistakes=tuple(
        Mistake(name, _HINTS[name], wrong)
        for name, wrong in (
            ("scores", _scores_of),
            (
                "probabilities",
                lambda images: np.exp(_scores_of(images)) / np.exp(_scores_of(images)).sum(1, keepdims=True),
            ),
            ("one-hot", lambda images: np.eye(CLASSES, dtype=np.int32)[classify(images)]),
            ("constant", lambda images: np.full(len(images), 8, np.int32)),
            ("counted from 1", lambda images: classify(images) + 1),
            ("argmax over the batch", lambda images: _scores_of(images).argmax(axis=0)),
            ("argmax over everything", lambda images: _scores_of(images).argmax()),
            ("floats", lambda images: classify(images).astype(np.float32)),
        )
    ),
)
