"""Sliders where somebody is there to move them; a still of the same picture where nobody is."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from course.plot.alt import describe, display_bundle
from course.widgets.controls import Checkbox, Choice, Control, Range
from course.widgets.front import show
from course.widgets.panel import Answer, Panel

# (start, lowest, highest), the same with "log", the options to choose from, or a start of True or False.
Reach = tuple[float, float, float] | tuple[float, float, float, str] | list[Any] | bool


def still(figure: Figure) -> tuple[bytes, str]:
    """A figure as a PNG, and what it shows in words. The figure is closed."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    words = describe(figure)
    plt.close(figure)
    return buffer.getvalue(), words


class Sliders:
    """``draw`` with a control for each of its arguments. Shown by ending a cell with it.

    Args:
        draw: draws one figure from keyword arguments. A text that it returns is said below the controls.
        **ranges: for each argument (start, lowest, highest) for a slider, the same with "log" behind it for one that multiplies
            instead of adding, a list for a choice (its first is the start), or True or False for a box to tick.

    Attributes:
        panel: the controls themselves; ``panel.change(w=2.5)`` moves one as a hand would.
    """

    def __init__(self, draw: Callable[..., Any], **ranges: Reach) -> None:
        self.draw, self.ranges = draw, ranges
        # A choice shows texts; behind each stands the thing itself.
        self._meant = {name: {str(o): o for o in r} for name, r in ranges.items() if isinstance(r, list)}
        label = f"controls of the picture: {', '.join(name.replace('_', ' ') for name in ranges)}"
        self.panel = Panel([_control(name, r) for name, r in ranges.items()], self._redraw, label=label)

    @property
    def value(self) -> dict[str, Any]:
        """Where the controls stand, by the names of the arguments."""
        return {name: self._meant.get(name, {}).get(v, v) for name, v in self.panel.value.items()}

    def _redraw(self, _: dict[str, Any], moved: frozenset[str]) -> Answer:
        was, before = plt.isinteractive(), set(plt.get_fignums())
        if was:
            plt.ioff()
        try:
            words = self.draw(**self.value)
            if not set(plt.get_fignums()) - before:
                raise RuntimeError("the function drew no figure")
            png, alt = still(plt.gcf())
        finally:
            for number in set(plt.get_fignums()) - before:
                plt.close(number)
            # Where it was off it is left alone: the first figure of a session makes the notebook's backend turn it on.
            if was:
                plt.ion()
        return Answer(png, alt, words if isinstance(words, str) else "")

    def _ipython_display_(self) -> None:
        answer = self.panel.draw()
        text = "Sliders: " + ", ".join(self.ranges)
        if answer.words:
            text += f"\n{answer.words}"
        show(*display_bundle(answer.picture or b"", answer.alt, text), self.panel.connect())


def _control(name: str, reach: Reach) -> Control:
    if isinstance(reach, bool):
        return Checkbox(name, at=reach)
    if isinstance(reach, list):
        return Choice(name, options=[str(option) for option in reach])
    bounds: Sequence[Any] = reach
    if len(bounds) not in (3, 4) or bounds[3:] not in ((), ("log",)):
        raise ValueError(
            f'{name}: a slider is (start, lowest, highest), with "log" behind it or without; got {reach!r}'
        )
    start, low, high = (float(end) for end in bounds[:3])
    return Range(name, at=start, low=low, high=high, log=len(bounds) == 4)


def sliders(draw: Callable[..., Any], **ranges: Reach) -> Sliders:
    """Move the numbers of a picture: ``sliders(draw, w=(1, -3, 3), b=(0, -3, 3))``. See :class:`Sliders`."""
    return Sliders(draw, **ranges)
