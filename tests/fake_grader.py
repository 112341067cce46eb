"""Graders that do what the submission's text says, and a class for them: the runner is tested without a kernel."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from hang import wait_until

from course.checks import exercises
from course.curriculum import lesson_of
from course.grading.model import FAILED, GRADED, RIGHT, Job, QuestionResult, Result, Settings, Submission
from course.grading.records.plan import Plan, plan
from course.grading.records.results import Store

LESSON = lesson_of("the_neuron")
SETTINGS = Settings(seed=7, sandbox=False)


class Fake:
    """Obeys words in the submission: "break", "break once", "fail", "slow", "die"; else gives full points.

    A slow one ends when it is closed, and not before: a run that waits for it hangs.
    """

    made: list[Fake]  # a test that counts graders sets this to a list

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ended = False
        self.graded: list[str] = []
        if "made" in type(self).__dict__:
            type(self).made.append(self)

    def grade(self, job: Job) -> Result:
        self.graded.append(job.submission.learner)
        if b"slow" in job.content:
            wait_until(lambda: self.ended, "the slow grader to be closed")
            raise ConnectionError("the process ended")
        if b"break once" in job.content:
            marker = Path(job.submission.file + ".tried")
            if not marker.exists():
                marker.touch()
                raise ConnectionError("the process ended")
        elif b"break" in job.content:
            raise ConnectionError("the process ended")
        if b"die" in job.content:
            os._exit(9)
        if b"fail" in job.content:
            return Result(job.key, "", "", "", FAILED, self.settings.seed, problem="The kernel can't be started.")
        names = exercises(job.submission.lesson)
        questions = tuple(QuestionResult(name, RIGHT, one.points, one.points, 4, 4) for name, one in names.items())
        # A grader that lies about whose result it is: the runner must put that right.
        return Result("?", "mallory", "?", "?", GRADED, self.settings.seed, questions, seconds=0.5)

    def close(self) -> None:
        self.ended = True


class Watcher:
    """Progress that keeps what it is told."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[Result] = []
        self.waited = 0

    def started(self, submission: Submission) -> None:
        self.begun.append(submission.learner)

    def finished(self, result: Result, seconds: float) -> None:
        assert seconds >= 0
        self.ended.append(result)

    def waiting(self) -> None:
        self.waited += 1


def hand_in(folder: Path, texts: Mapping[str, str]) -> list[Submission]:
    """A submission of each learner, with this text in its file; without a text, one that can't be graded."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for learner, text in texts.items():
        file = folder / f"{learner}.ipynb"
        file.write_text(text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        problem = "" if text else f"{learner}.ipynb is empty. Hand it in again."
        found.append(Submission(learner, LESSON, str(file), file.name, digest, problem))
    return found


def planned(found: Iterable[Submission], store: Store, settings: Settings = SETTINGS, **more: int) -> Plan:
    """The plan for these submissions, with some solution."""
    return plan(list(found), {LESSON: "the solution"}, settings, store, **more)
