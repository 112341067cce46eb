"""loss_fn and train_step: what is to become small, and the step that makes it smaller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.compare import describe
from course.checks.exercise import Case, Exercise, Mistake
from course.checks.lesson_04.common import LESSON, normal, tiny

# --- loss_fn --------------------------------------------------------------------------------------------------------


def loss_fn(model: Callable[[Array], Array], images: Array, labels: Array) -> Array:
    """The mean softmax cross-entropy of the model's logits, one number; labels are whole numbers."""
    return -_of_labels(jax.nn.log_softmax(model(images)), labels).mean()


def _of_labels(x: Array, labels: Array) -> Array:
    return jnp.take_along_axis(x, labels[:, None], axis=1)[:, 0]


def _one_hot(x: Array, labels: Array) -> Array:
    return jax.nn.one_hot(labels, x.shape[1])


def _loss_probe(loss_fn: Callable[..., Any], W: Array, b: Array, images: Array, labels: Array) -> Any:
    return loss_fn(tiny(W, b), images, labels)


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
    return Case("very large logits", (np.zeros((6, 3), np.float32), b, images, labels), shown)


LOSS_FN = Exercise(
    name="loss_fn",
    lesson=LESSON,
    points=2,
    reference=loss_fn,
    probe=_loss_probe,
    cases=lambda rng: [
        _loss_case("a batch of one", rng, 1, 3, 1.0),
        _loss_case("a batch of two, four classes", rng, 2, 4, 1.0),
        _sure_case(rng),
        _loss_case("a batch of five, three classes", rng, 5, 3, 2.0),
        _loss_case("a batch of thirty, ten classes", rng, 30, 10, 0.5),
    ],
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
            "one for each image",
            "You return one loss for each image. A gradient is taken of one number.",
            lambda model, images, labels: -_of_labels(jax.nn.log_softmax(model(images)), labels),
        ),
        Mistake(
            "divided by the classes too",
            "The mean was taken over every entry of the (batch, classes) table. In each row only one entry counts.",
            lambda model, images, labels: loss_fn(model, images, labels) / model(images).shape[1],
        ),
        Mistake(
            "unstable",
            "Right while the logits are small. Where they are large, the softmax rounds to 0 before its logarithm is "
            "taken. There are functions that take both in one.",
            lambda model, images, labels: -jnp.log(_of_labels(jax.nn.softmax(model(images)), labels)).mean(),
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
            lambda model, images, labels: _of_labels(jax.nn.softmax(model(images)), labels).mean(),
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


# --- train_step -----------------------------------------------------------------------------------------------------

STEPS = 3


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


def _train_probe(
    train_step: Callable[..., Any], W: Array, b: Array, images: Array, labels: Array, rate: float, momentum: float
) -> Any:
    """Three steps on a tiny model: their losses `(3,)`, and all its weights after them."""
    import optax
    from flax import nnx

    model = tiny(W, b)
    optimizer = nnx.Optimizer(model, optax.sgd(rate, momentum=momentum), wrt=nnx.Param)
    losses = []
    for x, y in zip(images, labels, strict=True):
        loss = train_step(model, optimizer, x, y)
        if loss is None:
            return None
        if isinstance(loss, (tuple, list)):
            raise TypeError(
                f"train_step returned a {type(loss).__name__} of {len(loss)}; expected the loss, one number"
            )
        losses.append(jnp.asarray(loss))
    return jnp.stack(losses), jnp.concatenate([model.W[...].ravel(), model.b[...]])


def _train_case(label: str, rng: np.random.Generator, batch: int, rate: float, momentum: float) -> Case:
    W, b = 0.3 * normal(rng, 6, 4), 0.3 * normal(rng, 4)
    images = rng.uniform(size=(STEPS, batch, 3, 2, 1)).astype(np.float32)
    labels = rng.integers(0, 4, (STEPS, batch)).astype(np.int32)
    shown = (
        f"{STEPS} batches of {batch} images (3, 2, 1), a model of one dense layer, "
        f"and the optimizer SGD with learning rate {rate:g} and momentum {momentum:g}"
    )
    return Case(label, (W, b, images, labels, rate, momentum), shown)


TRAIN_STEP = Exercise(
    name="train_step",
    lesson=LESSON,
    points=3,
    reference=train_step,
    probe=_train_probe,
    parts=("the losses of three steps", "the weights after three steps"),
    limit_s=60.0,
    cases=lambda rng: [
        _train_case("batches of one", rng, 1, 0.5, 0.0),
        _train_case("batches of four", rng, 4, 1.0, 0.0),
        _train_case("an optimizer with momentum", rng, 4, 0.3, 0.9),
        _train_case("a large learning rate", rng, 4, 3.0, 0.5),
    ],
    mistakes=(
        Mistake(
            "never updates",
            "The losses are those of a model that never changes. The gradients have to reach it through the optimizer. "
            "(If you compile the step: `jax.jit` works on a copy, `nnx.jit` writes the changes back.)",
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
        Mistake(
            "optimizer not used",
            "The model moves, but not as its optimizer would move it: another learning rate has no effect.",
            _by_hand,
        ),
    ),
)
