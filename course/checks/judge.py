"""From what came back to a verdict: which cases are right, which known mistake it is, or where it goes wrong."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np

from course.checks.compare import describe, difference, equal
from course.checks.exercise import Case, Exercise, call
from course.checks.outcome import Outcome, run
from course.checks.verdict import Verdict


def outcomes(exercise: Exercise, function: Callable[..., Any], cases: Sequence[Case]) -> list[Outcome]:
    """Run ``function`` on every case. After the first that takes too long, the rest are not run but count as such."""
    return list(_one_by_one(exercise, function, cases))


def _one_by_one(exercise: Exercise, function: Callable[..., Any], cases: Sequence[Case]) -> Iterator[Outcome]:
    slow: Outcome | None = None
    for case in cases:
        outcome = slow or run(function, exercise.probe, case.args, exercise.limit_s)
        if outcome.failure and outcome.failure.kind == "TookTooLong":
            slow = outcome
        yield outcome


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
        return f"the answer can't be read as numbers ({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''})."


def _no_answer(value: Any) -> str | None:
    return difference(None, 0.0, 0, 0) if value is None else None


def _same(one: Outcome, other: Outcome, exercise: Exercise, strict: bool) -> bool:
    if one.failure and other.failure:
        return one.failure.kind == other.failure.kind and (not strict or one.failure.headline == other.failure.headline)
    if one.failure or other.failure:
        return False
    return equal(one.value, other.value, exercise.rtol, exercise.atol)


def recognize(exercise: Exercise, cases: Sequence[Case], got: Sequence[Outcome], right: Sequence[bool]) -> str | None:
    """The name of the known mistake whose answers equal the learner's on every case, or None.

    A mistake that also raises on some cases matches by the class of the exception if its values match on another case that is
    wrong; one that only raises matches by the first line of the message too, as a class alone says little.
    """
    for mistake in exercise.mistakes:
        theirs: list[Outcome] = []
        # Most mistakes differ on the first case already; running them on all would let the learner wait for their compiles.
        for answer, known in zip(got, _one_by_one(exercise, mistake.wrong, cases), strict=False):
            if not _same(answer, known, exercise, strict=False):
                break
            theirs.append(known)
        if len(theirs) < len(cases) or (theirs[0].failure and theirs[0].failure.kind == "NotImplementedError"):
            continue
        valued = any(not t.failure and not ok for t, ok in zip(theirs, right, strict=True))
        if valued or all(_same(a, b, exercise, strict=True) for a, b in zip(got, theirs, strict=True)):
            return mistake.name
    return None


def judge(exercise: Exercise, function: Any, seed: int = 0) -> Verdict:
    """Try ``function`` on the cases of ``seed`` and say how it did. Never raises for what the function does."""
    if not callable(function):
        return Verdict(
            exercise.name,
            False,
            f"{exercise.name}: this is not a function",
            (f"check() got {type(function).__name__}.",),
        )
    cases = exercise.draw(seed)
    return decide(exercise, cases, outcomes(exercise, function, cases))


def decide(exercise: Exercise, cases: Sequence[Case], got: Sequence[Outcome]) -> Verdict:
    """The verdict on what came back; ``got`` may come from another process."""
    want = outcomes(exercise, exercise.reference, cases)
    for case, outcome in zip(cases, want, strict=True):
        if outcome.failure:
            raise RuntimeError(f"the reference answer of {exercise.name} fails on {case.label!r}: {outcome.failure}")
    sentences = [wrongness(exercise, c, g, w) for c, g, w in zip(cases, got, want, strict=True)]
    right = [sentence is None for sentence in sentences]
    name, n, k = exercise.name, len(cases), sum(right)
    say = partial(Verdict, name, cases_passed=k, cases=n, points_possible=exercise.points)
    if all(right):
        return say(True, f"{name}: right, on all {n} inputs", (_PRINTS,) if got[0].printed else ())
    if all(g.failure and g.failure.kind == "NotImplementedError" for g in got):
        return say(False, f"{name}: not written yet", (_NOT_WRITTEN,))

    headline = f"{name}: not right yet ({k} of {n} inputs right)"
    worst = min((i for i in range(n) if not right[i]), key=lambda i: _size(cases[i].args))
    facts = _facts(exercise, cases[worst], got[worst], want[worst])
    mistake = recognize(exercise, cases, got, right)
    if mistake:
        hint = next(m.hint for m in exercise.mistakes if m.name == mistake)
        return say(False, headline, (hint,), facts, mistake=mistake)
    return say(False, headline, _explain(cases[worst], got[worst], sentences[worst] or ""), facts)


_PRINTS = "It also prints something on each call. That is not wrong, but a function that is called often should not."
_NOT_WRITTEN = "Replace the line `raise NotImplementedError(…)` by your code, run that cell, then this one."


def _size(args: tuple[Any, ...]) -> int:
    return sum(int(np.size(leaf)) for leaf in jax.tree.leaves(args) if not callable(leaf))


def _explain(case: Case, got: Outcome, sentence: str) -> tuple[str, ...]:
    if got.failure is None:
        if got.value is None and got.printed.strip():
            return (
                "It printed something and returned None. Printing shows a value to you; `return` hands it to the caller, and that is what counts.",
            )
        return (f"On {case.label}: {sentence}",)
    kind = got.failure.kind
    if kind == "TookTooLong":
        return (f"On {case.label}: {got.failure.message}, so it was stopped. Is there a loop that never ends?",)
    if kind == "WrongAnswer":
        return (f"On {case.label}: {got.failure.message}",)
    if kind == "NotImplementedError":
        return (f"On {case.label} it reaches a line that is not written yet.",)
    advice = _ADVICE.get(kind) or next((a for key, a in _ADVICE.items() if key in got.failure.message), None)
    if got.failure.line is None and kind == "TypeError" and "argument" in got.failure.message:
        advice = "It could not be called. Keep its first line, the one with `def`, as the exercise gives it."
    return (f"On {case.label} it stopped with an error.", *([advice] if advice else []))


# What JAX's own errors mean, by the exception's class or by words of its message.
_ADVICE = {
    "UnexpectedTracerError": (
        "A tracer leaked: a value from inside a function that `jit`, `grad` or `vmap` was reading was kept outside of it (in a global or a list), "
        "and used later. Return it instead."
    ),
    "JAX arrays are immutable": "JAX arrays don't change. `y = x.at[i].set(v)` makes a new array with the change in it.",
    "assignment destination is read-only": "The input belongs to the caller and doesn't change. Make a new array, and change or return that.",
    "TracerBoolConversionError": "Inside `jit` a value is not known yet, so Python's `if` can't look at it. `jnp.where(condition, a, b)` can.",
    "ConcretizationTypeError": "Inside `jit` a value is not known yet, so it can't become a Python number.",
    "SystemExit": "It calls `exit()`, which ends the whole program. A function ends with `return`.",
    "RecursionError": "It calls itself without end.",
    "NameError": "That name is not known where it is used. Was the cell that defines it run?",
}


def _given(exercise: Exercise, args: tuple[Any, ...]) -> str:
    """The input in words, each part under the name that it has in the function's signature."""
    # A probe takes what the case holds, which need not be what the function takes.
    names = list(inspect.signature(exercise.reference).parameters) if exercise.probe is call else []
    if len(names) != len(args):
        names = [""] * len(args)
    parts = [
        (f"{name} = " if name else "") + describe(a) for name, a in zip(names, args, strict=True) if not callable(a)
    ]
    return "\n".join(parts)


def _facts(exercise: Exercise, case: Case, got: Outcome, want: Outcome) -> tuple[tuple[str, str], ...]:
    given = case.shown or _given(exercise, case.args)
    facts = [(f"input ({case.label})", given)] if given else []
    if got.failure:
        where = f"in your code, line {got.failure.line}" if got.failure.line else "the error"
        line = f"{got.failure.source}\n" if got.failure.source else ""
        said = (
            "" if got.failure.kind in ("TookTooLong", "WrongAnswer") else f"{got.failure.kind}: {got.failure.message}"
        )
        return (*facts, *(((where, (line + said).strip()),) if (line + said).strip() else ()))
    if exercise.accept:  # its sentence has said what matters; what a probe measures is not what the learner returned
        return tuple(facts)
    facts += [("your answer", _answer(exercise, got.value)), ("expected", _answer(exercise, want.value))]
    return tuple(facts)


def _answer(exercise: Exercise, value: Any) -> str:
    """An answer in words; one of several parts with a line for each, under the name that the exercise gives it."""
    if not isinstance(value, (tuple, list)) or len(value) != len(exercise.parts):
        return describe(value)
    return "\n".join(f"{name}: {describe(part)}" for name, part in zip(exercise.parts, value, strict=True))
