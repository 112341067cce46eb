"""The map in a notebook: HTML, and the same words as plain text where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from course.checks.verdict import inline
from course.progress import words
from course.progress.overview import OPEN, PASSED, TRIED, LessonRows, Overview, Step

# Colors that read on a light and on a dark page; the frame has the text's own color, so that a bar shows on each.
_FILLS = {
    PASSED: "; background: #2a9d5c",
    TRIED: "; background: linear-gradient(to right, #d9822b 50%, transparent 50%)",
    OPEN: "",
}
_BLOCK = "display: inline-block; width: 0.75em; height: 0.75em; margin-right: 0.2em; border: 1px solid"
_CARD = "border-left: 4px solid #3b6fb6; padding: 0.4em 0.9em; margin: 0.5em 0; line-height: 1.45; max-width: 56em"
_LEFT = "text-align: left; vertical-align: top; padding: 0.3em 0.6em"


class Map:
    """The learner's map: end a cell with it to show it.

    Attributes:
        overview: the states of all exercises, and the next step.
        lesson: the lesson that is shown in detail, or None for all of them.
        notes: what the learner should know of the file.
    """

    def __init__(self, overview: Overview, where: str, notes: tuple[str, ...] = (), only: str | None = None) -> None:
        self.overview, self.where, self.notes = overview, where, notes
        self.lesson = next((one for one in overview.lessons if one.name == only), None)

    @property
    def next(self) -> Step:
        """What to do next."""
        return words.step_of(self.overview, self.lesson)

    def __repr__(self) -> str:
        step = self.next
        say = f"Next: {words.task(step, step.link)} " if step.say else ""
        lines = [self._headline(), f"{say}{words.reason(step, self.overview)}", ""]
        if self.lesson:
            for one in words.details(self.lesson):
                tries = "" if one.tries == "–" else f", tries: {one.tries}"
                last = "" if one.last == "–" else f", the last check: {one.last}"
                lines.append(f"  {one.state}: {one.name}{tries}{last}")
        else:
            for lesson in self.overview.lessons:
                blocks = "".join(words.BLOCKS[row.state] for row in lesson.rows)
                lines.append(f"{words.lesson_headline(lesson)}  {blocks}")
                lines += [f"  {words.SIGNS[state]} {state}: {names}" for state, names in words.groups(lesson)]
        return "\n".join([*lines, "", *filter(None, (words.kept(self.where), *self.notes))])

    def _repr_html_(self) -> str:
        step = self.next
        link = f"<code>{escape(step.link)}</code>" if step.heading else escape(step.link)
        if step.href:
            link = f'<a href="{escape(step.href)}">{link}</a>'
        say = f"<b>Next:</b> {words.task(step, link)} " if step.say else ""
        parts = [
            f"<p><b>{escape(self._headline())}</b></p>",
            f'<div style="{_CARD}">{say}{inline(words.reason(step, self.overview))}</div>',
            _lesson_table(self.lesson) if self.lesson else self._table(),
            *(f"<p>{escape(text)}</p>" for text in (words.kept(self.where), *self.notes) if text),
        ]
        return "".join(parts)

    def _headline(self) -> str:
        return words.lesson_headline(self.lesson) if self.lesson else words.headline(self.overview)

    def _table(self) -> str:
        rows = []
        for lesson in self.overview.lessons:
            lines = (f"{words.SIGNS[state]} {state}: {escape(names)}" for state, names in words.groups(lesson))
            left = words.time_left(lesson)
            time = f'<div style="white-space: nowrap">{left}</div>' if left else ""
            bar = f"{_bar(lesson)}<div>{words.share(lesson)}</div>{time}"
            rows.append((escape(lesson.title), bar, "".join(f"<div>{line}</div>" for line in lines)))
        return _table(("Lesson", "Passed", "Exercises"), rows)


def _lesson_table(lesson: LessonRows) -> str:
    rows = [
        (f"<code>{escape(one.name)}</code>", escape(one.state), one.tries, one.minutes, inline(one.last))
        for one in words.details(lesson)
    ]
    return _table(words.DETAIL_HEADS, rows)


def _bar(lesson: LessonRows) -> str:
    says = ", ".join(f"{len(lesson.of(state))} {state}" for state in (PASSED, TRIED, OPEN))
    blocks = "".join(f'<span style="{_BLOCK}{_FILLS[row.state]}"></span>' for row in lesson.rows)
    return f'<div role="img" aria-label="{says}" style="white-space: nowrap">{blocks}</div>'


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table whose first column names the rows; the cells are HTML already."""
    head = "".join(f'<th scope="col" style="{_LEFT}">{one}</th>' for one in heads)
    body = "".join(
        f'<tr><th scope="row" style="{_LEFT}">{first}</th>'
        + "".join(f'<td style="{_LEFT}">{cell}</td>' for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
