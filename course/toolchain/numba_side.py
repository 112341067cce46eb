"""The other process, in which numba is: reads jobs from its input, and writes what came of them to its output.

It is run by its path (see `process`), so that it needs nothing of the course. A job is a dict with the fields of `renaming.Renamed`, and

- to compile: `signature`, the dtype's name and the dimensions of each parameter, None for a number; `capability`, such as (7, 5);
- to simulate: `grid`, `block` and `args`. For this NUMBA_ENABLE_CUDASIM is set.
"""

from __future__ import annotations
import __future__

import importlib
import pickle
import sys
import traceback
import warnings
from typing import Any

import numpy as np

if not hasattr(np, "row_stack"):
    # NumPy 2.5 has dropped this other name of vstack. numba-cuda asks for it, and its maintainers mend only what is critical
    # (github.com/NVIDIA/numba-cuda/issues/902 and 907). No other program is in this process.
    np.row_stack = np.vstack  # type: ignore[attr-defined]


def main() -> None:
    """One list of jobs in, one list of results out: ("done", result), or ("failed", what numba says)."""
    jobs = pickle.load(sys.stdin.buffer)
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr  # what a kernel prints is no answer
    warnings.simplefilter("ignore")
    import numba

    results: list[tuple[str, Any]] = []
    for job in jobs:
        try:
            kernel = _kernel(job)
            results.append(("done", _compile(kernel, job) if "capability" in job else _simulate(kernel, job)))
        except Exception as error:
            results.append(("failed", "".join(traceback.format_exception_only(error)).strip()))
    pickle.dump({"numba": numba.__version__, "results": results}, answers)


def _kernel(job: dict[str, Any]) -> Any:
    """The kernel's function, its device functions compiled as such."""
    import numba
    from numba import cuda

    names: dict[str, Any] = {"cuda": cuda} | {name: getattr(numba, name) for name in job["types"]}
    for name, value in job["constants"].items():
        names[name] = _constant(value)
    # Annotations stay text: what they name need not exist here.
    exec(compile(job["text"], "kernel.py", "exec", flags=__future__.annotations.compiler_flag), names)
    first, *others = job["functions"]
    for name in others:
        names[name] = cuda.jit(device=True)(names[name])
    return names[first]


def _constant(value: Any) -> Any:
    if isinstance(value, str):
        module, _, attribute = value.removeprefix("import ").partition(".")
        if value == "import jax.numpy":
            module, attribute = "numpy", ""
        found = importlib.import_module(module)
        return getattr(found, attribute) if attribute else found
    return np.float32(value) if isinstance(value, float) else value


def _compile(kernel: Any, job: dict[str, Any]) -> str:
    """PTX, with the lines of the source."""
    from numba import cuda, types
    from numba.np.numpy_support import from_dtype

    plain = {"int": types.int64, "float": types.float32, "bool": types.boolean}
    signature = tuple(
        plain[name] if dimensions is None else types.Array(from_dtype(np.dtype(name)), dimensions, "C")
        for name, dimensions in job["signature"]
    )
    ptx, _ = cuda.compile_ptx(kernel, signature, cc=job["capability"], lineinfo=True)
    return str(ptx)


def _simulate(kernel: Any, job: dict[str, Any]) -> list[Any]:
    """The arrays afterwards, in the order of the parameters."""
    from numba import cuda

    args = [np.float32(arg) if isinstance(arg, float) else arg for arg in job["args"]]
    with np.errstate(all="ignore"):
        cuda.jit(kernel)[job["grid"], job["block"]](*args)
    return [arg for arg in args if isinstance(arg, np.ndarray)]


if __name__ == "__main__":
    main()
