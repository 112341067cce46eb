"""The network: a convolution, three stages that each halve the image, two of them with a residual block, and a dense layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

Tree = dict[str, Any]
# How much of the running mean and variance a step replaces; and what keeps a division by a tiny variance finite.
_MOMENTUM, _EPSILON = 0.1, 1e-5
_LOGIT_SCALE = 0.125


def layers(width: int) -> Iterator[tuple[str, int, int]]:
    """Each convolution: its name, the channels that go in, the channels that come out."""
    yield "prep", 3, width
    yield "stage1", width, 2 * width
    yield "stage1_a", 2 * width, 2 * width
    yield "stage1_b", 2 * width, 2 * width
    yield "stage2", 2 * width, 4 * width
    yield "stage3", 4 * width, 8 * width
    yield "stage3_a", 8 * width, 8 * width
    yield "stage3_b", 8 * width, 8 * width


def new(key: Array, width: int = 64) -> tuple[Tree, Tree]:
    """Random parameters, and the running mean and variance of each batch norm.

    Kernels `(3, 3, in, out)` and the dense weights `(8·width, 10)` are drawn uniformly from ±1/√(inputs), as PyTorch's layers are.
    """
    params, running = {}, {}
    for name, inputs, outputs in layers(width):
        key, one = jax.random.split(key)
        bound = (9 * inputs) ** -0.5
        kernel = jax.random.uniform(one, (3, 3, inputs, outputs), minval=-bound, maxval=bound)
        params[name] = {"kernel": kernel, "scale": jnp.ones(outputs), "shift": jnp.zeros(outputs)}
        running[name] = {"mean": jnp.zeros(outputs), "var": jnp.ones(outputs)}
    bound = (8 * width) ** -0.5
    params["dense"] = {"kernel": jax.random.uniform(key, (8 * width, 10), minval=-bound, maxval=bound)}
    return params, running


def apply(params: Tree, running: Tree, images: Array, training: bool) -> tuple[Array, Tree]:
    """The logits `(n, 10)` of normalized images `(n, 32, 32, 3)`, and the running statistics after them.

    In the type of `images`: convolutions in bfloat16 where they are; statistics always in float32.
    """
    after = {}

    def block(name: str, x: Array) -> Array:
        one = params[name]
        kernel = one["kernel"].astype(x.dtype)
        x = lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        full, old = x.astype(jnp.float32), running[name]
        if training:
            mean, var = full.mean((0, 1, 2)), full.var((0, 1, 2))
            count = full.size // full.shape[-1]
            unbiased = var * count / (count - 1)
            new = {"mean": mean, "var": unbiased}
            after[name] = jax.tree.map(lambda a, b: (1 - _MOMENTUM) * a + _MOMENTUM * b, old, new)
        else:
            mean, var, after[name] = old["mean"], old["var"], old
        slope = one["scale"] * lax.rsqrt(var + _EPSILON)
        return jax.nn.relu(full * slope + (one["shift"] - mean * slope)).astype(x.dtype)

    x = block("prep", images)
    x = _pool(block("stage1", x))
    x = x + block("stage1_b", block("stage1_a", x))
    x = _pool(block("stage2", x))
    x = _pool(block("stage3", x))
    x = x + block("stage3_b", block("stage3_a", x))
    x = x.max((1, 2)).astype(jnp.float32)
    return _LOGIT_SCALE * (x @ params["dense"]["kernel"]), after


def _pool(x: Array) -> Array:
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
