"""What a verdict says of an answer that is wrong: in words, and in the facts beside them."""

from __future__ import annotations

import inspect
from typing import Any

from course.checks import probes
from course.checks.compare import after, describe
from course.checks.exercise import Case, Exercise
from course.checks.kinds.errors import meaning
from course.checks.outcome import Failure, Outcome

PRINTS = "It also prints something on each call. That is not wrong, but a function that is called often should not."
NOT_WRITTEN = "Replace the line `raise NotImplementedError(…)` by your code, run that cell and its check."


def explain(case: Case, got: Outcome, sentence: str) -> tuple[str, ...]:
    """Paragraphs on a wrong answer that is no known mistake; `sentence` says what is wrong with its value."""
    if got.failure is None:
        if got.value is None and got.printed.strip():
            return (
                "It printed something and returned None. Printing shows a value to you; `return` hands it to the caller, and that is what counts.",
            )
        return (after(f"On {case.label}: ", sentence),)
    kind = got.failure.kind
    if kind == "TookTooLong":
        return (f"On {case.label}: {got.failure.message}, so it was stopped. Is there a loop that never ends?",)
    if kind == "WrongAnswer":
        return (after(f"On {case.label}: ", got.failure.message),)
    if kind == "NotImplementedError":
        return (f"With {case.label} it reaches a line that is not written yet.",)
    advice = meaning(got.failure)
    if got.failure.line is None and kind == "TypeError" and "argument" in got.failure.message:
        advice = "It could not be called. Keep its first line, the one with `def`, as the exercise gives it."
    return (f"With {case.label} it stopped with an error.", *([advice] if advice else []))


def where(failure: Failure | None) -> tuple[str, ...]:
    """Where the learner's code stopped and what the error says, for a reader who does not see the input."""
    if failure is None:
        return ()
    # Backticks would end the code that they stand in.
    source, headline = failure.source.replace("`", "'"), failure.headline.replace("`", "'")
    own = failure.kind in ("TookTooLong", "WrongAnswer")
    place = f"{'It was in' if own else 'The error came from'} line {failure.line}"
    line = place + (f": `{source}`" if source else ".") if failure.line else ""
    return tuple(text for text in (line, "" if own else f"`{f'{failure.kind}: {headline}'.strip(': ')}`") if text)


def _given(exercise: Exercise, args: tuple[Any, ...]) -> str:
    """The input in words, each part under the name that it has in the function's signature."""
    # A probe takes what the case holds, which need not be what the function takes.
    own = tuple(inspect.signature(exercise.reference).parameters) if exercise.probe is probes.call else ()
    names = exercise.given or own
    if len(names) != len(args):
        names = ("",) * len(args)
    parts = [
        (f"{name} = " if name else "") + describe(a) for name, a in zip(names, args, strict=True) if not callable(a)
    ]
    return "\n".join(parts)


def facts(
    exercise: Exercise, case: Case, got: Outcome, want: Outcome, hinted: bool = False
) -> tuple[tuple[str, str], ...]:
    """Pairs of a label and a value: the input, and the answer and the expected one, or where it stopped.

    What stopped a marked answer is a fact where the hint of a mistake is said in its place (`hinted`).
    """
    given = case.shown or _given(exercise, case.args)
    known = [(f"input ({case.label})", given)] if given else []
    if got.failure:
        somewhere = "what happened" if got.failure.mark else "the error"
        place = f"in your code, line {got.failure.line}" if got.failure.line else somewhere
        line = f"{got.failure.source}\n" if got.failure.source else ""
        said = f"{got.failure.kind}: {got.failure.message}"
        if got.failure.kind in ("TookTooLong", "WrongAnswer"):
            said = got.failure.message if hinted and got.failure.mark else ""
        return (*known, *(((place, (line + said).strip()),) if (line + said).strip() else ()))
    if exercise.accept:  # its sentence has said what matters; what a probe measures is not what the learner returned
        return tuple(known)
    known += [("your answer", _answer(exercise, got.value)), ("expected", _answer(exercise, want.value))]
    return tuple(known)


def _answer(exercise: Exercise, value: Any) -> str:
    """An answer in words; one of several parts with a line for each, under the name that the exercise gives it."""
    if not isinstance(value, (tuple, list)) or len(value) != len(exercise.parts):
        return describe(value)
    return "\n".join(f"{name}: {describe(part)}" for name, part in zip(exercise.parts, value, strict=True))
