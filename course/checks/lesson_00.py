"""The exercises of lesson 00: a warm-up on columns, and honest timing of asynchronous work."""

from __future__ import annotations

import operator
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
from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer

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
    # + 0: a scale of 0 makes zeros of either sign, and a learner should not see "-0.".
    return (sizes * (rng.normal(size=(rows, sizes.size)) + offset) + 0.0).astype(np.float32)


def _standardize_cases(rng: np.random.Generator) -> list[Case]:
    # A message shows the smallest input that fails, so the sizes are in this order: a wrong formula shows itself
    # best on an ordinary table, a missing guard on the column of zeros, and least of all on a single row.
    # All zeros, so that mean and spread are exactly 0 in float32, however they are computed.
    return [
        Case("one column", (_columns(rng, 6, (2.0,)),)),
        Case("four rows of two columns", (_columns(rng, 4, (1.0, 5.0)),)),
        Case("a column of zeros", (_columns(rng, 5, (3.0, 0.0)),)),
        Case("a table of one row", (_columns(rng, 1, (1.0, 2.0, 4.0, 0.5, 3.0, 8.0, 1.5, 6.0, 2.5, 5.0, 0.7)),)),
        Case("six columns of very different size", (_columns(rng, 40, (0.5, 1.0, 3.0, 10.0, 50.0, 200.0)),)),
    ]


_Over = Callable[[Array, Array], Array]


def _guarded_or_not(name: str, hint: str, formula: Callable[[Array, _Over], Array]) -> tuple[Mistake, Mistake]:
    """One wrong formula twice: with a guard against a spread of 0, and without; ``formula(x, over)`` divides by ``over``."""
    also = "And where a spread is 0, you divide by 0."
    return (
        Mistake(name, hint, lambda x: formula(x, _divided)),
        Mistake(f"{name}, no guard", f"{hint} {also}", lambda x: formula(x, operator.truediv)),
    )


_SAMPLE = (
    "The spread was computed with n − 1 in place of n, as for a sample. "
    "Here the n rows are all there is (NumPy's own default)."
)


def _swapped_divisor(x: Array) -> Array:
    spread = x.std(axis=0)
    return (x - x.mean(axis=0)) / jnp.where(spread > 0, 1, spread)


def _swapped_answer(x: Array) -> Array:
    spread = x.std(axis=0)
    return jnp.where(spread > 0, 0, (x - x.mean(axis=0)) / spread)


def _sample_with_equals(x: Array) -> Array:
    spread = x.std(axis=0, ddof=1)
    return (x - x.mean(axis=0)) / jnp.where(spread == 0, 1, spread)


STANDARDIZE = Exercise(
    name="standardize",
    lesson=LESSON,
    points=2,
    reference=standardize,
    cases=_standardize_cases,
    mistakes=(
        Mistake(
            # The same answers come from `.at[…].set(…)` whose result is dropped, so the hint speaks of both.
            "zero spread",
            "A column of zeros has spread 0, and 0 / 0 is NaN: it should come out as zeros. "
            "(You do something about it already, with `.at[…].set(…)`? Keep the new array that it returns.)",
            lambda x: (x - x.mean(axis=0)) / x.std(axis=0),
        ),
        Mistake(
            "ones for zeros",
            "A column of zeros has spread 0: it should come out as zeros. Yours comes out as ones. "
            "Is the 1 in the place of the answer, instead of the spread?",
            lambda x: jnp.where(x.std(axis=0) > 0, standardize(x), 1),
        ),
        Mistake(
            "swapped divisor",
            "Where the spread is 0 you divide by it, and where it is not, you divide by 1. "
            "`jnp.where(condition, a, b)` takes a where the condition holds: are the last two swapped?",
            _swapped_divisor,
        ),
        Mistake(
            "swapped answer",
            "The columns that have a spread came out as zeros, and those that have none as NaN. "
            "`jnp.where(condition, a, b)` takes a where the condition holds: are the last two swapped?",
            _swapped_answer,
        ),
        Mistake(
            "whole array",
            "One mean and one spread were taken over the whole array. Each column is a quantity of its own, "
            "with a mean and a spread of its own.",
            lambda x: (x - x.mean()) / x.std(),
        ),
        Mistake(
            "whole spread",
            "The means are those of the columns, but the spread was taken over the whole array. "
            "Each column has a spread of its own, too.",
            lambda x: (x - x.mean(axis=0)) / x.std(),
        ),
        *_guarded_or_not(
            "rows",
            "Each row has been standardized. The examples stand in the rows; which axis runs down a column?",
            lambda x, over: over(x - x.mean(axis=1, keepdims=True), x.std(axis=1, keepdims=True)),
        ),
        *_guarded_or_not(
            "rows, axis dropped",
            "You took one mean for each row. The examples stand in the rows; which axis runs down a column?",
            lambda x, over: over(x - x.mean(axis=1), x.std(axis=1)),
        ),
        *_guarded_or_not(
            "variance",
            "You divide by the variance. It is the square of what you want to divide by.",
            lambda x, over: over(x - x.mean(axis=0), x.var(axis=0)),
        ),
        *_guarded_or_not(
            "mean not removed",
            "The spread is 1 now, but the columns don't lie around 0: their means are still in them.",
            lambda x, over: over(x, x.std(axis=0)),
        ),
        Mistake(
            "not scaled",
            "The columns lie around 0 now, but each still has its old spread.",
            lambda x: x - x.mean(axis=0),
        ),
        Mistake(
            "unchanged",
            "The table came back as it was. Arrays don't change: `x.at[…].set(…)` makes a new one, "
            "and what it returns has to be kept.",
            lambda x: x,
        ),
        *_guarded_or_not(
            "min and max",
            "Each column runs from 0 to 1: that is min-max scaling. Here it should have mean 0 and spread 1.",
            lambda x, over: over(x - x.min(axis=0), x.max(axis=0) - x.min(axis=0)),
        ),
        *_guarded_or_not(
            "n - 1",
            _SAMPLE,
            lambda x, over: over(x - x.mean(axis=0), x.std(axis=0, ddof=1)),
        ),
        Mistake(
            # A guard that asks for `== 0` lets by the NaN that n − 1 makes of a single row.
            "n - 1, one row",
            f"{_SAMPLE} From a single row it makes 0 / 0.",
            _sample_with_equals,
        ),
        *_guarded_or_not(
            "order of operations",
            "Only the mean was divided by the spread: division comes before subtraction. "
            "Are there parentheses missing?",
            lambda x, over: x - over(x.mean(axis=0), x.std(axis=0)),
        ),
    ),
)


# --- timed --------------------------------------------------------------------------------------------------
# Real times are noisy, so the function to be timed is a fake, and so is the clock: the fake moves it.

_CLOCKS = ("perf_counter", "monotonic", "time")
_CPU_CLOCKS = ("process_time", "thread_time")
# Processor time a second of waiting, as if two cores worked and each of them paused now and then.
_CORES = 1.7
# A further compile takes this part of the first one: the compiler itself is warm by then.
_FURTHER = 0.7


class _Device:
    """A simulated device: calls are queued and return at once, the work goes on behind their back.

    Args:
        compile_s: what the first call takes in addition (s); for each further shape or number type it is less.
        dispatch_s: what every call takes before it returns (s).
        compute_s: how long after that the result is ready (s), for an argument of the size of ``x``.
        several: the function returns two results, as one that gives a loss and a gradient does.
        x: the argument that it should be timed with.
    """

    def __init__(self, compile_s: float, dispatch_s: float, compute_s: float, several: bool, x: Array) -> None:
        self.compile_s, self.dispatch_s, self.compute_s = compile_s, dispatch_s, compute_s
        self.several, self.size = several, x.size
        # Large, so that a reading of it is told from a time, however long the calls before it took.
        self.now = 100_000.0
        self.cpu = 10.0
        self.free = self.now
        self.compiled: set[tuple[Any, ...]] = set()

    def fn(self, x: Any) -> Any:
        """The function that the learner's code times."""
        leaves = jax.tree.leaves(x)
        if any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
            raise WrongAnswer("fn is jitted already; just call it.")
        arrays = [np.asarray(leaf) for leaf in leaves]
        kind = tuple((array.shape, str(array.dtype)) for array in arrays)
        if kind not in self.compiled:
            self.work(self.compile_s * (_FURTHER if self.compiled else 1.0))
            self.compiled.add(kind)
        self.work(self.dispatch_s)
        # In proportion to the size, so that a time taken with another argument is another time.
        share = sum(array.size for array in arrays) / self.size
        self.free = max(self.free, self.now) + self.compute_s * share
        result = _Result(self, self.free)
        return (_Result(self, self.now), result) if self.several else result

    def work(self, seconds: float) -> None:
        """Python itself is busy."""
        self.now += seconds
        self.cpu += seconds

    def wait(self, until: float) -> None:
        """Python waits for the device."""
        self.cpu += _CORES * max(0.0, until - self.now)
        self.now = max(self.now, until)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class _Result:
    """Stands for an array that is still being computed; waiting for it, or reading it, moves the clock on."""

    shape, dtype, ndim, size = (), np.dtype(np.float32), 0, 1

    def __init__(self, device: _Device, ready: float) -> None:
        self._device, self._ready = device, ready

    def block_until_ready(self) -> _Result:
        self._device.wait(self._ready)
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
    shown = dict.fromkeys(_CLOCKS, lambda: device.now) | dict.fromkeys(_CPU_CLOCKS, lambda: device.cpu)
    for name, show in shown.items():
        real, real_ns = getattr(time, name), getattr(time, f"{name}_ns")
        swaps[real] = fake(real, show)
        swaps[real_ns] = fake(real_ns, lambda show=show: round(show() * 1e9))
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
    x = jnp.arange(3.0)
    device = _Device(compile_s, dispatch_s, compute_s, several, x)
    with _clocks_of(device, function):
        answer = function(device.fn, x)
    if isinstance(answer, (tuple, list)):
        raise WrongAnswer(f"it returned {len(answer)} values; expected one number, the seconds.")
    return answer


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
        further = f"({_FURTHER * compile_s:.3g} s for each further shape)"
        compiles = f"compiles for {compile_s:g} s when it is first called {further}; then " if compile_s else ""
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


def _another_shape(fn: Callable[[Any], Any], x: Any) -> float:
    jax.block_until_ready(fn(jnp.ones(1)))
    return _once(fn, x)


def _last_reading(fn: Callable[[Any], Any], x: Any) -> float:
    timed(fn, x)
    return time.perf_counter()


def _processor_time(fn: Callable[[Any], Any], x: Any) -> float:
    jax.block_until_ready(fn(x))
    start = time.process_time()
    jax.block_until_ready(fn(x))
    return time.process_time() - start


def _mean_with_the_first(calls: int) -> Mistake:
    return Mistake(
        f"mean of {calls} calls with the first",
        f"The first call, with its compile, is in your average of {calls}.",
        _time_of(lambda fn, x: [jax.block_until_ready(fn(x)) for _ in range(calls)], 1 / calls),
    )


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
        *(_mean_with_the_first(calls) for calls in (2, 3, 5, 10, 20, 50, 100)),
        Mistake(
            "warmed up with another shape",
            "The compile is in your time, although you warmed up: with another shape or another type of number. "
            "For those of x, fn has to be compiled anew.",
            _another_shape,
        ),
        Mistake(
            "clock reading",
            "That is a clock reading, not a difference of two.",
            _last_reading,
        ),
        Mistake(
            "nothing ran",
            "0 seconds: nothing ran between your two readings.",
            _time_of(lambda fn, x: None),
        ),
        Mistake(
            "processor time",
            "`time.process_time` counts what the processors spent on your program, not the time that went by: "
            "it adds up all of the cores, and leaves a GPU out. Take another clock.",
            _processor_time,
        ),
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
