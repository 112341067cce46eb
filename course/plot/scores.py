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


def confusion_cases() -> list[Axes]:
    """Six confusion matrices of networks that something is wrong with, or hardly anything: `matrix 1` to `matrix 6`.

    They are made up, and the same on every machine. Each has 100 images a class.
    """
    matrices = _made_up()
    axes = [ax for _ in range(2) for ax in row(3, width=2.9, height=3.1)]
    for k, (ax, counts) in enumerate(zip(axes, matrices, strict=True), start=1):
        ax.imshow(np.sqrt(counts / 100), cmap="Blues", vmin=0, vmax=1)
        for (r, c), n in np.ndenumerate(counts):
            if n:
                ax.text(c, r, str(n), ha="center", va="center", fontsize=6, color="white" if n > 35 else "black")
        ax.set_xticks(range(10))
        ax.set_yticks(range(10))
        ax.set(xlabel="what the network says", ylabel="what it is", title=f"matrix {k}")
        ax.grid(False)
        say(ax, _by_rows(counts))
    return axes


def _by_rows(counts: np.ndarray) -> str:
    """What is said most often of each class, what besides, and what never."""
    most = counts.argmax(axis=1)
    first = ", ".join(f"{c} ({counts[r, c]})" for r, c in enumerate(most))
    others = counts.copy()
    others[np.arange(len(counts)), most] = 0
    places = [np.unravel_index(i, others.shape) for i in np.argsort(-others, axis=None, kind="stable")[:3]]
    besides = ", ".join(f"{r} as {c} {others[r, c]}" for r, c in places)
    never = [str(c) for c in np.flatnonzero(counts.sum(axis=0) == 0)]
    return f"Said most of 0 to 9: {first}. Besides: {besides}." + (f" Never said: {', '.join(never)}." if never else "")


def _made_up() -> list[np.ndarray]:
    """One matrix a fault: two classes alike, labels moved by one, one answer for all, a class never learned, labels shuffled, images
    prepared in another way."""
    rng = np.random.default_rng(5)

    def of(shares: np.ndarray) -> np.ndarray:
        return np.array([rng.multinomial(100, line / line.sum()) for line in shares])

    good = 0.003 + 0.97 * np.eye(10)
    alike = good.copy()
    alike[4, 9], alike[9, 4] = 0.45, 0.6
    constant = np.full((10, 10), 0.001)
    constant[:, 8] = 1
    unlearned = good.copy()
    unlearned[:, 7] = 0
    unlearned[7] = [0.02, 0.2, 0.14, 0.08, 0.13, 0.02, 0.01, 0, 0.03, 0.37]
    prepared = 0.55 * np.eye(10) + 0.3 * rng.dirichlet(np.full(10, 0.5), 10) + 0.015
    return [
        of(shares) for shares in (alike, np.roll(good, 1, axis=0), constant, unlearned, np.ones((10, 10)), prepared)
    ]


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
    ax.plot([0, 100], [0, 100], color=GRAY, linestyle=":", label="perfectly calibrated")
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
