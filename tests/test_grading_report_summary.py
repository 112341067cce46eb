"""The class at a glance, on the screen."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from fake_class import CNN, NEURON, POINTS, failed, make_class, not_gradable, pair, question, result
from rich.console import Console

from course.grading.marking.similarity import Pair
from course.grading.model import MISSING, NOT_WRITTEN, PARTLY, STOPPED, WRONG, Result
from course.grading.report import show_summary, tally
from course.grading.report.summary import duration

pytestmark = pytest.mark.one_set


def shown(results: list[Result], *pairs: Pair, width: int = 80, **more: object) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    show_summary(results, pairs, console, **more)  # type: ignore[arg-type]
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def lines(text: str) -> list[str]:
    return [" ".join(row.split()) for row in text.splitlines()]


def test_the_summary_tells_questions_most_missed_first() -> None:
    states = [("relu", WRONG), ("relu", PARTLY), ("relu", NOT_WRITTEN), ("relu", STOPPED)]
    results = [result(f"l{i}", NEURON, question("neuron"), question(*state, 1)) for i, state in enumerate(states)]
    rows = lines(shown(results, width=100))
    start = rows.index("question points ✓ right ◐ partly ✗ wrong ○ not written – missing ■ stopped")
    assert rows[start + 2 : start + 4] == ["relu 16 % 1 1 1 1", "neuron 100 % 4"]


def test_what_is_missing_is_told_apart_from_what_was_not_written() -> None:
    results = [result("a", NEURON, question("relu", MISSING)), result("b", NEURON, question("relu", NOT_WRITTEN))]
    rows = shown(results, width=100).splitlines()
    head = next(row for row in rows if row.startswith("question"))
    own = next(row for row in rows if row.startswith("relu"))
    assert [own[head.index(word) + len(word) - 1] for word in ("not written", "missing")] == ["1", "1"]


def test_the_histogram_counts_every_graded_submission_in_its_bin() -> None:
    of = {"a": 8, "b": 8, "c": 7, "d": 4, "e": 0}
    results = [result(name, NEURON, question("q", PARTLY, 8, share=right / 8)) for name, right in of.items()]
    counts = {label: count for label, count in tally.histogram([*results, not_gradable("z", "Empty.")]) if count}
    assert counts == {"100 %": 2, "80–89 %": 1, "50–59 %": 1, "0–9 %": 1}
    rows = shown(results).splitlines()
    assert next(row for row in rows if "100 %" in row).rstrip().endswith("█ 2")


def test_mistakes_limits_the_refused_and_pairs_are_all_told() -> None:
    results = [
        *make_class(40),
        not_gradable("bo", "bo.pdf is no notebook."),
        failed("cy"),
        result("di", NEURON, question("relu", STOPPED)),
    ]
    text = shown(results, pair("learner_001", "learner_007"))
    rows = lines(text)
    found = tally.mistakes(results)
    assert found == sorted(found, key=lambda one: -len(one.learners))
    # What is wrong in the words that the learner reads, and who: the mistake's name alone says little.
    flat = " ".join(rows)
    assert f"{len(found[0].learners)} {found[0].question}: {found[0].hint} {found[0].learners[0]}, " in flat
    assert found[0].mistake not in flat
    assert "bo bo.pdf is no notebook." in rows
    assert "cy The worker ended without an answer; grade it again." in rows
    assert "1 relu: It ran longer than 300 seconds, so it was stopped. di" in flat
    assert "93 % 41 learner_001 and learner_007" in rows
    assert rows[0].startswith("43 submissions: ") and "1 failed" in rows[0]


def test_time_files_and_notes_close_it(tmp_path: Path) -> None:
    rows = lines(
        shown(
            make_class(3),
            files=[tmp_path / "grades.csv", tmp_path],
            notes=["Mind the gap."],
            elapsed_s=431.0,
            width=200,
        )
    )
    assert any(row.startswith("7 min 11 s by the clock; a submission took ") for row in rows)
    assert rows[-3:] == [f"{tmp_path / 'grades.csv'}", f"{tmp_path}/", "Mind the gap."]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_it_keeps_to_the_screen_s_width_and_cuts_no_question(width: int) -> None:
    text = shown(make_class(30), pair("learner_001", "learner_007"), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert all(f"{name} " in text for name in POINTS[NEURON])
    assert all(word in text for word in ("right", "partly", "wrong", "written", "missing", "stopped"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"same": tuple(POINTS[NEURON])}, "the same answers in all 8 questions; bo handed in late"),
        ({"same": ("relu", "neuron")}, "the same answer in 2 of 8 questions: relu, neuron; bo handed in late"),
        ({"exact": True}, "the same code in every cell, character by character; bo handed in late"),
        ({}, "no whole answer is the same, but large parts are; bo handed in late"),
    ],
)
def test_a_pair_is_told_with_what_is_the_same_and_who_was_late(more: dict[str, Any], said: str) -> None:
    results = [result("ada"), result("bo", notes=("late",)), result("bo", CNN)]
    assert f"ada and bo {said}" in " ".join(shown(results, pair("ada", "bo", **more), width=100).split())


def test_an_exact_copy_comes_first_and_the_rest_is_in_a_table() -> None:
    pairs = [pair("a", f"b{index:02}", 1.0) for index in range(12)]
    text = shown([result("a")], *pairs, pair("x", "y", 1.0, 0, exact=True), width=100)
    assert text.index("x and y") < text.index("a and b00") and "… and 3 more, in alike.csv" in text


def test_nothing_of_a_submission_commands_the_terminal_or_its_markup() -> None:
    evil = "[red]x[/red]\x1b[2J\x1b]0;t\x07\u202e"
    own = question(evil, WRONG, mistake=evil, limits=(evil,))
    text = shown(
        [result(evil, evil, own, limits=(evil,)), not_gradable(evil, evil), failed(evil)],
        pair(evil, evil, 1.0, 9, lesson=evil, same=(evil,)),
        notes=[evil],
        width=200,
    )
    assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text
    assert text.count("[red]x[/red]\\x1b[2J") >= 8


def test_a_run_with_nothing_to_tell_is_told_in_a_line() -> None:
    assert lines(shown([])) == ["0 submissions:"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.44, "0.4 s"), (12.4, "12 s"), (59.9, "1 min 00 s"), (200.0, "3 min 20 s"), (3900.0, "1 h 05 min")],
)
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text
