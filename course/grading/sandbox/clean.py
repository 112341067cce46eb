"""A clean process beside a submission's kernel: it runs and reads the programs that the kernel hands over.

It has a sandbox of its own and none of the learner's code. What it is given may be made up, and what it says may be, if that has
broken it: its answers are read as those of the kernel are.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from multiprocessing.connection import Client, Connection
from typing import Any

import numpy as np

from course.checks import wire
from course.checks.program import Program, Unreadable, from_plain
from course.grading.model import GradingError
from course.grading.sandbox.launcher import PROGRAMS, Launcher, Place

# No answer is larger (bytes).
_MOST = 20_000_000
_LIMIT_S = 60.0


class Refused(Exception):
    """The program could not be run, or not be read; the message is a part of a sentence."""


class CleanProcess:
    """Starts when it is first asked, and again after a program has ended it."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._place: Place | None = None
        self._connection: Connection | None = None

    def run(self, program: np.ndarray, runs: Sequence[Sequence[Any]]) -> tuple[Program, list[list[Any]]]:
        """What a program is made of, and what it gives for the inputs of each run.

        Raises:
            Refused: it could not be run or read, or took too long.
            GradingError: no process could be started.
        """
        request = json.dumps({"program": wire.encode(program), "runs": wire.encode([list(run) for run in runs])})
        try:
            connection = self._running()
            connection.send_bytes(request.encode())
            if not connection.poll(_LIMIT_S):
                self.close()
                raise Refused(f"it had not finished after {_LIMIT_S:g} seconds")
            answer = json.loads(connection.recv_bytes(_MOST))
        except (OSError, EOFError, ValueError):
            self.close()
            raise Refused("it ended the process that was running it") from None
        try:
            if "problem" in answer:
                raise Refused(wire.clean(str(answer["problem"])[:300]))
            found = wire.decode(answer["runs"])
            if not all(isinstance(one, list) for one in found) or len(found) != len(runs):
                raise Refused("its answer can't be read")
            return from_plain(wire.decode(answer["program"])), found
        except (Unreadable, KeyError, TypeError, ValueError):
            raise Refused("its answer can't be read") from None

    def close(self) -> None:
        """End it. May be called twice."""
        if self._connection:
            with contextlib.suppress(OSError):
                self._connection.close()
        if self._place:
            self._place.kill()
        self._place = self._connection = None

    def _running(self) -> Connection:
        if self._connection is None:
            self._place = self._launcher.start(programs=True)
            try:
                self._connection = Client(str(self._place.sockets / PROGRAMS), "AF_UNIX")
            except OSError:
                self.close()
                raise GradingError("The process that runs programs gave no answer.") from None
        return self._connection
