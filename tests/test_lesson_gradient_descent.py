"""Lesson 04's optimizers, taken out of the notebook and held to Optax."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from course.authoring.notebook import read
from course.curriculum import lesson_of

LESSON = Path(__file__).parents[1] / "notebooks" / f"{lesson_of('gradient_descent')}.ipynb"


def run(cell: str) -> dict[str, Any]:
    """The names that this cell of the lesson defines."""
    names: dict[str, Any] = {"np": np, "jax": jax, "jnp": jnp}
    (source,) = [one["source"] for one in read(LESSON)["cells"] if one["id"] == cell]
    exec(source, names)
    return names


def hundred_steps(rule: Any, state: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Where `rule` leads on a loss that is no bowl, with noise; also where it began."""
    rng = np.random.default_rng(5)
    first = params = {"W": jnp.float32(rng.normal(size=(3, 5))), "b": jnp.float32(rng.normal(size=3))}
    slopes = jax.jit(jax.grad(lambda params, x: (jnp.tanh(params["W"] @ x + params["b"]) ** 2).sum()))
    for _ in range(100):
        params, state = rule(params, slopes(params, jnp.float32(rng.normal(size=5))), state)
    return params, first


def by_optax(optimizer: optax.GradientTransformation) -> dict[str, Any]:
    def rule(params: Any, grads: Any, state: Any) -> tuple[Any, Any]:
        changes, state = optimizer.update(grads, state, params)
        return optax.apply_updates(params, changes), state

    zeros = {"W": jnp.zeros((3, 5)), "b": jnp.zeros(3)}
    return hundred_steps(rule, optimizer.init(zeros))[0]


def assert_the_same(ours: dict[str, Any], theirs: dict[str, Any], first: dict[str, Any]) -> None:
    for name in ours:
        assert np.abs(ours[name] - first[name]).max() > 0.05, "the steps have moved it"
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("learning_rate", "momentum"), [(0.02, 0.9), (0.1, 0.5), (0.1, 0.0)])
def test_the_hand_made_momentum_equals_optax_over_100_steps(learning_rate: float, momentum: float) -> None:
    step = run("momentum-step")["momentum_step"]
    zeros = {"W": jnp.zeros((3, 5)), "b": jnp.zeros(3)}
    ours, first = hundred_steps(lambda p, g, state: step(p, g, state, learning_rate, momentum), zeros)
    assert_the_same(ours, by_optax(optax.sgd(learning_rate, momentum=momentum)), first)


@pytest.mark.parametrize(("learning_rate", "beta1", "beta2"), [(0.01, 0.9, 0.999), (0.003, 0.5, 0.9)])
def test_the_hand_made_adam_equals_optax_over_100_steps(learning_rate: float, beta1: float, beta2: float) -> None:
    step = run("adam-step")["adam_step"]
    zeros = {"W": jnp.zeros((3, 5)), "b": jnp.zeros(3)}

    def rule(params: Any, grads: Any, state: Any) -> tuple[Any, Any]:
        m, v, count = state
        params, m, v = step(params, grads, m, v, count, learning_rate, beta1, beta2)
        return params, (m, v, count + 1)

    ours, first = hundred_steps(rule, (zeros, zeros, 1))
    assert_the_same(ours, by_optax(optax.adam(learning_rate, b1=beta1, b2=beta2)), first)
