"""The roofline: how fast a device can go, by how much arithmetic it does for each byte that it moves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from course import recorded
from course.plot.alt import say
from course.plot.alt_words import number
from course.plot.style import COLORS, GRAY, MARKS, PALE, row

Points = Mapping[str, tuple[float, float]]


def roofline(
    points: Points,
    *,
    peak_flops: float,
    peak_bandwidth: float,
    ceilings: Mapping[str, float] | None = None,
    others: Mapping[str, tuple[float, float]] | None = None,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Operations under the roof of their device (Williams, Waterman and Patterson, 2009, https://doi.org/10.1145/1498765.1498785).

    What was recorded on other devices for the picture of this title is drawn behind them, paler, with the roof that was measured there.

    Args:
        points: for each operation its intensity (FLOP/byte) and the speed that was measured (FLOP/s).
        peak_flops: the flat part of the roof, FLOP/s.
        peak_bandwidth: the slope of the other part, B/s.
        ceilings: other kinds of arithmetic, and the peak of each in FLOP/s: dashed lines beside the roof.
        others: other devices, and of each the peak (FLOP/s) and the bandwidth (B/s): roofs in gray, with ridges of their own.
        title: of the axes.
        ax: where to draw; a new figure where None.
    """
    (ax,) = row(1, ax, width=7.4, height=3.9)
    ridge = peak_flops / peak_bandwidth
    roofs = others or {}
    ridges = [ridge, *(peak / bandwidth for peak, bandwidth in roofs.values())]
    reaches = [rate / peak_bandwidth for rate in (ceilings or {}).values()]
    there = _recorded(points, title)
    pale = [intensity for _, others_points in there for intensity, _ in others_points.values()]
    pale += [record.roof["flops"] / record.roof["bandwidth"] for record, _ in there]
    shown = [*(intensity for intensity, _ in points.values()), *ridges, *reaches, *pale]
    low, high = min(shown) / 4, max(shown) * 6
    x = np.geomspace(low, high, 200)
    name = "roof of this device" if roofs or there else "_roof"
    ax.plot(x, np.minimum(peak_flops, x * peak_bandwidth) / 1e9, color="black", linewidth=2, label=name)
    for i, (name, (peak, bandwidth)) in enumerate(roofs.items()):
        dashes = ("-.", ":")[i % 2]
        ax.plot(
            x, np.minimum(peak, x * bandwidth) / 1e9, color=GRAY, linewidth=2, linestyle=dashes, label=f"roof of {name}"
        )
    for i, (name, rate) in enumerate((ceilings or {}).items()):
        reach = x[x * peak_bandwidth >= rate]
        ax.plot(reach, np.full(len(reach), rate / 1e9), color="black", linewidth=1, linestyle=("--", ":")[i % 2])
        ax.annotate(
            name,
            (high, rate / 1e9),
            xytext=(-2, 3 if rate > peak_flops else -11),
            textcoords="offset points",
            ha="right",
            fontsize=9,
            color=GRAY,
        )
    for i, place in enumerate(ridges):
        ax.axvline(place, color=GRAY, linestyle=":", linewidth=1)
        # One above the other, as two ridges may lie close to each other.
        side = "left" if place < np.sqrt(low * high) else "right"
        text = f" ridge: {place:.3g} FLOP/byte "
        ax.text(place, 0.02 + 0.06 * i, text, transform=ax.get_xaxis_transform(), ha=side, fontsize=9, color=GRAY)
    for record, theirs in there:
        roof = np.minimum(record.roof["flops"], x * record.roof["bandwidth"]) / 1e9
        ax.plot(x, roof, color="black", linewidth=2, alpha=PALE, label=f"recorded on {record.name}")
        for i, (name, (intensity, speed)) in enumerate(theirs.items()):
            ax.plot(intensity, speed / 1e9, MARKS[i % len(MARKS)], color=COLORS[i % len(COLORS)], markersize=9, alpha=PALE, label=f"_{name}")  # fmt: skip
    for i, (name, (intensity, speed)) in enumerate(points.items()):
        ax.plot(intensity, speed / 1e9, MARKS[i % len(MARKS)], color=COLORS[i % len(COLORS)], markersize=9, label=name)
    ax.set(xscale="log", yscale="log", xlabel="arithmetic intensity (FLOP/byte)", ylabel="speed (GFLOP/s)", title=title)
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom / 2, 2 * top if ceilings else top)  # room for the ridge's label below, and for a ceiling's above
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=9)  # beside the axes, as points may lie anywhere
    told = []
    for name, (intensity, speed) in points.items():
        share = speed / min(peak_flops, intensity * peak_bandwidth)
        told.append(
            f"{name}: {number(speed / 1e9)} at {number(intensity)} FLOP/byte, {number(100 * share)} % of its roof"
        )
    besides = "".join(f" The ceiling {name}: {number(rate / 1e9)}." for name, rate in (ceilings or {}).items())
    besides += "".join(
        f" The roof of {name} rises to {number(peak / 1e9)} at its ridge, {number(peak / bandwidth)} FLOP/byte."
        for name, (peak, bandwidth) in roofs.items()
    )
    besides += "".join(_told(record, theirs) for record, theirs in there)
    say(ax, f"Speed in GFLOP/s by arithmetic intensity, both logarithmic. The roof rises to {number(peak_flops / 1e9)} at the ridge, "
        f"{number(ridge)} FLOP/byte, and is flat from there.{besides} {'; '.join(told)}.")  # fmt: skip
    return ax


def _recorded(points: Points, title: str) -> list[tuple[recorded.Record, Points]]:
    """The points of this picture on other devices, where they were recorded; they have the marks of the same places here."""
    here = {name: [float(number) for number in point] for name, point in points.items()}
    return [(record, picture["points"]) for record, picture in recorded.picture(title, {"points": here})]


def _told(record: recorded.Record, points: Points) -> str:
    peak, bandwidth = record.roof["flops"], record.roof["bandwidth"]
    fastest = max(speed for _, speed in points.values())
    return (
        f" Recorded on {record.name}, paler: a roof that rises to {number(peak / 1e9)} at its ridge, {number(peak / bandwidth)} "
        f"FLOP/byte, and the same {len(points)} operations, of which the fastest reaches {number(fastest / 1e9)}."
    )
