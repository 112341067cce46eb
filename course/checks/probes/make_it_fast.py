"""The probes of lesson 08: a pool and its gradient, steps, epochs, batches; with each answer comes how it was made.

How: how often the functions that are handed over were called, and with what; and which operations JAX sees. These counts are
made in the learner's process, so that one who sets out to forge them can. The numbers are judged elsewhere, on fresh inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

Params = dict[str, Array]


def loss_of(params: Params, images: Array, labels: Array) -> Array:
    """The mean cross-entropy of a dense layer: images `(batch, …)`, labels `(batch,)`; in float32, whatever the layer is in."""
    logits = images.reshape(images.shape[0], -1) @ params["W"] + params["b"]
    scores = jax.nn.log_softmax(logits.astype(jnp.float32))
    return -jnp.take_along_axis(scores, labels[:, None].astype(jnp.int32), axis=1).mean()


def _traced(*leaves: Any) -> bool:
    return any(isinstance(leaf, jax.core.Tracer) for leaf in leaves)


def _weights(tree: Any) -> Any:
    """W and b of a dict; anything else as it is."""
    return (tree["W"], tree["b"]) if isinstance(tree, dict) and set(tree) == {"W", "b"} else tree


def _operations(jaxpr: Any) -> Iterator[str]:
    """The names of all operations, also of those inside of others."""
    for operation in jaxpr.eqns:
        yield operation.primitive.name
        for parameter in operation.params.values():
            for part in parameter if isinstance(parameter, (tuple, list)) else [parameter]:
                inner = getattr(part, "jaxpr", part)
                if hasattr(inner, "eqns"):
                    yield from _operations(inner)


# --- A profile --------------------------------------------------------------------------------------------------------


def profiled(
    function: Callable[..., Any], parts: list[str], times: list[float], faster: list[str], gains: list[float]
) -> Any:
    """What the function says of a profile: a dict of the parts' times, and a dict of the gains of some of them."""
    return function(dict(zip(parts, times, strict=True)), dict(zip(faster, gains, strict=True)))


# --- A pool -----------------------------------------------------------------------------------------------------------


def pool_with_gradient(pool: Callable[..., Any], x: Array, weight: Array) -> tuple[Any, Any, list[str]]:
    """What a pool gives, the gradient of Σ weight · pool(x) for x, and the operations that it is made of.

    Args:
        pool: what the learner wrote.
        x: `(batch, h, w, channels)`.
        weight: `(batch, h // 2, w // 2, channels)`. Where the pool gives another shape there is no gradient, but None.
    """
    pooled = pool(x)
    if np.shape(pooled) != weight.shape:
        return pooled, None, []
    gradient = jax.grad(lambda x: (weight * pool(x)).sum())(x)
    return pooled, gradient, sorted(set(_operations(jax.make_jaxpr(pool)(x).jaxpr)))


# --- A step -----------------------------------------------------------------------------------------------------------


def steps(
    make_step: Callable[..., Any], W: Array, b: Array, images: Array, labels: Array, rate: float, momentum: float
) -> tuple[Any, np.ndarray]:
    """A step for each batch, with the step that the learner's function makes.

    Args:
        make_step: called with the loss and an Optax optimizer.
        W, b: of the layer. images, labels: `(steps, batch, …)`.

    Returns:
        The losses and the weights after all steps; or the first answer that is not of three parts, the first of them a dict.
        And five counts: how often Python went through the loss, and how often with numbers, as outside of `jit`; the same two
        of the optimizer; how many pieces of work one step sends to the device (0: it can't be told, as the step looks at its
        numbers).
    """
    import optax

    counts = np.zeros(5, np.int32)

    def toy_loss(params: Params, images: Array, labels: Array) -> Array:
        counts[:2] += 1, not _traced(images)
        return loss_of(params, images, labels)

    inner = optax.sgd(rate, momentum=momentum)

    def update(grads: Any, state: Any, params: Any = None, **more: Any) -> Any:
        counts[2:4] += 1, not _traced(*jax.tree.leaves(grads))
        # SGD would not look at them; an optimizer with weight decay would stop.
        forms = {jax.tree.structure(grads), jax.tree.structure(grads if params is None else params)}
        if len(forms) > 1:
            raise ValueError("the third argument of update is not the params")
        return inner.update(grads, state, params)

    tx = optax.GradientTransformation(inner.init, update)
    step = make_step(toy_loss, tx)
    params: Any = {"W": W, "b": b}
    state, losses = tx.init(params), []
    for x, y in zip(images, labels, strict=True):
        answer = step(params, state, x, y)
        if not isinstance(answer, (tuple, list)) or len(answer) != 3 or not isinstance(answer[0], dict):
            return _told(answer), counts
        params, state, loss = answer
        losses.append(loss)
    seen = counts.copy()
    try:
        seen[4] = len(jax.make_jaxpr(step)(params, state, images[0], labels[0]).eqns)
    except Exception:
        seen[4] = 0
    return (tuple(losses), *_weights(params)), seen


def _told(answer: Any) -> Any:
    """An answer of the wrong kind, with its dicts as a word: plain data know no dict."""
    if isinstance(answer, (tuple, list)):
        return [_told(part) for part in answer]
    return "params" if isinstance(answer, dict) else answer


# --- An epoch ---------------------------------------------------------------------------------------------------------


def epoch(
    scan_epoch: Callable[..., Any], W: Array, b: Array, images: Array, labels: Array, rate: float
) -> tuple[Any, int]:
    """Weights, memory and losses after an epoch, and how often Python went through the step.

    The step goes downhill with momentum 0.9. images, labels: `(steps, batch, …)`.
    """
    count = 0

    def step(params: Params, velocity: Params, images: Array, labels: Array) -> tuple[Params, Params, Array]:
        nonlocal count
        count += 1
        loss, grads = jax.value_and_grad(loss_of)(params, images, labels)
        velocity = jax.tree.map(lambda v, g: 0.9 * v + g, velocity, grads)
        return jax.tree.map(lambda p, v: p - rate * v, params, velocity), velocity, loss

    params = {"W": W, "b": b}
    answer = scan_epoch(step, params, jax.tree.map(jnp.zeros_like, params), images, labels)
    if isinstance(answer, (tuple, list)) and len(answer) == 3:
        return (*map(_weights, answer[:2]), answer[2]), count
    return _told(answer), count


# --- Batches ----------------------------------------------------------------------------------------------------------


def batches(
    device_batches: Callable[..., Any], images: Array, labels: Array, size: int, seed: int
) -> tuple[Any, Any, Any, bool]:
    """The batches of one key, again those of the same key, those of another, and whether it works under `jit`."""
    key, other = jax.random.split(jax.random.key(seed))
    first = device_batches(key, images, labels, size)
    again = device_batches(key, images, labels, size)
    others = device_batches(other, images, labels, size)
    try:
        jax.eval_shape(lambda key, images, labels: device_batches(key, images, labels, size), key, images, labels)
    except Exception:
        return first, again, others, False
    return first, again, others, True


# --- Gradients --------------------------------------------------------------------------------------------------------


def in_parts(
    accumulate_gradients: Callable[..., Any], W: Array, b: Array, images: Array, labels: Array, parts: int
) -> tuple[Any, np.ndarray]:
    """Loss and gradients of a batch that is gone through in parts, and how many images each call of the loss was given."""
    sizes: list[int] = []

    def toy_loss(params: Params, images: Array, labels: Array) -> Array:
        sizes.append(images.shape[0])
        return loss_of(params, images, labels)

    answer = accumulate_gradients(toy_loss, {"W": W, "b": b}, images, labels, parts)
    return _loss_and_weights(answer), np.array(sizes, np.int32)


def in_short(
    mixed_gradients: Callable[..., Any], W: Array, b: Array, images: Array, labels: Array
) -> tuple[Any, list[str]]:
    """Loss and gradients, and the number types of W, b, images and labels as the loss was given them at last."""
    types: list[str] = []

    def toy_loss(params: Params, images: Array, labels: Array) -> Array:
        types[:] = [str(part.dtype) for part in (params["W"], params["b"], images, labels)]
        return loss_of(params, images, labels)

    answer = mixed_gradients(toy_loss, {"W": W, "b": b}, images, labels)
    return _loss_and_weights(answer), types


def _loss_and_weights(answer: Any) -> Any:
    if isinstance(answer, (tuple, list)) and len(answer) == 2 and isinstance(answer[1], dict):
        return answer[0], *_weights(answer[1])
    return _told(answer)
