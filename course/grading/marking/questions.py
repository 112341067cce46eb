"""Mark a question: try what the learner wrote on hidden inputs, and have the verdict made on this side."""

from __future__ import annotations

import difflib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from course.checks import kinds, wire
from course.checks.exercise import Case, World
from course.checks.judge import Marking
from course.checks.outcome import Failure, Outcome
from course.checks.verdict import Verdict
from course.grading.graft.source_code import read_code
from course.grading.marking.evidence import Evidence
from course.grading.model import MISSING, NOT_WRITTEN, PARTLY, RIGHT, STOPPED, WRONG, QuestionResult
from course.grading.sandbox.clean import CleanProcess
from course.grading.sandbox.graded_kernel import ERROR, OK, TIME, GradedKernel, Reply
from course.grading.sandbox.inside import AGENT, ANSWER

# Beyond an exercise's own limit, which is kept inside the kernel: to send, to wake up, to answer (s).
_MARGIN_S = 5.0
# What an outcome's failure is called.
_NOT_WRITTEN, _LATE, _STOPPED = "NotImplementedError", "TookTooLong", "Stopped"
# With nothing else than these, a limit ended the question.
_ENDED = {_LATE, _STOPPED, "MemoryError"}


@dataclass
class Cells:
    """What became of the cells of a question, before its check.

    Attributes:
        code: what the learner wrote for it.
        found: there was a cell for it.
        errors: what went wrong when that was run.
        limits: limits that it hit then.
        around: limits that the cells between it and its check hit, as sentences that say where.
    """

    code: str = ""
    found: bool = True
    errors: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    around: list[str] = field(default_factory=list)


def mark(
    kernel: GradedKernel,
    marking: Marking,
    cells: Cells,
    evidence: Evidence | None = None,
    clean: CleanProcess | None = None,
) -> QuestionResult:
    """The result of one question, whatever the kernel says or does.

    Args:
        kernel: in which the learner's cells have been run.
        marking: of the exercise.
        cells: the question's, which were run.
        evidence: of the way, where the exercise asks for one.
        clean: runs programs, for the evidence.

    Raises:
        GradingError: no clean process could be started.
    """
    asked = _Asked(kernel, marking)
    start = time.monotonic()
    got = marking.collect(asked.attempt)
    name = marking.exercise.name
    question = QuestionResult(
        name=name,
        state=STOPPED if cells.limits else MISSING,
        points=0.0,
        possible=float(marking.exercise.points),
        cases=len(got),
        text=tuple(_missing(name, cells)),
        limits=tuple(dict.fromkeys((*cells.limits, *cells.around, *asked.limits))),
        code=cells.code,
        seconds=time.monotonic() - start,
    )
    if asked.missing or (not cells.found and _unwritten(got)):
        return replace(question, headline=f"{name}: {question.state}")
    verdict = marking.verdict(got, code := kinds.own(cells.code, name))
    # The way of an answer that is wrong anyway is of no interest.
    if evidence and clean and verdict.cases_passed and (failure := evidence.why_not(asked.brought, clean)):
        verdict = marking.verdict(got, code, how=failure)
    headline, said, mistake = verdict.public()
    return replace(
        question,
        state=_state(verdict, got),
        points=verdict.points,
        cases_passed=verdict.cases_passed,
        headline=headline,
        text=(*said, *(f"A cell of this question stopped with `{_plain(error)}`." for error in cells.errors)),
        mistake=mistake or "",
        failed=verdict.failed,
        free=verdict.free,
    )


def _unwritten(got: Sequence[Outcome]) -> bool:
    return all(one.failure and one.failure.kind == _NOT_WRITTEN for one in got)


def _state(verdict: Verdict, got: Sequence[Outcome]) -> str:
    if verdict.passed:
        return RIGHT
    if verdict.points:
        return PARTLY
    if verdict.cases_passed:
        return WRONG
    if _unwritten(got):
        return NOT_WRITTEN
    return STOPPED if all(one.failure and one.failure.kind in _ENDED for one in got) else WRONG


def _missing(name: str, cells: Cells) -> Iterator[str]:
    """Why nothing has the question's name when its check is reached, and what to do."""
    if not cells.found:
        yield f"Your notebook has no cell for `{name}`. Copy it from a fresh exercise notebook."
        return
    yield f"When its check runs, there is nothing called `{name}`."
    for error in cells.errors:
        yield f"The cell that should define it stopped with `{_plain(error)}`."
    defined = sorted(read_code(cells.code).defines)
    likely = defined if len(defined) == 1 else difflib.get_close_matches(name, defined, n=1)
    if likely and not cells.errors:
        yield f"Your cell defines `{likely[0]}`: rename it to `{name}`."


def _plain(text: str) -> str:
    return text.replace("`", "'")


class _Asked:
    """Tries one exercise in a kernel, case by case.

    Attributes:
        missing: nothing has the exercise's name.
        limits: the limits that were hit, as sentences.
        fatal: the kernel was lost, or the time is up.
    """

    def __init__(self, kernel: GradedKernel, marking: Marking) -> None:
        self._kernel, self._exercise = kernel, marking.exercise
        self.missing = self.fatal = False
        self.limits: list[str] = []

    def attempt(self, case: Case) -> Outcome:
        """What came of one case."""
        if self.missing or self.fatal:
            return Outcome(
                failure=Failure(_STOPPED, "it was not tried on this input, because of what happened on an earlier one")
            )
        world = self._exercise.world(*case.args) if self._exercise.world else None
        return self._brought(self._exercise.address, None if world else case.args, world)

    def brought(self, address: str, args: Sequence[Any]) -> Outcome:
        """What another probe brings back."""
        return self._brought(address, tuple(args), None)

    def _brought(self, address: str, args: tuple[Any, ...] | None, world: World | None) -> Outcome:
        exercise = self._exercise
        given = None if args is None else json.dumps(wire.encode(args))
        call = f"({address!r}, {exercise.name!r}, {given!r}, {exercise.limit_s!r})"
        # The agent by way of the table of modules: the notebook's names are the learner's.
        expression = f"__import__('sys').modules[{AGENT!r}].probe{call}"
        ask, seconds = world.ask if world else None, exercise.limit_s + _MARGIN_S
        reply = self._kernel.ask(expression, seconds, ask, late=self._late)
        outcome = self._outcome(reply)
        self.limits += reply.limits
        if outcome.failure and outcome.failure.kind == _LATE:
            others = self._kernel.others(reply.processes)
            if reply.status != TIME:
                self.limits += [self._late, *others]  # it was stopped inside of the kernel
            if others:
                said = f"{outcome.failure.message}, and it had started another process"
                outcome = replace(outcome, failure=replace(outcome.failure, message=said))
        return outcome

    @property
    def _late(self) -> str:
        limit = f"{self._exercise.limit_s:g} seconds, the limit for one input of `{self._exercise.name}`"
        return f"One input took longer than {limit}, and was stopped."

    def _outcome(self, reply: Reply) -> Outcome:
        if reply.status not in (OK, ERROR):
            self.fatal = True
            kind = _LATE if reply.status == TIME else _STOPPED
            limit = f"it had not finished after {self._exercise.limit_s:g} seconds"
            return Outcome(failure=Failure(kind, limit if reply.status == TIME else " ".join(reply.limits)))
        try:
            data = json.loads(reply.content[ANSWER])
            if data.get("missing") is True:
                self.missing = True
                return Outcome(failure=Failure("NameError", "it is not defined"))
            return wire.decode_outcome(data["outcome"])
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            return Outcome(failure=Failure("NoAnswer", "the kernel gave no answer that could be read"))
