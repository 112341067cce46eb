"""Promises of verdicts that are made elsewhere: the same as in one process, computed once, and nothing given away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from elsewhere import elsewhere
from toy_exercise import DOUBLE

from course.checks import Exercise, Mistake, exercises, judge
from course.checks.exercise import Case
from course.checks.judge import Marking, marking
from course.checks.outcome import Failure, Outcome

ALL = exercises()
SEED = 11


def answered(name: str) -> list[Outcome]:
    """The raw outcomes of an exercise's reference, made elsewhere."""
    return marking(ALL[name], SEED).collect(partial(elsewhere, ALL[name], ALL[name].reference))


# --- The same as in one process --------------------------------------------------------------------------------------


def test_the_lines_of_a_learners_code_come_along() -> None:
    exercise, marks = ALL["max_pool"], marking(ALL["max_pool"], SEED)
    verdict = marks.verdict(marks.collect(lambda case: elsewhere(exercise, lambda x: x.nothing, case)))
    assert "marks.collect(" in verdict.message
    assert "AttributeError" in verdict.message


# --- Outcomes from a process that lies or ends -------------------------------------------------------------------------


def test_a_process_that_died_has_a_reason_of_its_own() -> None:
    marks = marking(ALL["neuron"], SEED)
    dead = Outcome(failure=Failure("KernelDied", "the kernel ended while this ran."))
    got = answered("neuron")
    verdict = marks.verdict([*got[:3], dead, dead])
    assert (verdict.cases_passed, verdict.points) == (3, 2 * 3 / 5)
    assert "`KernelDied: the kernel ended while this ran.`" in verdict.public()[1]


def test_as_many_outcomes_as_inputs_are_needed() -> None:
    marks = marking(ALL["neuron"], SEED)
    with pytest.raises(ValueError, match="shorter"):
        marks.verdict(answered("neuron")[1:])


def test_after_an_answer_that_takes_too_long_no_other_input_is_tried() -> None:
    tried: list[str] = []

    def attempt(case: Case) -> Outcome:
        tried.append(case.label)
        return Outcome(failure=Failure("TookTooLong", "it had not finished")) if len(tried) == 2 else Outcome(0)

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
    """Three hundred answers, right, wrong, and known to be wrong; the reference serves for kinds of mistakes, too."""
    counts: Counter[str] = Counter()
    exercise = counted(counts)
    answers = (lambda x: 2 * x, lambda x: x * x, lambda x: 3 * x, lambda x: 2 * x[::-1])
    verdicts = [judge(exercise, answers[i % 4], 5) for i in range(300)]
    assert counts == {"draw": 1, "reference": 6, "squared": 4, "same": 1, "reversed": 4}
    assert Counter(verdict.mistake for verdict in verdicts) == {None: 150, "squared": 75, "reversed": 75}


def test_a_mistake_is_run_no_further_than_to_tell_it_from_the_answer() -> None:
    counts: Counter[str] = Counter()
    judge(counted(counts), lambda x: 5 * x, 6)
    assert counts == {"draw": 1, "reference": 6, "squared": 1, "same": 1, "reversed": 1}
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


def test_a_shape_is_told_without_the_expected_one() -> None:
    marks = marking(ALL["conv2d"], SEED)
    verdict = marks.verdict([Outcome(np.zeros((7, 11), np.float32))] * len(marks.cases))
    assert "the shape is (7, 11); expected (2, 4, 1)." in verdict.message
    assert (
        verdict.public()[1][0] == "On one channel and one kernel: the shape is (7, 11), which is not the expected one."
    )
    assert "(2, 4, 1)" not in " ".join(verdict.public()[1])


def _network(shapes: list[list[int]], seeds: list[int]) -> Any:
    """What the probe tells of a network with parameters of these shapes, which makes use of its keys."""
    return np.array(shapes, np.int32), None, None, [[np.full(3, seed)] for seed in seeds]


@pytest.mark.parametrize(
    ("name", "value", "public"),
    [
        (
            "he_init",
            lambda seeds, *sizes: ((np.zeros((3, 5)), np.zeros(3)), [np.zeros((3, 5))] * len(seeds)),
            "W has shape (3, 5); expected (n_out, n_in).",
        ),
        (
            "CNN",
            lambda images, features, classes, seeds: _network([[9, 9, 0, 0]] * 6, seeds),
            "has the shape (9, 9), which was not asked for.",
        ),
        (
            "CNN",
            lambda images, features, classes, seeds: _network([[3, 3, 1, 32]], seeds),
            "the network lacks a parameter.",
        ),
        ("classify", np.array([11], np.int32), "a digit that is easy to read was taken for 11."),
        ("softmax", np.zeros((1, 3)), "values differ from the expected ones."),
    ],
)
def test_sentences_that_tell_of_the_answer_have_a_public_form(name: str, value: Any, public: str) -> None:
    marks = marking(ALL[name], SEED)
    verdict = marks.verdict([Outcome(value(*case.args) if callable(value) else value) for case in marks.cases])
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
    hidden = marks.verdict([Outcome(failure=Failure("OSError", ""))] * 5).public()[1]
    assert hidden == ("With x of one number it stopped with an error.", "`OSError`")
    assert marks.verdict([Outcome(failure=failure)] * 5).failed[:2] == ("x of one number", "x of three numbers")
    late = marks.verdict([Outcome(failure=Failure("TookTooLong", "it had not finished after 20 seconds", 4))] * 5)
    assert late.public()[1][1:] == ("It was in line 4.",)


def test_a_right_answer_has_nothing_to_hide() -> None:
    verdict = marking(ALL["neuron"], SEED).verdict(answered("neuron"))
    assert verdict.public() == (verdict.headline, verdict.text, None)


@pytest.mark.parametrize("seed", range(20))
def test_what_the_notebook_prints_of_count_parameters_earns_nothing(seed: int) -> None:
    marks = marking(ALL["count_parameters"], seed)
    for printed in (8, 7850, 9, 101_770):
        assert marks.verdict([Outcome(printed)] * len(marks.cases)).points == 0


def test_of_inputs_that_took_too_long_the_one_that_was_tried_is_named() -> None:
    marks = marking(ALL["layer"], SEED)
    late = marks.verdict([Outcome(failure=Failure("TookTooLong", "it had not finished after 20 seconds"))] * 5)
    assert late.text[0].startswith(f"On {marks.cases[0].label}: it had not finished after 20 seconds")
