"""Promises of `course.timing`, on a clock that the tests turn by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from course import timing
from course.timing import Timing, race, seconds, timed


class FakeClock:
    """A clock that moves only when a function under test "works"."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[str] = []

    def __call__(self) -> float:
        return self.now

    def worker(self, *durations: float, name: str = "f") -> Callable[[], float]:
        """A function whose calls take `durations` in turn; the last one holds for all further calls."""
        left = list(durations)

        def work() -> float:
            self.calls.append(name)
            self.now += left.pop(0) if len(left) > 1 else left[0]
            return 1.0

        return work


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    fake = FakeClock()
    monkeypatch.setattr(timing, "_clock", fake)
    return fake


def test_the_first_call_is_kept_apart_from_the_median(clock: FakeClock) -> None:
    t = timed(clock.worker(0.085, 0.010))
    assert t.first_s == pytest.approx(0.085)
    assert t.median_s == pytest.approx(0.010)
    assert t.compile_s == pytest.approx(0.075)


def test_compile_time_is_never_negative(clock: FakeClock) -> None:
    assert timed(clock.worker(0.010, 0.020)).compile_s == 0.0


def test_the_spread_is_the_quartiles(clock: FakeClock) -> None:
    """Warm-up calls of 9 s are outside; samples 1…5 ms have quartiles 2 and 4 ms."""
    t = timed(clock.worker(9.0, 9.0, 0.001, 0.002, 0.003, 0.004, 0.005), repeats=5)
    assert (t.low_s, t.median_s, t.high_s) == pytest.approx((0.002, 0.003, 0.004))
    assert t.runs == 5


def test_one_slow_sample_does_not_move_the_median(clock: FakeClock) -> None:
    t = timed(clock.worker(1.0, 0.01, 0.01, 5.0, 0.01, 0.01, 0.01), repeats=5)
    assert t.median_s == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("per_call", "runs"),
    [(0.001, 100), (0.01, 30), (0.2, 5), (0.5, 5), (2.0, 3)],
)
def test_runs_follow_the_duration(clock: FakeClock, per_call: float, runs: int) -> None:
    """About 0.3 s of samples, from 5 to 100 of them; 3 where a call takes seconds."""
    assert timed(clock.worker(per_call)).runs in (runs, runs + 1)  # + 1: sums of floats just below 0.3


def test_a_call_of_seconds_is_not_made_more_than_four_times(clock: FakeClock) -> None:
    timed(clock.worker(2.0))
    assert len(clock.calls) == 4


def test_a_fast_function_is_timed_in_loops_longer_than_the_clock_resolution(clock: FakeClock) -> None:
    t = timed(clock.worker(1e-7))
    assert t.median_s == pytest.approx(1e-7)
    assert t.calls_per_run * t.median_s >= 100e-6
    assert "of 1,024 calls" in str(t)


def test_a_function_that_takes_no_time_at_all_ends(clock: FakeClock) -> None:
    assert timed(clock.worker(0.0), repeats=1).median_s == 0.0


def test_repeats_are_exact(clock: FakeClock) -> None:
    assert timed(clock.worker(0.5), repeats=2).runs == 2
    with pytest.raises(ValueError, match="repeats must be 1 or more"):
        timed(clock.worker(0.5), repeats=0)


def test_arguments_reach_the_function() -> None:
    seen: list[tuple[Any, ...]] = []
    timed(lambda *args, **kwargs: seen.append((args, kwargs)), 1, "b", key=2, repeats=1)
    assert set(map(repr, seen)) == {repr(((1, "b"), {"key": 2}))}


def test_every_call_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    waited: list[object] = []

    def work() -> object:
        made.append(object())
        return made[-1]

    monkeypatch.setattr(jax, "block_until_ready", waited.append)
    timed(work, repeats=2)
    assert waited == made


@pytest.mark.parametrize("result", [None, 3, "text", np.ones(2), {"a": jnp.ones(2), "b": [None, "x"]}])
def test_any_result_can_be_timed(result: object) -> None:
    assert timed(lambda: result, repeats=1).median_s > 0


def test_a_jitted_function_shows_its_compile() -> None:
    x = jnp.ones((8, 8))
    t = timed(jax.jit(lambda x: jnp.tanh(x @ x)), x, repeats=3)
    assert t.first_s > 3 * t.median_s


def test_passing_the_result_says_to_pass_the_function() -> None:
    with pytest.raises(TypeError, match=r"write timed\(f, x\), not timed\(f\(x\)\)"):
        timed(jnp.ones(3))  # type: ignore[arg-type]


def test_the_functions_own_error_comes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        timed(lambda: 1 / 0)


def test_race_takes_turns_and_the_same_number_of_samples(clock: FakeClock) -> None:
    t = race({"slow": clock.worker(0.04, name="A"), "fast": clock.worker(0.02, name="B")}, repeats=3)
    assert "".join(clock.calls) == "AB" + "AB" + "ABABAB"  # first calls, warm-ups, samples
    assert t["slow"] / t["fast"] == pytest.approx(2.0)
    assert list(t) == ["slow", "fast"]


def test_race_mixes_fast_and_slow(clock: FakeClock) -> None:
    t = race({"slow": clock.worker(1.0), "fast": clock.worker(1e-6)})
    assert t["slow"].runs == t["fast"].runs
    assert t["slow"] / t["fast"] == pytest.approx(1e6)


def test_race_names_what_is_wrong() -> None:
    with pytest.raises(TypeError, match="lambda"):
        race({"loop": 3})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="dict of names"):
        race(len)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nothing to time"):
        race({})


def test_a_timing_reads_as_a_sentence() -> None:
    t = Timing(median_s=1.23e-3, low_s=1.2e-3, high_s=1.31e-3, first_s=85e-3, compile_s=83.77e-3, runs=40)
    runs = "middle half 1.20–1.31 ms, 40 runs"
    assert str(t) == f"1.23 ms ({runs}; first call 85.0 ms, so about 83.8 ms to compile)"
    assert repr(t) == str(t)


def test_a_slightly_slower_first_call_is_not_called_a_compile() -> None:
    t = Timing(median_s=1e-3, low_s=1e-3, high_s=1e-3, first_s=2e-3, compile_s=1e-3, runs=1)
    assert str(t) == "1.00 ms (middle half 1.00–1.00 ms, 1 run; first call 2.00 ms)"


def test_only_timings_divide() -> None:
    t = Timing(1.0, 1.0, 1.0, 1.0, 0.0, 1)
    with pytest.raises(TypeError):
        t / 2  # type: ignore[operator]


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0, "0 s"),
        (1.234e-3, "1.23 ms"),
        (12.34e-6, "12.3 µs"),
        (456e-9, "456 ns"),
        (0.9996, "1.00 s"),
        (999.6e-6, "1.00 ms"),
        (9.996, "10.0 s"),
        (100, "100 s"),
        (125, "2 min 5 s"),
        (3599.7, "1 h 0 min"),
        (-0.003, "−3.00 ms"),
        (math.inf, "inf s"),
    ],
)
def test_seconds_are_written_for_people(x: float, text: str) -> None:
    assert seconds(x) == text
