"""softmax_cross_entropy_backward: the slope of the loss for each logit, where the backward pass begins."""

from __future__ import annotations

from collections.abc import Callable

import jax
from jax import Array

from course.checks.exercise import Exercise, Mistake
from course.exercises import by_numpy
from course.exercises.backprop.common import TOPIC, of_labels, one_hot
from course.exercises.backprop.loss import cases, plain_softmax


def softmax_cross_entropy_backward(logits: Array, labels: Array) -> Array:
    """The slope of the mean cross-entropy for each logit: (softmax − one-hot) / batch (Bishop 2006, eq. 4.109)."""
    return (jax.nn.softmax(logits) - one_hot(logits, labels)) / len(labels)


def _of_one(logits: Array, labels: Array) -> Array:
    """As if each row were a batch of one."""
    return jax.nn.softmax(logits) - one_hot(logits, labels)


def _with(softmax: Callable[[Array], Array]) -> Callable[[Array, Array], Array]:
    """Right but for the softmax."""
    return lambda logits, labels: (softmax(logits) - one_hot(logits, labels)) / len(labels)


def _own_slope(logits: Array, labels: Array) -> Array:
    """The slope of the right class's probability for each logit: p_y (δ − p)."""
    p = jax.nn.softmax(logits)
    return of_labels(p, labels)[:, None] * (one_hot(logits, labels) - p)


SOFTMAX_CROSS_ENTROPY_BACKWARD = Exercise(
    name="softmax_cross_entropy_backward",
    topic=TOPIC,
    points=3,
    reference=softmax_cross_entropy_backward,
    right=by_numpy.cross_entropy_slopes,
    cases=lambda rng: cases(rng, 2.0),
    # The numbers are at most 1 / batch.
    atol=1e-6,
    edges=("a batch of one, 3 classes",),
    mistakes=(
        Mistake(
            "not divided by the batch",
            "A batch of one is right; for larger ones the slopes are too large, by the number of examples. "
            "The loss is a *mean*: how much of it is one example's?",
            _of_one,
        ),
        Mistake(
            "divided by the classes",
            "You divided by the number of classes. The mean in the loss is taken over the examples.",
            lambda logits, labels: _of_one(logits, labels) / logits.shape[1],
        ),
        Mistake(
            "divided by both",
            "You divided by the number of all logits. The mean in the loss is taken over the examples alone.",
            lambda logits, labels: _of_one(logits, labels) / logits.size,
        ),
        Mistake(
            "sign",
            "Every slope has the wrong sign. When the logit of the right class grows, does the loss rise or fall?",
            lambda logits, labels: -softmax_cross_entropy_backward(logits, labels),
        ),
        Mistake(
            "sign, not divided by the batch",
            "Every slope has the wrong sign: when the logit of the right class grows, the loss falls. "
            "(And the mean over the batch is missing.)",
            lambda logits, labels: -_of_one(logits, labels),
        ),
        Mistake(
            "the softmax alone",
            "These are the probabilities; the labels play no part. In each row the slope of one class has the other sign.",
            lambda logits, labels: jax.nn.softmax(logits) / len(labels),
        ),
        Mistake(
            "the softmax alone, not divided",
            "These are the probabilities themselves, without the labels and without the mean over the batch.",
            lambda logits, labels: jax.nn.softmax(logits),
        ),
        Mistake(
            "slope of each probability",
            "p(1 − p) is the slope of each probability for its *own* logit. A logit moves all probabilities of its row, and the "
            "loss is a logarithm of one of them. (Derive the slope of the two together: it is simpler than either.)",
            lambda logits, labels: jax.nn.softmax(logits) * (1 - jax.nn.softmax(logits)) / len(labels),
        ),
        Mistake(
            "gradient of the softmax alone",
            "This is the slope of the right class's *probability*. The loss is minus its logarithm: by the chain rule "
            "one factor is missing.",
            lambda logits, labels: _own_slope(logits, labels) / len(labels),
        ),
        Mistake(
            "gradient of the softmax alone, not divided",
            "This is the slope of the right class's *probability*. The logarithm and the mean over the batch are still missing.",
            _own_slope,
        ),
        Mistake(
            "gradient of the logarithm alone",
            "This is the slope of the loss for the *probabilities*. The way from the probabilities back to the logits is missing.",
            lambda logits, labels: -one_hot(logits, labels) / jax.nn.softmax(logits) / len(labels),
        ),
        Mistake(
            "divided before the labels",
            "The mean over the batch reached the probabilities and not the labels: look where the parenthesis closes.",
            lambda logits, labels: jax.nn.softmax(logits) / len(labels) - one_hot(logits, labels),
        ),
        Mistake(
            "only the labels divided",
            "The mean over the batch reached the labels and not the probabilities: look where the parenthesis closes.",
            lambda logits, labels: jax.nn.softmax(logits) - one_hot(logits, labels) / len(labels),
        ),
        Mistake(
            "every label in every row",
            "The index `[:, labels]` subtracts the 1 in *all* rows for each label. Row 0 belongs to label 0, row 1 to label 1: "
            "how do you index rows and columns together?",
            lambda logits, labels: jax.nn.softmax(logits).at[:, labels].add(-1) / len(labels),
        ),
        Mistake(
            "rows by label",
            "With one index, the labels pick whole *rows*: label 2 picks the third example. The row says which example, the column "
            "which class; the labels are columns.",
            lambda logits, labels: jax.nn.softmax(logits).at[labels].add(-1) / len(labels),
        ),
        Mistake(
            "labels one-hot twice",
            "You made the one-hot labels one-hot once more, so there is an axis too many. Rows of zeros with a single 1 have the shape of the "
            "logits already.",
            lambda logits, labels: (
                (jax.nn.softmax(logits) - one_hot(logits, one_hot(logits, labels).astype(int))) / len(labels)
            ),
        ),
        Mistake(
            "only the right class",
            "Only the right class of each row has a slope here. When another logit rises, the right class loses probability, "
            "and the loss rises.",
            lambda logits, labels: _of_one(logits, labels) * one_hot(logits, labels) / len(labels),
        ),
        Mistake(
            "the label's number subtracted",
            "You subtracted the label itself, as a number, from the whole row. A label says *which* of the row's probabilities gets the 1.",
            lambda logits, labels: (jax.nn.softmax(logits) - labels[:, None]) / len(labels),
        ),
        Mistake(
            "no softmax",
            "You compare the logits themselves with the labels. They have to become probabilities first.",
            _with(lambda logits: logits),
        ),
        Mistake(
            "softmax twice",
            "The logits went through the softmax twice.",
            _with(lambda logits: jax.nn.softmax(jax.nn.softmax(logits))),
        ),
        Mistake(
            "softmax over the batch",
            "The softmax ran down the batch. The probabilities of the *classes* of one example add up to 1.",
            _with(lambda logits: jax.nn.softmax(logits, axis=0)),
        ),
        Mistake(
            "softmax over everything",
            "You divided the exponentials by the sum of the whole table. Each row has a sum of its own.",
            _with(lambda logits: jax.nn.softmax(logits, axis=(0, 1))),
        ),
        Mistake(
            "overflow",
            "Right while the logits are small. Where they are large, e to the logit is infinite. What can you subtract from "
            "every logit of a row without changing its softmax?",
            _with(plain_softmax),
        ),
        Mistake(
            "the maximum of the batch",
            "You subtract the largest logit of the whole batch. A row of much smaller logits becomes 0 over 0; "
            "each row needs its own.",
            _with(lambda logits: plain_softmax(logits - logits.max())),
        ),
        Mistake(
            "summed over the batch",
            "You added the rows up, or averaged them. Every logit of every example has a slope of its own: the answer is as large as the logits.",
            lambda logits, labels: _of_one(logits, labels).mean(axis=0),
        ),
    ),
)
