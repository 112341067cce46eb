"""Machine code, as nvdisasm writes it: instructions, the line that each comes from, and the loops.

Instructions are those of NVIDIA's CUDA Binary Utilities, "Instruction Set Reference"; what is said here holds for 7.5 to 9.0.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

_LINE = re.compile(r'//## File "[^"]*", line (\d+)')
_LABEL = re.compile(r"^(\.L_\w+):")
_INSTRUCTION = re.compile(r"/\*([0-9a-f]{4,})\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_]*)((?:\.\w+)*)\s*([^;]*);")
_TARGET = re.compile(r"`\((\.L_\w+)\)")

# By the first letters of an instruction. What is in none of them computes indices, compares, converts or branches.
KINDS = {
    "global loads": ("LDG", "LD"),
    "global stores": ("STG", "ST"),
    "shared loads": ("LDS",),
    "shared stores": ("STS",),
    "spills": ("LDL", "STL"),
    "atomics": ("ATOM", "ATOMG", "ATOMS", "RED", "REDG"),
    "barriers": ("BAR",),
    "float32": ("FADD", "FMUL", "FFMA", "FMNMX", "FSET", "FSETP", "FSEL", "FCHK", "MUFU"),
    "float64": ("DADD", "DMUL", "DFMA", "DSETP", "DMNMX"),
}
_KIND = {name: kind for kind, names in KINDS.items() for name in names}


@dataclass(frozen=True)
class Instruction:
    """One instruction of the machine.

    Attributes:
        address: in the kernel, in bytes.
        name: such as "LDS"; words: how many numbers of four bytes it moves at once, if it loads or stores.
        line: of the source that it comes from; 0 where the compiler doesn't say.
        kind: one of `KINDS`, or "".
    """

    address: int
    name: str
    words: int
    line: int
    kind: str


@dataclass(frozen=True)
class Loop:
    """A loop of the machine: the addresses of its first instruction and of the branch that leads back to it."""

    first: int
    last: int

    def __contains__(self, instruction: Instruction) -> bool:
        return self.first <= instruction.address <= self.last


@dataclass(frozen=True)
class Code:
    """A kernel's machine code: its instructions, and its innermost loops, those that hold no other."""

    instructions: tuple[Instruction, ...]
    loops: tuple[Loop, ...]

    def inside(self) -> tuple[Instruction, ...]:
        """The instructions of the innermost loops."""
        return tuple(each for each in self.instructions if any(each in loop for loop in self.loops))


def count(instructions: Iterable[Instruction]) -> Counter[str]:
    """How many there are of each kind."""
    return Counter(each.kind for each in instructions if each.kind)


def read(text: str) -> Code:
    """What `nvdisasm -g -c` has written about one kernel."""
    instructions: list[Instruction] = []
    labels: dict[str, int] = {}
    waiting: list[str] = []
    branches: list[tuple[int, str]] = []
    line = 0
    for row in text.splitlines():
        if of_source := _LINE.search(row):
            if "inlined at" not in row or not line:
                line = int(of_source[1])
        elif label := _LABEL.match(row.strip()):
            waiting.append(label[1])
        elif found := _INSTRUCTION.search(row):
            address, name, parts = int(found[1], 16), found[2], found[3].split(".")
            labels |= dict.fromkeys(waiting, address)
            waiting.clear()
            words = 4 if "128" in parts else 2 if "64" in parts else 1
            instructions.append(Instruction(address, name, words, line, _KIND.get(name, "")))
            if name == "BRA" and (target := _TARGET.search(found[4])):
                branches.append((address, target[1]))
    # A branch back; that to itself, after the end, is what the assembler fills up with.
    loops = [Loop(labels[to], at) for at, to in branches if labels.get(to, at) < at]
    inner = [a for a in loops if not any(b != a and a.first <= b.first and b.last <= a.last for b in loops)]
    return Code(tuple(instructions), tuple(inner))
