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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import jax
import numpy as np

from course import settings
from course.checks.plain import TooMuch, plain

_OURS = str(Path(__file__).resolve().parents[1])
_LIBRARIES = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
_NOT_THEIRS = tuple(path + os.sep for path in (_OURS, *_LIBRARIES))
# As many characters as are kept of what an answer prints (an endless loop that prints must not fill the memory), of an
# error's message, and of a line of code.
PRINTED, MESSAGE, SOURCE = 10_000, 600, 300


@dataclass(frozen=True)
class Failure:
    """An exception that the learner's code raised.

    Attributes:
        kind: the exception's class name.
        message: its first lines.
        line: the line number in the learner's cell or file, None where it was not in their code.
        source: that line's text.
        mark: that of a :class:`course.checks.probes.WrongAnswer`. It is made where the verdict is, and never travels.
    """

    kind: str
    message: str
    line: int | None = None
    source: str = ""
    mark: str = ""

    @property
    def headline(self) -> str:
        """The first line of the message."""
        return self.message.splitlines()[0] if self.message else ""


@dataclass(frozen=True)
class Outcome:
    """What came back for one case: a value, which is plain data, or a failure, and what was printed meanwhile.

    A probe may have found out something besides the failure (see :class:`Besides`); then there are both.
    """

    value: Any = None
    failure: Failure | None = None
    printed: str = ""


class Besides(Exception):
    """Raised by a probe from an exception of the learner's code, with what it found out after that."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class TookTooLong(BaseException):
    """Raised inside learner's code that ran into the time limit; a BaseException, so that ``except Exception`` lets it by."""


def can_stop() -> bool:
    """Whether Python code can be interrupted here after a time: not on Windows, nor outside of the main thread."""
    return threading.current_thread() is threading.main_thread() and hasattr(signal, "SIGALRM")


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt Python code after ``seconds``, where :func:`can_stop` says that this is possible; else do nothing."""
    if not can_stop():
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
    text = text.split("\n\n")[0].split("\n---")[0][:MESSAGE]
    if not frames:
        return Failure(type(error).__name__, text)
    last = frames[-1]
    source = last.line or (linecache.getline(last.filename, last.lineno) if last.lineno else "")
    return Failure(type(error).__name__, text, last.lineno, source.strip()[:SOURCE])


def _as_given(arg: Any) -> Any:
    """A copy for this run alone: what a learner's code does to a list must not reach the next run, nor the reference."""
    if isinstance(arg, np.ndarray):
        # NumPy makes the copy, for which JAX would compile a program for each shape.
        return jax.device_put(arg.copy())
    if type(arg) in (list, tuple):
        return type(arg)(_as_given(part) for part in arg)
    if type(arg) is dict:
        return {key: _as_given(part) for key, part in arg.items()}
    return arg


class _Printed(io.StringIO):
    def write(self, text: str) -> int:
        return super().write(text) if self.tell() < PRINTED else len(text)


def run(function: Callable[..., Any], probe: Callable[..., Any], args: Sequence[Any], limit_s: float) -> Outcome:
    """Probe ``function`` on ``args``; never raises for what the learner's code does, but for KeyboardInterrupt.

    It runs under the course's own settings of JAX, whatever the learner's are.

    Args:
        function: the learner's function or class.
        probe: see :class:`course.checks.exercise.Exercise`.
        args: what the probe gets; NumPy arrays are handed over as JAX arrays.
        limit_s: seconds.
    """
    printed = _Printed()
    try:
        with settings.own(), contextlib.redirect_stdout(printed), time_limit(limit_s):
            value, failure = _probed(function, probe, args)
    except TookTooLong:
        value, failure = None, Failure("TookTooLong", f"it had not finished after {limit_s:g} seconds")
    except TooMuch as error:
        value, failure = None, Failure("WrongAnswer", str(error))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a learner's exit() must not end the kernel
        value, failure = None, _failure(error)
    return Outcome(value, failure, printed.getvalue())


def _probed(function: Callable[..., Any], probe: Callable[..., Any], args: Sequence[Any]) -> tuple[Any, Failure | None]:
    try:
        value = probe(function, *(_as_given(arg) for arg in args))
        # Bounds first: in a list that holds itself, JAX would look for leaves until the memory is full.
        raw = plain(value)
        # What JAX's asynchronous work ends in shows here. An iterator can't be waited for: JAX warns that it will refuse it.
        if not isinstance(value, Iterator):
            jax.block_until_ready(value)
        return raw, None
    except Besides as found:
        return plain(found.value), _failure(found.__cause__ or found)
