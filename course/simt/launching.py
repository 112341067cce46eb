"""`launch`: a kernel on arrays, in slow motion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from course.simt import limits
from course.simt.configuration import budget, check_launch, dimensions
from course.simt.counting.books import Run
from course.simt.language.scope import Scope
from course.simt.language.source import Kernel
from course.simt.language.statements import Statements
from course.simt.machine import Block, Body, Memory
from course.simt.report.report import KernelError, Report
from course.simt.scheduler import end_launch, run_block
from course.simt.values import BOOL, DTYPES
from course.terminal import say

_DEEP = "the kernel and the functions that it calls are nested too deeply: split expressions into several lines"


@dataclass(frozen=True)
class Empty:
    """An array that nobody has written to; see `empty`."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def empty(shape: int | tuple[int, ...], dtype: Any = "float32") -> Empty:
    """An array of memory as `cudaMalloc` gives it: to read an element before something was stored there is a mistake.

    Raises:
        KernelError: no such array is possible.
    """
    sides = shape if isinstance(shape, tuple) else (shape,)
    if not all(isinstance(n, int | np.integer) and n >= 0 for n in sides) or prod(map(int, sides)) > limits.ELEMENTS:
        raise KernelError(f"an array has sizes from 0 up, and at most {limits.ELEMENTS:,} elements, not {shape!r:.60}")
    return Empty(tuple(int(n) for n in sides), _dtype(np.dtype(dtype), "the array"))


def launch(
    kernel: Callable[..., Any] | Kernel,
    grid: int | tuple[int, ...],
    block: int | tuple[int, ...],
    *args: Any,
    strict: bool = True,
    trace: bool | Iterable[int] = False,
    max_threads: int = limits.THREADS,
    max_instructions: int = limits.INSTRUCTIONS,
    echo: bool = True,
) -> tuple[Any, Report]:
    """Run a kernel on a grid of blocks of threads, and count what the hardware would count.

    Args:
        kernel: a function of a thread handle and the arguments; see `course.simt`.
        grid: how many blocks, along x, or (x, y), or (x, y, z).
        block: how many threads each has; at most 1,024.
        *args: NumPy or JAX arrays, `empty(…)`, and numbers. They are copied, never changed.
        strict: raise if something was found; else what was found is in `report.findings`, and threads that miss an array do nothing.
        trace: note the events of block 0 (True), or of the blocks with these numbers, in `report.trace`.
        max_threads, max_instructions: budgets, of threads and of warp-instructions; up to 1,048,576 and 50,000,000.
        echo: show what the kernel prints.

    Returns:
        (out, report): out is a copy of the array that the kernel stores into, as the kernel left it; a tuple, in the order of the
        parameters, if there are several; None if there is none.

    Raises:
        KernelError: the kernel can't be run, or takes too long, or something was found in it.
        NotImplementedError: it is still to be written: it says `raise NotImplementedError`.
    """
    code = Kernel.of(kernel)
    grid_sides, block_sides = dimensions(grid, "the grid"), dimensions(block, "the block")
    most = budget(max_threads, limits.MOST_THREADS, "max_threads")
    check_launch(grid_sides, block_sides, most)
    instructions = budget(max_instructions, limits.MOST_INSTRUCTIONS, "max_instructions")
    compiler = Statements(code, grid_sides, block_sides)
    try:
        body, initial, arrays = _compiled(compiler, args)
    except RecursionError:
        raise KernelError(_DEEP) from None

    numbers = frozenset([0] if trace is True else [] if trace is False else [int(number) for number in trace])
    run = Run(code.text, grid_sides, block_sides, instructions, numbers, compiler.lines, list(compiler.sites.values()))
    x, y, _ = limits.whole(grid_sides)
    try:
        with np.errstate(all="ignore"):
            for number in range(prod(grid_sides)):
                at = Block(number, (number % x, number // x % y, number // (x * y)), run.threads)
                run_block(run, at, body, compiler.variables, compiler.memories, initial)
            end_launch(run, compiler.memories)
    except RecursionError:
        raise KernelError(_DEEP) from None

    shared = sum(memory.nbytes for memory in compiler.memories if memory.space == "shared")
    report = _report(code, run, shared)
    if echo and run.printed:
        say("\n".join(run.printed))
    if report.findings and strict:
        first, others = report.findings[0], len(report.findings) - 1
        more = f" (and {others} more in report.findings)" if others else ""
        raise KernelError(first.message + more, line=first.line, finding=first, report=report)
    outs = tuple(memory.data.reshape(memory.shape) for memory in arrays if memory.stored)
    return (outs[0] if len(outs) == 1 else outs or None), report


def _report(kernel: Kernel, run: Run, shared_bytes: int) -> Report:
    """The report of a run that has ended."""
    return Report(
        kernel.name,
        run.grid,
        run.block,
        tuple(kernel.source.splitlines()),
        {number: line for number, line in sorted(run.lines.items()) if line.instructions},
        tuple(sorted(run.sites, key=lambda site: (site.line, site.kind != "load"))),
        run.barriers,
        shared_bytes,
        tuple(run.findings()),
        tuple(run.events),
        tuple(run.printed),
    )


def _compiled(compiler: Statements, args: tuple[Any, ...]) -> tuple[Body, dict[int, Any], list[Memory]]:
    """The kernel's body, the variables that are set from the start, and its arrays, in the order of the parameters."""
    kernel = compiler.kernel
    function = kernel.functions[kernel.name]
    params = [arg.arg for arg in function.args.args]
    if function.args.defaults or function.args.kwonlyargs or function.args.posonlyargs:
        raise KernelError.at(1, f"{kernel.name} takes plain parameters only: no defaults, no *, no /")
    if not params:
        raise KernelError.at(1, "a kernel's first parameter is the thread handle, such as t")
    if len(params) - 1 != len(args):
        raise KernelError(f"{kernel.name} takes {len(params) - 1} arguments after the thread handle, not {len(args)}")
    scope = Scope(kernel.name, params[0])
    values: dict[str, Any] = {}
    total = 0
    for name, arg in zip(params[1:], args, strict=True):
        value = _argument(name, arg)
        if isinstance(value, Memory):
            total += prod(value.shape)
            scope.arrays[name] = value
        else:
            values[name] = value
    if total > limits.ELEMENTS:
        raise KernelError(
            f"{total:,} elements are too many for slow motion: at most {limits.ELEMENTS:,} in all arrays together"
        )
    arrays = list(scope.arrays.values())
    compiler.memories += arrays
    compiler.stack.append(scope)
    compiler.declare(scope, function)
    scope.fixed = {name: value for name, value in values.items() if name not in scope.slots}
    initial = {scope.slots[name]: value for name, value in values.items() if name in scope.slots}
    return compiler.body(function.body), initial, arrays


def _argument(name: str, arg: Any) -> Memory | bool | int | float:
    if isinstance(arg, Empty):
        memory = Memory(name, "global", arg.shape, arg.dtype)
        memory.clear()
        return memory
    if isinstance(arg, bool | int | float):
        if isinstance(arg, int) and not -(2**63) <= arg < 2**63:
            raise KernelError(f"{name} does not fit into 64 bits")
        return arg
    if not hasattr(arg, "dtype") or not hasattr(arg, "shape"):
        raise KernelError(f"{name} is of type {type(arg).__name__}: a kernel takes arrays and numbers")
    if prod(arg.shape) > limits.ELEMENTS:
        raise KernelError(f"{name} has {prod(arg.shape):,} elements: slow motion takes at most {limits.ELEMENTS:,}")
    array = np.asarray(arg)
    if not array.shape:
        number: bool | int | float = array.item()
        return number if isinstance(number, bool | int | float) else _argument(name, number)
    return Memory(name, "global", array.shape, _dtype(array.dtype, name), np.array(array, order="C").reshape(-1))


def _dtype(dtype: np.dtype[Any], name: str) -> np.dtype[Any]:
    """The element type in this machine's byte order.

    Raises:
        KernelError: the simulator does not know it.
    """
    if dtype.name not in DTYPES:
        raise KernelError(f"{name} is of type {dtype.name}; a kernel takes arrays of {', '.join(DTYPES)}")
    return BOOL if dtype.kind == "b" else DTYPES[dtype.name]
