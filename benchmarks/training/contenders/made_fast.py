"""Lesson 08's end: the code that the lesson arrives at, taken from the notebook's own cells.

The convolutional network trains by its `fast_epoch`, and answers by its `fast_answers` or, one image at a time, by its
`answering`. The lesson has no network of dense layers; that one trains by the answers to the exercises `make_step` and
`scan_epoch`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from numpy.typing import NDArray

from benchmarks.training.cells import LESSONS, SOLUTIONS, defined
from benchmarks.training.contenders import taught
from benchmarks.training.task import Weights
from course.curriculum import lesson_of

NOTEBOOK = f"{lesson_of('make_it_fast')}.ipynb"


class Contender:
    """See `task.Contender`. (Both networks compute in float32 alone.)"""

    def __init__(self, network: str, weights: Weights, half: bool = False) -> None:
        self.state: Any
        # For one image at a time: makes a function of the images alone, for the weights of now.
        self.answering: Callable[[Any], Callable[..., Array]] | None = None
        self.alone: Callable[..., Array] | None = None
        (self._cnn if network == "cnn" else self._mlp)(weights)

    def _cnn(self, weights: Weights) -> None:
        optimizer = taught.adam()
        end = defined(LESSONS / NOTEBOOK, "fast_epoch", "fast_answers", "answering", given={"optimizer": optimizer})
        params: dict[str, dict[str, Array]] = {}
        for key, value in weights.items():
            layer, part = key.split("/")
            params.setdefault(layer, {})[taught.PARTS[part]] = jnp.asarray(value)
        self.state = params, optimizer.init(params)
        self.epoch, self.answers = end["fast_epoch"], end["fast_answers"]
        self.answering = end["answering"]

    def _mlp(self, weights: Weights) -> None:
        answer = defined(SOLUTIONS / NOTEBOOK, "make_step", "scan_epoch")
        lesson = defined(LESSONS / taught.NOTEBOOK, "loss_fn")
        graph, params = nnx.split(taught.model_with("mlp", weights))
        optimizer = taught.adam()

        def loss_fn(params: Any, images: Array, labels: Array) -> Array:
            return lesson["loss_fn"](nnx.merge(graph, params), images, labels)

        step = answer["make_step"](loss_fn, optimizer)

        @jax.jit
        def epoch(state: Any, images: Array, labels: Array, order: Array) -> tuple[Any, Array]:
            *state, losses = answer["scan_epoch"](step, *state, images[order], labels[order])
            return tuple(state), losses

        self.state = params, optimizer.init(params)
        self.epoch, self.answers = epoch, jax.jit(lambda params, images: nnx.merge(graph, params)(images))

    def load(self, images: NDArray[np.float32], labels: NDArray[np.int32]) -> None:
        self.data = jnp.asarray(images), jnp.asarray(labels)

    def train(self, order: NDArray[np.int32]) -> NDArray[np.float32]:
        self.state, losses = self.epoch(self.state, *self.data, order)
        self.alone = None
        return np.asarray(losses)

    def logits(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        if len(images) > 1 or self.answering is None:
            return np.asarray(self.answers(self.state[0], images))
        self.alone = self.alone or self.answering(self.state[0])
        return np.asarray(self.alone(images))
