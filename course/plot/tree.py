"""Parameters as the tree that they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from matplotlib.axes import Axes

from course.plot.alt import say
from course.plot.style import BLUE, GRAY, bare, row


def tree(parameters: Any, *, root: str = "params", ax: Axes | None = None) -> Axes:
    """Nested dicts, lists and tuples of arrays, drawn from left to right: branches have names, leaves have shapes.

    Args:
        parameters: the tree. A leaf is whatever is no dict, list or tuple; of an array its shape is written.
        root: the name of the whole.
        ax: where to draw; a new figure where None.
    """
    leaves, depth = _size(parameters)
    (ax,) = row(1, ax, width=2.1 * (depth + 1), height=max(1.2, 0.5 * leaves + 0.3))
    bare(ax)
    _draw(ax, root, parameters, 0, iter(range(leaves)))
    ax.set_xlim(-0.45, depth + 0.6)
    ax.set_ylim(leaves - 0.4, -0.6)
    say(ax, f"A tree with {leaves} leaves, {depth} steps deep: {_in_words(root, parameters)}.")
    return ax


def _in_words(name: str, node: Any) -> str:
    """ "params has layer (which has w (784, 10), b (10,))"."""
    branches = _branches(node)
    if not branches:
        shape = getattr(node, "shape", None)
        return f"{name} {type(node).__name__ if shape is None else tuple(shape)}"
    return f"{name} has [{', '.join(_in_words(child, part) for child, part in branches)}]"


def _branches(node: Any) -> list[tuple[str, Any]] | None:
    """The names and the children of a branch; None for a leaf."""
    if isinstance(node, Mapping):
        return [(str(name), child) for name, child in node.items()]
    if isinstance(node, list | tuple):
        return [(f"[{i}]", child) for i, child in enumerate(node)]
    return None


def _size(node: Any) -> tuple[int, int]:
    """How many rows a part of the tree takes, and how many steps lead to its farthest leaf."""
    branches = _branches(node)
    if not branches:
        return 1, 0
    sizes = [_size(child) for _, child in branches]
    return sum(rows for rows, _ in sizes), 1 + max(depth for _, depth in sizes)


def _draw(ax: Axes, name: str, node: Any, x: int, free: Iterator[int]) -> float:
    """Draw a node and all that hangs on it; the row on which it stands."""
    branches = _branches(node)
    if not branches:
        y = float(next(free))
        shape = getattr(node, "shape", None)
        text, color = f"{name}  {type(node).__name__ if shape is None else tuple(shape)}", BLUE
    else:
        rows = [_draw(ax, child, part, x + 1, free) for child, part in branches]
        y, text, color = (rows[0] + rows[-1]) / 2, name, GRAY
        for below in rows:
            ax.plot([x, x + 0.4, x + 0.6, x + 1], [y, y, below, below], color=GRAY, linewidth=1, zorder=1)
    box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": color, "linewidth": 1.5}
    ax.text(x, y, text, ha="center", va="center", bbox=box, zorder=2)
    return y
