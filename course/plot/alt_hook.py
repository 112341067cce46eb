"""Each figure that IPython shows carries its words: in the output's metadata, and in HTML for front ends that ignore those."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from course.plot.alt import describe, image_tag

_PNG, _HTML = "image/png", "text/html"


class _Once:
    """IPython's own drawing of a figure as PNG, which is not done twice where the HTML has needed it already."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.ready: tuple[Figure, Any] | None = None

    def ahead(self, figure: Figure) -> tuple[Any, dict[str, Any]]:
        """(PNG, base64 or None, its metadata), kept for the call that follows."""
        drawn = self.draw(figure)
        self.ready = figure, drawn
        return drawn if isinstance(drawn, tuple) else (drawn, {})

    def __call__(self, figure: Figure) -> Any:
        ready, self.ready = self.ready, None
        # Without the metadata: those of the bundle, which hold the words as well, stay in force.
        if ready is not None and ready[0] is figure:
            return ready[1][0] if isinstance(ready[1], tuple) else ready[1]
        return self.draw(figure)


def install() -> None:
    """Have IPython, where this runs in it, send the words with each figure; elsewhere nothing happens.

    The inline backend registers its PNG function for figures, and again whenever it is configured (when the first figure is
    made, by ``%matplotlib``, by ``%config``). It leaves the formatter of whole bundles alone, so the hook is there.
    """
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return
    shell = get_ipython()  # type: ignore[no-untyped-call,unused-ignore]
    formatter = getattr(shell, "display_formatter", None)
    if formatter is None or not hasattr(formatter, "mimebundle_formatter"):
        return

    def bundle(figure: Figure) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            return _bundle(formatter, figure)
        except Exception:  # a figure without words is better than none
            return {}, {}

    formatter.mimebundle_formatter.for_type(Figure, bundle)


def _bundle(formatter: Any, figure: Figure) -> tuple[dict[str, Any], dict[str, Any]]:
    """What goes along with a figure's PNG: the same as HTML, and the words in both."""
    png = formatter.formatters[_PNG]
    try:
        draw = png.lookup_by_type(Figure)
    except KeyError:  # shown as SVG, or not at all
        return {}, {}
    if not isinstance(draw, _Once):
        draw = _Once(draw)
        png.for_type(Figure, draw)
    encoded, size = draw.ahead(figure)
    if not isinstance(encoded, str):  # an empty figure
        return {}, {}
    words = describe(figure)
    return {_HTML: image_tag(encoded, words, size)}, {_PNG: {**size, "alt": words}}
