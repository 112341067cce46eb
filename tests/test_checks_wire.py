"""Promises of the wire: what came is judged alike on both ends, and whoever lies on one end gains and breaks nothing."""

from __future__ import annotations

import contextlib
import json
import math
import pickle
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from seeds import SEEDS

from course.checks import exercises, wire
from course.checks.compare import describe, difference
from course.checks.outcome import Failure, Outcome
from course.checks.plain import DTYPES, LONGEST, MANY, Thing, TooMuch, Tracing, plain
from course.checks.wire import WireError, clean, decode, decode_outcome, encode, encode_outcome

ALL = exercises()
FEW = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def sent(value: Any) -> Any:
    """The value as it is at the other end, by way of strict JSON."""
    return decode(json.loads(json.dumps(encode(value), allow_nan=False)))


def alike(a: Any, b: Any) -> bool:
    """The same types, shapes, dtypes and numbers."""
    if type(a) is not type(b):
        return isinstance(a, Thing) and isinstance(b, Thing) and type(a).__name__ == type(b).__name__
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(alike(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, (np.ndarray, np.generic)):
        return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    if isinstance(a, Thing):
        return type(a).__name__ == type(b).__name__
    return isinstance(a, Tracing) or a == b or (a != a and b != b)


# --- Honest values ----------------------------------------------------------------------------------------------------

arrays = hnp.arrays(
    st.sampled_from([np.dtype(name) for name in ("f4", "f8", "f2", "i4", "i8", "u1", "?", "c8", ">f4", "<U3")]),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**200), 2**200),
    st.floats(),
    st.text(max_size=20),
    arrays,
    hnp.arrays(np.float32, ()).map(lambda a: a[()]),
    st.builds(np.int64, st.integers(-9, 9)),
    st.sampled_from([ml_dtypes.bfloat16(1.5), {"a": 1}, {1}, object(), len, Thing, 1j, b"x", np.array([None, 2])]),
    arrays.filter(lambda a: a.dtype.kind in "fi" and a.dtype.isnative and a.itemsize < 8).map(jnp.asarray),
)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple))
WANTED = (3, 1.5, np.float32(2), np.zeros(3, np.float32), np.zeros((2, 2), np.int32), np.zeros(3, bool), (1.0, 2.0))


@FEW
@given(values)
def test_what_is_sent_is_judged_as_what_came(value: Any) -> None:
    """By sentence, against every kind of right answer; and is described alike."""
    here, there = plain(value), sent(value)
    assert alike(here, there)
    assert alike(sent(here), here)
    assert describe(here) == describe(there)
    for want in WANTED:
        try:
            said = difference(value, want, 1e-4, 1e-5)
        except Exception as error:
            with pytest.raises(type(error)):
                difference(there, want, 1e-4, 1e-5)
            continue
        assert difference(there, want, 1e-4, 1e-5) == said


@pytest.mark.parametrize("name", DTYPES)
def test_every_number_type_arrives_as_it_was(name: str) -> None:
    value = np.arange(6).astype(DTYPES[name]).reshape(2, 3)
    assert alike(sent(value), value)
    assert alike(sent(value[0, 1]), value[0, 1])
    assert alike(sent(jnp.asarray(value)), np.asarray(jnp.asarray(value)))


@pytest.mark.parametrize("exercise", ALL.values(), ids=list(ALL))
def test_every_input_of_every_exercise_can_travel(exercise: Any) -> None:
    for seed in SEEDS:
        for case in exercise.draw(seed):
            assert alike(sent(case.args), case.args), case.label


def test_a_tracer_is_known_at_the_other_end() -> None:
    kept: list[Any] = []

    @jax.jit
    def read(x: Any) -> Any:
        kept.append(x)
        return x

    read(1.0)
    assert isinstance(sent(kept[0]), Tracing)
    assert isinstance(sent(plain(kept[0])), Tracing)
    assert "the answer is a tracer" in (difference(sent(kept[0]), 1.0, 0, 0) or "")


def test_what_is_changed_later_has_been_sent_as_it_was() -> None:
    array, numbers = np.ones(3), [1, 2]
    value = plain((array, numbers))
    array[:], numbers[:] = 0, []
    assert value[0].tolist() == [1, 1, 1] and value[1] == [1, 2]


# --- Objects that misbehave ---------------------------------------------------------------------------------------------


class Bad(Exception):
    pass


def bad(*args: Any, **kwargs: Any) -> Any:
    raise Bad


class Raises:
    """Raises at everything that it is asked."""

    __class__ = property(bad)  # type: ignore[assignment]
    __array__ = __len__ = __iter__ = __getattr__ = __eq__ = __bool__ = __float__ = __int__ = __index__ = bad
    __repr__ = __str__ = __reduce__ = __getstate__ = __dir__ = __hash__ = bad  # type: ignore[assignment]


class Meta(type):
    """A class that lies about itself."""

    __name__ = property(bad)  # type: ignore[assignment]
    __mro__ = property(bad)  # type: ignore[assignment]
    __instancecheck__ = __subclasscheck__ = __eq__ = __hash__ = bad  # type: ignore[assignment]


class LyingClass(metaclass=Meta):
    pass


class LyingArray(np.ndarray):
    shape = property(bad)  # type: ignore[assignment]
    dtype = property(bad)  # type: ignore[assignment]
    __array__ = __len__ = __iter__ = __eq__ = __array_ufunc__ = __array_function__ = astype = tobytes = copy = bad  # type: ignore[assignment]


class LyingList(list):  # type: ignore[type-arg]
    __len__ = __iter__ = __getitem__ = __eq__ = bad  # type: ignore[assignment]


class LyingTuple(tuple):
    __len__ = __iter__ = __getitem__ = __eq__ = bad  # type: ignore[assignment]


class LyingInt(int):
    __int__ = __index__ = __pos__ = bit_length = __eq__ = __repr__ = bad  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


class LyingFloat(float):
    __float__ = __pos__ = __eq__ = __repr__ = bad  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


class LyingText(str):
    __str__ = encode = __getitem__ = __len__ = bad  # type: ignore[assignment]


def _deleted() -> Any:
    array = jnp.ones(3) + 1
    array.delete()
    return array


def _generator() -> Iterator[int]:
    yield 1


def _itself() -> Any:
    inner: list[Any] = []
    inner.append(inner)
    return inner


MISBEHAVING = {
    "raises": (Raises(), "Raises"),
    "class that lies": (LyingClass(), "LyingClass"),
    "class": (LyingClass, "Meta"),
    "deleted": (_deleted(), "ArrayImpl"),
    "random key": (jax.random.key(0), "PRNGKeyArray"),
    "generator": (_generator(), "generator"),
    "too many": ([0] * (MANY + 1), "TooMuch"),
    "a billion": (range(10**9), "range"),
    "too deep": (_itself(), "TooMuch"),
    "one list many times": ([[[[[[0] * 30] * 30] * 30] * 30] * 30], "TooMuch"),
    "huge though small": (np.broadcast_to(np.float64(1), (10**6, 10**6)), "TooMuch"),
    "large": (np.zeros(wire.LARGEST + 1, np.uint8), "TooMuch"),
    "many objects": (np.full(MANY + 1, None), "TooMuch"),
    "large number": (10**400, "TooMuch"),
    "odd name": (type("<b>\n☃ x", (), {})(), "_b____x"),
    "no name": (type("", (), {})(), "_"),
    "digits": (type("1" * 500, (), {})(), "_" + "1" * 59),
}


@pytest.mark.parametrize("name", MISBEHAVING)
def test_nothing_that_an_object_does_is_raised(name: str) -> None:
    value, known_as = MISBEHAVING[name]
    there = sent(value)
    assert isinstance(there, Thing)
    assert type(there).__name__ == known_as


def test_subclasses_that_lie_come_as_what_they_are() -> None:
    array = np.arange(3.0).view(LyingArray)
    assert alike(sent(array), np.arange(3.0))
    assert sent(LyingList([1, LyingTuple((2,))])) == [1, (2,)]
    assert sent([LyingInt(5), LyingFloat(2.5)]) == [5, 2.5]
    assert type(sent(LyingInt(5))) is int and type(sent(LyingFloat(2.5))) is float
    assert sent(LyingText("abc")) == "abc"
    assert sent(np.float64(2.5)) == 2.5


def test_an_array_of_objects_keeps_its_shape_alone() -> None:
    array = np.empty((1, 2), object)
    array[0, 0] = array[0, 1] = Raises()
    there = sent(array)
    assert there.tolist() == [[None, None]]
    assert sent(np.zeros(2, "M8[s]")).tolist() == [None, None]
    assert sent(np.zeros(2, [("a", "f4"), ("b", "i4")])).tolist() == [None, None]


def test_half_characters_reach_no_file() -> None:
    assert sent("a\ud800b" + "x" * 999) == "a?b" + "x" * (LONGEST - 3)
    assert sent(np.array(["a\ud800"])).tolist() == [None]


# --- Data of a process that lies ------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
)
KEYS = st.sampled_from(["array", "shape", "data", "scalar", "tuple", "float", "type", "tracer", "value", "failure"])
WORDS = st.sampled_from([*DTYPES, "object", "<U1", "<U999", "nan", "AAAA", "AAA=", "", "|O8", "V8", "datetime64[s]"])
SHAPES = st.lists(st.integers(-1, 5) | st.sampled_from([2**31 - 1, 2**63, True]), max_size=4)
CRAFTED = st.recursive(
    JSON | WORDS | SHAPES,
    lambda inner: st.dictionaries(KEYS, inner, max_size=5) | st.lists(inner, max_size=3),
)


@FEW
@given(CRAFTED)
def test_made_up_data_are_refused_or_plain(data: Any) -> None:
    for read in (decode, decode_outcome):
        try:
            value = read(data)
        except WireError:
            continue
        kept = value if read is decode else value.value
        assert alike(sent(kept), kept)
        describe(kept)


@FEW
@given(values, st.data())
def test_data_that_were_tampered_with_are_refused_or_plain(value: Any, data: Any) -> None:
    text = json.dumps(encode((value, np.arange(3.0))))
    at = data.draw(st.integers(0, len(text) - 1))
    try:
        changed = json.loads(text[:at] + data.draw(st.sampled_from('0"[]{}:,9a')) + text[at + 1 :])
    except ValueError:
        return
    with contextlib.suppress(WireError):
        sent(decode(changed))


def _array(shape: list[Any], data: str = "", dtype: str = "float32", **more: Any) -> dict[str, Any]:
    return {"array": dtype, "shape": shape, "data": data} | more


@pytest.mark.parametrize(
    "data",
    [
        _array([10**6, 10**6]),
        _array([2**31 - 1] * 8),
        _array([2**31]),
        _array([-1], "AAAA"),
        _array([1.0], "AAAAAA=="),
        _array([True], "AAAAAA=="),
        _array([1], "AAAA"),
        _array([1], "AAAAAAAA"),
        _array([1], "!AAAAA=="),
        _array([1], "AAAAAA=\n"),
        _array([1], "\u00e9AAAAA=="),
        _array([1], "AAAAAA==", scalar=True),
        _array([], "AAAAAA==", scalar=1),
        _array([], "AAAAAA==", extra=1),
        _array([0] * 33),
        _array([1], "Ag==", "bool"),
        _array([1], "AAAAAAAAAAA=", "object"),
        _array([1], "AAAAAAAAAAA=", "O"),
        _array([1], "AAAAAAAAAAA=", "datetime64[s]"),
        _array([1], "AAAAAA==", "<f4"),
        _array([1], "AAAAAA==", "V4"),
        _array([1], "////fw==", "<U1"),
        _array([1], "ANgAAA==", "<U1"),
        _array([0], "", "<U0"),
        _array([1], "", "<U100000"),
        {"array": "object", "shape": [10**9]},
        {"array": "float32", "shape": [1]},
        {"type": 3},
        {"type": "A", "more": 1},
        {"float": "1"},
        {"float": 1},
        {"tracer": False},
        {"tracer": 1},
        {"tuple": "abc"},
        {"tuple": [1], "list": [1]},
        {},
        2**1025,
        "x" * (LONGEST + 1),
        [0] * (MANY + 1),
        b"x",
        (1,),
        object(),
    ],
    # Nothing that changes from process to process, such as an address: pytest-xdist compares what its workers have collected.
    ids=lambda data: type(data).__name__ if type(data) is object else f"{data!r:.50}",
)
def test_malformed_data_are_refused(data: Any) -> None:
    with pytest.raises(WireError):
        decode(data)


def test_data_nested_without_end_are_refused() -> None:
    data: Any = 1
    for _ in range(5000):
        data = [data]
    with pytest.raises(WireError):
        decode(data)


def test_a_small_message_takes_little_memory() -> None:
    """Nothing is made as large as it says that it is."""
    import tracemalloc

    messages: list[Any] = [
        _array([10**9, 10**9]),
        _array([60_000_000], "AAAA", "bool"),
        {"array": "object", "shape": [10**8]},
    ]
    tracemalloc.start()
    for message in messages:
        with pytest.raises(WireError):
            decode(message)
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()


def test_no_pickle_is_opened(tmp_path: Any) -> None:
    class Opened:
        def __reduce__(self) -> Any:
            return (open, (str(tmp_path / "opened"), "w"))

    there = sent({"array": "float32", "data": Opened()})
    assert isinstance(there, Thing)
    sent([Opened(), np.array([Opened()]), pickle.dumps(Opened())])
    assert not (tmp_path / "opened").exists()


# --- Outcomes -----------------------------------------------------------------------------------------------------------


def told(outcome: Outcome) -> Outcome:
    return decode_outcome(json.loads(json.dumps(encode_outcome(outcome), allow_nan=False)))


def test_an_outcome_arrives_as_it_was() -> None:
    failure = Failure("ValueError", "what\nis wrong", 3, "return x\u00e4")
    for outcome in (Outcome(2.5), Outcome(None, failure, "printed\n"), Outcome(math.inf, failure)):
        assert told(outcome) == outcome
    assert told(Outcome(None, Failure("TypeError", "", None, ""))) == Outcome(None, Failure("TypeError", ""))


def test_texts_are_cut_and_move_no_cursor() -> None:
    failure = Failure("K" * 999 + "<b>", "\x1b[2Jgone" + "m" * 9999, 3, "s" * 9999 + "\udfff")
    there = told(Outcome(None, failure, "\x07" + "p" * 99_999))
    assert there.failure is not None
    assert there.failure.kind == "K" * 60
    assert there.failure.message.startswith("[2Jgonemm") and len(there.failure.message) <= 600
    assert len(there.failure.source) <= 300 and len(there.printed) <= 10_000
    assert told(Outcome(None, Failure("a b<script>", ""))).failure == Failure("a_b_script_", "")
    assert clean("a\tb\nc\r\x00\x9b\ud800d") == "a\tb\ncd"


@pytest.mark.parametrize(
    "change",
    [
        {"line": "3"},
        {"line": True},
        {"line": 0},
        {"line": -1},
        {"line": 10**9},
        {"line": 1.5},
        {"kind": None},
        {"message": 3},
        {"source": ["x"]},
        {"more": 1},
    ],
    ids=repr,
)
def test_a_malformed_failure_is_refused(change: dict[str, Any]) -> None:
    data = encode_outcome(Outcome(None, Failure("TypeError", "x", 1, "y")))
    assert isinstance(data["failure"], dict)
    data["failure"] |= change
    with pytest.raises(WireError):
        decode_outcome(data)


@pytest.mark.parametrize("data", [None, 3, [], {}, {"value": 1}, {"value": 1, "failure": None, "printed": 3}])
def test_a_malformed_outcome_is_refused(data: Any) -> None:
    with pytest.raises(WireError):
        decode_outcome(data)


def test_what_is_too_large_is_said_in_a_sentence() -> None:
    for value, said in ((np.zeros(10**8, np.uint8), "8 MB"), ([0] * (MANY + 1), "100,000"), (10**400, "300 digits")):
        with pytest.raises(TooMuch, match=said):
            plain(value)
