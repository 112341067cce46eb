"""The best score that somebody has reached with a picture's sliders, kept while the notebook's kernel lives."""

from __future__ import annotations

_reached: dict[str, float] = {}


def best(name: str, score: float, *, target: float, unit: str = "", lowest: bool = False) -> str:
    """A sentence with the score, the best one so far and the target; what a picture with sliders says below its controls.

    Args:
        name: of the task; the best score is kept by it, also when the cell is run again.
        score: of this try.
        target: the score to reach.
        unit: what follows the number, such as "of 700".
        lowest: whether a small score is a good one.

    Returns:
        Such as "688 of 700 · your best: 691 · the target: 695".
    """
    sign = -1 if lowest else 1
    reached = max(score, _reached.get(name, score), key=lambda one: sign * one)
    _reached[name] = reached
    there = " ✓ reached" if sign * reached >= sign * target else ""
    now = f"{score:.3g} {unit}".rstrip()
    return f"{now} · your best: {reached:.3g} · the target: {target:.3g}{there}"
