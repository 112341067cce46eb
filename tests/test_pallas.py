"""Whether kernels are compiled or interpreted: decided by what the device can do, and never an error."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax.experimental import pallas as pl

from course import pallas


@pytest.fixture(autouse=True)
def _tried_anew() -> Iterator[None]:
    pallas._why.cache_clear()
    yield
    pallas._why.cache_clear()


def device(monkeypatch: pytest.MonkeyPatch, platform: str, kind: str, capability: str) -> None:
    made = SimpleNamespace(platform=platform, device_kind=kind, compute_capability=capability)
    monkeypatch.setattr(jax, "devices", lambda *backend: [made])
    monkeypatch.setattr(jax, "default_backend", lambda: platform)


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="tells what is so on a CPU")
def test_on_a_cpu_kernels_are_interpreted_and_it_says_so() -> None:
    assert pallas.interpret()
    assert (
        pallas.kernels_are()
        == "Kernels are interpreted on this CPU: Pallas compiles the kernels of this lesson only for GPUs."
    )


@pytest.mark.parametrize(
    ("platform", "kind", "capability"),
    [("gpu", "Tesla T4", "7.5"), ("gpu", "Radeon", "gfx90a"), ("tpu", "TPU v6 lite", "")],
)
def test_what_is_older_than_ampere_or_no_nvidia_gpu_interprets_without_trying(
    monkeypatch: pytest.MonkeyPatch, platform: str, kind: str, capability: str
) -> None:
    device(monkeypatch, platform, kind, capability)
    monkeypatch.setattr(pallas, "_compiles", lambda: pytest.fail("it was tried"))
    assert pallas.interpret()
    assert kind in pallas.kernels_are()


@pytest.mark.parametrize("compiles", [True, False])
def test_a_gpu_from_ampere_on_compiles_if_the_trial_did(monkeypatch: pytest.MonkeyPatch, compiles: bool) -> None:
    device(monkeypatch, "gpu", "NVIDIA A100-SXM4-40GB", "8.0")
    monkeypatch.setattr(pallas, "_compiles", lambda: compiles)
    assert pallas.interpret() is not compiles
    assert ("compiled for" in pallas.kernels_are()) is compiles


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="a CPU is what can't compile it")
def test_the_trial_fails_quietly_where_pallas_cannot_compile() -> None:
    assert pallas._compiles() is False


def test_the_trial_passes_where_compiling_gives_the_interpreters_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the compiler played by the interpreter: so the trial's own kernel is right, and can pass."""
    from jax.experimental import pallas as pl

    real = pl.pallas_call
    monkeypatch.setattr(pl, "pallas_call", lambda kernel, **options: real(kernel, **{**options, "interpret": True}))
    assert pallas._compiles() is True


@pytest.mark.parametrize(
    ("name", "compiler"),
    [("Tesla T4", "none, so kernels are interpreted"), ("NVIDIA H100", "Triton"), ("TPU v5e", "Mosaic")],
)
def test_the_compiler_of_a_chip_is_told_without_it(name: str, compiler: str) -> None:
    assert pallas.compiler_for(name) == compiler


@pytest.mark.parametrize(
    ("platform", "capability", "compiler"),
    [
        ("cpu", "", "none"),
        ("gpu", "7.5", "none"),
        ("gpu", "gfx90a", "none"),
        ("gpu", "8.9", "Triton"),
        ("tpu", "", "Mosaic"),
    ],
)
def test_the_compiler_of_this_device_follows_from_its_kind(
    monkeypatch: pytest.MonkeyPatch, platform: str, capability: str, compiler: str
) -> None:
    device(monkeypatch, platform, "any", capability or "0")
    assert pallas.compiler_for().startswith(compiler)


def test_an_unknown_chip_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match="'Tesla T4'"):
        pallas.compiler_for("Voodoo 2")


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
    program = pallas.triton_program(jax.jit(lambda x: doubled(x, 16)), jnp.ones(64)).splitlines()
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
    lines = pallas.triton_program(call, jnp.ones((16, 64))).splitlines()
    begin = next(n for n, line in enumerate(lines) if "scf.for" in line)
    assert lines[begin].endswith("{") and "->" not in lines[begin]
    assert [line.startswith("  ") for line in lines if "tt.load" in line] == [True]
    assert [line.startswith("  ") for line in lines if "tt.store" in line] == [False]


def test_what_calls_no_kernel_has_no_program_for_triton() -> None:
    with pytest.raises(ValueError, match="calls no Pallas kernel"):
        pallas.triton_program(jnp.sin, jnp.ones(3))
