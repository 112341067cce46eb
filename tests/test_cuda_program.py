"""Promises of the program that a compiler for NVIDIA GPUs is given: found on any device, and read by lesson 07."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax.experimental import pallas as pl

from course.cuda_program import triton_program


def doubled(x: jax.Array, block: int) -> jax.Array:
    def kernel(x_ref: Any, o_ref: Any) -> None:
        o_ref[...] = 2 * x_ref[...]

    spec = pl.BlockSpec((block,), lambda i: (i,))
    shape = jax.ShapeDtypeStruct(x.shape, x.dtype)
    call = pl.pallas_call(
        kernel, out_shape=shape, grid=(pl.cdiv(len(x), block),), in_specs=[spec], out_specs=spec, interpret=True
    )
    return call(x)  # type: ignore[no-any-return]


def test_the_program_for_triton_loads_a_block_from_memory_computes_and_stores() -> None:
    """Also of a kernel inside of a `jit`, and without a GPU."""
    program = triton_program(jax.jit(lambda x: doubled(x, 16)), jnp.ones(64)).splitlines()
    at = {word: next(n for n, line in enumerate(program) if word in line) for word in WORDS}
    assert list(at.values()) == sorted(at.values())
    assert all("tensor<" not in line.replace("dense<", "") for line in program), "no types"


WORDS = ("tt.get_program_id x", "arith.muli", "tt.make_range", "tt.addptr", "tt.load", "arith.mulf", "tt.store")


def test_a_load_in_a_loop_stands_inside_of_the_loop() -> None:
    """What lesson 07 reads from the program: a strip is loaded piece by piece."""

    def kernel(x_ref: Any, o_ref: Any) -> None:
        def add(s: Any, total: Any) -> Any:
            return total + x_ref[:, pl.ds(s * 16, 16)]

        o_ref[...] = jax.lax.fori_loop(0, 4, add, jnp.zeros((16, 16), jnp.float32))

    call = pl.pallas_call(kernel, out_shape=jax.ShapeDtypeStruct((16, 16), jnp.float32), interpret=True)
    lines = triton_program(call, jnp.ones((16, 64))).splitlines()
    begin = next(n for n, line in enumerate(lines) if "scf.for" in line)
    assert lines[begin].endswith("{") and "->" not in lines[begin]
    assert [line.startswith("  ") for line in lines if "tt.load" in line] == [True]
    assert [line.startswith("  ") for line in lines if "tt.store" in line] == [False]


def test_what_calls_no_kernel_has_no_program_for_triton() -> None:
    with pytest.raises(ValueError, match="calls no Pallas kernel"):
        triton_program(jnp.sin, jnp.ones(3))
