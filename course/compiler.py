"""What `jax.jit` lets one choose."""

from __future__ import annotations

from functools import cache
from typing import Any

import jax


@cache
def other_convolutions() -> dict[str, Any]:
    """For `jax.jit(f, **other_convolutions())`: compile with the convolutions that XLA would not take by itself on a CPU.

    Newer versions of XLA have two sets of them there, Eigen's and YNNPACK's, and take the latter (openxla/xla: xla/backends/cpu/
    ynn_emitter.cc; the option is xla_cpu_experimental_ynn_fusion_type). Which one is faster depends on the shapes and the version.

    Returns:
        Keyword arguments; empty where there is no such choice: on a GPU, and with a JAX that has one set only.
    """
    if jax.default_backend() != "cpu":
        return {}
    chosen: dict[str, Any] = {"compiler_options": {"xla_cpu_experimental_ynn_fusion_type": ""}}
    try:
        jax.jit(lambda x: x, **chosen)(0.0)
    except jax.errors.JaxRuntimeError:  # an unknown option
        return {}
    return chosen
