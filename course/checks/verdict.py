"""What a check says, and how it looks: HTML in a notebook, plain text elsewhere, the same words in both."""

from __future__ import annotations

import html
import re
import sys
from dataclasses import dataclass
from typing import Any

from course.terminal import say

_STYLE = {
    # Colors that read on a light and on a dark page, and apart from each other without color vision: the sign says it too.
    True: ("✓", "#2a9d5c"),
    False: ("✗", "#d9822b"),
}
_BOX = "border-left: 4px solid {color}; padding: 0.4em 0.9em; margin: 0.3em 0; line-height: 1.45; max-width: 56em"
_PRE = "margin: 0.15em 0 0.45em 0; padding: 0.3em 0.6em; background: rgba(127, 127, 127, 0.12); white-space: pre-wrap"

# *word*, but not the asterisks of 2 * x * y.
_EMPHASIS = re.compile(r"(?<!\w)\*(\w(?:[^*\n]*\w)?)\*(?!\w)")


@dataclass(frozen=True)
class Verdict:
    """The result of ``check(f)``.

    Attributes:
        exercise: the exercise's name.
        passed: whether every case was right.
        headline: one line.
        text: paragraphs that explain; empty where there is nothing to add.
        facts: pairs of a label and a value, set in a fixed-width font: the input, the answer, the line of code.
        mistake: the name of the mistake that was recognized, or None.
        cases_passed, cases: how many inputs were right, of how many.
        free: how many inputs an answer that does no work has right, where some are right and some are not.
        points, points_possible: the partial credit that the right cases make, beyond those that are free.
        public_text: the paragraphs for whom the inputs have to stay hidden from, where they are others than `text`.
        failed: the labels of the inputs that were not right, in order, each once; no secret.
    """

    exercise: str
    passed: bool
    headline: str
    text: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    mistake: str | None = None
    cases_passed: int = 0
    cases: int = 0
    free: int = 0
    points_possible: int = 0
    public_text: tuple[str, ...] | None = None
    failed: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        """Points earned: those of the right cases, counted from where an answer that does no work would be."""
        if self.cases_passed == self.cases:
            return float(self.points_possible) if self.cases else 0.0
        beyond = self.cases_passed - self.free
        return self.points_possible * beyond / (self.cases - self.free) if beyond > 0 else 0.0

    def public(self) -> tuple[str, tuple[str, ...], str | None]:
        """Headline, paragraphs and the name of the mistake, without anything of a right answer, nor of an input beyond its label."""
        return self.headline, self.text if self.public_text is None else self.public_text, self.mistake

    @property
    def message(self) -> str:
        """Everything that the check says, as plain text."""
        lines = [f"{_STYLE[self.passed][0]} {self.headline}", *self.text]
        for label, value in self.facts:
            lines.append(f"{label}: {value}" if "\n" not in value else f"{label}:\n{value}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        sign, color = _STYLE[self.passed]
        parts = [f'<div style="{_BOX.format(color=color)}">', f"<b>{sign} {html.escape(self.headline)}</b>"]
        parts += [f"<div>{inline(paragraph)}</div>" for paragraph in self.text]
        for label, value in self.facts:
            parts.append(
                f'<div style="opacity: 0.8; margin-top: 0.3em">{html.escape(label)}</div><pre style="{_PRE}">{html.escape(value)}</pre>'
            )
        return "".join([*parts, "</div>"])

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"<{self.exercise}: {'passed' if self.passed else 'not passed'}, {self.cases_passed} of {self.cases} inputs right>"

    def _ipython_display_(self) -> None:
        """Nothing: ``check`` has shown it already, and a cell that ends in ``check(f)`` must not show it twice."""


def inline(paragraph: str) -> str:
    """A paragraph as HTML: escape it, and set `code` between backticks as code, and *words* between asterisks as emphasis."""
    pieces = html.escape(paragraph).split("`")
    inner = (f"<code>{p}</code>" if i % 2 else _EMPHASIS.sub(r"<em>\1</em>", p) for i, p in enumerate(pieces))
    return "".join(inner).replace("\n", "<br>")


def show(verdict: Verdict) -> None:
    """Show a verdict where the learner is: in a notebook as HTML, elsewhere as text."""
    # Where nobody has imported IPython, no notebook is running; importing it to ask would take a second.
    ipython: Any = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        say(verdict.message)
        return
    from IPython.display import display

    display({"text/plain": verdict.message, "text/html": verdict._repr_html_()}, raw=True)  # type: ignore[no-untyped-call,unused-ignore]
