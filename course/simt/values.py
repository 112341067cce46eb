"""The values in a warp's registers, and arithmetic on them.

A value that is the same in all 32 lanes and known to be so is a plain Python number; any other is a NumPy vector of 32. Whole numbers
are int64. Floats have the type that C gives them: a whole number beside a float becomes that float, a literal takes the type of
what stands beside it, and one that stands alone is float32. Only what comes from a float64 array is float64.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from course.simt.limits import WARP

Lanes = np.ndarray[Any, Any]
Value = Any  # bool | int | float | Lanes; `Any`, as mypy would ask for a case distinction at each operator

INT, FLOAT, BOOL = np.dtype(np.int64), np.dtype(np.float32), np.dtype(np.bool_)
# Element types that arrays may have.
_KINDS = (
    np.bool_,
    np.int8,
    np.int16,
    np.int32,
    np.int64,
    np.uint8,
    np.uint16,
    np.uint32,
    np.float16,
    np.float32,
    np.float64,
)
DTYPES: dict[str, np.dtype[Any]] = {np.dtype(kind).name: np.dtype(kind) for kind in _KINDS}


class NotWhole(TypeError):
    """A float where a whole number is needed."""


def wrap(number: int) -> int:
    """A whole number as 64 bits hold it."""
    return number if -(2**63) <= number < 2**63 else (number + 2**63) % 2**64 - 2**63


def spread(value: Value) -> Lanes:
    """The value as a vector of 32."""
    if isinstance(value, np.ndarray):
        return value
    kind = BOOL if isinstance(value, bool) else INT if isinstance(value, int) else FLOAT
    return np.full(WARP, value, kind)


def is_float(value: Value) -> bool:
    """True for a float, of whatever width."""
    return value.dtype.kind == "f" if isinstance(value, np.ndarray) else isinstance(value, float)


def is_bool(value: Value) -> bool:
    """True for a truth value."""
    return value.dtype.kind == "b" if isinstance(value, np.ndarray) else isinstance(value, bool)


def truth(value: Value) -> Value:
    """The value as a truth value: a bool or a vector of them."""
    if isinstance(value, np.ndarray):
        return value if value.dtype is BOOL else value != 0
    return bool(value)


def to_number(value: Value) -> Value:
    """A truth value as 0 or 1; others as they are."""
    if isinstance(value, np.ndarray):
        return value.astype(INT) if value.dtype is BOOL else value
    return int(value) if isinstance(value, bool) else value


def to_float(value: Value, beside: Value = None) -> Value:
    """The value as a float, of the type of what stands beside it."""
    value = to_number(value)
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "f":
            return value
        return value.astype(beside.dtype if isinstance(beside, np.ndarray) and beside.dtype.kind == "f" else FLOAT)
    return float(value)


def paired(a: Value, b: Value) -> tuple[Value, Value]:
    """Two operands in the type in which C would compute with them."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.dtype is b.dtype and a.dtype is not BOOL:
        return a, b
    a, b = to_number(a), to_number(b)
    if is_float(a) or is_float(b):
        return to_float(a, b), to_float(b, a)
    return a, b


def merge(mask: Lanes, new: Value, old: Value) -> Value:
    """`new` in the lanes of the mask, `old` in the others."""
    if not isinstance(new, np.ndarray) and type(new) is type(old) and new == old:
        return new
    if not (is_bool(new) and is_bool(old)):
        new, old = paired(new, old)
    if not isinstance(old, np.ndarray):
        old = np.full(WARP, old, new.dtype) if isinstance(new, np.ndarray) else spread(old)
    if not isinstance(new, np.ndarray):
        new = np.full(WARP, new, old.dtype)
    return np.where(mask, new, old)


def _whole(a: Value, b: Value) -> tuple[Value, Value]:
    a, b = to_number(a), to_number(b)
    if is_float(a) or is_float(b):
        raise NotWhole
    return a, b


def _usual(vector: Callable[..., Any], scalar: Callable[[Any, Any], Any]) -> Callable[[Value, Value], Value]:
    def apply(a: Value, b: Value) -> Value:
        a, b = paired(a, b)
        if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
            return vector(a, b)
        got = scalar(a, b)
        return wrap(got) if got.__class__ is int else got

    return apply


def _bits(vector: Callable[..., Any], scalar: Callable[[Any, Any], Any]) -> Callable[[Value, Value], Value]:
    def apply(a: Value, b: Value) -> Value:
        a, b = (a, b) if is_bool(a) and is_bool(b) else _whole(a, b)
        return vector(a, b) if isinstance(a, np.ndarray) or isinstance(b, np.ndarray) else scalar(a, b)

    return apply


def divide(a: Value, b: Value) -> Value:
    """a / b in floats; by zero it is inf or nan, as IEEE 754 and CUDA have it."""
    a, b = paired(a, b)
    a, b = to_float(a, b), to_float(b, a)
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.divide(a, b)
    return float(np.divide(a, b))


def power(a: Value, b: Value) -> Value:
    """a ** b. A whole power of a whole number wraps at 64 bits; a negative one is a float."""
    a, b = paired(a, b)
    vectors = isinstance(a, np.ndarray) or isinstance(b, np.ndarray)
    if not is_float(a) and not is_float(b):
        if (np.asarray(b) < 0).any():
            return power(to_float(a), to_float(b))
        return np.power(a, b) if vectors else wrap(pow(a, b, 2**64) if abs(b) > 64 else a**b)
    return np.power(a, b) if vectors else float(np.power(float(a), float(b)))


def _shift(vector: Callable[..., Any], scalar: Callable[[int, int], int]) -> Callable[[Value, Value], Value]:
    def apply(a: Value, b: Value) -> Value:
        a, b = _whole(a, b)
        if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
            return vector(a, b)
        return wrap(scalar(a, b)) if 0 <= b < 64 else 0

    return apply


# By the name of the syntax tree's operator. // and % are Python's, which round down, as in numba; C's round toward zero. A zero
# divisor of a whole number is taken care of by the caller.
BINARY: dict[str, Callable[[Value, Value], Value]] = {
    "Add": _usual(np.add, operator.add),
    "Sub": _usual(np.subtract, operator.sub),
    "Mult": _usual(np.multiply, operator.mul),
    "Div": divide,
    "FloorDiv": _usual(np.floor_divide, lambda a, b: float(np.floor_divide(a, b)) if is_float(a) else a // b),
    "Mod": _usual(np.mod, lambda a, b: float(np.mod(a, b)) if is_float(a) else a % b),
    "Pow": power,
    "BitAnd": _bits(np.bitwise_and, operator.and_),
    "BitOr": _bits(np.bitwise_or, operator.or_),
    "BitXor": _bits(np.bitwise_xor, operator.xor),
    "LShift": _shift(np.left_shift, operator.lshift),
    "RShift": _shift(np.right_shift, operator.rshift),
}
COMPARE: dict[str, Callable[[Value, Value], Value]] = {
    "Lt": _usual(np.less, operator.lt),
    "LtE": _usual(np.less_equal, operator.le),
    "Gt": _usual(np.greater, operator.gt),
    "GtE": _usual(np.greater_equal, operator.ge),
    "Eq": _usual(np.equal, operator.eq),
    "NotEq": _usual(np.not_equal, operator.ne),
}


def invert(a: Value) -> Value:
    """~a, of a whole number."""
    if is_bool(a) or is_float(a):
        raise NotWhole
    return ~a


UNARY: dict[str, Callable[[Value], Value]] = {
    "USub": lambda a: -to_number(a) if isinstance(a, np.ndarray) else (-a if is_float(a) else wrap(-a)),
    "UAdd": to_number,
    "Not": lambda a: ~truth(a) if isinstance(a, np.ndarray) else not a,
    "Invert": invert,
}
