"""The promises of a catalogue, held for each of its exercises: right answers pass, wrong ones are rejected and named.

One file a lesson takes them all over, and names its `TOPIC`: so lessons are tried beside each other.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
import pytest
from elsewhere import elsewhere, over_the_wire
from seeds import SEEDS

from course.checks import Case, Exercise, Mistake, Verdict, exercises, judge, wire
from course.checks.compare import describe
from course.checks.judge import Marking, marking, outcomes, wrongness
from course.checks.outcome import Failure, Outcome
from course.checks.probes import gpu_parallelism
from course.checks.wording import LINES, explain, facts

# What doesn't depend on how the inputs were drawn is tried on those of `check`.
SEED = 0
each_seed = pytest.mark.parametrize("seed", SEEDS)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test for each exercise of the module's lesson; pytest tries all of one exercise before it goes to the next."""
    if "exercise" in metafunc.fixturenames:
        own: dict[str, Exercise] = getattr(metafunc.module, "EXERCISES", {})
        found = own or exercises(metafunc.module.TOPIC)
        metafunc.parametrize("exercise", found.values(), ids=list(found), indirect=True, scope="module")


@pytest.fixture(scope="module")
def exercise(request: pytest.FixtureRequest) -> Iterator[Exercise]:
    """The exercise; while its tests run, each function is run once on an input in this process, and its outcome is kept."""
    # `course.checks.judge` itself is the function of that name.
    engine: Any = sys.modules[judge.__module__]
    attempt = engine.attempt
    tried: dict[Any, tuple[Case, Outcome]] = {}

    def once(exercise: Exercise, function: Callable[..., Any], case: Case) -> Outcome:
        # With the case, as an id is one object's as long as that lives.
        key = function, id(case)
        if key not in tried:
            tried[key] = case, attempt(exercise, function, case)
        return tried[key][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "attempt", once)
        yield request.param
    answered.cache_clear()
    marking.cache_clear()


# --- What is declared -------------------------------------------------------------------------------------------------


def test_at_least_four_inputs_and_three_mistakes_with_hints_of_their_own(exercise: Exercise) -> None:
    cases, mistakes = exercise.draw(SEED), exercise.mistakes
    assert len(cases) >= 4
    assert len({case.label for case in cases}) == len(cases)
    assert len(mistakes) >= 3
    assert len({mistake.name for mistake in mistakes}) == len(mistakes)
    assert len({mistake.hint for mistake in mistakes}) == len(mistakes)
    assert exercise.name.isidentifier()
    assert exercise.points >= 1


def test_hints_are_one_to_three_sentences(exercise: Exercise) -> None:
    for mistake in exercise.mistakes:
        assert mistake.hint.rstrip(")")[-1] in ".?!", mistake.hint
        assert mistake.hint.count("`") % 2 == 0, mistake.hint
        assert len(mistake.hint) < 330, mistake.hint


def _answers(exercise: Exercise) -> set[str]:
    """The code of the reference that does the work, without spaces: what is returned, assigned or called in it."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(exercise.reference)).strip().rstrip(","))
    except (TypeError, SyntaxError, OSError):
        return set()
    values: list[ast.expr] = [node.body for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
    for node in ast.walk(tree):
        if isinstance(node, (ast.Return, ast.Assign, ast.Expr)) and node.value is not None:
            values.append(node.value)
    code = (
        re.sub(r"\s", "", ast.unparse(value)) for value in values if not isinstance(value, (ast.Name, ast.Constant))
    )
    return {line for line in code if len(line) >= 8}


def test_no_hint_gives_the_answer_away(exercise: Exercise) -> None:
    for mistake in exercise.mistakes:
        hint = re.sub(r"\s", "", mistake.hint)
        given = [line for line in _answers(exercise) if line in hint]
        assert not given, f"{mistake.name}: {given}"


# --- The inputs -------------------------------------------------------------------------------------------------------


def _arrays(case: Case) -> list[np.ndarray]:
    return [arg for arg in case.args if isinstance(arg, np.ndarray)]


def _print_of(cases: list[Case]) -> str:
    """The inputs as text, to tell whether two draws are the same."""
    return repr([[arg.tobytes() if isinstance(arg, np.ndarray) else arg for arg in case.args] for case in cases])


def test_inputs_are_the_same_for_one_seed_and_fresh_for_another(exercise: Exercise) -> None:
    prints = [_print_of(exercise.draw(seed)) for seed in range(8)]
    assert _print_of(exercise.draw(SEED)) == prints[0]
    assert len(set(prints)) > 1


def test_inputs_are_not_square_nor_all_alike(exercise: Exercise) -> None:
    """The classic bug of such courses: a wrong answer passes because all inputs are equal, or both axes as long."""
    arrays = [array for case in exercise.draw(SEED) for array in _arrays(case)]
    assert all(array.dtype in (np.float32, np.int32, np.bool_, np.uint8) for array in arrays)
    if any(array.size > 3 for array in arrays):
        assert any(np.unique(array).size > 1 for array in arrays if array.size > 3)
    matrices = [array for array in arrays if array.ndim == 2]
    if matrices:
        assert any(array.shape[0] != array.shape[1] for array in matrices)


def test_reference_answers_differ_from_input_to_input(exercise: Exercise) -> None:
    """Else one constant would be right on all of them."""
    cases, want = _wanted(exercise, SEED)
    repeated = [Outcome(value=want[0].value)] * len(cases)
    assert not _passes(exercise, cases, repeated, want)


# --- Right and known answers ------------------------------------------------------------------------------------------


@each_seed
def test_the_reference_passes_with_full_points(exercise: Exercise, seed: int) -> None:
    verdict = judge(exercise, exercise.reference, seed)
    assert verdict.passed, verdict.message
    assert verdict.points == exercise.points
    assert verdict.headline == f"{exercise.name}: right, on all {verdict.cases} inputs"


@each_seed
def test_every_mistake_is_rejected_and_named_with_its_own_hint(exercise: Exercise, seed: int) -> None:
    """As the first mistake whose answers fit is named, this also holds that any two mistakes differ on some input."""
    for mistake in exercise.mistakes:
        verdict = judge(exercise, mistake.wrong, seed)
        assert not verdict.passed, f"{mistake.name} passes"
        assert verdict.mistake == mistake.name, f"{mistake.name}: {verdict.message}"
        assert verdict.text == (mistake.hint,)
        assert verdict.points < exercise.points


def test_a_stub_is_not_written_yet_and_earns_nothing(exercise: Exercise) -> None:
    def stub(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{exercise.name} is not written yet")

    class Stub:
        __init__ = stub

    for unwritten in [stub, Stub] if isinstance(exercise.reference, type) else [stub]:
        verdict = judge(exercise, unwritten)
        assert verdict.headline == f"{exercise.name}: not written yet", verdict.message
        assert verdict.points == 0


# --- The same elsewhere as in one process -----------------------------------------------------------------------------


@cache
def answered(exercise: Exercise, mistake: Mistake | None) -> tuple[list[Outcome], Verdict]:
    """The raw outcomes of a mistake, or of the reference, made elsewhere; and the verdict on them."""
    marks = marking(exercise, SEED)
    function = mistake.wrong if mistake else exercise.reference
    got = marks.collect(partial(elsewhere, exercise, function))
    return got, marks.verdict(got)


def test_a_verdict_made_elsewhere_is_the_one_of_the_notebook(exercise: Exercise) -> None:
    """Of the reference and of every mistake, run once more: points, words, and the facts beside them."""
    for mistake in (None, *exercise.mistakes):
        verdict = answered(exercise, mistake)[1]
        assert verdict == judge(exercise, mistake.wrong if mistake else exercise.reference, SEED)
        assert (verdict.passed, verdict.mistake) == (mistake is None, mistake.name if mistake else None)


def test_no_printout_has_more_than_twelve_lines(exercise: Exercise) -> None:
    """Those of all known mistakes, and of some that nobody has named."""
    cases, want = _wanted(exercise, SEED)
    bent = [[Outcome(value=_leaves(w.value, bend)) for w in want] for bend in (_shifted, _scaled, np.transpose)]
    verdicts = [answered(exercise, mistake)[1] for mistake in exercise.mistakes]
    for message in [verdict.message for verdict in verdicts] + [_told(exercise, cases, got, want) for got in bent]:
        assert len(message.splitlines()) <= LINES, message


def _told(exercise: Exercise, cases: list[Case], got: list[Outcome], want: list[Outcome]) -> str:
    """What would be said of measured outcomes on the first input where they are wrong, but for the headline."""
    for case, one, other in zip(cases, got, want, strict=True):
        if sentence := wrongness(exercise, case, one, other):
            told = facts(exercise, case, one, other, lines=LINES - 2)
            return Verdict(exercise.name, False, "not right yet", explain(case, one, sentence), told).message
    return ""


def test_figures_show_that_an_answer_is_not_the_expected_one(exercise: Exercise) -> None:
    """Also where it is off by little more than the tolerance."""
    if exercise.accept:
        return
    cases, want = _wanted(exercise, SEED)

    def off(a: np.ndarray) -> np.ndarray:
        return (
            (a + 2 * (exercise.atol + exercise.rtol * np.abs(a))).astype(a.dtype)
            if a.dtype.kind == "f"
            else _shifted(a)
        )

    for case, right in zip(cases, want, strict=True):
        told = dict(facts(exercise, case, Outcome(value=_leaves(right.value, off)), right))
        assert told["your answer"] != told["expected"] or "in place of" in told["largest difference"]
        assert "difference" in list(told)[-1] or isinstance(right.value, tuple) or np.size(right.value) == 1, told


def test_a_stub_is_not_written_yet_elsewhere_too(exercise: Exercise) -> None:
    def stub(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("not written yet")

    marks = marking(exercise, SEED)
    verdict = marks.verdict(marks.collect(partial(elsewhere, exercise, stub)))
    assert verdict.headline == f"{exercise.name}: not written yet"
    assert verdict.points == 0


# --- Wrong answers that are no listed mistakes ------------------------------------------------------------------------

# What the probe brings back is bent; so that it works alike where the learner writes a function, a class or a trainer.


def _wanted(exercise: Exercise, seed: int) -> tuple[list[Case], list[Outcome]]:
    cases = marking(exercise, seed).cases
    return cases, outcomes(exercise, exercise.reference, cases)


def _passes(exercise: Exercise, cases: list[Case], got: list[Outcome], want: list[Outcome]) -> bool:
    return all(wrongness(exercise, c, g, w) is None for c, g, w in zip(cases, got, want, strict=True))


def _leaves(value: Any, bend: Callable[[np.ndarray], Any]) -> Any:
    """`bend` applied to every array or number of an answer."""
    if isinstance(value, (tuple, list)):
        return tuple(_leaves(part, bend) for part in value)
    return bend(np.asarray(value))


def _scaled(a: np.ndarray) -> Any:
    return (a * 1.01).astype(a.dtype) if a.dtype.kind == "f" else _shifted(a)


def _shifted(a: np.ndarray) -> Any:
    if a.dtype.kind == "b":
        return ~a
    return a + 1 if a.dtype.kind in "iu" else (a + 0.01 * np.abs(a).max(initial=1.0)).astype(a.dtype)


def _last_changed(a: np.ndarray) -> Any:
    changed = a.copy().reshape(-1)
    changed[-1:] = _shifted(a).reshape(-1)[-1:]
    return changed.reshape(a.shape)


def _random(a: np.ndarray) -> Any:
    return (3 * np.random.default_rng(7).normal(size=a.shape)).astype(a.dtype)


# On float answers that are compared number by number, the small changes count too.
GROSS: dict[str, Callable[[np.ndarray], Any]] = {
    "zeros": np.zeros_like,
    "ones": np.ones_like,
    "random": _random,
    "NaN": lambda a: np.full(a.shape, np.nan, np.float32),
    "nothing": lambda a: None,
    "empty": lambda a: a.reshape(-1)[:0],
}
FINE: dict[str, Callable[[np.ndarray], Any]] = {
    "scaled": _scaled,
    "shifted": _shifted,
    "negated": lambda a: ~a if a.dtype.kind == "b" else -a,
    "reversed along the first axis": lambda a: a[::-1] if a.ndim else a,
    "reversed along the last axis": lambda a: a[..., ::-1] if a.ndim else a,
    "transposed": lambda a: a.T,
    "last number changed": _last_changed,
    "half precision": lambda a: a.astype(np.float16) if a.dtype == np.float32 else a,
    "summed": lambda a: a.sum().astype(a.dtype) if a.ndim else a,
    "an axis more": lambda a: a[..., None, None],
    "as text": lambda a: str(a),
}


def _plainly_equal(got: Any, want: Any) -> bool:
    """Whether a bent answer came out as it was, judged without the engine: a constant vector reversed, say."""
    if isinstance(want, (tuple, list)):
        return all(_plainly_equal(g, w) for g, w in zip(got, want, strict=True))
    if got is None or isinstance(got, str):
        return False
    g, w = np.asarray(got), np.asarray(want)
    if g.shape != w.shape or g.dtype != w.dtype:
        return False
    if w.dtype.kind in "iub":
        return bool((g == w).all())
    far = np.abs(g.astype(float) - w.astype(float))
    return bool((far <= 2e-3 * np.abs(w.astype(float)) + 1e-5).all())


@each_seed
def test_wrong_answers_that_are_no_listed_mistakes_are_rejected(exercise: Exercise, seed: int) -> None:
    cases, want = _wanted(exercise, seed)
    # Where answers are not compared number by number, one that is close enough or ordered otherwise may well be right.
    for name, bend in (GROSS if exercise.accept else GROSS | FINE).items():
        got = [Outcome(value=_leaves(w.value, bend)) for w in want]
        same = all(_plainly_equal(g.value, w.value) for g, w in zip(got, want, strict=True))
        assert _passes(exercise, cases, got, want) == same, name


def test_one_wrong_part_of_an_answer_is_enough(exercise: Exercise) -> None:
    if exercise.accept:
        return
    cases, want = _wanted(exercise, SEED)
    parts = len(want[0].value) if isinstance(want[0].value, tuple) else 0
    for i in range(parts):
        got = [Outcome(value=tuple(_leaves(p, _shifted) if i == j else p for j, p in enumerate(w.value))) for w in want]
        assert not _passes(exercise, cases, got, want), f"part {i + 1} of {parts}"


def test_returning_the_input_is_rejected(exercise: Exercise) -> None:
    cases, want = _wanted(exercise, SEED)
    assert not _passes(exercise, cases, [Outcome(value=case.args[0]) for case in cases], want)


def test_one_wrong_input_costs_its_share_of_the_points(exercise: Exercise) -> None:
    """An answer that is right everywhere but once is not right."""
    cases, want = _wanted(exercise, SEED)
    for i in range(len(cases)):
        got = [Outcome(value=None) if i == j else w for j, w in enumerate(want)]
        assert not _passes(exercise, cases, got, want)


# --- Answers made up by a process that lies ---------------------------------------------------------------------------

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


@cache
def _made_up() -> list[Any]:
    """As they come from elsewhere; large ones, and therefore once."""
    return [wire.decode(over_the_wire(wire.encode(value))) for value in MADE_UP]


def test_made_up_answers_earn_nothing_and_break_nothing(exercise: Exercise) -> None:
    """Every verdict is made, in words, whatever the process of the learner says."""
    marks = marking(exercise, SEED)
    for raw in _made_up():
        for failure in (None, Failure("TypeError", "x"), Failure("WrongAnswer", "y"), Failure("KernelDied", "z", 3)):
            verdict = marks.verdict([Outcome(raw, failure)] * len(marks.cases))
            # One number may be right by chance on one of the inputs, as a shape of another size is.
            assert not verdict.passed, f"{raw!r:.60}"
            assert failure is None or verdict.points == 0
            assert verdict.message and verdict.public()[0]


def test_the_answers_of_other_inputs_earn_no_full_points(exercise: Exercise) -> None:
    got = answered(exercise, None)[0]
    verdict = marking(exercise, SEED).verdict([*got[1:], got[0]])
    # One network is the answer to all inputs, and so is the text of one kernel.
    assert verdict.passed == (exercise.name == "xor_network" or exercise.probe is gpu_parallelism.text_of)


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


def test_a_raw_answer_with_one_number_changed_is_not_right(exercise: Exercise) -> None:
    """Where the numbers are not compared one by one, the last part of the answer is left out instead."""
    got = answered(exercise, None)[0]

    def changed(value: Any) -> Any:
        if exercise.accept:
            return value[:-1] if isinstance(value, tuple) else np.asarray(value)[..., None]
        other = _one_number_more(value)
        return value[:-1] if other is None else other

    verdict = marking(exercise, SEED).verdict([replace(g, value=changed(g.value)) for g in got])
    assert verdict.cases_passed == 0


# --- What may be told of a hidden input -------------------------------------------------------------------------------


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


def test_nothing_of_a_hidden_inputs_answer_is_told(exercise: Exercise) -> None:
    """No number and no shape of the right answers, whatever mistake was made, listed or not; but what the learner said."""
    marks = marking(exercise, SEED)
    right = answered(exercise, None)[0]
    tried = {mistake.name: answered(exercise, mistake) for mistake in exercise.mistakes}
    for name, bend in UNLISTED.items():
        got = [replace(g, value=_bent(g.value, bend)) for g in right]
        tried[name] = got, marks.verdict(got)
    secrets = _secrets(exercise, marks)
    for name, (got, verdict) in tried.items():
        headline, text, mistake = verdict.public()
        told = "\n".join([headline, *text])
        # A whole number or shape, not a part of a longer one; looked for only where its characters are there at all.
        given = [s for s in secrets if s in told and re.search(rf"(?<![\d.,]){re.escape(s)}(?!\d)", told)]
        own = _own(got, marks) if given else ""
        assert not [secret for secret in given if secret not in own], f"{name}: {told}"
        assert mistake == verdict.mistake
