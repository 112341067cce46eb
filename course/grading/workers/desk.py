"""The grading process: a job comes in as a line of JSON, its result goes out as one. Started by worker.py."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from course.checks.judge import Marking, marking
from course.checks.registry import exercises
from course.grading.marking.evidence import Evidence
from course.grading.marking.examination import examine
from course.grading.model import FAILED, GRADED, GradingError, Job, Limits, Settings, job_from_json, to_json
from course.grading.records.plan import ungraded
from course.grading.sandbox.compiled import compiled, reading, writing
from course.grading.sandbox.launcher import Launcher, Zygote
from course.grading.sandbox.package import write_package
from course.grading.sandbox.withheld import CACHE, withhold
from course.grading.storage import cannot_write


class Desk:
    """What is made once: for all submissions the warm process, and for those of a lesson the markings and the launcher."""

    def __init__(self, folder: Path) -> None:
        """`folder` is for its files; whoever calls removes it."""
        self._folder = folder
        self._package = write_package(folder / "package")
        self._zygote = Zygote(self._package)
        self._for: tuple[str, Settings] | None = None
        self._launcher: Launcher | None = None
        self._markings: dict[str, Marking] = {}
        self._evidence: dict[str, Evidence] = {}

    def grade(self, job: Job) -> dict[str, Any]:
        """The job's result, as JSON."""
        # Limits are those of the next kernel; all else belongs to the launcher or to the markings.
        wanted = (job.submission.lesson, replace(job.settings, limits=Limits()))
        if self._for != wanted:
            self._for = None
            self._launcher, self._markings = self._prepared(job)
            asked = ((name, one.exercise) for name, one in self._markings.items())
            self._evidence = {name: Evidence(one, one.how, job.settings.seed) for name, one in asked if one.how}
            self._for = wanted
        assert self._launcher is not None
        self._launcher.settings = job.settings
        return to_json(examine(job, self._launcher, self._markings, self._evidence))

    def _prepared(self, job: Job) -> tuple[Launcher, dict[str, Marking]]:
        """The launcher of a lesson's kernels, and the markings of its exercises."""
        if job.settings.warm:
            # It imports for seconds, on another core, while the references are computed here.
            self._zygote.begin()
        markings = {name: marking(one, job.settings.seed) for name, one in exercises(job.submission.lesson).items()}
        data = Path(tempfile.mkdtemp(dir=self._folder, prefix="data-"))
        shown = withhold((case for one in markings.values() for case in one.cases), data)
        # Without a sandbox nothing can be put in the place of another file; the cache is found all the same.
        env = {"COURSE_CACHE": str(CACHE if job.settings.sandbox else data)} if shown else {}
        # The kernels read what the solution has compiled, where that could be kept.
        if folder := compiled(job.solution, lambda into: self._fill(into, job, markings, env)):
            shown, env = {**shown, folder: folder}, {**env, **reading(folder)}
        return self._launch(job.settings, shown, env), markings

    def _fill(self, into: Path, job: Job, markings: Mapping[str, Marking], env: Mapping[str, str]) -> bool:
        """Grade the solution itself, which is no stranger's code, so that what it compiles lies in `into`. Whether it was graded."""
        settings = Settings(job.settings.seed, sandbox=False, warm=job.settings.warm)
        own = replace(job, content=job.solution.encode(), settings=settings)
        return examine(own, self._launch(settings, {}, {**env, **writing(into)}), markings).status == GRADED

    def _launch(self, settings: Settings, shown: Mapping[Path, Path], env: Mapping[str, str]) -> Launcher:
        return Launcher(settings, self._package, shown, env, self._zygote)

    def close(self) -> None:
        """End the warm process."""
        self._zygote.close()


def main() -> None:
    """Grade until the standard input ends."""
    # Results go out by a channel of their own: whatever else prints must not come between them.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    signal.signal(signal.SIGTERM, _leave)
    with _desk() as desk:
        for line in sys.stdin:
            job = job_from_json(json.loads(line))
            out.write(json.dumps(_graded(desk, job)) + "\n")
            out.flush()


def _graded(desk: Desk | _NoDesk, job: Job) -> dict[str, Any]:
    try:
        return desk.grade(job)
    except GradingError as error:
        problem = str(error)
    except OSError as error:
        problem = _no_room(error)
    except Exception as error:
        # Not the submission's fault, and no reason to stop: the instructor reads what broke.
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "an unknown place"
        problem = f"An error of the grader: {type(error).__name__}: {error} ({where})."
    return to_json(ungraded(job.submission, job.key, job.settings, FAILED, problem))


def _no_room(error: OSError) -> str:
    """What is wrong with this machine's disk, as a sentence. What a submission's code meets is its own affair, and never raised here."""
    return str(cannot_write(error.filename or tempfile.gettempdir(), error, "Then grade again."))


class _NoDesk:
    """Stands where the files of a :class:`Desk` could not be written: it says so of each job."""

    def __init__(self, problem: str) -> None:
        self._problem = problem

    def grade(self, job: Job) -> dict[str, Any]:
        """Says why it can't be graded."""
        raise GradingError(self._problem)

    def close(self) -> None:
        """There is nothing to end."""


@contextlib.contextmanager
def _desk() -> Iterator[Desk | _NoDesk]:
    with contextlib.ExitStack() as stack:
        desk: Desk | _NoDesk
        try:
            desk = Desk(
                Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True)))
            )
        except OSError as error:
            desk = _NoDesk(_no_room(error))
        stack.callback(desk.close)
        yield desk


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
