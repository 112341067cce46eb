"""Flax NNX as its documentation teaches it: `nnx.max_pool` after ReLU, `nnx.jit` of the step, a batch sent at each step."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from numpy.typing import NDArray

from benchmarks.training.task import BETA1, BETA2, EPSILON, HIDDEN, LEARNING_RATE, Weights


class CNN(nnx.Module):
    def __init__(self, dtype: DTypeLike, rngs: nnx.Rngs) -> None:
        self.conv1 = nnx.Conv(1, 32, kernel_size=(3, 3), dtype=dtype, rngs=rngs)
        self.conv2 = nnx.Conv(32, 64, kernel_size=(3, 3), dtype=dtype, rngs=rngs)
        self.dense = nnx.Linear(7 * 7 * 64, 10, dtype=dtype, rngs=rngs)

    def __call__(self, x: Array) -> Array:
        x = nnx.max_pool(nnx.relu(self.conv1(x)), (2, 2), strides=(2, 2))
        x = nnx.max_pool(nnx.relu(self.conv2(x)), (2, 2), strides=(2, 2))
        return self.dense(x.reshape(len(x), -1))


class MLP(nnx.Module):
    def __init__(self, dtype: DTypeLike, rngs: nnx.Rngs) -> None:
        self.dense1 = nnx.Linear(28 * 28, HIDDEN, dtype=dtype, rngs=rngs)
        self.dense2 = nnx.Linear(HIDDEN, 10, dtype=dtype, rngs=rngs)

    def __call__(self, x: Array) -> Array:
        return self.dense2(nnx.relu(self.dense1(x.reshape(len(x), -1))))


def loss_fn(model: nnx.Module, images: Array, labels: Array) -> Array:
    logits = model(images).astype(jnp.float32)
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


@nnx.jit
def train_step(model: nnx.Module, optimizer: nnx.Optimizer, images: Array, labels: Array) -> Array:
    loss, grads = nnx.value_and_grad(loss_fn)(model, images, labels)
    optimizer.update(model, grads)
    return loss


@nnx.jit
def forward(model: nnx.Module, images: Array) -> Array:
    return model(images).astype(jnp.float32)


class Contender:
    """See `task.Contender`."""

    def __init__(self, network: str, weights: Weights, half: bool = False) -> None:
        self.model = {"cnn": CNN, "mlp": MLP}[network](jnp.bfloat16 if half else jnp.float32, rngs=nnx.Rngs(0))
        for name, value in weights.items():
            layer, part = name.split("/")
            getattr(getattr(self.model, layer), {"w": "kernel", "b": "bias"}[part])[...] = jnp.asarray(value)
        adam = optax.adam(LEARNING_RATE, BETA1, BETA2, EPSILON)
        self.optimizer = nnx.Optimizer(self.model, adam, wrt=nnx.Param)

    def load(self, images: NDArray[np.float32], labels: NDArray[np.int32]) -> None:
        self.images, self.labels = images, labels

    def train(self, order: NDArray[np.int32]) -> NDArray[np.float32]:
        losses = [train_step(self.model, self.optimizer, self.images[rows], self.labels[rows]) for rows in order]
        return np.asarray(jnp.stack(losses))

    def logits(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(forward(self.model, jnp.asarray(images)))
