"""Races: two threads touch one address, one of them writes, and nothing puts them in order.

Source: CUDA C++ Programming Guide, "Synchronization Functions" (`__syncthreads` makes the accesses before it visible to the block, and
coordinates threads that touch the same addresses), "Memory Fence Functions" (without one, accesses have no order), and "Thread
Hierarchy" (blocks may run in any order). The same rule is that of NVIDIA's Compute Sanitizer, tool racecheck, for shared memory. Threads of
one warp are in no order either ("Independent Thread Scheduling"), even though they run in lockstep here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course.simt.limits import MOST_THREADS

READ, WRITE, ATOMIC = 0, 1, 2
_WORDS = ("reads", "writes", "updates")
_MOST = 64  # elements that are looked at closely
_COMPACT = 8192  # requests, after which repetitions are dropped

Lanes = np.ndarray[Any, Any]
Columns = list[Lanes]  # element, thread, kind, line: one row an access of a lane


@dataclass(frozen=True)
class Pair:
    """Two accesses to one element that race: `thread`, `line` and what it `does` of the later one, and of the `other`."""

    element: int
    thread: int
    line: int
    does: str
    other: int
    other_line: int
    other_does: str


@dataclass
class Log:
    """The accesses to one array since the last barrier, and the gist of those of earlier blocks.

    Attributes:
        racy: the elements that were found in a race.
    """

    entries: list[tuple[Lanes, Lanes, int, int]] = field(default_factory=list)
    older: list[Columns] = field(default_factory=list)
    block: list[Columns] = field(default_factory=list)
    blocks: list[Columns] = field(default_factory=list)
    racy: set[int] = field(default_factory=set)

    def note(self, elements: Lanes, threads: Lanes, kind: int, line: int) -> None:
        """Keep one request: the elements and the threads (n,) that touch them."""
        self.entries.append((elements, threads, kind, line))
        if len(self.entries) >= _COMPACT:
            self.older.append(_gist(_columns(self.entries), of_threads=True))
            self.entries = []
            if len(self.older) >= _COMPACT // 128:
                self.older = [_gist(_joined(self.older), of_threads=True)]

    def phase(self, keep: bool) -> list[Pair]:
        """The races since the last barrier; `keep` the accesses for a comparison with other blocks."""
        if not self.entries and not self.older:
            return []
        if not keep and not self.older and all(kind == READ for _, _, kind, _ in self.entries):
            self.entries = []
            return []
        columns = _joined([*self.older, *([_columns(self.entries)] if self.entries else [])])
        self.entries, self.older = [], []
        if keep:
            self.block.append(_gist(columns))
        return self._pairs(columns, columns[1])

    def end_block(self) -> None:
        """The block has ended: keep of each element and kind of access the first."""
        if self.block:
            self.blocks.append(_gist(_joined(self.block)))
        self.block = []

    def between_blocks(self, threads: int) -> list[Pair]:
        """The races between blocks of so many threads each."""
        if len(self.blocks) < 2:
            return []
        columns = _joined(self.blocks)
        return self._pairs(columns, columns[1] // threads)

    def _pairs(self, columns: Columns, who: Lanes) -> list[Pair]:
        elements, threads, kinds, lines = columns
        contested = _contested(elements, who, kinds)
        self.racy.update(elements[[rows[0] for rows in contested]].tolist() if contested else ())
        pairs = []
        for rows in contested[:_MOST]:
            first, then = _a_pair(rows, who[rows], kinds[rows])
            this, other = ((int(threads[row]), int(lines[row]), _WORDS[kinds[row]]) for row in (then, first))
            pairs.append(Pair(int(elements[then]), *this, *other))
        return pairs


def _columns(entries: list[tuple[Lanes, Lanes, int, int]]) -> Columns:
    sizes = [elements.size for elements, _, _, _ in entries]
    return [
        np.concatenate([elements for elements, _, _, _ in entries]),
        np.concatenate([threads for _, threads, _, _ in entries]),
        np.repeat([kind for _, _, kind, _ in entries], sizes),
        np.repeat([line for _, _, _, line in entries], sizes),
    ]


def _joined(parts: list[Columns]) -> Columns:
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def _gist(columns: Columns, of_threads: bool = False) -> Columns:
    """The first row of each element and kind, or of each element, kind and thread."""
    elements, threads, kinds, _ = columns
    what = elements * 3 + kinds
    _, first = np.unique(what * MOST_THREADS + threads if of_threads else what, return_index=True)
    return [column[np.sort(first)] for column in columns]


def _contested(elements: Lanes, who: Lanes, kinds: Lanes) -> list[Lanes]:
    """The rows of each element that is raced for: touched by two of `who`, with a write, or with an atomic and a read."""
    order = np.argsort(elements, kind="stable")
    sorted_elements, sorted_who, sorted_kinds = elements[order], who[order], kinds[order]
    starts = np.flatnonzero(np.r_[True, sorted_elements[1:] != sorted_elements[:-1]])
    shared = np.minimum.reduceat(sorted_who, starts) != np.maximum.reduceat(sorted_who, starts)
    reads, writes, atomics = (np.logical_or.reduceat(sorted_kinds == kind, starts) for kind in (READ, WRITE, ATOMIC))
    ends = np.r_[starts[1:], elements.size]
    bad = np.flatnonzero(shared & (writes | (atomics & reads)))
    return [order[starts[i] : ends[i]] for i in bad]


def _a_pair(rows: Lanes, who: Lanes, kinds: Lanes) -> tuple[int, int]:
    """Two rows of a contested element that race, in the order in which they ran.

    A write races with whatever another thread does. Without one there are atomics and reads: the first atomic races with the reads of
    other threads; if all reads are of its own thread, these race with the atomics of the others.
    """
    for kind in (WRITE, ATOMIC, READ):
        mine = np.flatnonzero(kinds == kind)
        if mine.size:
            clash = np.flatnonzero((who != who[mine[0]]) & ((kinds != kind) | (kind == WRITE)))
            if clash.size:
                first, then = sorted((int(mine[0]), int(clash[0])))
                return int(rows[first]), int(rows[then])
    raise AssertionError("the element is not contested")
