"""Mistakes of a kind that shows in the numbers: how the answers are related to the expected ones, exactly so on every input.

A relation is said only if it holds on all inputs where it can be told; what is said is then true, whatever the code looks like.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from course.checks.compare import Told
from course.checks.kinds.holds import (
    ALONG,
    AXES,
    EDGES,
    MAPPED,
    PLAIN,
    VALUES,
    Holds,
    Part,
    all_zero,
    by_lines,
    maps,
    told,
)


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
    found = [(holds(part), part) for part in column]
    true = [part for answer, part in found if answer is True]
    if any(answer is False for answer, _ in found) or not true:
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
    yield from PLAIN
    edges = EDGES if len(wrong) > 1 or len(wrong) == len(column) else ()
    for axis, (said, holds) in itertools.product(range(4), (*edges, *ALONG)):
        yield said.format(axis=AXES[axis]), _on_axis(holds, axis)
    yield from VALUES


def _on_axis(holds: Callable[[Part, int], Holds], axis: int) -> Callable[[Part], Holds]:
    return lambda part: holds(part, axis)


def _loose(column: Sequence[Part]) -> Iterator[tuple[str, Callable[[Part], Holds]]]:
    """What says by how much the numbers are wrong; the reason may be any of several."""
    yield (
        "Every number is zero. Does `//` or `int` cut a fraction off, or do you never put your results into it?",
        all_zero,
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
    yield from MAPPED
    for axis, line in ((1, "row"), (0, "column")):
        yield (
            f"Within each {line} all numbers are too large or too small by the same factor, and other {line}s have another factor: what do you multiply or divide each {line} by?",
            by_lines(np.divide, axis),
        )
        yield (
            f"Within each {line} all numbers are too large or too small by the same amount, and other {line}s have another amount: what do you add to each {line}, or subtract from it?",
            by_lines(np.subtract, axis),
        )


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
        return told(part.same(part.got, other), part.right)

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
            maps(lambda want: want * ratio),
        )
    offset = _offset(column)
    if offset is not None:
        said = f"Each number is too {'large' if offset > 0 else 'small'} by one and the same amount"
        yield Told(f"{said}, {abs(offset):.4g}.", f"{said}."), maps(lambda want: want + offset)


def _length(k: int, axis: int, power: int) -> Callable[[Part], Holds]:
    def holds(part: Part) -> Holds:
        x = part.args[k][1]
        n = len(x) if isinstance(x, (list, tuple)) else np.shape(x)[axis] if np.ndim(x) > axis else 0
        if not n:
            return None if part.right else False
        return told(part.same(part.got, part.want * float(n) ** power), part.right)

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
