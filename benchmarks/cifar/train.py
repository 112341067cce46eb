"""Train on CIFAR-10 from nothing, all of it on the device; `python -m benchmarks.cifar.train` prints what it gave as JSON."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax

from benchmarks.cifar.data import SIDE, Images, find
from benchmarks.cifar.net import Tree, apply, new

GOAL = 0.94
# Mean and standard deviation of the training images' channels, of 255.
_MEAN, _STD = np.array([125.31, 122.95, 113.87]), np.array([62.99, 62.09, 66.70])
_PAD = 4


@dataclass(frozen=True)
class Recipe:
    """How to train: the defaults are David Page's.

    Attributes:
        epochs, batch, width: of training, and of the first layer.
        peak_rate, peak_epoch: the learning rate rises to it in a straight line until then, and falls to 0 at the end.
        decay: of the weights. momentum: Nesterov's.
        cut: the side of the square that is cut out of each training image.
    """

    epochs: int = 24
    batch: int = 512
    width: int = 64
    peak_rate: float = 0.4
    peak_epoch: float = 5
    decay: float = 5e-4
    momentum: float = 0.9
    cut: int = 8


def normalized(images: Array) -> Array:
    """uint8 `(…, 3)` to numbers of mean 0 and deviation 1, in bfloat16."""
    return ((images.astype(jnp.float32) - _MEAN) / _STD).astype(jnp.bfloat16)


def augmented(images: Array, key: Array, cut: int) -> Array:
    """Each image moved by up to 4 pixels (its border mirrored), perhaps turned left to right, and a square of it set to 0."""

    def one(image: Array, key: Array) -> Array:
        keys = jax.random.split(key, 3)
        top, left = jax.random.randint(keys[0], (2,), 0, 2 * _PAD + 1)
        moved = lax.dynamic_slice(image, (top, left, 0), (SIDE, SIDE, 3))
        moved = jnp.where(jax.random.bernoulli(keys[1]), moved[:, ::-1], moved)
        row, column = jax.random.randint(keys[2], (2,), 0, SIDE + 1 - cut)
        inside = (jnp.arange(SIDE) >= row) & (jnp.arange(SIDE) < row + cut)
        across = (jnp.arange(SIDE) >= column) & (jnp.arange(SIDE) < column + cut)
        return jnp.where((inside[:, None] & across[None, :])[:, :, None], 0, moved)

    padded = jnp.pad(images, ((0, 0), (_PAD, _PAD), (_PAD, _PAD), (0, 0)), mode="reflect")
    return jax.vmap(one)(padded, jax.random.split(key, len(images)))


class Run:
    """One training from nothing.

    Args:
        train: the images to train on.
        recipe: how.
        seed: of the weights, the order and the augmentation.
    """

    def __init__(self, train: Images, recipe: Recipe, seed: int) -> None:
        self._recipe = recipe
        self._steps = len(train.labels) // recipe.batch
        total, peak = recipe.epochs * self._steps, int(recipe.peak_epoch * self._steps)
        up = optax.linear_schedule(0.0, recipe.peak_rate, peak)
        rate = optax.join_schedules([up, optax.linear_schedule(recipe.peak_rate, 0.0, total - peak)], [peak])
        decayed = optax.add_decayed_weights(recipe.decay)
        self._optimizer = optax.chain(decayed, optax.sgd(rate, recipe.momentum, nesterov=True))
        # Given to each call: what a compiled function only finds around it becomes a part of its code.
        self._data = normalized(jnp.asarray(train.images)), jnp.asarray(train.labels)
        self._key = jax.random.key(seed)
        params, running = new(self._key, recipe.width)
        self.state = params, running, self._optimizer.init(params)
        # XLA runs convolutions in a loop on the device many times slower on a CPU (lesson 08), which only rehearses.
        self._epoch = jax.jit(self._scan) if jax.default_backend() != "cpu" else self._loop
        self._one = jax.jit(self._step)

    def epoch(self, number: int) -> float:
        """Train one epoch; returns its mean loss."""
        order_key, key = jax.random.split(jax.random.fold_in(self._key, number + 1))
        rows = jax.random.permutation(order_key, len(self._data[1]))[: self._steps * self._recipe.batch]
        keys = jax.random.split(key, self._steps)
        self.state, loss = self._epoch(self.state, self._data, rows.reshape(self._steps, -1), keys)
        return float(loss)

    def _step(self, state: Any, data: tuple[Array, Array], rows: Array, key: Array) -> tuple[Any, Array]:
        params, running, opt_state = state
        images, labels = augmented(data[0][rows], key, self._recipe.cut), data[1][rows]

        def loss_fn(params: Tree) -> tuple[Array, Tree]:
            logits, after = apply(params, running, images, training=True)
            return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean(), after

        (loss, running), grads = jax.value_and_grad(loss_fn, has_aux=True)(params)
        updates, opt_state = self._optimizer.update(grads, opt_state, params)
        return (optax.apply_updates(params, updates), running, opt_state), loss

    def _scan(self, state: Any, data: tuple[Array, Array], rows: Array, keys: Array) -> tuple[Any, Array]:
        state, losses = lax.scan(lambda state, given: self._step(state, data, *given), state, (rows, keys))
        return state, losses.mean()

    def _loop(self, state: Any, data: tuple[Array, Array], rows: Array, keys: Array) -> tuple[Any, Array]:
        losses = []
        for given in zip(rows, keys, strict=True):
            state, loss = self._one(state, data, *given)
            losses.append(loss)
        return state, jnp.stack(losses).mean()


@partial(jax.jit, static_argnums=3)
def _right(state: Any, images: Array, labels: Array, size: int) -> Array:
    count = len(labels) // size * size

    def some(part: tuple[Array, Array]) -> Array:
        logits, _ = apply(state[0], state[1], normalized(part[0]), training=False)
        return (logits.argmax(axis=1) == part[1]).sum()

    parts = images[:count].reshape(-1, size, SIDE, SIDE, 3), labels[:count].reshape(-1, size)
    return lax.map(some, parts).sum() / count


def accuracy(state: Any, test: Images) -> float:
    """The share of the test images that are read correctly, each looked at once."""
    size = min(1_000, len(test.labels))
    return float(_right(state, jnp.asarray(test.images), jnp.asarray(test.labels), size))


def race(train: Images, test: Images, recipe: Recipe, runs: int) -> list[dict[str, float]]:
    """Train `runs` times, each with another seed. What is compiled for it is compiled before, and told apart.

    Returns:
        For each run "compile_s", "train_s" (from the images on the device to the last step's end), and "accuracy" after it.
    """
    found = []
    for seed in range(runs):
        run = Run(train, recipe, seed)
        begin = time.perf_counter()
        before = jax.tree.map(jnp.copy, run.state)
        run.epoch(0)
        accuracy(run.state, test)
        warm = time.perf_counter() - begin
        run.state = before
        begin = time.perf_counter()
        for number in range(recipe.epochs):
            run.epoch(number)
        train_s = time.perf_counter() - begin
        share = accuracy(run.state, test)
        found.append({"compile_s": warm - train_s / recipe.epochs, "train_s": train_s, "accuracy": share})
    return found


def main() -> None:
    """Five runs, as JSON: {"runs": [...], "recipe": {...}}; or why there are none."""
    try:
        train, test = find()
    except (OSError, ValueError) as error:
        print(json.dumps({"missing": str(error)}))
        return
    if jax.default_backend() == "cpu":
        print(json.dumps({"missing": "24 epochs of this network take hours on a CPU"}))
        return
    recipe = Recipe()
    runs = race(train, test, recipe, runs=int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    print(json.dumps({"runs": runs, "recipe": recipe.__dict__}))


if __name__ == "__main__":
    main()
