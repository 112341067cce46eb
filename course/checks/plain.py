"""What came back from code that is not ours, as plain data: numbers, text, arrays, tuples and lists of them; nothing alive.

Verdicts are made of plain data only, in the learner's process as in another one, so that they are the same in both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import jax
import ml_dtypes
import numpy as np

# The bounds of one value, its parts together: bytes of its arrays, how many parts, how deeply they are nested.
# The largest right answer has one megabyte.
LARGEST, MANY, DEEP = 8_000_000, 100_000, 16
# Bounds of one part: characters of a text, bits of a whole number. No answer is a text, so that little of one is enough; and
# NumPy makes a list in which one text stands an array whose every entry is as wide.
LONGEST, WIDEST = 200, 1024

_NUMPY = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128"
_SMALL = "bfloat16 float8_e3m4 float8_e4m3 float8_e4m3b11fnuz float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz int4 uint4"
# The number types that an array may have, by name.
DTYPES: dict[str, np.dtype[Any]] = {name: np.dtype(name) for name in _NUMPY.split()}
DTYPES |= {name: np.dtype(getattr(ml_dtypes, name)) for name in _SMALL.split()}


class TooMuch(ValueError):
    """A value beyond the bounds; the message is a sentence for the learner."""


class Thing:
    """Stands for an object of any other class: an instance of a class of the same name, and that is all that is known of it."""

    __slots__ = ()


class Tracing:
    """Stands for a tracer, what JAX's transformations use while they read a function."""

    __slots__ = ()


def thing(class_name: str) -> Thing:
    """A `Thing` whose class has this name; what is no letter, digit or underscore is replaced, and 60 characters are kept."""
    name = re.sub(r"\W", "_", class_name[:60])
    made: Thing = type(name if name.isidentifier() else f"_{name}"[:60], (Thing,), {"__slots__": ()})()
    return made


@dataclass
class Budget:
    """What is left of the bounds of one value."""

    size: int = LARGEST
    parts: int = MANY

    def spend(self, size: int = 0, parts: int = 1) -> None:
        """Count `parts` parts that hold `size` bytes.

        Raises:
            TooMuch: they are more than is left.
        """
        self.size, self.parts = self.size - size, self.parts - parts
        if self.size < 0:
            raise TooMuch(f"it returned more than {LARGEST // 10**6} MB of numbers.")
        if self.parts < 0:
            raise TooMuch(f"it returned lists with more than {MANY:,} entries.")


def plain(value: Any) -> Any:
    """`value` as it is now, as None, bool, int, float, str, NumPy array or scalar, tuple, list, `Tracing` or `Thing`.

    JAX arrays become NumPy arrays, subclasses what they are subclasses of; arrays of anything but numbers and text keep their
    shape alone. Plain data stay as they are. Nothing that the object says about itself is asked, and no method of it is called.

    Raises:
        TooMuch: it is larger than LARGEST, MANY or DEEP allow.
    """
    return _plain(value, Budget(), DEEP)


def _plain(x: Any, left: Budget, depth: int) -> Any:
    # The true class: `x.__class__` is what x says, and `isinstance` would ask it.
    cls = type(x)
    if x is None or cls is bool:
        return x
    left.spend()
    try:
        if issubclass(cls, np.generic):
            return _array(np.asarray(x), left)[()]
        if issubclass(cls, np.ndarray):
            return _array(np.asarray(x), left)
        if issubclass(cls, int):
            return _whole(int.__pos__(x))
        if issubclass(cls, float):
            return float.__pos__(x)
        if issubclass(cls, str):
            return str.__str__(x)[:LONGEST].encode("utf-8", "replace").decode()
        if issubclass(cls, (tuple, list)):
            return _sequence(x, left, depth)
        if issubclass(cls, (jax.core.Tracer, Tracing)):
            return Tracing()
        if issubclass(cls, jax.Array):
            return _array(np.asarray(x), left)
    except TooMuch:
        raise
    except Exception:  # a deleted array, a random key, a metaclass that misbehaves
        pass
    # Not cls.__name__: a metaclass may answer that.
    return thing(type.__dict__["__name__"].__get__(cls))


def _whole(x: int) -> int:
    if x.bit_length() > WIDEST:
        raise TooMuch("it returned a whole number of more than 300 digits.")
    return x


def _sequence(x: Any, left: Budget, depth: int) -> Any:
    base: Any = tuple if issubclass(type(x), tuple) else list
    if not depth:
        raise TooMuch(f"it returned lists inside of lists, more than {DEEP} deep.")
    # Before the first part is looked at, as there may be a billion.
    left.spend(parts=base.__len__(x))
    left.parts += base.__len__(x)
    return base(_plain(part, left, depth - 1) for part in base.__iter__(x))


def _array(a: np.ndarray, left: Budget) -> np.ndarray:
    """A copy in native byte order, row by row."""
    dtype = DTYPES.get(a.dtype.name)
    if dtype is None and a.dtype.kind in "fc":  # NumPy's long ones, which are not the same everywhere
        dtype = DTYPES["float64" if a.dtype.kind == "f" else "complex128"]
    if dtype is None and a.dtype.kind == "U" and 0 < a.dtype.itemsize <= 4 * LONGEST:
        dtype = a.dtype.newbyteorder("<")
    if dtype is not None:
        left.spend(a.size * dtype.itemsize, 0)
        copy = a.astype(dtype, order="C")
        if dtype.kind != "U" or is_text(copy):
            return copy
    left.spend(parts=a.size)
    return np.full(a.shape, None, object)


def is_text(a: np.ndarray) -> bool:
    """Whether an array of text, row by row in memory, holds characters only: no numbers beyond Unicode, no halves of pairs."""
    codes = np.frombuffer(a.tobytes(), "<u4")
    return not ((codes > 0x10FFFF) | ((codes >= 0xD800) & (codes < 0xE000))).any()
