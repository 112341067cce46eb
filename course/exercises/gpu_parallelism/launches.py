"""How a kernel is judged: its text is run in the simulator on a case's arrays, here and not beside the learner's code.

The probe has brought text and numbers alone, and the simulator executes nothing of them. So a count is what the kernel does, whatever
the learner's process says. First it must do no harm (the simulator's findings), then give the right numbers, then do so at the
cost that the exercise asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from course.checks.exercise import WrongAnswer
from course.simt import Finding, Kernel, KernelError, empty, launch
from course.simt.report import Report

# Instructions of all warps together; the dearest right answer needs a ninth of it.
_INSTRUCTIONS = 60_000
RTOL, ATOL = 1e-4, 1e-4


@dataclass(frozen=True)
class Launch:
    """How the kernel is launched in a case.

    Attributes:
        grid, block: blocks and threads along x (and y).
        arrays: what it reads; behind them comes `out`, which nothing was written to.
        want: what has to stand in `out` afterwards.
        counted: whether the cost is judged as well: not where it tells little, as few lanes of a warp have anything to do.
    """

    grid: tuple[int, ...]
    block: tuple[int, ...]
    arrays: tuple[np.ndarray, ...]
    want: np.ndarray
    counted: bool = True

    def shown(self, *names: str) -> str:
        """The launch in words; `names` are those of the arrays."""
        sizes = [
            f"{name} {array.shape}" for name, array in zip((*names, "out"), (*self.arrays, self.want), strict=True)
        ]
        head = f"grid of {_count(self.grid, 'block')}, blocks of {_count(self.block, 'thread')}"
        return f"{head}\n{', '.join(sizes)} (nan: what was never written)"


def _count(sides: tuple[int, ...], noun: str) -> str:
    return f"{' × '.join(map(str, sides))} {noun}{'' if sides == (1,) else 's'}"


@dataclass(frozen=True)
class Task:
    """What an exercise asks of a kernel.

    Attributes:
        kernel: the right one.
        launches: how a case's arguments become a launch.
        standard: ``standard(report, best)`` raises WrongAnswer where a kernel with right numbers costs more than the exercise
            allows; ``best`` is the right one's report on the same case.
        score: what is said of one that has passed, from the same two reports.
    """

    kernel: Callable[..., None]
    launches: Callable[..., Launch]
    standard: Callable[[Report, Report], None] = lambda report, best: None
    score: Callable[[Report, Report], str | None] = lambda report, best: None

    def measure(self, raw: Any, *args: Any) -> np.ndarray:
        """What stands in `out` after the launch.

        Raises:
            WrongAnswer: the kernel does harm, can't be run, or costs too much; its mark says what in a word or two.
        """
        given = self.launches(*args)
        out, report = ran(kernel_of(raw), given)
        if given.counted and out.shape == given.want.shape and np.allclose(out, given.want, rtol=RTOL, atol=ATOL):
            self.standard(report, self.best(given))
        return out

    def remark(self, raw: Any, *args: Any) -> str | None:
        """The score of a right answer."""
        given = self.launches(*args)
        return self.score(ran(kernel_of(raw), given)[1], self.best(given))

    def best(self, given: Launch) -> Report:
        """The right kernel's report; what it costs depends on the sizes alone."""
        return _best(self.kernel, given.grid, given.block, *(array.shape for array in (*given.arrays, given.want)))


@lru_cache(maxsize=256)
def _best(kernel: Callable[..., None], grid: Any, block: Any, *shapes: tuple[int, ...]) -> Report:
    *arrays, out = (np.ones(shape, np.float32) for shape in shapes)
    return ran(Kernel.of(kernel), Launch(grid, block, tuple(arrays), out))[1]


def kernel_of(raw: Any) -> Kernel:
    """The kernel that a probe has brought, from a process that may lie.

    Raises:
        WrongAnswer: it is none.
    """
    match raw:
        case (str(name), list(pieces), list(names), list(values)) if len(names) == len(values):
            if all(isinstance(text, str) for text in (*pieces, *names)):
                try:
                    return Kernel.from_source("".join(pieces), name, dict(zip(names, values, strict=True)))
                except KernelError as error:
                    raise WrongAnswer(f"{error}.", mark="refused") from None
    raise WrongAnswer("what came is not the text of a kernel.", mark="no kernel")


@dataclass(frozen=True)
class _Run:
    """A kernel and its launch; two are the same if their texts and their arrays' bytes are."""

    key: tuple[Any, ...]
    kernel: Kernel = field(compare=False)
    given: Launch = field(compare=False)


def ran(kernel: Kernel, given: Launch) -> tuple[np.ndarray, Report]:
    """Run the kernel: what it wrote to `out`, and the report.

    Raises:
        WrongAnswer: it can't be run, or something was found while it ran.
    """
    # As text, because for Python 1, 1.0 and True are the same, and for a kernel they are not.
    arrays = [(array.shape, array.tobytes()) for array in given.arrays]
    came = _ran(_Run((repr(kernel.plain()), given.grid, given.block, given.want.shape, *arrays), kernel, given))
    if isinstance(came, WrongAnswer):
        raise came.with_traceback(None)
    return came


@lru_cache(maxsize=512)
def _ran(run: _Run) -> tuple[np.ndarray, Report] | WrongAnswer:
    kernel, given = run.kernel, run.given
    arrays = (*given.arrays, empty(given.want.shape))
    try:
        out, report = launch(
            kernel, given.grid, given.block, *arrays, strict=False, max_instructions=_INSTRUCTIONS, echo=False
        )
    except KernelError as error:
        return WrongAnswer(f"{error}.", mark="refused", line=error.line)
    if report.findings:
        first = report.findings[0]
        said = first.message.removeprefix(f"{first.kind}, line {first.line} ({first.text}): ")
        return WrongAnswer(f"{first.kind}: {said}", mark=_mark(first, report), line=first.line, source=first.text)
    last = kernel.functions[kernel.name].args.args[-1].arg
    stores = {site.array: site.line for site in report.sites if site.space == "global" and site.kind != "load"}
    for name, line in stores.items():
        if name != last:
            said = f"it writes into {name}, which belongs to the caller: what it computes goes into {last}."
            return WrongAnswer(said, mark="input", line=line, source=kernel.text(line))
    if not stores:
        return WrongAnswer(f"it writes nothing into {last}.", mark="nothing written")
    return np.asarray(out), report


def _mark(finding: Finding, report: Report) -> str:
    """What was found, without the places: two kernels in which the same went wrong have the same mark."""
    spaces = {site.array: site.space for site in report.sites}
    memory = f" in {spaces[finding.array]} memory" if finding.array in spaces else ""
    if finding.kind == "race":
        scope = "of threads" if finding.block == finding.other_block else "of blocks"
        # What is written above and read below lacks a barrier between the two lines; within one step no barrier helps.
        writes = finding.line if finding.access == "writes" else finding.other_line
        reads = finding.other_line if finding.access == "writes" else finding.line
        place = " further down" if (writes or 0) < (reads or 0) else ""
        # Who meets whom in global memory follows from how a thread finds its element, and so from where and how often they meet.
        met = f" in {finding.count} elements from {finding.index}" if "global" in memory else ""
        return f"race {scope}{memory}: {finding.other_access}, then {finding.access}{place}{met}"
    if finding.kind == "out of bounds":
        return f"{finding.access} out of bounds{memory} in {finding.count} threads"
    return (
        f"{finding.kind}{memory}, {finding.count} times" if finding.kind == "never written" else finding.kind + memory
    )
