"""One submission, from its notebook to its points: grafted, run by nbval in a kernel of its own, marked question by question.

All that touches the inside of nbval and pytest is in this file.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from nbval.plugin import IPyNbFile

from course.authoring.notebook import Notebook, code_cells, parse
from course.authoring.release import exercise_of
from course.checks.judge import Marking
from course.grading.graft.cells import cells_of
from course.grading.graft.grafting import Grafted, graft
from course.grading.graft.matching import ANSWER, CHECK, EXTRA, GIVEN
from course.grading.intake.inspection import Unreadable, notebook_of
from course.grading.marking.evidence import Evidence
from course.grading.marking.questions import Cells, mark
from course.grading.marking.similarity import fingerprint, own_digest
from course.grading.model import FAILED, GRADED, NOT_GRADABLE, GradingError, Job, QuestionResult, Result
from course.grading.records.environment import versions
from course.grading.records.plan import ungraded
from course.grading.sandbox.clean import CleanProcess
from course.grading.sandbox.graded_kernel import ERROR, OK, GradedKernel, Reply
from course.grading.sandbox.launcher import Launcher

_MARK = "course_grading"
_FILE = re.compile(r"\((?:<[^<>]{1,60}>|[\w.-]{1,60}), line (\d{1,9})\)")
# What a cell is called that belongs to no question.
_ELSEWHERE = {GIVEN: "A cell of the exercise", CHECK: "A check", EXTRA: "An extra cell", ANSWER: "An answer"}
# What pytest does for tests' sake is left out; looking for lost exceptions alone, with all of JAX in memory, takes a third of a second.
_WITHOUT = ("cacheprovider", "logging", "faulthandler", "unraisableexception", "threadexception")
_PYTEST = ("-q", "-s", "--no-header", "--tb=no", *(word for name in _WITHOUT for word in ("-p", f"no:{name}")))


def examine(
    job: Job, launcher: Launcher, markings: Mapping[str, Marking], evidence: Mapping[str, Evidence] | None = None
) -> Result:
    """Grade one submission. Never raises for what the submission holds or does.

    Args:
        job: what to grade.
        launcher: starts its kernel.
        markings: of the lesson's exercises, by name, in the lesson's order.
        evidence: of those that ask for a way of doing it.
    """
    start = time.monotonic()
    try:
        submitted = notebook_of(job.content, job.submission.shown)
    except Unreadable as error:
        return ungraded(job.submission, job.key, job.settings, NOT_GRADABLE, str(error.reason), error.reason.told)
    grafted = graft(parse(job.solution, "the solution"), submitted)
    try:
        kernel = GradedKernel(launcher, job.settings.limits)
    except GradingError as error:
        return ungraded(job.submission, job.key, job.settings, FAILED, str(error))
    clean = CleanProcess(launcher)
    examiner = _Examiner(kernel, markings, grafted, evidence, clean)
    try:
        _run(grafted.notebook, examiner)
        questions = tuple(examiner.result(name) for name in markings)
    except GradingError as error:
        return ungraded(job.submission, job.key, job.settings, FAILED, str(error))
    finally:
        kernel.stop()
        clean.close()
    given = _released(job.solution)
    return Result(
        key=job.key,
        learner=job.submission.learner,
        lesson=job.submission.lesson,
        shown=job.submission.shown,
        status=GRADED,
        seed=job.settings.seed,
        questions=questions,
        notes=grafted.notes,
        limits=tuple(dict.fromkeys(examiner.elsewhere)),
        fingerprint=fingerprint(grafted.answers.values(), given),
        own_digest=own_digest((cell.source for cell in cells_of(submitted)[0] if cell.code), given),
        sandbox="bubblewrap" if job.settings.sandbox else "none",
        kernel="warm" if job.settings.warm else "cold",
        seconds=time.monotonic() - start,
        peak_mb=kernel.peak_bytes / 1e6,
        versions=versions(),
    )


class _Examiner:
    """A plugin of pytest: gives nbval its kernel, remembers what became of each cell, and marks a question after its check."""

    def __init__(
        self,
        kernel: GradedKernel,
        markings: Mapping[str, Marking],
        grafted: Grafted,
        evidence: Mapping[str, Evidence] | None = None,
        clean: CleanProcess | None = None,
    ) -> None:
        self.kernel, self._markings, self._evidence, self._clean = kernel, markings, evidence or {}, clean
        self._results: dict[str, QuestionResult] = {}
        self._cells = {name: Cells(grafted.answers.get(name, ""), name not in grafted.missing) for name in markings}
        # Limits that were hit in cells of no question, or after its check.
        self.elsewhere: list[str] = []
        self.broke: BaseException | None = None

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Notebooks, with our kernel."""
        return _File.from_parent(parent, path=file_path, examiner=self) if file_path.suffix == ".ipynb" else None

    def pytest_runtest_teardown(self, item: Any) -> None:
        """After each cell."""
        about = item.cell.metadata.get(_MARK, {})
        role, name = about.get("role", EXTRA), about.get("question", "")
        reply, cells = self.kernel.last, self._cells.get(name)
        if role == ANSWER and cells:
            if reply.status not in (OK, ERROR):
                cells.limits += reply.limits
            elif reply.status == ERROR:
                cells.errors.append(_error(reply.content))
        elif reply.status not in (OK, ERROR):
            hits = cells.around if cells and name not in self._results else self.elsewhere
            hits.append(_hit(reply, role, name, item.cell.source))
        if role == CHECK and cells:
            try:
                self._results[name] = mark(
                    self.kernel, self._markings[name], cells, self._evidence.get(name), self._clean
                )
            except BaseException as error:
                # pytest would only count it.
                self.broke = error
                raise

    def result(self, name: str) -> QuestionResult:
        """How a question came out.

        Raises:
            GradingError: its check was not reached; `course grade` refuses a solution that has none.
        """
        if name not in self._results:
            raise GradingError(f"The solution has no check cell for `{name}`, so it was not graded. Fix the solution.")
        return self._results[name]


class _File(IPyNbFile):  # type: ignore[misc]
    """nbval's notebook file: its outputs are compared with nothing, and its kernel is ours."""

    def __init__(self, *args: Any, examiner: _Examiner, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.compare_outputs = False
        self._examiner = examiner

    def setup(self) -> None:
        self.kernel = self._examiner.kernel

    def teardown(self) -> None:
        """The kernel is ended by who began it."""


def _run(notebook: Notebook, examiner: _Examiner) -> None:
    with tempfile.TemporaryDirectory(prefix="grade-") as folder:
        file = Path(folder) / "submission.ipynb"
        file.write_text(json.dumps(notebook), encoding="utf-8")
        # No configuration file of whoever runs this is read.
        options = ("--rootdir", folder, "-c", os.devnull, "-p", "nbval.plugin", "--color=no")
        code = pytest.main([*_PYTEST, *options, str(file)], plugins=[examiner])
    if examiner.broke is not None:
        raise examiner.broke
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise GradingError(f"nbval could not run the grafted notebook ({code!r}).")


@cache
def _released(solution: str) -> tuple[str, ...]:
    """The code of the exercise as it was released: what everybody has is no likeness."""
    exercise = exercise_of(parse(solution, "the solution"), "the solution")
    return tuple(cell["source"] for _, cell in code_cells(exercise))


def _hit(reply: Reply, role: str, name: str, source: str) -> str:
    """What ended a cell that answers no question, with which cell it was."""
    calls = " called it" if name and re.search(rf"\b{re.escape(name)}\(", source) else ""
    place = {GIVEN: "The example cell", CHECK: "The check"}.get(role, "An extra cell") if name else _ELSEWHERE[role]
    below = f" of `{name}`" if role == CHECK else f" below `{name}`{calls}" if name else ""
    said = " ".join(reply.limits)
    return f"{place}{below}: {said[:1].lower()}{said[1:]}"


def _error(content: Mapping[str, Any]) -> str:
    """An error of a cell in one line; it comes from the kernel, so that it may be anything."""
    kind, said = str(content.get("ename", "an error"))[:60], str(content.get("evalue", "")).strip()
    # A cell has no file, but a number of IPython's making.
    said = _FILE.sub(r"(line \1)", said)
    return f"{kind}: {said.splitlines()[0][:300]}" if said else kind
