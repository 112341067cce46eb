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


def test_a_function_compiled_so_gives_the_same() -> None:
    def conv(x: jax.Array, w: jax.Array) -> jax.Array:
        return jax.lax.conv(x, w, (1, 1), "SAME")

    x, w = jnp.arange(2.0 * 3 * 8 * 8).reshape(2, 3, 8, 8), jnp.ones((4, 3, 3, 3))
    assert jnp.allclose(jax.jit(conv, **without_ynnpack())(x, w), conv(x, w))


def test_an_option_that_the_compiler_does_not_know_is_left_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **options: Any) -> Any:
        raise jax.errors.JaxRuntimeError("No such compile option")

    monkeypatch.setattr(jax, "jit", refuse)
    assert without_ynnpack() == {}


def test_there_is_no_such_choice_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert without_ynnpack() == {}
