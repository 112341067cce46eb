"""Lesson 03's engine, taken out of the notebook and held to JAX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course.authoring.notebook import read
from course.curriculum import lesson_of

LESSON = Path(__file__).parents[1] / "notebooks" / f"{lesson_of('backprop')}.ipynb"
ENGINE = ("engine-value", "engine-order", "engine-operations", "engine-functions", "engine-operators")


def sources(*ids: str) -> list[str]:
    """What stands in these cells of the lesson."""
    cells = {cell["id"]: cell["source"] for cell in read(LESSON)["cells"]}
    return [cells[name] for name in ids]


def run(*ids: str) -> dict[str, Any]:
    """The names that these cells of the lesson define, and nothing else of the lesson."""
    names: dict[str, Any] = {"np": np, "jax": jax, "jnp": jnp}
    for source in sources(*ids):
        exec(source, names)
    return names


engine = run(*ENGINE, "engine-network")
Value = engine["Value"]


# --- The engine ---------------------------------------------------------------------------------------------


def test_the_engine_can_be_read_in_one_sitting() -> None:
    lines = [line for source in sources(*ENGINE) for line in source.splitlines() if line.strip()]
    assert 50 <= len(lines) <= 80


@pytest.mark.parametrize(("batch", "hidden"), [(1, 3), (32, 128)])
def test_the_engine_and_jax_grad_agree_on_the_network(batch: int, hidden: int) -> None:
    rng = np.random.default_rng(batch)
    params = {
        "W1": rng.normal(0, np.sqrt(2 / 784), (hidden, 784)),
        "b1": 0.1 * rng.normal(size=hidden),
        "W2": rng.normal(0, np.sqrt(2 / hidden), (10, hidden)),
        "b2": 0.1 * rng.normal(size=10),
    }
    X, labels = rng.uniform(size=(batch, 784)), rng.integers(0, 10, batch)

    def loss(params: dict[str, Any]) -> Any:
        hidden = jax.nn.relu(X @ params["W1"].T + params["b1"])
        logits = hidden @ params["W2"].T + params["b2"]
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    want_loss, want = jax.jit(jax.value_and_grad(loss))(jax.tree.map(jnp.float32, params))
    values = {name: Value(array) for name, array in params.items()}
    end = engine["engine_loss"](values, X, labels)
    end.backward()
    assert end.data.item() == pytest.approx(float(want_loss), rel=1e-5)
    for name, value in values.items():
        scale = np.abs(want[name]).max()
        assert value.grad.shape == want[name].shape
        assert np.abs(value.grad - want[name]).max() < 1e-5 * scale, name


class Jax:
    """The engine's functions, in JAX."""

    exp, log, tanh, relu = jnp.exp, jnp.log, jnp.tanh, jax.nn.relu

    @staticmethod
    def total(a: Any, axis: int | None = None) -> Any:
        return a.sum(axis, keepdims=True)


class Engine:
    exp, log, tanh, total = (staticmethod(engine[name]) for name in ("exp", "log", "tanh", "total"))

    def __init__(self) -> None:
        self.near_a_kink = False

    def relu(self, a: Any) -> Any:
        self.near_a_kink |= bool((np.abs(a.data) < 1e-3).any())
        return engine["relu"](a)


# What an expression is made of. Each keeps its numbers of ordinary size, so that float32 stands for what was computed.
STEPS = {
    "add": lambda lib, a, b: a + b,
    "add a number": lambda lib, a, b: 0.5 + a + 2.0,
    "subtract": lambda lib, a, b: a - b,
    "subtract from": lambda lib, a, b: 1.5 - a,
    "negate": lambda lib, a, b: -a,
    "multiply": lambda lib, a, b: lib.tanh(a * b),
    "scale": lambda lib, a, b: 0.3 * a * 1.5,
    "divide": lambda lib, a, b: a / (b**2 + 1.0),
    "divide a number": lambda lib, a, b: 2.0 / (a * a + 1.0),
    "cube": lambda lib, a, b: lib.tanh(a) ** 3,
    "exp": lambda lib, a, b: lib.exp(lib.tanh(a)),
    "log": lambda lib, a, b: lib.log(a * a + 1.0),
    "relu": lambda lib, a, b: lib.relu(a),
    "transpose twice": lambda lib, a, b: (a.T * 0.5).T,
    "total": lambda lib, a, b: lib.tanh(lib.total(a)),
    "rows": lambda lib, a, b: lib.tanh(lib.total(a + np.zeros((3, 4)), 0)),
    "columns": lambda lib, a, b: lib.tanh(lib.total(a + np.zeros((3, 4)), 1)),
    "matrices": lambda lib, a, b: lib.tanh((a + np.zeros((3, 4))) @ (b + np.zeros((3, 4))).T @ np.ones((3, 4))),
}
# All of these can be stretched to (3, 4).
SHAPES = [(3, 4), (1, 4), (3, 1), (4,), ()]
numbers = st.floats(-2, 2, width=16)
leaves = st.lists(
    st.sampled_from(SHAPES).flatmap(lambda shape: hnp.arrays(np.float64, shape, elements=numbers)),
    min_size=2,
    max_size=4,
)
programs = st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 99), st.integers(0, 99)), max_size=8)


def result(lib: Any, inputs: list[Any], program: list[tuple[str, int, int]]) -> Any:
    """Run a program: each step takes two of the numbers that are there, and adds one; the end depends on them all."""
    made = list(inputs)
    for step, i, j in program:
        made.append(STEPS[step](lib, made[i % len(made)], made[j % len(made)]))
    end = lib.total(made[0])
    for part in made[1:]:
        end = end + lib.total(part)
    return end


@settings(max_examples=50, deadline=None, derandomize=True)
@given(arrays=leaves, program=programs)
def test_the_engine_and_jax_grad_agree_on_random_expressions(
    arrays: list[np.ndarray], program: list[tuple[str, int, int]]
) -> None:
    ours = Engine()
    values = [Value(array) for array in arrays]
    end = result(ours, values, program)
    # On a kink float32 and float64 may stand on different sides of it.
    assume(not ours.near_a_kink)
    end.backward()
    want = jax.grad(lambda inputs: result(Jax, inputs, program).sum())([jnp.float32(array) for array in arrays])
    scale = max(1.0, *(float(jnp.abs(grad).max()) for grad in want))
    for value, grad in zip(values, want, strict=True):
        assert value.grad.shape == grad.shape
        assert np.abs(value.grad - grad).max() <= 1e-5 * scale


def test_walking_back_twice_gives_the_same_slopes() -> None:
    w = Value([1.0, 2.0])
    end = engine["total"](w * w + w)
    end.backward()
    once = w.grad.copy()
    end.backward()
    assert once.tolist() == [3.0, 5.0]
    assert np.array_equal(w.grad, once)


def test_an_array_on_the_left_leaves_the_work_to_the_engine() -> None:
    w = Value(np.ones((2, 3)))
    for made in (np.ones((4, 2)) @ w, np.ones((2, 3)) * w, np.ones((2, 3)) - w, np.ones((2, 3)) / w):
        assert isinstance(made, Value)
