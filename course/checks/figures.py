"""An answer beside the expected one: in so many digits that the difference shows, with its place and its size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from course.checks.compare import NUMBERS, ROWS, apart, describe, difference, exact, is_array, is_number, kind_of

# Significant digits that are tried one after the other, until the difference shows; 17 tell any two float64 apart.
_DIGITS = (5, 6, 7, 8, 9, 12, 17)


@dataclass(frozen=True)
class Tolerance:
    """How close an answer must be: ``|got − want| ≤ atol + rtol·|want|``."""

    rtol: float
    atol: float


def beside(
    got: Any, want: Any, within: Tolerance, parts: tuple[str, ...] = (), rows: int = ROWS, first: bool = False
) -> tuple[tuple[str, str], ...]:
    """Pairs of a label and a value: the answer, the expected one, and how large the largest difference is, and where.

    Args:
        got: what came, plain data.
        want: the right one.
        within: the tolerance; what lies within it is no difference.
        parts: names for the parts of a tuple. The part that is furthest off is shown alone.
        rows: how many lines an array's numbers may take.
        first: shows the first part that is wrong, of which `difference` speaks.
    """
    whole, several = (got, want), isinstance(want, tuple) and isinstance(got, (tuple, list)) and len(got) == len(want)
    name = ""
    if several:
        off = [_off(g, w, within) for g, w in zip(got, want, strict=True)]
        worst = next((i for i, size in enumerate(off) if size), 0) if first else int(np.argmax(off))
        name = parts[worst] if worst < len(parts) else f"value {worst + 1} of {len(want)}"
        got, want = got[worst], want[worst]
    digits, largest = _largest(got, want, within)
    if several and (len(off) == 2 if parts else not largest):
        lines = ["\n".join(_lines(value, parts, digits, rows)) for value in whole]
    else:
        lines = [(f"{name}: " if name else "") + describe(value, digits, rows) for value in (got, want)]
    if largest and name:
        largest = f"{name}, {largest}"
    label = "largest difference" if "place of" in largest else "relative difference"
    return ("your answer", lines[0]), ("expected", lines[1]), *(((label, largest),) if largest else ())


def _lines(value: Any, parts: tuple[str, ...], digits: int, rows: int) -> list[str]:
    """All parts of a tuple, each in a line under its name."""
    if not parts:
        return [describe(value, digits, rows)]
    return [f"{name}: {describe(part, digits, 0)}" for name, part in zip(parts, value, strict=False)]


def _largest(got: Any, want: Any, within: Tolerance) -> tuple[int, str]:
    """How many digits show that the two differ, and the largest difference in words; "" where they can't be compared."""
    if not _comparable(got, want):
        return _DIGITS[0], ""
    a, b = np.asarray(got), np.asarray(want)
    far = apart(a, b, within.rtol, within.atol)
    if not far.any():
        return _DIGITS[0], ""
    at = tuple(int(i) for i in np.unravel_index(np.argmax(_distance(a, b) * far), a.shape))
    digits = _telling_digits(a, b, far if a.size <= NUMBERS else _only(far, at))
    relative = _relative(a[at], b[at])
    if a.size == 1:
        return digits, relative
    place = f"at [{', '.join(map(str, at))}]: {_one(a[at], digits)} in place of {_one(b[at], digits)}"
    return digits, f"{place}, relative difference {relative}" if relative else place


def _comparable(got: Any, want: Any) -> bool:
    """Whether both are numbers or arrays of them, of one shape."""
    if not all(is_array(x) or is_number(x) for x in (got, want)):
        return False
    return np.shape(got) == np.shape(want) and kind_of(got) in "fib" and kind_of(want) in "fib"


def _distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """|a − b|, and infinity where only one of the two is a number."""
    with np.errstate(invalid="ignore"):
        found = np.abs(exact(a) - exact(b))
    return np.where(np.isfinite(found), found, np.finfo(np.float64).max)


def _off(got: Any, want: Any, within: Tolerance) -> float:
    """How far a part of an answer is off, in units of what is expected: 0 where it is right."""
    try:
        if difference(got, want, within.rtol, within.atol) is None:
            return 0.0
        if not _comparable(got, want):
            return np.inf
        a, b = np.asarray(got), np.asarray(want)
        far = apart(a, b, within.rtol, within.atol)
        return float((_distance(a, b) * far).max(initial=0)) / (float(np.abs(exact(b)).max(initial=0)) or 1.0)
    except Exception:  # what can't be read is as wrong as can be
        return np.inf


def _only(far: np.ndarray, at: tuple[int, ...]) -> np.ndarray:
    one = np.zeros_like(far)
    one[at] = True
    return one


def _one(value: Any, digits: int) -> str:
    """One number in words, without its dtype."""
    return describe(np.asarray(value), digits).split(": ", 1)[-1]


def _telling_digits(a: np.ndarray, b: np.ndarray, far: np.ndarray) -> int:
    """As many digits as it takes to see that the two differ, wherever they do."""
    pairs = list(zip(a[far].ravel(), b[far].ravel(), strict=True))
    for digits in _DIGITS:
        if all(_one(x, digits) != _one(y, digits) for x, y in pairs):
            return digits
    return _DIGITS[-1]


def _relative(got: Any, want: Any) -> str:
    """|got − want| / |want| in words; none of what is no number, nor of a truth value, nor where 0 is expected."""
    if kind_of(got) == "b" or kind_of(want) == "b" or not np.isfinite(exact(np.asarray(got))) or not float(want):
        return ""
    return f"{abs(float(got) - float(want)) / abs(float(want)):.2g}"
