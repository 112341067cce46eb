"""Promises of the course's contender: each of its fast ways gives the values and the gradients of the plain one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array, lax

from benchmarks.training import task
from benchmarks.training.contenders import course_jax as room

pytestmark = pytest.mark.one_set


def _random(*shape: int, seed: int = 0) -> Array:
    return jax.random.normal(jax.random.key(seed), shape)


def _same(fast: Callable[..., Any], plain: Callable[..., Any], *given: Array, but: tuple[int, ...] = ()) -> None:
    """The same values, and the same gradients of all arguments, of those in `but` apart."""
    weights = [_random(*np.shape(one), seed=9) for one in jax.tree.leaves(plain(*given))]
    found = []
    for way in (fast, plain):

        def weighted(*given: Array, way: Callable[..., Any] = way) -> Array:
            return sum((a * b).sum() for a, b in zip(jax.tree.leaves(way(*given)), weights, strict=True))

        asked = tuple(k for k in range(len(given)) if k not in but)
        found.append((way(*given), jax.grad(weighted, asked)(*given)))
    for a, b in zip(*map(jax.tree.leaves, found), strict=True):
        assert np.allclose(a, b, rtol=1e-4, atol=1e-4 * float(abs(b).max()))


def test_the_corners_of_the_first_convolution_are_those_of_the_librarys() -> None:
    x, w = _random(3, 12, 8, 1), _random(3, 3, 1, 5, seed=1)
    _same(room.corners_of_one, lambda x, w: room.corners(room.conv(x, w)), x, w, but=(0,))


def test_bias_and_settled_change_nothing() -> None:
    x, b = _random(3, 4, 4, 5), _random(5, seed=1)
    _same(room.add_bias, lambda x, b: x + b, x, b)
    _same(room.settled, lambda x: x, x)


def test_pool_bias_and_relu_in_this_order_are_bias_relu_and_pool() -> None:
    """With ties, too: all-equal blocks, whose gradient goes to the first of the four."""
    x = jnp.round(_random(3, 8, 8, 5)).at[0].set(0.25)

    def plain(x: Array, b: Array) -> Array:
        return lax.reduce_window(jnp.maximum(x + b, 0), -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    _same(lambda x, b: room.squeeze(room.corners(x), b), plain, x, _random(5, seed=1))


def test_an_answer_is_the_same_whether_the_network_learns_or_not() -> None:
    params = {name: jnp.asarray(value) for name, value in task.start_weights("cnn").items()}
    x = _random(8, 28, 28, 1)
    assert np.allclose(room.cnn(params, x), room.cnn(params, x, learning=False), atol=1e-4)


@pytest.mark.parametrize("batch", [16, room.PIECE, 2 * room.PIECE])
def test_a_batch_in_pieces_is_trained_as_a_whole(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    images, order = task.noise(2 * room.PIECE, 8), task.order_of(2 * room.PIECE, batch, 0)
    found = []
    for piece in (room.PIECE, 10**6):
        monkeypatch.setattr(room, "PIECE", piece)
        contender = room.Contender("cnn", task.start_weights("cnn"))
        contender.load(images.train_images, images.train_labels)
        found.append((contender.train(order), contender.logits(images.test_images)))
    (losses, logits), (whole_losses, whole_logits) = found
    assert losses.shape == (len(order),)
    assert np.allclose(losses, whole_losses, rtol=1e-4) and np.allclose(logits, whole_logits, atol=1e-3)
