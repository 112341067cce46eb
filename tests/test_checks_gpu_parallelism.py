"""Promises of the checks of estimates (lessons 01 and 06) and of `batched`: right answers pass in every form, loops don't, whatever their numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course.checks import judge
from course.checks.judge import attempt, measured, wrongness
from course.checks.outcome import Outcome
from course.exercises.gpu_parallelism import BATCHED, SPEEDUP
from course.exercises.gpu_parallelism.batching import _at_once
from course.exercises.roofline import ARITHMETIC_INTENSITY, PREDICTED_TIME

# --- Estimates ----------------------------------------------------------------------------------------------------------


def _by_the_roof(flops: float, moved: float, peak: float, bandwidth: float) -> float:
    if flops == 0:
        return moved / bandwidth
    return flops / min(peak, flops / moved * bandwidth)


def _by_the_ridge(flops: float, moved: float, peak: float, bandwidth: float) -> float:
    return flops / peak if flops / moved > peak / bandwidth else moved / bandwidth


@pytest.mark.parametrize("answer", [_by_the_roof, _by_the_ridge, lambda f, m, p, b: jnp.maximum(f / p, m / b)])
def test_a_time_may_be_found_by_the_roof_or_by_the_ridge_or_in_jax(answer: Callable[..., Any]) -> None:
    for seed in range(8):
        assert judge(PREDICTED_TIME, answer, seed).passed


def test_a_time_that_is_off_by_a_thousandth_is_wrong_however_short_it_is() -> None:
    answer = PREDICTED_TIME.reference
    assert not judge(PREDICTED_TIME, lambda *given: 1.001 * answer(*given)).passed
    assert all(min(answer(*case.args) for case in PREDICTED_TIME.draw(seed)) < 1 for seed in range(8))


def test_estimates_meet_figures_that_are_known() -> None:
    """Each by hand: a T4 adds two vectors of 1e8 numbers in 3.75 ms; n = 1 moves three numbers for two operations."""
    assert PREDICTED_TIME.reference(1e8, 12e8, 8.1e12, 320e9) == pytest.approx(3.75e-3)
    assert ARITHMETIC_INTENSITY.reference(1, 1, 1, 4) == pytest.approx(2 / 12)
    assert ARITHMETIC_INTENSITY.reference(1024, 1024, 1024, 4) == pytest.approx(1024 / 6)
    assert SPEEDUP.reference(0.9, 10**9) == pytest.approx(10)


def test_a_speedup_by_way_of_the_two_times_is_right_too() -> None:
    def answer(p: float, workers: int) -> float:
        before, after = 1.0, (1.0 - p) + p / workers
        return before / after

    assert judge(SPEEDUP, answer).passed


# --- batched --------------------------------------------------------------------------------------------------------------

AT_ONCE: dict[str, Callable[..., Any]] = {
    "vmap": lambda score, X, w: jax.vmap(score, in_axes=(0, None))(X, w),
    "vmap of a closure": lambda score, X, w: jax.vmap(lambda x: score(x, w))(X),
    "jit of vmap": lambda score, X, w: jax.jit(jax.vmap(score, in_axes=(0, None)))(X, w),
    "vmap of jit": lambda score, X, w: jax.vmap(jax.jit(score), in_axes=(0, None))(X, w),
    "columns of the transposed": lambda score, X, w: jax.vmap(score, in_axes=(1, None))(X.T, w),
    "weights repeated": lambda score, X, w: jax.vmap(score)(X, jnp.stack([w] * len(X))),
    "vectorize, with the score's shapes": lambda score, X, w: jnp.vectorize(
        score, signature="(n),(n)->(n)" if jnp.ndim(score(X[0], w)) else "(n),(n)->()"
    )(X, w),
    "named axes": lambda score, X, w: jax.vmap(score, in_axes=[0, None], out_axes=0)(X, w),
}


@pytest.mark.parametrize("way", AT_ONCE)
def test_every_way_of_mapping_is_right(way: str) -> None:
    verdict = judge(BATCHED, AT_ONCE[way])
    assert verdict.passed, verdict.message


def test_who_looks_at_one_row_first_may() -> None:
    def answer(score: Any, X: Any, w: Any) -> Any:
        assert score(X[0], w).ndim < 2
        return jax.vmap(score, in_axes=(0, None))(X, w)

    assert judge(BATCHED, answer).passed


def _appending(score: Any, X: Any, w: Any) -> Any:
    answers = []
    for i in range(X.shape[0]):
        answers.append(score(X[i], w))
    return jnp.array(answers)


def _setting(score: Any, X: Any, w: Any) -> Any:
    first = score(X[0], w)
    out = jnp.zeros((len(X), *first.shape)).at[0].set(first)
    for i in range(1, len(X)):
        out = out.at[i].set(score(X[i], w))
    return out


LOOPS: dict[str, tuple[Callable[..., Any], str]] = {
    "append": (_appending, "a loop"),
    "at set": (_setting, "a loop"),
    "list": (lambda score, X, w: jnp.stack([score(x, w) for x in X]), "a loop"),
    "jit": (jax.jit(_appending, static_argnums=0), "a loop under jit"),
    "scan": (lambda score, X, w: jax.lax.scan(lambda c, x: (c, score(x, w)), 0, X)[1], "lax.map"),
}


@pytest.mark.parametrize("way", LOOPS)
def test_a_loop_is_named_though_its_numbers_are_right(way: str) -> None:
    loop, mistake = LOOPS[way]
    verdict = judge(BATCHED, loop)
    assert verdict.mistake == mistake, verdict.message
    assert verdict.cases_passed == 1, "a batch of one is done in one call by whoever does it"


def test_one_row_of_many_is_not_called_a_loop() -> None:
    verdict = judge(BATCHED, lambda score, X, w: score(X[0], w))
    assert verdict.mistake == "the first row alone", verdict.message


def test_an_answer_of_its_own_is_told_that_the_score_is_handed_over() -> None:
    assert judge(BATCHED, lambda score, X, w: X @ w).mistake == "score not used"


def test_the_hint_on_a_loop_on_the_device_names_scan_as_well() -> None:
    assert "`jax.lax.scan`" in judge(BATCHED, LOOPS["scan"][0]).message


def test_as_many_times_as_there_are_workers_is_named_though_it_is_a_whole_number() -> None:
    assert judge(SPEEDUP, lambda p, workers: workers).mistake == "as many as workers"


def test_what_happened_says_how_often_the_function_was_called() -> None:
    said = dict(judge(BATCHED, _appending).facts)["what happened"]
    assert "called 2 times" in said or "one row at a time" in said


@pytest.mark.parametrize("raw", [None, 3, (), (1, 2), ("x", np.zeros(3), True), (np.zeros(2), np.zeros(1), False)])
def test_what_a_lying_probe_brings_makes_no_trouble(raw: Any) -> None:
    case = BATCHED.draw(0)[0]
    want = measured(BATCHED, case, attempt(BATCHED, BATCHED.reference, case))
    assert wrongness(BATCHED, case, measured(BATCHED, case, Outcome(raw)), want) is not None


def test_an_answer_that_never_called_the_function_is_compared_like_any_other() -> None:
    case = BATCHED.draw(0)[0]
    raw = (np.ones(2, np.float32), np.zeros(3, np.int32), False)
    np.testing.assert_array_equal(_at_once(raw, *case.args), raw[0])
