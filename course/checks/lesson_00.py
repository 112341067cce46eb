"""The exercises of lesson 00: a warm-up on columns, and honest timing of asynchronous work."""

from __future__ import annotations

import threading
import time
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course import timing
from course.checks.exercise import Case, Exercise, Mistake

LESSON = "00_start_here"


# --- standardize --------------------------------------------------------------------------------------------


def _divided(x: Array, spread: Array) -> Array:
    return x / jnp.where(spread > 0, spread, 1)


def standardize(x: Array) -> Array:
    return _divided(x - x.mean(axis=0), x.std(axis=0))


def _columns(rng: np.random.Generator, rows: int, scales: tuple[float, ...]) -> np.ndarray:
    """Columns whose means are off zero by one to two of their spreads, unequal in both."""
    sizes = np.array(scales)
    offset = rng.uniform(1, 2, size=sizes.size) * rng.choice([-1, 1], size=sizes.size)
    return (sizes * (rng.normal(size=(rows, sizes.size)) + offset)).astype(np.float32)


def _standardize_cases(rng: np.random.Generator) -> list[Case]:
    # All zeros, so that mean and spread are exactly 0 in float32, however they are computed.
    dead = _columns(rng, 5, (1.0, 0.0, 3.0))
    return [
        Case("one column", (_columns(rng, 6, (2.0,)),)),
        Case("four rows of two columns", (_columns(rng, 4, (1.0, 5.0)),)),
        Case("a batch of one", (_columns(rng, 1, (1.0, 2.0, 4.0)),)),
        Case("a column of zeros", (dead,)),
        Case("six columns of very different size", (_columns(rng, 40, (0.5, 1.0, 3.0, 10.0, 50.0, 200.0)),)),
    ]


STANDARDIZE = Exercise(
    name="standardize",
    lesson=LESSON,
    points=2,
    reference=standardize,
    cases=_standardize_cases,
    mistakes=(
        Mistake(
            "zero spread",
            "A column whose numbers are all the same has spread 0, and 0 / 0 is NaN. "
            "Such a column carries no news: let it come out as zeros.",
            lambda x: (x - x.mean(axis=0)) / x.std(axis=0),
        ),
        Mistake(
            "whole array",
            "One mean and one spread were taken over the whole array. Each column is a quantity of its own, "
            "with a mean and a spread of its own.",
            lambda x: (x - x.mean()) / x.std(),
        ),
        Mistake(
            "rows",
            "Each row has been standardized. The examples stand in the rows; which axis runs down a column?",
            lambda x: _divided(x - x.mean(axis=1, keepdims=True), x.std(axis=1, keepdims=True)),
        ),
        Mistake(
            "variance",
            "You divide by the variance. It is the square of what you want to divide by.",
            lambda x: _divided(x - x.mean(axis=0), x.var(axis=0)),
        ),
        Mistake(
            "mean not removed",
            "The spread is 1 now, but the columns don't lie around 0: their means are still in them.",
            lambda x: _divided(x, x.std(axis=0)),
        ),
        Mistake(
            "not scaled",
            "The columns lie around 0 now, but each still has its old spread.",
            lambda x: x - x.mean(axis=0),
        ),
        Mistake(
            "min and max",
            "Each column runs from 0 to 1: that is min-max scaling. Here it should have mean 0 and spread 1.",
            lambda x: _divided(x - x.min(axis=0), x.max(axis=0) - x.min(axis=0)),
        ),
        Mistake(
            "n - 1",
            "The spread was computed with n − 1 in place of n, as for a sample. "
            "Here the n rows are all there is (NumPy's own default).",
            lambda x: _divided(x - x.mean(axis=0), x.std(axis=0, ddof=1)),
        ),
        Mistake(
            "order of operations",
            "Only the mean was divided by the spread: division comes before subtraction. "
            "Are there parentheses missing?",
            lambda x: x - _divided(x.mean(axis=0), x.std(axis=0)),
        ),
    ),
)


# --- timed --------------------------------------------------------------------------------------------------
# Real times are noisy, so the function to be timed is a fake, and so is the clock: the fake moves it.

_CLOCKS = ("perf_counter", "monotonic", "time", "process_time")


class _Device:
    """A simulated device: calls are queued and return at once, the work goes on behind their back.

    Args:
        compile_s: what the first call takes in addition (s).
        dispatch_s: what every call takes before it returns (s).
        compute_s: how long after that the result is ready (s).
        several: the function returns two results, as one that gives a loss and a gradient does.
    """

    def __init__(self, compile_s: float, dispatch_s: float, compute_s: float, several: bool) -> None:
        self.compile_s, self.dispatch_s, self.compute_s = compile_s, dispatch_s, compute_s
        self.several = several
        self.now = 1000.0
        self.free = self.now
        self.compiled = False

    def fn(self, x: Any) -> Any:
        """The function that the learner's code times."""
        self.now += self.dispatch_s + (0.0 if self.compiled else self.compile_s)
        self.compiled = True
        self.free = max(self.free, self.now) + self.compute_s
        result = _Result(self, self.free)
        return (_Result(self, self.now), result) if self.several else result

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class _Result:
    """Stands for an array that is still being computed; waiting for it, or reading it, moves the clock on."""

    shape, dtype, ndim, size = (), np.dtype(np.float32), 0, 1

    def __init__(self, device: _Device, ready: float) -> None:
        self._device, self._ready = device, ready

    def block_until_ready(self) -> _Result:
        self._device.now = max(self._device.now, self._ready)
        return self

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        self.block_until_ready()
        return np.zeros((), dtype or np.float32)

    def __float__(self) -> float:
        return float(self.__array__())

    item = __float__


@contextmanager
def _clocks_of(device: _Device, function: Callable[..., Any]) -> Iterator[None]:
    """Every clock that the learner's code may read shows the device's time; other threads see the real."""
    mine = threading.get_ident()

    def fake(real: Callable[..., Any], show: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args: show(*args) if threading.get_ident() == mine else real(*args)

    swaps: dict[Any, Callable[..., Any]] = {time.sleep: fake(time.sleep, device.sleep)}
    for name in _CLOCKS:
        real, real_ns = getattr(time, name), getattr(time, f"{name}_ns")
        swaps[real] = fake(real, lambda: device.now)
        swaps[real_ns] = fake(real_ns, lambda: round(device.now * 1e9))
    back = {new: old for old, new in swaps.items()}

    def exchange(table: dict[Any, Callable[..., Any]]) -> None:
        # The learner's own names too, as they may have written `from time import perf_counter`.
        for space in (vars(time), vars(timeit), vars(timing), getattr(function, "__globals__", {})):
            for name, value in list(space.items()):
                if callable(value) and getattr(value, "__hash__", None) and value in table:
                    space[name] = table[value]
        for user in (timeit.timeit, timeit.repeat, timeit.Timer.__init__):
            user.__defaults__ = tuple(table.get(v, v) if callable(v) else v for v in user.__defaults__ or ())

    exchange(swaps)
    try:
        yield
    finally:
        exchange(back)


def _clocked(function: Callable[..., Any], compile_s: float, dispatch_s: float, compute_s: float, several: bool) -> Any:
    """The probe: let the learner's function time a simulated one, on a simulated clock."""
    device = _Device(compile_s, dispatch_s, compute_s, several)
    with _clocks_of(device, function):
        return function(device.fn, jnp.arange(3.0))


def timed(fn: Callable[[Any], Any], x: Any) -> float:
    jax.block_until_ready(fn(x))
    start = time.perf_counter()
    jax.block_until_ready(fn(x))
    return time.perf_counter() - start


def _timed_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    # The dispatch stays below 0.4 % of the work, so that waiting once for a queue of calls is right too.
    for label, compile_s, compute_s, several in (
        ("a function that compiles for long", 2.0, 0.5, False),
        ("a function that works for long", 0.8, 3.0, False),
        ("a quick function", 0.3, 0.02, False),
        ("a function that never compiles", 0.0, 0.7, False),
        ("a function with two results", 1.1, 0.25, True),
    ):
        compile_s, compute_s = (round(float(s * rng.uniform(0.8, 1.2)), 3) for s in (compile_s, compute_s))
        dispatch_s = round(float(compute_s * rng.uniform(0.002, 0.004)), 6)
        compiles = f"compiles for {compile_s:g} s when it is first called; then " if compile_s else ""
        results = "its two results are" if several else "its result is"
        returns = f"each call returns after {1e3 * dispatch_s:.3g} ms"
        shown = f"fn {compiles}{returns} and {results} ready {compute_s:g} s later"
        cases.append(Case(label, (compile_s, dispatch_s, compute_s, several), shown))
    return cases


def _time_of(work: Callable[[Callable[[Any], Any], Any], Any], scale: float = 1.0) -> Callable[..., float]:
    def wrong(fn: Callable[[Any], Any], x: Any) -> float:
        start = time.perf_counter()
        work(fn, x)
        return scale * (time.perf_counter() - start)

    return wrong


def _after(warm_up: Callable[[Any], Any], wrong: Callable[..., float]) -> Callable[..., float]:
    def both(fn: Callable[[Any], Any], x: Any) -> float:
        warm_up(fn(x))
        return wrong(fn, x)

    return both


def _leave(result: Any) -> None:
    """Don't wait for it."""


def _wait_for_one(result: Any) -> Any:
    return result.block_until_ready()


_once = _time_of(lambda fn, x: jax.block_until_ready(fn(x)))


def _total_of(calls: int) -> Mistake:
    return Mistake(
        f"total of {calls} calls",
        f"This is the time of {calls} calls together. The exercise asks for one.",
        _after(
            jax.block_until_ready,
            _time_of(lambda fn, x: [jax.block_until_ready(fn(x)) for _ in range(calls)]),
        ),
    )


TIMED = Exercise(
    name="timed",
    lesson=LESSON,
    points=2,
    reference=timed,
    cases=_timed_cases,
    probe=_clocked,
    rtol=5e-3,
    atol=0.0,
    limit_s=5.0,
    mistakes=(
        Mistake(
            "not waited for",
            "This is how long it takes to *ask* for the work: fn(x) comes back before the result is there. "
            "The clock has to go on until it is.",
            _after(jax.block_until_ready, _time_of(lambda fn, x: fn(x))),
        ),
        Mistake(
            "compile counted",
            "The compile is in your time. It happens once, in the first call; "
            "a call after that shows what the work takes.",
            _once,
        ),
        Mistake(
            "compile counted, result not waited for",
            "Two things at once: the first call's compile is in your time, and the work itself is not, "
            "as fn(x) comes back before the result is there.",
            _time_of(lambda fn, x: fn(x)),
        ),
        Mistake(
            "warm-up on the clock",
            "The clock was already running while fn was being warmed up. Start it afterwards.",
            _time_of(lambda fn, x: (jax.block_until_ready(fn(x)), jax.block_until_ready(fn(x)))),
        ),
        Mistake(
            "warm-up not waited for",
            "When your clock starts, the device is still busy with the warm-up call, so you time both. "
            "The warm-up has to be finished too.",
            _after(_leave, _once),
        ),
        Mistake(
            "milliseconds",
            "Your answer is in milliseconds. The exercise asks for seconds.",
            _after(jax.block_until_ready, _time_of(lambda fn, x: jax.block_until_ready(fn(x)), 1e3)),
        ),
        *(_total_of(calls) for calls in (3, 5, 10, 20, 50, 100)),
        Mistake(
            "backwards",
            "Your time is negative: the later reading of the clock has been taken from the earlier one.",
            _after(jax.block_until_ready, _time_of(lambda fn, x: jax.block_until_ready(fn(x)), -1.0)),
        ),
        Mistake(
            "one array expected",
            "fn may return several arrays, such as a loss and a gradient, "
            "and a tuple has no `.block_until_ready()`. JAX also has a *function* of that name, "
            "which takes whatever comes.",
            _after(_wait_for_one, _time_of(lambda fn, x: _wait_for_one(fn(x)))),
        ),
    ),
)


EXERCISES = (STANDARDIZE, TIMED)
