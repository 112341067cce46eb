"""How good is it, and at what? Confusion and calibration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from course.plot.alt import say
from course.plot.alt_words import number
from course.plot.style import BLUE, GRAY, row


def confusion(matrix: Any, classes: Sequence[str], *, title: str = "", ax: Axes | None = None) -> Axes:
    """A confusion matrix: rows are the truth, columns what was said; the diagonal is right.

    Args:
        matrix: (classes, classes), counts.
        classes: their names.
        title: of the axes.
        ax: where to draw; a new figure where None.
    """
    counts = np.asarray(matrix)
    (ax,) = row(1, ax, width=5.4, height=4.9)
    # The color is a share of the row, on a root scale: else the mistakes would drown beside the diagonal.
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)
    for (r, c), n in np.ndenumerate(counts):
        if n:
            color = "white" if shares[r, c] > 0.35 else "black"
            ax.text(c, r, str(n), ha="center", va="center", fontsize=9, color=color)
    turned = max(map(len, classes)) > 2
    ax.set_xticks(range(len(classes)), classes, rotation=90 if turned else 0)
    ax.set_yticks(range(len(classes)), classes)
    ax.set(xlabel="what the network says", ylabel="what it is", title=title)
    ax.grid(False)
    say(ax, _mix_ups(counts, classes))
    return ax


def _mix_ups(counts: np.ndarray, classes: Sequence[str]) -> str:
    """How many are right, what is recognized worst, and what is most often taken for what."""
    right, n = int(np.trace(counts)), int(counts.sum())
    shares = np.diag(counts) / np.maximum(counts.sum(axis=1), 1)
    worst = int(shares.argmin())
    wrong = counts - np.diag(np.diag(counts))
    most = [np.unravel_index(i, wrong.shape) for i in np.argsort(-wrong, axis=None)[:4]]
    mixed = [f"{classes[r]} taken for {classes[c]}, {wrong[r, c]:,} times" for r, c in most if wrong[r, c]]
    told = f"{right:,} of {n:,} are right ({number(100 * right / max(n, 1))} %). Recognized worst is {classes[worst]}, {number(100 * shares[worst])} %."
    return f"{told} Most mistakes: {'; '.join(mixed)}." if mixed else told


def reliability(confidence: Any, right: Any, *, bins: int = 10, title: str = "", ax: Axes | None = None) -> Axes:
    """How sure against how often right: on the diagonal, 90 % sure means right in 90 % of the cases.

    Args:
        confidence: (n,), the probability of the class that was said, from 0 to 1.
        right: (n,), whether it was right.
        bins: how many steps of confidence; each point is one, as large as it has examples.
        title: of the axes.
        ax: where to draw; a new figure where None.
    """
    sure, hit = np.asarray(confidence, float), np.asarray(right, float)
    (ax,) = row(1, ax, width=4.2, height=3.9)
    which = np.minimum((sure * bins).astype(int), bins - 1)
    ax.plot([0, 100], [0, 100], color=GRAY, linestyle=":", label="as sure as right")
    for k in range(bins):
        inside = which == k
        if inside.any():
            size = 18 + 260 * np.sqrt(inside.mean())
            ax.scatter(100 * sure[inside].mean(), 100 * hit[inside].mean(), s=size, color=BLUE, alpha=0.8)
    ax.set(xlabel="how sure it says it is (%)", ylabel="how often it is right (%)", title=title)
    ax.set(xlim=(-3, 104), ylim=(-3, 104))
    ax.legend(loc="upper left")
    bars = [f"sure {number(100 * sure[which == k].mean())} %, right {number(100 * hit[which == k].mean())} % ({(which == k).sum():,})"
            for k in range(bins) if (which == k).any()]  # fmt: skip
    lean = 100 * (sure.mean() - hit.mean()) if len(sure) else 0.0
    say(ax, f"On average it is sure by {number(100 * sure.mean())} % and right in {number(100 * hit.mean())} %, so it is "
        f"{'too sure' if lean > 0 else 'not sure enough'} by {number(abs(lean))} points. By how sure (examples): {'; '.join(bars)}.")  # fmt: skip
    return ax
