"""Lesson 05 as written: its network, loss and step, taken from the notebook's own cells; the CNN is the answer to its exercise.

The lesson's optimizer is AdamW with a schedule. Here it is Adam, as for all contenders. A batch is picked by NumPy and handed over at
each step, as there.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from numpy.typing import NDArray

from benchmarks.training.cells import LESSONS, SOLUTIONS, defined
from benchmarks.training.task import BETA1, BETA2, EPSILON, LEARNING_RATE, Weights
from course.curriculum import lesson_of

NOTEBOOK = f"{lesson_of('cnn_classification')}.ipynb"
# The exercise's convolutional network; the lesson's own network of dense layers.
NETWORKS = {"cnn": (SOLUTIONS, "CNN"), "mlp": (LESSONS, "Dense")}
# What the layers of `start_weights` are called there.
LAYERS = {
    "cnn": {"conv1": "conv1", "conv2": "conv2", "dense": "dense"},
    "mlp": {"dense1": "hidden", "dense2": "dense"},
}
PARTS = {"w": "kernel", "b": "bias"}


def model_with(network: str, weights: Weights) -> nnx.Module:
    """The lesson's network, with these weights."""
    folder, name = NETWORKS[network]
    build = defined(folder / NOTEBOOK, name)[name]
    model = nnx.jit(lambda: build(rngs=nnx.Rngs(0)))()
    for key, value in weights.items():
        layer, part = key.split("/")
        getattr(getattr(model, LAYERS[network][layer]), PARTS[part])[...] = jnp.asarray(value)
    return model


def adam() -> optax.GradientTransformation:
    """The optimizer of all contenders."""
    return optax.adam(LEARNING_RATE, BETA1, BETA2, EPSILON)


class Contender:
    """See `task.Contender`. (The lesson computes in float32 alone.)"""

    def __init__(self, network: str, weights: Weights, half: bool = False) -> None:
        lesson = defined(LESSONS / NOTEBOOK, "training_step", "predict_logits")
        self.step, self.forward = lesson["training_step"], lesson["predict_logits"]
        self.model = model_with(network, weights)
        self.optimizer = nnx.Optimizer(self.model, adam(), wrt=nnx.Param)

    def load(self, images: NDArray[np.float32], labels: NDArray[np.int32]) -> None:
        self.images, self.labels = images, labels

    def train(self, order: NDArray[np.int32]) -> NDArray[np.float32]:
        metrics = nnx.MultiMetric(loss=nnx.metrics.Average("loss"), accuracy=nnx.metrics.Accuracy())
        losses = [
            self.step(self.model, self.optimizer, metrics, self.images[rows], self.labels[rows]) for rows in order
        ]
        return np.asarray(jnp.stack(losses))

    def logits(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(self.forward(self.model, images))
