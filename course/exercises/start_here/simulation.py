"""A simulated device and its clocks, so that the check of `timed` needs no real time and knows the right answer.

It is the world of that exercise: it lives where the verdict is made, and tells what it is asked, which is the time.
"""

from __future__ import annotations

import math
from typing import Any

# How many numbers the argument has that fn should be timed with (see course/checks/probes/start_here.py).
SIZE = 3
# Processor time a second of waiting, as if two cores worked and each of them paused now and then.
_CORES = 1.7
# A further compile takes this part of the first one: the compiler itself is warm by then.
FURTHER = 0.7
# What one learner's code may ask for, so that a hostile one fills no memory: results, kinds of argument, characters of a kind.
_RESULTS, _KINDS, _KIND = 1_000_000, 1_000, 10_000


class Device:
    """A simulated device: calls are queued and return at once, the work goes on behind their back.

    Args:
        compile_s: what the first call takes in addition (s); for each further shape or number type it is less.
        dispatch_s: what every call takes before it returns (s).
        compute_s: how long after that the result is ready (s), for an argument of `SIZE` numbers.
        several: the function returns two results, as one that gives a loss and a gradient does.
    """

    def __init__(self, compile_s: float, dispatch_s: float, compute_s: float, several: bool) -> None:
        self.compile_s, self.dispatch_s, self.compute_s, self.several = compile_s, dispatch_s, compute_s, several
        # Large, so that a reading of it is told from a time, however long the calls before it took.
        self.now = 100_000.0
        self.cpu = 10.0
        self.free = self.now
        self.compiled: set[str] = set()
        # When each result is ready, by its ticket.
        self.ready: list[float] = []

    def ask(self, op: str, *given: Any) -> Any:
        """See :func:`course.checks.probes.start_here.clocked`.

        Raises:
            ValueError: the question makes no sense; the message says why.
        """
        match op, given:
            case "call", (str(kind), int(size)) if 0 <= size <= 10**9 and len(kind) <= _KIND:
                return self._call(kind, size)
            case "wait", (int(ticket),) if 0 <= ticket < len(self.ready):
                return self._wait(self.ready[ticket])
            case "clock", ():
                return self.now
            case "cpu", ():
                return self.cpu
            case "sleep", (int(seconds) | float(seconds),) if 0 <= seconds < math.inf:
                self.now += seconds
                return None
            case "sleep", _:
                raise ValueError("sleep length must be a number of seconds, and not negative")
        raise ValueError("the simulated device does not know that question")

    def _call(self, kind: str, size: int) -> list[int]:
        if len(self.ready) >= _RESULTS or len(self.compiled) >= _KINDS:
            raise ValueError("fn was called too often")
        if kind not in self.compiled:
            self._work(self.compile_s * (FURTHER if self.compiled else 1.0))
            self.compiled.add(kind)
        self._work(self.dispatch_s)
        # In proportion to the size, so that a time taken with another argument is another time.
        self.free = max(self.free, self.now) + self.compute_s * size / SIZE
        results = [self.now, self.free] if self.several else [self.free]
        self.ready += results
        return list(range(len(self.ready) - len(results), len(self.ready)))

    def _work(self, seconds: float) -> None:
        """Python itself is busy."""
        self.now += seconds
        self.cpu += seconds

    def _wait(self, until: float) -> None:
        """Python waits for the device."""
        self.cpu += _CORES * max(0.0, until - self.now)
        self.now = max(self.now, until)
