"""A calculation as a graph: what was computed from what, forward values above, backward slopes below."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Text

from course.plot.alt import say
from course.plot.alt_words import number
from course.plot.style import BLUE, RED, bare, row

_STEP, _ROW = 2.1, 1.3  # from column to column, from row to row
_ACROSS, _DOWN = 1.5 / _STEP, 0.85  # inches of a unit, across and down
# How far above and below its middle a box reaches, with what is written there.
_REACH = 0.62
# What is written on an arrow, or in its way, can be read.
_BEHIND = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}


def graph(
    inputs_of: Mapping[str, Sequence[str]],
    values: Mapping[str, Any] | None = None,
    grads: Mapping[str, Any] | None = None,
    factors: Mapping[tuple[str, str], Any] | None = None,
    *,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """The graph of a calculation, from left to right. What goes in stands in a square box, what is computed in a round one.

    Args:
        inputs_of: for each name, from which others it is computed; what is given has none. In the order in which they
            are computed: an input stands before what uses it.
        values: a number or a text for some names, in blue above the box: what the forward pass found.
        grads: the same in red below the box: what the backward pass found.
        factors: for some pairs (input, result) the local slope, written in red on the arrow.
        title: of the axes.
        ax: where to draw; a new figure where None.

    Raises:
        ValueError: a name is used before it is given.
    """
    places = _places(inputs_of)
    columns = 1 + max(x for x, _ in places.values())
    tall = max(y for _, y in places.values())
    (ax,) = row(1, ax, width=_ACROSS * _STEP * columns + 0.3, height=_DOWN * tall + 1.2)
    boxes: dict[str, Text] = {}
    for name, inputs in inputs_of.items():
        x, y = places[name][0] * _STEP, places[name][1]
        shape = {"boxstyle": "round,pad=0.4" if inputs else "square,pad=0.4", "facecolor": "white"}
        boxes[name] = ax.text(x, y, name, ha="center", va="center", zorder=4, bbox=shape)
        if values and name in values:
            _note(ax, x, y - 0.3, _said(values[name]), va="bottom", color=BLUE)
        if grads and name in grads:
            _note(ax, x, y + 0.3, _said(grads[name]), va="top", color=RED)
        for source in inputs:
            factor = (factors or {}).get((source, name), "")
            _arrow(ax, boxes[source], boxes[name], _said(factor), _bend(places[source], places[name], places.values()))
    ax.set(xlim=(-0.9, (columns - 1) * _STEP + 0.9), ylim=(tall + 0.7, -0.7), title=title)
    bare(ax)
    say(ax, _in_words(inputs_of, values or {}, grads or {}, factors or {}))
    return ax


class Computed(Protocol):
    """What `expression` needs to know of a number or an array that remembers what it was computed from.

    Attributes:
        name: of a leaf, such as "w"; of what is computed, the sign or the function, such as "+" or "tanh".
        data, grad: a number or an array, and its slopes.
        parents: those from which it was computed; none for a leaf.
    """

    @property
    def name(self) -> str: ...
    @property
    def data(self) -> Any: ...
    @property
    def grad(self) -> Any: ...
    @property
    def parents(self) -> Sequence[Computed]: ...


def expression(end: Computed, *, title: str = "", ax: Axes | None = None) -> Axes:
    """The graph of all from which `end` was computed: values above the boxes, slopes below.

    What is computed is numbered: v1, v2, … Of an array the shape is shown.

    Args:
        end: the last result.
        title: of the axes.
        ax: where to draw; a new figure where None.
    """
    names: dict[int, str] = {}
    inputs_of: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    grads: dict[str, Any] = {}
    for node in _from_leaves(end):
        inputs = [names[id(parent)] for parent in node.parents]
        made = sum(bool(parents) for parents in inputs_of.values())
        box = f"v{made + 1} = {_formula(node.name, inputs)}" if inputs else _leaf(node, set(inputs_of))
        names[id(node)] = f"v{made + 1}" if inputs else box
        inputs_of[box] = [one for one in inputs_of if one.split(" = ")[0] in inputs]
        values[box], grads[box] = _figure(node.data), _figure(node.grad)
    return graph(inputs_of, values, grads, title=title, ax=ax)


def _from_leaves(end: Computed) -> list[Computed]:
    """Each after its parents, once."""
    order: list[Computed] = []
    seen: set[int] = set()

    def visit(node: Computed) -> None:
        if id(node) not in seen:
            seen.add(id(node))
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(end)
    return order


def _formula(sign: str, inputs: Sequence[str]) -> str:
    return f"{inputs[0]} {sign} {inputs[1]}" if len(inputs) == 2 else f"{sign}({', '.join(inputs)})"


def _leaf(node: Computed, taken: set[str]) -> str:
    """A leaf's name; where it has none its value, and where that is taken, with a prime."""
    name = node.name or str(_figure(node.data))
    while name in taken:
        name += "′"
    return name


def _figure(value: Any) -> Any:
    return f"{float(value):.3g}" if np.ndim(value) == 0 else str(np.shape(value))


def _in_words(
    inputs_of: Mapping[str, Sequence[str]],
    values: Mapping[str, Any],
    grads: Mapping[str, Any],
    factors: Mapping[tuple[str, str], Any],
) -> str:
    """The names in the order in which they are computed, each with its number and its slope."""
    told = []
    for name, inputs in inputs_of.items():
        sources = [f"{one} (slope ×{_read(factors[one, name])})" if (one, name) in factors else one for one in inputs]
        found = [f"value {_read(values[name])}"] if name in values else []
        found += [f"backward {_read(grads[name])}"] if name in grads else []
        came = f" from {', '.join(sources)}" if sources else ""
        told.append(f"{name}{came}{': ' if found else ''}{', '.join(found)}")
    given = sum(not inputs for inputs in inputs_of.values())
    return f"A graph of {len(inputs_of)} boxes, {given} of them given. {'; '.join(told)}."


def _read(value: Any) -> str:
    return value if isinstance(value, str) else number(value)


def _note(ax: Axes, x: float, y: float, text: str, *, va: str, color: str, fontsize: int = 9) -> None:
    ax.text(x, y, text, ha="center", va=va, color=color, fontsize=fontsize, bbox=_BEHIND, zorder=6)


def _said(value: Any) -> str:
    return value if isinstance(value, str) else f"{float(value):.3g}"


def _arrow(ax: Axes, start: Text, end: Text, factor: str, bend: float) -> None:
    """From box to box; drawn after them, as only then it is known how large they are."""
    (x0, y0), (x1, y1) = start.get_position(), end.get_position()
    arrow = FancyArrowPatch(
        (x0, y0),
        # Left of the middle, so that a steep arrow keeps clear of what is written above the box.
        (x1 - 0.15, y1),
        arrowstyle="-|>",
        connectionstyle=f"arc3,rad={bend}",
        mutation_scale=11,
        color="black",
        patchA=start.get_bbox_patch(),
        patchB=end.get_bbox_patch(),
        shrinkA=1,
        shrinkB=2,
        zorder=5,
    )
    ax.add_patch(arrow)
    if factor:
        middle = (y0 + y1) / 2 + bend * (x1 - x0) * _ACROSS / 2 / _DOWN
        _note(ax, (x0 + x1) / 2, middle, f"×{factor}", va="center", color=RED, fontsize=8)


def _bend(start: tuple[int, float], end: tuple[int, float], places: Collection[tuple[int, float]]) -> float:
    """How much an arrow has to be bent to pass what is between its ends: as a part of its length, positive downward."""
    columns = end[0] - start[0]
    needed = [0.0]
    for column, y in places:
        part = (column - start[0]) / columns
        beside = start[1] + part * (end[1] - start[1]) - y  # of the straight line; above where it is negative
        if 0 < part < 1 and abs(beside) < _REACH:
            missing = (_REACH - abs(beside)) * _DOWN / (2 * part * (1 - part)) / (columns * _STEP * _ACROSS)
            needed.append(missing if beside > 0 else -missing)
    return max(needed, key=abs)


def _places(inputs_of: Mapping[str, Sequence[str]]) -> dict[str, tuple[int, float]]:
    """Column and row of each name: just left of what uses it; a result at the mean height of what it comes from."""
    for i, (name, inputs) in enumerate(inputs_of.items()):
        unknown = set(inputs) - set(list(inputs_of)[:i])
        if unknown:
            raise ValueError(f"{name} is computed from {', '.join(sorted(unknown))}, which does not stand before it")
    # Counted from the right, so that an input stands beside its first use and not at the far left.
    from_right: dict[str, int] = {}
    for name in reversed(list(inputs_of)):
        users = [from_right[other] for other, inputs in inputs_of.items() if name in inputs]
        from_right[name] = 1 + max(users, default=-1)
    width = max(from_right.values())
    heights: dict[str, float] = {}
    given = 0
    for name, inputs in inputs_of.items():
        if inputs:
            heights[name] = sum(heights[source] for source in inputs) / len(inputs)
        else:
            heights[name], given = given * _ROW, given + 1
    return {name: (width - from_right[name], heights[name]) for name in inputs_of}
