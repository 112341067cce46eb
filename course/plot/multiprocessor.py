"""One multiprocessor of a GPU, and the memories that its threads can reach: where each lies, how large and how far away it is."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from course.plot.alt import say
from course.plot.style import BLUE, GRAY, GREEN, ORANGE, PURPLE, SKY, bare, row


@dataclass(frozen=True)
class Level:
    """A memory.

    Attributes:
        name: as the lesson calls it.
        size: with its unit.
        whose: who can reach it.
        cycles: from the request to the answer; 0 for what an instruction reads without waiting.
    """

    name: str
    size: str
    whose: str
    cycles: int


# An H100 SXM. Sizes: NVIDIA, "H100 Tensor Core GPU Architecture" (whitepaper). Latencies, rounded: Luo and others, "Benchmarking
# and Dissecting the Nvidia Hopper GPU Architecture" (2024, https://arxiv.org/abs/2402.13499), table IV: 29.0, 263.0 and 478.8 cycles,
# measured on an H800 PCIe, which has the same multiprocessors.
LEVELS = (
    Level("registers", "256 KB", "each thread has its own", 0),
    Level("shared memory", "up to 228 KB", "all threads of a block", 30),
    Level("L2 cache", "50 MB", "the whole chip", 260),
    Level("main memory", "80 GB", "the whole chip", 480),
)
SOURCE = "sizes: NVIDIA's H100 whitepaper; cycles, on an H800 PCIe: Luo and others (2024), arXiv:2402.13499"
_SCHEDULERS, _UNITS, _MULTIPROCESSORS = 4, 32, 132
_COLORS = (SKY, GREEN, PURPLE, GRAY)
_CHIP = 62.0  # where the chip ends, and the table beside it begins


def multiprocessor(*, near: str = "", ax: Axes | None = None) -> Axes:
    """A multiprocessor of an H100 with its memories, and beside each its size and how long it takes to answer, to scale.

    Args:
        near: the memory that matters now: "registers", "shared memory", "L2 cache" or "main memory"; it is framed.
        ax: where to draw; a new figure where None.

    Raises:
        ValueError: there is no such memory.
    """
    names = [level.name for level in LEVELS]
    if near and near not in names:
        raise ValueError(f"near is one of {', '.join(names)}; got {near!r}")
    (ax,) = row(1, ax, width=10.2, height=4.9)
    bare(ax)
    # From the bottom: main memory, L2, and the multiprocessor with shared memory below its four parts.
    boxes = {"main memory": (0, 0, _CHIP, 6), "L2 cache": (0, 8.5, _CHIP, 6), "shared memory": (2, 19, 52, 6)}
    for k in (2, 1):  # the other multiprocessors, behind the one that is shown
        ax.add_patch(Rectangle((1.6 * k, 17 + 1.2 * k), 56, 34, facecolor="white", edgecolor=GRAY, linewidth=0.8))
    ax.add_patch(Rectangle((0, 17), 56, 34, facecolor="#f6f6f6", edgecolor=GRAY, linewidth=1.6))
    ax.text(1, 48.6, f"one multiprocessor of {_MULTIPROCESSORS}", fontsize=10, weight="bold", va="center")
    for part in range(_SCHEDULERS):
        x = 2 + 13.2 * part
        ax.text(x + 6.2, 44.7, "scheduler", ha="center", va="center", fontsize=8.5)
        for unit in range(_UNITS):
            at = (x + 0.3 + 1.5 * (unit % 8), 42 - 1.6 * (unit // 8))
            ax.add_patch(Rectangle(at, 1.2, 1.2, facecolor=BLUE))
    boxes["registers"] = (2, 27.5, 52, 6)
    for level, color in zip(LEVELS, _COLORS, strict=True):
        x, y, width, height = boxes[level.name]
        here = level.name == near
        ax.add_patch(Rectangle((x, y), width, height, facecolor=color, alpha=0.30, linewidth=0))
        edge, line = (ORANGE, 4) if here else (GRAY, 1)
        ax.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor=edge, linewidth=line))
        name = f"▶ {level.name}" if here else level.name
        ax.text(x + 1.5, y + height / 2, name, va="center", fontsize=10, weight="bold")
        ax.text(x + width - 1.5, y + height / 2, level.whose, va="center", ha="right", fontsize=9)
        _distance(ax, level, y + height / 2)
    ax.text(_CHIP + 3, 48.6, "size", fontsize=9.5, weight="bold", va="center")
    ax.text(_CHIP + 17, 48.6, "clock cycles until the answer comes", fontsize=9.5, weight="bold", va="center")
    ax.text(_CHIP + 3, 40, f"{_SCHEDULERS} × {_UNITS} arithmetic units", fontsize=9, va="center")
    ax.text(0, -3.2, SOURCE, fontsize=8, color=GRAY, va="center")
    ax.set_xlim(-1, _CHIP + 48)
    ax.set_ylim(-5, 54.5)
    told = "; ".join(f"{level.name}, {level.size}, {level.whose}, {_cycles(level)}" for level in LEVELS)
    say(ax, f"One multiprocessor of {_MULTIPROCESSORS}: {_SCHEDULERS} schedulers with {_UNITS} arithmetic units each, and the memories "
        f"that they reach, from near to far: {told}.{f' Framed: {near}.' if near else ''}")  # fmt: skip
    return ax


def _cycles(level: Level) -> str:
    return f"about {level.cycles} cycles" if level.cycles else "no wait"


def _distance(ax: Axes, level: Level, y: float) -> None:
    """The size of a memory, and a bar as long as it takes to answer."""
    ax.text(_CHIP + 3, y, level.size, va="center", fontsize=9)
    if level.cycles:
        ax.add_patch(Rectangle((_CHIP + 17, y - 1.3), 20 * level.cycles / 480, 2.6, facecolor=ORANGE))
    ax.text(_CHIP + 18 + 20 * level.cycles / 480, y, _cycles(level), va="center", fontsize=9)
