"""Numbers and texts as they are read aloud."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, pairwise
from typing import Any

import numpy as np

_MATH = re.compile(r"\$([^$]*)\$")
# A dip or a peak counts from this share of the line's whole height on; less is noise.
_SEEN = 0.15
_PARTS = 15
_COMMAND = re.compile(r"\\(?:mathrm|mathbf|text|sqrt)\b|[{}\\]")


def number(value: Any) -> str:
    """Three significant digits: 0.0123, 4.5, 1,280; "2 × 10^-9" where there would be many zeros."""
    x = float(value)
    if not math.isfinite(x):
        return "not a number" if math.isnan(x) else ("infinity" if x > 0 else "minus infinity")
    x = float(f"{x:.3g}")  # rounded before its size is looked at: 999.9 is 1,000
    sign, size = ("−" if x < 0 else ""), abs(x)
    if size and not 1e-4 <= size < 1e12:
        digits, power = f"{size:.2e}".split("e")
        return f"{sign}{float(digits):g} × 10^{int(power)}"
    if size >= 1000:
        return f"{sign}{size:,.0f}"
    return sign + (f"{size:.6f}".rstrip("0").rstrip(".") if size % 1 else f"{size:.0f}")


def place(*values: Any) -> str:
    """A point: "(−0.6, 0.42)"."""
    return f"({', '.join(map(number, values))})"


def many(n: int, one: str, more: str = "") -> str:
    """ "1 warp", "3 warps"."""
    return f"{n:,} {one if n == 1 else more or one + 's'}"


def between(name: str, first: int, last: int) -> str:
    """ "row 3", "rows 3 to 5"."""
    return f"{name} {first}" if first == last else f"{name}s {first} to {last}"


def listed(items: Iterable[Any], most: int = 8) -> str:
    """ "a, b and c"; of a long list its beginning and how many more there are."""
    texts = [str(item) for item in items]
    if len(texts) > most:
        return f"{', '.join(texts[:most])} and {len(texts) - most} more"
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def repeated(items: Iterable[str]) -> list[str]:
    """["a", "a", "b"] → ["a (2 times)", "b"]."""
    groups = [(item, sum(1 for _ in group)) for item, group in groupby(items)]
    return [item if count == 1 else f"{item} ({count} times)" for item, count in groups]


def runs(values: Sequence[int]) -> str:
    """[0, 1, 2, 5] → "0 to 2, 5", [0, 2, 4, …] → "0, 2, 4 … 30"; else how many there are."""
    found: list[list[int]] = []
    for value in sorted(set(map(int, values))):
        if found and value == found[-1][1] + 1:
            found[-1][1] = value
        else:
            found.append([value, value])
    if len(found) > 4:
        at = [a for a, _ in found]
        if len({b - a for a, b in pairwise(at)}) == 1 and all(a == b for a, b in found):
            return f"{at[0]}, {at[1]}, {at[2]} … {at[-1]}"
        return f"{sum(b - a + 1 for a, b in found)} of them, from {at[0]} to {found[-1][1]}"
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in found)


def plain(text: str) -> str:
    """A text from a figure in one line, its formulas without TeX: "$x_{1}$" → "x1"."""
    unwrapped = _MATH.sub(lambda found: _COMMAND.sub("", found[1].replace("_", "")), text)
    return " ".join(unwrapped.split())


def spoken(text: str) -> str:
    """`plain`, without the signs that a title ends with."""
    return plain(text).rstrip(".: ")


def shortened(text: str, longest: int) -> str:
    """At most so many characters, cut behind a sentence or a word, with "…"."""
    if len(text) <= longest:
        return text
    cut = text[: max(longest - 2, 1)]
    stop = max(cut.rfind(mark) for mark in (". ", "; "))
    if stop > 0.6 * longest:
        return cut[: stop + 1] + " …"
    return cut.rsplit(" ", 1)[0].rstrip(",;:") + " …"


def trend(xs: Any, ys: Any, *, logarithmic: bool = False, at: Callable[[Any], str] = number) -> str:
    """What a line does, with its values: "falls from 2.3 at 1 to 0.31 at 12, its lowest".

    Args:
        xs, ys: (n,). Values that are not finite are left out, as in a drawing.
        logarithmic: whether equal factors are equal steps on its axis.
        at: how an x is said.
    """
    x, y = np.asarray(xs, float), np.asarray(ys, float)
    keep = np.isfinite(x) & np.isfinite(y) & ((y > 0) if logarithmic else True)
    x, y = x[keep], y[keep]
    if not len(y):
        return "has no values"

    def here(i: int) -> str:
        return f"{number(y[i])} at {at(x[i])}"

    if len(y) == 1:
        return f"is {here(0)}"
    low, high = int(y.argmin()), int(y.argmax())
    if number(y[low]) == number(y[high]):
        return f"stays at {number(y[0])} from {at(x[0])} to {at(x[-1])}"
    height = np.log(y) if logarithmic else y
    span = height[high] - height[low]
    # Of a noisy line its course counts, the means of some parts: else noise would dip and peak.
    noisy = len(y) > _PARTS and np.abs(np.diff(height)).sum() > 3 * span
    course = np.array([part.mean() for part in np.array_split(height, _PARTS)]) if noisy else height
    first, last = course[0], course[-1]
    dips, peaks = min(first, last) - course.min() > _SEEN * span, course.max() - max(first, last) > _SEEN * span
    turn = course.min() if dips else course.max() if peaks else first
    straight = abs(turn - first) + abs(last - turn)
    if (dips and peaks) or np.abs(np.diff(course)).sum() > 2 * straight:
        extremes = [f"{name} {here(i)}" for name, i in (("lowest", low), ("highest", high)) if 0 < i < len(y) - 1]
        return f"goes up and down from {here(0)} to {here(-1)}{'; ' if extremes else ''}{', '.join(extremes)}"
    if dips:
        return f"falls from {here(0)} to {here(low)}, its lowest, then rises to {here(-1)}"
    if peaks:
        return f"rises from {here(0)} to {here(high)}, its highest, then falls to {here(-1)}"
    told = f"{'rises' if last > first else 'falls'} from {here(0)} to {here(-1)}"
    name, extreme = ("highest", high) if last > first else ("lowest", low)
    return told if number(y[extreme]) == number(y[-1]) else f"{told}; its {name} is {here(extreme)}"
