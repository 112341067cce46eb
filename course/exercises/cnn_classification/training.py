"""train_step: one step that makes the loss smaller, of a network that behaves differently in training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.compare import equal, is_number
from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.probes.cnn_classification import steps
from course.exercises import by_numpy
from course.exercises.cnn_classification.common import TOPIC, after_colon, normal

STEPS = 3
# Of the model that the steps are tried on: its class, how fast its running averages move, and what is added to a variance.
NORMED, MOMENTUM, EPSILON = "Normed", 0.9, 1e-5


def train_step(model: Any, optimizer: Any, images: Array, labels: Array) -> tuple[Array, Array]:
    """One step of the optimizer on one batch, in training mode; changes the model in place.

    Returns:
        The loss and the share of the batch that is read correctly, both before the step.
    """
    return _right_but()(model, optimizer, images, labels)


def _loss_and_logits(model: Any, images: Array, labels: Array) -> tuple[Array, Array]:
    logits = model(images)
    return _each_loss(logits, labels).mean(), logits


def _each_loss(logits: Array, labels: Array) -> Array:
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)[:, 0]


def _share(logits: Array, labels: Array) -> Array:
    return (logits.argmax(axis=1) == labels).mean()


def _update(optimizer: Any, model: Any, loss: Array, gradients: Any) -> None:
    optimizer.update(model, gradients)


def _both(model: Any, loss: Array, logits: Array, images: Array, labels: Array) -> Any:
    return loss, _share(logits, labels)


def _right_but(
    *,
    of: Callable[..., tuple[Array, Array]] = _loss_and_logits,
    training: bool = True,
    update: Callable[..., None] = _update,
    answer: Callable[..., Any] = _both,
) -> Callable[..., Any]:
    """A step that differs from a right one in the loss, in the mode of the model, in the update, or in what it returns."""

    def step(model: Any, optimizer: Any, images: Array, labels: Array) -> Any:
        from flax import nnx

        if training:
            model.train()
        (loss, logits), gradients = nnx.value_and_grad(of, has_aux=True)(model, images, labels)
        update(optimizer, model, loss, gradients)
        return answer(model, loss, logits, images, labels)

    return step


def _scaled(factor: float) -> Callable[..., None]:
    def update(optimizer: Any, model: Any, loss: Array, gradients: Any) -> None:
        optimizer.update(model, jax.tree.map(lambda gradient: factor * gradient, gradients))

    return update


def _of_the_sum(model: Any, optimizer: Any, images: Array, labels: Array) -> Any:
    return _right_but(update=_scaled(len(labels)))(model, optimizer, images, labels)


def _twice(optimizer: Any, model: Any, loss: Array, gradients: Any) -> None:
    optimizer.update(model, gradients)
    optimizer.update(model, gradients)


def _fresh_optimizer(model: Any, optimizer: Any, images: Array, labels: Array) -> Any:
    from flax import nnx

    return train_step(model, nnx.Optimizer(model, optimizer.tx, wrt=nnx.Param), images, labels)


def _by_hand(optimizer: Any, model: Any, loss: Array, gradients: Any) -> None:
    for name in ("W", "b"):
        parameter = getattr(model, name)
        parameter[...] = parameter[...] - 0.1 * gradients[name][...]


def _on_a_copy(model: Any, optimizer: Any, images: Array, labels: Array) -> Any:
    from flax import nnx

    copy = nnx.clone(model)
    copy.train()
    loss, logits = _loss_and_logits(copy, images, labels)
    return loss, _share(logits, labels)


def _called_twice(model: Any, optimizer: Any, images: Array, labels: Array) -> Any:
    model.train()
    share = _share(model(images), labels)
    return train_step(model, optimizer, images, labels)[0], share


def _without_has_aux(model: Any, optimizer: Any, images: Array, labels: Array) -> Any:
    from flax import nnx

    model.train()
    return nnx.value_and_grad(_loss_and_logits)(model, images, labels)


NOT_ITS_OPTIMIZER = (
    "The model moves, but the optimizer that the step is given was never used. "
    "It knows the learning rate, and remembers from step to step."
)
THE_MODEL = "It returned the model. The model changes in place; what is to be returned is the loss and the accuracy."
ALONE = "It returned one thing. Expected are two numbers, the loss and the accuracy, in this order."
THE_LOGITS = "The second thing that it returned is a whole array. Expected is one number, the share of the batch that was read correctly."
STILL_A_PAIR = (
    "The first thing that it returned is a pair itself. With `has_aux=True` the value is a pair, the loss and the logits: "
    "take it apart as `(loss, logits), grads = …`."
)


def _pair(answer: Any) -> tuple[np.ndarray, np.ndarray]:
    """The loss and the accuracy of one step, or a sentence instead of a listing of all weights."""
    if type(answer).__name__ == NORMED:
        raise WrongAnswer(after_colon(THE_MODEL))
    if isinstance(answer, np.ndarray) and answer.shape == (2,):
        answer = tuple(answer)
    if not isinstance(answer, (tuple, list)) or len(answer) == 1:
        raise WrongAnswer(after_colon(ALONE))
    if len(answer) != 2:
        raise WrongAnswer(f"it returned {len(answer)} things; expected are two numbers, the loss and the accuracy.")
    loss, share = answer
    if isinstance(loss, (tuple, list)):
        raise WrongAnswer(after_colon(STILL_A_PAIR))
    if isinstance(share, np.ndarray) and share.ndim:
        raise WrongAnswer(after_colon(THE_LOGITS))
    for name, one in (("loss", loss), ("accuracy", share)):
        if not is_number(one):
            raise WrongAnswer(
                f"for the {name} it returned an object of the class {type(one).__name__}; expected a number."
            )
    return np.asarray(loss, np.float32), np.asarray(share, np.float32)


def _measure(
    raw: Any, W: np.ndarray, b: np.ndarray, images: np.ndarray, labels: np.ndarray, rate: float, momentum: float
) -> Any:
    """The losses and the accuracies of three steps, and all weights and running averages after them; None where an answer is None."""
    answers, weights, used, averages = raw
    if any(answer is None for answer in answers):
        return None
    losses, shares = (np.stack(column) for column in zip(*map(_pair, answers), strict=True))
    moved = not equal(weights, np.concatenate([W.ravel(), b]), 0, 0)
    # What is not the optimizer's doing may still be right, so that it is said only of weights that are wrong.
    if not used and moved and not equal(weights, _right(W, b, images, labels, rate, momentum)[2], 1e-4, 1e-5):
        raise WrongAnswer(after_colon(NOT_ITS_OPTIMIZER))
    return losses, shares, weights, averages


def _right(W: np.ndarray, b: np.ndarray, images: np.ndarray, labels: np.ndarray, *rates: float) -> tuple[Any, ...]:
    x = images.reshape(*images.shape[:2], -1)
    mean, var = x.mean(axis=1), x.var(axis=1)
    numbers = (x - mean[:, None]) / np.sqrt(var[:, None] + np.float32(EPSILON))
    (W_new, b_new), _, losses = by_numpy.dense_descent(W, b, numbers, labels, *rates)
    shares, averages = [], np.concatenate([np.zeros_like(mean[0]), np.ones_like(var[0])])
    for k in range(STEPS):
        (W_k, b_k), _, _ = by_numpy.dense_descent(W, b, numbers[:k], labels[:k], *rates)
        shares.append(((numbers[k] @ W_k + b_k).argmax(axis=1) == labels[k]).mean())
        averages = MOMENTUM * averages + (1 - MOMENTUM) * np.concatenate([mean[k], var[k]])
    weights = np.concatenate([W_new.ravel(), b_new])
    return np.stack(losses), np.array(shares, np.float32), weights, averages.astype(np.float32)


def _train_case(
    label: str, rng: np.random.Generator, batch: int, rate: float, momentum: float, wrong: bool = False
) -> Case:
    """`wrong`: the model is sure of class 0 at first, which none is, so that its loss is large."""
    W, b = 0.3 * normal(rng, 6, 4), 0.3 * normal(rng, 4)
    # Far from a mean of 0 and a variance of 1, which the running averages begin with.
    images = (2 + 3 * rng.uniform(size=(STEPS, batch, 3, 2, 1))).astype(np.float32)
    labels = rng.integers(0, 4, (STEPS, batch)).astype(np.int32)
    if wrong:
        b[0], labels[0] = 20, rng.integers(1, 4, batch)
    shown = (
        f"{STEPS} batches of {batch} images (3, 2, 1), a model of batch normalization and one dense layer, in evaluation mode, "
        f"and the optimizer SGD with learning rate {rate:g} and momentum {momentum:g}"
    )
    return Case(label, (W, b, images, labels, rate, momentum), shown)


TRAIN_STEP = Exercise(
    name="train_step",
    topic=TOPIC,
    points=4,
    reference=train_step,
    right=_right,
    probe=steps,
    measure=_measure,
    parts=(
        "the losses of three steps",
        "the accuracies of three steps",
        "the weights after three steps",
        "the running averages after three steps",
    ),
    limit_s=60.0,
    rtol=5e-4,
    atol=5e-5,
    cases=lambda rng: [
        _train_case("batches of three", rng, 3, 0.5, 0.0),
        _train_case("batches of eight", rng, 8, 1.0, 0.0),
        _train_case("an optimizer with momentum", rng, 8, 0.3, 0.9),
        _train_case("a large learning rate", rng, 8, 3.0, 0.5, wrong=True),
    ],
    mistakes=(
        Mistake(
            "evaluation mode",
            "The network came in evaluation mode, and your step left it there: batch normalization used its running averages and "
            "did not move them. One call puts a network into training mode.",
            _right_but(training=False),
        ),
        Mistake(
            "called twice",
            "Losses, accuracies and weights are right, but the running averages have moved twice in each step: the network was "
            "called twice in training mode. `has_aux=True` hands over the logits of the one call.",
            _called_twice,
        ),
        Mistake(
            "accuracy after the step",
            "The losses are right. The accuracies are those after each step, from a second call. Expected are those of the "
            "logits that the loss was computed from.",
            _right_but(answer=lambda model, loss, logits, images, labels: (loss, _share(model(images), labels))),
        ),
        Mistake(
            "loss after the step",
            "The weights are right. The losses are those after each step; expected is the loss that the gradients "
            "were taken of.",
            _right_but(
                answer=lambda model, loss, logits, images, labels: (
                    (after := _loss_and_logits(model, images, labels))[0],
                    _share(after[1], labels),
                )
            ),
        ),
        Mistake(
            "never updates",
            "The losses are those of weights that never change. The gradients have to reach the model through the optimizer: "
            "`update` takes first the model, then the gradients.",
            _right_but(update=lambda optimizer, model, loss, gradients: None),
        ),
        Mistake(
            "works on a copy",
            "After three steps nothing in the model has changed, not even its running averages: the step worked on a copy. "
            "`jax.jit` does that; `nnx.jit` writes the changes back.",
            _on_a_copy,
        ),
        Mistake(
            "updates twice",
            "The model moves twice in one step.",
            _right_but(update=_twice),
        ),
        Mistake(
            "gradient of the sum",
            "The losses begin right, but the steps are as many times too long as there are images in the batch. "
            "What did you take the gradients of?",
            _of_the_sum,
        ),
        Mistake(
            "climbs",
            "The model goes uphill: its steps have the right length and the wrong sign. "
            "The optimizer already flips the sign of the gradients.",
            _right_but(update=_scaled(-1.0)),
        ),
        Mistake(
            "a new optimizer each time",
            "Right for plain gradient descent, but the momentum is lost from step to step. "
            "Use the optimizer that the step is given; it remembers.",
            _fresh_optimizer,
        ),
        Mistake("optimizer not used", NOT_ITS_OPTIMIZER, _right_but(update=_by_hand)),
        Mistake(
            "update without the model",
            "`optimizer.update` takes two things: what it is to change, and the gradients. "
            "(You can ignore what the error says about other classes of Flax.)",
            _right_but(update=lambda optimizer, model, loss, gradients: optimizer.update(gradients)),
        ),
        Mistake(
            "loss for the gradients",
            "The optimizer got something other than the gradients for the model: the loss, perhaps, or the gradients for another argument. "
            "`value_and_grad(f, has_aux=True)(model, …)` gives the pair that f returns, and then its gradients for the model.",
            _right_but(update=lambda optimizer, model, loss, gradients: optimizer.update(model, loss)),
        ),
        Mistake(
            "has_aux forgotten",
            "A gradient is taken of one number, and your function returns two things. `has_aux=True` says that the gradient is of the "
            "first alone.",
            _without_has_aux,
        ),
        Mistake(
            "has_aux not taken apart",
            STILL_A_PAIR,
            _right_but(answer=lambda m, loss, z, x, y: ((loss, z), _share(z, y))),
        ),
        Mistake(
            "sum",
            "The loss grows with the number of images, and the steps with it. The loss of a batch is a mean.",
            _right_but(of=lambda model, x, y: (_each_loss(z := model(x), y).sum(), z)),
        ),
        Mistake(
            "no mean",
            "Your loss is one number for each image. A gradient is taken of a single number, the loss of the batch.",
            _right_but(of=lambda model, x, y: (_each_loss(z := model(x), y), z)),
        ),
        Mistake(
            "softmax twice",
            "The logits went through a softmax, and then into a cross-entropy that takes the softmax itself.",
            _right_but(of=lambda model, x, y: (_each_loss(jax.nn.softmax(z := model(x)), y).mean(), z)),
        ),
        Mistake("returns the model", THE_MODEL, _right_but(answer=lambda model, *rest: model)),
        Mistake("returns the loss alone", ALONE, _right_but(answer=lambda model, loss, *rest: loss)),
        Mistake("returns the logits", THE_LOGITS, _right_but(answer=lambda model, loss, logits, *rest: (loss, logits))),
        Mistake(
            "accuracy first",
            "Loss and accuracy have changed places: first the loss.",
            _right_but(answer=lambda m, loss, z, x, y: (_share(z, y), loss)),
        ),
        Mistake(
            "a count",
            "The second number counts the images that are read correctly. Expected is their share of the batch.",
            _right_but(answer=lambda m, loss, z, x, y: (loss, (z.argmax(axis=1) == y).sum())),
        ),
        Mistake(
            "percent",
            "The second number is in percent. A share lies between 0 and 1.",
            _right_but(answer=lambda m, loss, z, x, y: (loss, 100 * _share(z, y))),
        ),
    ),
)
