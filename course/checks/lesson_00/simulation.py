"""A simulated device and its clocks, so that the check of `timed` needs no real time and knows the right answer."""

from __future__ import annotations

import threading
import time
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
from jax import Array

from course import timing
from course.checks.exercise import WrongAnswer

_CLOCKS = ("perf_counter", "monotonic", "time")
_CPU_CLOCKS = ("process_time", "thread_time")
# Processor time a second of waiting, as if two cores worked and each of them paused now and then.
_CORES = 1.7
# A further compile takes this part of the first one: the compiler itself is warm by then.
FURTHER = 0.7


class Device:
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
            self.work(self.compile_s * (FURTHER if self.compiled else 1.0))
            self.compiled.add(kind)
        self.work(self.dispatch_s)
        # In proportion to the size, so that a time taken with another argument is another time.
        share = sum(array.size for array in arrays) / self.size
        self.free = max(self.free, self.now) + self.compute_s * share
        result = Result(self, self.free)
        return (Result(self, self.now), result) if self.several else result

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


class Result:
    """Stands for an array that is still being computed; waiting for it, or reading it, moves the clock on."""

    shape, dtype, ndim, size = (), np.dtype(np.float32), 0, 1

    def __init__(self, device: Device, ready: float) -> None:
        self._device, self._ready = device, ready

    def block_until_ready(self) -> Result:
        self._device.wait(self._ready)
        return self

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        self.block_until_ready()
        return np.zeros((), dtype or np.float32)

    def __float__(self) -> float:
        return float(self.__array__())

    item = __float__


@contextmanager
def clocks_of(device: Device, function: Callable[..., Any]) -> Iterator[None]:
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
