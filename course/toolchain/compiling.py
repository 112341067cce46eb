"""A kernel as machine code: numba makes PTX of it, NVIDIA's assembler makes machine code of that, and the disassembler reads it back."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from course.simt import Empty, Kernel, Occupancy, occupancy
from course.simt.occupancy import CHIPS
from course.toolchain.machine_code import Code, read
from course.toolchain.process import ToolchainError, ask
from course.toolchain.renaming import renamed
from course.toolchain.tools import program

_USED = re.compile(r"Used (\d+) registers")
_SHARED = re.compile(r"(\d+) bytes smem")
_SPILLED = re.compile(r"(\d+) bytes spill stores")
_SECONDS = 120.0


@dataclass(frozen=True)
class Compiled:
    """What the compiler made of a kernel, for one chip.

    Attributes:
        name: of the kernel; source: its lines, from line 1.
        chip: a name, or a compute capability, of `course.simt.occupancy`; architecture: such as "sm_75".
        block: threads of a block.
        registers: of a thread; shared_bytes: of a block; spilled_bytes: of a thread, what found no register.
        code: the machine code.
        ptx: what numba made of the kernel, NVIDIA's virtual machine code.
    """

    name: str
    source: tuple[str, ...]
    chip: str
    architecture: str
    block: int | tuple[int, ...]
    registers: int
    shared_bytes: int
    spilled_bytes: int
    code: Code = field(repr=False)
    ptx: str = field(repr=False)

    @property
    def occupancy(self) -> Occupancy:
        """How many warps fit, with the registers that the kernel really takes."""
        return occupancy(self.block, self.registers, self.shared_bytes, self.chip)


def compiled(kernel: Any, block: int | tuple[int, ...], *args: Any, chip: str = "Tesla T4") -> Compiled:
    """Compile a kernel for a chip.

    Args:
        kernel: as `simt.launch` takes it.
        block: threads of a block.
        *args: what `simt.launch` would be given; only the types count.
        chip: a name or a compute capability, as in `simt.occupancy`; from 7.5 on.

    Raises:
        KernelError: it can't be renamed, or there is no such chip.
        ToolchainError: the toolchain isn't installed, or refuses the kernel.
    """
    [made] = compile_all([(kernel, block, args, chip)])
    if isinstance(made, ToolchainError):
        raise made
    return made


def compile_all(jobs: Iterable[tuple[Any, int | tuple[int, ...], tuple[Any, ...], str]]) -> list[Any]:
    """The same for many: kernel, block, arguments and chip of each. Gives a `Compiled` or a ToolchainError for each."""
    asked, todo = [], []
    for kernel, block, args, chip in jobs:
        code = Kernel.of(kernel)
        major, minor = CHIPS.get(chip, chip).split(".")
        asked.append((code, block, chip, f"sm_{major}{minor}"))
        signature = [_type(arg) for arg in args]
        todo.append(vars(renamed(code)) | {"signature": signature, "capability": (int(major), int(minor))})
    made: list[Any] = []
    for (code, block, chip, architecture), ptx in zip(asked, ask(todo, simulator=False), strict=True):
        made.append(ptx if isinstance(ptx, ToolchainError) else _assembled(code, block, chip, architecture, ptx))
    return made


def _type(arg: Any) -> tuple[str, int | None]:
    if isinstance(arg, Empty):
        return arg.dtype.name, len(arg.shape)
    if isinstance(arg, bool | int | float):
        return type(arg).__name__, None
    array = np.asarray(arg)
    return (array.dtype.name, array.ndim) if array.ndim else (type(array.item()).__name__, None)


def _assembled(
    kernel: Kernel, block: int | tuple[int, ...], chip: str, architecture: str, ptx: str
) -> Compiled | ToolchainError:
    with tempfile.TemporaryDirectory() as folder:
        text, binary = Path(folder, "kernel.ptx"), Path(folder, "kernel.cubin")
        text.write_text(ptx, encoding="utf-8")
        try:
            said = _run("ptxas", "-v", "-lineinfo", f"-arch={architecture}", str(text), "-o", str(binary))[1]
            listing = _run("nvdisasm", "-g", "-c", str(binary))[0]
        except ToolchainError as error:
            return error
    registers, shared, spilled = (pattern.search(said) for pattern in (_USED, _SHARED, _SPILLED))
    if registers is None:
        return ToolchainError(f"ptxas doesn't say how many registers it used: {said.strip()[-200:]}")
    return Compiled(
        kernel.name,
        tuple(kernel.source.splitlines()),
        chip,
        architecture,
        block,
        int(registers[1]),
        int(shared[1]) if shared else 0,
        int(spilled[1]) if spilled else 0,
        read(listing),
        ptx,
    )


def _run(name: str, *arguments: str) -> tuple[str, str]:
    """What a program of NVIDIA's writes, to its output and besides.

    Raises:
        ToolchainError: it fails.
    """
    path = program(name)
    if path is None:  # it was there when numba was asked
        raise ToolchainError(f"{name} is not here any more.")
    try:
        ran = subprocess.run(
            [path, *arguments], capture_output=True, encoding="utf-8", errors="replace", timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise ToolchainError(f"{name} took longer than {_SECONDS:.0f} seconds, and was stopped.") from None
    if ran.returncode:
        raise ToolchainError(f"{name} refuses the kernel: {ran.stderr.strip()[-300:]}")
    return ran.stdout, ran.stderr
