"""What a launch notes: counts of each line and of each access to memory, and the events of its warps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SECTOR = 32  # bytes that global memory moves at once

Space = Literal["global", "shared", "local"]
Kind = Literal["load", "store", "atomic"]


@dataclass
class Line:
    """What one line of the source did, in all warps.

    Attributes:
        instructions: instructions issued: one for each operator, comparison, call of a function, conversion, load, store, atomic,
            barrier and branch, a warp, if at least one of its lanes is active. Names, numbers, thread indices and what can be
            computed beforehand cost nothing. Nsight Compute: `smsp__inst_executed.sum`, which counts the machine's instructions; a
            compiler makes more of some of ours (an index is computed), and less of others.
        lanes: lanes active at those, summed. Nsight Compute: `smsp__thread_inst_executed.sum`.
        branches: decisions of an `if`, a `while` or a `for`, a warp. `a if c else b`, `and` and `or` are predicated: the right part
            is issued under a narrower mask, and is no branch. Nsight Compute: `smsp__sass_branch_targets.sum`.
        divergent: branches at which the active lanes of a warp split. Nsight Compute:
            `smsp__sass_branch_targets_threads_divergent.sum`.
    """

    instructions: int = 0
    lanes: int = 0
    branches: int = 0
    divergent: int = 0


@dataclass
class Site:
    """One place in the source that touches one array in one way, and what that cost. The names are those of the report.

    Attributes:
        line, array, kind, space: where, which array, "load", "store" or "atomic", and in which memory.
        requests: how many warp-instructions; Nsight Compute: `l1tex__t_requests_pipe_lsu_mem_global_op_ld.sum` and its likes.
        lanes: active lanes, all requests together.
        sectors, bytes_used: of global and local memory (see `course.simt.counting.requests`).
        passes, ideal_passes: of shared memory (see there).
        colliding: lanes of atomics that met another lane of the same request at the same address: all but one of each.
    """

    line: int
    array: str
    kind: Kind
    space: Space
    requests: int = 0
    lanes: int = 0
    sectors: int = 0
    bytes_used: int = 0
    passes: int = 0
    ideal_passes: int = 0
    colliding: int = 0

    @property
    def sector_bytes(self) -> int:
        """32 bytes a sector."""
        return SECTOR * self.sectors

    @property
    def bank_conflicts(self) -> int:
        """Passes beyond those that no request can do without."""
        return self.passes - self.ideal_passes


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
