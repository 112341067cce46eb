"""What an answer gets for nothing: on how many inputs one that does no work is right.

Such an answer is the same for every input, has nothing but zeros in the right shape, or hands back what it was given. Where
it is right, a right answer has shown nothing yet, so points begin beyond it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np

from course.checks import probes
from course.checks.compare import equal
from course.checks.exercise import Case, Exercise
from course.checks.outcome import Outcome

_CONSTANTS = (0, 1, 0.0, 1.0, True, False, None)
# Up to this, a whole number is easily guessed: a digit, a class, a small size.
_SMALL = 16


def idle(
    exercise: Exercise, cases: Sequence[Case], want: Sequence[Outcome], attempt: Callable[..., Outcome]
) -> Iterator[Callable[[Case], Outcome]]:
    """Answers that do no work, as functions of a case that give what comes raw, not yet measured.

    Args:
        exercise: whose answers.
        cases: its inputs.
        want: what the reference gives for them, measured.
        attempt: ``attempt(exercise, function, case)`` tries a function, where one has to be called.
    """
    if exercise.probe is not probes.call:
        yield from (partial(attempt, exercise, function) for function in _functions(exercise))
        return
    # What a function returns is all that is judged, so that none has to be called.
    right = {id(case): outcome.value for case, outcome in zip(cases, want, strict=True)}
    yield from (partial(_constant, value) for value in (*_CONSTANTS, *_frequent(exercise, list(right.values()))))
    yield from (partial(_filled, right, number) for number in _guesses(right.values()))
    yield from (partial(_given, place) for place in range(max(len(case.args) for case in cases)))


def _frequent(exercise: Exercise, values: list[Any]) -> list[Any]:
    """The right answers that are right for more than one input: what is right for one alone can't be known before."""
    return [one for one in values if sum(equal(one, other, exercise.rtol, exercise.atol) for other in values) > 1]


def _guesses(values: Iterable[Any]) -> list[int]:
    """0, 1, and the small numbers among the entries of right answers that are whole by their type, as classes and sizes are."""
    entries = [np.unique(leaf) for leaf in jax.tree.leaves(list(values)) if np.asarray(leaf).dtype.kind in "iu"]
    return sorted({0, 1, *(number for leaf in entries for number in leaf.tolist() if 0 <= number < _SMALL)})


def _constant(value: Any, case: Case) -> Outcome:
    return Outcome(value)


def _filled(right: dict[int, Any], number: int, case: Case) -> Outcome:
    return Outcome(jax.tree.map(partial(_full, number), right[id(case)]))


def _full(number: int, leaf: Any) -> Any:
    """`number` in the shape and of the kind of `leaf`."""
    if isinstance(leaf, (np.ndarray, np.generic)):
        return np.full_like(leaf, number)[()]
    return type(leaf)(number) if isinstance(leaf, (bool, int, float)) else number


def _given(place: int, case: Case) -> Outcome:
    return Outcome(case.args[place] if place < len(case.args) else None)


def _functions(exercise: Exercise) -> Iterator[Callable[..., Any]]:
    """Functions that do no work, for a probe that wants to call one."""
    yield from (partial(_returns, value) for value in _CONSTANTS)
    yield from (partial(_hands_back, place) for place in (0, -1))
    yield from (partial(_as_reference, exercise.reference, number) for number in (0, 1))


def _returns(value: Any, *args: Any, **kwargs: Any) -> Any:
    return value


def _hands_back(place: int, *args: Any, **kwargs: Any) -> Any:
    return args[place]


def _as_reference(reference: Callable[..., Any], number: int, *args: Any, **kwargs: Any) -> Any:
    answer = reference(*args, **kwargs)
    if answer is None:
        raise TypeError("it has done the work, in what it was given")
    # What else it makes, such as a network, is work, whatever numbers are in it.
    if not isinstance(answer, (jax.Array, np.ndarray, np.generic, int, float, tuple, list, dict)):
        return None
    return jax.tree.map(lambda leaf: jax.numpy.full_like(leaf, number), answer)
