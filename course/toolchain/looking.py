"""What became of a kernel on several chips, as text and as HTML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from course.simt.report import tables
from course.simt.report.report import silent
from course.toolchain.compiling import Compiled, compile_all
from course.toolchain.machine_code import KINDS, Instruction, count
from course.toolchain.process import ToolchainError

CHIPS = ("Tesla T4", "NVIDIA A100-SXM4-40GB", "NVIDIA H100 80GB HBM3")
_CHIPS = ("chip", "registers a thread", "spilled bytes", "shared bytes a block", "warps", "occupancy", "bound by")
_COMMENT = re.compile(r"\s{2,}#.*$")  # it would take the numbers' place


@dataclass(frozen=True, repr=False)
class Look:
    """What became of a kernel. Print it, or show it in a notebook: a table of chips, and one of the source's lines for the first.

    Attributes:
        made: the kernel on each chip; empty where the toolchain is missing or refuses the kernel.
        why: then, the reason, in a sentence.
    """

    made: tuple[Compiled, ...] = ()
    why: str = ""

    def __repr__(self) -> str:
        if not self.made:
            return self.why
        said = "\n".join(f"  {line}" for line in self._summary())
        lines = tables.text(*self._lines())
        return f"{self._title()}\n{said}\n\n{tables.text(_CHIPS, self._chips())}\n\n{lines}"

    def _repr_html_(self) -> str:
        if not self.made:
            return f"<p>{escape(self.why)}</p>"
        said = "".join(f"<li>{escape(line)}</li>" for line in self._summary())
        chips = tables.html("chips", _CHIPS, self._chips())
        lines = tables.html("lines of the kernel", *self._lines())
        return f"<p><b>{escape(self._title())}</b></p><ul>{said}</ul>{chips}{lines}"

    def _title(self) -> str:
        return f"{self.made[0].name}, compiled; blocks of {self.made[0].block} threads"

    def _summary(self) -> list[str]:
        first = self.made[0]
        instructions = len(first.code.instructions)
        said = [f"for the {first.chip} ({first.architecture}): {instructions} instructions in all"]
        loops = first.code.loops
        if not loops:
            return [*said, "no loop is left"]
        for number, loop in enumerate(loops, start=1):
            inside = [each for each in first.code.instructions if each in loop]
            name = f"inner loop {number}" if len(loops) > 1 else "the inner loop"
            said.append(f"{name}: {len(inside)} instructions: {_in_words(inside)}")
        return said

    def _chips(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        for each in self.made:
            fits = each.occupancy
            warps, share = f"{fits.warps} of {fits.most_warps}", f"{100 * fits.fraction:.0f} %"
            numbers = (str(each.registers), str(each.spilled_bytes), f"{each.shared_bytes:,}", warps, share)
            rows.append((each.chip, *numbers, " and ".join(fits.bound_by)))
        return rows

    def _lines(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """The heads and the rows: only kinds that occur have a column."""
        first = self.made[0]
        skipped = silent(first.source)
        shown = [number for number in range(1, len(first.source) + 1) if number not in skipped]
        of_line: dict[int, list[Instruction]] = {number: [] for number in shown}
        for each in first.code.instructions:  # what comes from a docstring's line is the kernel's beginning
            of_line[max((number for number in shown if number <= each.line), default=shown[0])].append(each)
        inside = set(first.code.inside())
        kinds = [kind for kind in KINDS if count(first.code.instructions)[kind]]
        heads = ("line", "source", "all", *(["in inner loops"] if inside else []), *kinds)
        rows = []
        for number, here in of_line.items():
            looped = [len(inside.intersection(here))] if inside else []
            numbers = [len(here), *looped, *(count(here)[kind] for kind in kinds)]
            text = _COMMENT.sub("", first.source[number - 1])
            rows.append((str(number), text, *(str(n) if n else "" for n in numbers)))
        return heads, rows


def _in_words(instructions: Sequence[Instruction]) -> str:
    counts, wide = count(instructions), Counter(each.kind for each in instructions if each.words > 1)
    said = []
    for kind in KINDS:
        if counts[kind]:
            name = f"in {kind}" if kind.startswith("float") else kind
            of_several = f" ({wide[kind]} of several numbers at once)" if wide[kind] else ""
            said.append(f"{counts[kind]} {name}{of_several}")
    return ", ".join([*said, f"{len(instructions) - counts.total()} others"])


def look(kernel: Any, block: int | tuple[int, ...], *args: Any, chips: Sequence[str] = CHIPS) -> Look:
    """What the real compiler makes of a kernel, for each of the chips; where it isn't installed, the sentence that says so.

    Args:
        kernel: as `simt.launch` takes it.
        block: threads of a block.
        *args: what `simt.launch` would be given; only the types count.
        chips: names or compute capabilities, as in `simt.occupancy`; from 7.5 on.

    Raises:
        KernelError: the kernel can't be renamed, or there is no such chip.
    """
    try:
        made = compile_all([(kernel, block, args, chip) for chip in chips])
    except ToolchainError as error:
        return Look(why=str(error))
    for each in made:
        if isinstance(each, ToolchainError):
            return Look(why=str(each))
    return Look(tuple(made))
