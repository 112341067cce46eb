"""The tables of the summary on the screen: they fit the terminal, and never cut what a reader needs to tell rows apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from course.grading.model import MISSING, NOT_WRITTEN, PARTLY, RIGHT, STOPPED, WRONG, Result
from course.grading.report import tally
from course.grading.report.alike import Likeness
from course.grading.report.phrases import SIGNS
from course.grading.safe_text import line, some

STYLES = {RIGHT: "green", PARTLY: "yellow", WRONG: "red", NOT_WRITTEN: "dim", MISSING: "dim", STOPPED: "magenta"}
# A question's name is the lesson's; a longer one is another's work.
_NAME = 40


def table(*columns: str, numbers: Sequence[str] = ()) -> Table:
    """An empty table with these columns; `numbers` are set to the right and not broken."""
    made = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim", padding=(0, 1), collapse_padding=True
    )
    for column in columns:
        right: Any = "right" if column in numbers else "left"
        made.add_column(column, justify=right, overflow="fold", no_wrap=column in numbers)
    return made


def histogram(results: Sequence[Result], console: Console) -> None:
    """How many learners earned how much, as bars."""
    rows = tally.histogram(results)
    most = max(count for _, count in rows)
    room = max(10, min(console.width, 100) - 18)
    for label, count in rows:
        # At least a sliver for somebody, and nothing for nobody.
        bar = "█" * (count * room // most) or "▏" * bool(count) if most else ""
        text = Text.assemble(f"{label:>8} ", (bar, "cyan"), f" {count:,}" if count else "")
        console.print(text, no_wrap=True, highlight=False)


def questions(results: Sequence[Result], console: Console) -> None:
    """How each question came out: states by sign and word where that fits, else by sign, with the words above."""
    found = tally.questions(results)
    words = {state: f"{SIGNS[state]} {state}" for state in STYLES}
    narrow = [
        f"{SIGNS[state]}\n{state}" if " " not in state else words[state].replace("not ", "not\n") for state in STYLES
    ]
    for titles in (list(words.values()), narrow):
        made = _questions(found, titles)
        # What it would take; within its own options a table always says that it fits.
        if Measurement.get(console, console.options.update(max_width=1000), made).maximum <= console.width:
            console.print(made)
            return
    console.print(Text(" ".join(words.values()), "dim"))
    console.print(_questions(found, [SIGNS[state] for state in STYLES]))


def _questions(found: Sequence[tally.QuestionTally], titles: Sequence[str]) -> Table:
    made = table("question", "points", *titles, numbers=("points", *titles))
    made.columns[0].no_wrap = True
    for question in found:
        counts = [(question.states[state], style) for state, style in STYLES.items()]
        cells = [Text(f"{count:,}", style) if count else "" for count, style in counts]
        made.add_row(Text(line(question.name, _NAME)), f"{100 * question.share:.0f} %", *cells)
    return made


def mistakes(found: Sequence[tally.MistakeTally]) -> Table:
    """The mistakes that were recognized, in the words that the learner reads, and who made them."""
    made = table("learners", "what is wrong, and who", numbers=("learners",))
    for mistake in found:
        hint = line(mistake.hint or mistake.mistake.replace("_", " "))
        made.add_row(f"{len(mistake.learners):,}", _told(mistake.question, hint, mistake.learners))
    return made


def limits(found: Sequence[tuple[str, str, tuple[str, ...]]]) -> Table:
    """The limits that were hit: see :func:`course.grading.report.tally.limits`."""
    made = table("learners", "limit, and who", numbers=("learners",))
    for name, text, learners in found:
        made.add_row(f"{len(learners):,}", _told(name, line(text, 300), learners))
    return made


def _told(question: str, text: str, learners: Sequence[str]) -> Text:
    said = Text(f"{line(question, _NAME)}: ", "bold") if question else Text()
    return said.append(text, "not bold").append(f"\n{some(learners)}", "not bold dim")


def alike(found: Sequence[Likeness]) -> Table:
    """Pairs that are alike, and what is the same."""
    made = table("alike", "pieces", "who, and what is the same", numbers=("alike", "pieces"))
    for likeness in found:
        pair = likeness.pair
        said = Text(f"{line(pair.one, 60)} and {line(pair.other, 60)}\n").append(likeness.said, "dim")
        made.add_row(f"{100 * pair.share:.0f} %", f"{pair.common:,}", said)
    return made
