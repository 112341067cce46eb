"""From what came back to a verdict: which cases are right, which known mistake it is, or where it goes wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache, partial
from typing import Any

import jax
import numpy as np

from course import settings
from course.checks import kinds
from course.checks.compare import Told, difference, equal, public
from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.kinds.repairs import repaired
from course.checks.kinds.stand_ins import stand_ins
from course.checks.nothing import idle
from course.checks.outcome import Failure, Outcome, run
from course.checks.plain import plain
from course.checks.verdict import Verdict
from course.checks.wording import LINES, NOT_WRITTEN, PRINTS, explain, facts, where

# Seconds for a changed function on one case: a change may make an endless loop.
_A_TRY_S = 2.0


def attempt(exercise: Exercise, function: Callable[..., Any], case: Case) -> Outcome:
    """Try ``function`` on a case in this process; what came is raw, as it would come from another one."""
    given = (exercise.world(*case.args).ask,) if exercise.world else case.args
    return run(function, exercise.probe, given, exercise.limit_s)


def measured(exercise: Exercise, case: Case, raw: Outcome) -> Outcome:
    """The outcome that is compared, made of a raw one; never raises for what came."""
    try:
        if raw.failure is None:
            return replace(raw, value=exercise.measure(raw.value, *case.args))
        said = exercise.explain(raw.failure, raw.value, *case.args) if exercise.explain else None
        failure = replace(raw.failure, kind="WrongAnswer", message=said) if said else raw.failure
        return Outcome(None, failure, raw.printed)
    except WrongAnswer as error:
        failure = Failure("WrongAnswer", str(error), error.line, error.source, error.mark)
        return Outcome(None, failure, raw.printed)
    except Exception as error:
        return Outcome(None, raw.failure or Failure("WrongAnswer", _unreadable(error)), raw.printed)


def outcomes(exercise: Exercise, function: Callable[..., Any], cases: Sequence[Case]) -> list[Outcome]:
    """Run ``function`` on every case, and measure. After the first that takes too long, the rest count as such."""
    tries = in_turn(cases, partial(attempt, exercise, function))
    return [measured(exercise, case, raw) for case, raw in zip(cases, tries, strict=True)]


def in_turn(cases: Sequence[Case], attempt: Callable[[Case], Outcome]) -> Iterator[Outcome]:
    """The outcome of one attempt a case; after the first that takes too long, the rest are not tried but count as such."""
    last: Outcome | None = None
    for case in cases:
        last = last if last and _took_too_long(last) else attempt(case)
        yield last


def _took_too_long(outcome: Outcome) -> bool:
    return outcome.failure is not None and outcome.failure.kind == "TookTooLong"


def wrongness(exercise: Exercise, case: Case, got: Outcome, want: Outcome) -> str | None:
    """None where the case is right, else a sentence that says what is wrong with it."""
    if got.failure:
        return (
            got.failure.message if got.failure.kind == "WrongAnswer" else f"{got.failure.kind}: {got.failure.headline}"
        )
    try:
        if exercise.accept:
            # None is said by the general comparison, so that no exercise has to say it again.
            return _no_answer(got.value) or exercise.accept(got.value, want.value, *case.args)
        return difference(got.value, want.value, exercise.rtol, exercise.atol, exercise.parts)
    except Exception as error:
        return _unreadable(error)


def _unreadable(error: Exception) -> Told:
    text, wrong = str(error), "the answer can't be read as numbers"
    return Told(f"{wrong} ({type(error).__name__}: {text.splitlines()[0] if text else ''}).", f"{wrong}.")


def _no_answer(value: Any) -> str | None:
    return difference(None, 0.0, 0, 0) if value is None else None


def _same(one: Outcome, other: Outcome, exercise: Exercise, strict: bool) -> bool:
    if one.failure and other.failure:
        if one.failure.mark or other.failure.mark:
            return one.failure.mark == other.failure.mark
        return one.failure.kind == other.failure.kind and (not strict or one.failure.headline == other.failure.headline)
    if one.failure or other.failure:
        return False
    return equal(one.value, other.value, exercise.rtol, exercise.atol)


class Marking:
    """One exercise on the inputs of one seed: all that its verdicts need, computed once for however many answers.

    Attributes:
        exercise: whose answers are judged.
        cases: the inputs.

    Raises:
        RuntimeError: the reference fails on an input.
    """

    @settings.own()
    def __init__(self, exercise: Exercise, seed: int = 0) -> None:
        self.exercise = exercise
        self.cases = exercise.draw(seed)
        if right := exercise.right:
            self._want = [Outcome(plain(right(*case.args))) for case in self.cases]
        else:
            self._want = outcomes(exercise, exercise.reference, self.cases)
        # What the mistakes give, as far as it was needed: by the mistake's name and the case.
        self._known: dict[str, dict[int, Outcome]] = {}
        self._made: tuple[Mistake, ...] | None = None
        for case, outcome in zip(self.cases, self._want, strict=True):
            if outcome.failure:
                raise RuntimeError(
                    f"the reference answer of {exercise.name} fails on {case.label!r}: {outcome.failure}"
                )

    @settings.own()
    def collect(self, attempt: Callable[[Case], Outcome]) -> list[Outcome]:
        """The raw outcome of one attempt a case; after the first that takes too long, the rest are not tried but count as such."""
        return list(in_turn(self.cases, attempt))

    @settings.own()
    def verdict(
        self,
        got: Sequence[Outcome],
        code: str = "",
        mend: Callable[[int], str | None] | None = None,
        how: Failure | None = None,
    ) -> Verdict:
        """The verdict on raw outcomes, one a case; they may come from another process, and one that lies.

        Args:
            got: the outcomes.
            code: what the learner wrote, where it is known; it is read, not run.
            mend: looks for one change that would make the answer right, where nothing else is known of it; it is given the number
                of a wrong case.
            how: what is wrong with the way, if that is known from elsewhere. Then no case is right in which the way matters.

        Raises:
            ValueError: there are not as many as cases.
        """
        exercise, cases, want = self.exercise, self.cases, self._want
        last = got[-1] if got else Outcome()
        got = [measured(exercise, case, raw) for case, raw in zip(cases, got, strict=True)]
        sentences = [wrongness(exercise, c, g, w) for c, g, w in zip(cases, got, want, strict=True)]
        if how and exercise.how:
            for i, case in enumerate(cases):
                if sentences[i] is None and exercise.how.tells(*case.args):
                    got[i], sentences[i] = Outcome(None, how, got[i].printed), how.message
        right = [sentence is None for sentence in sentences]
        name, n, k = exercise.name, len(cases), sum(right)
        free = self.free if 0 < k < n else 0
        say = partial(Verdict, name, cases_passed=k, cases=n, free=free, points_possible=exercise.points)
        if all(right):
            remark = exercise.remark(last.value, *cases[-1].args) if exercise.remark else None
            more = (*((remark,) if remark else ()), *((PRINTS,) if got[0].printed else ()))
            return say(True, f"{name}: right, on all {n} inputs", more)
        if all(g.failure and g.failure.kind == "NotImplementedError" for g in got):
            return say(False, f"{name}: not written yet", (NOT_WRITTEN,))

        worst = min((i for i in range(n) if not right[i]), key=lambda i: _obscurity(exercise, cases[i]))
        if _took_too_long(got[worst]):  # those after the first were not tried
            worst = next(i for i in range(n) if _took_too_long(got[i]))
        mistake = self.recognize(got, right) or self._of_mark(got, worst)
        text: tuple[str, ...] = (
            (mistake.hint,) if mistake else explain(cases[worst], got[worst], sentences[worst] or "")
        )
        if not mistake:
            kind = self._kind(got, right, worst, code, mend) or kinds.of_sentence(sentences[worst] or "", code)
            text = (text[0], kind) if kind else text
        return say(
            False,
            f"{name}: not right yet ({k} of {n} inputs right)",
            text,
            facts(exercise, cases[worst], got[worst], want[worst], mistake is not None, LINES - 1 - _height(text)),
            mistake=mistake.name if mistake else None,
            public_text=(*map(public, text), *where(got[worst].failure)),
            failed=tuple(dict.fromkeys(cases[i].label for i in range(n) if not right[i])),
        )

    @cached_property
    @settings.own()
    def free(self) -> int:
        """On how many inputs an answer that does no work is right: the best of those in :mod:`course.checks.nothing`.

        Where each may be guessed, on all but one.
        """
        if self.exercise.whole:
            return len(self.cases) - 1
        most = 0
        for answer in idle(self.exercise, self.cases, self._want, attempt):
            tries = zip(self.cases, self.collect(answer), self._want, strict=True)
            right = sum(
                wrongness(self.exercise, c, measured(self.exercise, c, raw), want) is None for c, raw, want in tries
            )
            most = max(most, right)
        return most

    def _kind(
        self,
        got: Sequence[Outcome],
        right: Sequence[bool],
        worst: int,
        code: str,
        mend: Callable[[int], str | None] | None,
    ) -> str | None:
        """What is said of an answer that is no mistake of the exercise's own: the kind of mistake that it is, or None."""
        failure = got[worst].failure
        if self.exercise.chosen:
            return None
        if said := kinds.of_code(code):
            return said
        if failure:  # the error's meaning, or a finding's own sentence, has been said
            return None
        numbers = partial(kinds.of_numbers, self.exercise, self.cases, got, self._want, code)
        if said := numbers():
            return said
        if mend and (said := mend(worst)):
            return said
        if not any(one.failure for one in got) and (made := self._recognize(self._stand_ins(), got, right)):
            return made.hint
        return numbers(loose=True) or kinds.unused(code)

    def _stand_ins(self) -> tuple[Mistake, ...]:
        """The mistakes that are made of the reference."""
        if self._made is None:
            case = self.cases[0 if self.exercise.world else -1]
            self._made = stand_ins(self.exercise, lambda function: attempt(self.exercise, function, case))
        return self._made

    def recognize(self, got: Sequence[Outcome], right: Sequence[bool]) -> Mistake | None:
        """The known mistake whose answers equal the learner's, as measured, on every case, or None.

        A mistake that also raises on some cases matches by the class of the exception if its values match on another case that
        is wrong; one that only raises matches by the first line of the message too, as a class alone says little.
        """
        return self._recognize(self.exercise.mistakes, got, right)

    def _recognize(self, mistakes: Sequence[Mistake], got: Sequence[Outcome], right: Sequence[bool]) -> Mistake | None:
        for mistake in mistakes:
            # Most mistakes differ on the first case already; running them on all would let the learner wait for their compiles.
            if not all(_same(answer, self._answer(mistake, i), self.exercise, False) for i, answer in enumerate(got)):
                continue
            theirs = [self._answer(mistake, i) for i in range(len(got))]
            if theirs[0].failure and theirs[0].failure.kind == "NotImplementedError":
                continue
            valued = any(not t.failure and not ok for t, ok in zip(theirs, right, strict=True))
            if valued or all(_same(a, b, self.exercise, True) for a, b in zip(got, theirs, strict=True)):
                return mistake
        return None

    def _of_mark(self, got: Sequence[Outcome], i: int) -> Mistake | None:
        """The only mistake that has the same mark on case i: of several that were made at once, the one that shows there.

        On every other case where something of the same kind is found in the answer, it is found in the mistake, just so.
        """
        found = []
        for mistake in self.exercise.mistakes if _marked(got[i]) else ():
            for j in (i, *(j for j in range(len(got)) if j != i and _kind(got[j]) == _kind(got[i]))):
                if _marked(self._answer(mistake, j)) != _marked(got[j]):
                    break
            else:
                found.append(mistake)
        return found[0] if len(found) == 1 else None

    @settings.own()
    def right(self, first: int, function: Callable[..., Any]) -> bool:
        """Whether a function is right on every case, without taking long; it is tried on the case `first` before the others."""
        quick = replace(self.exercise, limit_s=min(self.exercise.limit_s, _A_TRY_S))
        for i in (first, *(i for i in range(len(self.cases)) if i != first)):
            case = self.cases[i]
            got = measured(self.exercise, case, attempt(quick, function, case))
            if wrongness(self.exercise, case, got, self._want[i]) is not None:
                return False
        return True

    def _answer(self, mistake: Mistake, i: int) -> Outcome:
        """What a mistake gives on case i, measured."""
        known = self._known.setdefault(mistake.name, {})
        if i not in known:
            slow = next((outcome for outcome in known.values() if _took_too_long(outcome)), None)
            raw = slow or attempt(self.exercise, mistake.wrong, self.cases[i])
            known[i] = measured(self.exercise, self.cases[i], raw)
        return known[i]


def _marked(outcome: Outcome) -> str:
    return outcome.failure.mark if outcome.failure else ""


def _kind(outcome: Outcome) -> str:
    """What was found, without how often and how large."""
    return re.sub(r"\d+", "#", _marked(outcome))


def _height(paragraphs: Sequence[str]) -> int:
    return sum(paragraph.count("\n") + 1 for paragraph in paragraphs)


def _obscurity(exercise: Exercise, case: Case) -> tuple[bool, int]:
    """How little a case shows of a mistake: an edge less than a plain input, and of those a large one less than a small one."""
    empty = any(isinstance(arg, list) and not arg for arg in case.args)
    return empty or case.label in exercise.edges, _size(case.args)


def _size(args: tuple[Any, ...]) -> int:
    return sum(int(np.size(leaf)) for leaf in jax.tree.leaves(args) if not callable(leaf))


@lru_cache(maxsize=128)
def marking(exercise: Exercise, seed: int = 0) -> Marking:
    """The marking of an exercise and a seed, which is made once in a process."""
    return Marking(exercise, seed)


def judge(exercise: Exercise, function: Any, seed: int = 0) -> Verdict:
    """Try ``function`` on the cases of ``seed`` and say how it did. Never raises for what the function does."""
    if not callable(function):
        return Verdict(
            exercise.name,
            False,
            f"{exercise.name}: this is not a function",
            (f"check() got {type(function).__name__}.",),
        )
    marks = marking(exercise, seed)
    code = kinds.source_of(function)
    verdict = marks.verdict(
        marks.collect(partial(attempt, exercise, function)),
        code,
        lambda i: repaired(function, code, partial(marks.right, i)),
    )
    if verdict.passed or verdict.mistake or verdict.text == (NOT_WRITTEN,):
        return verdict
    return replace(verdict, text=(*verdict.text, *settings.left_behind()))
