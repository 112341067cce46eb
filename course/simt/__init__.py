"""The GPU in slow motion: run a kernel thread by thread, see what each warp does, and count what a profiler would count.

A kernel is a Python function that every thread of a grid runs, told apart by its thread handle::

    def add(t, x, y, out):
        i = t.blockIdx.x * t.blockDim.x + t.threadIdx.x
        if i < out.size:
            out[i] = x[i] + y[i]

    out, report = simt.launch(add, 4, 256, x, y, simt.empty(1000))

It carries over to numba.cuda, and to CUDA C, by renaming, which `course.toolchain` does: `t.threadIdx`, `t.blockIdx`, `t.blockDim`,
`t.gridDim` with `.x .y .z`; `t.grid(1)`; `t.shared.array(shape, dtype)` and `t.local.array`; `t.syncthreads()`;
`t.atomic.add/max/min(array, index, value)`. It has numbers, arrays (one element at a time, `x.shape`, `x.size`, `len(x)`), tuples and lists whose length is known before the run, if,
while, for, `math`'s functions, `sum`, `min`, `max`, `any` and `all` (of a generator, too), and calls of other such functions, which may
stand inside of the kernel. What Python says in short is counted as what one would write out. Anything else is refused before it runs,
with the line and with what to write instead.

**The model.** A kernel's text is read and interpreted; none of it is executed as Python. A block's threads form warps of 32, x first. A
warp executes one instruction for all its lanes at once. Where they take different ways, the mask of active lanes narrows, each way is
issued in turn, and they come together after it. A warp runs up to a barrier, then the next warp does; blocks follow each other. So all is
deterministic. `Report` says what it counts, and each rule names its source: see `counting.requests` (sectors, bank conflicts),
`report.Line` (instructions, lanes active, divergence), `counting.races`, `occupancy`. docs/measurements.md has its counts
beside what people measured on real chips. Whole numbers have 64 bits; floats are of the type that C would give them, float32 unless an
array says otherwise. // and % round down, as in Python and numba.

**What it leaves out.** Time: there are no caches, no latency, no overlap of warps; it counts the work, not how long it takes. The
compiler: instructions are those of the source, while a compiler keeps values in registers, unrolls loops, fuses a product and a sum,
and loads four neighbors at once. Memory's looseness: stores are seen at once, in program order; what that could hide is reported as a
race. Tensor cores, warp shuffles and votes, cooperative groups, several streams. Registers: their number is the compiler's choice.

**Its parts.** Imports run one way. `launching` puts a kernel on a grid; `language` reads it and compiles it to closures; `scheduler`, `machine`
and `values` run these, warp by warp; `counting` counts what they do; `report` holds the counts and what is wrong; `limits` says how
much fits.
"""

from course.simt.language.source import Kernel
from course.simt.launching import Empty, empty, launch
from course.simt.occupancy import Occupancy, occupancy
from course.simt.report import Event, Finding, KernelError, Report

__all__ = ["Empty", "Event", "Finding", "Kernel", "KernelError", "Occupancy", "Report", "empty", "launch", "occupancy"]
