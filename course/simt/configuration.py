"""The configuration of a launch: how many blocks of how many threads, and what slow motion spends on them."""

from __future__ import annotations

from math import prod

from course.simt.limits import BLOCK_SIDES, BLOCK_THREADS
from course.simt.report.report import KernelError


def dimensions(size: int | tuple[int, ...], what: str) -> tuple[int, ...]:
    """A grid's or a block's size as a tuple of one to three positive numbers, x first.

    Raises:
        KernelError: it is none.
    """
    sides = size if isinstance(size, tuple) else (size,)
    if not 1 <= len(sides) <= 3 or not all(isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in sides):
        raise KernelError(f"{what} must be one to three whole numbers from 1 up, such as 4 or (4, 2), not {size!r:.60}")
    return sides


def check_launch(grid: tuple[int, ...], block: tuple[int, ...], most: int) -> None:
    """Refuse a launch that is too large.

    Raises:
        KernelError: a sentence that says how much fits.
    """
    threads = prod(block)
    if threads > BLOCK_THREADS or any(n > most_n for n, most_n in zip(block, BLOCK_SIDES, strict=False)):
        raise KernelError(
            f"a block of {threads:,} threads {block} is more than a GPU takes: at most {BLOCK_THREADS:,}, and {BLOCK_SIDES} along x, y, z"
        )
    if threads * prod(grid) > most:
        raise KernelError(
            f"{threads * prod(grid):,} threads are too many for slow motion, which takes {most:,}: "
            f"with blocks of {threads:,} threads, {most // threads:,} blocks fit"
        )


def budget(asked: int, most: int, what: str) -> int:
    """A budget that the caller may raise, within its hard maximum.

    Raises:
        KernelError: it is beyond.
    """
    if not isinstance(asked, int) or not 1 <= asked <= most:
        raise KernelError(f"{what} must be a whole number from 1 to {most:,}, not {asked!r:.40}")
    return asked
