"""Promises of the catalogues, held for every exercise of every lesson: right answers pass, wrong ones are rejected and named."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from course.checks import Case, Exercise, exercises, judge
from course.checks.judge import outcomes, wrongness
from course.checks.outcome import Outcome
from course.checks.registry import LESSONS

SEEDS = range(4)


ALL = exercises()
each_exercise = pytest.mark.parametrize("exercise", ALL.values(), ids=list(ALL))


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_lesson_has_its_catalogue(lesson: str) -> None:
    assert exercises(lesson)
    assert all(exercise.lesson == lesson for exercise in exercises(lesson).values())


# --- What is declared ---------------------------------------------------------------------------------------


@each_exercise
def test_at_least_four_inputs_and_three_mistakes_with_hints_of_their_own(exercise: Exercise) -> None:
    cases, mistakes = exercise.draw(0), exercise.mistakes
    assert len(cases) >= 4
    assert len({case.label for case in cases}) == len(cases)
    assert len(mistakes) >= 3
    assert len({mistake.name for mistake in mistakes}) == len(mistakes)
    assert len({mistake.hint for mistake in mistakes}) == len(mistakes)
    assert exercise.name.isidentifier()
    assert exercise.points >= 1


@each_exercise
def test_hints_are_one_to_three_sentences(exercise: Exercise) -> None:
    for mistake in exercise.mistakes:
        assert mistake.hint.rstrip(")")[-1] in ".?!", mistake.hint
        assert mistake.hint.count("`") % 2 == 0, mistake.hint
        assert len(mistake.hint) < 330, mistake.hint


def _answers(exercise: Exercise) -> set[str]:
    """The code of the reference that does the work, without spaces: what is returned, assigned or called in it."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(exercise.reference)).strip().rstrip(","))
    except (TypeError, SyntaxError, OSError):
        return set()
    values: list[ast.expr] = [node.body for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
    for node in ast.walk(tree):
        if isinstance(node, (ast.Return, ast.Assign, ast.Expr)) and node.value is not None:
            values.append(node.value)
    code = (
        re.sub(r"\s", "", ast.unparse(value)) for value in values if not isinstance(value, (ast.Name, ast.Constant))
    )
    return {line for line in code if len(line) >= 8}


@each_exercise
def test_no_hint_gives_the_answer_away(exercise: Exercise) -> None:
    for mistake in exercise.mistakes:
        hint = re.sub(r"\s", "", mistake.hint)
        given = [line for line in _answers(exercise) if line in hint]
        assert not given, f"{mistake.name}: {given}"


# --- The inputs ---------------------------------------------------------------------------------------------


def _arrays(case: Case) -> list[np.ndarray]:
    return [arg for arg in case.args if isinstance(arg, np.ndarray)]


def _print_of(cases: list[Case]) -> str:
    """The inputs as text, to tell whether two draws are the same."""
    return repr([[arg.tobytes() if isinstance(arg, np.ndarray) else arg for arg in case.args] for case in cases])


@each_exercise
def test_inputs_are_the_same_for_one_seed_and_fresh_for_another(exercise: Exercise) -> None:
    prints = [_print_of(exercise.draw(seed)) for seed in range(8)]
    assert _print_of(exercise.draw(0)) == prints[0]
    assert len(set(prints)) > 1


@each_exercise
def test_inputs_are_not_square_nor_all_alike(exercise: Exercise) -> None:
    """The classic bug of such courses: a wrong answer passes because all inputs are equal, or both axes as long."""
    arrays = [array for case in exercise.draw(0) for array in _arrays(case)]
    assert all(array.dtype in (np.float32, np.int32, np.bool_, np.uint8) for array in arrays)
    if any(array.size > 3 for array in arrays):
        assert any(np.unique(array).size > 1 for array in arrays if array.size > 3)
    matrices = [array for array in arrays if array.ndim == 2]
    if matrices:
        assert any(array.shape[0] != array.shape[1] for array in matrices)


@each_exercise
def test_reference_answers_differ_from_input_to_input(exercise: Exercise) -> None:
    """Else one constant would be right on all of them."""
    cases, want = _wanted(exercise, 0)
    repeated = [Outcome(value=want[0].value)] * len(cases)
    assert not _passes(exercise, cases, repeated, want)


# --- Right and known answers --------------------------------------------------------------------------------


@each_exercise
def test_the_reference_passes_with_full_points(exercise: Exercise) -> None:
    for seed in SEEDS:
        verdict = judge(exercise, exercise.reference, seed)
        assert verdict.passed, f"seed {seed}: {verdict.message}"
        assert verdict.points == exercise.points
        assert verdict.headline == f"{exercise.name}: right, on all {verdict.cases} inputs"


@each_exercise
def test_every_mistake_is_rejected_and_named_with_its_own_hint(exercise: Exercise) -> None:
    """As the first mistake whose answers fit is named, this also holds that any two mistakes differ on some input."""
    for seed in SEEDS:
        for mistake in exercise.mistakes:
            verdict = judge(exercise, mistake.wrong, seed)
            assert not verdict.passed, f"seed {seed}: {mistake.name} passes"
            assert verdict.mistake == mistake.name, f"seed {seed}: {mistake.name}: {verdict.message}"
            assert verdict.text == (mistake.hint,)
            assert verdict.points < exercise.points


@each_exercise
def test_a_stub_is_not_written_yet_and_earns_nothing(exercise: Exercise) -> None:
    def stub(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{exercise.name} is not written yet")

    class Stub:
        __init__ = stub

    for unwritten in [stub, Stub] if isinstance(exercise.reference, type) else [stub]:
        verdict = judge(exercise, unwritten)
        assert verdict.headline == f"{exercise.name}: not written yet", verdict.message
        assert verdict.points == 0


# --- Answers that nobody listed -----------------------------------------------------------------------------
# What the probe brings back is bent; so that it works alike where the learner writes a function, a class or a trainer.


@cache
def _wanted(exercise: Exercise, seed: int) -> tuple[list[Case], list[Outcome]]:
    cases = exercise.draw(seed)
    return cases, outcomes(exercise, exercise.reference, cases)


def _passes(exercise: Exercise, cases: list[Case], got: list[Outcome], want: list[Outcome]) -> bool:
    return all(wrongness(exercise, c, g, w) is None for c, g, w in zip(cases, got, want, strict=True))


def _leaves(value: Any, bend: Callable[[np.ndarray], Any]) -> Any:
    """`bend` applied to every array or number of an answer."""
    if isinstance(value, (tuple, list)):
        return tuple(_leaves(part, bend) for part in value)
    return bend(np.asarray(value))


def _scaled(a: np.ndarray) -> Any:
    return (a * 1.01).astype(a.dtype) if a.dtype.kind == "f" else _shifted(a)


def _shifted(a: np.ndarray) -> Any:
    if a.dtype.kind == "b":
        return ~a
    return a + 1 if a.dtype.kind in "iu" else (a + 0.01 * np.abs(a).max(initial=1.0)).astype(a.dtype)


def _last_changed(a: np.ndarray) -> Any:
    changed = a.copy().reshape(-1)
    changed[-1:] = _shifted(a).reshape(-1)[-1:]
    return changed.reshape(a.shape)


def _random(a: np.ndarray) -> Any:
    return (3 * np.random.default_rng(7).normal(size=a.shape)).astype(a.dtype)


# On float answers that are compared number by number, the small changes count too.
GROSS: dict[str, Callable[[np.ndarray], Any]] = {
    "zeros": np.zeros_like,
    "ones": np.ones_like,
    "random": _random,
    "NaN": lambda a: np.full(a.shape, np.nan, np.float32),
    "nothing": lambda a: None,
    "empty": lambda a: a.reshape(-1)[:0],
}
FINE: dict[str, Callable[[np.ndarray], Any]] = {
    "scaled": _scaled,
    "shifted": _shifted,
    "negated": lambda a: ~a if a.dtype.kind == "b" else -a,
    "reversed along the first axis": lambda a: a[::-1] if a.ndim else a,
    "reversed along the last axis": lambda a: a[..., ::-1] if a.ndim else a,
    "transposed": lambda a: a.T,
    "last number changed": _last_changed,
    "half precision": lambda a: a.astype(np.float16) if a.dtype == np.float32 else a,
    "summed": lambda a: a.sum().astype(a.dtype) if a.ndim else a,
    "an axis more": lambda a: a[..., None, None],
    "as text": lambda a: str(a),
}


def _plainly_equal(got: Any, want: Any) -> bool:
    """Whether a bent answer came out as it was, judged without the engine: a constant vector reversed, say."""
    if isinstance(want, (tuple, list)):
        return all(_plainly_equal(g, w) for g, w in zip(got, want, strict=True))
    if got is None or isinstance(got, str):
        return False
    g, w = np.asarray(got), np.asarray(want)
    if g.shape != w.shape or g.dtype != w.dtype:
        return False
    far = np.abs(g.astype(float) - w.astype(float))
    return bool((far <= 2e-3 * np.abs(w.astype(float)) + 1e-5).all())


@each_exercise
@pytest.mark.parametrize("bend", [*GROSS, *FINE])
def test_wrong_answers_that_nobody_listed_are_rejected(exercise: Exercise, bend: str) -> None:
    if exercise.accept and bend in FINE:
        return  # there, an answer that is close enough or ordered otherwise may well be right
    for seed in SEEDS:
        cases, want = _wanted(exercise, seed)
        got = [Outcome(value=_leaves(w.value, (GROSS | FINE)[bend])) for w in want]
        same = all(_plainly_equal(g.value, w.value) for g, w in zip(got, want, strict=True))
        assert _passes(exercise, cases, got, want) == same


@each_exercise
def test_one_wrong_part_of_an_answer_is_enough(exercise: Exercise) -> None:
    if exercise.accept:
        return
    cases, want = _wanted(exercise, 0)
    parts = len(want[0].value) if isinstance(want[0].value, tuple) else 0
    for i in range(parts):
        got = [Outcome(value=tuple(_leaves(p, _shifted) if i == j else p for j, p in enumerate(w.value))) for w in want]
        assert not _passes(exercise, cases, got, want), f"part {i + 1} of {parts}"


@each_exercise
def test_returning_the_input_is_rejected(exercise: Exercise) -> None:
    cases, want = _wanted(exercise, 0)
    assert not _passes(exercise, cases, [Outcome(value=case.args[0]) for case in cases], want)


@each_exercise
def test_one_wrong_input_costs_its_share_of_the_points(exercise: Exercise) -> None:
    """An answer that is right everywhere but once is not right."""
    cases, want = _wanted(exercise, 0)
    for i in range(len(cases)):
        got = [Outcome(value=None) if i == j else w for j, w in enumerate(want)]
        assert not _passes(exercise, cases, got, want)
