"""The probes of lesson 08: a pool and its gradient, steps, epochs, batches; with each answer comes how it was made.

How: how often the functions that are handed over were called, and with what; and which operations JAX sees. These counts name
a mistake. What decides is the program that is written down beside it, as the counts are made in the learner's process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.probes.program import program
from course.checks.program import as_plain
from course.checks.stablehlo import read

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


@program
def pool_program(pool: Callable[..., Any], x: Array, weight: Array) -> Any:
    """The pool and its gradient, of x and the weight."""

    def both(x: Array, weight: Array) -> Any:
        pooled, back = jax.vjp(pool, x)
        return pooled, back(weight)

    return both, x, weight


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


# A step is traced so often before it is written down.
_BEFORE = 2


@program
def step_program(
    make_step: Callable[..., Any], W: Array, b: Array, images: Array, labels: Array, rate: float, momentum: float
) -> Any:
    """The step as it is when it has been called before, of W, b, a batch and the leaves of the optimizer's state.

    The loss is another one by then. A step that was compiled once has the loss of its first call in it.
    """
    import optax

    seen: list[int] = []

    def changing_loss(params: Params, images: Array, labels: Array) -> Array:
        return loss_of(params, images, labels) * (1.0 if len(seen) < _BEFORE else 3.0)

    tx = optax.sgd(rate, momentum=momentum)
    step = make_step(changing_loss, tx)
    leaves, tree = jax.tree.flatten(tx.init({"W": W, "b": b}))
    # A memory that is not empty.
    leaves = [jnp.cos(jnp.arange(leaf.size, dtype=leaf.dtype)).reshape(leaf.shape) for leaf in leaves]

    def of_arrays(W: Array, b: Array, images: Array, labels: Array, *leaves: Array) -> Any:
        return step({"W": W, "b": b}, jax.tree.unflatten(tree, leaves), images, labels)

    inputs = (W, b, images[0], labels[0], *leaves)
    for _ in range(_BEFORE):
        # Another function each time, or JAX would remember what it has seen of it.
        jax.make_jaxpr(lambda *arrays: of_arrays(*arrays))(*inputs)
        seen.append(1)
    return of_arrays, *inputs


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
    uncounted = _momentum_step(rate)

    def step(params: Params, velocity: Params, images: Array, labels: Array) -> tuple[Params, Params, Array]:
        nonlocal count
        count += 1
        return uncounted(params, velocity, images, labels)

    params = {"W": W, "b": b}
    answer = scan_epoch(step, params, jax.tree.map(jnp.zeros_like, params), images, labels)
    if isinstance(answer, (tuple, list)) and len(answer) == 3:
        return (*map(_weights, answer[:2]), answer[2]), count
    return _told(answer), count


def _momentum_step(rate: float) -> Callable[..., tuple[Params, Params, Array]]:
    def step(params: Params, velocity: Params, images: Array, labels: Array) -> tuple[Params, Params, Array]:
        loss, grads = jax.value_and_grad(loss_of)(params, images, labels)
        velocity = jax.tree.map(lambda v, g: 0.9 * v + g, velocity, grads)
        return jax.tree.map(lambda p, v: p - rate * v, params, velocity), velocity, loss

    return step


@program(lenient=True)
def epoch_program(scan_epoch: Callable[..., Any], W: Array, b: Array, images: Array, labels: Array, rate: float) -> Any:
    """The epoch of W, b, the memory for either, and the batches."""

    def of_arrays(W: Array, b: Array, v: Array, u: Array, images: Array, labels: Array) -> Any:
        return scan_epoch(_momentum_step(rate), {"W": W, "b": b}, {"W": v, "b": u}, images, labels)

    return of_arrays, W, b, jnp.sin(W), jnp.cos(b), images, labels


# --- Batches ----------------------------------------------------------------------------------------------------------


def batches(
    device_batches: Callable[..., Any], images: Array, labels: Array, size: int, seeds: Sequence[int]
) -> tuple[list[Any], bool]:
    """The batches for the key of each of these numbers, in turn, and whether it works under `jit`."""
    found = [device_batches(jax.random.key(seed), images, labels, size) for seed in seeds]
    try:
        jax.eval_shape(lambda *args: device_batches(*args, size), jax.random.key(0), images, labels)
    except Exception:
        return found, False
    return found, True


@program
def batches_program(
    device_batches: Callable[..., Any], images: Array, labels: Array, size: int, seeds: Sequence[int]
) -> Any:
    """The batches of a key's data, the images and the labels."""

    def of_arrays(data: Array, images: Array, labels: Array) -> Any:
        return device_batches(jax.random.wrap_key_data(data), images, labels, size)

    return of_arrays, jax.random.key_data(jax.random.key(seeds[0])), images, labels


# --- Gradients --------------------------------------------------------------------------------------------------------


def in_parts(
    accumulate_gradients: Callable[..., Any], W: Array, b: Array, images: Array, labels: Array, parts: int
) -> tuple[Any, np.ndarray, Any]:
    """Loss and gradients of a batch that is gone through in parts; how many images each call of the loss was given; the program.

    The program comes as plain data, and only where there are three parts or more.
    """
    sizes: list[int] = []

    def toy_loss(params: Params, images: Array, labels: Array) -> Array:
        sizes.append(images.shape[0])
        return loss_of(params, images, labels)

    answer = accumulate_gradients(toy_loss, {"W": W, "b": b}, images, labels, parts)
    several = parts > 2 and isinstance(answer, (tuple, list))
    seen = as_plain(read(parts_program.lowered(accumulate_gradients, W, b, images, labels, parts))) if several else None
    return _loss_and_weights(answer), np.array(sizes, np.int32), seen


def in_short(
    mixed_gradients: Callable[..., Any], W: Array, b: Array, images: Array, labels: Array
) -> tuple[Any, list[Any], list[Any]]:
    """Loss and gradients; of W, b, images and labels in which number types they are computed with, and into which they are turned."""
    answer = mixed_gradients(loss_of, {"W": W, "b": b}, images, labels)
    if not isinstance(answer, (tuple, list)):
        return _told(answer), [], []
    seen = read(short_program.lowered(mixed_gradients, W, b, images, labels))
    return _loss_and_weights(answer), list(seen.arrives), list(seen.turned)


@program(lenient=True)
def parts_program(
    accumulate_gradients: Callable[..., Any], W: Array, b: Array, images: Array, labels: Array, parts: int
) -> Any:
    """Loss and gradients of W, b, the images and the labels."""

    def of_arrays(W: Array, b: Array, images: Array, labels: Array) -> Any:
        return accumulate_gradients(loss_of, {"W": W, "b": b}, images, labels, parts)

    return of_arrays, W, b, images, labels


@program(lenient=True)
def short_program(mixed_gradients: Callable[..., Any], W: Array, b: Array, images: Array, labels: Array) -> Any:
    """Loss and gradients of W, b, the images and the labels."""

    def of_arrays(W: Array, b: Array, images: Array, labels: Array) -> Any:
        return mixed_gradients(loss_of, {"W": W, "b": b}, images, labels)

    return of_arrays, W, b, images, labels


def _loss_and_weights(answer: Any) -> Any:
    if isinstance(answer, (tuple, list)) and len(answer) == 2 and isinstance(answer[1], dict):
        return answer[0], *_weights(answer[1])
    return _told(answer)
