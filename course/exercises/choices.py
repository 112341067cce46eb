"""Exercises that ask for a choice or for an estimate, where the learner's function names one for each of several cases.

The function gets a name, such as "curve 1", and returns the letter of an answer, or a number:

    def which_illness(curve):
        return {"curve 1": "C", "curve 2": "A", …}[curve]

Each wrong letter has a hint of its own. Points are given for all cases together: a letter alone is easily guessed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any, Literal

import numpy as np

from course.checks.compare import is_number
from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.rounding import rounded

# An estimate that is this close to a known wrong one is taken for it.
_NEAR = 1.05


def choice(name: str, topic: str, points: int, cases: Mapping[str, tuple[str, Mapping[str, str]]]) -> Exercise:
    """An exercise in which the learner chooses one letter for each case.

    Args:
        name, topic, points: as in :class:`course.checks.exercise.Exercise`.
        cases: by the name that the function gets ("curve 1"), the right letter, and for every other letter a hint: one to
            three sentences that say what speaks against it and don't name the right one.

    Raises:
        ValueError: the letters are not A, B, C … in every case.
    """
    letters = sorted({letter for right, hints in cases.values() for letter in (right, *hints)})
    if letters != list(ascii_uppercase[: len(letters)]):
        raise ValueError(f"the letters are A, B, C and so on; got {', '.join(letters)}")
    for case, (right, hints) in cases.items():
        if sorted((right, *hints)) != letters:
            raise ValueError(f"{case!r} needs a hint for each of {', '.join(letters)} but the right one")

    def measure(raw: Any, case: str) -> int:
        letter = raw.strip().upper() if isinstance(raw, str) else ""
        if letter not in letters:
            raise WrongAnswer(f"the answer is no letter; return one of {', '.join(letters)}, as text.")
        return letters.index(letter)

    def accept(got: Any, want: Any, case: str) -> str | None:
        return None if np.array_equal(got, want) else _said(letters[int(got)], cases[case][1][letters[int(got)]])

    return _exercise(
        "diagnose",
        name,
        topic,
        points,
        right={case: right for case, (right, _) in cases.items()},
        wrong=[(case, letter, hint) for case, (_, hints) in cases.items() for letter, hint in hints.items()],
        measure=measure,
        accept=accept,
    )


@dataclass(frozen=True)
class Quantity:
    """A number to be estimated.

    Attributes:
        answer: the right number, above zero.
        within: the factor by which an estimate may be too high or too low.
        wrong: by the number that a known mistake leads to, a hint of one to three sentences.
    """

    answer: float
    within: float = 2.0
    wrong: Mapping[float, str] = field(default_factory=dict)


def estimate(name: str, topic: str, points: int, quantities: Mapping[str, Quantity]) -> Exercise:
    """An exercise in which the learner estimates a number for each case, to a factor.

    Args:
        name, topic, points: as in :class:`course.checks.exercise.Exercise`.
        quantities: by the name that the function gets ("bytes of the product"), what is right. Together they have at least three
            wrong numbers with a hint.

    Raises:
        ValueError: an answer is not above zero, or a wrong number lies within the factor that is allowed.
    """
    for case, one in quantities.items():
        if one.answer <= 0 or one.within < 1:
            raise ValueError(f"{case!r}: the answer has to be above 0, and the factor at least 1")
        if any(_factor(wrong, one.answer) <= one.within for wrong in one.wrong):
            raise ValueError(f"{case!r}: a wrong number lies within a factor of {one.within:g} of the answer")

    def measure(raw: Any, case: str) -> float:
        one, number = quantities[case], _positive(raw)
        if _factor(number, one.answer) <= one.within * (1 + 1e-9):
            return float(one.answer)
        return next((float(wrong) for wrong in one.wrong if _factor(number, wrong) <= _NEAR), number)

    def accept(got: Any, want: Any, case: str) -> str | None:
        if np.array_equal(got, want):
            return None
        if got in quantities[case].wrong:
            return _said(got, quantities[case].wrong[got])
        side = "low" if got < want else "high"
        return _said(got, f"That is too {side}, by {_far(_factor(got, want))}.")

    return _exercise(
        "estimate",
        name,
        topic,
        points,
        right={case: float(one.answer) for case, one in quantities.items()},
        wrong=[(case, float(number), hint) for case, one in quantities.items() for number, hint in one.wrong.items()],
        measure=measure,
        accept=accept,
    )


def _exercise(
    kind: Literal["diagnose", "estimate"],
    name: str,
    topic: str,
    points: int,
    right: dict[str, Any],
    wrong: Sequence[tuple[str, Any, str]],
    measure: Callable[[Any, str], Any],
    accept: Callable[[Any, Any, str], str | None],
) -> Exercise:
    def cases(rng: np.random.Generator) -> list[Case]:
        names = list(right)
        # In another order each time: an answer belongs to a name, not to a place.
        return [Case(f'"{names[i]}"', (names[i],), shown=f'{name}("{names[i]}")') for i in rng.permutation(len(names))]

    def looked_up(case: str) -> Any:
        return right[case]

    def mistake(case: str, answer: Any, hint: str) -> Mistake:
        shown = answer if isinstance(answer, str) else rounded(answer)
        return Mistake(
            f"{case}: {shown}",
            f'On "{case}": {_said(answer, hint)}',
            lambda given: answer if given == case else right[given],
        )

    return Exercise(
        name=name,
        topic=topic,
        points=points,
        reference=looked_up,
        cases=cases,
        mistakes=tuple(mistake(*one) for one in wrong),
        measure=measure,
        accept=accept,
        kind=kind,
        whole=True,
    )


def _positive(raw: Any) -> float:
    """What came, as a number above zero.

    Raises:
        WrongAnswer: it is none.
    """
    if isinstance(raw, bool) or not is_number(raw):
        raise WrongAnswer("the answer is no number; return a plain one, such as 2e6.")
    try:
        number = float(raw)
    except (OverflowError, TypeError, ValueError):
        number = math.inf
    if not 0 < number < math.inf:
        raise WrongAnswer("an estimate is a finite number above zero.")
    return number


def _factor(one: float, other: float) -> float:
    """How many times the smaller of two numbers goes into the larger."""
    return max(one, other) / min(one, other)


def _far(factor: float) -> str:
    """How far off an estimate is, in steps of ten, so that a division doesn't give the answer away."""
    power = math.ceil(math.log10(factor))
    if power <= 1:
        return "a factor of less than 10"
    return f"a factor of {10 ** (power - 1):,} to {10**power:,}" if power <= 6 else "a factor of more than a million"


def _said(answer: str | float, hint: str) -> str:
    return f"you say {answer if isinstance(answer, str) else rounded(answer)}. {hint}"
