"""The work that all contenders do: the same networks, start weights, images, order, optimizer and batch sizes.

Only NumPy is needed here: a contender's start is timed, and must not wait for a library that another one uses.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Weights = dict[str, NDArray[np.float32]]

# Lesson 05's network of convolutions and lesson 03's of dense layers.
NETWORKS = ("cnn", "mlp")
BATCHES = (32, 128, 512)
# The epoch that is timed from the start of the process.
EPOCH_BATCH = 128
LEARNING_RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8  # Adam's, the defaults of Optax and PyTorch
HIDDEN = 128
NOISE = "noise"
PARTS = ("train_images", "train_labels", "test_images", "test_labels")


class Contender(Protocol):
    """One library's way to do the work.

    Made as `Contender(network, weights, half)`, with a network of NETWORKS, the weights of `start_weights`, and whether to
    compute in bfloat16.
    """

    def load(self, images: NDArray[np.float32], labels: NDArray[np.int32]) -> None:
        """Take the training images, `(n, 28, 28, 1)` in [0, 1], and labels, `(n,)`, to where they are trained on."""

    def train(self, order: NDArray[np.int32]) -> NDArray[np.float32]:
        """Train one step for each row of `order`, `(steps, batch)` numbers of images, and wait for the end.

        Returns the steps' mean losses before each step, `(steps,)`; their mean, `(1,)`, where the library tells no more.
        """

    def logits(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """The network's answers, `(n, 28, 28, 1)` → `(n, 10)`: NumPy to NumPy, as one who serves it needs it."""


@dataclass(frozen=True)
class Images:
    """What is trained and tested on; `name` says what it is."""

    name: str
    train_images: NDArray[np.float32]
    train_labels: NDArray[np.int32]
    test_images: NDArray[np.float32]
    test_labels: NDArray[np.int32]

    @property
    def real(self) -> bool:
        """Whether there is something to learn: an accuracy on noise says nothing."""
        return self.name != NOISE

    def save(self, folder: Path) -> None:
        """Write each part as a .npy file, which a contender's process opens without another library."""
        for part in PARTS:
            np.save(folder / f"{part}.npy", getattr(self, part))
        (folder / "name.json").write_text(json.dumps(self.name), encoding="utf-8")

    @classmethod
    def open(cls, folder: Path) -> Images:
        """What `save` wrote."""
        name = json.loads((folder / "name.json").read_text(encoding="utf-8"))
        return cls(name, *(np.load(folder / f"{part}.npy") for part in PARTS))


def noise(train: int = 60_000, test: int = 10_000) -> Images:
    """Images of noise, as many as MNIST has, for a machine without data: a step takes as long, whatever is on the images."""
    rng = np.random.default_rng(0)
    images = [rng.random((n, 28, 28, 1), np.float32) for n in (train, test)]
    labels = [rng.integers(0, 10, n, np.int32) for n in (train, test)]
    return Images(NOISE, images[0], labels[0], images[1], labels[1])


def start_weights(network: str, seed: int = 0) -> Weights:
    """The weights that every contender starts with, drawn as He et al. (2015, arXiv:1502.01852) do; biases are zero.

    Shapes as JAX has them: `conv*/w` `(3, 3, in, out)`, `dense*/w` `(in, out)`, `*/b` `(out,)`. The input of the convolutional
    network's dense layer is `(7, 7, 64)`, flattened.

    Raises:
        ValueError: there is no such network.
    """
    if network == "cnn":
        shapes = {"conv1": (3, 3, 1, 32), "conv2": (3, 3, 32, 64), "dense": (7 * 7 * 64, 10)}
    elif network == "mlp":
        shapes = {"dense1": (28 * 28, HIDDEN), "dense2": (HIDDEN, 10)}
    else:
        raise ValueError(f"the networks are {', '.join(NETWORKS)}, not {network!r}")
    rng, weights = np.random.default_rng(seed), {}
    for name, shape in shapes.items():
        inputs = int(np.prod(shape[:-1]))
        weights[f"{name}/w"] = rng.normal(0, np.sqrt(2 / inputs), shape).astype(np.float32)
        weights[f"{name}/b"] = np.zeros(shape[-1], np.float32)
    return weights


def order_of(images: int, batch: int, epoch: int) -> NDArray[np.int32]:
    """The order of an epoch: `(steps, batch)` numbers of images, each at most once; what does not fill a batch is left out."""
    rows = np.random.default_rng(epoch).permutation(images)[: images // batch * batch]
    return rows.reshape(-1, batch).astype(np.int32)


def operations(network: str) -> int:
    """Floating-point operations of one training step for each image: forward, and twice that for the two gradients.

    Counts the products and sums of convolutions and dense layers; the gradient to the image itself is not needed.
    """
    if network == "cnn":
        first, rest = 2 * 28 * 28 * 9 * 32, 2 * 14 * 14 * 9 * 32 * 64 + 2 * 7 * 7 * 64 * 10
    else:
        first, rest = 2 * 28 * 28 * HIDDEN, 2 * HIDDEN * 10
    return 2 * first + 3 * rest


def traffic(network: str, batch: int) -> float:
    """Bytes that a training step moves at least, for each image of the batch, in float32.

    Each layer's output is written and read, forward, and so is its gradient, backward; the output is read once more for it.
    Images are read twice. Weights are read forward and backward; the gradient, Adam's two averages and the weights are written
    and read by the optimizer: 8 times their size for each batch.
    """
    convolutions = 28 * 28 * 32 + 14 * 14 * 32 + 14 * 14 * 64 + 7 * 7 * 64
    between = (convolutions if network == "cnn" else HIDDEN) + 10
    weights = sum(value.size for value in start_weights(network).values())
    return 4 * (2 * 28 * 28 + 5 * between + 8 * weights / batch)
