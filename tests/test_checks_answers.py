"""Promises of `check`: every kind of wrong answer gets a sentence of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from toy_exercise import DOUBLE

from course.checks import Case, Exercise, Mistake, find, judge
from course.checks.compare import describe, difference


class Liar:
    """Says that it equals everything, and can't be read."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return True

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        raise RuntimeError("no array here")

    def __repr__(self) -> str:
        raise RuntimeError("no text here")


class LyingArray(np.ndarray):
    """Says that it equals everything, in whatever way it is asked."""

    def __eq__(self, other: object) -> Any:
        return np.ones(np.shape(self), bool)

    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> Any:
        return np.ones((), bool)


def lying(x: Any) -> Any:
    return np.zeros(np.shape(x), np.float32).view(LyingArray)


def generator(x: Any) -> Iterator[Any]:
    yield x


def list_of_itself(x: Any) -> list[Any]:
    found: list[Any] = []
    found.append((found, found))
    return found


WRONG: dict[str, tuple[Callable[..., Any], str]] = {
    "a list that holds itself": (list_of_itself, "it returned lists"),
    "prints": (lambda x: print(2 * x), "It printed something and returned None."),
    "None": (lambda x: None, "it returned None. A function returns the value after `return`"),
    "integers": (
        lambda x: jnp.asarray(2 * x).astype(int),
        "the answer holds integers (int32); expected floating-point",
    ),
    "booleans": (lambda x: 2 * x > 0, "the answer holds True/False values (bool); expected floating-point"),
    "half precision": (lambda x: (2 * x).astype(jnp.float16), "the numbers are float16; expected float32"),
    "bfloat16": (lambda x: (2 * x).astype(jnp.bfloat16), "the numbers are bfloat16; expected float32"),
    "complex": (lambda x: 2 * x + 0j, "the answer holds complex numbers"),
    "shape": (lambda x: jnp.atleast_2d(2 * x).T[None], "the shape is (1, 1, 1); expected"),
    "a number": (lambda x: 1.0, "the shape is (); expected (1,)."),
    "NaN": (lambda x: jnp.nan * x, "is NaN (not a number), where a finite number is expected."),
    "infinity": (lambda x: 2 * x + jnp.inf, "is infinity, where a finite number is expected."),
    "list": (lambda x: [2 * v for v in np.ravel(x)], "it returned a Python list; expected one array."),
    "tuple": (lambda x: (2 * x, x), "it returned a Python tuple; expected one array."),
    "dict": (lambda x: {"y": 2 * x}, "it returned a dict; expected an array."),
    "text": (lambda x: "2 * x", "it returned a str; expected an array."),
    "array of text": (lambda x: np.array(["a"]), "the answer holds text"),
    "objects": (lambda x: np.full(np.shape(x), None), "the answer holds Python objects"),
    "function": (lambda x: lambda y: 2 * y, "it returned a function; expected an array."),
    "class": (lambda x: Liar, "it returned a type; expected an array."),
    "generator": (generator, "it returned a generator; expected an array."),
    "liar": (lambda x: Liar(), "it returned a Liar; expected an array."),
    "lying array": (lying, "the value is not the expected one."),
    "random key": (lambda x: jax.random.key(0), "the shape is (); expected"),
    "values": (lambda x: 2.01 * x, "the value is not the expected one."),
}


@pytest.mark.parametrize("name", WRONG)
def test_each_kind_of_wrong_answer_has_its_sentence(name: str) -> None:
    """None of them passes, none of them ends in an exception of ours, each says what came back and what is expected."""
    function, sentence = WRONG[name]
    verdict = judge(DOUBLE, function)
    assert not verdict.passed
    assert verdict.mistake is None
    assert verdict.points < DOUBLE.points
    if name == "random key":  # described differently by each version of JAX, so only that it is said at all
        assert verdict.text
        return
    assert sentence in verdict.message


def test_the_smallest_failing_input_is_shown_with_answer_and_expectation() -> None:
    """Of several failing inputs the one with the fewest numbers, with what came back, what was expected, and the dtype."""
    verdict = judge(DOUBLE, lambda x: 2 * x + (0.5 if np.ndim(x) else 0))
    assert verdict.facts == (
        ("input (one number)", "x = float32 (1,): [0.75]"),
        ("your answer", "float32 (1,): [2.]"),
        ("expected", "float32 (1,): [1.5]"),
        ("relative difference", "0.33"),
    )


def test_how_many_values_differ_is_counted() -> None:
    verdict = judge(DOUBLE, lambda x: jnp.asarray(2 * x).at[0].add(1.0) if np.shape(x) == (3,) else 2 * x)
    assert "On three numbers: 1 of 3 values differ from the expected ones." in verdict.message
    assert (verdict.cases_passed, verdict.cases) == (3, 4)


@pytest.mark.parametrize(
    "function",
    [
        jax.jit(lambda x: 2 * x),
        partial(jnp.multiply, 2),
        lambda x: x + x,
        lambda x: np.asarray(x, np.float64) * 2,
        np.vectorize(lambda v: 2 * float(v), otypes=[np.float32]),
    ],
    ids=["jit", "partial", "lambda", "float64", "vectorize"],
)
def test_right_answers_pass_in_whatever_form_they_come(function: Callable[..., Any]) -> None:
    verdict = judge(DOUBLE, function)
    assert verdict.passed, verdict.message
    assert verdict.message == "✓ double: right, on all 4 inputs"


def test_a_class_can_be_an_answer() -> None:
    """An exercise may ask for a class; its probe says what is done with it."""

    class Doubler:
        def __call__(self, x: Any) -> Any:
            return 2 * x

    class Tripler:
        def __call__(self, x: Any) -> Any:
            return 3 * x

    exercise = replace(DOUBLE, probe=lambda cls, x: cls()(x), reference=Doubler, mistakes=())
    assert judge(exercise, Doubler).passed
    assert not judge(exercise, Tripler).passed


def test_an_answer_that_also_prints_passes_with_a_remark() -> None:
    def chatty(x: Any) -> Any:
        print("working")
        return 2 * x

    verdict = judge(DOUBLE, chatty)
    assert verdict.passed
    assert "It also prints" in verdict.message


def test_a_known_mistake_is_named_and_its_hint_shown() -> None:
    verdict = judge(DOUBLE, lambda x: x**2)
    assert verdict.mistake == "squared"
    assert "You squared it." in verdict.message


def test_a_known_mistake_on_some_inputs_only_is_not_taken_for_it() -> None:
    """A hint that names the wrong mistake would mislead: all answers have to equal the mistake's."""
    verdict = judge(DOUBLE, lambda x: x * x if np.ndim(x) else 5 * x)
    assert verdict.mistake is None


def test_a_mistake_that_raises_is_named_by_its_error() -> None:
    """`reversed` fails on a number without dimensions, as the learner's own version of it does."""
    assert judge(DOUBLE, lambda x: x[::-1] + x[::-1]).mistake == "reversed"


def test_a_mistake_that_only_raises_is_named_by_the_message_too() -> None:
    """Any number of mistakes end in a TypeError; the class alone would name the wrong one."""
    always = Mistake("always raises", "It raises.", lambda x: len(3))  # type: ignore[arg-type]
    exercise = replace(DOUBLE, mistakes=(always,))
    assert judge(exercise, lambda x: len(4)).mistake == "always raises"  # type: ignore[arg-type]
    assert judge(exercise, lambda x: x + "a string").mistake is None


def test_a_float_is_expected_where_an_int_came() -> None:
    exercise = replace(DOUBLE, reference=lambda x: 0.5, mistakes=())
    assert "the answer holds integers" in judge(exercise, lambda x: 1).message


def test_where_one_number_is_expected_a_tuple_or_list_is_not_told_to_become_an_array() -> None:
    for want in (3, 1.5, np.float32(1.5), np.zeros((), np.float32)):
        assert difference((want, want), want, 0, 0) == "it returned a Python tuple; expected one number."
        assert difference([want], want, 0, 0) == "it returned a Python list; expected one number."


def test_a_float_is_shown_as_one_where_a_whole_number_is_expected() -> None:
    exercise = replace(DOUBLE, reference=lambda x: 5, mistakes=())
    assert dict(judge(exercise, lambda x: 5.0).facts) | {"input (one number)": ""} == {
        "input (one number)": "",
        "your answer": "5.0",
        "expected": "5",
    }
    assert [describe(x) for x in (-3.0, 0.25, 1e20, float("inf"), (5,))] == ["-3.0", "0.25", "1e+20", "inf", "(5,)"]


def test_the_parts_of_an_answer_are_shown_under_their_names() -> None:
    exercise = replace(DOUBLE, reference=lambda x: (1.0, 2.0), parts=("the loss", "the slope"), mistakes=())
    facts = dict(judge(exercise, lambda x: (1.0, 3.0)).facts)
    assert facts["your answer"] == "the loss: 1.0\nthe slope: 3.0"
    assert facts["expected"] == "the loss: 1.0\nthe slope: 2.0"
    assert dict(judge(exercise, lambda x: (1.0, 2.0, 3.0)).facts)["your answer"] == "(1.0, 2.0, 3.0)"


def test_a_part_of_a_tuple_is_called_by_its_name() -> None:
    want = (1.0, np.zeros(2, np.float32))
    assert difference((1.0, np.ones(2, np.float32)), want, 0, 0, ("loss", "gradient")) == (
        "gradient: 2 of 2 values differ from the expected ones."
    )
    assert difference((2.0, want[1]), want, 0, 0) == "value 1 of 2: the value is not the expected one."
    assert difference((1.0,), want, 0, 0) == "it returned 1 value; expected a tuple of 2 values, as in `return a, b`."
    assert "as in `return a, b`" in (difference(1.0, want, 0, 0) or "")
    assert "a tuple of 1 value, as in `return a,`" in (difference((x for x in want), want[:1], 0, 0) or "")


def test_nan_is_right_where_nan_is_expected() -> None:
    assert difference(np.array([np.nan, 1.0]), np.array([np.nan, 1.0]), 0, 0) is None


def test_whole_numbers_are_compared_exactly_however_large() -> None:
    assert difference(101_771, 101_770, 1e-4, 1e-5) == "the value is not the expected one."
    assert difference(np.array([10**6 + 1]), np.array([10**6]), 1e-4, 1e-5)
    assert difference(np.array([10**6], np.int64), np.array([10**6], np.int32), 0, 0) is None


def test_imaginary_parts_are_compared() -> None:
    assert difference(np.array([1 + 1j]), np.array([1 + 2j]), 1e-4, 1e-5)


def _shared(exercise: Exercise) -> list[Any]:
    return [arg for case in exercise.draw(0) for arg in case.args]


def test_changing_the_input_does_not_change_what_is_expected() -> None:
    """Lists, and arrays in them, reach every run as fresh copies; else the reference would meet what the learner left."""
    exercise = Exercise(
        "total",
        "none",
        1,
        sum,
        lambda rng: [Case("a list", ([1, 2, 3],)), Case("another", ([4, 5, 6, 7],))],
        (),
    )

    def destructive(numbers: list[int]) -> int:
        total = 0
        while numbers:
            total += numbers.pop()
        return total

    def zeroing(numbers: list[int]) -> int:
        numbers[:] = [0] * len(numbers)
        return 0

    assert judge(exercise, destructive).passed
    assert not judge(exercise, zeroing).passed


def test_writing_into_a_numpy_view_of_the_input_is_refused_with_advice() -> None:
    def in_place(x: Any) -> Any:
        view = np.asarray(x)
        view *= 2
        return view

    message = judge(replace(DOUBLE, cases=lambda rng: DOUBLE.draw(0)[:3]), in_place).message
    assert "The input belongs to the caller" in message or "read-only" in message


def test_a_buffer_that_is_used_again_keeps_the_earlier_answers() -> None:
    """Each answer is taken as it was when it came back."""
    buffer = np.zeros((), np.float32)

    def reusing(x: Any) -> Any:
        buffer[...] = 2 * x
        return buffer

    numbers = [Case(f"{n}", (np.float32(n),)) for n in (1, 2, 3)]
    assert judge(replace(DOUBLE, cases=lambda rng: numbers), reusing).passed


def test_describe_never_raises_and_shows_no_address() -> None:
    for thing in (
        Liar(),
        jax.random.key(0),
        object(),
        float("nan"),
        [Liar()] * 9,
        np.zeros((0, 3)),
        {"a": 1},
        lambda: 0,
    ):
        assert "0x" not in describe(thing)
    assert describe(np.arange(100.0).reshape(10, 10)) == "float64 (10, 10), from 0 to 99"


def test_the_same_seed_gives_the_same_message_and_another_seed_other_inputs() -> None:
    function = WRONG["values"][0]
    first, again, other = (judge(replace(DOUBLE, cases=_only_random), function, seed) for seed in (3, 3, 4))
    assert first == again
    assert first.message == again.message != other.message


def _only_random(rng: np.random.Generator) -> list[Case]:
    return [Case("two numbers", (rng.normal(size=2).astype(np.float32),))]


def test_the_input_is_shown_under_the_names_of_the_signature() -> None:
    def layer(x: Any, W: Any, b: Any) -> Any:
        return 3 * x.sum() + W @ x + b

    message = judge(find("layer"), layer).message
    assert "x = float32 (" in message
    assert "W = float32 (" in message
    assert "b = float32 (" in message


def test_the_lessons_own_network_for_xor_is_told_to_be_the_lessons() -> None:
    """The exercise asks for other hidden neurons; the same ones with another last neuron are a mistake of their own."""

    def xor_network() -> Any:
        return np.ones((2, 2)), np.array([-1.0, 0.0]), np.array([-2.0, 1.0]), 0.0

    exercise = find("xor_network")
    verdict = judge(exercise, xor_network)
    assert verdict.cases_passed == 0 and "the lesson's two hidden neurons" in verdict.message
    assert judge(exercise, lambda: (np.ones((2, 2)), np.array([0.0, -1.0]), np.array([1.0, -1.0]), 0.0)).mistake == "or"
