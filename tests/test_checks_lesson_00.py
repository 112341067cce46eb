"""Promises of lesson 00's simulated clock: honest timing is right in every form, and the real clocks come back."""

from __future__ import annotations

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

from course import timing
from course.checks import judge
from course.checks.lesson_00 import STANDARDIZE, TIMED


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
    "course.timed": by_the_course,
    "NumPy scalar": lambda fn, x: np.float64(own_name(fn, x)),  # type: ignore[dict-item,unused-ignore]
}


@pytest.mark.parametrize("way", HONEST)
def test_honest_timing_is_right_whatever_its_form(way: str) -> None:
    for seed in range(4):
        verdict = judge(TIMED, HONEST[way], seed)
        assert verdict.passed, verdict.message


def test_no_real_time_passes() -> None:
    start = time.perf_counter()
    judge(TIMED, with_a_pause)
    assert time.perf_counter() - start < 5


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

    now = time.time()
    judge(TIMED, timed)
    assert abs(seen[0] - now) < 60
    assert abs(seen[1] - now) > 1e6


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

    for seed in range(4):
        assert judge(STANDARDIZE, in_numpy, seed).passed
        assert judge(STANDARDIZE, by_sums, seed).passed, judge(STANDARDIZE, by_sums, seed).message
