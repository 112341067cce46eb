"""Compare an answer with the expected one, and say in a sentence what is wrong."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from course.checks.plain import Tracing

_KINDS = {
    "f": "floating-point numbers",
    "i": "integers",
    "u": "integers",
    "b": "True/False values",
    "c": "complex numbers",
    "O": "Python objects",
    "U": "text",
}


class Told(str):
    """A sentence on a wrong answer that tells something of the right one; ``public`` is the same without that."""

    public: str

    def __new__(cls, sentence: str, public: str) -> Told:
        told = super().__new__(cls, sentence)
        told.public = public
        return told


def public(sentence: str) -> str:
    """The sentence as it may be told of an input that has to stay hidden."""
    return sentence.public if isinstance(sentence, Told) else sentence


def after(beginning: str, sentence: str) -> Told:
    """``beginning``, and then the sentence."""
    return Told(beginning + sentence, beginning + public(sentence))


def is_array(x: Any) -> bool:
    """Whether x is a JAX or NumPy array, NumPy's scalars included."""
    return isinstance(x, (jax.Array, np.ndarray, np.generic))


def is_number(x: Any) -> bool:
    """Whether x is one plain number: Python's, or a 0-d array."""
    return isinstance(x, (bool, int, float)) or (is_array(x) and np.ndim(x) == 0)


def kind_of(x: Any) -> str:
    """One letter for the kind of number, as NumPy's ``dtype.kind``; bfloat16 and its like count as "f"."""
    # `V`: NumPy's letter for the small floats of ml_dtypes (bfloat16), which it does not know.
    return np.asarray(x).dtype.kind.replace("V", "f").replace("u", "i")


def dtype_of(x: Any) -> str:
    """The dtype's name, such as "float32"."""
    return str(np.asarray(x).dtype)


# What stands in one line of a printout, characters; and of an array, how many numbers and rows are printed at most.
WIDTH, NUMBERS, ROWS = 100, 24, 3


def describe(x: Any, digits: int = 5, rows: int = ROWS) -> str:
    """``x`` as a person would want to see it: shape and dtype, and the values where they are few. Never raises.

    Args:
        x: anything.
        digits: significant ones of each number that is no integer. Beyond the usual 5, nothing small is shown as 0.
        rows: how many lines the numbers of an array may take, besides the one with its shape; if they need more, their range is told.
    """
    try:
        return _describe(x, digits, rows)
    except Exception:  # a deleted array, a random key, an object that misbehaves
        return type(x).__name__


def _describe(x: Any, digits: int, rows: int) -> str:
    if isinstance(x, (bool, int)) or x is None:
        return repr(x)
    if isinstance(x, float):
        text = f"{x:.{digits + 1}g}"
        # 5.0 and 5 are two answers where a whole number is expected.
        return f"{text}.0" if text.lstrip("-").isdigit() else text
    if isinstance(x, (tuple, list)):
        inner = ", ".join(describe(part, digits, 0) for part in x[:6]) + (", …" if len(x) > 6 else "")
        if isinstance(x, list):
            return f"[{inner}]"
        return f"({inner},)" if len(x) == 1 else f"({inner})"
    if is_array(x):
        values = np.asarray(x)
        # float16 would overflow in what follows, and NumPy can't print bfloat16.
        if kind_of(values) == "f" and values.itemsize < 4:
            values = values.astype(np.float32)
        head = f"{dtype_of(x)} {values.shape}" if values.ndim else dtype_of(x)
        if values.size <= NUMBERS:
            text = _numbers(values, digits)
            line = f"{head}: {' '.join(text.split())}".replace("[ ", "[").replace("] [", "], [")
            if len(line) <= WIDTH:
                return line
            if text.count("\n") < rows:
                return f"{head}\n{text}"
        if values.size and values.dtype.kind in "fiu":
            low, high = (_number(end, digits).removesuffix(".") for end in (values.min(), values.max()))
            return f"{head}, from {low} to {high}"
        return head
    return f"{type(x).__name__}"


def _numbers(values: np.ndarray, digits: int) -> str:
    """The numbers of an array in brackets, a line for each row."""
    if values.dtype.kind != "f":
        return np.array2string(values, max_line_width=WIDTH)
    if digits <= 5:  # nothing is added up exactly, and what is left over would be taken for a number of its own
        largest = abs(values[np.isfinite(values)]).max(initial=0)
        values = np.where(abs(values) < 1e-7 * largest, values.dtype.type(0), values)
    width = max((len(_number(value, digits)) for value in values.flat), default=0)
    return np.array2string(
        values, max_line_width=WIDTH, formatter={"float_kind": lambda value: _number(value, digits).rjust(width)}
    )


def _number(value: Any, digits: int) -> str:
    """One number of an array, as NumPy would write it: "2." is a float, and "2" is none."""
    if value.dtype.kind != "f" if isinstance(value, np.generic) else not isinstance(value, float):
        return str(value)
    # All digits before the point are told, but for numbers that nobody would read so.
    before = len(str(int(abs(value)))) if abs(value) < 1e7 else 0
    text = f"{float(value) + 0.0:.{max(digits, before)}g}"
    return f"{text}." if text.lstrip("-").isdigit() else text


def _wrong_type(got: Any, want: Any) -> str | None:
    if isinstance(got, (jax.core.Tracer, Tracing)):
        return (
            "the answer is a tracer: a placeholder that `jit`, `grad` or `vmap` uses while it traces your function. "
            "It escaped because you stored something outside the traced function. Return it instead."
        )
    if got is None:
        return "it returned None. A function returns the value after `return`; without a `return` it returns None."
    if isinstance(want, tuple):
        if not isinstance(got, (tuple, list)):
            return f"it returned {_a(got)}; expected {_tuple_of(len(want))}."
        return None if len(got) == len(want) else f"it returned {_values(len(got))}; expected {_tuple_of(len(want))}."
    if isinstance(got, (list, tuple)) and is_number(want):
        return f"it returned a Python {type(got).__name__}; expected one number."
    if isinstance(got, (list, tuple)):
        return f"it returned a Python {type(got).__name__}; expected one array. `jnp.array(…)` or `jnp.stack(…)` turns it into one."
    if is_number(want) and not is_array(want):
        return None if is_number(got) else f"it returned {_a(got)}; expected one number."
    if not is_array(got) and not is_number(got):
        return f"it returned {_a(got)}; expected an array."
    return None


def _values(count: int) -> str:
    return f"{count} value{'' if count == 1 else 's'}"


def _tuple_of(count: int) -> str:
    example = {1: ", as in `return a,`", 2: ", as in `return a, b`"}.get(count, "")
    return f"a tuple of {_values(count)}{example}"


def _a(x: Any) -> str:
    if is_array(x):
        return f"an array of shape {np.shape(x)}"
    name = type(x).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def difference(got: Any, want: Any, rtol: float, atol: float, parts: tuple[str, ...] = ()) -> str | None:
    """None where ``got`` is ``want`` within tolerance, else a sentence that says what is wrong: type, shape, dtype, NaN, values.

    Args:
        got: what the learner's function returned.
        want: the reference answer: an array, a number, or a tuple of them.
        rtol, atol: ``|got − want| ≤ atol + rtol·|want|``, element by element; whole numbers have to be the same.
        parts: names for the parts of a tuple.
    """
    wrong = _wrong_type(got, want)
    if wrong:
        return wrong
    if isinstance(want, tuple):
        for i, (one, other) in enumerate(zip(got, want, strict=True)):
            wrong = difference(one, other, rtol, atol)
            if wrong:
                name = parts[i] if i < len(parts) else f"value {i + 1} of {len(want)}"
                return after(f"{name}: ", wrong)
        return None
    # As plain arrays from here on: what a subclass says about its own shape or equality decides nothing.
    got, want = np.asarray(got), np.asarray(want)
    got_shape, want_shape = got.shape, want.shape
    if got_shape != want_shape:
        wrong = f"the shape is {got_shape}"
        return Told(f"{wrong}; expected {want_shape}.", f"{wrong}, which is not the expected one.")
    # A whole number is a number, where it is the right one: 1 instead of 1.0.
    if kind_of(want) == "f" and kind_of(got) == "i" and not want_shape and abs(float(got) - float(want)) <= atol:
        return None
    if kind_of(got) != kind_of(want):
        return f"the answer holds {_KINDS.get(kind_of(got), dtype_of(got))} ({dtype_of(got)}); expected {_KINDS[kind_of(want)]} ({dtype_of(want)})."
    # JAX's own floats have 32 bits, so that these are enough where Python's are expected, or NumPy's.
    if kind_of(want) == "f" and got.itemsize < min(want.itemsize, 4):
        return f"the numbers are {dtype_of(got)}; expected {dtype_of(want)}, which holds more digits."
    a, b = exact(got), exact(want)
    astray = ~np.isfinite(a) & np.isfinite(b)
    if astray.any():
        below = bool((a[astray] < 0).all())
        what = "NaN (not a number)" if np.isnan(a[astray]).any() else "minus infinity" if below else "infinity"
        count = f"{int(astray.sum())} of {a.size} values are" if a.size > 1 else "the answer is"
        return f"{count} {what}, where a finite number is expected."
    far = apart(got, want, rtol, atol)
    if not far.any():
        return None
    if a.size == 1:
        return "the value is not the expected one."
    return f"{int(far.sum())} of {a.size} values differ from the expected ones."


def exact(x: np.ndarray) -> np.ndarray:
    """The numbers in double precision."""
    return x.astype(np.complex128 if kind_of(x) == "c" else np.float64)


def apart(got: np.ndarray, want: np.ndarray, rtol: float, atol: float) -> np.ndarray:
    """Where two arrays of one shape differ by more than the tolerance."""
    if kind_of(want) in ("i", "b"):  # a count that is off by one is wrong, however large it is
        return np.asarray(got != want)
    with np.errstate(invalid="ignore"):
        return np.asarray(~np.isclose(exact(got), exact(want), rtol=rtol, atol=atol, equal_nan=True))


def equal(a: Any, b: Any, rtol: float, atol: float) -> bool:
    """Whether two answers are the same within tolerance, shapes and kinds included."""
    try:
        return difference(a, b, rtol, atol) is None
    except Exception:
        return a is b
