"""Grades on a Dask cluster (https://distributed.dask.org): the same jobs, on more machines than one.

This module needs the package `distributed`; only `course grade --dask` imports it. A Dask worker must have the same course and
the same libraries as this machine, and bubblewrap. Jobs carry all that they need: no file system is shared.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

from distributed import Client, Future, WorkerPlugin, as_completed, get_worker
from distributed.comm import get_address_host_port

from course.grading.model import FAILED, GradingError, Job, Result, Settings
from course.grading.records import environment
from course.grading.records.plan import Task, ungraded
from course.grading.sandbox import bubblewrap
from course.grading.workers.runner import Events, Factory, Finished, Seat, Started, close_all

CONNECT_S = 20.0  # how long to look for the scheduler
WORKERS_S = 30.0  # how long to wait for a first worker
AHEAD = 2  # jobs at the cluster for each of its threads: the next one is there when one ends


class Graders(WorkerPlugin):
    """Lives in each Dask worker process during one run, and keeps a grader for each of its threads."""

    def __init__(self, name: str, factory: Factory, settings: Settings, digest: str) -> None:
        self.name = name
        self._factory = factory
        self._settings = settings
        self._digest = digest

    def setup(self, worker: Any) -> None:
        """In the worker's process, when the run begins, or when the worker joins later."""
        self._mutex = threading.Lock()
        self._free: list[Seat] = []
        self._seats: list[Seat] = []
        self._closed = False
        # A worker that joins after the check of `Cluster` may be another's.
        self._same = environment.environment_digest() == self._digest
        atexit.register(self._close)

    def teardown(self, worker: Any) -> None:
        """When the run or the worker ends: what is still graded here is killed."""
        atexit.unregister(self._close)
        self._close()

    def grade(self, job: Job) -> Result:
        """The result of one job, from a grader that is free, or a new one."""
        if not self._same:
            raise GradingError(
                "A Dask worker that joined during the run has different versions. Install the same ones there."
            )
        with self._mutex:
            if not self._free and not self._closed:
                self._free.append(Seat(self._factory, self._settings))
                self._seats.append(self._free[-1])
            if self._closed:
                raise GradingError("The run was ended.")
            seat = self._free.pop()
        try:
            return seat.grade(job)
        finally:
            with self._mutex:
                self._free.append(seat)

    def _close(self) -> None:
        with self._mutex:
            self._closed = True
        close_all(self._seats)


def _grade(name: str, number: int, job: Job) -> tuple[Result, float]:
    """One job, in a thread of a Dask worker: (its result, seconds)."""
    worker = get_worker()
    worker.log_event(name, number)  # type: ignore[no-untyped-call, unused-ignore]
    begin = time.monotonic()
    plugin = worker.plugins[name]
    assert isinstance(plugin, Graders)
    return plugin.grade(job), time.monotonic() - begin


class Cluster:
    """A backend for :func:`course.grading.workers.runner.run`: hands the tasks to a Dask cluster.

    Dask itself gives the job of a worker that was lost to another one. A job on which the grader breaks is tried twice where it
    is, and once more wherever Dask puts it.

    Attributes:
        threads: how many jobs the cluster's workers take at a time.
        workers: how many workers it has.
    """

    def __init__(self, address: str, settings: Settings, factory: Factory) -> None:
        """Connect, and compare every worker with this machine.

        Raises:
            GradingError: there is no cluster or no worker; a worker has other versions, or no sandbox.
        """
        # What Dask logs is for those who run the cluster.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        self._settings = settings
        self._name = f"course-grade-{uuid4().hex}"
        self._tasks: dict[int, Task] = {}  # at the cluster now
        self._stopping = threading.Event()
        hint = "Write it as tcp://host:8786, and make sure that the scheduler is running."
        try:
            get_address_host_port(address)  # a client that was given none ends late, and with a traceback
            self._client = Client(address, timeout=CONNECT_S, set_as_default=False)
        except Exception as error:
            raise GradingError(f"There is no Dask scheduler at '{address}' ({_said(error)}). {hint}") from None
        try:
            self._check()
            plugin = Graders(self._name, factory, settings, environment.environment_digest())
            self._client.register_plugin(plugin, name=self._name)
        except GradingError:
            self._client.close()
            raise
        except Exception as error:
            self._client.close()
            raise GradingError(f"The Dask cluster can't grade: {_said(error)}.") from None
        threads = self._client.nthreads()
        self.workers, self.threads = len(threads), sum(threads.values())

    def start(self, tasks: Sequence[Task], events: Events) -> None:
        """Begin; returns at once."""

        def started(event: tuple[float, Any]) -> None:
            if (task := self._tasks.get(event[1])) is not None:
                events.put(Started(task))

        self._client.subscribe_topic(self._name, started)
        threading.Thread(target=self._feed, args=(tasks, events), daemon=True).start()

    def close(self) -> None:
        """End what still runs on the cluster, and leave it as it was."""
        self._stopping.set()
        for end in (
            lambda: self._client.unsubscribe_topic(self._name),
            lambda: self._client.unregister_worker_plugin(self._name),
            self._client.close,
        ):
            with suppress(Exception):  # the cluster may be gone by now
                end()

    def _check(self) -> None:
        """Refuse a cluster that would grade otherwise than this machine, or not safely."""
        try:
            self._client.wait_for_workers(1, timeout=WORKERS_S)
        except Exception:
            raise GradingError(
                "The Dask cluster has no workers. Start some: `dask worker ADDRESS`, in the course's environment."
            ) from None
        for worker, there in self._everywhere(environment.describe):
            if not isinstance(there, dict):
                raise GradingError(
                    f"Dask worker {worker} can't use the course ({there}). Install this version of it there."
                )
            if other := environment.differences(there):
                raise GradingError(f"Dask worker {worker} differs from this machine: {other}. Install the same there.")
        if not self._settings.sandbox:
            return
        for worker, why in self._everywhere(bubblewrap.available):
            if why:
                raise GradingError(
                    f"Dask worker {worker} has no sandbox: {why} Install bubblewrap there, or use --no-sandbox."
                )

    def _everywhere(self, function: Any) -> Iterator[tuple[str, Any]]:
        """(worker, what the function returned there, or its error as a string), in a stable order."""
        for worker, value in sorted(self._client.run(function, on_error="return").items()):
            yield worker, _said(value) if isinstance(value, BaseException) else value

    def _feed(self, tasks: Sequence[Task], events: Events) -> None:
        """Keep the cluster in work, and report what comes back. Runs in a thread of its own."""
        waiting = iter(enumerate(tasks))
        futures: dict[Future, int] = {}

        def fill() -> None:
            # Few at a time: all the notebooks of a large class need not be in the scheduler's memory at once.
            while len(futures) < AHEAD * self.threads and (following := next(waiting, None)):
                number, task = following
                try:
                    job = task.job()
                except GradingError as error:
                    events.put(_failed(task, str(error)))
                    continue
                self._tasks[number] = task
                future = self._client.submit(_grade, self._name, number, job, pure=False, retries=1)
                futures[future] = number
                done.add(future)

        try:
            done = as_completed(loop=self._client.loop)
            fill()
            for future in done:
                if self._stopping.is_set():
                    return
                events.put(self._finished(self._tasks.pop(futures.pop(future)), future))
                fill()
        except BaseException as error:
            if not self._stopping.is_set():
                events.put(error if isinstance(error, GradingError) else GradingError(f"Dask failed: {_said(error)}."))

    def _finished(self, task: Task, future: Future) -> Finished:
        if future.status == "finished":
            result, seconds = future.result()
            return Finished(task, result, seconds)
        if future.status != "error":
            raise GradingError(
                "The connection to the Dask scheduler was lost. Run the same command when it is back; it continues where it stopped."
            )
        return _failed(task, f"An error of the grader on the Dask cluster ({_said(future.exception())}). Grade again.")


def _failed(task: Task, problem: str) -> Finished:
    return Finished(task, ungraded(task.submission, task.key, task.settings, FAILED, problem), 0.0)


def _said(error: Any) -> str:
    return f"{type(error).__name__}: {error!s:.300}".rstrip(" .:")
