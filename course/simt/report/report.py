"""What a launch counted and found, as data, as text and as HTML; and the error of a kernel, which carries it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from html import escape
from math import prod

from course.simt.limits import WARP
from course.simt.report import tables
from course.simt.report.findings import Finding
from course.simt.report.records import SECTOR, Event, Line, Site

_NAN = float("nan")
_LINES = ("line", "source", "instructions", "lanes active", "branches", "divergent")
_SITES = (
    "line",
    "array",
    "memory",
    "access",
    "requests",
    "sectors",
    "sectors/request",
    "bytes used",
    "passes",
    "conflicts",
)


@dataclass(frozen=True, repr=False)
class Report:
    """What a launch counted and found. Print it, or show it in a notebook: a table of lines, and one of accesses to memory.

    Attributes:
        kernel: the kernel's name.
        grid, block: of the launch, as given.
        source: the kernel's lines, from line 1.
        lines: what each line did, by its number; only those that issued something.
        sites: one entry for each line, array and kind of access ("load", "store", "atomic").
        barriers: how many times a block came together at a barrier.
        shared_bytes: shared memory of a block.
        findings: what is wrong, by line; empty for a correct kernel.
        trace: the events, if they were asked for.
        printed: what the kernel printed.
    """

    kernel: str
    grid: tuple[int, ...]
    block: tuple[int, ...]
    source: tuple[str, ...]
    lines: dict[int, Line]
    sites: tuple[Site, ...]
    barriers: int
    shared_bytes: int
    findings: tuple[Finding, ...] = ()
    trace: tuple[Event, ...] = field(default=(), compare=False)
    printed: tuple[str, ...] = ()

    @property
    def threads(self) -> int:
        """Threads of the launch."""
        return prod(self.grid) * prod(self.block)

    @property
    def warps(self) -> int:
        """Warps of the launch; a block's last one may not be full."""
        return prod(self.grid) * -(-prod(self.block) // WARP)

    @property
    def lanes_active(self) -> float:
        """The fraction of the 32 lanes that were active, averaged over the instructions issued.

        Nsight Compute: `smsp__thread_inst_executed_per_inst_executed.ratio`, over 32.
        """
        lines = self.lines.values()
        return _over(sum(line.lanes for line in lines), WARP * sum(line.instructions for line in lines))

    def total(self, what: str, *, space: str | None = None, kind: str | None = None, array: str | None = None) -> int:
        """A count of `Site`, such as "sectors", summed over the sites of a memory, a kind of access, an array."""
        wanted = ((space, "space"), (kind, "kind"), (array, "array"))
        return sum(
            getattr(site, what) for site in self.sites if all(w in (None, getattr(site, name)) for w, name in wanted)
        )

    def counts(self) -> dict[str, int | float]:
        """All totals, as plain numbers; a ratio of nothing to nothing is nan.

        `global_sectors_per_request` is 4 for float32 at best, if every lane asks for another element; `global_efficiency` is the
        fraction of the bytes moved that some lane asked for.
        """
        lines = self.lines.values()
        counts: dict[str, int | float] = {
            "threads": self.threads,
            "warps": self.warps,
            "instructions": sum(line.instructions for line in lines),
            "lanes_active": self.lanes_active,
            "branches": sum(line.branches for line in lines),
            "divergent_branches": sum(line.divergent for line in lines),
            "barriers": self.barriers,
            "atomics": self.total("lanes", kind="atomic"),
            "atomics_colliding": self.total("colliding"),
        }
        for space in ("global", "local"):
            for kind in (None, "load", "store", "atomic") if space == "global" else (None,):
                name = f"{space}_{kind}" if kind else space
                requests, sectors = (self.total(what, space=space, kind=kind) for what in ("requests", "sectors"))
                used = self.total("bytes_used", space=space, kind=kind)
                counts |= {
                    f"{name}_requests": requests,
                    f"{name}_sectors": sectors,
                    f"{name}_sectors_per_request": _over(sectors, requests),
                    f"{name}_bytes_used": used,
                    f"{name}_bytes_moved": SECTOR * sectors,
                    f"{name}_efficiency": _over(used, SECTOR * sectors),
                }
        passes = self.total("passes", space="shared")
        counts |= {
            "shared_bytes": self.shared_bytes,
            "shared_requests": self.total("requests", space="shared"),
            "shared_passes": passes,
            "shared_bank_conflicts": passes - self.total("ideal_passes", space="shared"),
        }
        return counts

    # As text and as HTML

    def _title(self) -> str:
        return f"{self.kernel}: grid {_size(self.grid)}, block {_size(self.block)}: {self.threads:,} threads in {self.warps:,} warp{'s' if self.warps > 1 else ''}"

    def _summary(self) -> list[str]:
        c = self.counts()
        said = [
            f"{c['instructions']:,} warp-instructions, {_percent(c['lanes_active'])} of the lanes active, "
            f"{c['divergent_branches']:,} of {c['branches']:,} branches divergent, {c['barriers']:,} barriers"
        ]
        if c["global_requests"]:
            said.append(
                f"global memory: {c['global_requests']:,} requests, {c['global_sectors']:,} sectors "
                f"({c['global_sectors_per_request']:.3g} a request), {_percent(c['global_efficiency'])} of the bytes moved are used"
            )
        if c["shared_requests"]:
            said.append(
                f"shared memory: {c['shared_requests']:,} requests, {c['shared_passes']:,} passes, "
                f"{c['shared_bank_conflicts']:,} bank conflicts"
            )
        if c["atomics"]:
            said.append(f"atomics: {c['atomics']:,} lanes, {c['atomics_colliding']:,} of them collide")
        return [*said, *(f"✗ {finding}" for finding in self.findings)]

    def _line_rows(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        skipped = silent(self.source)
        for number, text in enumerate(self.source, start=1):
            if number in skipped:
                continue
            line = self.lines.get(number, Line())
            share = _percent(_over(line.lanes, WARP * line.instructions)) if line.instructions else ""
            branches = (str(line.branches), str(line.divergent)) if line.branches else ("", "")
            rows.append((str(number), text, f"{line.instructions:,}" if line.instructions else "", share, *branches))
        return rows

    def _site_rows(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        for s in self.sites:
            if s.space == "shared":
                costs = ("", "", "", f"{s.passes:,}", f"{s.bank_conflicts:,}")
            else:
                used = _percent(_over(s.bytes_used, s.sector_bytes)) if s.sectors else ""
                costs = (f"{s.sectors:,}", f"{_over(s.sectors, s.requests):.3g}" if s.requests else "", used, "", "")
            rows.append((str(s.line), s.array, s.space, s.kind, f"{s.requests:,}", *costs))
        return rows

    def __repr__(self) -> str:
        parts = [self._title(), *(f"  {said}" for said in self._summary()), "", tables.text(_LINES, self._line_rows())]
        return "\n".join(parts + (["", tables.text(_SITES, self._site_rows())] if self.sites else []))

    def _repr_html_(self) -> str:
        said = "".join(f"<li>{escape(line)}</li>" for line in self._summary())
        shown = tables.html("lines of the kernel", _LINES, self._line_rows())
        if self.sites:
            shown += tables.html("accesses to memory", _SITES, self._site_rows())
        return f"<p><b>{escape(self._title())}</b></p><ul>{said}</ul>{shown}"


class KernelError(Exception):
    """A kernel that can't run, or that ran and was found wrong; the message is a sentence for the learner.

    Attributes:
        line: the line of `Kernel.source` that is meant, or None.
        finding: what was found while it ran, or None where it was refused.
        report: the report of the run, or None where there was none.
    """

    def __init__(
        self, message: str, *, line: int | None = None, finding: Finding | None = None, report: Report | None = None
    ) -> None:
        super().__init__(message)
        self.line = line
        self.finding = finding
        self.report = report

    @classmethod
    def at(cls, line: int, sentence: str) -> KernelError:
        """The error whose message begins with the line."""
        return cls(f"line {line}: {sentence}", line=line)


def silent(source: tuple[str, ...]) -> set[int]:
    """The lines that are not listed, as no thread runs them: docstrings, comments of their own, empty lines."""
    skipped = {number for number, text in enumerate(source, start=1) if text.strip()[:1] in ("", "#")}
    for node in ast.walk(ast.parse("\n".join(source))):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node, clean=False) is not None:
            skipped |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return skipped


def _over(part: float, whole: float) -> float:
    return part / whole if whole else _NAN


def _percent(share: float) -> str:
    return "–" if share != share else f"{100 * share:.0f} %"


def _size(sides: tuple[int, ...]) -> str:
    return str(sides[0]) if len(sides) == 1 else str(sides)
