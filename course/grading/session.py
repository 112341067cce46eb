"""One call of `course grade`, from beginning to end."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from course import console as consoles
from course.grading import report
from course.grading.intake.archives import NOT_BEGUN
from course.grading.intake.collection import Intake, take_in
from course.grading.marking.similarity import likely_copies
from course.grading.model import FAILED, GRADED, NOT_GRADABLE, GradingError, Result, Settings, Submission
from course.grading.options import (
    Options,
    as_root,
    check_places,
    need_sandbox,
    root_of,
    selected,
    solutions_of,
)
from course.grading.records.plan import Plan, key_of, plan
from course.grading.records.results import RUN, Store, begin_run, end_run
from course.grading.report.phrases import plural
from course.grading.run_screen import Pace, Screen
from course.grading.safe_text import some
from course.grading.storage import writing
from course.grading.workers.runner import Backend, Threads, run
from course.grading.workers.worker import Worker

UNPACKED = ".unpacked"  # in the folder of the grades, while a run lasts


def grade_class(options: Options, console: Console) -> int:
    """Grade what is to be graded, write the reports and show how the class did.

    Returns:
        The exit code: 0 if all was graded (or can't be, which is the learner's affair), 1 if the grader failed on some,
        128 + the signal's number where one ended the run.

    Raises:
        GradingError: something that the instructor has to mend.
        course.authoring.notebook.AuthoringError: there is no such lesson, or no course.
    """
    begin = time.monotonic()
    solutions = solutions_of(root_of(options.course), options.lessons)
    check_places(options)
    if options.sandbox and not options.dask:
        need_sandbox()
    with _no_trace_of_a_refusal(options.out), Store(options.out) as store:
        # Next to the grades, as they may be large, and must not be in the folder that is graded.
        workspace = options.out / UNPACKED
        shutil.rmtree(workspace, ignore_errors=True)
        with writing(workspace, NOT_BEGUN):
            workspace.mkdir()
        try:
            intake = take_in(options.where, list(solutions), workspace)
            found = intake.submissions
            wanted = selected(found, options.only)
            this_run = begin_run(store, options.seed, options.regrade, _recorded(options), partly=bool(options.only))
            settings = Settings(this_run.seed, options.limits, options.sandbox, options.warm)
            todo = plan(wanted, solutions, settings, store, this_run.regrade_after)
            for note in (*store.notes, *this_run.said, *as_root(options), *_opening(todo, settings)):
                _say(console, note)
            for result in todo.settled:
                store.add(result)
            if status := _run(todo, options, settings, store, console):
                return 128 + status
            end_run(store)
            for note in _odd(found, solutions, settings, store):
                _say(console, note)
            results = _of_class(store, found)
            _report(results, intake, options.out, console, time.monotonic() - begin)
        finally:
            shutil.rmtree(workspace, ignore_errors=True)
    failed = {(one.learner, one.lesson) for one in results if one.status == FAILED}
    return int(any((one.learner, one.lesson) in failed for one in wanted))


@contextmanager
def _no_trace_of_a_refusal(out: Path) -> Iterator[None]:
    """Removes the folder `out` again where it was not there before, and nothing was begun in it."""
    fresh = not out.exists()
    try:
        yield
    finally:
        if fresh and not (out / RUN).exists():
            shutil.rmtree(out, ignore_errors=True)


def _recorded(options: Options) -> dict[str, object]:
    """The options as `run.json` keeps them."""
    return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(options).items()}


def _opening(todo: Plan, settings: Settings) -> list[str]:
    """What the run is going to do."""
    parts = [f"{len(todo.tasks)} to grade"]
    parts += [f"{todo.kept} graded before"] if todo.kept else []
    parts += [f"{todo.refused} not gradable"] if todo.refused else []
    return [f"{', '.join(parts)}; seed {settings.seed}."]


def _run(todo: Plan, options: Options, settings: Settings, store: Store, console: Console) -> int:
    """Grade the tasks, with progress. Returns 0, or the signal that ended it."""
    if not todo.tasks:
        return 0
    backend, parallel = _backend(options, settings, console)
    earlier: dict[str, list[float]] = {}
    for result in store.results():
        if result.status == GRADED and result.seconds > 0:
            earlier.setdefault(result.lesson, []).append(result.seconds)
    pace = Pace(
        (task.submission.lesson for task in todo.tasks), parallel, earlier, longest_s=settings.limits.notebook_s
    )
    with Screen(consoles.Console(stderr=True, highlight=False), len(todo.tasks), pace) as screen:
        return run(todo.tasks, backend, store, screen)


def _backend(options: Options, settings: Settings, console: Console) -> tuple[Backend, int]:
    """Where to grade, and how many at a time."""
    if not options.dask:
        return Threads(settings, options.jobs, Worker), options.jobs
    try:
        from course.grading.workers.cluster import Cluster
    except ImportError as error:
        raise GradingError(f'--dask needs the package {error.name}. Install it: pip install -e ".[cluster]".') from None
    cluster = Cluster(options.dask, settings, Worker)
    _say(console, f"The Dask cluster has {plural(cluster.workers, 'worker')} with {plural(cluster.threads, 'thread')}.")
    return cluster, cluster.threads


def _of_class(store: Store, found: Sequence[Submission]) -> list[Result]:
    """The results that go into the reports: all in the folder, also those of an earlier hand-in or another lesson."""
    return [result for result in store.results() if not _superseded(result, found)]


def _superseded(result: Result, found: Sequence[Submission]) -> bool:
    """Was no lesson to be told of this hand-in, then or now, so that it was filed under another lesson than now?"""
    own = {one.lesson for one in found if one.learner == result.learner}
    if result.lesson in own:
        return False
    # What can't be graded has no lesson of its own: it is filed under that of the others, or under none.
    return not result.lesson or (result.status == NOT_GRADABLE and own == {""})


def _odd(found: Sequence[Submission], solutions: Mapping[str, str], settings: Settings, store: Store) -> list[str]:
    """What the instructor should know of the results that this run left as they were."""
    notes = []
    here = {(one.learner, one.lesson): key_of(one, solutions.get(one.lesson, ""), settings) for one in found}
    left = [one for one in _of_class(store, found) if one.lesson in solutions]
    gone = [one.learner for one in left if (one.learner, one.lesson) not in here]
    if gone:
        notes.append(
            f"The grade book also has {plural(len(gone), 'result')} of learners who are not among these submissions: {some(gone)}. To leave them out, use another --out."
        )
    old, missing = [], []
    for (learner, lesson), key in here.items():
        stored = store.get(learner, lesson)
        if stored is None:
            missing.append(learner)
        elif stored.key != key:
            old.append(learner)
    if missing:
        notes.append(f"Not graded, because of --only: {some(missing)}.")
    if old:
        notes.append(
            f"Graded earlier from another file, seed or version, and left as they are because of --only: {some(old)}."
        )
    return notes


def _report(results: Sequence[Result], intake: Intake, out: Path, console: Console, elapsed_s: float) -> None:
    """Write all files, and show the summary."""
    pairs = likely_copies(results)
    written = [
        report.write_gradebook(results, out),
        report.write_files(intake.files, results, out),
        report.write_alike(results, pairs, out),
        report.write_platforms(results, out),
        report.write_feedback(results, out),
        report.write_overview(results, out, pairs),
    ]
    files = [path for one in written for path in one.files]
    notes = [note for one in written for note in one.notes]
    report.show_summary(results, pairs, console, files=files, notes=notes, elapsed_s=elapsed_s)


def _say(console: Console, sentence: str) -> None:
    # A terminal's own wrapping breaks words.
    console.print(sentence, markup=False, soft_wrap=not console.is_terminal)
