"""What passes between the rooms of the grader: plain data, which goes through JSON and back unchanged."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


class GradingError(Exception):
    """Something that the instructor has to mend; the message is a sentence that says what and how."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use. When it uses more, the cell is stopped, the feedback says so, and grading goes on.

    Attributes:
        cell_s: seconds for one cell. How long an answer may take on one input, its exercise says.
        notebook_s: seconds for the whole notebook.
        memory_mb: megabytes (10⁶ bytes) of resident memory, of all its processes together.
        processes: how many processes it may have at a time.
        files: how many files one process may have open.
        disk_mb: megabytes that it may write.
        output_kb: kilobytes that one cell may print; the rest is dropped and costs nothing.
    """

    cell_s: float = 120.0
    notebook_s: float = 600.0
    memory_mb: int = 4000
    processes: int = 16
    files: int = 512
    disk_mb: int = 200
    output_kb: int = 200


@dataclass(frozen=True)
class Submission:
    """One notebook that was handed in for one lesson.

    Attributes:
        learner: the learner's key in the grade book; unique in a class, and fit for a file name.
        lesson: the lesson's name, such as "02_the_neuron"; "" where it can't be told.
        file: where it can be read, as an absolute path; "" where there is no file to read (see `problem`).
        shown: how messages call it, relative to what the instructor named: "class.zip: ada_123_02_the_neuron.ipynb".
        digest: the SHA-256 of its bytes, in hexadecimal; "" without a file.
        problem: why it can't be graded, as a sentence for the instructor; "" where it can.
        told: the same as a sentence for the learner.
        notes: what is odd, worded for both of them: "late", "one of two notebooks; the newer was taken".
        aside: what only the instructor should know: "handed in twice, here and as …: keep one of the rows".
        identity: what the learning platform calls the learner: "name", "canvas_user", "canvas_file",
            "moodle_participant", "gradescope_submission", "email", …; only what was found.
    """

    learner: str
    lesson: str
    file: str
    shown: str
    digest: str = ""
    problem: str = ""
    notes: tuple[str, ...] = ()
    identity: Mapping[str, str] = field(default_factory=dict)
    told: str = ""
    aside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """How a run grades; the same for all its submissions.

    Attributes:
        seed: what the inputs are drawn from.
        limits: for each submission.
        sandbox: run the kernels under bubblewrap.
        warm: fork kernels from one that has imported everything, instead of starting each from nothing.
    """

    seed: int
    limits: Limits = field(default_factory=Limits)
    sandbox: bool = True
    warm: bool = True


@dataclass(frozen=True)
class Job:
    """All that a worker needs to grade one submission, on whatever machine it runs.

    Attributes:
        key: what the result will be known by (see `Result`).
        submission: whose `problem` is "".
        content: the notebook file's bytes.
        solution: the text of the lesson's solution notebook.
        settings: how to grade it.
    """

    key: str
    submission: Submission
    content: bytes
    solution: str
    settings: Settings


# How a question came out: the same words on pages, in tables and on the screen.
RIGHT, PARTLY, WRONG = "right", "partly", "wrong"
NOT_WRITTEN, MISSING = "not written", "missing"
# The learner's code ended the question itself: a limit, or a kernel that died.
STOPPED = "stopped"
STATES = (RIGHT, PARTLY, WRONG, NOT_WRITTEN, MISSING, STOPPED)
# As stored by an earlier version.
_OLDER = {"partly right": PARTLY, "not right": WRONG, "not written yet": NOT_WRITTEN}


@dataclass(frozen=True)
class QuestionResult:
    """One exercise of one submission.

    Attributes:
        name: the exercise's name, such as "softmax".
        state: one of the words above.
        points, possible: earned, and at most.
        cases_passed, cases: inputs right, of how many.
        headline: one line.
        text: paragraphs for the learner; `code` between backticks. Never a hidden input's answer.
        mistake: the name of the mistake that was recognized, or "".
        limits: the limits that it ran into, each as a sentence; those of the example cells below it, too.
        code: what the learner wrote for it, as it was run.
        seconds: how long its inputs took.
        failed: what is special about the inputs that are not right, each once: "a batch of one". No secret.
        free: how many inputs an answer that does no work has right; points count from there. 0 where all are right, or none.
    """

    name: str
    state: str
    points: float
    possible: float
    cases_passed: int = 0
    cases: int = 0
    headline: str = ""
    text: tuple[str, ...] = ()
    mistake: str = ""
    limits: tuple[str, ...] = ()
    code: str = ""
    seconds: float = 0.0
    failed: tuple[str, ...] = ()
    free: int = 0


GRADED, NOT_GRADABLE, FAILED = "graded", "not gradable", "failed"


@dataclass(frozen=True)
class Result:
    """What grading one submission gave.

    Attributes:
        key: of submission, solution, seed, limits and environment; the same key is the same grade.
        learner, lesson, shown, digest, identity: as in the submission.
        status: "graded"; "not gradable" (the file can't be, see `problem`); "failed" (the grader itself broke, try again).
        problem: why it was not graded, as a sentence for the instructor.
        told: the same as a sentence for the learner; "" where the grader broke.
        seed: what the inputs were drawn from.
        questions: in the order of the lesson; also where it was not gradable (zero points each).
        notes: what was found odd, for the learner and the instructor: cells that were moved, a late hand-in.
        aside: what only the instructor should know, as in the submission.
        limits: limits that were hit outside of a question, as sentences.
        fingerprint: of the learner's code, for likeness (see marking/similarity.py).
        own_digest: the SHA-256 of all code that the learner wrote, private cells too; "" where no question was written.
        sandbox: "bubblewrap" or "none".
        kernel: "warm" (forked) or "cold" (started for it).
        seconds: of grading, in all.
        peak_mb: the largest resident memory of the submission's processes together, in megabytes.
        versions: of what took part: {"python": …, "jax": …}.
        graded_at: the time, ISO 8601, UTC.
    """

    key: str
    learner: str
    lesson: str
    shown: str
    status: str
    seed: int
    questions: tuple[QuestionResult, ...] = ()
    problem: str = ""
    notes: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    fingerprint: tuple[int, ...] = ()
    digest: str = ""
    identity: Mapping[str, str] = field(default_factory=dict)
    sandbox: str = "none"
    kernel: str = "cold"
    seconds: float = 0.0
    peak_mb: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    graded_at: str = ""
    told: str = ""
    aside: tuple[str, ...] = ()
    own_digest: str = ""

    @property
    def points(self) -> float:
        """Points earned in all."""
        return sum(question.points for question in self.questions)

    @property
    def possible(self) -> float:
        """Points that could be earned."""
        return sum(question.possible for question in self.questions)


def to_json(result: Result) -> dict[str, Any]:
    """A result as JSON's own types."""
    return asdict(result)


def from_json(data: Mapping[str, Any]) -> Result:
    """The result that :func:`to_json` wrote. Unknown fields of a later version are left out.

    Raises:
        TypeError: a field that is needed is absent.
    """
    fields = {key: value for key, value in data.items() if key in Result.__dataclass_fields__}
    questions = tuple(_question(question) for question in fields.pop("questions", ()))
    for name in ("notes", "limits", "fingerprint", "aside"):
        fields[name] = tuple(fields.get(name, ()))
    return Result(questions=questions, **fields)


def job_to_json(job: Job) -> dict[str, Any]:
    """A job as JSON's own types."""
    submission, settings = asdict(job.submission), asdict(job.settings)
    content = base64.b64encode(job.content).decode("ascii")
    return {**vars(job), "submission": submission, "settings": settings, "content": content}


def job_from_json(data: Mapping[str, Any]) -> Job:
    """The job that :func:`job_to_json` wrote."""
    told = data["submission"]
    submission = Submission(**{**told, "notes": tuple(told["notes"]), "aside": tuple(told["aside"])})
    settings = Settings(**{**data["settings"], "limits": Limits(**data["settings"]["limits"])})
    return Job(data["key"], submission, base64.b64decode(data["content"]), data["solution"], settings)


def _question(data: Mapping[str, Any]) -> QuestionResult:
    fields = {key: value for key, value in data.items() if key in QuestionResult.__dataclass_fields__}
    for name in ("text", "limits", "failed"):
        fields[name] = tuple(fields.get(name, ()))
    if fields.get("state") in _OLDER:
        fields["state"] = _OLDER[fields["state"]]
    return QuestionResult(**fields)
