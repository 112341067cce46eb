"""The class at a glance, on the screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any, Protocol

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from course.grading.model import FAILED, MISSING, NOT_GRADABLE, NOT_WRITTEN, PARTLY, RIGHT, STOPPED, WRONG, Result
from course.grading.report import tally
from course.grading.report.feedback import lesson_title
from course.grading.report.text import SIGNS, by_lesson, in_order, is_late, line, number, plural, possible_in

_STYLES = {RIGHT: "green", PARTLY: "yellow", WRONG: "red", NOT_WRITTEN: "dim", STOPPED: "magenta"}
# What is shown of a long list; the files hold the rest.
_ROWS = 10
# Fewer submissions make no distribution.
_FEW = 3


class Alike(Protocol):
    """Two submissions whose code is suspiciously alike (course.grading.similarity.Pair)."""

    @property
    def one(self) -> str:
        """A learner's key."""

    @property
    def other(self) -> str:
        """Another learner's key."""

    @property
    def share(self) -> float:
        """The part of their distinctive code that they share, 0 to 1."""

    @property
    def common(self) -> int:
        """How many fingerprints they share."""


def show_summary(
    results: Sequence[Result],
    pairs: Sequence[Alike],
    console: Console,
    *,
    files: Iterable[Path] = (),
    notes: Iterable[str] = (),
    elapsed_s: float | None = None,
) -> None:
    """Print how a class did; at least 60 columns wide.

    Args:
        results: of one run, in any order.
        pairs: submissions that are alike; shown, never scored.
        console: where to.
        files: what was written, for the last lines.
        notes: what the writers of the files had to say.
        elapsed_s: seconds that the run took, by the clock; without it only the submissions' own time is told.
    """
    results = in_order(results)
    states = [(len(tally.graded(results)), "graded", "bold"), (_count(results, NOT_GRADABLE), NOT_GRADABLE, "red")]
    states += [(_count(results, FAILED), "failed (the grader broke: run it again)", "magenta")]
    states += [(sum(map(is_late, results)), "late", "yellow")]
    head = Text(f"{plural(len(results), 'submission')}: ")
    head.append_text(Text(", ").join(Text(f"{count:,} {what}", style) for count, what, style in states if count))
    console.print(head)
    for lesson, of_lesson in by_lesson(results).items():
        _lesson(lesson, of_lesson, console)
    _refused(results, console)
    _limits(results, console)
    _alike(pairs, console)
    _end(results, list(files), list(notes), elapsed_s, console)


def _count(results: Sequence[Result], status: str) -> int:
    return sum(result.status == status for result in results)


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, "bold"))


def _table(*columns: str, numbers: Sequence[str] = ()) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim", padding=(0, 1), collapse_padding=True
    )
    for column in columns:
        right: Any = "right" if column in numbers else "left"
        table.add_column(column, justify=right, overflow="fold", no_wrap=column in numbers)
    return table


def _lesson(lesson: str, results: Sequence[Result], console: Console) -> None:
    known = tally.graded(results)
    if not known:
        return
    points, possible = [result.points for result in known], possible_in(results)
    console.print()
    console.rule(Text(line(lesson_title(lesson)), "bold"), align="left", style="dim")
    console.print(
        f"{plural(len(known), 'submission')} graded, of {number(possible)} points: median {number(median(points))}, "
        f"mean {number(fmean(points))}, lowest {number(min(points))}, highest {number(max(points))}",
        highlight=False,
    )
    if len(known) >= _FEW:
        console.print()
        _histogram(known, console)
    _heading(console, "Questions, the most missed first")
    _questions(known, console)
    found = tally.mistakes(known)
    if found:
        _heading(console, "Mistakes most made")
        table = _table("learners", "question", "mistake", numbers=("learners",))
        for name, mistake, count in found[:_ROWS]:
            table.add_row(f"{count:,}", Text(line(name)), Text(line(mistake.replace("_", " "))))
        console.print(table)


def _histogram(results: Sequence[Result], console: Console) -> None:
    rows = tally.histogram(results)
    most = max(count for _, count in rows)
    room = max(10, min(console.width, 100) - 18)
    for label, count in rows:
        # At least a sliver for somebody, and nothing for nobody.
        bar = "█" * (count * room // most) or "▏" * bool(count) if most else ""
        console.print(
            Text.assemble(f"{label:>8} ", (bar, "cyan"), f" {count:,}" if count else ""), no_wrap=True, highlight=False
        )


def _questions(results: Sequence[Result], console: Console) -> None:
    titles = [f"{SIGNS[states[0]]} {title}" for title, states in _COLUMNS.items()]
    table = _table("question", "points", *titles, numbers=("points", *titles))
    for question in tally.questions(results):
        counts = [(sum(question.states[state] for state in states), _STYLES[states[0]]) for states in _COLUMNS.values()]
        cells = [Text(f"{count:,}", style) if count else "" for count, style in counts]
        table.add_row(Text(line(question.name)), f"{100 * question.share:.0f} %", *cells)
    console.print(table)


# The states as columns, short enough for a table of 80 columns; what is missing was not written, either.
_COLUMNS = {
    "right": (RIGHT,),
    "partly": (PARTLY,),
    "not right": (WRONG,),
    "unwritten": (NOT_WRITTEN, MISSING),
    "stopped": (STOPPED,),
}


def _refused(results: Sequence[Result], console: Console) -> None:
    for status, title in ((NOT_GRADABLE, "Not gradable"), (FAILED, "Not graded, as the grader broke")):
        found = [result for result in results if result.status == status]
        if found:
            _heading(console, title)
            table = _table("learner", "why")
            for result in found[:_ROWS]:
                table.add_row(Text(line(result.learner, 40)), Text(line(result.problem or result.shown, 300)))
            console.print(table)
            _rest(len(found), "grades.csv", console)


def _limits(results: Sequence[Result], console: Console) -> None:
    found = tally.limits(results)
    if found:
        _heading(console, "Limits that were hit")
        table = _table("learners", "question", "limit", numbers=("learners",))
        for name, text, count in found[:_ROWS]:
            table.add_row(f"{count:,}", Text(line(name)) if name else Text("(notebook)", "dim"), Text(line(text, 300)))
        console.print(table)
        _rest(len(found), "grades.csv", console)


def _alike(pairs: Sequence[Alike], console: Console) -> None:
    if not pairs:
        return
    _heading(console, "Suspiciously alike: look at both; no points depend on it")
    table = _table("alike", "prints", "one", "other", numbers=("alike", "prints"))
    for pair in sorted(pairs, key=lambda pair: (-pair.share, -pair.common, pair.one, pair.other))[:_ROWS]:
        table.add_row(
            f"{100 * pair.share:.0f} %", f"{pair.common:,}", Text(line(pair.one, 60)), Text(line(pair.other, 60))
        )
    console.print(table)
    _rest(len(pairs), "", console)


def _rest(count: int, where: str, console: Console) -> None:
    if count > _ROWS:
        console.print(Text(f"… and {count - _ROWS:,} more{', in ' if where else ''}{where}", "dim"))


def _end(
    results: Sequence[Result], files: list[Path], notes: list[str], elapsed_s: float | None, console: Console
) -> None:
    ran = [result for result in results if result.seconds > 0]
    if ran:
        _heading(console, "Time")
        slowest = max(ran, key=lambda result: result.seconds)
        took = f"{duration(elapsed_s)} by the clock; " if elapsed_s is not None else ""
        text = Text(f"{took}a submission took {duration(median(r.seconds for r in ran))} (median), ")
        text.append(f"{duration(slowest.seconds)} at most ({line(slowest.learner, 40)}).")
        peak = max(result.peak_mb for result in ran)
        text.append(f" Most memory: {peak:,.0f} MB." if peak else "")
        console.print(text, highlight=False)
    if files:
        _heading(console, "Written")
        for path in files:
            console.print(Text(f"  {path}{'/' if path.is_dir() else ''}"), soft_wrap=True)
    for note in notes:
        console.print(Text(line(note), "yellow"))


def duration(seconds: float) -> str:
    """A time that one can picture: "0.4 s", "12 s", "3 min 20 s", "1 h 05 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
