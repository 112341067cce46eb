"""Grades a class: tasks go to workers, and each result is stored as it comes, by one writer."""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Protocol

from course.grading.model import FAILED, GradingError, Job, Result, Settings, Submission
from course.grading.records.plan import Task, owned, ungraded
from course.grading.records.results import Store

CLOSING_S = 15.0  # how long an interrupted run waits for its workers to end
WAITING_S = 5.0  # after so long without news, the progress is told that there are none


class Grader(Protocol):
    """What :class:`course.grading.workers.worker.Worker` is to the runner."""

    def grade(self, job: Job) -> Result: ...
    def close(self) -> None: ...


Factory = Callable[[Settings], Grader]


class Progress(Protocol):
    """Who is told how far it is. Called in the main thread only."""

    def started(self, submission: Submission) -> None: ...
    def finished(self, result: Result, seconds: float) -> None: ...
    def waiting(self) -> None: ...


class Seat:
    """Where one job at a time is graded: it holds a grader, replaces one that breaks, and tries such a job once more."""

    def __init__(self, factory: Factory, settings: Settings) -> None:
        self._factory = factory
        self._settings = settings
        self._grader: Grader | None = None
        self._mutex = threading.Lock()
        self.closed = False

    def grade(self, job: Job) -> Result:
        """The job's result; "failed", where two graders in turn broke on it.

        Raises:
            GradingError: no grader can be had on this machine.
        """
        problem = "The run was ended. Grade again."
        for _ in range(2):
            try:
                if (grader := self._take()) is None:
                    break
            except GradingError:
                raise
            except Exception as error:
                problem = _broke(error)
                continue
            try:
                result = grader.grade(job)
            except BaseException as error:
                problem = _broke(error)
            else:
                if result.status != FAILED:
                    return result
                problem = result.problem
            self._drop()
        return ungraded(job.submission, job.key, job.settings, FAILED, problem)

    def close(self) -> None:
        """End the grader, and what it is grading. For any thread, any number of times."""
        self.closed = True
        self._drop(keep=True)

    def _take(self) -> Grader | None:
        with self._mutex:
            if self.closed:
                return None
            if self._grader is None:
                self._grader = self._factory(self._settings)
            return self._grader

    def _drop(self, keep: bool = False) -> None:
        """Close the grader. `keep`: a grader that was about to start is closed again by the next call."""
        with self._mutex:
            grader = self._grader
            if not keep:
                self._grader = None
        if grader is not None:
            with suppress(Exception):  # it broke: that it can't even be closed is no news
                grader.close()


def close_all(seats: Sequence[Seat]) -> None:
    """Close them at the same time: each may take seconds to die."""
    closing = []
    for seat in seats:
        thread = threading.Thread(target=seat.close, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # while the interpreter ends, there are no new threads
            seat.close()
        else:
            closing.append(thread)
    for thread in closing:
        thread.join(CLOSING_S)


def _broke(error: BaseException) -> str:
    return f"Two errors of the grader (the last one {type(error).__name__}: {error!s:.300}). Grade again."


@dataclass(frozen=True)
class Started:
    """A worker took this one."""

    task: Task


@dataclass(frozen=True)
class Finished:
    """A worker is done with this one, after so many seconds."""

    task: Task
    result: Result
    seconds: float


# What backends report; an error ends the run, a number is the signal that asked for its end.
Events = SimpleQueue[Started | Finished | GradingError | int]


class Backend(Protocol):
    """Where tasks are graded. Reports a `Finished` for each, or an error."""

    def start(self, tasks: Sequence[Task], events: Events) -> None: ...

    def close(self) -> None:
        """End at once what still runs. After this, nothing is reported that was not finished before."""


class Threads:
    """Grades on this machine: `count` threads, each with a grader of its own."""

    def __init__(self, settings: Settings, count: int, factory: Factory) -> None:
        self._make = lambda: Seat(factory, settings)
        self._count = count
        self._todo: deque[Task] = deque()
        self._seats: list[Seat] = []
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()

    def start(self, tasks: Sequence[Task], events: Events) -> None:
        """Begin; returns at once."""
        self._todo.extend(tasks)
        for _ in range(min(self._count, len(tasks))):
            self._seats.append(self._make())
            self._threads.append(threading.Thread(target=self._work, args=(self._seats[-1], events), daemon=True))
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End what still runs, and wait until it has ended."""
        # A result counts only if its thread saw this not yet set: of a grader that is being killed, nothing is believed.
        self._stopping.set()
        end = time.monotonic() + CLOSING_S
        while any(thread.is_alive() for thread in self._threads) and time.monotonic() < end:
            # Again each time: a thread may have been about to start its grader.
            close_all(self._seats)
            for thread in self._threads:
                thread.join(0.2)

    def _work(self, seat: Seat, events: Events) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    task = self._todo.popleft()
                except IndexError:
                    break
                self._one(task, seat, events)
        except GradingError as error:
            events.put(error)
        except BaseException as error:
            # Never silently: the run would wait for this thread's result.
            events.put(
                GradingError(
                    f"Grading stopped because of an error of the grader ({type(error).__name__}: {error!s:.300})."
                )
            )
        finally:
            seat.close()

    def _one(self, task: Task, seat: Seat, events: Events) -> None:
        events.put(Started(task))
        begin = time.monotonic()
        try:
            job = task.job()
        except GradingError as error:
            result = ungraded(task.submission, task.key, task.settings, FAILED, str(error))
        else:
            result = seat.grade(job)
        if not self._stopping.is_set():
            events.put(Finished(task, result, time.monotonic() - begin))


def run(tasks: Sequence[Task], backend: Backend, store: Store, progress: Progress) -> int:
    """Grade the tasks and store each result in the order in which they come.

    Ctrl-C (or a SIGTERM, or a closed terminal) ends it: nothing new starts, what runs is killed, all that is finished is stored.
    A second one ends it without waiting.

    Returns:
        0, or the signal that ended the run.

    Raises:
        GradingError: no grader can be had, or the results can't be written.
    """
    events: Events = SimpleQueue()
    left = len(tasks)
    ended_by = 0

    def take(event: Started | Finished | GradingError | int) -> None:
        nonlocal left, ended_by
        if isinstance(event, Finished):
            left -= 1
            result = owned(event.result, event.task.key, event.task.submission)
            store.add(result)
            progress.finished(result, event.seconds)
        elif isinstance(event, Started):
            progress.started(event.task.submission)
        elif isinstance(event, GradingError):
            raise event
        else:
            ended_by = event

    with _signals_to(events):
        backend.start(tasks, events)
        try:
            while left and not ended_by:
                try:
                    take(events.get(timeout=WAITING_S))
                except Empty:
                    progress.waiting()
        finally:
            backend.close()
    while True:  # what was finished when the signal came
        try:
            take(events.get_nowait())
        except Empty:
            return ended_by


@contextmanager
def _signals_to(events: Events) -> Iterator[None]:
    """Puts the first signal that ends a run into `events`; the second has its usual effect.

    A signal that is ignored (of `nohup`, or of a job in the background) stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    before = {one: handler for one, handler in before.items() if handler is not signal.SIG_IGN}

    def restore() -> None:
        for one, handler in before.items():
            signal.signal(one, handler)

    def first(number: int, frame: FrameType | None) -> None:
        restore()
        events.put(number)

    for one in before:
        signal.signal(one, first)
    try:
        yield
    finally:
        restore()
