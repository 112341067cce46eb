"""What can be read off the artists of any axes, also of one that nobody prepared: lines, bars, points, pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.category import StrCategoryFormatter
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.container import BarContainer
from matplotlib.contour import ContourSet
from matplotlib.lines import AxLine, Line2D
from matplotlib.text import Annotation
from matplotlib.ticker import FixedFormatter

from course.plot.alt_words import listed, many, number, place, plain, spoken, trend

_LINES, _BARS, _MARKS = 6, 8, 6
_OURS = ("a line ", "a drawing ", "a picture ", "a map ", "a point ", "a vertical ", "a horizontal ")


def read_axes(ax: Axes, titles: list[str]) -> str:
    """The axes in sentences: title, what is drawn, what the axes mean, what is marked. Empty where nothing is drawn."""
    drawn = [*_bars(ax), *_lines(ax), *_points(ax), *_pictures(ax)]
    marks = [*_marks(ax)]
    if marks and not drawn:
        drawn, marks = [f"a drawing with {listed(marks, 12)}"], []
    if not (drawn or marks or titles):
        return ""
    parts = [*titles, "; ".join(drawn), "; ".join(marks[:_MARKS]), _axes(ax)]
    return " ".join(_sentence(part) for part in parts if part)


def _sentence(text: str) -> str:
    """With a full stop, and with a capital where it is ours: a name, such as `w`, keeps its small letter."""
    start = "A" + text[1:] if text.startswith(_OURS) else text
    return start + ("" if text[-1] in ".!?" else ".")


def _axes(ax: Axes) -> str:
    """ "x axis: step; y axis: loss (nats), logarithmic"."""
    told = []
    for letter in ("x", "y", "z"):
        axis = getattr(ax, f"{letter}axis", None)
        label = spoken(axis.get_label_text()) if axis is not None else ""
        if axis is not None and (label or axis.get_scale() != "linear"):
            told.append(f"{letter} axis: {label or 'no label'}{', logarithmic' if axis.get_scale() == 'log' else ''}")
    return "; ".join(told)


def _named(artist: Any, otherwise: str) -> str:
    label = str(artist.get_label())
    return plain(label) if label and not label.startswith("_") else otherwise


def _bars(ax: Axes) -> Iterator[str]:
    groups = [c for c in ax.containers if isinstance(c, BarContainer) and c.patches]
    for group in groups:
        upright = group.orientation != "horizontal"
        at, values = _bar_ends(group)
        names = _tick_names(ax.xaxis if upright else ax.yaxis, at)
        whose = f"{_named(group, 'a group')}, " if len(groups) > 1 else ""
        order = np.argsort(values)
        if all(names) and len(values) <= _BARS:
            each = (f"{name}: {number(value)}" for name, value in zip(names, values, strict=True))
            yield f"{whose}{many(len(values), 'bar')}. {'; '.join(each)}"
        elif all(names):
            told = [f"{names[i]}: {number(values[i])}" for i in order[::-1]]
            yield f"{whose}{len(values)} bars. The highest are {'; '.join(told[:3])}; the lowest is {told[-1]}"
        else:
            top = order[-1]
            ends = f"from {number(at.min())} to {number(at.max())}"
            yield f"{whose}{many(len(values), 'bar')} {ends}, the highest {number(values[top])} at {number(at[top])}"


def _bar_ends(group: BarContainer) -> tuple[np.ndarray, np.ndarray]:
    """Where the bars stand on their axis, and how long they are."""
    if group.orientation != "horizontal":
        pairs = [(bar.get_x() + bar.get_width() / 2, bar.get_height()) for bar in group.patches]
    else:
        pairs = [(bar.get_y() + bar.get_height() / 2, bar.get_width()) for bar in group.patches]
    at, values = np.array(pairs, float).T
    return at, values


def _tick_names(axis: Axis, at: np.ndarray) -> list[str]:
    """What an author has written below each of these places; "" where it is no text but a number's place on the axis."""
    if not isinstance(axis.get_major_formatter(), FixedFormatter | StrCategoryFormatter):
        return [""] * len(at)
    texts = {
        round(float(tick), 6): plain(label.get_text())
        for tick, label in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=False)
    }
    return [texts.get(round(float(place), 6), "") for place in at]


def _is_ruler(line: Line2D, ax: Axes) -> bool:
    """Drawn across the whole axes (axhline, axvline): a mark, no data."""
    if isinstance(line, AxLine):
        return False
    own = line.get_transform()
    # The same object: others are equal as long as the axes go from 0 to 1.
    return own is ax.get_xaxis_transform("grid") or own is ax.get_yaxis_transform("grid")


def _said_at(ax: Axes) -> Callable[[Any], str]:
    """How the axis writes an x: names and dates have numbers of no meaning behind them."""
    return ax.format_xdata if ax.xaxis.get_converter() is not None else number


def _data(line: Line2D) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(line.get_xdata(orig=False), float), np.asarray(line.get_ydata(orig=False), float)


def _lines(ax: Axes) -> Iterator[str]:
    lines = [ln for ln in ax.lines if not (_is_ruler(ln, ax) or isinstance(ln, AxLine))]
    lines = [ln for ln in lines if ln.get_visible() and len(_data(ln)[0]) > 1]
    labeled = [ln for ln in lines if not str(ln.get_label()).startswith("_")]
    shown = labeled or lines
    logarithmic = ax.get_yscale() == "log"
    for i, line in enumerate(shown[:_LINES]):
        name = _named(line, "a line" if len(shown) == 1 else f"line {i + 1}")
        x, y = _data(line)
        if line.get_linestyle() == "None":
            yield f"{name}: {many(len(x), 'point')}, {_reach(x, y)}"
        else:
            yield f"{name} {trend(x, y, logarithmic=logarithmic, at=_said_at(ax))}"
    if len(shown) > _LINES:
        yield f"and {len(shown) - _LINES} more lines"


def _points(ax: Axes) -> Iterator[str]:
    for i, group in enumerate(c for c in ax.collections if isinstance(c, PathCollection)):
        at = np.ma.getdata(group.get_offsets())
        if len(at):
            x, y = np.asarray(at, float).T
            yield f"{_named(group, f'group {i + 1}')}: {many(len(at), 'point')}, {_reach(x, y)}"


def _reach(x: np.ndarray, y: np.ndarray) -> str:
    return ", ".join(f"{n} from {number(np.nanmin(v))} to {number(np.nanmax(v))}" for n, v in (("x", x), ("y", y)))


def _pictures(ax: Axes) -> Iterator[str]:
    for image in ax.images:
        values = image.get_array()
        if values is not None and np.ma.count(values):
            size = f"{values.shape[0]} × {values.shape[1]}{' in color' if values.ndim == 3 else ''}"
            yield f"a picture of {size}, values from {number(np.nanmin(values))} to {number(np.nanmax(values))}"
    for field in ax.collections:
        values = field.get_array() if isinstance(field, QuadMesh | ContourSet) else None
        if values is not None and len(values) > 1:
            yield f"a map in color, values from {number(np.nanmin(values))} to {number(np.nanmax(values))}"


def _marks(ax: Axes) -> Iterator[str]:
    """Rulers away from zero, single points, and what is written on the picture."""
    for line in ax.lines:
        x, y = _data(line)
        if _is_ruler(line, ax):
            upright = len(set(x)) == 1
            value = float(x[0] if upright else y[0])
            name = f": {_named(line, '')}" if _named(line, "") else ""
            if value:
                yield f"a {'vertical' if upright else 'horizontal'} line at {number(value)}{name}"
        elif isinstance(line, AxLine):
            through = line.get_xy1()
            yield f"{_named(line, 'a straight line')}{f' through {place(*through)}' if through else ''}"
        elif len(x) == 1:
            yield f"{_named(line, 'a point')} at {place(x[0], y[0])}"
    for text in ax.texts:
        said = f"“{plain(text.get_text())}”"
        if not text.get_text().strip() or (isinstance(text, Annotation) and _is_on_bar(text, ax)):
            continue
        yield f"{said} at {place(*text.xy)}" if isinstance(text, Annotation) and text.xycoords == "data" else said


def _is_on_bar(text: Annotation, ax: Axes) -> bool:
    """Is it what `bar_label` writes at a bar's end, or (with a function for coordinates) on its middle?"""
    for group in ax.containers:
        if isinstance(group, BarContainer):
            ends = np.stack(_bar_ends(group), axis=1)
            ends = ends if group.orientation != "horizontal" else ends[:, ::-1]
            if callable(text.xycoords) or np.isclose(ends, np.asarray(text.xy, float)).all(axis=1).any():
                return True
    return False
