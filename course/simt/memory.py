"""Memory: arrays in global, shared and local memory, where accesses go, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from course.simt.counting import requests
from course.simt.counting.races import ATOMIC, READ, WRITE, Log
from course.simt.limits import WARP
from course.simt.report.findings import Finding, KernelError
from course.simt.report.records import Access, Site, Space
from course.simt.values import BOOL, INT, Lanes, Value

if TYPE_CHECKING:
    from course.simt.machine import Warp

_CODE = {"load": READ, "store": WRITE, "atomic": ATOMIC}
_VERB = {"load": "reads", "store": "writes", "atomic": "updates"}
_REMEMBERED = 20_000  # patterns of access an array


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
        site.add(access)
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
        elements = good[lanes]
        addresses = elements * self.dtype.itemsize
        some = bool(lanes.size)
        passes, ideal = requests.passes(addresses, lanes, self.dtype.itemsize) if some else (0, 0)
        return Access(
            flat=good,
            lanes=lanes,
            elements=elements,
            everyone=lanes.size == WARP,
            outside=missed,
            sectors=requests.sectors(addresses) if some else 0,
            used=requests.used_bytes(addresses, self.dtype.itemsize) if some else 0,
            passes=passes,
            ideal=ideal,
            atomic_passes=requests.atomic_passes(addresses) if some else 0,
            distinct=len(set(elements.tolist())),
        )

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
                w.unwritten(self, lane, element, site.line, _VERB[site.kind])

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
