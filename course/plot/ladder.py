"""A program made fast, rung by rung."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from course.plot.alt import say
from course.plot.alt_words import number
from course.plot.style import BLUE, ORANGE, row


def ladder(
    rungs: Mapping[str, float],
    *,
    unit: str = "images/s",
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """A bar for each rung, the first at the bottom, with its rate and how many times the first one's that is.

    Args:
        rungs: a name and a rate (> 0) each, in the order of climbing.
        unit: of the rates.
        title: of the axes.
        ax: where to draw; a new figure where None.
    """
    (ax,) = row(1, ax, width=7.6, height=0.42 * len(rungs) + 1.3)
    rates = [float(rate) for rate in rungs.values()]
    told = [_told(rate, rates[0], unit) for rate in rates]
    colors = [*[BLUE] * (len(rates) - 1), ORANGE]
    ax.barh(range(len(rates)), rates, height=0.62, color=colors)
    for y, (rate, said) in enumerate(zip(rates, told, strict=True)):
        ax.text(rate + 0.02 * max(rates), y, said, va="center", fontsize=9)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda rate, _: number(rate)))
    ax.set_xlim(0, 1.6 * max(rates))
    ax.set_yticks(range(len(rungs)), list(rungs))
    ax.set_ylim(-0.6, len(rungs) - 0.4)
    ax.grid(axis="y", visible=False)
    ax.set(xlabel=f"speed ({unit})", title=title)
    words = "; ".join(f"{name}: {said}" for name, said in zip(rungs, told, strict=True))
    say(ax, f"Speed in {unit}, rung by rung from the bottom up. {words}.")
    return ax


def _told(rate: float, first: float, unit: str) -> str:
    times = f" (× {number(rate / first)})" if rate != first else ""
    return f"{number(rate)} {unit}{times}"
