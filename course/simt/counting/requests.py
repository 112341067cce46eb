"""The hardware's counting rules, each with its source: what one request of one warp costs.

A *request* is one load, store or atomic of one warp, whatever the number of its active lanes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course.simt.report.records import SECTOR, Site

BANKS, WORD = 32, 4  # banks, and bytes of each


def sectors(addresses: NDArray[Any]) -> int:
    """How many 32-byte sectors the lanes of one request touch.

    Args:
        addresses: byte addresses of the active lanes (n,), of elements aligned to their own size.

    Source: CUDA C++ Best Practices Guide, "Coalesced Access to Global Memory": the accesses of a warp coalesce into as many
    transactions as there are 32-byte transactions necessary to serve all of its threads. In Nsight Compute these are
    `l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum` (and `_op_st`), and per request `l1tex__average_t_sectors_per_request_…`.
    """
    return len(set((addresses // SECTOR).tolist()))


def used_bytes(addresses: NDArray[Any], size: int) -> int:
    """How many distinct bytes the lanes ask for: elements of `size` bytes at `addresses` (n,).

    Over 32 times the sectors it is the share of the bytes moved that is used, which the CUDA C++ Best Practices Guide asks to make
    large ("Coalesced Access to Global Memory"). Nsight Compute: `smsp__sass_average_data_bytes_per_sector_mem_global_op_ld.pct`,
    which is about the bytes of each lane, also where several ask for the same.
    """
    return len(set(addresses.tolist())) * size


def passes(addresses: NDArray[Any], lanes: NDArray[Any], size: int) -> tuple[int, int]:
    """How many passes (wavefronts) a request to shared memory takes, and how many it would take with no bank conflict.

    Args:
        addresses: byte addresses of the active lanes (n,).
        lanes: their numbers in the warp, 0 to 31 (n,).
        size: bytes of an element.

    Source: CUDA C++ Programming Guide, "Shared Memory" of compute capability 5.x and later: 32 banks, successive 4-byte words in
    successive banks, 4 bytes a bank and cycle; lanes that touch any address within the same word do not conflict (a broadcast).
    So a request takes as many passes as the busiest bank has distinct words. 8-byte elements go in two half-warps. In Nsight Compute
    `l1tex__data_pipe_lsu_wavefronts_mem_shared`, and the conflicts `l1tex__data_bank_conflicts_pipe_lsu_mem_shared`.
    """
    halves = [addresses] if size <= WORD else [addresses[lanes < 16], addresses[lanes >= 16]]
    halves = [half for half in halves if half.size]
    return sum(_busiest(half, size) for half in halves), len(halves)


def _busiest(addresses: NDArray[Any], size: int) -> int:
    words = set((addresses // WORD).tolist())
    if size > WORD:
        words |= {word + 1 for word in words}
    banks = [0] * BANKS
    for word in words:
        banks[word % BANKS] += 1
    return max(banks)


def atomic_passes(addresses: NDArray[Any]) -> int:
    """How many turns an atomic in shared memory takes: as many as the busiest bank has lanes, for lanes at one address wait in line.

    Source: a model of ours. CUDA C++ Programming Guide, "Atomic Functions", says that each is done without interference of the
    others; how many passes that takes is not documented.
    """
    return int(np.bincount(addresses // WORD % BANKS).max())


@dataclass(frozen=True, slots=True)
class Access:
    """Where the lanes of one request go, and what it costs. `flat` (32,) is the element of each lane, 0 where there is none; `lanes`
    and `elements` (n,) are those that reach one; `outside` lists the lanes that miss, with their index."""

    flat: NDArray[Any]
    lanes: NDArray[Any]
    elements: NDArray[Any]
    everyone: bool
    outside: tuple[tuple[int, tuple[int, ...]], ...]
    sectors: int
    used: int
    passes: int
    ideal: int
    atomic_passes: int
    distinct: int

    @classmethod
    def of(
        cls,
        flat: NDArray[Any],
        lanes: NDArray[Any],
        outside: tuple[tuple[int, tuple[int, ...]], ...],
        size: int,
    ) -> Access:
        """The access of the lanes (n,) to the elements `flat` (32,), each of `size` bytes."""
        elements = flat[lanes]
        addresses = elements * size
        some = bool(lanes.size)
        wavefronts, ideal = passes(addresses, lanes, size) if some else (0, 0)
        return cls(
            flat=flat,
            lanes=lanes,
            elements=elements,
            everyone=lanes.size == flat.size,
            outside=outside,
            sectors=sectors(addresses) if some else 0,
            used=used_bytes(addresses, size) if some else 0,
            passes=wavefronts,
            ideal=ideal,
            atomic_passes=atomic_passes(addresses) if some else 0,
            distinct=len(set(elements.tolist())),
        )

    def count(self, site: Site) -> None:
        """Count this request in the books of the place that makes it."""
        if not self.lanes.size:
            return
        site.requests += 1
        site.lanes += self.lanes.size
        if site.kind == "atomic":
            site.colliding += self.lanes.size - self.distinct
        if site.space == "shared":
            site.passes += self.atomic_passes if site.kind == "atomic" else self.passes
            site.ideal_passes += self.ideal
        else:
            site.sectors += self.sectors
            site.bytes_used += self.used
