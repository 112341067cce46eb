"""Plain data as JSON's own types, and back, between a process that runs a learner's code and the one that makes the verdict.

`encode` runs beside code that lies; `decode` reads what a hostile process may have made up. Nothing is ever unpickled.

    None, bool, int, str, finite float   themselves        list     a list
    nan, inf, -inf                       {"float": "nan"}   tuple    {"tuple": [parts]}
    an array of numbers or text          {"array": "float32", "shape": [2, 3], "data": base64 of its bytes}
    a NumPy scalar                       the same, and "scalar": true
    an array of anything else            {"array": "object", "shape": [2, 3]}
    a tracer, any other object           {"tracer": true}, {"type": "its class's name"}
"""

from __future__ import annotations

import base64
import math
import re
import unicodedata
from typing import Any

import numpy as np

from course.checks.outcome import MESSAGE, PRINTED, SOURCE, Failure, Outcome
from course.checks.plain import (
    DEEP,
    DTYPES,
    LARGEST,
    LONGEST,
    WIDEST,
    Budget,
    Thing,
    TooMuch,
    Tracing,
    is_text,
    plain,
    thing,
)

__all__ = ["LARGEST", "WireError", "decode", "decode_outcome", "encode", "encode_outcome"]

_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
# Axes of an array, and the length of one.
_AXES, _AXIS = 32, 2**31 - 1
_LAST_LINE = 10**7


class WireError(ValueError):
    """The data are not what `encode` or `encode_outcome` writes."""


# --- Values -----------------------------------------------------------------------------------------------------------


def encode(value: Any) -> Any:
    """`value` as JSON's own types; whatever it is, and whatever it does. What is too large comes back as a `TooMuch`."""
    try:
        return _encode(plain(value))
    except TooMuch:
        return {"type": TooMuch.__name__}


def _encode(x: Any) -> Any:
    if isinstance(x, (np.ndarray, np.generic)):
        return _encode_array(x)
    if isinstance(x, float) and not math.isfinite(x):
        return {"float": str(x)}
    if isinstance(x, tuple):
        return {"tuple": [_encode(part) for part in x]}
    if isinstance(x, list):
        return [_encode(part) for part in x]
    if isinstance(x, Tracing):
        return {"tracer": True}
    if isinstance(x, Thing):
        return {"type": type(x).__name__}
    return x


def _encode_array(x: Any) -> dict[str, Any]:
    a = np.asarray(x)
    if a.dtype.kind == "O":
        return {"array": "object", "shape": list(a.shape)}
    name = a.dtype.str if a.dtype.kind == "U" else a.dtype.name
    data = {"array": name, "shape": list(a.shape), "data": base64.b64encode(a.tobytes()).decode()}
    return data | ({"scalar": True} if isinstance(x, np.generic) else {})


def decode(data: Any) -> Any:
    """The plain value that :func:`encode` wrote, from what ``json.loads`` gave.

    Raises:
        WireError: it is malformed, or beyond the bounds. No more memory is taken than the data themselves take.
    """
    try:
        return _decode(data, Budget(), DEEP)
    except WireError:
        raise
    except (ValueError, TypeError, OverflowError, MemoryError, RecursionError) as error:
        raise WireError(f"not a value: {error}") from None


def _decode(x: Any, left: Budget, depth: int) -> Any:
    if x is None or isinstance(x, bool):
        return x
    left.spend()
    if isinstance(x, int):
        return x if x.bit_length() <= WIDEST else _refuse("a whole number is too long")
    if isinstance(x, float):
        return x
    if isinstance(x, str):
        return x.encode("utf-8", "replace").decode() if len(x) <= LONGEST else _refuse("a text is too long")
    if isinstance(x, list):
        return [_decode(part, left, depth - 1) for part in x] if depth else _refuse("it is nested too deeply")
    if not isinstance(x, dict):
        return _refuse(f"{type(x).__name__} is no type of JSON")
    match x:
        case {"tuple": list(parts), **rest} if not rest:
            return tuple(_decode(parts, left, depth))
        case {"float": str(name), **rest} if not rest and name in _FLOATS:
            return _FLOATS[name]
        case {"type": str(name), **rest} if not rest:
            return thing(name)
        case {"tracer": True, **rest} if not rest:
            return Tracing()
        case {"array": str(name), "shape": list(shape), **rest}:
            return _decode_array(name, shape, rest, left)
    return _refuse("no value has these keys")


def _decode_array(name: str, shape: list[Any], rest: dict[str, Any], left: Budget) -> Any:
    if len(shape) > _AXES or not all(type(n) is int and 0 <= n <= _AXIS for n in shape):
        _refuse("that is no shape")
    size = math.prod(shape)
    if name == "object" and not rest:
        left.spend(parts=size)
        return np.full(shape, None, object)
    text, scalar = rest.pop("data", None), rest.pop("scalar", False)
    if rest or not isinstance(text, str) or not isinstance(scalar, bool) or (scalar and shape):
        _refuse("that is no array")
    dtype = DTYPES.get(name) or _text_type(name)
    left.spend(size * dtype.itemsize, 0)
    # Before anything is decoded, so that nothing is larger than it says.
    if len(text) != (size * dtype.itemsize + 2) // 3 * 4:
        _refuse("the data of an array are not as long as its shape says")
    raw = base64.b64decode(text, validate=True)
    a = (np.frombuffer(raw, dtype) if raw else np.zeros(0, dtype)).reshape(shape)
    # Bytes that no array of this type has.
    if (dtype.kind == "b" and (np.frombuffer(raw, np.uint8) > 1).any()) or (dtype.kind == "U" and not is_text(a)):
        _refuse("the data of an array are not of its type")
    return a[()] if scalar else a


def _text_type(name: str) -> np.dtype[Any]:
    width = re.fullmatch(r"<U([1-9][0-9]{0,2})", name, re.ASCII)
    return np.dtype(name) if width and int(width[1]) <= LONGEST else _refuse("no array has this type")


def _refuse(why: str) -> Any:
    raise WireError(why)


# --- Outcomes ---------------------------------------------------------------------------------------------------------


def encode_outcome(outcome: Outcome) -> dict[str, Any]:
    """An outcome as JSON's own types; its value is encoded as :func:`encode` does."""
    failure = outcome.failure
    said = failure and {
        "kind": failure.kind[:60],
        "message": failure.message[:MESSAGE],
        "line": failure.line,
        "source": failure.source[:SOURCE],
    }
    return {"value": encode(outcome.value), "failure": said, "printed": outcome.printed[:PRINTED]}


def decode_outcome(data: Any) -> Outcome:
    """The outcome that :func:`encode_outcome` wrote; its texts are cut, and hold no control characters.

    Raises:
        WireError: it is malformed, or beyond the bounds.
    """
    match data:
        case {"value": value, "failure": failure, "printed": str(printed), **rest} if not rest:
            return Outcome(decode(value), _decode_failure(failure), clean(printed[:PRINTED]))
    return _refuse("that is no outcome")


def _decode_failure(data: Any) -> Failure | None:
    match data:
        case None:
            return None
        case {"kind": str(kind), "message": str(message), "line": line, "source": str(source), **rest} if not rest:
            if line is not None and not (type(line) is int and 0 < line <= _LAST_LINE):
                _refuse("that is no line number")
            return Failure(type(thing(kind)).__name__, clean(message[:MESSAGE]), line, clean(source[:SOURCE]))
    return _refuse("that is no failure")


def clean(text: str) -> str:
    """Without what could move a terminal's cursor, and what no file can hold: control characters, halves of pairs."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
