"""Mistakes of a kind that shows in the numbers: how the answers are related to the expected ones, exactly so on every input.

A relation is said only if it holds on all inputs where it can be told; what is said is then true, whatever the code looks like.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from course.checks.compare import Told

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


def _told(holds: bool, also_without: bool) -> Holds:
    """None where the relation holds of a right answer, too, as the opposite of 0 is 0."""
    return None if also_without and holds else holds


def _maps(change: Callable[[np.ndarray], Any]) -> Callable[[Part], Holds]:
    """The relation "what came is the expected, changed so"."""

    def holds(part: Part) -> Holds:
        with np.errstate(all="ignore"):
            try:
                other = np.asarray(change(part.want), np.float64)
            except (ValueError, IndexError):
                return None if part.right else False
        return _told(bool(np.isfinite(other).all()) and part.same(part.got, other), part.right)

    return holds


def _cut(change: Callable[[np.ndarray], Any]) -> Callable[[Part], Holds]:
    """What stands behind the decimal point is gone; where nothing but 0 is left, it can't be told from other zeros."""
    holds = _maps(change)
    return lambda part: (
        None if part.got.dtype.kind == "f" and not part.got.any() and not change(part.want).any() else holds(part)
    )


def _swapped(one: int, other: int) -> Callable[[Part], Holds]:
    """Two axes are exchanged."""
    return _maps(lambda want: np.swapaxes(want, one, other) if want.ndim > other else want)


def _shape_free(a: np.ndarray) -> list[float]:
    return sorted(np.ravel(a).tolist())


def _another_order(part: Part) -> Holds:
    if part.want.size < 2:
        return None if part.right else False
    if part.got.shape != part.want.shape or not np.isfinite(part.got).all():
        return False
    return _told(part.same(_shape_free(part.got), _shape_free(part.want)), part.right)


def _all_zero(part: Part) -> Holds:
    return _told(part.got.shape == part.want.shape and not part.got.any(), part.right)


def _zero_for_large(part: Part) -> Holds:
    """Zero, and not for a fraction that could have been cut off."""
    if part.want.size and np.abs(part.want).max() < 1 and not part.got.any():
        return None
    return _all_zero(part)


def _edge(which: int) -> Callable[[Part, int], Holds]:
    """All is right but the first (0) or last (-1) along an axis."""

    def holds(part: Part, axis: int) -> Holds:
        if part.got.shape != part.want.shape or part.want.ndim <= axis:
            return None if part.right else False
        if part.want.shape[axis] < 2:
            return None if part.right else False
        rest = [slice(None)] * part.want.ndim
        rest[axis] = slice(1, None) if which == 0 else slice(None, -1)
        return _told(part.same(part.got[tuple(rest)], part.want[tuple(rest)]), part.right)

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
        return _told(part.same(got[1:], want[:-1]) if by > 0 else part.same(got[:-1], want[1:]), part.right)

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


_AXES = ("first", "second", "third", "fourth")
# What is said of a relation; a part's name goes before it.
_PLAIN: tuple[tuple[str, Callable[[Part], Holds]], ...] = (
    ("Every number is zero. Do you ever put your results into it?", _zero_for_large),
    ("Every number has the opposite sign.", _maps(np.negative)),
    ("The numbers are right, but the first two axes are swapped: the matrix is transposed.", _swapped(0, 1)),
    ("The numbers are right, but the second and third axes are swapped.", _swapped(1, 2)),
    ("The numbers are right, but there is an axis of length 1 too many or too few.", _an_axis_of_one),
)  # fmt: skip
_VALUES: tuple[tuple[str, Callable[[Part], Holds]], ...] = (
    ("You return the expected numbers without the digits after the decimal point. `//`, `int` and an integer type cut them off.", _cut(np.trunc)),
    ("You return the expected numbers rounded down, as `//` and `floor` do.", _cut(np.floor)),
    *(
        (f"You return the expected numbers rounded to {d} decimal place{'s' * (d > 1)}. Keep all digits.", _cut(partial(np.round, decimals=d)))
        for d in (1, 2, 3, 4)
    ),
    ("Everything is right except the negative numbers, which came out as 0.", _cut(lambda want: np.maximum(want, 0))),
    ("Everything is right except the positive numbers, which came out as 0.", _cut(lambda want: np.minimum(want, 0))),
    ("The numbers are right up to their sign: negative ones came out positive.", _maps(np.abs)),
    ("You return 1 divided by the expected value: the fraction is upside down.", _maps(lambda want: 1 / want)),
    ("The values are right, but in another order.", _another_order),
)  # fmt: skip
_MAPPED: tuple[tuple[str, Callable[[Part], Holds]], ...] = (
    ("You return the square of the expected value.", _maps(np.square)),
    ("You return the square root of the expected value.", _maps(np.sqrt)),
    ("You return the logarithm of the expected value.", _maps(np.log)),
    ("You return e to the power of the expected value.", _maps(np.exp)),
    ("You return 1 minus the expected value.", _maps(lambda want: 1 - want)),
    ("You return the mean of the expected numbers: the mean goes over too many of them.", _maps(np.mean)),
    ("You return the sum of the expected numbers: the sum goes over too many of them.", _maps(np.sum)),
)  # fmt: skip
# An edge can be all that is wrong on one input by chance: a reason that is another shows on few of the inputs.
_EDGES: tuple[tuple[str, Callable[[Part, int], Holds]], ...] = (
    ("Everything is right except what comes first along the {axis} axis.", _edge(0)),
    ("Everything is right except what comes last along the {axis} axis.", _edge(-1)),
)  # fmt: skip
_ALONG: tuple[tuple[str, Callable[[Part, int], Holds]], ...] = (
    ("What should come first along the {axis} axis is missing; the rest is right.", _missing(0)),
    ("What should come last along the {axis} axis is missing; the rest is right.", _missing(-1)),
    ("The order along the {axis} axis is reversed.", lambda part, axis: _flipped(part, axis)),
    ("The numbers are one place too far along the {axis} axis.", _shifted(1)),
    ("The numbers are one place too early along the {axis} axis.", _shifted(-1)),
    ("A sum or a mean is missing along the {axis} axis of your answer.", _reduced),
)  # fmt: skip


def _flipped(part: Part, axis: int) -> Holds:
    if part.want.ndim <= axis:
        return None if part.right else False
    return _told(part.same(part.got, np.flip(part.want, axis)), part.right)


def relation(cases: Sequence[Sequence[Part]], names: Sequence[str], loose: bool = False) -> str | None:
    """The sentence of the relation between what came and what is expected, or None.

    Args:
        loose: look for those that say by how much the numbers are wrong, not for those that say where the mistake is.
        cases: for each input the parts of its answer, as many on each.
        names: of the parts, where an answer has several; else nothing.
    """
    columns = [list(column) for column in zip(*cases, strict=True)]
    wrong = [i for i, column in enumerate(columns) if not all(part.right for part in column)]
    if not wrong:
        return None
    for said, holds in _loose(columns[wrong[0]]) if loose else _plain(columns[wrong[0]]):
        if all(_always(holds, columns[i]) for i in wrong):
            return _of_parts(said, wrong, columns, names)
    if not loose and len(wrong) > 1 and (swapped := _exchanged(columns, wrong)):
        return swapped
    return None


def _of_parts(said: str, wrong: list[int], columns: Sequence[Any], names: Sequence[str]) -> str:
    if len(columns) == 1 or len(wrong) == len(columns):
        return said
    called = [names[i] if i < len(names) else f"value {i + 1} of {len(columns)}" for i in wrong]
    of = f"Of {', '.join(called)}: "
    if isinstance(said, Told):
        return Told(of + said[0].lower() + said[1:], of + said.public[0].lower() + said.public[1:])
    return of + said[0].lower() + said[1:]


def _always(holds: Callable[[Part], Holds], column: Sequence[Part]) -> bool:
    """Whether a relation holds wherever it can be told, and not by chance: on two inputs, or on several numbers that are no counts."""
    told = [(holds(part), part) for part in column]
    true = [part for answer, part in told if answer is True]
    if any(answer is False for answer, _ in told) or not true:
        return False
    return len(true) > 1 or (true[0].want.size > 1 and true[0].want.dtype.kind == "f")


def _exchanged(columns: Sequence[Sequence[Part]], wrong: Sequence[int]) -> str | None:
    """The parts of an answer are right, in another order."""
    count = len(columns[0])
    if len(wrong) > 4:
        return None
    for order in itertools.permutations(wrong):
        if order == tuple(wrong):
            continue
        pairs = [(columns[i][c], columns[j][c].want) for i, j in zip(wrong, order, strict=True) for c in range(count)]
        if all(part.same(part.got, want) for part, want in pairs):
            return "The values that you return are right, but in another order."
    return None


def _plain(column: Sequence[Part]) -> Iterator[tuple[str, Callable[[Part], Holds]]]:
    """What says where the mistake is."""
    first, wrong = column[0], [part for part in column if not part.right]
    for k, (name, _) in enumerate(first.args):
        yield f"You return {f'`{name}`' if name else 'an input'} itself, unchanged.", _against(k, lambda part, x: x)
    yield from _PLAIN
    edges = _EDGES if len(wrong) > 1 or len(wrong) == len(column) else ()
    for axis, (said, holds) in itertools.product(range(4), (*edges, *_ALONG)):
        yield said.format(axis=_AXES[axis]), _on_axis(holds, axis)
    yield from _VALUES


def _on_axis(holds: Callable[[Part, int], Holds], axis: int) -> Callable[[Part], Holds]:
    return lambda part: holds(part, axis)


def _loose(column: Sequence[Part]) -> Iterator[tuple[str, Callable[[Part], Holds]]]:
    """What says by how much the numbers are wrong; the reason may be any of several."""
    yield (
        "Every number is zero. Does `//` or `int` cut a fraction off, or do you never put your results into it?",
        _all_zero,
    )
    yield from _lengths(column[0])
    yield from _constants(column)
    for k, (name, _) in enumerate(column[0].args):
        if not name:
            continue
        yield (
            f"Each number is too large by `{name}`: you add it once too often, or don't subtract it.",
            _against(k, lambda part, x: part.want + x),
        )
        yield (
            f"Each number is too small by `{name}`: you subtract it once too often, or don't add it.",
            _against(k, lambda part, x: part.want - x),
        )
        yield f"You return the expected value times `{name}`.", _against(k, lambda part, x: part.want * x)
        yield f"You return the expected value divided by `{name}`.", _against(k, lambda part, x: part.want / x)
    yield from _MAPPED


def _against(k: int, make: Callable[[Part, Any], Any]) -> Callable[[Part], Holds]:
    def holds(part: Part) -> Holds:
        x = part.args[k][1]
        if not isinstance(x, (int, float, np.ndarray, np.generic)) or isinstance(x, bool):
            return None if part.right else False
        with np.errstate(all="ignore"):
            try:
                other = np.asarray(make(part, np.asarray(x, np.float64)))
            except (ValueError, TypeError):
                return None if part.right else False
        return _told(part.same(part.got, other), part.right)

    return holds


def _lengths(first: Part) -> Iterator[tuple[str, Callable[[Part], Holds]]]:
    """Each number is too large or too small by the length of an axis of an input."""
    for k, (name, x) in enumerate(first.args):
        for axis in range(np.ndim(x) if isinstance(x, np.ndarray) else 1 if isinstance(x, (list, tuple)) else 0):
            length = f"`{name}.shape[{axis}]`" if name else "the length of an axis of the input"
            for power, often in (
                (-1, "divided by {}"),
                (1, "times {}"),
                (-2, "divided by {}, twice"),
                (2, "times {}, twice"),
            ):
                yield (
                    f"Each number is the expected one {often.format(length)}: you mixed up a sum and a mean, or took a mean too often or not at all.",
                    _length(k, axis, power),
                )


def _constants(column: Sequence[Part]) -> Iterator[tuple[str, Callable[[Part], Holds]]]:
    """Each number is too large or too small by a constant factor or amount."""
    ratio = _ratio(column)
    if ratio is not None:
        said = "Each number is too large or too small by one and the same factor"
        yield (
            Told(f"{said}: you return {ratio:.4g} times the expected value.", f"{said}."),
            _maps(lambda want: want * ratio),
        )
    offset = _offset(column)
    if offset is not None:
        said = f"Each number is too {'large' if offset > 0 else 'small'} by one and the same amount"
        yield Told(f"{said}, {abs(offset):.4g}.", f"{said}."), _maps(lambda want: want + offset)


def _length(k: int, axis: int, power: int) -> Callable[[Part], Holds]:
    def holds(part: Part) -> Holds:
        x = part.args[k][1]
        n = len(x) if isinstance(x, (list, tuple)) else np.shape(x)[axis] if np.ndim(x) > axis else 0
        if not n:
            return None if part.right else False
        return _told(part.same(part.got, part.want * float(n) ** power), part.right)

    return holds


def _ratio(column: Sequence[Part]) -> float | None:
    for part in column:
        if not part.right and part.got.shape == part.want.shape and part.want.size:
            place = np.unravel_index(np.abs(part.want).argmax(), part.want.shape) if part.want.ndim else ()
            if part.want[place] and np.isfinite(part.got[place]):
                ratio = float(part.got[place] / part.want[place])
                near = round(ratio, 3) if abs(ratio) >= 0.01 else ratio
                return near if np.isclose(near, ratio, rtol=1e-5) else ratio
    return None


def _offset(column: Sequence[Part]) -> float | None:
    for part in column:
        if not part.right and part.got.shape == part.want.shape and part.want.size:
            offset = float(part.got.reshape(-1)[0] - part.want.reshape(-1)[0])
            return round(offset, 5) if np.isfinite(offset) and offset else None
    return None
