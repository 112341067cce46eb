"""What a launch notes for pictures and for a player that steps through it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """One instruction of one warp, or, for arithmetic, that of one statement. They are listed in the order in which they ran: a
    warp runs up to the next barrier, then the next warp does.

    Attributes:
        step: counts the events of its warp from 0.
        block: the block's index, x first.
        warp: its number in the block.
        line: of `Kernel.source`.
        kind: "load", "store", "atomic", "barrier", "branch" or "compute".
        mask: the active lanes, lane 0 in the lowest bit; for a branch, those that take it (an `if`'s first part, a loop's next round).
        array, space: of a memory access; empty otherwise.
        index: for a memory access the element, counted in C order, of each of the 32 lanes, or -1; empty otherwise.
        sectors: of an access to global or local memory.
        passes: of one to shared memory.
        active: for a branch, the lanes that decide, as bits; `mask` otherwise.
    """

    step: int
    block: tuple[int, ...]
    warp: int
    line: int
    kind: str
    mask: int
    array: str = ""
    space: str = ""
    index: tuple[int, ...] = ()
    sectors: int = 0
    passes: int = 0
    active: int = 0
