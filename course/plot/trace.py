"""What a profiler saw: when each part of a program ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from course.plot.alt import say
from course.plot.alt_words import number
from course.plot.style import COLORS, row


def trace(
    parts: Mapping[str, Sequence[tuple[float, float]]],
    *,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """A row for each part of a program, with a bar for each time that it ran, and how long it ran in all.

    Args:
        parts: by name, the spans (start, end) in milliseconds; the first part is on top.
        title: of the axes.
        ax: where to draw; a new figure where None.
    """
    (ax,) = row(1, ax, width=7.6, height=0.5 * len(parts) + 1.2)
    took = {name: sum(end - start for start, end in spans) for name, spans in parts.items()}
    whole = sum(took.values()) or 1.0
    last = max((end for spans in parts.values() for _, end in spans), default=1.0)
    told = {name: f"{number(ms)} ms, {100 * ms / whole:.0f} %" for name, ms in took.items()}
    for y, (name, spans) in enumerate(parts.items()):
        # At least a hair wide, so that a short run is seen at all.
        bars = [(start, max(end - start, 0.002 * last)) for start, end in spans]
        ax.broken_barh(bars, (y - 0.32, 0.64), facecolor=COLORS[y % len(COLORS)])
        ax.text(1.02 * last, y, told[name], va="center", fontsize=9)
    ax.set_yticks(range(len(parts)), list(parts))
    ax.set_ylim(len(parts) - 0.4, -0.6)
    ax.set_xlim(0, 1.22 * last)
    ax.grid(axis="y", visible=False)
    ax.set(xlabel="time (ms)", title=title)
    say(
        ax,
        f"When each part of the program ran, over {number(last)} ms. "
        + "; ".join(f"{n}: {t}" for n, t in told.items())
        + ".",
    )
    return ax
