"""Lesson 03's engines, taken out of the notebook and held to JAX; and the graphs of its exercise, recomputed."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace
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
from course.checks import find
from course.curriculum import lesson_of

LESSON = Path(__file__).parents[1] / "notebooks" / f"{lesson_of('backprop')}.ipynb"
SOLUTION = LESSON.parents[1] / "solutions" / LESSON.name
SCALARS = ("scalar-value", "scalar-operations", "scalar-multiply", "scalar-backward")
ENGINE = (
    "scalar-backward",
    "engine-value",
    "engine-operation",
    "engine-operations",
    "engine-functions",
    "engine-operators",
)


def sources(*ids: str, notebook: Path = LESSON) -> list[str]:
    """What stands in these cells of the lesson."""
    cells = {cell["id"]: cell["source"] for cell in read(notebook)["cells"]}
    return [cells[name] for name in ids]


def run(*ids: str, notebook: Path = LESSON, **given: Any) -> dict[str, Any]:
    """The names that these cells of the lesson define, and nothing else of the lesson."""
    names: dict[str, Any] = {"np": np, "jax": jax, "jnp": jnp, **given}
    for source in sources(*ids, notebook=notebook):
        exec(source, names)
    return names


engine = run(*ENGINE, "engine-network")
Value, backward = engine["Value"], engine["backward"]


# --- The engine ---------------------------------------------------------------------------------------------


def test_the_engine_can_be_read_in_one_sitting() -> None:
    lines = [line for source in sources(*ENGINE) for line in source.splitlines() if line.strip()]
    assert 50 <= len(lines) <= 100


@pytest.mark.parametrize("at", [(0.5, -1.2), (-0.7, 0.3)])
def test_the_engine_for_single_numbers_finds_the_slopes_of_an_expression(at: tuple[float, float]) -> None:
    def f(lib: Any, x: Any, b: Any) -> Any:
        inner = lib.add(lib.multiply(x, b), x)
        return lib.multiply(lib.add(lib.tanh(inner), inner), lib.multiply(x, x))

    class Plain:
        add, multiply, tanh = staticmethod(jnp.add), staticmethod(jnp.multiply), staticmethod(jnp.tanh)

    scalars = SimpleNamespace(**{name: made for name, made in run(*SCALARS).items() if name[0].isalpha()})
    x, b = scalars.Value(at[0]), scalars.Value(at[1])
    scalars.backward(f(scalars, x, b))
    want = jax.grad(lambda x, b: f(Plain, x, b), argnums=(0, 1))(*at)
    assert [float(x.grad), float(b.grad)] == pytest.approx([float(slope) for slope in want], rel=1e-5)


def test_the_exercise_gives_the_lesson_s_add() -> None:
    mended = next(f for f in ast.parse(*sources("scalar-operations")).body if f.name == "add")  # type: ignore[attr-defined]
    (given,) = sources("exercise-engine", notebook=SOLUTION)
    assert ast.dump(ast.parse(given).body[1]) == ast.dump(mended)


def test_the_wrong_slopes_on_the_exercise_s_graphs_are_those_that_it_says_and_no_others() -> None:
    class Drawn:
        @staticmethod
        def graph(*args: Any, **kwargs: Any) -> None: ...

    drawn = run("wrong-slope-graphs", notebook=SOLUTION, plot=Drawn)
    w, x, b = -1.2, 1.5, 0.6
    p = w * x
    z = p + b
    y = float(np.tanh(z))
    s = y + x
    assert [float(value) for value in drawn["values"].values()] == pytest.approx([x, w, b, p, z, y, s, s**2], rel=2e-3)
    # In each graph one rule is broken; what follows on the way back is made of the wrong slope.
    for letter, graph in zip("CDAB", drawn["slopes"], strict=True):
        ds = 2 * s
        dz = ds * (1 - z**2 if letter == "C" else 1 - y**2)
        right = {
            "x": dz * w if letter == "D" else ds + dz * w,
            "w": dz * (w if letter == "A" else x),
            "b": dz * (p if letter == "B" else 1),
        }
        want = [*right.values(), dz, dz, ds, ds, 1]
        assert [float(slope) for slope in drawn["slopes"][graph]] == pytest.approx(want, rel=5e-3), graph
        assert find("wrong_slope").reference(graph) == letter


def test_what_the_fold_says_of_the_two_precisions_is_so() -> None:
    """Where the V of each has its bottom, and how many digits of the slope of tanh come out right there."""
    exact = 1 - np.tanh(0.7) ** 2
    for number, root, best in ((np.float64, 6e-6, 1e-10), (np.float32, 5e-3, 1e-4)):
        assert np.cbrt(np.finfo(number).eps) == pytest.approx(root, rel=0.1)
        at: Any = number(0.7)
        h = np.geomspace(root / 3, 3 * root, 20).astype(number)
        found = (np.tanh(at + h) - np.tanh(at - h)) / (2 * h)
        error = np.median(np.abs(found / exact - 1))
        assert best / 100 < error < best


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
    backward(end)
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
    backward(end)
    want = jax.grad(lambda inputs: result(Jax, inputs, program).sum())([jnp.float32(array) for array in arrays])
    scale = max(1.0, *(float(jnp.abs(grad).max()) for grad in want))
    for value, grad in zip(values, want, strict=True):
        assert value.grad.shape == grad.shape
        assert np.abs(value.grad - grad).max() <= 1e-5 * scale


def test_walking_back_twice_gives_the_same_slopes() -> None:
    w = Value([1.0, 2.0])
    end = engine["total"](w * w + w)
    backward(end)
    once = w.grad.copy()
    backward(end)
    assert once.tolist() == [3.0, 5.0]
    assert np.array_equal(w.grad, once)


def test_an_array_on_the_left_leaves_the_work_to_the_engine() -> None:
    w = Value(np.ones((2, 3)))
    for made in (np.ones((4, 2)) @ w, np.ones((2, 3)) * w, np.ones((2, 3)) - w, np.ones((2, 3)) / w):
        assert isinstance(made, Value)
