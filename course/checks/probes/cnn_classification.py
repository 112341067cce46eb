"""The probes of lesson 05: networks, and what works with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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


# --- A model with batch normalization -----------------------------------------------------------------------------------


@cache
def _normed() -> Any:
    from flax import nnx

    class Normed(nnx.Module):
        def __init__(self, W: Array, b: Array) -> None:
            self.norm = nnx.BatchNorm(W.shape[0], momentum=0.9, use_scale=False, use_bias=False, rngs=nnx.Rngs(0))
            self.W, self.b = nnx.Param(W), nnx.Param(b)

        def __call__(self, images: Array) -> Array:
            return self.norm(images.reshape(images.shape[0], -1)) @ self.W[...] + self.b[...]

    return Normed


def normed(W: Array, b: Array) -> Any:
    """A Flax model of batch normalization, without a scale and a bias of its own, and one dense layer, as `tiny`."""
    return _normed()(W, b)


def _averages(model: Any) -> Array:
    return jnp.concatenate([model.norm.mean[...], model.norm.var[...]])


def steps(
    step: Callable[..., Any], W: Array, b: Array, images: Array, labels: Array, rate: float, momentum: float
) -> tuple[tuple[Any, ...], Array, bool, Array]:
    """A step for each batch on a model that comes in evaluation mode.

    Returns:
        What the steps return, all weights after them, whether the optimizer was used, and the running averages after them.
    """
    import optax
    from flax import nnx

    model = normed(W, b)
    model.eval()
    optimizer = nnx.Optimizer(model, optax.sgd(rate, momentum=momentum), wrt=nnx.Param)
    answers = tuple(step(model, optimizer, x, y) for x, y in zip(images, labels, strict=True))
    return (
        answers,
        jnp.concatenate([model.W[...].ravel(), model.b[...]]),
        int(optimizer.step[...]) > 0,
        _averages(model),
    )


def evaluated(
    evaluate: Callable[..., Any], W: Array, b: Array, mean: Array, var: Array, images: Array, labels: Array
) -> tuple[Any, Array]:
    """What is said of a model that comes in training mode and has these running averages, and the averages afterwards."""
    model = normed(W, b)
    model.norm.mean[...], model.norm.var[...] = mean, var
    model.train()
    return evaluate(model, images, labels), _averages(model)


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


def network(
    CNN: Callable[..., Any], images: Array, features: int, classes: int, seeds: Sequence[int] = ()
) -> tuple[np.ndarray, Any, Any, list[list[Array]]]:
    """What a network makes of images.

    Every parameter is first replaced by known numbers. So two networks that do the same give the same logits, whatever
    their parts are called and in whichever order they were made.

    Args:
        CNN: what the learner wrote.
        images: `(batch, height, width, 1)`.
        features, classes: of the layer whose weights are looked at: any array with an axis `classes` and `features` numbers for each.
        seeds: the network is made once more for each of these, as it would be to be trained.

    Returns:
        The shapes of the parameters, int32 `(parameters, 4)` with 0 for no axis. The logits; None without parameters. And the
        numbers of each image that reach that layer, in the order of its weights `(batch, features)`, with the weights in the
        same order `(features, classes)`; None where there is no such layer, or more than one. For each of the seeds, a few numbers
        of each array of weights that the network starts with.
    """
    from flax import nnx

    def build(seed: int = 0) -> Any:
        model = CNN(rngs=nnx.Rngs(seed))
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
    table = np.array(shapes, dtype=np.int32).reshape(-1, 4)
    if not shapes:
        return table, None, None, []
    started = [_some_weights(nnx.state(build(seed), nnx.Param)) for seed in seeds]
    try:
        logits, reaching = _reaching(model, images, features, classes)
    except Exception:  # whatever it is, the network itself says it better
        logits, reaching = None, None
    return table, model(images) if reaching is None else logits, reaching, started


def _reaching(model: Any, images: Array, features: int, classes: int) -> tuple[Any, Any]:
    """The logits, and what the layer before them gets: the slopes of the logits for its weights."""
    from flax import nnx

    parts: Any = nnx.split(model, nnx.Param, ...)
    graph, params, rest = parts
    leaves, tree = jax.tree.flatten(params)
    found = [i for i, leaf in enumerate(leaves) if leaf.size == features * classes and classes in leaf.shape]
    if len(found) != 1:
        return None, None
    (place,) = found

    def of_weights(W: Array) -> Any:
        return nnx.merge(graph, jax.tree.unflatten(tree, [*leaves[:place], W, *leaves[place + 1 :]]), rest)(images)

    logits, back = jax.vjp(of_weights, leaves[place])
    if logits.shape != (len(images), classes):
        return None, None
    axis = leaves[place].shape.index(classes)
    slopes = [back(jnp.zeros_like(logits).at[i, 0].set(1))[0] for i in range(len(images))]
    return logits, (
        jnp.stack([jnp.take(slope, 0, axis=axis).ravel() for slope in slopes]),
        jnp.moveaxis(leaves[place], axis, -1).reshape(features, classes),
    )


# So many of each array are plenty: no two of them are alike by chance.
_SOME = 16


def _some_weights(parameters: Any) -> list[Array]:
    """The first numbers of each array of weights, which has two axes or more; all biases may begin alike."""
    return [leaf.ravel()[:_SOME] for leaf in jax.tree.leaves(parameters) if leaf.ndim > 1]


def _weights(leaf: Any) -> Array:
    """Numbers that depend on the shape alone, so that every network with these shapes gets the same ones."""
    shape = tuple(leaf.shape)
    spread = math.sqrt(2 / math.prod(shape[:-1])) if len(shape) > 1 else 0.3
    return jnp.asarray(np.random.default_rng(shape).normal(scale=spread, size=shape).astype(np.float32))
