"""What `jax.jit` lets one choose."""

from __future__ import annotations

from functools import cache
from typing import Any

import jax

from course import backend, settings


@cache
@settings.own()
def without_ynnpack() -> dict[str, Any]:
    """For `jax.jit(f, **without_ynnpack())`: on a CPU, compile without the library YNNPACK.

    Newer versions of XLA hand convolutions, products and sums to YNNPACK there, older ones to Eigen or to code of their own
    (openxla/xla: xla/backends/cpu/ynn_emitter.cc; the option xla_cpu_experimental_ynn_fusion_type lists what YNNPACK may do). Which
    is faster depends on the shapes and the version.

    Returns:
        Keyword arguments; empty where this JAX doesn't know the option, and on a GPU.
    """
    if backend.start() != "cpu":
        return {}
    chosen: dict[str, Any] = {"compiler_options": {"xla_cpu_experimental_ynn_fusion_type": ""}}
    try:
        jax.jit(lambda x: x, **chosen)(0.0)
    except jax.errors.JaxRuntimeError:  # an unknown option
        return {}
    return chosen
