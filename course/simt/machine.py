"""The machine: a warp, its mask and its registers."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.simt.counting.books import Line, Run
from course.simt.limits import EVENTS, WARP, whole
from course.simt.memory import Memory
from course.simt.report.findings import FindingKind, KernelError
from course.simt.report.records import Access
from course.simt.report.trace import Event
from course.simt.values import BOOL, Lanes, Value, merge

Barriers = Generator[int, None, None]  # yields the line of each barrier that a warp waits at
Body = Callable[["Warp"], Barriers]
NOBODY = np.zeros(WARP, BOOL)


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
        continued: for each loop that runs, the lanes that wait for its next round.
    """

    __slots__ = (
        *("block", "continued", "first", "mask", "members", "n", "number"),
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
                f"the kernel was stopped here, in ({run.kernel.text(number)}), after {run.most_instructions:,} warp-instructions: does a "
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

    def unwritten(self, memory: Memory, lane: int, element: int, line: int, access: str) -> None:
        """A read of memory never written; it waits until it is known whether it is a race, and then is that."""
        if len(memory.doubtful) < EVENTS:
            more = {"access": access, "array": memory.name, "index": memory.where(element), "shape": memory.shape}
            memory.doubtful.append((element, self.run.finding("never written", self.first + lane, line, **more)))

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


def _bits(mask: Lanes) -> int:
    return sum(1 << int(lane) for lane in np.flatnonzero(mask))
