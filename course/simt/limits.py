"""How much the simulator takes on. Slow motion is for a few blocks: real sizes belong on a real device."""

from __future__ import annotations

from math import prod

from course.simt.report.findings import KernelError

WARP = 32  # threads; CUDA C++ Programming Guide, "SIMT Architecture"

# CUDA C++ Programming Guide, "Technical Specifications per Compute Capability".
BLOCK_THREADS = 1024
BLOCK_SIDES = (1024, 1024, 64)
SHARED_BYTES = 48 * 1024  # static shared memory of a block

# Budgets of our own: what `launch` takes unless told otherwise, and what it takes at all.
THREADS, MOST_THREADS = 65_536, 1_048_576
INSTRUCTIONS, MOST_INSTRUCTIONS = 300_000, 50_000_000
ELEMENTS = 4_194_304  # of all arrays of a launch together
EVENTS = 20_000  # of a trace
LINES_PRINTED = 200
LOCAL_BYTES = 4_096  # of one thread

# The text of a kernel, before anything is done with it.
CHARACTERS, DEPTH, NODES = 20_000, 48, 20_000
CALLS = 16  # device functions that call each other, one in another


def dimensions(size: int | tuple[int, ...], what: str) -> tuple[int, ...]:
    """A grid's or a block's size as a tuple of one to three positive numbers, x first.

    Raises:
        KernelError: it is none.
    """
    sides = size if isinstance(size, tuple) else (size,)
    if not 1 <= len(sides) <= 3 or not all(isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in sides):
        raise KernelError(f"{what} must be one to three whole numbers from 1 up, such as 4 or (4, 2), not {size!r:.60}")
    return sides


def whole(sides: tuple[int, ...]) -> tuple[int, int, int]:
    """The same with all three axes."""
    x, y, z = (*sides, 1, 1)[:3]
    return x, y, z


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
