"""Run a learner's function on one input and write down what happened, whatever happens."""

from __future__ import annotations

import contextlib
import io
import linecache
import os
import signal
import sys
import sysconfig
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_OURS = str(Path(__file__).resolve().parents[1])
_LIBRARIES = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
_NOT_THEIRS = tuple(path + os.sep for path in (_OURS, *_LIBRARIES))
# As much as is kept of what an answer prints: an endless loop that prints must not fill the memory.
_PRINTED = 10_000


@dataclass(frozen=True)
class Failure:
    """An exception that the learner's code raised.

    Attributes:
        kind: the exception's class name.
        message: its first lines.
        line: the line number in the learner's cell or file, None where it was not in their code.
        source: that line's text.
    """

    kind: str
    message: str
    line: int | None = None
    source: str = ""

    @property
    def headline(self) -> str:
        """The first line of the message."""
        return self.message.splitlines()[0] if self.message else ""


@dataclass(frozen=True)
class Outcome:
    """What came back for one case: a value or a failure, and what was printed meanwhile."""

    value: Any = None
    failure: Failure | None = None
    printed: str = ""


class TookTooLong(BaseException):
    """Raised inside learner's code that ran into the time limit; a BaseException, so that ``except Exception`` lets it by."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt Python code after ``seconds``. Where that is impossible (not the main thread, Windows), do nothing."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield
        return

    ticks, ended, traced = 0, False, sys.gettrace()

    def interrupt(signum: int, frame: FrameType | None) -> None:
        nonlocal ticks
        ticks += 1
        if ended:
            return
        # A bare `except:` around the body of a loop swallows what is raised in that body, again and again. So every second
        # time it is raised where the loop turns round, which is outside of the `try`.
        if ticks % 2:
            raise TookTooLong
        sys.settrace(_at_the_turn)
        while frame is not None:
            frame.f_trace = _at_the_turn(frame, "call", None)
            frame = frame.f_back

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.2)
    try:
        yield
    finally:
        ended = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if ticks > 1:
            sys.settrace(traced)


def _at_the_turn(frame: FrameType, event: str, arg: object) -> Callable[..., Any] | None:
    """A trace function (see :func:`sys.settrace`) that raises TookTooLong where a learner's frame jumps backwards."""
    if not _theirs(frame.f_code.co_filename):
        return None
    last = frame.f_lineno

    def trace(frame: FrameType, event: str, arg: object) -> Callable[..., Any]:
        nonlocal last
        if event == "line":
            if frame.f_lineno < last:
                raise TookTooLong
            last = frame.f_lineno
        return trace

    return trace


def _theirs(filename: str) -> bool:
    path = str(filename)
    return not (path.startswith((*_NOT_THEIRS, "<frozen")) or "site-packages" in path or "dist-packages" in path)


def _failure(error: BaseException) -> Failure:
    trace: TracebackType | None = error.__traceback__
    frames = [frame for frame in traceback.extract_tb(trace) if _theirs(frame.filename)]
    try:
        text = str(error).strip()
    except Exception:
        text = ""
    # JAX and Flax add paragraphs of background after the first; the first says what is wrong.
    text = text.split("\n\n")[0].split("\n---")[0][:600]
    if not frames:
        return Failure(type(error).__name__, text)
    last = frames[-1]
    source = last.line or (linecache.getline(last.filename, last.lineno) if last.lineno else "")
    return Failure(type(error).__name__, text, last.lineno, source.strip())


def _as_given(arg: Any) -> Any:
    """A copy for this run alone: what a learner's code does to a list must not reach the next run, nor the reference."""
    if isinstance(arg, np.ndarray):
        return jnp.array(arg)
    if type(arg) in (list, tuple):
        return type(arg)(_as_given(part) for part in arg)
    if type(arg) is dict:
        return {key: _as_given(part) for key, part in arg.items()}
    return arg


def _as_returned(value: Any) -> Any:
    """The answer as it is now: a NumPy buffer or a list that the next call fills again must not change this one."""
    if type(value) in (list, tuple):
        return type(value)(_as_returned(part) for part in value)
    return value.copy() if type(value) is np.ndarray else value


class _Printed(io.StringIO):
    def write(self, text: str) -> int:
        return super().write(text) if self.tell() < _PRINTED else len(text)


def run(function: Callable[..., Any], probe: Callable[..., Any], args: tuple[Any, ...], limit_s: float) -> Outcome:
    """Probe ``function`` on ``args``; never raises for what the learner's code does, but for KeyboardInterrupt.

    Args:
        function: the learner's function or class.
        probe: see :class:`course.checks.exercise.Exercise`.
        args: the case's input; NumPy arrays are handed over as JAX arrays.
        limit_s: seconds.
    """
    printed = _Printed()
    try:
        with contextlib.redirect_stdout(printed), time_limit(limit_s):
            value = probe(function, *(_as_given(arg) for arg in args))
            # An iterator can't be waited for: JAX warns that it will refuse it.
            value = _as_returned(value if isinstance(value, Iterator) else jax.block_until_ready(value))
    except TookTooLong:
        return Outcome(
            failure=Failure("TookTooLong", f"it had not ended after {limit_s:g} seconds"), printed=printed.getvalue()
        )
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a learner's exit() must not end the kernel
        return Outcome(failure=_failure(error), printed=printed.getvalue())
    return Outcome(value=value, printed=printed.getvalue())
