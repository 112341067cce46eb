"""Numbers as a reader wants them: three digits, and no exponent for the sizes that people read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def rounded(x: float) -> str:
    """Three significant digits, without exponent for the sizes that people read: 0.0123, 4.5, 37, 1,280."""
    if not math.isfinite(x):
        return f"{x:g}"
    x = float(f"{x:.3g}")  # rounded before the size is looked at: 999.9 is 1,000
    if abs(x) < 1000:
        return f"{x:g}"
    return f"{x:,.0f}" if abs(x) < 1e9 else f"{x:.2e}"


def figure(value: Any) -> str:
    """One figure, or several, as text: a whole number in full up to a billion, another number by :func:`rounded`.

    Args:
        value: a number (0-d arrays will do), a text, or a list, an array of one axis or a dict of numbers.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return ", ".join(f"{figure(one)} {name}" for name, one in value.items())
    array = np.asarray(value)
    if array.ndim:
        return " · ".join(map(figure, array.tolist()))
    if array.dtype.kind in "iu" and abs(int(array)) < 10**9:
        return f"{int(array):,}"
    return rounded(float(array)) if array.dtype.kind in "iuf" else str(value)
