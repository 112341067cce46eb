"""Promises of course.compiler: it offers a choice where there is one, and nothing where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from course.compiler import without_ynnpack


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
