"""Facts that a lesson states only after a cell has measured them."""

from __future__ import annotations

from typing import Any

from course import settings
from course.terminal import say


class ClaimFailed(AssertionError):
    """What a lesson says does not hold on this machine; the message carries the figures that were measured."""


def claim(holds: Any, statement: str, **measured: Any) -> None:
    """Print ``statement`` as a fact, or fail with what was measured instead.

    The printed line carries no figure of this machine, so that it is the same everywhere and nbval can compare it.

    Args:
        holds: the condition, a bool or a 0-d boolean array.
        statement: one sentence in plain words, true wherever the condition holds.
        **measured: the figures behind it, shown only if the claim fails.

    Raises:
        ClaimFailed: the condition is false; names every figure in ``measured``, and the settings of JAX that may be why.
        TypeError: ``holds`` is not one truth value (an array of several, say).
    """
    try:
        true = bool(holds)
    except Exception as error:
        raise TypeError(f"claim() needs one True or False, not {type(holds).__name__}: {error}") from None
    if not true:
        figures = ", ".join(f"{name} = {value}" for name, value in measured.items()) or "no figures were given"
        raise ClaimFailed(" ".join((f"This does not hold here: {statement} (measured: {figures})", *settings.notes())))
    say(f"✓ {statement}")
