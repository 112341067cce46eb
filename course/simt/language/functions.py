"""The functions that a kernel may call: a few of Python's, and the elementary functions of `math`, NumPy and jax.numpy."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from course.simt.values import (
    BINARY,
    DTYPES,
    Value,
    is_float,
    merge,
    paired,
    power,
    spread,
    to_float,
    to_number,
    truth,
    wrap,
)


def _elementary(vector: Callable[..., Any]) -> Callable[..., Value]:
    def apply(*given: Value) -> Value:
        values = [to_float(value) for value in given]
        if len(values) == 2:
            values = list(paired(*values))
        got = vector(*values)
        return got if isinstance(got, np.ndarray) else got.item()

    return apply


def _extreme(vector: Callable[..., Any], scalar: Callable[[Any, Any], Any]) -> Callable[..., Value]:
    def two(a: Value, b: Value) -> Value:
        a, b = paired(a, b)
        return vector(a, b) if isinstance(a, np.ndarray) or isinstance(b, np.ndarray) else scalar(a, b)

    return lambda *given: reduce(two, given)


def absolute(a: Value) -> Value:
    """abs(a)."""
    a = to_number(a)
    return wrap(abs(a)) if isinstance(a, int) else abs(a)


def to_int(a: Value) -> Value:
    """int(a): toward zero, as in C."""
    a = to_number(a)
    if isinstance(a, np.ndarray):
        return a.astype(np.int64)
    return int(np.float64(a).astype(np.int64)) if is_float(a) else a


def _rounded(vector: Callable[..., Any]) -> Callable[[Value], Value]:
    return lambda a: to_int(_elementary(vector)(a)) if is_float(a) else to_number(a)


def cast(name: str) -> Callable[[Value], Value]:
    """The conversion to an element type, such as `np.float32(a)`."""
    kind = DTYPES[name]
    register = kind if kind.kind in "fb" else np.dtype(np.int64)
    return lambda a: spread(a).astype(kind).astype(register)


_ELEMENTARY = (
    *("sqrt", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p"),
    *("sin", "cos", "tan", "sinh", "cosh", "tanh", "isnan", "isinf", "isfinite"),
)
# What goes through a sequence, and gives one number.
FOLDS = {"sum", "min", "max", "any", "all"}


def select(condition: Value, yes: Value, no: Value) -> Value:
    """`yes` where the condition holds, else `no`; both are computed."""
    asked = truth(condition)
    return (yes if asked else no) if asked.__class__ is bool else merge(asked, yes, no)


# Each with the numbers of arguments that it takes.
BUILTIN: dict[str, tuple[Callable[..., Value], range]] = {
    "abs": (absolute, range(1, 2)),
    "min": (_extreme(np.minimum, min), range(2, 9)),
    "max": (_extreme(np.maximum, max), range(2, 9)),
    "int": (to_int, range(1, 2)),
    "float": (to_float, range(1, 2)),
    "bool": (truth, range(1, 2)),
    "round": (_rounded(np.rint), range(1, 2)),
    "pow": (power, range(2, 3)),
}
_MATH = {name: (_elementary(getattr(np, name)), range(1, 2)) for name in _ELEMENTARY}
_MATH["hypot"] = (_elementary(np.hypot), range(2, 3))
MATH: dict[str, tuple[Callable[..., Value], range]] = {
    **_MATH,
    "asin": (_elementary(np.arcsin), range(1, 2)),
    "acos": (_elementary(np.arccos), range(1, 2)),
    "atan": (_elementary(np.arctan), range(1, 2)),
    "atan2": (_elementary(np.arctan2), range(2, 3)),
    "fabs": (lambda a: absolute(to_float(a)), range(1, 2)),
    "floor": (_rounded(np.floor), range(1, 2)),
    "ceil": (_rounded(np.ceil), range(1, 2)),
    "trunc": (to_int, range(1, 2)),
    "pow": (lambda a, b: power(to_float(a), to_float(b)), range(2, 3)),
    "fmod": (lambda a, b: _elementary(np.fmod)(a, b), range(2, 3)),
}
NUMPY: dict[str, tuple[Callable[..., Value], range]] = {
    **_MATH,
    "abs": BUILTIN["abs"],
    "floor": (_elementary(np.floor), range(1, 2)),
    "ceil": (_elementary(np.ceil), range(1, 2)),
    "minimum": (BUILTIN["min"][0], range(2, 3)),
    "maximum": (BUILTIN["max"][0], range(2, 3)),
    "where": (select, range(3, 4)),
    "square": (lambda a: BINARY["Mult"](a, a), range(1, 2)),
    "add": (BINARY["Add"], range(2, 3)),
    "subtract": (BINARY["Sub"], range(2, 3)),
    "multiply": (BINARY["Mult"], range(2, 3)),
    "divide": (BINARY["Div"], range(2, 3)),
    "power": (power, range(2, 3)),
    "clip": (lambda a, low, high: BUILTIN["min"][0](BUILTIN["max"][0](a, low), high), range(3, 4)),
    **{name: (cast(name), range(1, 2)) for name in DTYPES if name != "bool"},
}
# Modules by the name under which they are imported, and what a kernel may use of each.
MODULES = {"math": MATH, "numpy": NUMPY, "jax.numpy": NUMPY}
CONSTANTS = {name: getattr(math, name) for name in ("pi", "e", "inf", "nan", "tau")}
