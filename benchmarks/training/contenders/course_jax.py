"""The course's networks in JAX and Optax, the data on the device, and what is slow on a CPU written another way.

Each of those ways gives the values of the plain one, and its gradients (tests/test_benchmarks_course.py). What each is worth was
measured one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax
from numpy.typing import NDArray

from benchmarks.training.task import BETA1, BETA2, EPSILON, LEARNING_RATE, Weights
from course.compiler import without_ynnpack

Params = dict[str, Array]
# Images that a CPU takes at a time: what lies between two of their layers stays in its caches, and the memory that is reused from
# step to step stays below the 32 MB from which on glibc gives it back to the system, to be handed out page by page again.
PIECE = 64


# --- The networks -------------------------------------------------------------------------------------------------------


def conv(x: Array, w: Array) -> Array:
    """`(batch, h, w, in)`, `(3, 3, in, out)` → `(batch, h, w, out)`."""
    return lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


Corners = tuple[Array, Array, Array, Array]
CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))  # of each block of 2 × 2, as the pool looks at them
SHIFTS = [(i, j) for i in range(3) for j in range(3)]


def _every_second(x: Array, i: int, j: int) -> Array:
    """Every second pixel of the padded image, from (i, j) on: `(batch, h, w, c)` → `(batch, h/2, w/2, c)`."""
    height, width = x.shape[1:3]
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return padded[:, i : i + height : 2, j : j + width : 2]


@jax.custom_vjp
def corners_of_one(x: Array, w: Array) -> Corners:
    """A convolution of images with one channel, `(batch, h, w, 1)`, `(3, 3, 1, out)`: what it gives at each corner of the blocks
    of 2 × 2, `(batch, h/2, w/2, out)` each.

    Nine products for each answer are too few for a product of matrices to pay. As shifted images, each times its weights, they
    become one loop together with the pool that follows, and what lies between is never written to memory.
    """

    def at(a: int, b: int) -> Array:
        return jnp.asarray(sum(_every_second(x, a + i, b + j) * w[i, j, 0] for i, j in SHIFTS))

    return at(0, 0), at(0, 1), at(1, 0), at(1, 1)


def _slopes_of_one(given: tuple[Array, Array], slopes: Corners) -> tuple[Array, Array]:
    """For each corner the shifted images times the gradients that come in: a product of two matrices, `(9, n)` and `(n, out)`.

    Nobody asks for the gradient of an image.
    """
    x, w = given
    total = jnp.zeros_like(w)
    for (a, b), slope in zip(CORNERS, slopes, strict=True):
        shifted = jnp.stack([_every_second(x, a + i, b + j) for i, j in SHIFTS]).reshape(9, -1)
        total += (shifted @ slope.reshape(-1, slope.shape[-1])).reshape(w.shape)
    return jnp.zeros_like(x), total


corners_of_one.defvjp(lambda x, w: (corners_of_one(x, w), (x, w)), _slopes_of_one)


def corners(x: Array) -> Corners:
    """`(batch, h, w, c)` → four times `(batch, h/2, w/2, c)`."""
    return x[:, ::2, ::2], x[:, ::2, 1::2], x[:, 1::2, ::2], x[:, 1::2, 1::2]


@jax.custom_vjp
def settled(x: Array) -> Array:
    """`x`; its gradient is computed once and kept, and not anew wherever it is read."""
    return x


settled.defvjp(lambda x: (x, None), lambda _, slope: (lax.optimization_barrier(slope),))


@jax.custom_vjp
def add_bias(x: Array, b: Array) -> Array:
    """`x + b`, `(…, c)` and `(c,)`; the sum in its gradient is a product with ones, which a CPU does faster."""
    return x + b


def _slopes_of_bias(_: None, slope: Array) -> tuple[Array, Array]:
    flat = slope.reshape(-1, slope.shape[-1])
    return slope, jnp.ones(len(flat), flat.dtype) @ flat


add_bias.defvjp(lambda x, b: (x + b, None), _slopes_of_bias)


def larger(a: Array, b: Array) -> Array:
    return jnp.where(a >= b, a, b)


def squeeze(found: Corners, b: Array) -> Array:
    """Pool, bias and ReLU: `(batch, h/2, w/2, c)`.

    Bias and ReLU come after the pool, where they have a quarter of the work, and so have their gradients: neither changes which
    of four numbers is the largest.
    """
    top, bottom = larger(*found[:2]), larger(*found[2:])
    return jnp.maximum(add_bias(larger(top, bottom), b), 0)


def squeeze_forward(x: Array, b: Array) -> Array:
    """`squeeze(corners(x), b)` in the way that XLA makes one loop of with the convolution before it; its gradient is slow."""
    pooled = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return jnp.maximum(pooled + b, 0)


def cnn(params: Params, x: Array, *, learning: bool = True) -> Array:
    """`(batch, 28, 28, 1)` → `(batch, 10)`; the same whether `learning` or not, which only says what shall be fast."""
    w1, w2 = params["conv1/w"], params["conv2/w"]
    x = squeeze(corners_of_one(x, w1) if _on_cpu() else corners(conv(x, w1)), params["conv1/b"])
    b2 = params["conv2/b"]
    x = squeeze(corners(settled(conv(x, w2))), b2) if learning else squeeze_forward(conv(x, w2), b2)
    return x.reshape(len(x), -1) @ params["dense/w"] + params["dense/b"]


def mlp(params: Params, x: Array, *, learning: bool = True) -> Array:
    """`(batch, 28, 28, 1)` → `(batch, 10)`; one way is good for both."""
    h = jnp.maximum(x.reshape(len(x), -1) @ params["dense1/w"] + params["dense1/b"], 0)
    return h @ params["dense2/w"] + params["dense2/b"]


# --- Training -----------------------------------------------------------------------------------------------------------


def _on_cpu() -> bool:
    return jax.default_backend() == "cpu"


class Contender:
    """See `task.Contender`."""

    def __init__(self, network: str, weights: Weights, half: bool = False) -> None:
        forward = {"cnn": cnn, "mlp": mlp}[network]
        optimizer = optax.adam(LEARNING_RATE, BETA1, BETA2, EPSILON)

        def answers(params: Params, images: Array, learning: bool) -> Array:
            if half:
                params, images = jax.tree.map(lambda a: a.astype(jnp.bfloat16), (params, images))
            return forward(params, images, learning=learning).astype(jnp.float32)

        def loss_fn(params: Params, images: Array, labels: Array) -> Array:
            return optax.softmax_cross_entropy_with_integer_labels(answers(params, images, True), labels).mean()

        def slopes(params: Params, data: tuple[Array, Array], rows: Array) -> Any:
            return jax.value_and_grad(loss_fn)(params, data[0][rows], data[1][rows])

        def more(total: Any, params: Params, data: tuple[Array, Array], rows: Array) -> Any:
            return jax.tree.map(jnp.add, total, slopes(params, data, rows))

        def update(state: Any, total: Any, pieces: int) -> tuple[Any, Array]:
            params, opt_state = state
            loss, grads = jax.tree.map(lambda a: a / pieces, total)
            updates, opt_state = optimizer.update(grads, opt_state, params)
            return (optax.apply_updates(params, updates), opt_state), loss

        def epoch(state: Any, data: tuple[Array, Array], order: Array) -> tuple[Any, Array]:
            return lax.scan(lambda state, rows: update(state, slopes(state[0], data, rows), 1), state, order)

        # A loop on the device sends one piece of work instead of thousands. But on a CPU XLA runs convolutions in a loop many
        # times slower (lesson 08), so there the loop is Python's.
        pieces = network == "cnn" and _on_cpu()
        # In jaxlib 0.10 YNNPACK's convolutions are half as fast in training (measured with the shapes of this network).
        fast = without_ynnpack()
        self._train: Callable[[NDArray[np.int32]], list[Array] | Array] = self._in_pieces if pieces else self._in_one
        self._more, self._update = jax.jit(more, **fast), jax.jit(update, donate_argnums=0, **fast)
        self._epoch = jax.jit(epoch, donate_argnums=0, **fast)
        # YNNPACK stays: together with the pool that follows, its convolution is the faster one.
        self._answers = jax.jit(lambda params, images: answers(params, images, False))
        params = jax.tree.map(jnp.asarray, weights)
        self._state = params, optimizer.init(params)
        self._nothing = jnp.zeros(()), jax.tree.map(jnp.zeros_like, params)

    def load(self, images: NDArray[np.float32], labels: NDArray[np.int32]) -> None:
        self._data = jnp.asarray(images), jnp.asarray(labels)

    def train(self, order: NDArray[np.int32]) -> NDArray[np.float32]:
        return np.asarray(self._train(order))

    def _in_one(self, order: NDArray[np.int32]) -> Array:
        self._state, losses = self._epoch(self._state, self._data, order)
        return losses

    def _in_pieces(self, order: NDArray[np.int32]) -> list[Array]:
        steps, batch = order.shape
        pieces = batch // PIECE if batch % PIECE == 0 else 1
        losses = []
        for rows in order.reshape(steps, pieces, -1):
            total = self._nothing
            for part in rows:
                total = self._more(total, self._state[0], self._data, part)
            self._state, loss = self._update(self._state, total, pieces)
            losses.append(loss)
        return losses

    def logits(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(self._answers(self._state[0], images))
