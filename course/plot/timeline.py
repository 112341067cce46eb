"""Who does what when: spans of time on a row each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from course.plot.alt import say
from course.plot.alt_words import number
from course.plot.style import COLORS, GRAY, row

# A span narrower than this share of the whole has no room for its label: it stands above, with a line to it.
_NARROW = 0.12


def timeline(
    rows: Mapping[str, Sequence[tuple[float, float, str]]],
    *,
    xlabel: str = "time (ms)",
    title: str = "",
    idle: Collection[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """A bar for each span of time; rows lie below each other, so that what happens at once stands in one column.

    Args:
        rows: a name for each row, and its spans: (start, end, label), in the unit that ``xlabel`` names.
        xlabel: with the unit.
        title: of the axes.
        idle: labels of spans in which nothing is done; they are drawn hollow.
        ax: where to draw; a new figure where None.
    """
    (ax,) = row(1, ax, width=7.2, height=0.85 * len(rows) + 1.1)
    spans = [span for one in rows.values() for span in one]
    whole = max((end for _, end, _ in spans), default=0.0) or 1.0
    working = [label for _, _, label in spans if label not in idle]
    colors = {label: COLORS[i % len(COLORS)] for i, label in enumerate(dict.fromkeys(working))}
    for y, one in enumerate(rows.values()):
        above = True  # names of narrow bars take turns above and below them, so that neighbors' don't meet
        for start, end, label in one:
            # At least a hair wide, so that a moment among hours is seen at all.
            width = max(end - start, 0.004 * whole)
            if label in idle:
                ax.barh(y, width, left=start, height=0.5, facecolor="none", edgecolor=GRAY, linestyle="--")
            else:
                ax.barh(y, width, left=start, height=0.5, color=colors[label])
            if end - start >= _NARROW * whole:
                color = GRAY if label in idle else _readable_on(colors[label])
                ax.text((start + end) / 2, y, label, ha="center", va="center", color=color)
            else:
                ax.annotate(
                    label,
                    ((start + end) / 2, y - 0.25 if above else y + 0.25),
                    xytext=(4, 11 if above else -19),
                    textcoords="offset points",
                    color=colors.get(label, GRAY),
                    arrowprops={"arrowstyle": "-", "color": GRAY, "shrinkB": 0},
                )
                above = not above
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set_ylim(len(rows) - 0.5, -0.75)
    ax.set_xlim(0, 1.03 * whole)
    ax.grid(axis="y", visible=False)
    ax.set(xlabel=xlabel, title=title)
    told = []
    for name, one in rows.items():
        heard = [f"{label} from {number(start)} to {number(end)}" for start, end, label in one]
        if len(heard) > 4:  # the first, and the last
            heard[2:-1] = ["…"]
        told.append(f"{name}: {'; '.join(heard)}.")
    say(ax, f"By {xlabel}. {' '.join(told)}")
    return ax


def _readable_on(color: str) -> str:
    return "black" if sum(to_rgb(color)) > 1.5 else "white"
