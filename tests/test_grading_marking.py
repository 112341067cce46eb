"""Marking: what a kernel answers becomes a state, points, and sentences that help the learner; without a kernel."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from course.checks import exercises, wire
from course.checks.judge import marking
from course.checks.outcome import Failure, Outcome
from course.grading.graft.matching import CHECK, EXTRA, GIVEN
from course.grading.marking import examination
from course.grading.marking.questions import Cells, mark
from course.grading.model import MISSING, NOT_WRITTEN, PARTLY, RIGHT, STOPPED, WRONG, QuestionResult
from course.grading.sandbox.graded_kernel import ERROR, MEMORY, OK, TIME, GradedKernel, Reply
from course.grading.sandbox.inside import ANSWER

pytestmark = pytest.mark.one_set

NEURON = marking(exercises("the_neuron")["neuron"], 3)
LATE = "One input took longer than 20 seconds, the limit for one input of `neuron`, and was stopped."


class FakeKernel:
    """Answers the nth question as `reply(n)` says, and keeps what it was asked."""

    def __init__(self, reply: Callable[[int, str], Reply]) -> None:
        self._reply = reply
        self.asked = 0

    @staticmethod
    def others(processes: int) -> list[str]:
        """No other process was left running."""
        return []

    def ask(self, expression: str, seconds: float, world: Any = None, late: str = "") -> Reply:
        self.asked += 1
        return self._reply(self.asked - 1, late)


def brought(outcome: Outcome) -> Reply:
    return Reply(OK, {ANSWER: json.dumps({"outcome": wire.encode_outcome(outcome)})})


def right(number: int) -> Reply:
    return brought(Outcome(NEURON.exercise.reference(*NEURON.cases[number].args)))


def failing(kind: str) -> Reply:
    return brought(Outcome(failure=Failure(kind, "it had not finished after 20 seconds")))


def marked(reply: Callable[[int, str], Reply], cells: Cells | None = None) -> tuple[QuestionResult, int]:
    """The result, and how many inputs were tried."""
    kernel = FakeKernel(reply)
    return mark(cast(GradedKernel, kernel), NEURON, cells or Cells("def neuron(): ...")), kernel.asked


def test_right_and_partly_right_answers_say_on_which_inputs_they_fail() -> None:
    result, _ = marked(lambda number, late: right(number))
    assert (result.state, result.points, result.failed) == (RIGHT, result.possible, ())
    result, _ = marked(lambda number, late: failing("KeyError") if number in (1, 3) else right(number))
    assert (result.state, result.cases_passed) == (PARTLY, 3)
    assert result.failed == ("x of three numbers", "a bias of zero")


@pytest.mark.parametrize("kind", ["TookTooLong", "MemoryError"])
def test_what_a_limit_ended_on_all_inputs_is_stopped_and_not_wrong(kind: str) -> None:
    result, asked = marked(lambda number, late: failing(kind))
    assert (result.state, result.points, len(result.failed)) == (STOPPED, 0, 5)
    assert (result.limits, asked) == (((LATE,), 1) if kind == "TookTooLong" else ((), 5))


def test_what_a_limit_ended_on_some_inputs_is_wrong_or_partly_right() -> None:
    for first, state in ((failing("KeyError"), WRONG), (right(0), PARTLY)):
        result, _ = marked(lambda number, late, first=first: failing("TookTooLong") if number else first)  # type: ignore[misc]
        assert result.state == state and result.limits == (LATE,)


def test_a_kernel_that_had_to_be_interrupted_names_the_limit_of_the_exercise() -> None:
    result, asked = marked(lambda number, late: Reply(TIME, {}, [late, "Its kernel was ended."]))
    assert (result.state, result.limits, asked) == (STOPPED, (LATE, "Its kernel was ended."), 1)
    result, _ = marked(lambda number, late: Reply(MEMORY, {}, ["It took more than 5 MB."]) if number else right(0))
    assert (result.state, result.limits) == (PARTLY, ("It took more than 5 MB.",))


def test_limits_of_the_cells_around_an_answer_are_the_questions() -> None:
    cells = Cells("def neuron(): ...", limits=["Its own."], around=["The example cell below `neuron`: …"])
    result, _ = marked(lambda number, late: failing("TookTooLong"), cells)
    assert result.limits == ("Its own.", "The example cell below `neuron`: …", LATE)


def test_a_cell_that_was_deleted_is_missing_and_not_unwritten() -> None:
    def unwritten(number: int, late: str) -> Reply:
        return failing("NotImplementedError")

    result, _ = marked(unwritten, Cells(found=False))
    assert (result.state, result.headline, result.points) == (MISSING, "neuron: missing", 0)
    assert result.text == ("Your notebook has no cell for `neuron`. Copy it from a fresh exercise notebook.",)
    assert marked(unwritten)[0].state == NOT_WRITTEN
    result, _ = marked(lambda number, late: right(number), Cells(found=False))
    assert result.state == RIGHT, "what is there counts, wherever it came from"


ABSENT = Reply(OK, {ANSWER: json.dumps({"missing": True})})


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("def Neuron(x, w, b):\n    return 1", ("Your cell defines `Neuron`: rename it to `neuron`.",)),
        ("def helper(x): ...\ndef neurons(x): ...", ("Your cell defines `neurons`: rename it to `neuron`.",)),
        ("def one(x): ...\ndef other(x): ...", ()),
        ("x = 1", ()),
        ("def (", ()),
    ],
)
def test_who_renamed_the_function_is_told_its_name(code: str, advice: tuple[str, ...]) -> None:
    result, asked = marked(lambda number, late: ABSENT, Cells(code))
    assert (result.state, result.headline, asked) == (MISSING, "neuron: missing", 1)
    assert result.text == ("When its check runs, there is nothing called `neuron`.", *advice)


def test_a_cell_that_broke_before_its_definition_says_with_what() -> None:
    result, _ = marked(lambda number, late: ABSENT, Cells("def neuron(:", errors=["SyntaxError: bad (line 1)"]))
    assert result.text[1:] == ("The cell that should define it stopped with `SyntaxError: bad (line 1)`.",)
    result, _ = marked(lambda number, late: ABSENT, Cells("while True: pass", limits=["This took longer."]))
    assert (result.state, result.headline) == (STOPPED, "neuron: stopped")


def test_a_name_that_vanishes_between_two_inputs_earns_nothing() -> None:
    result, _ = marked(lambda number, late: ABSENT if number == 3 else right(number))
    assert (result.state, result.points, result.cases_passed) == (MISSING, 0, 0)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("incomplete input (2452473098.py, line 2)", "incomplete input (line 2)"),
        ("invalid syntax (<ipython-input-3-ab>, line 10)", "invalid syntax (line 10)"),
        ("a, line 2", "a, line 2"),
    ],
)
def test_an_error_names_no_file_that_nobody_knows(said: str, shown: str) -> None:
    assert examination._error({"ename": "SyntaxError", "evalue": said}) == f"SyntaxError: {shown}"


def test_a_limit_in_another_cell_says_which_cell_it_was_to_any_reader() -> None:
    late = Reply(TIME, {}, ["This took longer than 120 seconds, the limit, and was stopped."])
    took = "this took longer than 120 seconds, the limit, and was stopped."
    for role, name, source, said in (
        (GIVEN, "layer", "layer(x, W, b)", f"The example cell below `layer` called it: {took}"),
        (GIVEN, "layer", "batched_layer(x)", f"The example cell below `layer`: {took}"),
        (GIVEN, "", "import jax", f"A cell of the exercise: {took}"),
        (EXTRA, "layer", "while True: pass", f"An extra cell below `layer`: {took}"),
        (EXTRA, "", "while True: pass", f"An extra cell: {took}"),
        (CHECK, "layer", "check(layer)", f"The check of `layer`: {took}"),
    ):
        assert examination._hit(late, role, name, source) == said


def test_the_examiner_files_a_limit_under_the_question_whose_example_hit_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Cells] = []
    monkeypatch.setattr(examination, "mark", lambda kernel, marks, cells, *more: seen.append(cells))
    kernel = SimpleNamespace(last=Reply(TIME, {}, ["This took longer."]))
    grafted = SimpleNamespace(answers={"neuron": "def neuron(x): ..."}, missing=frozenset())
    examiner = examination._Examiner(cast(Any, kernel), {"neuron": NEURON}, cast(Any, grafted))
    for role, reply in ((GIVEN, kernel.last), (CHECK, Reply(OK)), (EXTRA, kernel.last), (GIVEN, Reply(ERROR))):
        kernel.last = reply
        metadata = {"course_grading": {"role": role, "question": "neuron"}}
        examiner.pytest_runtest_teardown(SimpleNamespace(cell=SimpleNamespace(metadata=metadata, source="neuron(1)")))
    (cells,) = seen
    assert cells.around == ["The example cell below `neuron` called it: this took longer."] and not cells.limits
    assert examiner.elsewhere == ["An extra cell below `neuron` called it: this took longer."]
