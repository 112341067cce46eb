"""Each operation of the convolutional network's training step alone: `python -m benchmarks.training.operations` prints JSON.

What the whole step doesn't reach of the device's peaks, it leaves in one of these: they are timed in turns, each as a program of its
own, with the operations and the bytes (each input read and each output written once, in float32) that it needs at least.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

BATCH = 64  # a piece of lesson 08's step: a larger batch is several of them


def main() -> None:
    """Print the batch, and of each operation what it needs and the seconds that it took."""
    cores = json.loads(sys.argv[1]) if len(sys.argv) > 1 else []
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    from course.timing import race

    made = parts(BATCH)
    times = race({name: run for name, (run, _, _) in made.items()}, repeats=5)
    told = {
        name: {"flop": flop, "bytes": moved, "seconds": times[name].median_s} for name, (_, flop, moved) in made.items()
    }
    print(json.dumps({"batch": BATCH, "parts": told}))


def parts(batch: int) -> dict[str, tuple[Callable[[], Any], float, float]]:
    """By the operation's name: a call of it, its floating-point operations, and its bytes."""
    import jax
    import jax.numpy as jnp
    import optax
    from jax import Array, lax

    from benchmarks.training.task import LEARNING_RATE, start_weights
    from course.compiler import without_ynnpack

    options = without_ynnpack()
    found: dict[str, tuple[Callable[[], Any], float, float]] = {}

    def add(name: str, flop: float, run: Callable[..., Any], *given: Array) -> None:
        compiled = jax.jit(run, **options)
        arrays = jax.tree.leaves((given, jax.eval_shape(run, *given)))
        moved = sum(4 * array.size for array in arrays)
        found[name] = (lambda: compiled(*given)), flop, moved

    def conv(x: Array, w: Array) -> Array:
        return lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))

    def pool(x: Array) -> Array:
        return x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2, -1).max((2, 4))

    weights = {name: jnp.asarray(value) for name, value in start_weights("cnn").items()}
    sides, channels = (28, 14), {"conv1": (1, 32), "conv2": (32, 64)}
    for side, (name, (into, out)) in zip(sides, channels.items(), strict=True):
        x, w = jnp.ones((batch, side, side, into)), weights[f"{name}/w"]
        slope, flop = jnp.ones((batch, side, side, out)), 2 * batch * side**2 * w.size
        add(name, flop, conv, x, w)
        add(
            f"{name}, gradient of its weights",
            flop,
            lambda x, w, g: jax.vjp(lambda w: conv(x, w), w)[1](g)[0],
            x,
            w,
            slope,
        )
        if into > 1:
            add(
                f"{name}, gradient of its input",
                flop,
                lambda x, w, g: jax.vjp(lambda x: conv(x, w), x)[1](g)[0],
                x,
                w,
                slope,
            )
        bias, half = weights[f"{name}/b"], jnp.ones((batch, side // 2, side // 2, out))

        def squeeze(x: Array, b: Array) -> Array:
            return jnp.maximum(pool(x) + b, 0)

        add(f"pool, bias and ReLU after {name}", slope.size, squeeze, slope, bias)
        add(
            f"their gradients, after {name}",
            slope.size,
            lambda x, b, g: jax.vjp(squeeze, x, b)[1](g),
            slope,
            bias,
            half,
        )
    x, w = jnp.ones((batch, 7 * 7 * 64)), weights["dense/w"]
    slope = jnp.ones((batch, 10))
    add("dense, and its two gradients", 3 * 2 * batch * w.size, lambda x, w, g: (x @ w, x.T @ g, g @ w.T), x, w, slope)
    adam = optax.adam(LEARNING_RATE)
    state, count = adam.init(weights), sum(value.size for value in weights.values())

    def update(weights: Any, state: Any, grads: Any) -> Any:
        updates, state = adam.update(grads, state, weights)
        return optax.apply_updates(weights, updates), state

    add("Adam", 12 * count, update, weights, state, weights)  # type: ignore[arg-type]
    return found


if __name__ == "__main__":
    main()
