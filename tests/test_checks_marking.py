"""Promises of verdicts that are made elsewhere: the same as in one process, computed once, and nothing given away."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from toy_exercise import DOUBLE

from course.checks import Exercise, Mistake, Verdict, exercises, judge, probes, wire
from course.checks.compare import describe
from course.checks.exercise import Case
from course.checks.judge import Marking, marking, outcomes
from course.checks.outcome import Failure, Outcome
from course.checks.probes import lesson_01

ALL = exercises()
SEED = 11
each_exercise = pytest.mark.parametrize("exercise", ALL.values(), ids=list(ALL))


def elsewhere(exercise: Exercise, function: Any, case: Case) -> Outcome:
    """The raw outcome as the sandbox gives it: by the probe's address, the input and the answer as JSON, no input with a world."""

    def over_the_wire(value: Any) -> Any:
        return json.loads(json.dumps(value, allow_nan=False))

    given: Any = wire.decode(over_the_wire(wire.encode(case.args)))
    if exercise.world:
        world = exercise.world(*case.args)

        def given(*question: Any) -> Any:
            return over_the_wire(world.ask(*over_the_wire(question)))

    outcome = probes.answer(exercise.address, function, given, exercise.limit_s)
    return wire.decode_outcome(over_the_wire(wire.encode_outcome(outcome)))


@cache
def answered(name: str, mistake: str | None) -> tuple[list[Outcome], Verdict]:
    """The raw outcomes of a mistake, or of the reference, made elsewhere; and the verdict on them."""
    exercise, marks = ALL[name], marking(ALL[name], SEED)
    function = next((m.wrong for m in exercise.mistakes if m.name == mistake), exercise.reference)
    got = marks.collect(lambda case: elsewhere(exercise, function, case))
    return got, marks.verdict(got)


# --- The same as in one process --------------------------------------------------------------------------------------


@each_exercise
def test_a_verdict_made_elsewhere_is_the_one_of_the_notebook(exercise: Exercise) -> None:
    """Of the reference and of every mistake: points, words, and the facts beside them."""
    for name, function in [(None, exercise.reference), *((m.name, m.wrong) for m in exercise.mistakes)]:
        verdict = answered(exercise.name, name)[1]
        assert verdict == judge(exercise, function, SEED)
        assert (verdict.passed, verdict.mistake) == (name is None, name)


@each_exercise
def test_a_stub_is_not_written_yet_elsewhere_too(exercise: Exercise) -> None:
    def stub(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("not written yet")

    marks = marking(exercise, SEED)
    verdict = marks.verdict(marks.collect(lambda case: elsewhere(exercise, stub, case)))
    assert verdict.headline == f"{exercise.name}: not written yet"
    assert verdict.points == 0


def test_the_lines_of_a_learners_code_come_along() -> None:
    exercise, marks = ALL["max_pool"], marking(ALL["max_pool"], SEED)
    verdict = marks.verdict(marks.collect(lambda case: elsewhere(exercise, lambda x: x.nothing, case)))
    assert "marks.collect(" in verdict.message
    assert "AttributeError" in verdict.message


# --- Whoever makes up answers -----------------------------------------------------------------------------------------

MADE_UP: list[Any] = [
    None,
    True,
    0,
    -1.5,
    float("nan"),
    float("inf"),
    10**300,
    "1.0",
    [],
    (),
    (None, None, None),
    ((None, None), None, None),
    ([[1.0], [2.0, 3.0]], [[1.0]], "x"),
    np.zeros(0, np.float32),
    np.zeros((0, 4), np.int32),
    np.array("0.5"),
    np.array(["1", "2"]),
    np.full((2, 2), None),
    np.ones((3000, 2000), np.bool_),
    (np.ones((3000, 2000), np.bool_), np.ones((3000, 2000), np.bool_), True),
    ((np.ones((2000, 3000), np.int8), np.zeros(3000)), np.ones(5), np.ones(5)),
    (np.ones((2_000_000, 4), np.int8), None),
    [["x" * 200] + [1] * 50_000],
    ((1.0, 2.0, 3.0), np.zeros(28, np.float32), False),
    ((object(), object(), object()), np.zeros(28, np.float32), True),
    object(),
    [[[[[[1]]]]]],
    tuple(range(1000)),
]


@each_exercise
def test_made_up_answers_earn_nothing_and_break_nothing(exercise: Exercise) -> None:
    """Every verdict is made, in words, whatever the process of the learner says."""
    marks = marking(exercise, SEED)
    for value in MADE_UP:
        raw = wire.decode(json.loads(json.dumps(wire.encode(value), allow_nan=False)))
        for failure in (None, Failure("TypeError", "x"), Failure("WrongAnswer", "y"), Failure("KernelDied", "z", 3)):
            verdict = marks.verdict([Outcome(raw, failure)] * len(marks.cases))
            # One number may be right by chance on one of the inputs, as a shape of another size is.
            assert not verdict.passed, f"{value!r:.60}"
            assert failure is None or verdict.points == 0
            assert verdict.message and verdict.public()[0]


@each_exercise
def test_the_answers_of_other_inputs_earn_no_full_points(exercise: Exercise) -> None:
    got = answered(exercise.name, None)[0]
    verdict = marking(exercise, SEED).verdict([*got[1:], got[0]])
    # One network is the answer to all inputs, and so is the text of one kernel.
    assert verdict.passed == (exercise.name == "xor_network" or exercise.probe is lesson_01.text_of)


def _one_number_more(value: Any) -> Any:
    """The answer with one of its numbers changed, the last of the first array; None where it has none, as a kernel's text."""
    if isinstance(value, tuple | list):
        for place, part in enumerate(value):
            if (other := _one_number_more(part)) is not None:
                return type(value)([*value[:place], other, *value[place + 1 :]])
        return None
    array = np.asarray(value).copy()
    if array.dtype.kind not in "biufc" or not array.size:
        return None
    array.reshape(-1)[-1:] = ~array.reshape(-1)[-1:] if array.dtype.kind == "b" else array.reshape(-1)[-1:] + 1
    return array


@each_exercise
def test_a_raw_answer_with_one_number_changed_is_not_right(exercise: Exercise) -> None:
    """Where the numbers are not compared one by one, the last part of the answer is left out instead."""
    got = answered(exercise.name, None)[0]

    def changed(value: Any) -> Any:
        if exercise.accept:
            return value[:-1] if isinstance(value, tuple) else np.asarray(value)[..., None]
        other = _one_number_more(value)
        return value[:-1] if other is None else other

    verdict = marking(exercise, SEED).verdict([replace(g, value=changed(g.value)) for g in got])
    assert verdict.cases_passed == 0


def test_a_process_that_died_has_a_reason_of_its_own() -> None:
    marks = marking(ALL["neuron"], SEED)
    dead = Outcome(failure=Failure("KernelDied", "the kernel ended while this ran."))
    got = answered("neuron", None)[0]
    verdict = marks.verdict([*got[:3], dead, dead])
    assert (verdict.cases_passed, verdict.points) == (3, 2 * 3 / 5)
    assert "`KernelDied: the kernel ended while this ran.`" in verdict.public()[1]


def test_as_many_outcomes_as_inputs_are_needed() -> None:
    marks = marking(ALL["neuron"], SEED)
    with pytest.raises(ValueError, match="shorter"):
        marks.verdict(answered("neuron", None)[0][1:])


def test_after_an_answer_that_takes_too_long_no_other_input_is_tried() -> None:
    tried: list[str] = []

    def attempt(case: Case) -> Outcome:
        tried.append(case.label)
        return Outcome(failure=Failure("TookTooLong", "it had not ended")) if len(tried) == 2 else Outcome(0)

    got = Marking(DOUBLE).collect(attempt)
    assert tried == [case.label for case in DOUBLE.draw(0)[:2]]
    assert [outcome.failure is not None for outcome in got] == [False, True, True, True]


# --- Computed once ----------------------------------------------------------------------------------------------------


def counted(counts: Counter[str]) -> Exercise:
    """The toy exercise, which counts what is run."""

    def count(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(x: Any) -> Any:
            counts[name] += 1
            return function(x)

        return run

    def cases(rng: np.random.Generator) -> list[Case]:
        counts["draw"] += 1
        return list(DOUBLE.cases(rng))

    mistakes = tuple(Mistake(m.name, m.hint, count(m.name, m.wrong)) for m in DOUBLE.mistakes)
    return replace(DOUBLE, reference=count("reference", DOUBLE.reference), cases=cases, mistakes=mistakes)


def test_a_class_costs_the_reference_and_the_mistakes_once() -> None:
    """Three hundred answers, right, wrong, and known to be wrong."""
    counts: Counter[str] = Counter()
    exercise = counted(counts)
    answers = (lambda x: 2 * x, lambda x: x * x, lambda x: 3 * x, lambda x: 2 * x[::-1])
    verdicts = [judge(exercise, answers[i % 4], 5) for i in range(300)]
    assert counts == {"draw": 1, "reference": 4, "squared": 4, "same": 1, "reversed": 4}
    assert Counter(verdict.mistake for verdict in verdicts) == {None: 150, "squared": 75, "reversed": 75}


def test_a_mistake_is_run_no_further_than_to_tell_it_from_the_answer() -> None:
    counts: Counter[str] = Counter()
    judge(counted(counts), lambda x: 5 * x, 6)
    assert counts == {"draw": 1, "reference": 4, "squared": 1, "same": 1, "reversed": 1}
    judge(counted(right := Counter[str]()), lambda x: 2 * x, 6)
    assert right == {"draw": 1, "reference": 4}


def test_another_seed_has_a_marking_of_its_own() -> None:
    assert marking(DOUBLE, 1) is marking(DOUBLE, 1)
    assert marking(DOUBLE, 1) is not marking(DOUBLE, 2)
    assert marking(DOUBLE, 1) is not marking(replace(DOUBLE, rtol=0.1), 1)


def test_an_interrupt_while_a_mistake_runs_leaves_the_marking_sound() -> None:
    interrupts = iter([True, True])

    def wrong(x: Any) -> Any:
        if np.ndim(x) == 1 and next(interrupts, False):
            raise KeyboardInterrupt
        return x * x

    exercise = replace(DOUBLE, mistakes=(Mistake("squared", "You squared it.", wrong),))
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            judge(exercise, lambda x: x * x)
    assert judge(exercise, lambda x: x * x).mistake == "squared"


# --- What may be told of a hidden input -----------------------------------------------------------------------------


def _numbers(text: str) -> set[str]:
    """The numbers in a text that have three digits or more."""
    return {n for n in re.findall(r"\d[\d,]*(?:\.\d+)?", text) if len(re.sub(r"\D|^0\.?0*", "", n)) >= 3}


def _shapes(value: Any) -> set[str]:
    if isinstance(value, (tuple, list)):
        return set().union(*(_shapes(part) for part in value))
    return {str(value.shape)} if isinstance(value, np.ndarray) and value.ndim else set()


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, (tuple, list)):
        for part in value:
            yield from _parts(part)
    elif value is not None:
        yield value


def _secrets(exercise: Exercise, marks: Marking) -> set[str]:
    """What describes the right answers: their numbers, as text to four digits and in full, and their shapes."""
    found: set[str] = set()
    for outcome in outcomes(exercise, exercise.reference, marks.cases):
        found |= _shapes(outcome.value)
        for part in _parts(outcome.value):
            numbers = np.asarray(part).reshape(-1)[:200]
            for shown in (describe(part), *(f"{x:.4g}" for x in numbers), *map(str, numbers.tolist())):
                found |= _numbers(shown.split(":")[-1])
    if exercise.name == "CNN":
        found |= {str(tuple(int(n) for n in row if n)) for row in _parameters(exercise, marks)}
    if exercise.name == "he_init":
        found |= {str(tuple(map(int, o.value[0]))) for o in outcomes(exercise, exercise.reference, marks.cases)}
    return found


def _parameters(exercise: Exercise, marks: Marking) -> Any:
    return outcomes(exercise, exercise.reference, marks.cases[:1])[0].value[0]


def _own(got: list[Outcome], marks: Marking) -> str:
    """What the learner has said themselves, and how the inputs are called."""
    said = [describe(part) for outcome in got for part in _parts(outcome.value)]
    said += [str(shape) for outcome in got for shape in _shapes(outcome.value)]
    said += [str(tuple(int(n) for n in row if n)) for o in got for p in _parts(o.value) for row in _rows(p)]
    said += [f"{outcome.failure.message} {outcome.failure.source}" for outcome in got if outcome.failure]
    return " ".join([*said, *(case.label for case in marks.cases)])


def _rows(part: Any) -> Any:
    return part if isinstance(part, np.ndarray) and part.ndim == 2 and part.dtype == np.int32 else []


UNLISTED: dict[str, Callable[[Any], Any]] = {
    "shape": lambda a: np.zeros((7, 11, 13), np.float32),
    "zeros": lambda a: np.zeros_like(a),
    "slightly off": lambda a: a + 1 if a.dtype.kind in "iu" else a * 1.02 if a.dtype.kind == "f" else a,
    "NaN": lambda a: np.full(a.shape, np.nan, np.float32),
    "integers": lambda a: np.zeros(a.shape, np.int32),
    "list": lambda a: np.zeros(a.shape).tolist(),
    "text": lambda a: "text",
    "nothing": lambda a: None,
}


def _bent(value: Any, bend: Callable[[Any], Any]) -> Any:
    if isinstance(value, (tuple, list)):
        return tuple(_bent(part, bend) for part in value)
    return bend(np.asarray(value)) if isinstance(value, (np.ndarray, np.generic, float, int)) else value


@each_exercise
def test_nothing_of_a_hidden_inputs_answer_is_told(exercise: Exercise) -> None:
    """No number and no shape of the right answers, whatever mistake was made, listed or not; but what the learner said."""
    marks = marking(exercise, SEED)
    right = answered(exercise.name, None)[0]
    tried = {mistake.name: answered(exercise.name, mistake.name) for mistake in exercise.mistakes}
    for name, bend in UNLISTED.items():
        got = [replace(g, value=_bent(g.value, bend)) for g in right]
        tried[name] = got, marks.verdict(got)
    for name, (got, verdict) in tried.items():
        headline, text, mistake = verdict.public()
        told = "\n".join([headline, *text])
        given = {
            secret for secret in _secrets(exercise, marks) if re.search(rf"(?<![\d.,]){re.escape(secret)}(?!\d)", told)
        }
        own = _own(got, marks)
        assert not {secret for secret in given if secret not in own}, f"{name}: {told}"
        assert mistake == verdict.mistake


def test_a_shape_is_told_without_the_expected_one() -> None:
    marks = marking(ALL["conv2d"], SEED)
    verdict = marks.verdict([Outcome(np.zeros((7, 11), np.float32))] * len(marks.cases))
    assert "the shape is (7, 11); expected (5, 2)." in marks.verdict([Outcome(np.zeros((7, 11)))] * 6).message
    assert verdict.public()[1] == ("On a kernel of one row: the shape is (7, 11), which is not the expected one.",)


@pytest.mark.parametrize(
    ("name", "value", "public"),
    [
        (
            "he_init",
            ((np.zeros((3, 5)), np.zeros(3)), np.zeros((3, 5)), np.ones((3, 5))),
            "W has shape (3, 5); expected (n_out, n_in).",
        ),
        ("CNN", (np.array([[9, 9, 0, 0]] * 6, np.int32), None), "has the shape (9, 9), which was not asked for."),
        ("CNN", (np.array([[3, 3, 1, 32]], np.int32), None), "the network lacks a parameter."),
        ("classify", np.array([11], np.int32), "a digit that is easy to read was taken for 11."),
        ("softmax", np.zeros((1, 3)), "values differ from the expected ones."),
    ],
)
def test_sentences_that_tell_of_the_answer_have_a_public_form(name: str, value: Any, public: str) -> None:
    marks = marking(ALL[name], SEED)
    verdict = marks.verdict([Outcome(value)] * len(marks.cases))
    assert public in verdict.public()[1][0]


def test_of_an_error_its_kind_its_first_line_and_the_learners_line_are_told() -> None:
    marks = marking(ALL["neuron"], SEED)
    failure = Failure("ValueError", "a `bad` value\nand more", 4, "return `x`")
    assert marks.verdict([Outcome(failure=failure)] * 5).public() == (
        "neuron: not right yet (0 of 5 inputs right)",
        (
            "With x of one number it stopped with an error.",
            "The error came from line 4: `return 'x'`",
            "`ValueError: a 'bad' value`",
        ),
        None,
    )
    hidden = marks.verdict([Outcome(failure=Failure("KeyError", ""))] * 5).public()[1]
    assert hidden == ("With x of one number it stopped with an error.", "`KeyError`")
    assert marks.verdict([Outcome(failure=failure)] * 5).failed[:2] == ("x of one number", "x of three numbers")
    late = marks.verdict([Outcome(failure=Failure("TookTooLong", "it had not ended after 20 seconds", 4))] * 5)
    assert late.public()[1][1:] == ("It was in line 4.",)


def test_a_right_answer_has_nothing_to_hide() -> None:
    verdict = answered("neuron", None)[1]
    assert verdict.public() == (verdict.headline, verdict.text, None)


@pytest.mark.parametrize("seed", range(20))
def test_what_the_notebook_prints_of_count_parameters_earns_nothing(seed: int) -> None:
    marks = marking(ALL["count_parameters"], seed)
    for printed in (8, 7850, 9, 101_770):
        assert marks.verdict([Outcome(printed)] * len(marks.cases)).points == 0


def test_of_inputs_that_took_too_long_the_one_that_was_tried_is_named() -> None:
    marks = marking(ALL["layer"], SEED)
    late = marks.verdict([Outcome(failure=Failure("TookTooLong", "it had not ended after 20 seconds"))] * 5)
    assert late.text[0].startswith(f"On {marks.cases[0].label}: it had not ended after 20 seconds")
