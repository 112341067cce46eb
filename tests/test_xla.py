"""What XLA is told before it starts keeps products right, and goes no further."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course import xla


def test_a_product_is_by_the_matrix_of_now_and_not_by_an_earlier_one() -> None:
    h = jnp.asarray(np.random.default_rng(0).random((500, 256), dtype=np.float32))
    basis = jax.block_until_ready(jax.random.normal(jax.random.key(3), (256, 256)))
    wrong = 0
    for i in range(300):
        W = basis * float(i % 7 + 1)
        wrong += not np.allclose(h @ W.T, np.asarray(h) @ np.asarray(W).T, rtol=1e-3, atol=0.1)
    assert wrong == 0


@pytest.mark.parametrize(
    ("jaxlib", "before", "after"),
    [
        ("0.7.2", {}, {"XLA_FLAGS": "--xla_cpu_use_xnnpack=false"}),
        ("0.8.0", {"XLA_FLAGS": "--xla_a=1"}, {"XLA_FLAGS": "--xla_a=1 --xla_cpu_use_xnnpack=false"}),
        ("0.7.2", {"XLA_FLAGS": "--xla_cpu_use_xnnpack=true"}, {"XLA_FLAGS": "--xla_cpu_use_xnnpack=true"}),
        ("0.8.2", {}, {}),
        ("0.12.0.1", {"XLA_FLAGS": "--xla_a=1"}, {"XLA_FLAGS": "--xla_a=1"}),
    ],
)
def test_only_versions_that_go_wrong_are_told_and_a_learners_own_choice_is_kept(
    monkeypatch: pytest.MonkeyPatch, jaxlib: str, before: dict[str, str], after: dict[str, str]
) -> None:
    monkeypatch.setattr(xla, "version", lambda name: jaxlib)
    env = dict(before)
    xla.keep_products_right(env)
    assert env == after
