"""A process that grades, one submission after another."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading

from course.grading.model import FAILED, Job, Result, Settings, from_json, job_to_json
from course.grading.records.plan import ungraded
from course.grading.sandbox.compiled import references

_ENDING_S = 5.0


class Worker:
    """Grades in a process of its own, which it starts when it is first used, and again should it die.

    A process, as nbval is pytest's, which belongs to a main thread and to a standard output of its own; and as it can be ended.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._closed = False

    def grade(self, job: Job) -> Result:
        """The result of one job. Never raises for what a submission does; a grader that breaks gives a result "failed"."""
        try:
            process = self._running()
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps(job_to_json(job)) + "\n")
            process.stdin.flush()
            return from_json(json.loads(process.stdout.readline()))
        except (OSError, ValueError, TypeError):
            why = (
                "Grading was ended." if self._closed else "The process that graded it died, perhaps for lack of memory."
            )
            self._end()
            return ungraded(job.submission, job.key, job.settings, FAILED, why)

    def close(self) -> None:
        """End the process, and whatever it is grading. May be called from another thread, and twice."""
        self._closed = True
        self._end()

    def _running(self) -> subprocess.Popen[str]:
        with self._lock:
            if self._closed:
                raise OSError("closed")
            if self._process is None or self._process.poll() is not None:
                self._process = subprocess.Popen(
                    (sys.executable, "-P", "-m", "course.grading.workers.desk"),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, **_ENV, **references()},
                    text=True,
                    encoding="utf-8",
                    # Ctrl-C is for the run, which ends its workers in order.
                    start_new_session=True,
                )
            return self._process

    def _end(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()


# The references are computed on the CPU, as the submissions are; pytest is to find no plugins but those that it is given.
_ENV = {"JAX_PLATFORMS": "cpu", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTHONUNBUFFERED": "1"}
