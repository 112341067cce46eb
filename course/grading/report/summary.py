"""The class at a glance, on the screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean, median

from rich.console import Console
from rich.text import Text

from course.grading.model import FAILED, NOT_GRADABLE, Result
from course.grading.report import tables, tally
from course.grading.report.alike import EXPLAINED, Alike, likenesses
from course.grading.report.feedback import lesson_title
from course.grading.report.phrases import by_lesson, earned, in_order, is_late, number, plural, possible_in
from course.grading.safe_text import line

# What is shown of a long list; the files hold the rest.
_ROWS = 10
# Fewer submissions make no distribution.
_FEW = 3


def show_summary(
    results: Sequence[Result],
    pairs: Sequence[Alike],
    console: Console,
    *,
    files: Iterable[Path] = (),
    notes: Iterable[str] = (),
    elapsed_s: float | None = None,
) -> None:
    """Print how a class did, on at least 60 columns.

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
    states += [(_count(results, FAILED), "failed (an error of the grader: run it again)", "magenta")]
    states += [(sum(map(is_late, results)), "late", "yellow")]
    head = Text(f"{plural(len(results), 'submission')}: ")
    head.append_text(Text(", ").join(Text(f"{count:,} {what}", style) for count, what, style in states if count))
    console.print(head)
    for lesson, of_lesson in by_lesson(results).items():
        _lesson(lesson, of_lesson, console)
    _refused(results, console)
    _limits(results, console)
    _alike(results, pairs, console)
    _end(results, list(files), list(notes), elapsed_s, console)


def _count(results: Sequence[Result], status: str) -> int:
    return sum(result.status == status for result in results)


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, "bold"))


def _lesson(lesson: str, results: Sequence[Result], console: Console) -> None:
    known = tally.graded(results)
    if not known:
        return
    points, possible = [earned(result) for result in known], possible_in(results)
    console.print()
    console.rule(Text(line(lesson_title(lesson)), "bold"), align="left", style="dim")
    console.print(
        f"{plural(len(known), 'submission')} graded, of {number(possible)} points: median {number(median(points))}, "
        f"mean {number(fmean(points))}, lowest {number(min(points))}, highest {number(max(points))}",
        highlight=False,
    )
    if len(known) >= _FEW:
        console.print()
        tables.histogram(known, console)
    _heading(console, "Questions, the most missed first")
    tables.questions(known, console)
    found = tally.mistakes(known)
    if found:
        _heading(console, "Mistakes most made")
        console.print(tables.mistakes(found[:_ROWS]))


def _refused(results: Sequence[Result], console: Console) -> None:
    for status, title in ((NOT_GRADABLE, "Not gradable"), (FAILED, "Not graded because of an error of the grader")):
        found = [result for result in results if result.status == status]
        if found:
            _heading(console, title)
            table = tables.table("learner", "why")
            for result in found[:_ROWS]:
                table.add_row(Text(line(result.learner, 40)), Text(line(result.problem or result.shown, 300)))
            console.print(table)
            _rest(len(found), "grades.csv", console)


def _limits(results: Sequence[Result], console: Console) -> None:
    found = tally.limits(results)
    if found:
        _heading(console, "Limits that were reached")
        console.print(tables.limits(found[:_ROWS]))
        _rest(len(found), "grades.csv", console)


def _alike(results: Sequence[Result], pairs: Sequence[Alike], console: Console) -> None:
    if not pairs:
        return
    _heading(console, "Suspiciously alike")
    console.print(Text(EXPLAINED, "dim"))
    console.print(tables.alike(likenesses(results, pairs)[:_ROWS]))
    _rest(len(pairs), "alike.csv", console)


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
