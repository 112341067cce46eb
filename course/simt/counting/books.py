"""The books that a launch keeps: what its lines and accesses did, what was found, what was printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

from course.simt.limits import LINES_PRINTED, whole
from course.simt.report.findings import Finding, FindingKind
from course.simt.report.records import Event, Line, Site

# The order in which findings are told: what explains the others comes first.
_RANK: list[FindingKind] = ["unset", "out of bounds", "barrier", "race", "never written", "division by zero"]


@dataclass
class Run:
    """One launch, as it goes: its books and its budget. `text` gives a line of the kernel's source."""

    text: Callable[[int], str]
    grid: tuple[int, ...]
    block: tuple[int, ...]
    most_instructions: int
    traced: frozenset[int] = frozenset()
    lines: dict[int, Line] = field(default_factory=dict)
    sites: list[Site] = field(default_factory=list)
    issued: int = 0
    barriers: int = 0
    found: dict[tuple[Any, ...], Finding] = field(default_factory=dict)
    times: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    events: list[Event] = field(default_factory=list)
    tracing: bool = False
    printed: list[str] = field(default_factory=list)

    @property
    def threads(self) -> int:
        """Threads of a block."""
        return prod(self.block)

    def of_block(self, number: int) -> tuple[int, ...]:
        """The index of a block, x first, in as many numbers as the launch gave."""
        x, y, _ = whole(self.grid)
        return (number % x, number // x % y, number // (x * y))[: len(self.grid)]

    def of_thread(self, number: int) -> tuple[int, ...]:
        """The index of a thread in its block, x first (CUDA C++ Programming Guide, "Thread Hierarchy")."""
        x, y, _ = whole(self.block)
        return (number % x, number // x % y, number // (x * y))[: len(self.block)]

    def finding(self, kind: FindingKind, thread: int, line: int, **more: Any) -> Finding:
        """A finding about a thread, numbered through all blocks."""
        block, inside = divmod(thread, self.threads)
        return Finding(kind, line, self.text(line), self.of_block(block), self.of_thread(inside), **more)

    def add(self, finding: Finding) -> None:
        """Note a finding; one like it is only counted."""
        key = (finding.kind, finding.array, frozenset([finding.line, finding.other_line]))
        self.found.setdefault(key, finding)
        self.times[key] += 1

    def find(self, kind: FindingKind, thread: int, line: int, count: int, **more: Any) -> None:
        """Note what `count` threads do wrong at once, of which `thread` is the first."""
        key = (kind, more.get("array"), frozenset([line, None]))
        if key not in self.found:
            self.found[key] = self.finding(kind, thread, line, **more)
        self.times[key] += count

    def findings(self) -> list[Finding]:
        """What was found, each with how often."""
        found = [replace(finding, count=self.times[key]) for key, finding in self.found.items()]
        return sorted(found, key=lambda finding: (_RANK.index(finding.kind), finding.line))

    def say(self, text: str) -> None:
        """Keep a line that the kernel prints, up to a bound."""
        if len(self.printed) < LINES_PRINTED:
            self.printed.append(text)
        else:
            self.printed[LINES_PRINTED:] = ["… (print() stops here)"]
