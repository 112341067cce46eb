"""Honest timing of work that may run asynchronously and compile itself first.

A call into JAX returns before the device has finished, and the first call also traces and compiles.
`timed` waits for the result, keeps the first call apart, and repeats until the median means something.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import median, quantiles
from typing import Any

import jax

from course import backend

# Replaced in tests, so that they need no real waiting.
_clock = time.perf_counter

# One sample lasts at least this long (s): about a thousand times the cost of reading the clock.
_SHORTEST_SAMPLE = 100e-6
# Samples are taken until each function has had this much time (s), within these counts.
_ENOUGH = 0.3
_FEWEST, _MOST = 5, 100
# Three samples are enough for a function so slow that five of them would try a learner's patience (s).
_LONG = 3.0
_FEWEST_WHEN_LONG = 3
# A first call that is later than the others by less than this (s) was a cold cache, not a compile.
_SMALLEST_COMPILE = 5e-3

_UNITS = ((1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s"))


@dataclass(frozen=True, repr=False)
class Timing:
    """What `timed` measured, all in seconds per call.

    Attributes:
        median_s: the median of the samples; half of the calls were faster.
        low_s, high_s: the quartiles; the middle half of the samples lies between them.
        first_s: the first call, which for a jitted function includes tracing and compiling.
        compile_s: `first_s - median_s`, never below 0: about what the compile cost.
        runs: how many samples were taken after the warm-up.
        calls_per_run: how many calls one sample averages over (more than 1 for very fast functions).

    `slow / fast` is the ratio of the medians: how many times faster `fast` is.
    """

    median_s: float
    low_s: float
    high_s: float
    first_s: float
    compile_s: float
    runs: int
    calls_per_run: int = 1

    def __truediv__(self, other: Timing) -> float:
        if not isinstance(other, Timing):
            return NotImplemented
        return self.median_s / other.median_s

    def __str__(self) -> str:
        scale, unit = _unit(self.median_s)
        middle = f"{_three_digits(self.low_s / scale)}–{_three_digits(self.high_s / scale)} {unit}"
        runs = "1 run" if self.runs == 1 else f"{self.runs} runs"
        if self.calls_per_run > 1:
            runs += f" of {self.calls_per_run:,} calls"
        first = f"first call {seconds(self.first_s)}"
        if self.compile_s >= _SMALLEST_COMPILE and self.compile_s > self.high_s - self.low_s:
            first += f", so about {seconds(self.compile_s)} to compile"
        return f"{seconds(self.median_s)} (middle half {middle}, {runs}; {first})"

    __repr__ = __str__


def timed(fn: Callable[..., Any], *args: Any, repeats: int | None = None, **kwargs: Any) -> Timing:
    """Time `fn(*args, **kwargs)`: median and spread, with the first call (and its compile) kept apart.

    Every call is waited for with `jax.block_until_ready` on whatever it returns, so `fn` must return
    the arrays that it computes (or one that is ready only when all the work is done, such as a loss).
    The arguments are the same in every call: a function that donates its arguments can't be timed so.
    Waiting for a result that is already there costs about 0.4 µs a call, which is included.

    Args:
        fn: the function itself, not its result: `timed(f, x)`, not `timed(f(x))`.
        repeats: how many samples to take. By default as many as fit into about 0.3 s, from 5 to 100
            (3 where 5 would take longer than 3 s).

    Raises:
        TypeError: `fn` is not callable.
        ValueError: `repeats` is below 1.
        DeviceError: JAX can't start the device that it was told to use.
        Whatever `fn` raises.
    """
    _must_be_callable(fn, "timed() takes the function, not its result: write timed(f, x), not timed(f(x))")
    return _measure({"fn": partial(fn, *args, **kwargs)}, repeats)["fn"]


def race(contestants: Mapping[str, Callable[[], Any]], *, repeats: int | None = None) -> dict[str, Timing]:
    """Time several functions of no arguments in turns (A B A B …), so that their ratios can be trusted.

    A machine that is busy for a moment, or slows down as it warms up, then hurts all of them alike:

        t = race({"loop": lambda: loop(x), "batched": lambda: batched(x)})
        t["loop"] / t["batched"]          # how many times faster the batched one is

    All contestants get the same number of samples, chosen as in `timed`.

    Raises:
        TypeError: `contestants` is not a mapping of names to functions.
        ValueError: there is no contestant, or `repeats` is below 1.
        DeviceError: as in `timed`.
    """
    if not isinstance(contestants, Mapping):
        raise TypeError('race() takes a dict of names and functions: race({"loop": f, "batched": g}).')
    if not contestants:
        raise ValueError('race() got nothing to time: race({"loop": f, "batched": g}).')
    for name, fn in contestants.items():
        _must_be_callable(
            fn, f'race() takes functions, not their results: write {{"{name}": lambda: f(x)}}, not f(x) alone'
        )
    return _measure(contestants, repeats)


def seconds(x: float) -> str:
    """A duration in seconds as people read it, with three digits: "1.23 ms", "45.0 µs", "2 min 5 s"."""
    if not math.isfinite(x):
        return f"{x} s"
    if x < 0:
        return "−" + seconds(-x)
    if x == 0:
        return "0 s"
    if x >= 119.5:
        minutes, rest = divmod(round(x), 60)
        if minutes < 60:
            return f"{minutes} min {rest} s"
        return f"{minutes // 60} h {minutes % 60} min"
    scale, unit = _unit(x)
    return f"{_three_digits(x / scale)} {unit}"


def _measure(contestants: Mapping[str, Callable[[], Any]], repeats: int | None) -> dict[str, Timing]:
    if repeats is not None and repeats < 1:
        raise ValueError(f"repeats must be 1 or more, not {repeats}.")
    backend.start()
    first = {name: _sample(call, 1) for name, call in contestants.items()}
    warm = {name: _find_loops(call) for name, call in contestants.items()}
    loops = {name: n for name, (n, _) in warm.items()}
    # A slow function's warm-up is a sample as good as any; a fast one's may still have met a cold cache.
    all_slow = repeats is None and all(sample >= _ENOUGH for _, sample in warm.values())
    samples = {name: [sample] if all_slow else [] for name, (_, sample) in warm.items()}
    while not _is_enough(list(samples.values()), loops, repeats):
        for name, call in contestants.items():
            samples[name].append(_sample(call, loops[name]))
    return {name: _summary(samples[name], first[name], loops[name]) for name in contestants}


def _is_enough(samples: list[list[float]], loops: Mapping[str, int], repeats: int | None) -> bool:
    runs = len(samples[0])
    if repeats is not None:
        return runs >= repeats
    spent = sum(sum(s) * n for s, n in zip(samples, loops.values(), strict=True)) / len(samples)
    fewest = _FEWEST_WHEN_LONG if spent >= _LONG else _FEWEST
    return runs >= _MOST or (runs >= fewest and spent >= _ENOUGH)


def _sample(call: Callable[[], Any], loops: int) -> float:
    """Seconds per call, averaged over `loops` calls, each of them waited for."""
    start = _clock()
    for _ in range(loops):
        jax.block_until_ready(call())
    return (_clock() - start) / loops


def _find_loops(call: Callable[[], Any]) -> tuple[int, float]:
    """How many calls make a sample that is long for the clock, and the last sample (s per call)."""
    loops = 1
    while True:
        sample = _sample(call, loops)
        if sample * loops >= _SHORTEST_SAMPLE or loops >= 2**16:
            return loops, sample
        loops *= 2


def _summary(samples: list[float], first: float, loops: int) -> Timing:
    middle = median(samples)
    low, _, high = quantiles(samples, n=4, method="inclusive") if len(samples) > 1 else [middle] * 3
    return Timing(
        median_s=middle,
        low_s=low,
        high_s=high,
        first_s=first,
        compile_s=max(0.0, first - middle),
        runs=len(samples),
        calls_per_run=loops,
    )


def _must_be_callable(fn: object, advice: str) -> None:
    if not callable(fn):
        raise TypeError(f"{advice}. (It got a value of type {type(fn).__name__}.)")


def _unit(x: float) -> tuple[float, str]:
    """The unit in which `x` seconds has one to three digits before the point: (its size in s, its name)."""
    for scale, unit in _UNITS:
        # 999.6 ms would be rounded to "1000 ms": it is 1.00 s.
        if x / scale < 999.5:
            return scale, unit
    return _UNITS[-1]


def _three_digits(x: float) -> str:
    if x == 0 or not math.isfinite(x):
        return f"{x:g}"
    rounded = float(f"{x:.3g}")
    return f"{rounded:.{max(0, min(2, 2 - math.floor(math.log10(abs(rounded)))))}f}"
