"""Step through a kernel, instruction by instruction and warp by warp; a strip of stills where nobody is there to step."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course.plot.steps import Shapes, describe, draw_step, standing
from course.plot.style import BLUE

if TYPE_CHECKING:
    from course.simt.report import Report
    from course.simt.trace import Event

_ALL = "all warps"
_STILLS = 6


class Player:
    """The steps of a kernel. Shown by ending a cell with it.

    Attributes:
        events: what is stepped through, in the order in which it ran.
        controls: the widgets by name ("step", "warp"), once they have been shown; all work from the keyboard.
    """

    def __init__(self, report: Report, shapes: Shapes) -> None:
        if not report.trace:
            raise ValueError(
                "there is nothing to play: launch the kernel with trace=True, or name blocks, trace=[0, 3]."
            )
        self.source, self.events, self.shapes = report.source, report.trace, shapes
        self.controls: dict[str, Any] = {}
        self.picture: Any = None
        self.words: Any = None

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

    def _of(self, warp: str) -> list[Event]:
        return [event for event in self.events if warp in (_ALL, _name(event))]

    def _png(self, event: Event) -> bytes:
        figure = plt.figure(figsize=(10.4, 3.9), layout="constrained")
        draw_step(figure, self.source, event, self.shapes, standing(self.events, event))
        return _bytes(figure)

    def _widget(self) -> dict[str, Any] | None:
        try:
            import ipywidgets as widgets
        except ImportError:
            return None
        warps = [_ALL, *dict.fromkeys(_name(event) for event in self.events)]
        wide = widgets.Layout(width="34em")
        step = widgets.IntSlider(value=0, min=0, max=len(self.events) - 1, description="step", layout=wide)
        back, on = (widgets.Button(description=text, tooltip=tip, layout=widgets.Layout(width="6.5em"))
                    for text, tip in (("◀ back", "one instruction back"), ("next ▶", "the next instruction")))  # fmt: skip
        warp = widgets.Dropdown(options=warps, value=_ALL, description="follow")
        natural = widgets.Layout(align_self="flex-start", max_width="100%")
        self.picture = widgets.Image(value=self._png(self.events[0]), format="png", layout=natural)
        self.words = widgets.HTML(_aloud(self.events[0], 0, len(self.events)))
        self.controls = {"step": step, "warp": warp, "back": back, "next": on}

        def show(_: Any) -> None:
            followed = self._of(warp.value)
            event = followed[step.value]
            self.words.value = _aloud(event, step.value, len(followed))
            self.picture.value = self._png(event)

        def follow(_: Any) -> None:
            last = len(self._of(warp.value)) - 1
            was, step.value = step.value, 0
            step.max = last
            if was == 0:
                show(None)

        def move(by: int) -> None:
            step.value = min(max(step.value + by, 0), step.max)

        step.observe(show, names="value")
        warp.observe(follow, names="value")
        back.on_click(lambda _: move(-1))
        on.on_click(lambda _: move(1))
        box = widgets.VBox([widgets.HBox([back, on, step, warp]), self.words, self.picture])
        return {"version_major": 2, "version_minor": 0, "model_id": box.model_id}

    def _ipython_display_(self) -> None:
        from IPython.display import display

        bundle: dict[str, Any] = {
            "text/plain": f"Player: {len(self.events)} instructions",
            "image/png": base64.b64encode(_bytes(self.strip())).decode(),
        }
        view = self._widget()
        if view is not None:
            bundle["application/vnd.jupyter.widget-view+json"] = view
        display(bundle, raw=True)  # type: ignore[no-untyped-call,unused-ignore]


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
    """The step in words, announced by a screen reader as it changes."""
    text = f"<b>{i + 1} of {of}</b> · {html.escape(_name(event))} · line {event.line} · {html.escape(describe(event))}"
    return (
        f"<div role='status' aria-live='polite' style='border-left: 4px solid {BLUE}; padding-left: 0.6em'>{text}</div>"
    )


def _bytes(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    return buffer.getvalue()
