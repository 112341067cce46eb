"""Facts that a lesson states only after a cell has measured them."""

from __future__ import annotations

from typing import Any

from course import settings
from course.rounding import figure
from course.terminal import say

# Between a sentence and its figures stand a colon and a space that doesn't break: by it the two can be told apart, so that a test
# compares the sentence alone (course/authoring/validate.py).
BEFORE_FIGURES = ":\u00a0"


class ClaimFailed(AssertionError):
    """What a lesson says does not hold on this machine; the message carries the figures that were measured."""


def claim(holds: Any, statement: str, **figures: Any) -> None:
    """Print ``statement`` as a fact with the figures behind it, or fail with them.

    ``claim(abs(p / m - 1) < 0.5, "Amdahl's law predicts the gain", predicted=f"{p:.3g}×", measured=f"{m:.3g}×")`` prints
    ``✓ Amdahl's law predicts the gain: 3.95× predicted, 3.74× measured``.

    Args:
        holds: the condition, a bool or a 0-d boolean array.
        statement: one sentence in plain words, true wherever the condition holds.
        **figures: the figures behind it, each under the words that follow it (``times_faster`` reads "times faster"): a number,
            of which three digits are shown, or a text with its unit.

    Raises:
        ClaimFailed: the condition is false; names every figure, and the settings of JAX that may be why.
        TypeError: ``holds`` is not one truth value (an array of several, say).
    """
    try:
        true = bool(holds)
    except Exception as error:
        raise TypeError(f"claim() needs one True or False, not {type(holds).__name__}: {error}") from None
    if not true:
        measured = ", ".join(f"{name} = {value}" for name, value in figures.items()) or "no figures were given"
        raise ClaimFailed(" ".join((f"This does not hold here: {statement} (measured: {measured})", *settings.notes())))
    shown = ", ".join(f"{figure(value)} {name.replace('_', ' ')}" for name, value in figures.items())
    say(f"✓ {statement}{BEFORE_FIGURES}{shown}" if shown else f"✓ {statement}")
