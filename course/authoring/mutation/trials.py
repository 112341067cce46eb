"""Wrong answers before the inputs of many seeds: which of them are accepted, and on which seed first.

They run in processes of their own, as a mutant may never end, even inside of a library, or end its process.
"""

from __future__ import annotations

import linecache
import multiprocessing
import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import Any

from course import compile_cache, settings
from course.authoring.notebook import AuthoringError
from course.checks.exercise import Case, Exercise
from course.checks.judge import attempt, measured, wrongness
from course.checks.outcome import Outcome
from course.checks.registry import find

# Seconds for which a process may say nothing: longer than the longest limit of an input.
SILENT_S = 240.0
# On so many seeds in a row the same error on the same input: it follows from the answer, not from the draw.
SAME = 4
# So many processes in a row that end before they have an outcome: it isn't the mutants that end them.
DEATHS = 3
# An exercise whose answers may take longer than this trains a network, and is not tried.
LONGEST_S = 100.0


@dataclass(frozen=True)
class Task:
    """Wrong answers to one exercise.

    Attributes:
        exercise: its name.
        before: code that runs once before all of them.
        answers: the name of each, and its source; a listed mistake of the catalogue has none.
        right: the source of the right answer, which has to be accepted.
        first: the number of the first that is still to be tried.
    """

    exercise: str
    before: str
    answers: tuple[tuple[str, str | None], ...]
    right: str | None = None
    first: int = 0


class Trial:
    """One exercise on the inputs of many seeds, for however many answers; the references' answers are kept."""

    def __init__(self, exercise: Exercise, seeds: Sequence[int]) -> None:
        self._exercise, self._seeds = exercise, seeds
        self._cases: dict[int, list[Case]] = {}
        self._want: dict[tuple[int, int], Outcome] = {}

    @settings.own()
    def accepted(self, function: Callable[..., Any], beat: Callable[[], object] = lambda: None) -> int | None:
        """The first seed on whose inputs `function` is right, as `check` judges it; None where it is wrong on each.

        An answer that takes too long once is wrong, and so is one that stops with the same error on SAME seeds. `beat` is called
        now and then.

        Raises:
            RuntimeError: the reference fails on an input.
        """
        last = 0
        errors: list[tuple[int, str]] = []
        for seed in self._seeds:
            cases = self._drawn(seed)
            # The input that told last time will most likely tell again.
            order = sorted(range(len(cases)), key=lambda i: i != last)
            for i in order:
                beat()
                got = measured(self._exercise, cases[i], attempt(self._exercise, function, cases[i]))
                if got.failure and got.failure.kind == "TookTooLong":
                    return None
                if wrongness(self._exercise, cases[i], got, self._right(seed, i)) is not None:
                    last = i
                    if got.failure and got.failure.kind != "WrongAnswer":
                        errors.append((i, got.failure.kind))
                    break
            else:
                return seed
            if len(errors) == SAME and len(set(errors)) == 1:
                return None
        return None

    def _drawn(self, seed: int) -> list[Case]:
        if seed not in self._cases:
            self._cases[seed] = self._exercise.draw(seed)
        return self._cases[seed]

    def _right(self, seed: int, i: int) -> Outcome:
        if (seed, i) not in self._want:
            case = self._cases[seed][i]
            want = measured(self._exercise, case, attempt(self._exercise, self._exercise.reference, case))
            if want.failure:
                raise RuntimeError(f"the reference of {self._exercise.name} fails on {case.label!r}: {want.failure}")
            self._want[seed, i] = want
        return self._want[seed, i]


def accepted(task: Task, seeds: Sequence[int], beat: Callable[[], object] = lambda: None) -> Iterator[int | None]:
    """For each answer of a task the first seed on which it is accepted, or None; in this process.

    Raises:
        RuntimeError: the right answer is refused, or the reference fails on an input: then all that is refused says nothing.
    """
    exercise = find(task.exercise)
    trial, mistakes = Trial(exercise, seeds), {mistake.name: mistake.wrong for mistake in exercise.mistakes}
    space: dict[str, Any] = {"__name__": "mutants"}
    exec(task.before, space)
    if task.right is not None:
        right = function_of(task.right, task.exercise, space)
        if right is None or Trial(exercise, seeds[:1]).accepted(right, beat) is None:
            raise RuntimeError(f"the solution of {task.exercise} itself is refused.")
    for name, source in task.answers[task.first :]:
        wrong = mistakes[name] if source is None else function_of(source, task.exercise, space)
        yield None if wrong is None else trial.accepted(wrong, beat)


def function_of(source: str, name: str, space: dict[str, Any]) -> Callable[..., Any] | None:
    """What a cell defines under this name, in a copy of a namespace; None where the cell fails."""
    file = f"<mutant of {name}>"
    # A kernel is read from its source.
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    own = dict(space)
    try:
        exec(compile(source, file, "exec"), own)
    except Exception:
        return None
    return own.get(name)


def _serve(connection: Connection, seeds: Sequence[int]) -> None:
    """What a process does: it takes tasks, says now and then that it lives, and says the outcome of each answer."""
    import jax

    while (task := connection.recv()) is not None:
        try:
            for outcome in accepted(task, seeds, partial(connection.send, None)):
                connection.send((outcome,))
        except Exception as error:
            connection.send(f"{task.exercise}: {error}")
        # Of thousands of compiled programs hardly one is needed again.
        jax.clear_caches()


@dataclass
class _Worker:
    seeds: Sequence[int]
    task: Task | None = None
    deaths: int = 0
    process: Any = field(init=False)
    connection: Connection = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, self.seeds), daemon=True)
        self.process.start()
        theirs.close()

    def take(self, task: Task | None) -> None:
        self.task = task
        self.connection.send(task)

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


def run(tasks: Sequence[Task], seeds: Sequence[int], jobs: int) -> Iterator[tuple[str, str, int | None]]:
    """Try the answers of all tasks, so many at a time.

    An answer that ends its process, or about which nothing is heard for SILENT_S, counts as refused.

    Yields:
        An exercise, the name of an answer, and the first seed on which it is accepted, or None; in no certain order.

    Raises:
        AuthoringError: a right answer is refused, or can't be tried.
    """
    waiting = deque(tasks)
    # What the references compile is found again by every process, and is of no use afterwards.
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get(compile_cache.SETTING)
        os.environ[compile_cache.SETTING] = folder
        workers = [_Worker(seeds) for _ in range(min(jobs, len(tasks)))]
        try:
            for worker in workers:
                worker.take(waiting.popleft())
            while busy := [worker for worker in workers if worker.task]:
                ready = wait([worker.connection for worker in busy], SILENT_S)
                for worker in busy:
                    if not ready or worker.connection in ready:
                        yield from _heard(worker, waiting, silent=not ready)
        finally:
            for worker in workers:
                worker.kill()
            os.environ.pop(compile_cache.SETTING)
            if before is not None:
                os.environ[compile_cache.SETTING] = before


def _heard(worker: _Worker, waiting: deque[Task], *, silent: bool) -> Iterator[tuple[str, str, int | None]]:
    """Take what a worker says; one that is silent or dead is replaced."""
    task = worker.task
    assert task is not None
    try:
        said = (None,) if silent else worker.connection.recv()
    except (EOFError, OSError):
        said = (None,)
        silent = True
    worker.deaths = worker.deaths + 1 if silent else worker.deaths * (said is None)
    if worker.deaths == DEATHS:
        raise AuthoringError(
            f"{task.exercise}: whatever is tried, the process ends or says nothing for {SILENT_S:g} s."
        )
    if silent:
        worker.kill()
        worker.start()
    if isinstance(said, str):
        raise AuthoringError(said)
    if said is None:
        return
    yield task.exercise, task.answers[task.first][0], said[0]
    worker.task = task = replace(task, first=task.first + 1)
    if task.first == len(task.answers):
        worker.task = None
        if waiting:
            worker.take(waiting.popleft())
    elif silent:
        worker.take(task)
