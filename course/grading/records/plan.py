"""What a run has to do: which submissions have their grade already, and which must be graded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from course.checks import exercises
from course.grading.model import (
    FAILED,
    GRADED,
    MISSING,
    NOT_GRADABLE,
    GradingError,
    Job,
    QuestionResult,
    Result,
    Settings,
    Submission,
)
from course.grading.records.environment import environment_digest, versions
from course.grading.records.results import Store


@dataclass(frozen=True)
class Task:
    """A submission to grade. The file's bytes are read only when its turn comes: a class may be larger than the memory."""

    key: str
    submission: Submission
    solution: str
    settings: Settings

    def job(self) -> Job:
        """The job that goes to a worker.

        Raises:
            GradingError: the file can't be read any more, or is another one by now.
        """
        try:
            content = Path(self.submission.file).read_bytes()
        except OSError as error:
            raise GradingError(f"The file can't be read: {error.strerror}. Fix that and grade again.") from None
        if hashlib.sha256(content).hexdigest() != self.submission.digest:
            raise GradingError("The file changed while the class was being graded. Grade again.")
        return Job(self.key, self.submission, content, self.solution, self.settings)


@dataclass(frozen=True)
class Plan:
    """What a run has to do.

    Attributes:
        tasks: what workers must grade.
        settled: results that need no worker: submissions that can't be graded, stored ones of which the file's name changed.
        kept: how many submissions have been graded already.
        refused: how many can't be graded.
    """

    tasks: tuple[Task, ...]
    settled: tuple[Result, ...]
    kept: int
    refused: int


def key_of(submission: Submission, solution: str, settings: Settings) -> str:
    """What a result is known by: SHA-256 of all that may change a grade.

    The submission's bytes (and lesson, and why it can't be graded), the solution notebook, the seed, the limits, and the
    environment. Not in it: the sandbox, warm or cold kernels, how many workers and where they run. A submission gets the same
    points with each of these, by promise and by test, so none of them is a reason to grade again.
    """
    what = [
        [submission.digest, submission.lesson, submission.problem],
        hashlib.sha256(solution.encode()).hexdigest(),
        [settings.seed, asdict(settings.limits)],
        environment_digest(),
    ]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def plan(
    submissions: Sequence[Submission],
    solutions: Mapping[str, str],
    settings: Settings,
    store: Store,
    regrade_after: int = 0,
) -> Plan:
    """Sort the submissions into those to grade and those that have their result.

    Args:
        submissions: each of a lesson in `solutions`, or with a `problem`.
        solutions: the text of each lesson's solution notebook.
        settings: how to grade.
        store: where earlier results are. A "failed" one counts as none.
        regrade_after: see :class:`course.grading.records.results.Run`.
    """
    tasks, settled, kept, refused = [], [], 0, 0
    for submission in submissions:
        solution = solutions.get(submission.lesson, "")
        key = key_of(submission, solution, settings)
        stored = store.get(submission.learner, submission.lesson)
        if stored is not None and (stored.key != key or stored.status == FAILED):
            stored = None
        if regrade_after and not store.newer(submission.learner, submission.lesson, regrade_after):
            stored = None
        if stored is not None:
            kept, refused = kept + (stored.status == GRADED), refused + (stored.status == NOT_GRADABLE)
            # The same file may come back under another name, or late: the grade stays, what is said of it is brought up to date.
            current = owned(stored, key, submission)
            settled += [] if current == stored else [current]
        elif submission.problem:
            refused += 1
            settled.append(ungraded(submission, key, settings, NOT_GRADABLE, submission.problem, submission.told))
        else:
            tasks.append(Task(key, submission, solution, settings))
    return Plan(tuple(tasks), tuple(settled), kept, refused)


def ungraded(submission: Submission, key: str, settings: Settings, status: str, problem: str, told: str = "") -> Result:
    """The result of a submission that was not graded: all the lesson's questions, at zero points.

    `problem` is for the instructor, and `told` for the learner.
    """
    try:
        catalogue = exercises(submission.lesson)
    except KeyError:
        catalogue = {}
    questions = tuple(QuestionResult(name, MISSING, 0.0, float(one.points)) for name, one in catalogue.items())
    names = (key, submission.learner, submission.lesson, submission.shown)
    return owned(Result(*names, status, settings.seed, questions, problem, told=told), key, submission)


def owned(result: Result, key: str, submission: Submission) -> Result:
    """The result under the submission's name: no grader has a say in whose it is."""
    notes = tuple(dict.fromkeys((*submission.notes, *result.notes)))
    return replace(
        result,
        key=key,
        learner=submission.learner,
        lesson=submission.lesson,
        shown=submission.shown,
        digest=submission.digest,
        identity=dict(submission.identity),
        notes=notes,
        aside=submission.aside,
        versions=dict(result.versions) or versions(),
        graded_at=result.graded_at or _now(),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
