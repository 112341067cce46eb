"""Whether a Pallas kernel is compiled on this device, and by which compiler, or interpreted."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp

from course import backend, settings

# Pallas compiles for GPUs from NVIDIA's Ampere on, compute capability 8.0 (its older backend, Triton), or from Hopper on (its
# newer one, Mosaic GPU): https://docs.jax.dev/en/latest/pallas/quickstart.html.
_AMPERE = 8.0


def interpret() -> bool:
    """True where `pl.pallas_call` has to be told ``interpret=True`` on this device, False where it can compile lesson 07's kernels.

    A kernel is compiled on an NVIDIA GPU of compute capability 8.0 (Ampere) or more, if a small one that does all that the
    lesson's kernels do could be compiled here and gave the right numbers; this is tried once in a session. Everywhere else, on a
    CPU, a T4 or a TPU, kernels are interpreted: the same numbers, and no speed.
    """
    return _why() != ""


def kernels_are() -> str:
    """One sentence that says whether kernels are compiled or interpreted on this device, and why."""
    name = "this CPU" if backend.start() == "cpu" else jax.devices()[0].device_kind
    why = _why()
    if not why:
        return f"Kernels are compiled for {name}, by Triton."
    return f"Kernels are interpreted on {name}: {why}."


HERE = "this device"
# Platform and compute capability, by https://developer.nvidia.com/cuda-gpus.
_DEVICES = {
    "Tesla T4": ("gpu", 7.5),
    "NVIDIA A100": ("gpu", 8.0),
    "NVIDIA H100": ("gpu", 9.0),
    "TPU v5e": ("tpu", 0.0),
}


def compiler_for(device: str = HERE) -> str:
    """The compiler that `pl.pallas_call` uses for a device.

    Args:
        device: "this device", or the name of one that is known: "Tesla T4", "NVIDIA A100", "NVIDIA H100", "TPU v5e".

    Raises:
        ValueError: the name is not known.
    """
    if device == HERE:
        platform, capability = backend.start(), _capability(jax.devices()[0])
    elif device in _DEVICES:
        platform, capability = _DEVICES[device]
    else:
        raise ValueError(f"no device {device!r}; known are {HERE!r}, {', '.join(map(repr, _DEVICES))}")
    if platform == "tpu":
        return "Mosaic"
    if platform == "gpu" and capability >= _AMPERE:
        return "Triton"
    return "none, so kernels are interpreted"


@cache
@settings.own()
def _why() -> str:
    """Why kernels are interpreted here; nothing where they are compiled."""
    backend.start()
    device = jax.devices()[0]
    if device.platform != "gpu":
        return "Pallas compiles the kernels of this lesson only for GPUs"
    if _capability(device) < _AMPERE:
        return "Pallas compiles only for NVIDIA GPUs of the Ampere generation (2020) or newer"
    return "" if _compiles() else "this version of Pallas does not compile the lesson's kernels for it"


def _capability(device: Any) -> float:
    try:
        return float(getattr(device, "compute_capability", 0))
    except ValueError:  # AMD's are names
        return 0.0


def _compiles() -> bool:
    """Whether a kernel with a loop, products, sums along both axes, a mask, a condition and a transposed result is compiled, and right."""
    from jax.experimental import pallas as pl

    size, depth = 32, 64

    def kernel(a_ref: Any, b_ref: Any, c_ref: Any, o_ref: Any, s_ref: Any) -> None:
        def step(k: Any, total: Any) -> Any:
            part = pl.ds(k * 16, 16)
            return total + a_ref[:, part] @ b_ref[part, :]

        z = jax.lax.fori_loop(0, depth // 16, step, jnp.zeros((size, size), jnp.float32)) + c_ref[...]
        e = jnp.exp(z - z.max(axis=1, keepdims=True))
        o_ref[...] = jnp.zeros_like(o_ref)

        @pl.when(pl.program_id(1) < 2)
        def _() -> None:
            o_ref[...] = (e / e.sum(axis=1, keepdims=True)).T

        inside = (pl.program_id(0) * size + jnp.arange(size) < 40)[:, None]
        s_ref[...] = jnp.where(inside, z, 0).sum(axis=0, keepdims=True)

    def call(interpret: bool) -> Any:
        # Eighths: exact also in the short formats of tensor cores.
        a = (jnp.arange(2 * size * depth) % 7 - 3).reshape(2 * size, depth) / 8
        b = (jnp.arange(2 * size * depth) % 5 - 2).reshape(depth, 2 * size) / 8
        return pl.pallas_call(
            kernel,
            out_shape=[
                jax.ShapeDtypeStruct((2 * size, 2 * size), jnp.float32),
                jax.ShapeDtypeStruct((2, 2 * size), jnp.float32),
            ],
            grid=(2, 2),
            in_specs=[
                pl.BlockSpec((size, depth), lambda i, j: (i, 0)),
                pl.BlockSpec((depth, size), lambda i, j: (0, j)),
                pl.BlockSpec((size,), lambda i, j: (j,)),
            ],
            out_specs=[pl.BlockSpec((size, size), lambda i, j: (j, i)), pl.BlockSpec((1, size), lambda i, j: (i, j))],
            interpret=interpret,
        )(a, b, jnp.arange(2.0 * size) / 16)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a backend that is on its way out
            got = jax.block_until_ready(call(interpret=False))
        return all(
            bool(jnp.allclose(one, other, rtol=1e-3, atol=1e-4)) for one, other in zip(got, call(True), strict=True)
        )
    except Exception:  # whatever a compiler says to a kernel that it doesn't know
        return False
