"""What a call of `course grade` asks for, and whether it can be done: said before anything is written."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from course.authoring import lessons
from course.authoring.notebook import AuthoringError, parse
from course.checks import exercises
from course.curriculum import LESSONS, topic_of
from course.grading.graft.matching import unasked
from course.grading.model import GradingError, Limits, Submission
from course.grading.safe_text import some
from course.grading.sandbox import bubblewrap
from course.grading.sandbox.protections import way_on


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


def root_of(course: Path | None) -> Path:
    """The clone whose lessons are graded.

    Raises:
        GradingError: there is none.
    """
    try:
        return lessons.course_root(course)
    except AuthoringError as error:
        raise GradingError(f"{error} You can also name a clone with --course FOLDER.") from None


def check_places(options: Options) -> None:
    """Raises GradingError where the submissions can't be read from, or the grades not be written to."""
    where, out = options.where.resolve(), options.out.resolve()
    if not where.exists():
        raise GradingError(f"{options.where} does not exist. Name the folder or zip file that holds the submissions.")
    if out.exists() and not out.is_dir():
        raise GradingError(f"--out names a file, {options.out}. Name a folder.")
    if out.is_relative_to(where):
        raise GradingError(
            f"{options.out} is inside {options.where}, where nothing may change. Name another folder with --out."
        )


def solutions_of(root: Path, wanted: Sequence[str]) -> dict[str, str]:
    """The text of each lesson's solution notebook, by the lesson's name."""
    # "2" is the lesson whose number is 02.
    numbers = (name.zfill(2) if name.isdecimal() else name for name in wanted)
    names = dict.fromkeys(lessons.find_name(root, name) for name in numbers)
    can = [name for name in LESSONS if (root / lessons.SOLUTIONS / f"{name}.ipynb").is_file()]
    texts = {}
    for name in names or can:
        if name not in can:
            raise GradingError(f"{name} has no exercises to grade. These have some: {', '.join(can) or 'none'}.")
        path = root / lessons.SOLUTIONS / f"{name}.ipynb"
        texts[name] = path.read_text(encoding="utf-8")
        solution = parse(texts[name], lessons.shown(path, root))
        if wrong := unasked(solution, exercises(name)):
            file = lessons.shown(path, root)
            raise GradingError(
                f"{file} {wrong}. Each exercise of course/exercises/{topic_of(name)} needs a solution cell and a "
                "check cell there, named by nbgrader's metadata. Fix that, or restore the file of the release "
                f"(`git restore {file}`)."
            )
    if not texts:
        raise GradingError("No lesson of the course has exercises to grade.")
    return texts


class NoSandbox(GradingError):
    """There is no sandbox on this machine."""


def need_sandbox() -> None:
    """Raises NoSandbox where bubblewrap does not work, with the way on for this machine."""
    if why := bubblewrap.available():
        raise NoSandbox(
            f"{why} Submissions are other people's code and are not run without a sandbox. {way_on()} If you trust all of them, use --no-sandbox."
        )


def as_root(options: Options) -> list[str]:
    """A reminder for who grades with all rights of the machine."""
    if options.dask or not options.sandbox or os.geteuid() != 0:
        return []
    return [
        "You are grading as root. Grade as an ordinary user: code that broke out of the sandbox would have your rights."
    ]


def selected(found: Sequence[Submission], only: Sequence[str]) -> list[Submission]:
    """The submissions of the learners that `only` names: by key or name, a part of it, or a pattern; in any case.

    Who is called exactly so is meant alone: "ann" is not Hanna, where there is an Ann.
    """
    called = {one.learner: {one.learner.casefold(), one.identity.get("name", one.learner).casefold()} for one in found}
    wanted: set[str] = set()
    for pattern in only:
        text = pattern.casefold()
        exactly = {learner for learner, words in called.items() if text in words}
        partly = {learner for learner, words in called.items() if any(fnmatchcase(w, f"*{text}*") for w in words)}
        if not (exactly or partly):
            near = difflib.get_close_matches(pattern, sorted(called), n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"There are {some(sorted(called))}."
            raise GradingError(f"No learner is called {pattern}. {hint}")
        wanted |= exactly or partly
    return [one for one in found if not only or one.learner in wanted]
