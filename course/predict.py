"""Guess first, then measure: a guess is kept, and set beside what was measured."""

from __future__ import annotations

import html
import math
import re
from typing import TYPE_CHECKING, Any, Literal, get_args

from course import recorded
from course.rounding import rounded

if TYPE_CHECKING:
    from course.widgets.panel import Panel

_made: dict[str, Prediction] = {}

# Where the number beside a guess comes from.
Source = Literal["measured", "counted", "computed", "datasheet", "simulated"]
_LABELS: dict[Source, str] = {
    "measured": "measured here",
    "counted": "counted",
    "computed": "computed",
    "datasheet": "from the datasheet",
    "simulated": "counted by the simulator",
}


class Prediction:
    """A question, the guess that somebody made (or None), and what was measured (or None).

    Attributes:
        question: one sentence.
        unit: of the guess and of the measurement, such as "×", "ms", "%"; empty for a plain number.
        choices: the answers to choose from, or None where the guess is a number.
        guess: a float, one of ``choices``, or None as long as nobody has answered.
        measured: what ``reveal`` was given, or None.
        source: where that comes from, or None.
    """

    def __init__(self, question: str, unit: str = "", choices: tuple[str, ...] | None = None) -> None:
        self.question, self.unit, self.choices = question, unit, choices
        self.guess: float | str | None = None
        self.measured: float | str | None = None
        self.source: Source | None = None

    def answer(self, guess: float | str | None) -> None:
        """Record a guess without a widget: ``guess.answer(30)``.

        Raises:
            ValueError: the guess is not one of the choices, or not a number where a number was asked for.
        """
        if guess is None:
            self.guess = None
        elif self.choices is not None:
            if guess not in self.choices:
                raise ValueError(f"choose one of {', '.join(map(repr, self.choices))}; got {guess!r}")
            self.guess = guess
        else:
            try:
                number = float(guess)
            except (TypeError, ValueError):
                number = math.nan
            if not math.isfinite(number):
                raise ValueError(f"the guess must be a number; got {guess!r}")
            self.guess = number

    def reveal(self, measured: Any, *, source: Source) -> Reveal:
        """Set the answer beside the guess, and keep both for ``my_numbers()``.

        Args:
            measured: a number (in ``unit``; 0-d arrays will do), or one of the choices.
            source: where the answer comes from: "measured" on this machine just now (a time, a rate, what a trained network
                gets right), "counted" (calls, bytes, parameters), "computed" from a formula, "datasheet" (a quotient of two
                figures of a maker, too), or "simulated" (what `course.simt` counts).

        Raises:
            ValueError: the source is none of these.
        """
        if source not in get_args(Source):
            raise ValueError(f"the source is one of {', '.join(get_args(Source))}; got {source!r}")
        self.source = source
        self.measured = measured if isinstance(measured, str) else float(measured)
        return Reveal(self)

    def verdict(self) -> str:
        """How the guess compares with the measurement, in a few words; empty where one of them is missing."""
        guess, measured = self.guess, self.measured
        if guess is None or measured is None:
            return ""
        if isinstance(guess, str) or isinstance(measured, str):
            return "as you said" if guess == measured else "not what you said"
        if math.isclose(guess, measured, rel_tol=0.1, abs_tol=1e-9):
            return "spot on"
        if guess > 0 and measured > 0:
            factor = max(guess, measured) / min(guess, measured)
            side = "too low" if guess < measured else "too high"
            if factor < 2:
                return f"close: {100 * abs(guess / measured - 1):.0f} % {side}"
            return f"{rounded(factor)} times {side}"
        return "too low" if guess < measured else "too high"

    def __repr__(self) -> str:
        return f"<prediction: {self.question} {_said(self.guess, self.unit) or 'not answered yet'}>"

    def _ipython_display_(self) -> None:
        """Show the question with its field, where there is somebody to answer; a still of it elsewhere."""
        from course.widgets.front import show

        data = {"text/plain": f"Your guess: {self.question}", "text/html": self._still()}
        show(data, front=self.panel().connect())

    def _still(self) -> str:
        options = (
            " · ".join(map(html.escape, self.choices))
            if self.choices
            else f"a number{f', in {html.escape(self.unit)}' if self.unit else ''}"
        )
        return _card(
            f"<b>Your guess first.</b> {html.escape(self.question)} <span style='opacity: 0.7'>({options})</span>"
        )

    def panel(self) -> Panel:
        """The field for the guess; the one that has been made stands in it."""
        from course.widgets.controls import Choice, Text
        from course.widgets.panel import Answer, Panel

        field: Choice | Text
        label = f"Your guess first. {self.question}"
        if self.choices is not None:
            field = Choice("guess", label, self.choices, at="" if self.guess is None else str(self.guess))
        else:
            typed = "" if self.guess is None else rounded(float(self.guess))
            field = Text("guess", label, at=typed, hint="a number, then Enter", unit=self.unit)

        def answered(value: dict[str, Any], moved: frozenset[str]) -> Answer:
            if moved:
                try:
                    self.answer(value["guess"] if self.choices else _typed(value["guess"], self.unit))
                except ValueError:
                    return Answer(words="That is not a number. Try 30 or 0.5.")
            return Answer(words=_kept(self))

        # It draws nothing, so it may be answered while a cell runs: a guess that comes late would miss its measurement.
        panel = Panel([field], answered, label="your guess", anywhere=True)
        panel.draw()
        return panel


class Reveal:
    """A guess and a measurement, side by side: HTML in a notebook, text elsewhere."""

    def __init__(self, prediction: Prediction) -> None:
        self.prediction = prediction

    @property
    def _label(self) -> str:
        source = self.prediction.source
        assert source is not None
        return f"the answer ({_LABELS[source]})" if isinstance(self.prediction.measured, str) else _LABELS[source]

    def _elsewhere(self) -> list[str]:
        """What was measured on other devices, where such a record is at hand."""
        p = self.prediction
        if p.source != "measured":
            return []
        return [
            f"recorded on {name}: {_said(answer, p.unit)}"
            for name, answer in recorded.elsewhere(p.question, recorded.this_device())
        ]

    def __repr__(self) -> str:
        p = self.prediction
        measured = "  ·  ".join((f"{self._label}: {_said(p.measured, p.unit)}", *self._elsewhere()))
        return measured if p.guess is None else f"your guess: {_said(p.guess, p.unit)}  ·  {measured}  ({p.verdict()})"

    def _repr_html_(self) -> str:
        p = self.prediction
        measured = f"{self._label}: <b>{html.escape(_said(p.measured, p.unit))}</b>"
        for other in self._elsewhere():
            measured += f" <span style='opacity: 0.7'>· {html.escape(other)}</span>"
        if p.guess is None:
            return _card(measured)
        return _card(
            f"you said: <b>{html.escape(_said(p.guess, p.unit))}</b> · {measured} <span style='opacity: 0.7'>({p.verdict()})</span>"
        )


def predict(question: str, *, unit: str = "", choices: tuple[str, ...] | list[str] | None = None) -> Prediction:
    """Ask for a guess. In JupyterLab and Colab a field appears; where nobody is there to answer, nothing waits.

    A cell that is run again keeps the guess that was made.

    Args:
        question: one sentence.
        unit: of a number, such as "×", "ms" or "%".
        choices: the possible answers, where it is not a number.

    Returns:
        The prediction. End the cell with it (or with the call) to show it; ``.reveal(measured)`` comes after the measurement.

    Raises:
        ValueError: fewer than two choices.
    """
    options = tuple(choices) if choices is not None else None
    if options is not None and len(options) < 2:
        raise ValueError("a question with choices needs at least two of them")
    known = _made.get(question)
    if known is None or known.choices != options:
        known = _made[question] = Prediction(question, unit, options)
    known.unit = unit
    return known


class Numbers:
    """The table behind ``my_numbers()``."""

    def __init__(self, rows: list[Prediction]) -> None:
        self.rows = rows

    def _cells(self) -> list[tuple[str, str, str, str, str]]:
        return [
            (p.question, _said(p.guess, p.unit) or "–", _said(p.measured, p.unit), _LABELS[p.source], p.verdict())
            for p in self.rows
            if p.source is not None
        ]

    def __repr__(self) -> str:
        if not self.rows:
            return "None of your guesses has an answer yet."
        return "\n".join(f"{q}  you: {g}  {s}: {m}{f'  ({v})' if v else ''}" for q, g, m, s, v in self._cells())

    def _repr_html_(self) -> str:
        if not self.rows:
            return _card(repr(self))
        head = "".join(
            f"<th style='text-align: left'>{name}</th>" for name in ("question", "you said", "it is", "source", "")
        )
        body = "".join(
            "<tr>" + "".join(f"<td style='text-align: left'>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in self._cells()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def my_numbers() -> Numbers:
    """Every question of this session that has been measured, with your guess beside it."""
    return Numbers([p for p in _made.values() if p.measured is not None])


def _typed(text: str, unit: str) -> str | None:
    """What somebody typed, ready for float(): "30 ×", "0,5", "1,280" and "12 ms" (where ms is the unit) are fine."""
    text = text.strip().removesuffix(unit).strip("×x% ")
    if re.fullmatch(r"[1-9]\d{0,2}(,\d{3})+(\.\d*)?", text):
        return text.replace(",", "")
    return text.replace(",", ".") or None


def _said(value: float | str | None, unit: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return f"{rounded(value)} {unit}".strip()


def _kept(p: Prediction) -> str:
    return "" if p.guess is None else f"kept: {_said(p.guess, p.unit)}"


def _card(inner: str) -> str:
    return f'<div style="border-left: 4px solid #3b6fb6; padding: 0.4em 0.9em; margin: 0.3em 0; max-width: 56em">{inner}</div>'
