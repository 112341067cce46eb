"""What a verdict says of an answer that is wrong: in words, and in the facts beside them."""

from __future__ import annotations

import inspect
from typing import Any

from course.checks import probes
from course.checks.compare import ROWS, after, describe
from course.checks.exercise import Case, Exercise
from course.checks.figures import Tolerance, beside
from course.checks.kinds.errors import meaning
from course.checks.outcome import Failure, Outcome

PRINTS = (
    "It also prints something on each call. That is not wrong, but a function that is called often should not print."
)
# How many lines a verdict takes at most.
LINES = 12
NOT_WRITTEN = "Replace the line `raise NotImplementedError(…)` with your code, then run that cell and its check."


def explain(case: Case, got: Outcome, sentence: str) -> tuple[str, ...]:
    """Paragraphs on a wrong answer that is no known mistake; `sentence` says what is wrong with its value."""
    if got.failure is None:
        if got.value is None and got.printed.strip():
            return (
                "It printed something and returned None. Printing shows a value to you; `return` gives it to the caller, and only that counts.",
            )
        return (after(f"On {case.label}: ", sentence),)
    kind = got.failure.kind
    if kind == "TookTooLong":
        # Where the grader saw other processes, it was not a loop.
        why = "" if "process" in got.failure.message else " Is there a loop that never ends?"
        return (f"On {case.label}: {got.failure.message}, so it was stopped.{why}",)
    if kind == "WrongAnswer":
        return (after(f"On {case.label}: ", got.failure.message),)
    if kind == "NotImplementedError":
        return (f"With {case.label}{_pause(case.label)} it reaches a line that is not written yet.",)
    advice = meaning(got.failure)
    if got.failure.line is None and kind == "TypeError" and "argument" in got.failure.message:
        advice = "It could not be called. Keep its first line, the one with `def`, as it is in the exercise."
    return (f"With {case.label}{_pause(case.label)} it stopped with an error.", *([advice] if advice else []))


def _pause(label: str) -> str:
    """A comma behind a label that has one inside."""
    return "," if "," in label else ""


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
    exercise: Exercise, case: Case, got: Outcome, want: Outcome, hinted: bool = False, lines: int = LINES
) -> tuple[tuple[str, str], ...]:
    """Pairs of a label and a value: the input, and the answer and the expected one, or where it stopped.

    What stopped a marked answer is a fact where the hint of a mistake is said in its place (`hinted`). All of them together take
    no more than so many `lines`.
    """
    answers = _answers(exercise, got, want, hinted, lines)
    given = case.shown or _given(exercise, case.args)
    left = lines - sum(map(_height, answers))
    return (*(((f"input ({case.label})", _cut(given, left)),) if given and left > 0 else ()), *answers)


def _answers(exercise: Exercise, got: Outcome, want: Outcome, hinted: bool, lines: int) -> tuple[tuple[str, str], ...]:
    if got.failure:
        somewhere = "what happened" if got.failure.mark else "the error"
        place = f"in your code, line {got.failure.line}" if got.failure.line else somewhere
        line = f"{got.failure.source}\n" if got.failure.source else ""
        said = f"{got.failure.kind}: {got.failure.message}"
        if got.failure.kind in ("TookTooLong", "WrongAnswer"):
            said = got.failure.message if hinted and got.failure.mark else ""
        return ((place, _cut((line + said).strip(), lines // 2)),) if (line + said).strip() else ()
    if exercise.accept:  # its sentence has said what matters; what a probe measures is not what the learner returned
        return ()
    within = Tolerance(exercise.rtol, exercise.atol)
    # Beside them stand the largest difference, and something of the input; an array's numbers come below its label and its shape.
    return beside(got.value, want.value, within, exercise.parts, min(ROWS, (lines - 3) // 2 - 2), not hinted)


def _height(fact: tuple[str, str]) -> int:
    """How many lines a fact takes in a verdict's message."""
    return 1 + (fact[1].count("\n") + 1 if "\n" in fact[1] else 0)


def _cut(text: str, lines: int) -> str:
    """The text under its label, in so many lines together."""
    rows = text.splitlines()
    if len(rows) < 2 or len(rows) + 1 <= lines:
        return text
    return "\n".join((*rows[: max(lines - 2, 1)], "…")) if lines > 2 else f"{rows[0]} …"
