"""train_step: one step that makes the loss smaller."""

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
from course.exercises.cnn_classification.loss import loss_fn

STEPS = 3
# The class of the model that the steps are tried on.
TINY = "Tiny"


def train_step(model: Any, optimizer: Any, images: Array, labels: Array) -> Array:
    """One step of the optimizer on one batch; changes the model in place and returns the loss before the step."""
    loss, gradients = _value_and_gradients(model, images, labels)
    optimizer.update(model, gradients)
    return loss


def _value_and_gradients(model: Any, images: Array, labels: Array, factor: float = 1.0) -> tuple[Array, Any]:
    from flax import nnx

    loss, gradients = nnx.value_and_grad(loss_fn)(model, images, labels)
    return loss, jax.tree.map(lambda gradient: factor * gradient, gradients)


def _scaled_step(model: Any, optimizer: Any, images: Array, labels: Array, factor: float) -> Array:
    loss, gradients = _value_and_gradients(model, images, labels, factor)
    optimizer.update(model, gradients)
    return loss


def _twice(model: Any, optimizer: Any, images: Array, labels: Array) -> Array:
    loss, gradients = _value_and_gradients(model, images, labels)
    optimizer.update(model, gradients)
    optimizer.update(model, gradients)
    return loss


def _loss_after(model: Any, optimizer: Any, images: Array, labels: Array) -> Array:
    train_step(model, optimizer, images, labels)
    return loss_fn(model, images, labels)


def _fresh_optimizer(model: Any, optimizer: Any, images: Array, labels: Array) -> Array:
    from flax import nnx

    return train_step(model, nnx.Optimizer(model, optimizer.tx, wrt=nnx.Param), images, labels)


def _by_hand(model: Any, optimizer: Any, images: Array, labels: Array) -> Array:
    loss, gradients = _value_and_gradients(model, images, labels)
    for name in ("W", "b"):
        parameter = getattr(model, name)
        parameter[...] = parameter[...] - 0.1 * gradients[name][...]
    return loss


def _step_on(loss_of: Callable[[Any, Array, Array], Array]) -> Callable[..., Array]:
    """A step that is right but for the loss that it takes."""

    def step(model: Any, optimizer: Any, images: Array, labels: Array) -> Array:
        from flax import nnx

        loss, gradients = nnx.value_and_grad(loss_of)(model, images, labels)
        optimizer.update(model, gradients)
        return loss

    return step


def _each_loss(logits: Array, labels: Array) -> Array:
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)[:, 0]


def _update_with(*which: str) -> Callable[..., Array]:
    """A step that hands the optimizer other things than it takes: "loss" or "gradients", and the "model" or not."""

    def step(model: Any, optimizer: Any, images: Array, labels: Array) -> Array:
        loss, gradients = _value_and_gradients(model, images, labels)
        given = {"model": model, "loss": loss, "gradients": gradients}
        optimizer.update(*(given[name] for name in which))
        return loss

    return step


def _returning(answer: Callable[[Any, Array], Any]) -> Callable[..., Any]:
    """A right step that returns `answer(model, loss)`."""

    def step(model: Any, optimizer: Any, images: Array, labels: Array) -> Any:
        return answer(model, train_step(model, optimizer, images, labels))

    return step


NOT_ITS_OPTIMIZER = (
    "The model moves, but not as the optimizer that the step is given would move it, which was never asked. "
    "It knows the learning rate, and remembers from step to step."
)
THE_MODEL = "It returned the model. The model changes in place; what is to be returned is the loss."
A_TUPLE = "It returned several values. Expected is the loss alone, one number."


def _the_loss(answer: Any) -> np.ndarray:
    """The answer of one step as a number, or a sentence instead of a listing of all weights."""
    if isinstance(answer, (tuple, list)):
        raise WrongAnswer(after_colon(A_TUPLE))
    if isinstance(answer, np.ndarray) and answer.ndim:
        raise WrongAnswer(f"it returned an array of shape {answer.shape}; expected the loss, one number.")
    if is_number(answer):
        return np.asarray(answer)
    name = type(answer).__name__
    if name == TINY:
        raise WrongAnswer(after_colon(THE_MODEL))
    raise WrongAnswer(f"it returned an object of the class {name}; expected the loss, one number.")


def _measure(
    raw: Any, W: np.ndarray, b: np.ndarray, images: np.ndarray, labels: np.ndarray, rate: float, momentum: float
) -> Any:
    """The losses of three steps on a tiny model `(3,)`, and all its weights after them; None where a loss is None."""
    answers, weights, used = raw
    if any(answer is None for answer in answers):
        return None
    losses = np.stack([_the_loss(answer) for answer in answers])
    if not used and not equal(weights, np.concatenate([W.ravel(), b]), 0, 0):
        # What is not the optimizer's doing may still be right, so that it is said only of weights that are wrong.
        right = steps(
            train_step, jnp.asarray(W), jnp.asarray(b), jnp.asarray(images), jnp.asarray(labels), rate, momentum
        )[1]
        if not equal(weights, right, 1e-4, 1e-5):
            raise WrongAnswer(after_colon(NOT_ITS_OPTIMIZER))
    return losses, weights


def _right(*args: Any) -> tuple[np.ndarray, np.ndarray]:
    (W, b), _, losses = by_numpy.dense_descent(*args)
    return np.stack(losses), np.concatenate([W.ravel(), b])


def _train_case(
    label: str, rng: np.random.Generator, batch: int, rate: float, momentum: float, wrong: bool = False
) -> Case:
    """`wrong`: the model is sure of class 0 at first, which none is, so that its loss is large."""
    W, b = 0.3 * normal(rng, 6, 4), 0.3 * normal(rng, 4)
    images = rng.uniform(size=(STEPS, batch, 3, 2, 1)).astype(np.float32)
    labels = rng.integers(0, 4, (STEPS, batch)).astype(np.int32)
    if wrong:
        b[0], labels[0] = 20, rng.integers(1, 4, batch)
    shown = (
        f"{STEPS} batches of {batch} image{'' if batch == 1 else 's'} (3, 2, 1), a model of one dense layer, "
        f"and the optimizer SGD with learning rate {rate:g} and momentum {momentum:g}"
    )
    return Case(label, (W, b, images, labels, rate, momentum), shown)


TRAIN_STEP = Exercise(
    name="train_step",
    topic=TOPIC,
    points=3,
    reference=train_step,
    right=_right,
    probe=steps,
    measure=_measure,
    parts=("the losses of three steps", "the weights after three steps"),
    limit_s=60.0,
    cases=lambda rng: [
        _train_case("batches of one", rng, 1, 0.5, 0.0),
        _train_case("batches of four", rng, 4, 1.0, 0.0),
        _train_case("an optimizer with momentum", rng, 4, 0.3, 0.9),
        _train_case("a large learning rate", rng, 4, 3.0, 0.5, wrong=True),
    ],
    edges=("batches of one",),
    mistakes=(
        Mistake(
            "never updates",
            "The losses are those of a model that never changes. The gradients have to reach it through the optimizer. "
            "(`update` takes first the model, then the gradients. And if you compile the step: `jax.jit` works on a copy, "
            "`nnx.jit` writes the changes back.)",
            lambda model, optimizer, images, labels: loss_fn(model, images, labels),
        ),
        Mistake(
            "updates twice",
            "The model moves twice in one step.",
            _twice,
        ),
        Mistake(
            "loss after the step",
            "The weights are right. The losses are those after each step; expected is the loss that the gradients "
            "were taken of.",
            _loss_after,
        ),
        Mistake(
            "gradient of the sum",
            "The losses begin right, but the steps are as many times too long as there are images in the batch. "
            "Of what were the gradients taken?",
            lambda model, optimizer, images, labels: _scaled_step(model, optimizer, images, labels, len(labels)),
        ),
        Mistake(
            "climbs",
            "The model goes uphill: its steps have the right length and the wrong sign. "
            "The optimizer turns the gradients around itself.",
            lambda model, optimizer, images, labels: _scaled_step(model, optimizer, images, labels, -1.0),
        ),
        Mistake(
            "a new optimizer each time",
            "Right for plain gradient descent, but the momentum is lost from step to step. "
            "Use the optimizer that the step is given; it remembers.",
            _fresh_optimizer,
        ),
        Mistake("optimizer not used", NOT_ITS_OPTIMIZER, _by_hand),
        Mistake(
            "update without the model",
            "`optimizer.update` takes two things: what it is to change, and the gradients. "
            "(What the error says about other classes of Flax need not concern you.)",
            _update_with("gradients"),
        ),
        Mistake(
            "loss for the gradients",
            "The optimizer got something else than the gradients for the model: the loss, perhaps, or slopes for another argument. "
            "`value_and_grad(f)(model, …)` gives two things, f's value and then its gradients for the model.",
            _update_with("model", "loss"),
        ),
        Mistake(
            "sum",
            "A batch of one is right; in a larger one the loss grows with the number of images, and the steps with it. "
            "The loss of a batch is a mean.",
            _step_on(lambda model, images, labels: loss_fn(model, images, labels) * len(labels)),
        ),
        Mistake(
            "no mean",
            "Your loss is one number for each image. A gradient is taken of a single number, the loss of the batch.",
            _step_on(lambda model, images, labels: _each_loss(model(images), labels)),
        ),
        Mistake(
            "softmax twice",
            "The logits went through a softmax, and then into a cross-entropy that takes the softmax itself.",
            _step_on(lambda model, images, labels: loss_fn(lambda x: jax.nn.softmax(model(x)), images, labels)),
        ),
        Mistake("returns the model", THE_MODEL, _returning(lambda model, loss: model)),
        Mistake("returns several values", A_TUPLE, _returning(lambda model, loss: (loss, model))),
    ),
)
