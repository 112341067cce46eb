"""Promises of course.compiler: it offers a choice where there is one, and it reads what was compiled and what ran."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from course.compiler import Ran, parts_of, read_trace, without_ynnpack


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    without_ynnpack.cache_clear()
    yield
    without_ynnpack.cache_clear()


def test_a_function_compiled_so_gives_the_same_and_leaves_nothing_to_ynnpack() -> None:
    """A product of matrices is one of the things that JAX 0.10 hands to it otherwise, as a `__ynn_fusion`."""
    x = jnp.arange(64.0 * 64).reshape(64, 64) / 64**2
    compiled = jax.jit(lambda x: x @ x, **without_ynnpack()).lower(x).compile()
    assert jnp.allclose(compiled(x), x @ x, rtol=1e-3)
    assert "__ynn_fusion" not in str(compiled.as_text())


def test_an_option_that_the_compiler_does_not_know_is_left_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **options: Any) -> Any:
        raise jax.errors.JaxRuntimeError("No such compile option")

    monkeypatch.setattr(jax, "jit", refuse)
    assert without_ynnpack() == {}


def test_there_is_no_such_choice_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert without_ynnpack() == {}


# As XLA writes it: a pool's gradient becomes three instructions, of which two have lost the scope.
TEXT = """
HloModule jit_step

%fused (p: f32[8]) -> f32[8] {
  %p = f32[8]{0} parameter(0)
  ROOT %add.1 = f32[8]{0} add(%p, %p), metadata={op_name="jit(step)/jvp(conv1)/add"}
}

ENTRY %main (x: f32[8]) -> f32[8] {
  %x = f32[8]{0} parameter(0)
  %iota.4 = s32[8]{0} iota(), iota_dimension=0
  %reduce-window.1 = s32[4]{0} reduce-window(%iota.4, %x), window={size=2}
  %scatter.2 = f32[8]{0} scatter(%x, %reduce-window.1), metadata={op_name="jit(step)/transpose(jvp(pool))/select_and_scatter"}
  %fusion = f32[8]{0} fusion(%scatter.2), kind=kLoop, calls=%fused, metadata={op_name="jit(step)/jvp(conv1)/add"}
  ROOT %copy = f32[8]{0} copy(%fusion)
}
"""


def test_an_instruction_belongs_to_the_scope_in_its_metadata_or_to_what_uses_its_result() -> None:
    parts = parts_of(SimpleNamespace(as_text=lambda: TEXT), ["conv1", "pool"])
    assert {parts[name] for name in ("iota.4", "reduce-window.1", "scatter.2")} == {"pool"}
    assert (parts["fusion"], parts["copy"]) == ("conv1", "other")


def test_a_scope_is_a_whole_word() -> None:
    parts = parts_of(SimpleNamespace(as_text=lambda: TEXT), ["conv", "pool"], other="none of them")
    assert parts["fusion"] == "none of them"


def test_what_ran_is_read_from_the_file_that_the_profiler_writes(tmp_path: Path) -> None:
    def two_parts(x: Any) -> Any:
        with jax.named_scope("product"):
            x = x @ x
        with jax.named_scope("largest"):
            return jnp.sort(x, axis=0)

    jax.config.update("jax_compilation_cache_include_metadata_in_key", True)
    try:
        compiled = jax.jit(two_parts).lower(jnp.ones((64, 64))).compile()
    finally:
        jax.config.update("jax_compilation_cache_include_metadata_in_key", False)
    with jax.profiler.trace(str(tmp_path)):
        jax.block_until_ready(compiled(jnp.ones((64, 64))))
    ran, parts = read_trace(tmp_path), parts_of(compiled, ["product", "largest"])
    assert {parts.get(one.op) for one in ran} >= {"product", "largest"}
    assert ran[0].start_ms == 0 and all(isinstance(one, Ran) and one.end_ms > one.start_ms for one in ran)
    assert [one.start_ms for one in ran] == sorted(one.start_ms for one in ran)


def test_a_folder_without_a_trace_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"jax\.profiler\.trace"):
        read_trace(tmp_path)
