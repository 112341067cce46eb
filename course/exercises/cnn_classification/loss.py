"""loss_fn: what is to become small."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.compare import describe
from course.checks.exercise import Case, Exercise, Mistake
from course.checks.probes.cnn_classification import of_tiny
from course.exercises import by_numpy
from course.exercises.cnn_classification.common import TOPIC, normal


def loss_fn(model: Callable[[Array], Array], images: Array, labels: Array) -> Array:
    """The mean softmax cross-entropy of the model's logits, one number; labels are whole numbers."""
    return -_of_labels(jax.nn.log_softmax(model(images)), labels).mean()


def _of_labels(x: Array, labels: Array) -> Array:
    return jnp.take_along_axis(x, labels[:, None], axis=1)[:, 0]


def _one_hot(x: Array, labels: Array) -> Array:
    return jax.nn.one_hot(labels, x.shape[1])


def _probabilities(model: Callable[[Array], Array], images: Array, labels: Array) -> Array:
    """The probability of the right class, for each image, by way of a softmax that may round to 0."""
    return _of_labels(jax.nn.softmax(model(images)), labels)


def _with_optax(logits: Array, labels: Array) -> Array:
    import optax

    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


def _loss_case(label: str, rng: np.random.Generator, batch: int, classes: int, size: float) -> Case:
    images = rng.uniform(size=(batch, 3, 2, 1)).astype(np.float32)
    W, b = np.float32(size) * normal(rng, 6, classes), np.float32(size) * normal(rng, classes)
    labels = rng.integers(0, classes, batch).astype(np.int32)
    shown = f"logits of the model: {describe(images.reshape(batch, 6) @ W + b)}\nlabels: {labels}"
    return Case(label, (W, b, images, labels), shown)


def _sure_case(rng: np.random.Generator) -> Case:
    """A model that is very sure, and wrong: the probability of the right class is less than a float32 can hold."""
    images = rng.uniform(size=(5, 3, 2, 1)).astype(np.float32)
    b = np.array([0, 150, -80], np.float32) + normal(rng, 3)
    labels = np.array([0, 2, 1, 2, 0], np.int32)
    shown = f"logits of the model, for each image: {describe(b)}\nlabels: {labels}"
    return Case(
        "logits so large that a probability rounds to 0", (np.zeros((6, 3), np.float32), b, images, labels), shown
    )


LOSS_FN = Exercise(
    name="loss_fn",
    topic=TOPIC,
    points=2,
    reference=loss_fn,
    right=lambda W, b, images, labels: by_numpy.dense_slopes(W, b, images, labels)[0],
    probe=of_tiny,
    cases=lambda rng: [
        _loss_case("a batch of one", rng, 1, 3, 1.0),
        _loss_case("a batch of two, four classes", rng, 2, 4, 1.0),
        _sure_case(rng),
        _loss_case("a batch of five, three classes", rng, 5, 3, 2.0),
        _loss_case("a batch of thirty, ten classes", rng, 30, 10, 0.5),
    ],
    edges=("a batch of one",),
    mistakes=(
        Mistake(
            "sum",
            "A batch of one is right; a larger one has a larger loss. "
            "The loss should not grow with the number of images.",
            lambda model, images, labels: loss_fn(model, images, labels) * len(labels),
        ),
        Mistake(
            "no minus",
            "The size is right, the sign is not: a loss is never negative, and it falls when the network gets better.",
            lambda model, images, labels: -loss_fn(model, images, labels),
        ),
        Mistake(
            "no minus, unstable",
            "The sign is wrong: a loss is never negative. (And where the logits are large, exp of them overflows, or the softmax "
            "rounds to 0 before its logarithm is taken; there are functions that take both in one.)",
            lambda model, images, labels: jnp.log(_probabilities(model, images, labels)).mean(),
        ),
        Mistake(
            "one for each image",
            "You return one loss for each image. A gradient is taken of one number.",
            lambda model, images, labels: -_of_labels(jax.nn.log_softmax(model(images)), labels),
        ),
        Mistake(
            "divided by the classes too",
            "The sum is right, but it was divided by the number of classes as well. "
            "In each row of the (batch, classes) table only one entry counts.",
            lambda model, images, labels: loss_fn(model, images, labels) / model(images).shape[1],
        ),
        Mistake(
            "all classes",
            "The labels are not used: this is the mean over all classes. "
            "In each row of the (batch, classes) table only the right class counts.",
            lambda model, images, labels: -jax.nn.log_softmax(model(images)).mean(),
        ),
        Mistake(
            "every label for every image",
            "Each image was asked about the labels of *all* images, as with the index `[:, labels]`, which makes a (batch, batch) table. "
            "Row 0 belongs to label 0, row 1 to label 1; how does an index go along both?",
            lambda model, images, labels: -jax.nn.log_softmax(model(images))[:, labels].mean(),
        ),
        Mistake(
            "every label for every image, unstable",
            "Each image was asked about the labels of *all* images, as with the index `[:, labels]`, which makes a (batch, batch) table. "
            "(And where the logits are large, exp of them overflows, or the softmax rounds to 0 before its logarithm is taken.)",
            lambda model, images, labels: -jnp.log(jax.nn.softmax(model(images))[:, labels]).mean(),
        ),
        Mistake(
            "logarithm of the mean",
            "The probabilities were averaged first, and the logarithm taken at the end. "
            "Each image has a loss of its own; those are averaged.",
            lambda model, images, labels: -jnp.log(_probabilities(model, images, labels).mean()),
        ),
        Mistake(
            "unstable",
            "Right while the logits are small. Where they are large, exp of them overflows, or the softmax rounds to 0 "
            "before its logarithm is taken. There are functions that take both in one.",
            lambda model, images, labels: -jnp.log(_probabilities(model, images, labels)).mean(),
        ),
        *(
            Mistake(
                f"{small} added",
                f"Right while the logits are small. Where a probability rounds to 0, the {small} that keeps the logarithm "
                "finite is all that is left to see, and the true loss is larger. There are functions that take softmax "
                "and logarithm in one.",
                lambda model, images, labels, eps=float(small): (
                    -jnp.log(_probabilities(model, images, labels) + eps).mean()
                ),
            )
            for small in ("1e-12", "1e-10", "1e-9", "1e-8", "1e-7", "1e-6")
        ),
        Mistake(
            "softmax twice",
            "The logits went through a softmax, and then into a cross-entropy that takes the softmax itself.",
            lambda model, images, labels: loss_fn(lambda x: jax.nn.softmax(model(x)), images, labels),
        ),
        Mistake(
            "accuracy",
            "This is the share of images that are right. It does not change when the weights change a little, "
            "so it has no slope to follow.",
            lambda model, images, labels: (model(images).argmax(axis=1) == labels).mean(),
        ),
        Mistake(
            "no logarithm",
            "This is the mean probability of the right class. The cross-entropy asks how surprising it is.",
            lambda model, images, labels: _probabilities(model, images, labels).mean(),
        ),
        Mistake(
            "minus, but no logarithm",
            "This is minus the mean probability of the right class. Between the probability and the minus "
            "a step is missing.",
            lambda model, images, labels: -_probabilities(model, images, labels).mean(),
        ),
        Mistake(
            "no softmax",
            "This is minus the mean of the right classes' logits. They are no probabilities yet, nor their logarithms.",
            lambda model, images, labels: -_of_labels(model(images), labels).mean(),
        ),
        Mistake(
            "whole numbers for logits",
            "Optax got whole numbers where it wants the logits. Either the largest was picked before (an `argmax`; "
            "the loss wants all ten numbers), or logits and labels came in the wrong order.",
            lambda model, images, labels: _with_optax(model(images).argmax(axis=1), labels),
        ),
        Mistake(
            "one-hot labels",
            "The labels were made one-hot, and the function with `integer_labels` in its name takes them as they are.",
            lambda model, images, labels: _with_optax(model(images), _one_hot(model(images), labels)),
        ),
        Mistake(
            "squared error",
            "These are squared distances to the one-hot labels. That is another loss; here it is cross-entropy.",
            lambda model, images, labels: (
                ((jax.nn.softmax(model(images)) - _one_hot(model(images), labels)) ** 2).sum(axis=1).mean()
            ),
        ),
        Mistake(
            "softmax over the batch",
            "The softmax ran down the batch, so that images competed with each other. It is the classes that compete.",
            lambda model, images, labels: -_of_labels(jax.nn.log_softmax(model(images), axis=0), labels).mean(),
        ),
    ),
)
