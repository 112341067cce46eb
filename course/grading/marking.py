"""Mark a question: try what the learner wrote on hidden inputs, and have the verdict made on this side."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from course.checks import wire
from course.checks.exercise import Case
from course.checks.judge import Marking
from course.checks.outcome import Failure, Outcome
from course.checks.verdict import Verdict
from course.grading.inside import AGENT, ANSWER
from course.grading.kernel import ERROR, OK, TIME, GradedKernel, Reply
from course.grading.model import MISSING, NOT_WRITTEN, PARTLY, RIGHT, STOPPED, WRONG, QuestionResult

# Beyond an exercise's own limit, which is kept inside the kernel: to send, to wake up, to answer (s).
_MARGIN_S = 5.0
_NOT_WRITTEN = "NotImplementedError"


def mark(
    kernel: GradedKernel, marking: Marking, code: str, errors: Sequence[str], limits: Sequence[str]
) -> QuestionResult:
    """The result of one question, whatever the kernel says or does.

    Args:
        kernel: in which the learner's cells have been run.
        marking: of the exercise.
        code: what the learner wrote for it.
        errors: what went wrong when that was run.
        limits: limits that it hit then.
    """
    asked = _Asked(kernel, marking)
    start = time.monotonic()
    got = marking.collect(asked.attempt)
    seconds = time.monotonic() - start
    possible = float(marking.exercise.points)
    hits = tuple(dict.fromkeys((*limits, *asked.limits)))
    name = marking.exercise.name
    if asked.missing:
        state, headline = (STOPPED, f"{name}: stopped") if limits else (MISSING, f"{name}: not there")
        why = f"When its check is reached, nothing is called `{name}`."
        text = (why, *(f"The cell that should define it stopped with `{_plain(error)}`." for error in errors))
        return QuestionResult(name, state, 0.0, possible, 0, len(got), headline, text, "", hits, code, seconds)
    verdict = marking.verdict(got)
    headline, said, mistake = verdict.public()
    said = (*said, *(f"A cell of this question stopped with `{_plain(error)}`." for error in errors))
    return QuestionResult(
        name=name,
        state=_state(verdict, got, asked.fatal),
        points=verdict.points,
        possible=possible,
        cases_passed=verdict.cases_passed,
        cases=verdict.cases,
        headline=headline,
        text=said,
        mistake=mistake or "",
        limits=hits,
        code=code,
        seconds=seconds,
    )


def _state(verdict: Verdict, got: Sequence[Outcome], fatal: bool) -> str:
    if verdict.passed:
        return RIGHT
    if verdict.cases_passed:
        return PARTLY
    if fatal:
        return STOPPED
    unwritten = all(one.failure and one.failure.kind == _NOT_WRITTEN for one in got)
    return NOT_WRITTEN if unwritten else WRONG


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
            return Outcome(failure=Failure("Stopped", "it was not tried on this input, after what came before"))
        exercise = self._exercise
        world = exercise.world(*case.args) if exercise.world else None
        args = None if world else json.dumps(wire.encode(case.args))
        call = f"({exercise.address!r}, {exercise.name!r}, {args!r}, {exercise.limit_s!r})"
        # The agent by way of the table of modules: the notebook's names are the learner's.
        expression = f"__import__('sys').modules[{AGENT!r}].probe{call}"
        reply = self._kernel.ask(expression, exercise.limit_s + _MARGIN_S, world.ask if world else None)
        self.limits += reply.limits
        return self._outcome(reply)

    def _outcome(self, reply: Reply) -> Outcome:
        if reply.status not in (OK, ERROR):
            self.fatal = True
            kind = "TookTooLong" if reply.status == TIME else "Stopped"
            limit = f"it had not ended after {self._exercise.limit_s:g} seconds"
            return Outcome(failure=Failure(kind, limit if reply.status == TIME else " ".join(reply.limits)))
        try:
            data = json.loads(reply.content[ANSWER])
            if data.get("missing") is True:
                self.missing = True
                return Outcome(failure=Failure("NameError", "it is not defined"))
            return wire.decode_outcome(data["outcome"])
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            return Outcome(failure=Failure("NoAnswer", "the kernel gave no answer that can be read"))
