"""How much the simulator takes on. Slow motion is for a few blocks: real sizes belong on a real device."""

from __future__ import annotations

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
PARTS = 1_024  # of a tuple or list, as of a constant one
CALLS = 16  # device functions that call each other, one in another


def whole(sides: tuple[int, ...]) -> tuple[int, int, int]:
    """The same with all three axes."""
    x, y, z = (*sides, 1, 1)[:3]
    return x, y, z
