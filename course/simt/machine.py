"""The machine: a warp with its mask and its registers, and memory, where its loads and stores go."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from course.simt.counting.books import Run
from course.simt.counting.races import ATOMIC, READ, WRITE, Log
from course.simt.counting.requests import Access
from course.simt.limits import EVENTS, WARP, whole
from course.simt.report.findings import Finding, FindingKind
from course.simt.report.records import Event, Line, Site, Space
from course.simt.report.report import KernelError
from course.simt.values import BOOL, INT, Lanes, Value, merge

Barriers = Generator[int, None, None]  # yields the line of each barrier that a warp waits at
Body = Callable[["Warp"], Barriers]
NOBODY = np.zeros(WARP, BOOL)
_CODE = {"load": READ, "store": WRITE, "atomic": ATOMIC}
_VERB = {"load": "reads", "store": "writes", "atomic": "updates"}
_REMEMBERED = 20_000  # patterns of access an array


class Partial:
    """A variable that only the lanes of a mask have set."""

    __slots__ = ("mask", "value")

    def __init__(self, value: Value, mask: Lanes) -> None:
        self.value, self.mask = value, mask


UNSET = Partial(None, NOBODY)


@dataclass(frozen=True)
class Block:
    """A block: its number, its index along x, y, z, and how many threads it has."""

    number: int
    index: tuple[int, int, int]
    threads: int


class Warp:
    """32 threads that execute each instruction together, those of them whose bit in the mask is set.

    Attributes:
        mask, n: the active lanes (32,), and how many; a mask is never changed in place.
        members: how many of the 32 lanes hold a thread of the block.
        thread: each lane's thread in the block, counted x first (32,); `first` is that of lane 0, counted through all blocks.
        tid: threadIdx.x, .y, .z.
        regs: the variables.
        returned: the lanes that have left the function.
        continued, left: for each loop that runs, the lanes that wait for its next round, and those that have left it by `break`.
    """

    __slots__ = (
        *("block", "continued", "first", "left", "mask", "members", "n", "number"),
        *("regs", "returned", "run", "steps", "thread", "tid"),
    )

    def __init__(self, run: Run, block: Block, number: int, variables: int) -> None:
        self.run, self.block, self.number = run, block, number
        self.thread = np.arange(WARP) + WARP * number
        self.first = block.number * block.threads + WARP * number
        self.mask = self.thread < block.threads
        self.n = self.members = int(np.count_nonzero(self.mask))
        x, y, z = whole(run.block)
        indices = (self.thread % x, self.thread // x % y, self.thread // (x * y))
        self.tid: tuple[Value, ...] = tuple(i if size > 1 else 0 for i, size in zip(indices, (x, y, z), strict=True))
        self.regs: list[Any] = [UNSET] * variables
        self.returned: Lanes = NOBODY
        self.continued: list[Lanes] = []
        self.left: list[Lanes] = []
        self.steps = 0

    def issue(self, line: Line, number: int, instructions: int) -> None:
        """Count instructions of a line, and stop a kernel that has had enough of them."""
        line.instructions += instructions
        line.lanes += instructions * self.n
        run = self.run
        run.issued += instructions
        if run.issued > run.most_instructions:
            raise KernelError.at(
                number,
                f"the kernel was stopped here, in ({run.text(number)}), after {run.most_instructions:,} warp-instructions: does a "
                "loop never end? If it is only long, launch(…, max_instructions=…) takes more",
            )

    def assign(self, slot: int, value: Value) -> None:
        """Set a variable in the active lanes."""
        if self.n == self.members:
            self.regs[slot] = value
            return
        old = self.regs[slot]
        if old.__class__ is not Partial:
            self.regs[slot] = merge(self.mask, value, old)
        elif old.mask is self.mask or not (old.mask & ~self.mask).any():
            self.regs[slot] = Partial(value, self.mask)
        else:
            both = old.mask | self.mask
            value = merge(self.mask, value, old.value)
            self.regs[slot] = value if np.count_nonzero(both) == self.members else Partial(value, both)

    def read(self, partial: Partial, name: str, line: int) -> Value:
        """The value of a variable that not all lanes have set.

        Raises:
            KernelError: an active lane has not.
        """
        if partial.mask is not self.mask:
            missing = self.mask & ~partial.mask
            if missing.any():
                finding = self.run.finding("unset", self.first + int(np.argmax(missing)), line, array=name)
                self.run.add(finding)
                raise KernelError(finding.message, line=line, finding=finding)
        return partial.value

    def find(self, kind: FindingKind, lane: int, line: int, count: int = 1, **more: Any) -> None:
        """Note a finding about a lane, or about `count` of them, of which it is the first."""
        self.run.find(kind, self.first + lane, line, count, **more)

    def event(
        self, line: int, kind: str, *, index: Access | None = None, mask: Lanes | None = None, **more: Any
    ) -> None:
        """Note an event of the trace."""
        if len(self.run.events) >= EVENTS:
            return
        elements = np.full(WARP, -1)
        if index is not None:
            elements[index.lanes] = index.elements
        active = _bits(self.mask)
        bits = active if mask is None else _bits(mask)
        at = self.run.of_block(self.block.number)
        where = tuple(elements.tolist()) if index else ()
        self.run.events.append(Event(self.steps, at, self.number, line, kind, bits, index=where, active=active, **more))
        self.steps += 1


@dataclass
class Memory:
    """An array. Elements lie in C order from an address that is a multiple of 256, as `cudaMalloc` gives it (CUDA C++ Programming
    Guide, "Device Memory Accesses"). Local memory has one more axis, the thread: the hardware interleaves it, so that the threads
    of a warp find the same element side by side (same section).

    Attributes:
        data: the elements (prod(shape),).
        written: which of them hold something, or None where all do.
        stored: whether the kernel stores into it anywhere; only then can there be a race.
        known: the patterns of access that were worked out before.
        doubtful: reads of elements that hold nothing, which may turn out to be races.
    """

    name: str
    space: Space
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    data: Lanes = field(default_factory=lambda: np.zeros(0), repr=False)
    written: Lanes | None = field(default=None, repr=False)
    stored: bool = False
    known: dict[Any, Access] = field(default_factory=dict, repr=False)
    doubtful: list[tuple[int, Finding]] = field(default_factory=list, repr=False)
    log: Log = field(default_factory=Log, repr=False)

    @property
    def nbytes(self) -> int:
        """Its size in bytes."""
        return prod(self.shape) * self.dtype.itemsize

    def clear(self, threads: int = 1) -> None:
        """Make it memory that nobody has written to. What lies there is of no use: nan, or the least whole number."""
        junk = np.nan if self.dtype.kind == "f" else False if self.dtype.kind == "b" else np.iinfo(self.dtype).min
        self.data = np.full(prod(self.shape) * threads, junk, self.dtype)
        self.written = np.zeros(self.data.size, BOOL)

    def access(self, w: Warp, site: Site, indices: list[Value]) -> Access:
        """Look up or work out where the active lanes go, count it, and report what is outside."""
        if self.space == "local":
            indices = [*indices, w.thread]
        key = (
            w.mask.tobytes() if w.n < WARP else b"",
            *[i if i.__class__ is int else _bytes(i, site) for i in indices],
        )
        access = self.known.get(key)
        if access is None:
            access = self._work_out(w, indices)
            if len(self.known) >= _REMEMBERED:
                self.known.clear()
            self.known[key] = access
        access.count(site)
        if access.outside:
            lane, index = access.outside[0]
            w.find(
                "out of bounds",
                lane,
                site.line,
                access=_VERB[site.kind],
                array=self.name,
                index=index,
                shape=self.shape,
                count=len(access.outside),
            )
        if self.stored and self.space != "local" and access.lanes.size:
            self.log.note(access.elements, w.first + access.lanes, _CODE[site.kind], site.line)
        if w.run.tracing:
            w.event(
                site.line,
                site.kind,
                array=self.name,
                space=self.space,
                index=access,
                sectors=access.sectors if self.space != "shared" else 0,
                passes=0
                if self.space != "shared"
                else (access.atomic_passes if site.kind == "atomic" else access.passes),
            )
        return access

    def _work_out(self, w: Warp, indices: list[Value]) -> Access:
        shape = (*self.shape, w.block.threads) if self.space == "local" else self.shape
        flat, outside = np.zeros(WARP, INT), np.zeros(WARP, BOOL)
        for index, size in zip(indices, shape, strict=True):
            outside |= np.logical_or(np.less(index, 0), np.greater_equal(index, size))
            # An index far outside would wrap in the sum; it is masked off anyway.
            flat = flat * size + np.clip(index, 0, max(size - 1, 0))
        lanes = np.flatnonzero(w.mask & ~outside)
        missed = tuple(
            (int(lane), tuple(int(i if i.__class__ is int else i[lane]) for i in indices[: len(self.shape)]))
            for lane in np.flatnonzero(w.mask & outside)
        )
        good = np.zeros(WARP, INT)
        good[lanes] = flat[lanes]
        return Access.of(good, lanes, missed, self.dtype.itemsize)

    def load(self, w: Warp, site: Site, indices: list[Value]) -> Lanes:
        """The elements at the lanes' indices, in a register's type; 0 in lanes that are not active or missed."""
        access = self.access(w, site, indices)
        if not access.lanes.size:
            return np.zeros(WARP, _register(self.dtype))
        self._read(w, site, access)
        got = self.data[access.flat]
        if access.outside:
            got[[lane for lane, _ in access.outside]] = 0
        return got.astype(INT) if got.dtype.kind in "iu" and got.dtype is not INT else got

    def store(self, w: Warp, site: Site, indices: list[Value], value: Value) -> None:
        """Store into the elements; of several lanes at one address the last one stays, as one must."""
        access = self.access(w, site, indices)
        if isinstance(value, np.ndarray):
            value = (value if access.everyone else value[access.lanes]).astype(self.dtype)
        elif self.dtype.kind in "iu":
            value = np.asarray(value).astype(self.dtype)
        self.data[access.elements] = value
        if self.written is not None:
            self.written[access.elements] = True

    def atomic(self, w: Warp, site: Site, indices: list[Value], combine: Any, value: Lanes) -> Lanes:
        """Combine the value into the element, lane after lane; the old elements (32,), as the lanes saw them."""
        access = self.access(w, site, indices)
        self._read(w, site, access)
        old = np.zeros(WARP, self.dtype)
        if access.distinct == access.lanes.size:
            old[access.lanes] = self.data[access.elements]
            self.data[access.elements] = combine(old[access.lanes], value[access.lanes]).astype(self.dtype)
        else:
            for lane, element in zip(access.lanes.tolist(), access.elements.tolist(), strict=True):
                old[lane] = self.data[element]
                self.data[element] = combine(old[lane], value[lane])
        if self.written is not None:
            self.written[access.elements] = True
        return old.astype(_register(self.dtype))

    def _read(self, w: Warp, site: Site, access: Access) -> None:
        if self.written is None:
            return
        good = self.written[access.elements]
        if not good.all():
            for lane, element in zip(access.lanes[~good].tolist(), access.elements[~good].tolist(), strict=True):
                self._doubt(w, site, lane, element)

    def _doubt(self, w: Warp, site: Site, lane: int, element: int) -> None:
        """A read of memory never written; it waits until it is known whether it is a race, and then is that."""
        if len(self.doubtful) < EVENTS:
            more = {"access": _VERB[site.kind], "array": self.name, "index": self.where(element), "shape": self.shape}
            self.doubtful.append((element, w.run.finding("never written", w.first + lane, site.line, **more)))

    def where(self, element: int) -> tuple[int, ...]:
        """The index of an element, one number an axis."""
        if self.space == "local":
            element //= self.data.size // max(prod(self.shape), 1)
        return tuple(int(i) for i in np.unravel_index(element, self.shape))


def _register(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return INT if dtype.kind in "iu" else dtype


def _bytes(index: Value, site: Site) -> bytes:
    if isinstance(index, np.ndarray) and index.dtype is INT:
        return index.tobytes()
    raise KernelError.at(site.line, f"an index of {site.array} must be a whole number: use // to divide, or int(…)")


def _bits(mask: Lanes) -> int:
    return sum(1 << int(lane) for lane in np.flatnonzero(mask))
