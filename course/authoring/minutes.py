"""How long a lesson takes to read, run and guess, from what stands in it.

The rates are a careful reader's: 180 words of prose a minute, 5 seconds a line of code, 45 seconds a guess, 20 seconds a figure.
What is folded (a `<details>` in prose, a hidden cell) isn't counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from course.authoring.notebook import Cell, Notebook, code_cells, tags

WORDS_A_MINUTE = 180
LINE_S, GUESS_S, FIGURE_S = 5, 45, 20
LONGEST = 75  # minutes
# A lesson states a whole number of five minutes; it may be off by this part of what is computed.
TOLERANCE = 0.2
_FOLDED = re.compile(r"<details.*?</details>", re.S)
_MARKUP = re.compile(r"\$\$.*?\$\$|<[^>]+>|\]\([^)]*\)|^\|[\s:|-]+\|$|[#*`|>\[\]]", re.S | re.M)
_WORD = re.compile(r"\S*\w\S*")
_GUESS = re.compile(r"^[^#\n]*\bpredict\(", re.M)
_STATED = re.compile(r"(\d+) minutes to read and run")


@dataclass(frozen=True)
class Reading:
    """What a lesson holds for its reader."""

    words: int
    lines: int
    guesses: int
    figures: int

    @property
    def minutes(self) -> float:
        seconds = self.lines * LINE_S + self.guesses * GUESS_S + self.figures * FIGURE_S
        return self.words / WORDS_A_MINUTE + seconds / 60

    @property
    def to_state(self) -> int:
        """The minutes that the lesson should state: to the nearest five."""
        return max(5, 5 * round(self.minutes / 5))


def reading(nb: Notebook) -> Reading:
    """Count what of the notebook is read, run and guessed."""
    words = sum(_words(cell["source"]) for cell in nb["cells"] if cell["cell_type"] == "markdown")
    shown = [cell for _, cell in code_cells(nb) if not _is_hidden(cell)]
    lines = sum(
        bool(line.strip()) and not line.strip().startswith("#")
        for cell in shown
        for line in cell["source"].splitlines()
    )
    guesses = sum(len(_GUESS.findall(cell["source"])) for _, cell in code_cells(nb))
    figures = sum(_figures(cell) for _, cell in code_cells(nb))
    return Reading(words, lines, guesses, figures)


def minutes_problem(nb: Notebook) -> str:
    """Why the minutes that the lesson states aren't honest; empty if they are."""
    takes, says = reading(nb), stated(nb)
    if says is None:
        return f"the lesson does not say how long it takes: write '{takes.to_state} minutes to read and run'."
    if takes.minutes > LONGEST:
        return f"it takes {takes.minutes:.0f} minutes to read, run and guess; {LONGEST} are the most."
    if abs(says - takes.minutes) > TOLERANCE * takes.minutes:
        return f"it says {says} minutes, and takes {takes.minutes:.0f}: write {takes.to_state}."
    return ""


def stated(nb: Notebook) -> int | None:
    """The minutes that the lesson says it takes "to read and run"; None where it doesn't say."""
    text = "\n".join(cell["source"] for cell in nb["cells"] if cell["cell_type"] == "markdown")
    found = _STATED.search(text)
    return int(found[1]) if found else None


def _words(source: str) -> int:
    return len(_WORD.findall(_MARKUP.sub(" ", _FOLDED.sub(" ", source))))


def _is_hidden(cell: Cell) -> bool:
    return bool(cell["metadata"].get("jupyter", {}).get("source_hidden")) or "hide-input" in tags(cell)


def _figures(cell: Cell) -> int:
    return sum(any(mime.startswith("image/") for mime in output.get("data", {})) for output in cell.get("outputs", []))
