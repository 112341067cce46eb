"""The probes of lesson 05: networks, and what works with them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.outcome import Besides

# --- A tiny model -----------------------------------------------------------------------------------------------------


@cache
def _tiny() -> Any:
    # Flax takes one to two seconds to import, and every check of any lesson imports this room.
    from flax import nnx

    class Tiny(nnx.Module):
        def __init__(self, W: Array, b: Array) -> None:
            self.W, self.b = nnx.Param(W), nnx.Param(b)

        def __call__(self, images: Array) -> Array:
            return images.reshape(images.shape[0], -1) @ self.W[...] + self.b[...]

    return Tiny


def tiny(W: Array, b: Array) -> Any:
    """A Flax model of one dense layer: `(batch, h, w, 1)` images to `(batch, classes)` logits, with `W` `(h·w, classes)`."""
    return _tiny()(W, b)


def of_tiny(function: Callable[..., Any], W: Array, b: Array, images: Array, labels: Array) -> Any:
    """What the function says of a tiny model, images and labels."""
    return function(tiny(W, b), images, labels)


def steps(
    step: Callable[..., Any], W: Array, b: Array, images: Array, labels: Array, rate: float, momentum: float
) -> tuple[tuple[Any, ...], Array, bool]:
    """A step for each batch on a tiny model: what they return, all weights after them, and whether the optimizer was used."""
    import optax
    from flax import nnx

    model = tiny(W, b)
    optimizer = nnx.Optimizer(model, optax.sgd(rate, momentum=momentum), wrt=nnx.Param)
    answers = tuple(step(model, optimizer, x, y) for x, y in zip(images, labels, strict=True))
    return answers, jnp.concatenate([model.W[...].ravel(), model.b[...]]), int(optimizer.step[...]) > 0


# --- A pool -----------------------------------------------------------------------------------------------------------


def pooled(pool: Callable[..., Any], x: Array) -> Any:
    """The pooled images; and where it stops at an odd size, what it makes of the even part of them."""
    try:
        return pool(x)
    except (TypeError, ValueError) as error:
        even = x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]
        if even.shape == x.shape:
            raise
        raise Besides(pool(even)) from error


# --- A network of any layers ------------------------------------------------------------------------------------------


def network(CNN: Callable[..., Any], images: Array) -> tuple[np.ndarray, Array | None]:
    """The shapes of the network's parameters, int32 `(parameters, 4)` with 0 for no axis, and its logits; None without parameters.

    Every parameter is first replaced by known numbers. So two networks that do the same give the same logits, whatever
    their parts are called and in whichever order they were made.
    """
    from flax import nnx

    def build() -> Any:
        model = CNN(rngs=nnx.Rngs(0))
        if not isinstance(model, nnx.Module):
            raise TypeError(f"CNN(rngs=nnx.Rngs(0)) made a {type(model).__name__}, which is not an nnx.Module")
        return model

    # The numbers that it starts with are not needed, only their shapes: that takes milliseconds instead of seconds.
    model = nnx.eval_shape(build)
    if jax.tree.leaves(nnx.state(model, nnx.Not(nnx.Param))):
        model = build()  # something in it is no parameter, and has to hold its own numbers
    parameters = nnx.state(model, nnx.Param)
    shapes = sorted((*leaf.shape, 0, 0, 0, 0)[:4] for leaf in jax.tree.leaves(parameters))
    if shapes:
        nnx.update(model, jax.tree.map(_weights, parameters))
    return np.array(shapes, dtype=np.int32).reshape(-1, 4), model(images) if shapes else None


def _weights(leaf: Any) -> Array:
    """Numbers that depend on the shape alone, so that every network with these shapes gets the same ones."""
    shape = tuple(leaf.shape)
    spread = math.sqrt(2 / math.prod(shape[:-1])) if len(shape) > 1 else 0.3
    return jnp.asarray(np.random.default_rng(shape).normal(scale=spread, size=shape).astype(np.float32))
