"""Step through a kernel, instruction by instruction and warp by warp; a strip of stills where nobody is there to step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course.plot.alt import display_bundle
from course.plot.steps import Shapes, describe, draw_step, standing
from course.plot.widgets import still
from course.widgets.controls import Button, Play, Range, Select
from course.widgets.front import show
from course.widgets.panel import Answer, Panel

if TYPE_CHECKING:
    from course.simt.report import Event, Report

_ALL = "all warps"
_STILLS = 6


class Player:
    """The steps of a kernel. Shown by ending a cell with it.

    Attributes:
        events: what is stepped through, in the order in which it ran.
        panel: its controls "back", "next", "play", "step" and "follow"; ``panel.change(step=3)`` moves one as a hand would.
    """

    def __init__(self, report: Report, shapes: Shapes) -> None:
        if not report.trace:
            raise ValueError(
                "there is nothing to play: launch the kernel with trace=True, or name blocks, trace=[0, 3]."
            )
        self.source, self.events, self.shapes = report.source, report.trace, shapes
        warps = [_ALL, *dict.fromkeys(_name(event) for event in self.events)]
        self.panel = Panel(
            [
                Button("back", sign="◀", hint="one instruction back", moves="step", by=-1),
                Button("next", sign="▶", hint="the next instruction", moves="step", by=1),
                Play("play", hint="one instruction after the other", moves="step", by=1),
                Range("step", at=1, low=1, high=len(self.events), step=1),
                Select("follow", options=warps),
            ],
            self._show,
            label="step through the kernel",
        )

    def strip(self, steps: Sequence[int] | None = None) -> Figure:
        """Stills of some steps, in order; without `steps`, the first of each line that touches memory, decides, or waits."""
        chosen = self._telling() if steps is None else [self.events[i] for i in steps]
        rows = -(-len(chosen) // 2)
        figure = plt.figure(figsize=(10.4, 2.9 * rows), layout="constrained")
        parts = np.ravel(figure.subfigures(rows, 2, squeeze=False, wspace=0.04, hspace=0.04))
        for part, event in zip(parts, chosen, strict=False):
            draw_step(part, self.source, event, self.shapes)
        return figure

    def _telling(self) -> list[Event]:
        first: dict[tuple[int, str, str], Event] = {}
        for event in self.events:
            if event.kind != "compute":
                first.setdefault((event.line, event.kind, event.array), event)
        return [*first.values()][:_STILLS] or [*self.events[:_STILLS]]

    def _show(self, value: dict[str, Any], moved: frozenset[str]) -> Answer:
        followed = [event for event in self.events if value["follow"] in (_ALL, _name(event))]
        # Whoever turns to another warp begins at its first step.
        step = 1 if "follow" in moved else value["step"]
        event = followed[step - 1]
        figure = plt.figure(figsize=(10.4, 3.9), layout="constrained")
        try:
            draw_step(figure, self.source, event, self.shapes, standing(self.events, event))
            png, alt = still(figure)
        finally:
            plt.close(figure)
        return Answer(png, alt, _aloud(event, step, len(followed)), {"step": step}, {"step": len(followed)})

    def _ipython_display_(self) -> None:
        self.panel.draw()
        png, alt = still(self.strip())
        show(*display_bundle(png, alt, f"Player: {len(self.events)} instructions"), self.panel.connect())


def player(report: Report, **arrays: Any) -> Player:
    """Step through what a launch with ``trace=True`` did: ``plot.player(report, x=x, out=out, tile=(32, 32))``.

    Args:
        report: of the launch.
        **arrays: what is to be drawn, by the names that the kernel has for it: the array, or the shape of one of float32,
            such as a tile in shared memory.

    Raises:
        ValueError: the launch was not traced.
    """
    shapes: dict[str, tuple[Sequence[int], int]] = {}
    for name, array in arrays.items():
        if isinstance(array, tuple):
            shapes[name] = array, 4
        else:
            shapes[name] = np.shape(array), np.asarray(array).dtype.itemsize
    return Player(report, shapes)


def _name(event: Event) -> str:
    return f"block {', '.join(map(str, event.block))}, warp {event.warp}"


def _aloud(event: Event, i: int, of: int) -> str:
    """The step in words, read out by a screen reader as it changes."""
    return f"{i} of {of} · {_name(event)} · line {event.line} · {describe(event)}"
