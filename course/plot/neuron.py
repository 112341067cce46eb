"""The neuron in pictures: its parts, what it answers, and the line that it draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch

from course.plot.alt import say
from course.plot.alt_words import number, plain
from course.plot.style import BLUE, GRAY, ORANGE, RED, bare, row


def _node(
    ax: Axes, x: float, y: float, text: str, *, radius: float = 0.36, color: str = "white", size: float = 10
) -> None:
    ax.add_patch(Circle((x, y), radius, facecolor=color, edgecolor="black", linewidth=1.2, zorder=3))
    ax.text(x, y, text, ha="center", va="center", fontsize=size, zorder=4)


def _arrow(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    width: float = 1.2,
    color: str = "black",
    gap: float = 9.0,
) -> None:
    ax.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=11,
            linewidth=width,
            color=color,
            shrinkA=gap,
            shrinkB=gap,
            zorder=2,
        )
    )


def diagram(x: Any, w: Any, b: float, f: Callable[[Any], Any], *, f_name: str = "f", ax: Axes | None = None) -> Axes:
    """One neuron with a number at each place: inputs, weights on the arrows, the sum, the activation, the answer.

    An arrow is as thick as its weight is large; red adds, blue takes away.

    Args:
        x: (n,), the inputs; at most about six can be read.
        w: (n,), the weights.
        b: the bias.
        f: the activation, called with the sum.
        f_name: its name.
        ax: where to draw; a new figure where None.
    """
    xs, ws = np.asarray(x, float), np.asarray(w, float)
    (ax,) = row(1, ax, width=7.6, height=0.62 * len(xs) + 1.5)
    z = float(ws @ xs + b)
    heights = np.linspace(len(xs) - 1, 0, len(xs)) * 1.05
    middle = float(heights.mean())
    for i, (value, weight, y) in enumerate(zip(xs, ws, heights, strict=True)):
        color = RED if weight > 0 else BLUE
        _arrow(ax, (0.3, y), (3.6, middle), width=0.8 + 2.2 * abs(weight) / (np.abs(ws).max() or 1), color=color, gap=4)
        _node(ax, 0, y, f"{value:g}", size=9)
        ax.text(-0.55, y, f"$x_{{{i + 1}}}$", ha="right", va="center")
        # A third of the way along its arrow, so that the labels of neighbors don't meet.
        along = 0.36
        ax.text(
            0.3 + along * 3.3,
            y + along * (middle - y) + 0.06,
            f"$w_{{{i + 1}}}$ = {weight:g}",
            ha="center",
            va="bottom",
            fontsize=9,
            color=color,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
            zorder=5,
        )
    _node(ax, 4.0, middle, "+", size=14)
    _arrow(ax, (4.0, middle + 1.15), (4.0, middle + 0.36), gap=0)
    ax.text(4.0, middle + 1.2, f"b = {b:g}", ha="center", va="bottom", fontsize=9)
    _arrow(ax, (4.36, middle), (5.9, middle), gap=0)
    ax.text(5.1, middle + 0.1, f"{z:.3g}", ha="center", va="bottom", fontsize=9)
    _node(ax, 6.3, middle, f_name, size=9, radius=0.4, color="#f3efe0")
    _arrow(ax, (6.7, middle), (7.7, middle), gap=0)
    ax.text(7.85, middle, f"y = {float(f(z)):.3g}", ha="left", va="center", fontsize=11, fontweight="bold")
    for place, name in ((0, "inputs"), (1.6, "weigh"), (4.0, "add"), (6.3, "squash"), (8.4, "answer")):
        ax.text(place, heights.min() - 0.85, name, ha="center", va="top", color=GRAY, fontsize=9)
    ax.set(xlim=(-1.1, 9.3), ylim=(heights.min() - 1.35, max(heights.max() + 0.5, middle + 1.6)), aspect="equal")
    bare(ax)
    terms = "; ".join(
        f"x{i} = {number(v)} with weight {number(k)}" for i, (v, k) in enumerate(zip(xs, ws, strict=True), 1)
    )
    say(ax, f"A neuron, from left to right. Inputs: {terms}. With the bias {number(b)} they add up to {number(z)}; {f_name} makes of it "
        f"the answer {number(f(z))}.")  # fmt: skip
    return ax


def boundary(
    f: Callable[[Any], Any],
    points: Any = None,
    labels: Any = None,
    *,
    extent: Sequence[float] = (-3, 3, -3, 3),
    level: float = 0.0,
    names: Sequence[str] = ("class 0", "class 1"),
    xlabel: str = "$x_1$",
    ylabel: str = "$x_2$",
    title: str = "",
    bar: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """What ``f`` answers over a plane, as color, and the line where it changes its mind.

    Args:
        f: takes a batch (n, 2), returns (n,).
        points: (m, 2), drawn on top, or None.
        labels: (m,) of 0 and 1, for the points' colors and marks.
        extent: left, right, bottom, top.
        level: the answer at which f changes its mind.
        names: of the two classes.
        xlabel, ylabel, title: texts.
        bar: whether a color bar beside the map says what the colors mean; where maps share a row, the text says it.
        ax: where to draw; a new figure where None.
    """
    (ax,) = row(1, ax, width=4.6, height=3.8)
    left, right, bottom, top = extent
    x1, x2 = np.meshgrid(np.linspace(left, right, 201), np.linspace(bottom, top, 201))
    answers = np.asarray(f(np.stack([x1.ravel(), x2.ravel()], axis=1).astype(np.float32))).reshape(x1.shape)
    reach = float(np.abs(answers - level).max()) or 1.0
    shown = ax.pcolormesh(
        x1,
        x2,
        answers,
        cmap="RdBu_r",
        vmin=level - reach,
        vmax=level + reach,
        alpha=0.55,
        rasterized=True,
        shading="auto",
    )
    meaning = "the neuron's answer"
    if answers.min() < level < answers.max():
        ax.contour(x1, x2, answers, levels=[level], colors="black", linewidths=1.6)
        # In gray both sides look alike, so one has a pattern.
        below = ax.contourf(x1, x2, answers, levels=[answers.min() - 1, level], colors="none", hatches=["/"])
        below.set(edgecolor="#00000028", linewidth=0)
        meaning += f" (striped: below {level:g})"
    if bar:
        ax.figure.colorbar(shown, ax=ax, label=meaning)
    if points is not None:
        P, t = np.asarray(points), np.asarray(labels)
        for value, marker, color in ((0, "o", BLUE), (1, "^", RED)):
            x, y = P[t == value].T
            ax.scatter(
                x,
                y,
                marker=marker,
                s=34 if len(P) < 50 else 13,
                color=color,
                edgecolor="white",
                linewidth=0.5,
                label=names[value],
            )
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    ax.set(xlim=(left, right), ylim=(bottom, top), xlabel=xlabel, ylabel=ylabel, title=title)
    ax.grid(False)
    share = number(100 * (answers > level).mean())
    told = [f"Over {plain(xlabel)} and {plain(ylabel)} the answers go from {number(answers.min())} to {number(answers.max())}, above "
            f"{number(level)} (red) in {share} % of the plane."]  # fmt: skip
    if points is not None:
        above = np.asarray(f(np.asarray(points, np.float32))).ravel() > level
        sides = [f"{int(above[t == k].sum())} of the {int((t == k).sum())} points of {names[k]}" for k in (0, 1)]
        told.append(f"On the red side are {sides[0]} and {sides[1]}.")
    say(ax, " ".join(told))
    return ax


def normal_arrow(w: Any, b: float, *, ax: Axes) -> Axes:
    """The weights as an arrow: it stands upright on the line w·x + b = 0 and points to the side of the larger answers.

    Args:
        w: (2,), the weights.
        b: the bias.
        ax: a plot made by ``boundary``.
    """
    w = np.asarray(w, float)
    foot = -b * w / (w @ w)
    ax.set_aspect("equal")  # otherwise the arrow isn't seen at a right angle to the line
    ax.annotate(
        "", foot + w / np.linalg.norm(w) * 1.1, foot, arrowprops={"arrowstyle": "-|>", "linewidth": 2, "color": "black"}
    )
    x, y = foot + w / np.linalg.norm(w) * 1.3
    ax.text(x, y, "w", ha="center", va="center", fontweight="bold")
    say(ax, f"An arrow, w, points from the line along ({number(w[0])}, {number(w[1])}).")
    return ax


def knobs(f: Callable[[Any], Any], w: float, b: float, *, f_name: str = "f", ax: Axes | None = None) -> Axes:
    """A neuron of one input: y = f(w·x + b), in front of the neuron with w = 1, b = 0.

    Args:
        f: the activation.
        w, b: weight and bias.
        f_name: the activation's name.
        ax: where to draw; a new figure where None.
    """
    (ax,) = row(1, ax, width=4.6, height=3.0)
    x = np.linspace(-5, 5, 400).astype(np.float32)
    ax.plot(x, np.asarray(f(x)), color=GRAY, linestyle=":", linewidth=1.5, label="w = 1, b = 0")
    ax.plot(x, np.asarray(f(w * x + b)), color=ORANGE, label=f"w = {w:g}, b = {b:g}")
    ax.set(xlabel="input x", ylabel=f"y = {f_name}(w·x + b)", ylim=(-1.25, 1.25) if f_name == "tanh" else (-0.6, 3.0))
    ax.legend(loc="upper left")
    return ax
