"""Sliders where somebody is there to move them; a still of the same picture where nobody is."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import matplotlib.pyplot as plt


def _png(draw: Callable[..., Any], values: Mapping[str, Any]) -> bytes:
    was = plt.isinteractive()
    plt.ioff()
    try:
        draw(**values)
        buffer = io.BytesIO()
        plt.gcf().savefig(buffer, format="png")
        plt.close(plt.gcf())
    finally:
        plt.interactive(was)
    return buffer.getvalue()


class Sliders:
    """``draw`` with a slider for each of its numbers. Shown by ending a cell with it.

    Args:
        draw: draws one figure from keyword arguments.
        **ranges: for each argument (start, lowest, highest) for a slider, or a list for a choice (its first is the start).
    """

    def __init__(self, draw: Callable[..., Any], **ranges: tuple[float, float, float] | list[Any]) -> None:
        self.draw, self.ranges = draw, ranges
        self.start = {name: r[0] for name, r in ranges.items()}
        # The widgets, once they have been shown.
        self.controls: dict[str, Any] = {}
        self.picture: Any = None

    def _widget(self) -> dict[str, Any] | None:
        try:
            import ipywidgets as widgets
        except ImportError:
            return None
        controls = self.controls
        for name, r in self.ranges.items():
            if isinstance(r, list):
                controls[name] = widgets.ToggleButtons(options=r, value=r[0], description=name)
            else:
                start, low, high = r
                controls[name] = widgets.FloatSlider(
                    value=start, min=low, max=high, step=(high - low) / 60, description=name, continuous_update=True
                )
        # Without it the box would stretch the picture to the page's width.
        natural = widgets.Layout(align_self="flex-start")
        self.picture = widgets.Image(value=_png(self.draw, self.start), format="png", layout=natural)

        def moved(_: Any) -> None:
            self.picture.value = _png(self.draw, {name: control.value for name, control in controls.items()})

        for control in controls.values():
            control.observe(moved, names="value")
        box = widgets.VBox([*controls.values(), self.picture])
        return {"version_major": 2, "version_minor": 0, "model_id": box.model_id}

    def _ipython_display_(self) -> None:
        import base64

        from IPython.display import display

        bundle: dict[str, Any] = {
            "text/plain": "Sliders: " + ", ".join(self.ranges),
            "image/png": base64.b64encode(_png(self.draw, self.start)).decode(),
        }
        view = self._widget()
        if view is not None:
            bundle["application/vnd.jupyter.widget-view+json"] = view
        display(bundle, raw=True)  # type: ignore[no-untyped-call,unused-ignore]


def sliders(draw: Callable[..., Any], **ranges: tuple[float, float, float] | list[Any]) -> Sliders:
    """Move the numbers of a picture: ``sliders(draw, w=(1, -3, 3), b=(0, -3, 3))``. See :class:`Sliders`."""
    return Sliders(draw, **ranges)
