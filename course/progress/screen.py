"""The map on a terminal, in the same words; signs and fillings beside the colors, and lines that fit 60 columns and more."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from course.progress import words
from course.progress.overview import OPEN, PASSED, STATES, TRIED, LessonRows, Row
from course.progress.page import Map

# So that the names of all lessons begin in the same column.
_WIDEST = max(map(len, STATES))
_COLORS = {PASSED: "green", TRIED: "yellow", OPEN: "none"}


def show(map_: Map, console: Console) -> None:
    """Print the map."""
    console.print(_headline(map_))
    console.print(_next(map_))
    if map_.lesson:
        console.print(_details(map_.lesson))
    else:
        console.print(Group(*(_lesson(lesson) for lesson in map_.overview.lessons)))
    for text in filter(None, (words.kept(map_.where), *map_.notes)):
        console.print(Text(text, style="dim"))


def _headline(map_: Map) -> RenderableType:
    if map_.lesson is None:
        return Text(words.headline(map_.overview), style="bold")
    return Group(Text(words.lesson_headline(map_.lesson), style="bold"), _blocks(map_.lesson.rows))


def _next(map_: Map) -> RenderableType:
    step = map_.next
    text = Text()
    if step.say:
        task = words.task(step, step.link)
        text.append(f"{task[0].upper()}{task[1:]} ")
        text.highlight_words([step.link], style="bold")
    text.append(words.reason(step, map_.overview))
    return Panel(text, title="Next" if step.say else "Done", title_align="left", border_style="blue")


def _lesson(lesson: LessonRows) -> RenderableType:
    left = words.time_left(lesson)
    head = Text(lesson.title, style="bold")
    line = Text.assemble(_blocks(lesson.rows), f" {words.share(lesson)} passed", f", {left}" if left else "")
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for state, names in words.groups(lesson):
        grid.add_row(Text(f"{words.SIGNS[state]} {state:<{_WIDEST}}", style=_COLORS[state]), Text(names))
    return Padding(Group(head, line, Padding(grid, (0, 0, 0, 2))), (0, 0, 1, 0))


def _details(lesson: LessonRows) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for one, row in zip(words.details(lesson), lesson.rows, strict=True):
        # A table of five columns would cut the names off on a narrow terminal.
        tries = "" if one.tries == "–" else f", tries: {one.tries}"
        time = "" if one.minutes == "–" else f", minutes: {one.minutes}"
        last = "" if one.last == "–" else f"\nThe last check: {one.last}"
        grid.add_row(Text(one.state, style=_COLORS[row.state]), Text(f"{one.name}{tries}{time}{last}"))
    return Padding(grid, (0, 0, 1, 0))


def _blocks(rows: tuple[Row, ...]) -> Text:
    return Text.assemble(*((words.BLOCKS[row.state], _COLORS[row.state]) for row in rows))
