"""Mistakes of a kind, recognized for every exercise: by the numbers, by the error, by the learner's code.

An exercise declares its own mistakes; their hints come first. What is said here is said only where it is true, and tells a
place or a relation, not the answer. `errors` reads what Python, NumPy and JAX say, `findings` what the simulator says, `relations` compares answers with the
expected ones, `source` reads the learner's code, `stand_ins` makes mistakes of the right answer, and `repairs` tries small
changes of what the learner wrote.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from course.checks import probes
from course.checks.compare import is_array, is_number, kind_of
from course.checks.exercise import Case, Exercise
from course.checks.kinds.errors import meaning
from course.checks.kinds.findings import NEVER_WRITTEN, is_kernel, of_finding
from course.checks.kinds.holds import Part
from course.checks.kinds.relations import relation
from course.checks.kinds.source import SPOILS, own, parsed, unused_input
from course.checks.outcome import Outcome

__all__ = ["meaning", "of_code", "of_numbers", "of_sentence", "own", "source_of", "unused"]


def source_of(function: Any) -> str:
    """The source of what a learner wrote, or nothing where it is not known."""
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return ""


def of_code(code: str) -> str | None:
    """What in a learner's code, whose answer is wrong, is spoiled for certain; or None."""
    tree = parsed(code)
    return next(filter(None, (spoiled(tree, code) for spoiled in SPOILS)), None) if tree else None


def unused(code: str) -> str | None:
    """Which input a learner's code, whose answer is wrong, does not use; or None."""
    tree = parsed(code)
    return unused_input(tree, code) if tree else None


# What a class that is no number, and no array, is mistaken for; by what the comparison says of it.
_CLASSES = (
    (r"a str;", "A text only looks like a number. Return the number itself, without quotes and without `f\"…\"`."),
    (r"a dict;", "Look up what you need in the dict by its name, and return that."),
    (
        r"(?:a Python (?:tuple|list)|\d+ values?); expected one number",
        "It holds more than one value. Does the exercise ask for one of them, or for something made of all of them: a sum, the largest, a quotient?",
    ),
    (r"a (?:function|method|builtin_function_or_method|PjitFunction);", "A function returns something only when you call it: `f(x)`."),
    (r"it returned .*; expected .*one number", "The exercise asks for one number. What does the name after `return` hold?"),
    (r"expected a tuple of", "The function's docstring says which values to return, and in which order. `return a, b` returns two values."),
    (
        r"holds floating-point numbers .*expected integers",
        "The exercise asks for whole numbers: `/`, `mean` and a start value of `0.0` or `jnp.zeros(…)` make floats, `//` and `sum` of whole numbers don't.",
    ),
    (r"holds integers .*expected floating-point", "The exercise asks for floats: `//`, `int` and an integer type cut off the digits after the decimal point."),
    (r"holds True/False values", "These are True/False values. Their sum counts the True ones; `.astype(…)` converts them to numbers."),
    (r"no entry \"", "Names must match letter by letter, capitals included."),
)  # fmt: skip
_SHAPES = re.compile(r"(?:has|is|the) shape (?:is )?(\([\d, ]*\)); expected (?:\([a-z_, ]*\) = )?(\([\d, ]*\))")


_PAIRS = re.compile(r"the shapes (\([\d, ]*\)) and (\([\d, ]*\)); expected (\([\d, ]*\)) and (\([\d, ]*\))")


def _numbers(shape: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", shape))


def of_sentence(sentence: str, code: str = "") -> str | None:
    """What is said of a wrong answer tells of the mistake: of a class or a shape that is not the expected one, or of what the simulator found; or None."""
    if said := of_finding(sentence, code):
        return said
    if pairs := _PAIRS.search(sentence):
        found = [_numbers(shape) for shape in pairs.groups()]
        return next(
            (_of_shapes(got, want) for got, want in zip(found[:2], found[2:], strict=True) if got != want), None
        )
    if shapes := _SHAPES.search(sentence):
        return _of_shapes(*map(_numbers, shapes.groups()))
    return next((said for words, said in _CLASSES if re.search(words, sentence)), None)


def _of_shapes(got: tuple[int, ...], want: tuple[int, ...]) -> str:
    if sorted(n for n in got if n != 1) == sorted(n for n in want if n != 1) and len(got) != len(want):
        if len(got) > len(want):
            return "There is one axis of length 1 too many: `reshape`, `[:, None]`, `keepdims` and brackets add one; an index such as `[0]` or `[:, 0]` takes it away."
        return "An axis of length 1 is missing: `[:, None]`, `reshape` and `keepdims` add one; an index or a sum takes one away."
    if np.prod(got) == np.prod(want) and len(got) != len(want):
        return "The count of numbers is right, but the axes differ: `reshape(-1)` and `concatenate` make a single row, `stack` and `reshape(rows, -1)` don't."
    if len(got) > len(want):
        return "It has one axis too many: is a sum, a matrix product (`@`) or an index missing, or was a row combined with a column?"
    if len(got) < len(want):
        return "It has one axis too few: did a sum, a matrix product (`@`) or an index remove it, or did you compute only one of several results?"
    if sorted(got) == sorted(want):
        return "Its axes are in another order."
    return "It has the right number of axes, but other lengths: did you use another length, write one as a fixed number, or leave something out or put something in?"


def of_numbers(
    exercise: Exercise,
    cases: Sequence[Case],
    got: Sequence[Outcome],
    want: Sequence[Outcome],
    code: str = "",
    loose: bool = False,
) -> str | None:
    """How answers, as measured, are related to the expected ones on every input; or None.

    Args:
        exercise: which they answer, and the tolerance.
        cases: the inputs.
        got, want: what came, and what is expected, one a case.
        code: the learner's, where it is known; it says which names they know.
        loose: see :func:`course.checks.kinds.relations.relation`.
    """
    try:
        return _of_numbers(exercise, cases, got, want, code, loose)
    except Exception:  # what came may be anything: a verdict is made all the same
        return None


def _of_numbers(
    exercise: Exercise,
    cases: Sequence[Case],
    got: Sequence[Outcome],
    want: Sequence[Outcome],
    code: str,
    loose: bool,
) -> str | None:
    # Where a rule of the exercise's own decides, the expected numbers are not the only right ones.
    if exercise.accept or any(one.failure for one in got):
        return None
    parts = []
    for case, one, other in zip(cases, got, want, strict=True):
        values, wanted = _flat(one.value), _flat(other.value)
        if len(values) != len(wanted) or not all(map(_numeric, (*values, *wanted))):
            return None
        args = (
            _named(exercise, case, code)
            if exercise.given or exercise.probe is probes.call
            else _seen(exercise, case, code)
        )
        pairs = zip(values, wanted, strict=True)
        parts.append([Part(np.asarray(a), np.asarray(b), args, exercise.rtol, exercise.atol) for a, b in pairs])
    if len({len(row) for row in parts}) != 1:
        return None
    if loose:
        return relation(parts, exercise.parts, loose) or _never_written(parts, code)
    return _not_finite(parts, code) or _always_the_same(parts) or relation(parts, exercise.parts)


def _flat(value: Any) -> list[Any]:
    return [leaf for part in value for leaf in _flat(part)] if isinstance(value, (tuple, list)) else [value]


def _numeric(value: Any) -> bool:
    return (is_array(value) or is_number(value)) and kind_of(value) in "fib"


def _named(exercise: Exercise, case: Case, code: str) -> tuple[tuple[str, Any], ...]:
    """The input's parts, each under the name by which the learner knows it, or nothing where that is another."""
    known = list(inspect.signature(exercise.reference).parameters) if callable(exercise.reference) else []
    names = exercise.given or tuple(known if exercise.probe is probes.call else _of_probe(exercise))
    if len(names) != len(case.args):
        names = ("",) * len(case.args)
    words = {*known, *re.findall(r"\w+", code)}
    return tuple((name if name in words else "", arg) for name, arg in zip(names, case.args, strict=True))


def _seen(exercise: Exercise, case: Case, code: str) -> tuple[tuple[str, Any], ...]:
    """What a probe is given, as far as the learner's code has a name for it: the rest may never reach the learner's function."""
    return tuple((name, arg if name else None) for name, arg in _named(exercise, case, code))


def _of_probe(exercise: Exercise) -> list[str]:
    """The names of what a probe is given, after the learner's function."""
    return list(inspect.signature(exercise.probe).parameters)[1:]


def _not_finite(cases: Sequence[Sequence[Part]], code: str) -> str | None:
    """NaN or infinity where numbers are expected: in some places, or on some inputs, and all else is right."""
    wrong = [part for row in cases for part in row if not part.right]
    if not wrong or any(part.got.shape != part.want.shape or part.got.dtype.kind != "f" for part in wrong):
        return None
    astray = [~np.isfinite(part.got) & np.isfinite(part.want) for part in wrong]
    if not all(places.any() for places in astray):
        return None
    rest = all(part.same(part.got[~places], part.want[~places]) for part, places in zip(wrong, astray, strict=True))
    wholly_right = any(all(part.right for part in row) for row in cases)
    nan = all(np.isnan(part.got[places]).all() for part, places in zip(wrong, astray, strict=True))
    if is_kernel(code):
        if not rest or not nan:
            return None
        others = "" if any(places.all() for places in astray) else "All other numbers are right. "
        return f"{others}An element of a kernel's output that is never written holds NaN."
    if wholly_right and re.search(r"exp|log|softmax", code):
        return (
            "On other inputs it is right. In float32 `exp` of 89 is already infinity, `exp` of −104 is 0, the "
            "logarithm of 0 is minus infinity, and infinity / infinity is NaN: how large can the numbers be that go "
            "into these functions?"
        )
    if wholly_right and "/" in code and not re.search(r"\b(?:inf|nan)\b", code):
        zero = "0 / 0 is NaN" if nan else "any other number divided by 0 is infinite, and 0 / 0 is NaN"
        return f"On other inputs it is right. What do you divide by there? In an array {zero}."
    return None


def _never_written(cases: Sequence[Sequence[Part]], code: str) -> str | None:
    """NaN in a kernel's output, whatever else is wrong with it."""
    empty = any(
        part.got.dtype.kind == "f" and np.isnan(part.got).any() for row in cases for part in row if not part.right
    )
    if empty and is_kernel(code):
        return NEVER_WRITTEN
    return None


def _always_the_same(cases: Sequence[Sequence[Part]]) -> str | None:
    """The same answer, whatever the input is, and not zero."""
    first = cases[0]
    if len(cases) < 3 or any(
        part.want.size > 1 and (part.got == part.got.reshape(-1)[:1]).all() for part in first if part.got.size
    ):
        return None
    alike = all(a.same(a.got, b.got) for row in cases[1:] for a, b in zip(first, row, strict=True))
    return "The answer is the same for every input." if alike and any(part.got.any() for part in first) else None
