"""What is wrong with a kernel as it ran: a `Finding` names the thread, the line and the address."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

FindingKind = Literal["out of bounds", "race", "barrier", "never written", "division by zero", "unset"]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a kernel as it ran. The same thing in other threads is counted, not listed again.

    Attributes:
        kind: "out of bounds", "race", "barrier" (not all threads of the block reach it), "never written" (memory that is read
            before anything was stored there), "division by zero" (of whole numbers), or "unset" (a variable).
        line: its line in `Kernel.source`; line 1 is the kernel's `def`.
        text: that line.
        block, thread: who did it, each with as many numbers, x first, as the launch gave for it. For a barrier, who did not reach it.
        access: "reads", "writes" or "updates" (an atomic); empty where no memory is meant.
        array: the name of the array (or of the variable).
        index: the element, one number an axis.
        shape: the shape of the array.
        other_block, other_thread, other_line, other_text, other_access: the other side of a race.
        count: how often it was seen: threads, times how often each did it; of races, elements (the first 64 after each barrier).
    """

    kind: FindingKind
    line: int
    text: str
    block: tuple[int, ...]
    thread: tuple[int, ...]
    access: str = ""
    array: str | None = None
    index: tuple[int, ...] | None = None
    shape: tuple[int, ...] | None = None
    other_block: tuple[int, ...] | None = None
    other_thread: tuple[int, ...] | None = None
    other_line: int | None = None
    other_text: str | None = None
    other_access: str = ""
    count: int = field(default=1, compare=False)

    @property
    def message(self) -> str:
        """One sentence for the learner."""
        who = f"thread {show(self.thread)} of block {show(self.block)}"
        line = f"line {self.line}"
        if self.kind == "out of bounds":
            said = f"{who} {self.access} {self._element}, and {self.array} has shape {self.shape}"
        elif self.kind == "never written":
            said = f"{who} {self.access} {self._element}, where nothing was stored before"
        elif self.kind == "division by zero":
            said = f"{who} divides a whole number by zero"
        elif self.kind == "unset":
            said = f"{who} uses {self.array}, which was never set in that thread"
        elif self.kind == "barrier":
            said = f"{who} does not reach this barrier, and other threads of its block wait there"
        else:
            said = self._race(who)
        return f"{self.kind}, {line} ({self.text}): {said}."

    @property
    def _element(self) -> str:
        return f"{self.array}[{', '.join(map(str, self.index or ()))}]"

    def _race(self, who: str) -> str:
        same_block = self.block == self.other_block
        other = f"thread {show(self.other_thread)} of " + (
            "the same block" if same_block else f"block {show(self.other_block)}"
        )
        where = "in the same line" if self.line == self.other_line else f"in line {self.other_line} ({self.other_text})"
        why = "with no barrier between" if same_block else "and blocks have no order"
        return f"{who} {self.access} {self._element}, which {other} {self.other_access} {where}, {why}"

    def __str__(self) -> str:
        return self.message


def show(index: tuple[int, ...] | Any) -> str:
    """A thread's or a block's index as it is said: 7, or (7, 0)."""
    numbers = tuple(index or ())
    return str(numbers[0]) if len(numbers) == 1 else str(numbers)
