"""cross_entropy: what is to become small."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises import by_numpy
from course.exercises.backprop.common import (
    TOPIC,
    batch_of,
    normal,
    of_labels,
    one_hot,
    some_labels,
)


def cases(rng: np.random.Generator, spread: float) -> list[Case]:
    """Logits and labels; a square table, and logits that overflow or underflow in one way or another.

    `spread` is that of the logits of the last case.
    """
    usual = [
        Case(f"{batch_of(batch)}, {classes} classes", (normal(rng, batch, classes), some_labels(rng, batch, classes)))
        for batch, classes in ((1, 3), (2, 4), (3, 3))
    ]
    # Of one shape, so that nothing has to be compiled anew.
    large = normal(rng, 5, 3) + np.float32(120)
    # A whole row far below another: the largest logit of the batch is no help to it.
    far = normal(rng, 5, 3) + np.array([[0], [300], [-300], [0], [20]], np.float32)
    sure = normal(rng, 5, 3) + np.array([0, 150, -80], np.float32)
    return [
        *usual,
        Case("large logits, all about alike", (large, some_labels(rng, 5, 3))),
        Case("rows whose logits are far apart from each other", (far, some_labels(rng, 5, 3))),
        # Labels on both sides: the probability of the right class is 1 here, and less than a float32 can hold there.
        Case("logits of a network that is very sure, and often wrong", (sure, np.array([0, 2, 1, 2, 0], np.int32))),
        Case("a batch of 30, 10 classes", (np.float32(spread) * normal(rng, 30, 10), some_labels(rng, 30, 10))),
    ]


def cross_entropy(logits: Array, labels: Array) -> Array:
    """The mean over the batch of minus the logarithm of the softmax of the right class (Bishop 2006, eq. 4.108)."""
    return -of_labels(jax.nn.log_softmax(logits), labels).mean()


def plain_softmax(logits: Array) -> Array:
    """The softmax of each row by its formula, which overflows."""
    return jnp.exp(logits) / jnp.exp(logits).sum(axis=1, keepdims=True)


def _probabilities(logits: Array, labels: Array) -> Array:
    return of_labels(jax.nn.softmax(logits), labels)


def _shifted_by_the_batch(logits: Array) -> Array:
    return jnp.log(plain_softmax(logits - logits.max()))


def _yes_or_no(logits: Array, labels: Array) -> Array:
    p, right = jax.nn.softmax(logits), one_hot(logits, labels)
    return right * jnp.log(p) + (1 - right) * jnp.log(1 - p)


def _added(small: str) -> Mistake:
    return Mistake(
        f"{small} added",
        f"Right while the logits are small. Where a probability rounds to 0, the {small} that keeps the logarithm finite is all "
        "that is left to see. Can you take the logarithm of that fraction on paper first?",
        lambda logits, labels, eps=float(small): -jnp.log(_probabilities(logits, labels) + eps).mean(),
    )


CROSS_ENTROPY = Exercise(
    name="cross_entropy",
    topic=TOPIC,
    points=2,
    reference=cross_entropy,
    right=by_numpy.cross_entropy,
    cases=lambda rng: cases(rng, 0.5),
    edges=("a batch of one, 3 classes",),
    mistakes=(
        Mistake(
            "sum",
            "A batch of one is right. For larger batches your loss grows with the number of examples; the loss is a mean.",
            lambda logits, labels: cross_entropy(logits, labels) * len(labels),
        ),
        Mistake(
            "one for each example",
            "You return one loss for each example. The exercise asks for one number for the batch.",
            lambda logits, labels: -of_labels(jax.nn.log_softmax(logits), labels),
        ),
        Mistake(
            "no minus",
            "The size is right, the sign is not: the logarithm of a probability is negative, and a loss is not.",
            lambda logits, labels: -cross_entropy(logits, labels),
        ),
        Mistake(
            "divided by the classes too",
            "You also divided by the number of classes, as `mean` does with a (batch, classes) table. "
            "In each row only one entry counts.",
            lambda logits, labels: cross_entropy(logits, labels) / logits.shape[1],
        ),
        Mistake(
            "all classes",
            "The labels play no part: this is the mean over all classes. In each row only the right class counts.",
            lambda logits, labels: -jax.nn.log_softmax(logits).mean(),
        ),
        Mistake(
            "every label for every example",
            "The index `[:, labels]` reads the labels of *all* examples in each row, and makes a (batch, batch) table. "
            "Row 0 belongs to label 0, row 1 to label 1: how do you index rows and columns together?",
            lambda logits, labels: -jax.nn.log_softmax(logits)[:, labels].mean(),
        ),
        Mistake(
            "every label for every example, overflow",
            "The index `[:, labels]` reads the labels of *all* examples in each row, and makes a (batch, batch) table. "
            "(And where logits are large, e to the logit is infinite.)",
            lambda logits, labels: -jnp.log(plain_softmax(logits)[:, labels]).mean(),
        ),
        Mistake(
            "rows by label",
            "With one index, `table[labels]` picks whole *rows*: label 2 picks the third example. The row says which example, the "
            "column which class; the labels are columns.",
            lambda logits, labels: -jax.nn.log_softmax(logits)[labels].mean(),
        ),
        Mistake(
            "rows by label, unstable",
            "With one index, `table[labels]` picks whole *rows*: label 2 picks the third example. The labels are columns. "
            "(And where logits are large, a probability rounds to 0 before its logarithm is taken.)",
            lambda logits, labels: -jnp.log(jax.nn.softmax(logits))[labels].mean(),
        ),
        Mistake(
            "labels one-hot twice",
            "You made the one-hot labels one-hot once more, so there is an axis too many. Rows of zeros with a single 1 are ready to be "
            "multiplied by the logarithms.",
            lambda logits, labels: (
                -(jax.nn.log_softmax(logits) * one_hot(logits, one_hot(logits, labels).astype(int))).sum(axis=-1).mean()
            ),
        ),
        Mistake(
            "labels as weights",
            "You multiplied the logarithms by the labels, as numbers: class 2 counts twice as much as class 1, and class 0 not "
            "at all. A label says *which* entry of its row counts.",
            lambda logits, labels: -(jax.nn.log_softmax(logits) * labels[:, None]).sum(axis=1).mean(),
        ),
        Mistake(
            "overflow",
            "Right while the logits are small. Where they are large, e to the logit is infinite, and infinity over infinity is "
            "not a number. What can you subtract from every logit of a row without changing its softmax?",
            lambda logits, labels: -jnp.log(of_labels(plain_softmax(logits), labels)).mean(),
        ),
        Mistake(
            "overflow in the sum",
            "Right while the logits are small. You removed one exponential on paper; in the sum over the classes the "
            "others still overflow. What can you subtract from a row without changing its softmax?",
            lambda logits, labels: (jnp.log(jnp.exp(logits).sum(axis=1)) - of_labels(logits, labels)).mean(),
        ),
        Mistake(
            "the maximum of the batch",
            "You subtract the largest logit of the whole batch. A row of much smaller logits becomes all zeros; "
            "each row needs its own.",
            lambda logits, labels: -of_labels(_shifted_by_the_batch(logits), labels).mean(),
        ),
        Mistake(
            "the maximum of the batch, in a difference",
            "You subtract the largest logit of the whole batch. In a row of much smaller logits all exponentials are 0, and the "
            "logarithm of their sum is minus infinity; each row needs its own.",
            lambda logits, labels: (
                jnp.log(jnp.exp(logits - logits.max()).sum(axis=1)) - of_labels(logits - logits.max(), labels)
            ).mean(),
        ),
        Mistake(
            "rounds to 0",
            "Nothing overflows any more. But where the network is sure and wrong, the softmax rounds to 0 before you take its "
            "logarithm. Write the logarithm of the fraction as a difference: which of its two logarithms do you know already?",
            lambda logits, labels: -jnp.log(_probabilities(logits, labels)).mean(),
        ),
        *map(_added, ("1e-12", "1e-10", "1e-9", "1e-8", "1e-7", "1e-6")),
        Mistake(
            "logarithm of the mean",
            "You averaged the probabilities first, and took the logarithm at the end. Each example has a loss of its own; "
            "average those.",
            lambda logits, labels: -jnp.log(_probabilities(logits, labels).mean()),
        ),
        Mistake(
            "softmax twice",
            "The logits went through a softmax, and then through one more before the logarithm.",
            lambda logits, labels: cross_entropy(jax.nn.softmax(logits), labels),
        ),
        Mistake(
            "no softmax",
            "This is minus the mean of the right classes' logits. They are neither probabilities nor their logarithms yet.",
            lambda logits, labels: -of_labels(logits, labels).mean(),
        ),
        Mistake(
            "no logarithm",
            "You averaged the probabilities themselves. There is a step between a probability and its loss.",
            lambda logits, labels: -_probabilities(logits, labels).mean(),
        ),
        Mistake(
            "softmax over the batch",
            "The softmax ran down the batch. The probabilities of the *classes* of one example add up to 1.",
            lambda logits, labels: -of_labels(jax.nn.log_softmax(logits, axis=0), labels).mean(),
        ),
        Mistake(
            "softmax over everything",
            "The exponentials were divided by the sum of the whole table. Each row has a sum of its own.",
            lambda logits, labels: -of_labels(jax.nn.log_softmax(logits, axis=(0, 1)), labels).mean(),
        ),
        Mistake(
            "a yes or no for each class",
            "You added a term for each *wrong* class, the logarithm of 1 minus its probability. Only the right class's probability counts.",
            lambda logits, labels: -_yes_or_no(logits, labels).sum(axis=1).mean(),
        ),
        Mistake(
            "base 2",
            "The loss is 1.44 times too large: you used the logarithm to base 2. The loss uses the natural one.",
            lambda logits, labels: cross_entropy(logits, labels) / np.log(2).astype(np.float32),
        ),
        Mistake(
            "squared error",
            "These are squared distances to the one-hot labels. That is another loss; this one is cross-entropy.",
            lambda logits, labels: ((jax.nn.softmax(logits) - one_hot(logits, labels)) ** 2).sum(axis=1).mean(),
        ),
    ),
)
