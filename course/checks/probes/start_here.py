"""The probe of `timed`: a function to be timed, and clocks, which all ask a simulated world that is somewhere else.

What is here holds no time but what the clocks show: a result knows its ticket alone.
"""

from __future__ import annotations

import threading
import time
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np

from course import timing
from course.checks.probes import WrongAnswer

Ask = Callable[..., Any]

_CLOCKS = ("perf_counter", "monotonic", "time")
_CPU_CLOCKS = ("process_time", "thread_time")


def clocked(function: Callable[..., Any], ask: Ask) -> Any:
    """Let the learner's function time a simulated one, on the world's clocks. What is asked, and what comes back:

    - ``ask("call", kind, size)``: fn is called with arrays of these shapes and number types, which have so many numbers together;
      a list of tickets, one for each result.
    - ``ask("wait", ticket)``: that result is waited for; nothing.
    - ``ask("clock")``, ``ask("cpu")``: the time, and the processors' (s).
    - ``ask("sleep", seconds)``: nothing.
    """
    asking = _Asking(ask)

    def fn(x: Any) -> Any:
        leaves = jax.tree.leaves(x)
        if any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
            raise WrongAnswer("fn is already jitted; just call it.")
        arrays = [np.asarray(leaf) for leaf in leaves]
        kind = " ".join(f"{array.dtype}{list(array.shape)}" for array in arrays)
        results = tuple(Result(asking, ticket) for ticket in asking("call", kind, sum(array.size for array in arrays)))
        return results if len(results) > 1 else results[0]

    # Before the clocks are exchanged, as JAX reads them too.
    x = jax.device_put(np.arange(3, dtype=np.float32))
    with clocks_of(asking, function):
        return function(fn, x)


class _Asking:
    """Asks; and knows whether it is asking just now, when whoever carries the question needs the real clocks."""

    def __init__(self, ask: Ask) -> None:
        self._ask, self.busy = ask, False

    def __call__(self, *question: Any) -> Any:
        self.busy = True
        try:
            return self._ask(*question)
        finally:
            self.busy = False


class Result:
    """Stands for an array that is still being computed; waiting for it, or reading it, moves the clock on."""

    shape, dtype, ndim, size = (), np.dtype(np.float32), 0, 1

    def __init__(self, ask: Ask, ticket: int) -> None:
        self._ask, self._ticket, self._waited = ask, ticket, False

    def block_until_ready(self) -> Result:
        if not self._waited:
            self._ask("wait", self._ticket)
            self._waited = True
        return self

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        self.block_until_ready()
        return np.zeros((), dtype or np.float32)

    def __float__(self) -> float:
        return float(self.__array__())

    item = __float__


@contextmanager
def clocks_of(ask: _Asking, function: Callable[..., Any]) -> Iterator[None]:
    """Every clock that the learner's code may read shows the world's time; other threads see the real."""
    mine = threading.get_ident()

    def fake(real: Callable[..., Any], show: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args: show(*args) if threading.get_ident() == mine and not ask.busy else real(*args)

    swaps: dict[Any, Callable[..., Any]] = {time.sleep: fake(time.sleep, lambda seconds: ask("sleep", float(seconds)))}
    for name, clock in dict.fromkeys(_CLOCKS, "clock").items() | dict.fromkeys(_CPU_CLOCKS, "cpu").items():
        real, real_ns = getattr(time, name), getattr(time, f"{name}_ns")
        swaps[real] = fake(real, lambda clock=clock: ask(clock))
        swaps[real_ns] = fake(real_ns, lambda clock=clock: round(ask(clock) * 1e9))
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
