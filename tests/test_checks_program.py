"""A program is read as what its outputs depend on, and a program that was made up has to be a right one."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course.checks import find, judge
from course.checks.outcome import Outcome, run
from course.checks.probes import find as find_probe
from course.checks.probes import gpu_parallelism
from course.checks.program import Program, as_plain, from_plain
from course.checks.registry import exercises
from course.checks.stablehlo import read
from course.curriculum import TOPICS, lesson_of
from course.grading.marking.evidence import Evidence

DOCS = Path(__file__).resolve().parents[1] / "docs" / "grading.md"
KINDS = ("values", "program", "calls", "simulator")


def program_of(function: Callable[..., Any], *shapes: Sequence[int]) -> Program:
    inputs = [jax.ShapeDtypeStruct(tuple(shape), jnp.float32) for shape in shapes]
    return read(jax.jit(function).lower(*inputs).compiler_ir())


# --- Reading ------------------------------------------------------------------------------------------------------------


def test_what_is_computed_and_thrown_away_is_not_in_a_program() -> None:
    def function(x: Any) -> Any:
        jnp.exp(x @ x)
        return jnp.sin(x)

    assert [one.name for one in program_of(function, (3, 3)).computing()] == ["sine"]


def test_the_turns_of_loops_are_counted_and_calls_are_followed() -> None:
    inner = jax.jit(lambda x: x @ x)

    def function(x: Any) -> Any:
        twice = lambda i, x: inner(inner(x))  # noqa: E731
        return jax.lax.fori_loop(0, 5, lambda i, x: jax.lax.fori_loop(0, 3, twice, x), x)

    products = program_of(function, (2, 2)).named("dot_general")
    assert [one.loops for one in products] == [(5, 3), (5, 3)]
    assert all(one.adds == 2 and one.gives == (("f32", (2, 2)),) for one in products)


def test_the_types_in_which_numbers_arrive_are_those_of_the_first_operation_that_computes() -> None:
    def function(x: Any, y: Any) -> Any:
        short = x.astype(jnp.bfloat16).T
        return (short @ short).sum() + (y.astype(jnp.bfloat16).astype(jnp.float32) * y).sum()

    program = program_of(function, (2, 2), (3,))
    assert program.arrives == (("bf16",), ("f32",))
    assert program.turned == (("bf16",), ("bf16", "f32"))


def test_a_program_travels_as_plain_data() -> None:
    program = program_of(lambda x: jax.nn.softmax(x), (4,))
    assert from_plain(as_plain(program)) == program


# --- A kernel that lies -------------------------------------------------------------------------------------------------


class Clean:
    """What runs programs, here in this process: its own program is one of the files that go into a sandbox."""

    def __init__(self) -> None:
        self.asked = 0

    def run(self, program: np.ndarray, runs: Any) -> Any:
        from course.grading.sandbox.clean import Refused

        self.asked += 1
        answer = _inside().answered(program, [list(run) for run in runs])
        if isinstance(answer, str):
            raise Refused(answer)
        return answer


def _inside() -> Any:
    import sys
    import types

    import course

    # In the sandbox's form of the package the kernel's file has this name.
    sys.modules.setdefault("course._kernel", types.ModuleType("course._kernel"))
    course._kernel = sys.modules["course._kernel"]  # type: ignore[attr-defined]
    file = Path(course.__file__).parent / "grading/sandbox/inside/programs.py"
    spec = importlib.util.spec_from_file_location("course_programs", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def asking(function: Callable[..., Any]) -> Callable[[str, Sequence[Any]], Outcome]:
    """A kernel that holds this function."""
    return lambda address, args: run(function, find_probe(address), args, 60)


def handing_over(text: Any) -> Callable[[str, Sequence[Any]], Outcome]:
    """A kernel that hands this over, whatever it is asked."""
    return lambda address, args: Outcome(text)


@pytest.fixture(scope="module")
def batched() -> Evidence:
    exercise = find("batched")
    assert exercise.how
    return Evidence(exercise, exercise.how, 7)


def loop(score: Any, X: Any, w: Any) -> Any:
    return jnp.stack([score(x, w) for x in X])


RIGHT: dict[str, Callable[..., Any]] = {
    "vmap": lambda score, X, w: jax.vmap(score, in_axes=(0, None))(X, w),
    "under jit": jax.jit(lambda score, X, w: jax.vmap(lambda x: score(x, w))(X), static_argnums=0),
    "out of JAX at the end": lambda score, X, w: np.asarray(jax.vmap(score, (0, None))(X, w)),
}


@pytest.mark.parametrize("way", RIGHT)
def test_a_right_program_is_taken_in_whichever_form(batched: Evidence, way: str) -> None:
    assert batched.why_not(asking(RIGHT[way]), Clean()) is None  # type: ignore[arg-type]


def _with_a_call_beside(score: Any, X: Any, w: Any) -> Any:
    jax.vmap(score, (0, None))(X, w)
    return loop(score, X, w)


WRONG: dict[str, tuple[Callable[..., Any], str]] = {
    "a loop": (loop, "a loop"),
    "a loop under jit": (jax.jit(loop, static_argnums=0), "a loop"),
    "a loop on the device": (lambda s, X, w: jax.lax.map(lambda x: s(x, w), X), "a loop on the device"),
    "a right call beside a loop": (_with_a_call_beside, "a loop"),
    "a loop that adds nothing of a right call": (
        lambda s, X, w: loop(s, X, w) + 0 * jax.vmap(s, (0, None))(X, w),
        "a loop",
    ),
    "other numbers": (lambda s, X, w: 2 * jax.vmap(s, (0, None))(X, w), ""),
    "numbers that were kept": (lambda s, X, w: jnp.ones(len(X)), ""),
}


@pytest.mark.parametrize("way", WRONG)
def test_a_program_that_is_not_right_is_refused(batched: Evidence, way: str) -> None:
    function, mark = WRONG[way]
    failure = batched.why_not(asking(function), Clean())  # type: ignore[arg-type]
    assert failure is not None and failure.mark == mark and failure.message


def _honest(kind: str) -> list[Any]:
    return [one for topic in TOPICS for one in exercises(topic).values() if one.how and one.topic == kind]


@pytest.mark.parametrize("topic", ["gpu_parallelism", "write_a_kernel", "make_it_fast"])
def test_the_program_of_each_reference_is_right_as_it_is_handed_over(topic: str) -> None:
    for exercise in _honest(topic):
        failure = Evidence(exercise, exercise.how, 3).why_not(asking(exercise.reference), Clean())  # type: ignore[arg-type]
        assert failure is None, f"{exercise.name}: {failure}"


def test_what_is_no_program_of_the_exercise_is_refused(batched: Evidence) -> None:
    written = find("mixed_gradients").how
    assert written
    text = written.written(find("mixed_gradients").reference, *map(_jax, find("mixed_gradients").draw(0)[0].args))
    lies = (None, "right", np.zeros(0, np.uint8), np.arange(200, dtype=np.uint8), np.asarray(text), np.ones(3))
    for lie in lies:
        failure = batched.why_not(handing_over(lie), Clean())  # type: ignore[arg-type]
        assert failure is not None and failure.message


def test_a_program_that_calls_other_code_is_not_run(batched: Evidence) -> None:
    def calling(score: Any, X: Any, w: Any) -> Any:
        shape = jax.ShapeDtypeStruct((len(X),), jnp.float32)
        return jax.pure_callback(lambda X, w: np.zeros(len(X), np.float32), shape, X, w)

    assert batched.why_not(asking(calling), Clean()) is not None  # type: ignore[arg-type]


def test_equal_programs_are_run_once(batched: Evidence) -> None:
    clean = Clean()
    for _ in range(3):
        batched.why_not(asking(lambda score, X, w: jax.vmap(score, (0, None))(X, w)), clean)  # type: ignore[arg-type]
    assert clean.asked <= 1


def test_a_function_that_can_not_be_traced_is_told_where_it_stops(batched: Evidence) -> None:
    def looking(score: Any, X: Any, w: Any) -> Any:
        return jax.vmap(score, (0, None))(X, w) if X.sum() > 0 else X[:, 0]

    failure = batched.why_not(asking(looking), Clean())  # type: ignore[arg-type]
    assert failure is not None and failure.message.startswith("once it is written down as a program") and failure.line


def _jax(arg: Any) -> Any:
    return jnp.asarray(arg) if isinstance(arg, np.ndarray) else arg


# --- Flags and counts ----------------------------------------------------------------------------------------------------


def test_a_step_that_changes_what_it_was_given_is_seen_without_being_told(monkeypatch: pytest.MonkeyPatch) -> None:
    exercise = find("sgd_step")

    def in_place(params: Any, grads: Any, learning_rate: float) -> Any:
        for name in params:
            params[name] = params[name] - learning_rate * grads[name]
        return params

    monkeypatch.setattr("course.checks.probes.gradient_descent._the_same", lambda *dicts: True)
    assert judge(exercise, in_place).mistake == "changes what it was given"


def test_a_count_of_the_calls_does_not_stand_for_a_key() -> None:
    calls = iter(range(10**6))

    def he_init(key: Any, n_in: int, n_out: int) -> Any:
        number = (0, 0, 1)[next(calls) % 3]
        return jax.random.normal(jax.random.key(number), (n_out, n_in)) * jnp.sqrt(2 / n_in), jnp.zeros(n_out)

    for seed in range(3):
        assert judge(find("he_init"), he_init, seed).cases_passed <= 1


# --- The table ----------------------------------------------------------------------------------------------------------


def _decides(exercise: Any) -> str:
    if exercise.how:
        return "program"
    if exercise.world:
        return "calls"
    return "simulator" if exercise.probe is gpu_parallelism.text_of else "values"


def test_the_table_of_what_decides_lists_every_exercise_and_is_true() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for topic in TOPICS:
        cells = [
            cell.strip() for cell in re.findall(rf"^\| {lesson_of(topic)} \|(.*)\|$", text, re.MULTILINE)[0].split("|")
        ]
        told = {name: kind for kind, cell in zip(KINDS, cells, strict=True) for name in re.findall(r"`(\w+)`", cell)}
        assert told == {name: _decides(one) for name, one in exercises(topic).items()}
