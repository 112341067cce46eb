"""Matrix products as rectangles: the sides that touch are equally long, and vanish."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from course.plot.alt import say
from course.plot.style import BLUE, GRAY, ORANGE, bare, row

Matrix = tuple[str, tuple[str, int], tuple[str, int]]
_GAP = 0.9


def product(left: Matrix, right: Matrix, result: Matrix, *, title: str = "", ax: Axes | None = None) -> Axes:
    """``left @ right = result``, each as a rectangle with its sides named; the two sides that meet are marked.

    Args:
        left, right, result: each a name, its rows and its columns; rows and columns are a name and a length,
            as in ``("X", ("batch", 4), ("in", 3))``.
        title: of the axes.
        ax: where to draw; a new figure where None.

    Raises:
        ValueError: the columns of ``left`` are not the rows of ``right``, or the result has other sides.
    """
    if left[2] != right[1] or (result[1], result[2]) != (left[1], right[2]):
        raise ValueError(f"{_said(left)} @ {_said(right)} does not give {_said(result)}")
    matrices: Sequence[Matrix] = (left, right, result)
    width = sum(m[2][1] for m in matrices) + 4 * _GAP
    height = max(m[1][1] for m in matrices)
    (ax,) = row(1, ax, width=0.36 * width + 0.3, height=0.36 * height + 0.9)
    x = 0.0
    for i, (matrix, sign) in enumerate(zip(matrices, ("@", "=", ""), strict=True)):
        name, (rows, n_rows), (columns, n_columns) = matrix
        top = -n_rows / 2
        ax.add_patch(Rectangle((x, top), n_columns, n_rows, facecolor="#f3efe0", edgecolor=GRAY, linewidth=1))
        ax.text(x + n_columns / 2, 0, name, ha="center", va="center", fontweight="bold")
        meets_columns, meets_rows = i == 0, i == 1
        _side(ax, (x, x + n_columns), (top, top), columns, meets_columns)
        _side(ax, (x, x), (top, top + n_rows), rows, meets_rows)
        x += n_columns + _GAP
        ax.text(x - 0.2, 0, sign, ha="center", va="center", fontsize=12)
        x += _GAP
    ax.set(xlim=(-1.1, x - 2 * _GAP + 0.3), ylim=(height / 2 + 0.4, -height / 2 - 1.2), aspect="equal", title=title)
    bare(ax)
    say(ax, f"As rectangles: {_said(left)} times {_said(right)} is {_said(result)}. The sides that meet, {left[2][0]} and "
        f"{right[1][0]}, both of length {left[2][1]}, vanish.")  # fmt: skip
    return ax


def _side(ax: Axes, x: tuple[float, float], y: tuple[float, float], name: str, meets: bool) -> None:
    """One side with its name; thick and orange where it meets the other matrix."""
    color = ORANGE if meets else BLUE
    ax.plot(x, y, color=color, linewidth=4 if meets else 1.5, solid_capstyle="butt", zorder=3)
    flat = y[0] == y[1]
    middle = (sum(x) / 2, y[0] - 0.25) if flat else (x[0] - 0.25, sum(y) / 2)
    weight = "bold" if meets else "normal"
    # Black where it meets: orange letters on white are hard to read.
    ink = "black" if meets else BLUE
    if flat:
        ax.text(*middle, name, ha="center", va="bottom", fontsize=9, color=ink, fontweight=weight)
    else:
        ax.text(*middle, name, ha="right", va="center", fontsize=9, color=ink, fontweight=weight, rotation=90)


def _said(matrix: Matrix) -> str:
    name, (rows, n_rows), (columns, n_columns) = matrix
    return f"{name} ({rows} {n_rows}, {columns} {n_columns})"
