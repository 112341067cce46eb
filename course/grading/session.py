"""One call of `course grade`, from beginning to end."""

from __future__ import annotations

import difflib
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from rich.console import Console

from course.authoring import lessons
from course.authoring.notebook import parse
from course.checks import registry
from course.grading import report, sandbox
from course.grading.collect import collect
from course.grading.model import FAILED, GRADED, GradingError, Limits, Result, Settings, Submission
from course.grading.plan import Plan, key_of, plan
from course.grading.report.text import plural
from course.grading.runner import Backend, Threads, run
from course.grading.screen import Pace, Screen
from course.grading.similarity import Pair, alike
from course.grading.store import Store, begin_run, end_run
from course.grading.worker import Worker

UNPACKED = ".unpacked"  # in the folder of the grades, while a run lasts
LISTED = 5  # names in one message


@dataclass(frozen=True)
class Options:
    """What the command line asks for; see `course grade --help`.

    Attributes:
        where: the submissions.
        out: where the grades go.
        lessons: by name or number; none means all.
        only: learners, or patterns of their names; none means all.
        seed: None for the recorded one, or a new one.
        regrade: grade again what has its grade.
        course: a folder in the clone with the solutions; None for the working directory.
        jobs: submissions at a time on this machine.
        dask: the address of a Dask scheduler, or None.
        sandbox, warm, limits: see :class:`course.grading.model.Settings`.
    """

    where: Path
    out: Path
    lessons: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    seed: int | None = None
    regrade: bool = False
    course: Path | None = None
    jobs: int = 1
    dask: str | None = None
    sandbox: bool = True
    warm: bool = True
    limits: Limits = field(default_factory=Limits)


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
    solutions = _solutions(lessons.course_root(options.course), options.lessons)
    where, out = options.where.resolve(), options.out.resolve()
    if not where.exists():
        raise GradingError(f"{options.where} does not exist. Name the folder or zip file that holds the submissions.")
    if out.is_relative_to(where):
        raise GradingError(
            f"{options.out} lies in {options.where}, where nothing is changed. Name another folder with --out."
        )
    if options.sandbox and not options.dask:
        _need_sandbox()
    with Store(options.out) as store:
        # Next to the grades, as they may be large, and must not be in the folder that is graded.
        workspace = options.out / UNPACKED
        shutil.rmtree(workspace, ignore_errors=True)
        workspace.mkdir()
        try:
            found = collect(options.where, list(solutions), workspace)
            wanted = _selected(found, options.only)
            this_run = begin_run(store, options.seed, options.regrade, _recorded(options))
            settings = Settings(this_run.seed, options.limits, options.sandbox, options.warm)
            todo = plan(wanted, solutions, settings, store, this_run.regrade_after)
            for note in (*store.notes, *this_run.said, *_opening(todo, settings)):
                _say(console, note)
            for result in todo.settled:
                store.add(result)
            if status := _run(todo, options, settings, store, console):
                return 128 + status
            end_run(store)
            for note in _odd(found, solutions, settings, store):
                _say(console, note)
            results = _of_class(store, found)
            _report(results, options.out, console, time.monotonic() - begin)
        finally:
            shutil.rmtree(workspace, ignore_errors=True)
    failed = {(one.learner, one.lesson) for one in results if one.status == FAILED}
    return int(any((one.learner, one.lesson) in failed for one in wanted))


def _solutions(root: Path, wanted: Sequence[str]) -> dict[str, str]:
    """The text of each lesson's solution notebook, by the lesson's name."""
    names = dict.fromkeys(lessons.find_name(root, name) for name in wanted)
    can = [name for name in registry.LESSONS if (root / lessons.SOLUTIONS / f"{name}.ipynb").is_file()]
    texts = {}
    for name in names or can:
        if name not in can:
            raise GradingError(f"{name} has no exercises to grade. There are {', '.join(can) or 'none'}.")
        path = root / lessons.SOLUTIONS / f"{name}.ipynb"
        texts[name] = path.read_text(encoding="utf-8")
        parse(texts[name], lessons.shown(path, root))
    if not texts:
        raise GradingError("The course has no lesson with exercises to grade.")
    return texts


def _need_sandbox() -> None:
    """Raises GradingError where bubblewrap does not work, with the way out."""
    if not (why := sandbox.available()):
        return
    if sys.platform != "linux":
        way = "Grade on a Linux machine or in a Linux container."
    elif not shutil.which(sandbox.PROGRAM):
        way = "Install it: `apt install bubblewrap` (Debian, Ubuntu) or `dnf install bubblewrap` (Fedora)."
    else:
        way = "Grade where processes may make user namespaces: most Linux machines, containers that allow it."
    raise GradingError(
        f"{why} Submissions are somebody's code, and are not run without a sandbox. {way} If you trust all of them: --no-sandbox."
    )


def _selected(found: Sequence[Submission], only: Sequence[str]) -> list[Submission]:
    """The submissions of the learners that `only` names."""
    learners = sorted({one.learner for one in found})
    for pattern in only:
        if not any(fnmatchcase(learner, pattern) for learner in learners):
            near = difflib.get_close_matches(pattern, learners, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"There are {_names(learners)}."
            raise GradingError(f"No learner is called {pattern}. {hint}")
    return [one for one in found if not only or any(fnmatchcase(one.learner, pattern) for pattern in only)]


def _recorded(options: Options) -> dict[str, object]:
    """The options as `run.json` keeps them."""
    return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(options).items()}


def _opening(todo: Plan, settings: Settings) -> list[str]:
    """What the run is going to do."""
    parts = [f"{len(todo.tasks)} to grade"]
    parts += [f"{todo.kept} graded before"] if todo.kept else []
    refused = sum(result.status not in (GRADED, FAILED) for result in todo.settled)
    parts += [f"{refused} not gradable"] if refused else []
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
    pace = Pace((task.submission.lesson for task in todo.tasks), parallel, earlier)
    with Screen(Console(stderr=True, highlight=False), len(todo.tasks), pace) as screen:
        return run(todo.tasks, backend, store, screen)


def _backend(options: Options, settings: Settings, console: Console) -> tuple[Backend, int]:
    """Where to grade, and how many at a time."""
    if not options.dask:
        return Threads(settings, options.jobs, Worker), options.jobs
    try:
        from course.grading.cluster import Cluster
    except ImportError as error:
        raise GradingError(f'--dask needs the package {error.name}. Install it: pip install -e ".[cluster]".') from None
    cluster = Cluster(options.dask, settings, Worker)
    _say(console, f"The Dask cluster has {plural(cluster.workers, 'worker')} with {plural(cluster.threads, 'thread')}.")
    return cluster, cluster.threads


def _of_class(store: Store, found: Sequence[Submission]) -> list[Result]:
    """The results that go into the reports: all in the folder, also those of an earlier hand-in or another lesson.

    But not a file of which no lesson could be told, and which isn't there any more.
    """
    here = {(one.learner, one.lesson) for one in found}
    return [result for result in store.results() if result.lesson or (result.learner, result.lesson) in here]


def _odd(found: Sequence[Submission], solutions: Mapping[str, str], settings: Settings, store: Store) -> list[str]:
    """What the instructor should know of the results that this run left as they were."""
    notes = []
    here = {(one.learner, one.lesson): key_of(one, solutions.get(one.lesson, ""), settings) for one in found}
    gone = [one.learner for one in store.results() if one.lesson in solutions and (one.learner, one.lesson) not in here]
    if gone:
        notes.append(
            f"The grade book also has results of {len(gone)} that are not among these submissions: {_names(gone)}. To leave them out, use another --out."
        )
    old, missing = [], []
    for (learner, lesson), key in here.items():
        stored = store.get(learner, lesson)
        if stored is None:
            missing.append(learner)
        elif stored.key != key:
            old.append(learner)
    if missing:
        notes.append(f"Not graded, because of --only: {_names(missing)}.")
    if old:
        notes.append(
            f"Graded earlier from another file, seed or version, and left so because of --only: {_names(old)}."
        )
    return notes


def _report(results: Sequence[Result], out: Path, console: Console, elapsed_s: float) -> None:
    """Write all files, and show the summary."""
    written = [
        report.write_gradebook(results, out),
        report.write_platforms(results, out),
        report.write_feedback(results, out),
        report.write_overview(results, out),
    ]
    files = [path for one in written for path in one.files]
    notes = [note for one in written for note in one.notes]
    pairs: list[Pair] = []
    for lesson in dict.fromkeys(result.lesson for result in results):
        of_lesson = [result for result in results if result.lesson == lesson and result.status == GRADED]
        pairs += alike({result.learner: result.fingerprint for result in of_lesson})
    report.show_summary(results, pairs, console, files=files, notes=notes, elapsed_s=elapsed_s)


def _names(learners: Sequence[str]) -> str:
    more = len(learners) - LISTED
    return ", ".join(learners[:LISTED]) + (f" and {more} more" if more > 0 else "")


def _say(console: Console, sentence: str) -> None:
    console.print(sentence, markup=False, soft_wrap=True)
