"""One access to memory, and the books of one place in the source that makes such accesses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from course.simt.counting import requests
from course.simt.values import Lanes

Space = Literal["global", "shared", "local"]
Kind = Literal["load", "store", "atomic"]


@dataclass(frozen=True, slots=True)
class Access:
    """Where the lanes of one request go, and what it costs. `flat` (32,) is the element of each lane, 0 where there is none; `lanes`
    and `elements` (n,) are those that reach one; `outside` lists the lanes that miss, with their index."""

    flat: Lanes
    lanes: Lanes
    elements: Lanes
    everyone: bool
    outside: tuple[tuple[int, tuple[int, ...]], ...]
    sectors: int
    used: int
    passes: int
    ideal: int
    atomic_passes: int
    distinct: int


@dataclass
class Site:
    """One place in the source that touches one array in one way, and what that cost. The names are those of the report.

    Attributes:
        line, array, kind, space: where, which array, "load", "store" or "atomic", and in which memory.
        requests: how many warp-instructions; Nsight Compute: `l1tex__t_requests_pipe_lsu_mem_global_op_ld.sum` and its likes.
        lanes: active lanes, all requests together.
        sectors, bytes_used: of global and local memory (see `course.simt.counting`).
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
        return requests.SECTOR * self.sectors

    @property
    def bank_conflicts(self) -> int:
        """Passes beyond those that no request can do without."""
        return self.passes - self.ideal_passes

    def add(self, access: Access) -> None:
        """Count one request."""
        if not access.lanes.size:
            return
        self.requests += 1
        self.lanes += access.lanes.size
        if self.kind == "atomic":
            self.colliding += access.lanes.size - access.distinct
        if self.space == "shared":
            self.passes += access.atomic_passes if self.kind == "atomic" else access.passes
            self.ideal_passes += access.ideal
        else:
            self.sectors += access.sectors
            self.bytes_used += access.used
