"""Limits that are there only to end a hang, and the counts that tests compare in the place of times.

How long something takes depends on what else the machine does, so no test compares a clock with a constant, and
`test_no_clock_decides.py` holds that none does. A test waits by one of these, or counts what it would have timed.
"""

from __future__ import annotations

import cProfile
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

# Seconds. The longest of what is waited for by this took 12 s on a busy machine of two cores.
HANG_S = 300.0


class Hang(BaseException):
    """Raised in a test that has not ended after far more time than it needs."""


@contextmanager
def ends_within_a_hang(within_s: float = HANG_S) -> Iterator[None]:
    """End the block with :class:`Hang` if it still runs after `within_s` seconds; main thread only.

    It is raised again and again, as the code inside may catch everything. Its signal is SIGUSR2: the time limits of the
    course use SIGALRM.
    """

    def end(signum: int, frame: FrameType | None) -> None:
        raise Hang(f"still running after {within_s:g} s")

    over = threading.Event()
    main = threading.main_thread().ident
    assert main is not None

    def watch() -> None:
        left = within_s
        while not over.wait(left):
            signal.pthread_kill(main, signal.SIGUSR2)
            left = 0.05

    before = signal.signal(signal.SIGUSR2, end)
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        signal.signal(signal.SIGUSR2, before)


def wait_until(done: Callable[[], object], what: str, within_s: float = HANG_S) -> None:
    """Wait until `done()` is true.

    Raises:
        TimeoutError: it never was; says `what` was waited for.
    """
    until = time.monotonic() + within_s
    while not done():
        if time.monotonic() > until:
            raise TimeoutError(f"waited {within_s:g} s for {what}")
        time.sleep(0.02)


def calls_of(work: Callable[[], object]) -> int:
    """How many functions `work` calls, Python's and built-in ones: the same on every run, however busy the machine is."""
    profile = cProfile.Profile()
    profile.runcall(work)
    return sum(entry.callcount for entry in profile.getstats())


def assert_linear(count: Callable[[int], int], size: int) -> None:
    """Hold that `count(n)`, which says how much work there is, grows linearly: twice the size is at most 2.5 times the work."""
    count(2 * size)  # what is imported, compiled or cached the first time
    two, one = count(2 * size), count(size)
    assert two <= 2.5 * one, f"{one:,} for {size}, {two:,} for {2 * size}"
