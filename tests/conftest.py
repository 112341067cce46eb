"""What several test files need of the process that they run in."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Whoever runs the tests keeps their own map of progress as it is: here, and in the kernels and programs that tests start.
os.environ["COURSE_PROGRESS"] = "off"

# An example may take as long as a busy machine needs, and every run tries the same ones.
settings.register_profile("course", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.load_profile("course")
pytest.register_assert_rewrite("catalogue_promises")

_WAIT = "wait"


@pytest.fixture(scope="module", autouse=True)
def _free_what_jax_compiled() -> Iterator[None]:
    """JAX keeps every program that it has compiled, and what a program holds: a worker would grow to gigabytes."""
    yield
    if (jax := sys.modules.get("jax")) is not None:
        jax.clear_caches()
        gc.collect()
        # What is freed stays with the process: the C library keeps it for later, and a worker as large as its largest file.
        if sys.platform == "linux":
            with contextlib.suppress(AttributeError):  # another C library than GNU's
                ctypes.CDLL(None).malloc_trim(0)


@pytest.fixture
def waits(request: pytest.FixtureRequest) -> Callable[[str, float], None]:
    """`waits("building the site", seconds)`: how long somebody waits for something, told at the end of the run."""
    # A report's user properties come home from a worker of pytest-xdist, too.
    return lambda name, seconds: request.node.user_properties.append((_WAIT, (name, seconds)))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    told = {tuple(value) for report in reports for name, value in report.user_properties if name == _WAIT}
    if told:
        terminalreporter.section("how long a learner waits, here and now")
        for name, seconds in sorted(told):
            terminalreporter.write_line(f"{seconds:6.1f} s  {name}")


@pytest.fixture
def heard_signals() -> Iterator[None]:
    """A run that was started in the background ignores Ctrl-C, and with `nohup` SIGHUP, and so does all that it starts: not here."""
    usual: dict[signal.Signals, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    ignored = [number for number in usual if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, usual[number])
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
