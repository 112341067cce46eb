"""Whether kernels are compiled or interpreted: decided by what the device can do, and never an error."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import jax
import pytest

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
