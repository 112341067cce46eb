"""A kernel of `course.simt` on the real tools: numba's CUDA simulator, and NVIDIA's compiler. Neither needs a GPU.

`renamed` is the kernel as `numba.cuda` wants it, by the names that lesson 01 lists. `simulate` runs that text under numba's simulator, one
Python thread for each CUDA thread; `compiled` turns it into machine code for one architecture, and `look` shows what became of it for
several: registers, shared memory, occupancy, and what each line of the source became::

    from course import toolchain

    toolchain.look(kernel, (16, 16), A, B, simt.empty((32, 32)))

The tools come with the extra `toolchain` (numba-cuda, and NVIDIA's packages with its compilers and its disassembler). Without them `missing` says
in a sentence what to install, `look` shows that sentence, and the others raise it as a `ToolchainError`.

**Its parts.** Imports run one way. `looking` shows what `compiling` made, which reads the machine code by `machine_code`; `simulating` and
`compiling` hand the text of `renaming` to `process`, which starts `numba_side.py` in a Python of its own: numba's simulator can only be chosen
before numba is imported, and the learner's process need not load it. `tools` finds the programs.

**Not for the work of others.** numba executes the kernel's text as Python. Graders use `course.simt` alone, which executes nothing.
"""

from course.toolchain.compiling import Compiled, compiled
from course.toolchain.looking import Look, look
from course.toolchain.process import ToolchainError
from course.toolchain.renaming import Renamed, renamed
from course.toolchain.simulating import simulate
from course.toolchain.tools import missing

__all__ = ["Compiled", "Look", "Renamed", "ToolchainError", "compiled", "look", "missing", "renamed", "simulate"]
