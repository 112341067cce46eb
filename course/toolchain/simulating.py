"""A kernel under numba's CUDA simulator."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from course.simt import Empty, Kernel
from course.toolchain.process import ToolchainError, ask
from course.toolchain.renaming import renamed

Launch = tuple[Any, "int | tuple[int, ...]", "int | tuple[int, ...]", tuple[Any, ...]]  # kernel, grid, block, arguments


def simulate(
    kernel: Any, grid: int | tuple[int, ...], block: int | tuple[int, ...], *args: Any
) -> dict[str, np.ndarray]:
    """Run a kernel under numba's simulator, renamed; the arguments are those of `simt.launch`, and are never changed.

    Returns:
        Every array of the launch as the kernel left it, by its parameter's name. What nobody wrote to is nan, or the least whole number.

    Raises:
        KernelError: it can't be renamed.
        ToolchainError: numba isn't installed, or refuses it.
    """
    [result] = simulate_all([(kernel, grid, block, args)])
    if isinstance(result, ToolchainError):
        raise result
    return result


def simulate_all(launches: Iterable[Launch]) -> list[Any]:
    """The same for many launches in one process: for each its arrays, or a ToolchainError."""
    jobs, names = [], []
    for kernel, grid, block, args in launches:
        code = Kernel.of(kernel)
        given = [_argument(arg) for arg in args]
        params = [param.arg for param in code.functions[code.name].args.args[1:]]
        names.append([name for name, arg in zip(params, given, strict=True) if isinstance(arg, np.ndarray)])
        jobs.append(vars(renamed(code)) | {"grid": grid, "block": block, "args": given})
    results = ask(jobs, simulator=True)
    return [
        result if isinstance(result, ToolchainError) else dict(zip(of, result, strict=True))
        for of, result in zip(names, results, strict=True)
    ]


def _argument(arg: Any) -> Any:
    if isinstance(arg, Empty):
        junk = np.nan if arg.dtype.kind == "f" else False if arg.dtype.kind == "b" else np.iinfo(arg.dtype).min
        return np.full(arg.shape, junk, arg.dtype)
    if isinstance(arg, bool | int | float):
        return arg
    array = np.array(arg, order="C")
    return array if array.shape else array.item()
