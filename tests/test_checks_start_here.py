"""Promises of lesson 00's checks: right answers pass in every form, usual wrong ones are named, the real clocks come back."""

from __future__ import annotations

import re
import statistics
import threading
import time
import timeit
from collections.abc import Callable
from time import perf_counter
from typing import Any

import jax
import numpy as np
import pytest
from seeds import SEEDS

from course import timing
from course.checks import judge
from course.checks.compare import describe
from course.checks.exercise import Mistake
from course.exercises.start_here import STANDARDIZE, TIMED


def wait(x: Any) -> Any:
    return jax.block_until_ready(x)


def own_name(fn: Any, x: Any) -> float:
    """As after `from time import perf_counter`."""
    wait(fn(x))
    start = perf_counter()
    wait(fn(x))
    return perf_counter() - start


def repeated(summary: Callable[[list[float]], float]) -> Callable[[Any, Any], float]:
    def timed(fn: Any, x: Any) -> float:
        wait(fn(x))
        times = []
        for _ in range(7):
            start = time.monotonic()
            wait(fn(x))
            times.append(time.monotonic() - start)
        return summary(times)

    return timed


def until_enough_time_has_passed(fn: Any, x: Any) -> float:
    wait(fn(x))
    calls, start = 0, time.time()
    while time.time() - start < 0.3 or calls < 3:
        wait(fn(x))
        calls += 1
    return (time.time() - start) / calls


def queued(fn: Any, x: Any) -> float:
    """Many calls are sent off and the last one is waited for: the device works through them one by one."""
    wait(fn(x))
    start = time.perf_counter_ns()
    results = [fn(x) for _ in range(20)]
    wait(results)
    return (time.perf_counter_ns() - start) / 20e9


def by_timeit(fn: Any, x: Any) -> float:
    wait(fn(x))
    return timeit.timeit(lambda: wait(fn(x)), number=10) / 10


def by_reading(fn: Any, x: Any) -> float:
    """Copying a result to the host waits for it as well."""
    wait(fn(x))
    start = time.perf_counter()
    jax.tree.map(np.asarray, fn(x))
    return time.perf_counter() - start


def with_a_pause(fn: Any, x: Any) -> float:
    """Whoever sleeps until the device is idle has waited for the warm-up too."""
    fn(x)
    time.sleep(60)
    return own_name(fn, x)


def warmed_up_with_the_like(fn: Any, x: Any) -> float:
    """It is the shape and the type of number that are compiled for, not the numbers."""
    wait(fn(jax.numpy.zeros_like(x)))
    start = time.perf_counter()
    wait(fn(x))
    return time.perf_counter() - start


def median_with_the_first(fn: Any, x: Any) -> float:
    """One call that compiles, among seven, doesn't move the median."""
    times = []
    for _ in range(7):
        start = time.perf_counter()
        wait(fn(x))
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def by_the_course(fn: Any, x: Any) -> float:
    return timing.timed(fn, x).median_s


HONEST: dict[str, Callable[[Any, Any], float]] = {
    "own name": own_name,
    "median": repeated(statistics.median),
    "mean": repeated(statistics.mean),
    "fastest": repeated(min),
    "until enough": until_enough_time_has_passed,
    "queued": queued,
    "timeit": by_timeit,
    "reading": by_reading,
    "pause": with_a_pause,
    "zeros_like": warmed_up_with_the_like,
    "median with the first": median_with_the_first,
    "course.timed": by_the_course,
    "NumPy scalar": lambda fn, x: np.float64(own_name(fn, x)),  # type: ignore[dict-item,unused-ignore]
}


@pytest.mark.parametrize("way", HONEST)
def test_honest_timing_is_right_whatever_its_form(way: str) -> None:
    for seed in SEEDS:
        verdict = judge(TIMED, HONEST[way], seed)
        assert verdict.passed, verdict.message


@pytest.mark.parametrize("other", [1.0, np.ones(1), np.ones(3, np.int32), np.ones((3, 1), np.float32)], ids=repr)
def test_a_warm_up_compiles_for_its_own_shape_and_number_type_alone(other: Any) -> None:
    def answer(fn: Any, x: Any) -> float:
        wait(fn(other))
        start = time.perf_counter()
        wait(fn(x))
        return time.perf_counter() - start

    for seed in SEEDS:
        assert judge(TIMED, answer, seed).mistake == "warmed up with another shape"


def test_the_time_of_another_argument_is_not_the_answer() -> None:
    assert not judge(TIMED, lambda fn, x: own_name(fn, x[:1])).passed


def test_a_function_that_is_jitted_once_more_is_said_so_in_a_sentence() -> None:
    """Nothing of the simulation shows: no path of ours, no class of ours."""
    message = judge(TIMED, lambda fn, x: own_name(jax.jit(fn), x)).message
    assert "fn is already jitted; just call it." in message
    assert ".py" not in message
    assert "_Result" not in message


def test_a_time_and_a_result_are_asked_to_be_one_number() -> None:
    message = judge(TIMED, lambda fn, x: (own_name(fn, x), fn(x))).message
    assert "it returned 2 values; expected one number, the seconds." in message


@pytest.mark.parametrize("clock", ["process_time", "thread_time", "process_time_ns"])
def test_processor_time_is_not_accepted_and_named(clock: str) -> None:
    def answer(fn: Any, x: Any) -> float:
        read = getattr(time, clock)
        wait(fn(x))
        start = read()
        wait(fn(x))
        return float(read() - start) / (1e9 if clock.endswith("ns") else 1)

    assert judge(TIMED, answer).mistake == "processor time"


@pytest.mark.parametrize("calls", [0, 1])
def test_a_clock_that_was_read_once_is_named(calls: int) -> None:
    """Whether the first reading came back or the last, and however many calls were made before."""

    def answer(fn: Any, x: Any) -> float:
        for _ in range(calls):
            wait(fn(x))
        return time.time()

    assert judge(TIMED, answer).mistake == "clock reading"


def test_no_real_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("a pause was made in earnest"))
    verdict = judge(TIMED, with_a_pause)
    assert verdict.passed, verdict.message


@pytest.mark.parametrize("ends", ["returns", "raises"])
def test_the_real_clocks_come_back(ends: str) -> None:
    before = (time.perf_counter, time.sleep, time.time_ns, perf_counter, timeit.default_timer, timing._clock)
    defaults = timeit.timeit.__defaults__

    def timed(fn: Any, x: Any) -> float:
        assert time.perf_counter is not before[0]
        assert perf_counter is not before[3]
        if ends == "raises":
            raise ValueError
        return 1.0

    judge(TIMED, timed)
    after = (time.perf_counter, time.sleep, time.time_ns, perf_counter, timeit.default_timer, timing._clock)
    assert after == before
    assert timeit.timeit.__defaults__ == defaults


def test_other_threads_keep_the_real_clock() -> None:
    """A kernel's own threads go on while a check runs; their timers must not jump."""
    seen: list[float] = []

    def timed(fn: Any, x: Any) -> float:
        thread = threading.Thread(target=lambda: seen.append(time.time()))
        thread.start()
        thread.join()
        seen.append(time.time())
        return 0.0

    before = time.time()
    judge(TIMED, timed)
    other, own = seen[:2]
    assert before <= other <= time.time()
    assert own < before, "simulated clocks begin long ago"


@pytest.mark.parametrize("eps", [0.0, 1e-8, 1e-6])
def test_a_small_number_added_to_the_spread_is_right_too(eps: float) -> None:
    """The usual guard against 0 / 0; with eps = 0 it is none, and named so."""
    verdict = judge(STANDARDIZE, lambda x: (x - x.mean(axis=0)) / (x.std(axis=0) + eps))
    assert verdict.passed == (eps > 0)
    assert verdict.mistake == (None if eps else "zero spread")


def test_standardize_by_sums_and_in_numpy_is_right_too() -> None:
    def by_sums(x: Any) -> Any:
        mean = x.sum(axis=0) / len(x)
        spread = ((x**2).sum(axis=0) / len(x) - mean**2).clip(0) ** 0.5
        return (x - mean) / np.maximum(spread, 1e-3)

    def in_numpy(x: Any) -> Any:
        a = np.asarray(x)
        spread = a.std(axis=0)
        return np.divide(a - a.mean(axis=0), spread, out=np.zeros_like(a), where=spread > 0)

    for seed in SEEDS:
        assert judge(STANDARDIZE, in_numpy, seed).passed
        assert judge(STANDARDIZE, by_sums, seed).passed, judge(STANDARDIZE, by_sums, seed).message


@pytest.mark.parametrize("seed", SEEDS)
def test_the_wrong_answer_that_the_exercise_tells_you_to_try_is_shown_on_a_telling_input(seed: int) -> None:
    """On an ordinary table, not on one where the right answer is all zeros."""
    verdict = judge(STANDARDIZE, lambda x: (x - x.mean()) / x.std(), seed)
    facts = dict(verdict.facts)
    assert verdict.mistake == "whole array"
    assert "input (four rows of two columns)" in facts
    assert " 0. " not in facts["expected"]


def test_a_missing_guard_is_shown_on_the_column_of_zeros() -> None:
    verdict = judge(STANDARDIZE, lambda x: (x - x.mean(axis=0)) / x.std(axis=0))
    assert "input (a column of zeros)" in dict(verdict.facts)


def test_no_message_shows_a_zero_with_a_sign() -> None:
    for seed in range(20):
        for case in STANDARDIZE.draw(seed):
            for shown in (case.args[0], STANDARDIZE.reference(jax.numpy.array(case.args[0]))):
                assert not re.search(r"-0\.(?!\d)", describe(shown)), (seed, case.label)


def _keeps_nothing(x: Any) -> Any:
    spread = x.std(axis=0)
    spread.at[spread == 0].set(1)
    return (x - x.mean(axis=0)) / spread


def _whole_spread(x: Any) -> Any:
    spread = x.std()
    return (x - x.mean(axis=0)) / jax.numpy.where(spread == 0, 1, spread)


def _no_keepdims(x: Any) -> Any:
    return (x - x.mean(axis=1)) / x.std(axis=1)


def _ones(x: Any) -> Any:
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    return jax.numpy.where(jax.numpy.isnan(z), 1, z)


def _variance_with_eps(x: Any) -> Any:
    return (x - x.mean(axis=0)) / (x.var(axis=0) + 1e-8)


def _sample(x: Any) -> Any:
    return jax.numpy.nan_to_num((x - x.mean(axis=0)) / x.std(axis=0, ddof=1))


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (_keeps_nothing, "zero spread"),
        (_whole_spread, "whole spread"),
        (_no_keepdims, "rows, axis dropped, no guard"),
        (_ones, "ones for zeros"),
        (_variance_with_eps, "variance"),
        (_sample, "n - 1"),
    ],
)
def test_a_mistake_is_named_in_other_words_too(answer: Callable[[Any], Any], mistake: str) -> None:
    for seed in SEEDS:
        verdict = judge(STANDARDIZE, answer, seed)
        assert verdict.mistake == mistake, verdict.message


@pytest.mark.parametrize(
    "mistake", [m for m in STANDARDIZE.mistakes if m.name.endswith(", no guard")], ids=lambda m: m.name
)
def test_without_a_guard_a_wrong_formula_keeps_its_hint(mistake: Mistake) -> None:
    """And the guard is spoken of besides."""
    with_guard = next(m for m in STANDARDIZE.mistakes if m.name == mistake.name.removesuffix(", no guard"))
    hint = judge(STANDARDIZE, mistake.wrong).text[0]
    assert hint.startswith(with_guard.hint)
    assert len(hint) > len(with_guard.hint)
