"""What may hold between a part of an answer and what is expected, on one input: the relations that `relations` looks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

# A relation's answer on one input: it holds, it does not, or it can't be told there.
Holds = bool | None


@dataclass(frozen=True)
class Part:
    """One part of an answer on one input: what came, what is expected, and the input's numbers."""

    got: np.ndarray
    want: np.ndarray
    args: tuple[tuple[str, Any], ...]
    rtol: float
    atol: float

    def same(self, a: Any, b: Any) -> bool:
        """Whether a is b, of the same shape and as close as the exercise asks for."""
        a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
        return a.shape == b.shape and bool(np.allclose(a, b, rtol=self.rtol, atol=self.atol, equal_nan=True))

    @property
    def right(self) -> bool:
        """Whether there is nothing wrong here."""
        return self.same(self.got, self.want)


def told(holds: bool, also_without: bool) -> Holds:
    """None where the relation holds of a right answer, too, as the opposite of 0 is 0."""
    return None if also_without and holds else holds


def maps(change: Callable[[np.ndarray], Any]) -> Callable[[Part], Holds]:
    """The relation "what came is the expected, changed so"."""

    def holds(part: Part) -> Holds:
        with np.errstate(all="ignore"):
            try:
                other = np.asarray(change(part.want), np.float64)
            except (ValueError, IndexError):
                return None if part.right else False
        return told(bool(np.isfinite(other).all()) and part.same(part.got, other), part.right)

    return holds


def _cut(change: Callable[[np.ndarray], Any]) -> Callable[[Part], Holds]:
    """What stands behind the decimal point is gone; where nothing but 0 is left, it can't be told from other zeros."""
    holds = maps(change)
    return lambda part: (
        None if part.got.dtype.kind == "f" and not part.got.any() and not change(part.want).any() else holds(part)
    )


def _swapped(one: int, other: int) -> Callable[[Part], Holds]:
    """Two axes are exchanged."""
    return maps(lambda want: np.swapaxes(want, one, other) if want.ndim > other else want)


def _shape_free(a: np.ndarray) -> list[float]:
    return sorted(np.ravel(a).tolist())


def _another_order(part: Part) -> Holds:
    if part.want.size < 2:
        return None if part.right else False
    if part.got.shape != part.want.shape or not np.isfinite(part.got).all():
        return False
    return told(part.same(_shape_free(part.got), _shape_free(part.want)), part.right)


def all_zero(part: Part) -> Holds:
    return told(part.got.shape == part.want.shape and not part.got.any(), part.right)


def _zero_for_large(part: Part) -> Holds:
    """Zero, and not for a fraction that could have been cut off."""
    if part.want.size and np.abs(part.want).max() < 1 and not part.got.any():
        return None
    return all_zero(part)


def _edge(which: int) -> Callable[[Part, int], Holds]:
    """All is right but the first (0) or last (-1) along an axis."""

    def holds(part: Part, axis: int) -> Holds:
        if part.got.shape != part.want.shape or part.want.ndim <= axis:
            return None if part.right else False
        if part.want.shape[axis] < 2:  # what is there is both the first and the last
            return None
        rest = [slice(None)] * part.want.ndim
        rest[axis] = slice(1, None) if which == 0 else slice(None, -1)
        return told(part.same(part.got[tuple(rest)], part.want[tuple(rest)]), part.right)

    return holds


def _missing(which: int) -> Callable[[Part, int], Holds]:
    """The first or the last along an axis is not there."""

    def holds(part: Part, axis: int) -> Holds:
        if part.want.ndim <= axis:
            return False
        rest = slice(1, None) if which == 0 else slice(None, -1)
        return part.same(part.got, np.moveaxis(np.moveaxis(part.want, axis, 0)[rest], 0, axis))

    return holds


def _shifted(by: int) -> Callable[[Part, int], Holds]:
    """Each stands one place too far along an axis."""

    def holds(part: Part, axis: int) -> Holds:
        if part.got.shape != part.want.shape or part.want.ndim <= axis:
            return None if part.right else False
        if part.want.shape[axis] < 3:
            return None
        got, want = np.moveaxis(part.got, axis, 0), np.moveaxis(part.want, axis, 0)
        return told(part.same(got[1:], want[:-1]) if by > 0 else part.same(got[:-1], want[1:]), part.right)

    return holds


def _reduced(part: Part, axis: int) -> Holds:
    """What came still has an axis over which it adds up, or averages, to the expected."""
    if part.got.ndim != part.want.ndim + 1 or axis >= part.got.ndim or part.got.shape[axis] == 0:
        return False
    if part.got.shape[axis] == 1:
        return None
    return part.same(part.got.sum(axis=axis), part.want) or part.same(part.got.mean(axis=axis), part.want)


def _an_axis_of_one(part: Part) -> Holds:
    return (
        part.got.shape != part.want.shape
        and part.same(part.got.reshape(-1), part.want.reshape(-1))
        and (sorted(n for n in part.got.shape if n != 1) == sorted(n for n in part.want.shape if n != 1))
    )


AXES = ("first", "second", "third", "fourth")
# What is said of a relation; a part's name goes before it.
PLAIN: tuple[tuple[str, Callable[[Part], Holds]], ...] = (
    ("Every number is zero. Do you ever put your results into it?", _zero_for_large),
    ("Every number has the opposite sign.", maps(np.negative)),
    ("The numbers are right, but the first two axes are swapped: the matrix is transposed.", _swapped(0, 1)),
    ("The numbers are right, but the second and third axes are swapped.", _swapped(1, 2)),
    ("The numbers are right, but there is an axis of length 1 too many or too few.", _an_axis_of_one),
)  # fmt: skip
VALUES: tuple[tuple[str, Callable[[Part], Holds]], ...] = (
    ("You return the expected numbers without the digits after the decimal point. `//`, `int` and an integer type cut them off.", _cut(np.trunc)),
    ("You return the expected numbers rounded down, as `//` and `floor` do.", _cut(np.floor)),
    *(
        (f"You return the expected numbers rounded to {d} decimal place{'s' * (d > 1)}. Keep all digits.", _cut(partial(np.round, decimals=d)))
        for d in (1, 2, 3, 4)
    ),
    ("Everything is right except the negative numbers, which came out as 0.", _cut(lambda want: np.maximum(want, 0))),
    ("Everything is right except the positive numbers, which came out as 0.", _cut(lambda want: np.minimum(want, 0))),
    ("The numbers are right up to their sign: negative ones came out positive.", maps(np.abs)),
    ("You return 1 divided by the expected value: the fraction is upside down.", maps(lambda want: 1 / want)),
    ("The values are right, but in another order.", _another_order),
)  # fmt: skip
MAPPED: tuple[tuple[str, Callable[[Part], Holds]], ...] = (
    ("You return the square of the expected value.", maps(np.square)),
    ("You return the square root of the expected value.", maps(np.sqrt)),
    ("You return the logarithm of the expected value.", maps(np.log)),
    ("You return e to the power of the expected value.", maps(np.exp)),
    ("You return 1 minus the expected value.", maps(lambda want: 1 - want)),
    ("You return the mean of the expected numbers: the mean goes over too many of them.", maps(np.mean)),
    ("You return the sum of the expected numbers: the sum goes over too many of them.", maps(np.sum)),
)  # fmt: skip
# An edge can be all that is wrong on one input by chance: a reason that is another shows on few of the inputs.
EDGES: tuple[tuple[str, Callable[[Part, int], Holds]], ...] = (
    ("Everything is right except what comes first along the {axis} axis.", _edge(0)),
    ("Everything is right except what comes last along the {axis} axis.", _edge(-1)),
)  # fmt: skip
ALONG: tuple[tuple[str, Callable[[Part, int], Holds]], ...] = (
    ("What should come first along the {axis} axis is missing; the rest is right.", _missing(0)),
    ("What should come last along the {axis} axis is missing; the rest is right.", _missing(-1)),
    ("The order along the {axis} axis is reversed.", lambda part, axis: _flipped(part, axis)),
    ("The numbers are one place too far along the {axis} axis.", _shifted(1)),
    ("The numbers are one place too early along the {axis} axis.", _shifted(-1)),
    ("A sum or a mean is missing along the {axis} axis of your answer.", _reduced),
)  # fmt: skip


def by_lines(difference: Callable[[np.ndarray, np.ndarray], np.ndarray], axis: int) -> Callable[[Part], Holds]:
    """Of a matrix: along this axis each number differs by the same, and not everywhere by the same."""

    def holds(part: Part) -> Holds:
        if part.got.shape != part.want.shape or part.want.ndim != 2:
            return None if part.right else False
        if part.want.shape[axis] < 2:
            return None
        with np.errstate(all="ignore"):
            found = np.moveaxis(difference(part.got.astype(np.float64), part.want.astype(np.float64)), axis, 1)
        told = np.isfinite(found)
        # Where 0 is expected, a factor can't be told, and has to leave the 0.
        if not (told | (np.moveaxis(part.got, axis, 1) == 0)).all():
            return False
        lines = [line[known] for line, known in zip(found, told, strict=True) if known.any()]
        alike = all(np.allclose(line, line[0], rtol=1e-3, atol=1e-6) for line in lines)
        one_for_all = not lines or np.allclose([line[0] for line in lines], lines[0][0], rtol=1e-3, atol=1e-6)
        return (True if not one_for_all and any(len(line) > 1 for line in lines) else None) if alike else False

    return holds


def _flipped(part: Part, axis: int) -> Holds:
    if part.want.ndim <= axis:
        return None if part.right else False
    return told(part.same(part.got, np.flip(part.want, axis)), part.right)
