"""A program made fast, rung by rung."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from course.plot.alt import say
from course.plot.alt_words import number
from course.plot.style import BLUE, GRAY, ORANGE, row


def ladder(
    rungs: Mapping[str, float],
    *,
    aside: Collection[str] = (),
    unit: str = "images/s",
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """A bar for each rung, the first at the bottom, with its rate and how many times the first one's that is.

    Args:
        rungs: a name and a rate (> 0) each, in the order of climbing.
        aside: names of rungs that were tried and not kept; they are drawn hollow and hatched, and nobody climbs on from them.
        unit: of the rates.
        title: of the axes.
        ax: where to draw; a new figure where None.
    """
    (ax,) = row(1, ax, width=7.6, height=0.42 * len(rungs) + 1.3)
    rates = [float(rate) for rate in rungs.values()]
    first = rates[0]
    kept = [name for name in rungs if name not in aside]
    for y, (name, rate) in enumerate(zip(rungs, rates, strict=True)):
        if name in aside:
            style = {"facecolor": "none", "edgecolor": GRAY, "hatch": "////", "linestyle": "--"}
        else:
            style = {"facecolor": ORANGE if name == kept[-1] else BLUE}
        # From a quarter of the slowest on, as a logarithmic axis has no zero; so that the shortest bar is seen, too.
        start = min(rates) / 4
        ax.barh(y, rate - start, left=start, height=0.62, **style)  # type: ignore[arg-type]
        ax.text(1.12 * rate, y, _told(name, rate, first, unit, aside), va="center", fontsize=9)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda rate, _: number(rate)))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlim(min(rates) / 4, max(rates) * (max(rates) / min(rates)) ** 0.4 * 5)
    ax.set_yticks(range(len(rungs)), list(rungs))
    ax.set_ylim(-0.6, len(rungs) - 0.4)
    ax.grid(axis="y", visible=False)
    ax.set(xlabel=f"speed ({unit})", title=title)
    told = "; ".join(
        f"{name}: {_told(name, rate, first, unit, aside)}" for name, rate in zip(rungs, rates, strict=True)
    )
    say(ax, f"Speed in {unit}, rung by rung from the bottom up. {told}.")
    return ax


def _told(name: str, rate: float, first: float, unit: str, aside: Collection[str]) -> str:
    times = f" (× {number(rate / first)})" if rate != first else ""
    return f"{number(rate)} {unit}{times}{', not kept' if name in aside else ''}"
