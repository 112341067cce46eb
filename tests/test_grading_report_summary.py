"""The class at a glance, on the screen."""

from __future__ import annotations

import io
from collections import namedtuple
from pathlib import Path

import pytest
from fake_class import NEURON, failed, make_class, not_gradable, question, result
from rich.console import Console

from course.grading.model import NOT_WRITTEN, PARTLY, STOPPED, WRONG, Result
from course.grading.report import show_summary, tally
from course.grading.report.summary import duration

Pair = namedtuple("Pair", "one other share common")


def shown(results: list[Result], *pairs: Pair, width: int = 80, **more: object) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    show_summary(results, pairs, console, **more)  # type: ignore[arg-type]
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def lines(text: str) -> list[str]:
    return [" ".join(row.split()) for row in text.splitlines()]


def test_the_summary_tells_questions_most_missed_first() -> None:
    states = [("relu", WRONG), ("relu", PARTLY), ("relu", NOT_WRITTEN), ("relu", STOPPED)]
    results = [result(f"l{i}", NEURON, question("neuron"), question(*state, 1)) for i, state in enumerate(states)]
    rows = lines(shown(results))
    start = rows.index("question points ✓ right ◐ partly ✗ not right ○ unwritten ■ stopped")
    assert rows[start + 2 : start + 4] == ["relu 16 % 1 1 1 1", "neuron 100 % 4"]


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
    text = shown(results, Pair("learner_001", "learner_007", 0.93, 41))
    rows = lines(text)
    found = tally.mistakes(results)
    assert found == sorted(found, key=lambda item: -item[2])
    assert f"{found[0][2]} {found[0][0]} {found[0][1].replace('_', ' ')}" in rows
    assert "bo bo.pdf is no notebook." in rows
    assert "cy The worker ended without an answer; grade it again." in rows
    assert any("relu It ran longer than 300 seconds, so it was stopped." in row for row in rows)
    assert "93 % 41 learner_001 learner_007" in rows
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
    text = shown(make_class(30), Pair("learner_001", "learner_007", 0.93, 41), width=width)
    assert max(map(len, text.splitlines())) <= width
    if width >= 80:
        assert "count_parameters " in text


def test_nothing_of_a_submission_commands_the_terminal_or_its_markup() -> None:
    evil = "[red]x[/red]\x1b[2J\x1b]0;t\x07\u202e"
    own = question(evil, WRONG, mistake=evil, limits=(evil,))
    text = shown(
        [result(evil, evil, own, limits=(evil,)), not_gradable(evil, evil), failed(evil)],
        Pair(evil, evil, 1.0, 9),
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
