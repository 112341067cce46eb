"""The process that runs programs: each was written down in a learner's kernel, and none of the learner's code is here.

It is forked into a sandbox of its own, as kernels are. A request is a program and inputs for it; the answer is what the program is
made of and what it gives.
"""

from __future__ import annotations

import dataclasses
import json
import os
from multiprocessing.connection import Listener
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import export

from course import _kernel
from course.checks import wire
from course.checks.program import Kind, Program, Unreadable, as_plain
from course.checks.stablehlo import read

# No request is larger (bytes).
_MOST = 100_000_000
# Element types by the names that StableHLO has for them.
_TYPES = {"f": "float", "bf": "bfloat", "i": "int", "ui": "uint"}
# What stands for operations of StableHLO's own sisters, such as `mhlo.erf`.
_KNOWN = "mhlo."


def serve(job: dict[str, Any]) -> None:
    """Answer requests until the connection ends; never returns. `job`: as :func:`course._kernel.serve` has it."""
    _kernel.settle(job)
    with Listener(job["file"], "AF_UNIX") as listener, listener.accept() as connection:
        while True:
            try:
                request = json.loads(connection.recv_bytes(_MOST))
            except (EOFError, OSError, ValueError):
                break
            connection.send_bytes(json.dumps(answer(request)).encode())
    os._exit(0)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to one request: "program" and "runs", as wire.py writes them; or "problem", a sentence."""
    found = answered(wire.decode(request["program"]), wire.decode(request["runs"]))
    if isinstance(found, str):
        return {"problem": found}
    program, runs = found
    try:
        return {"program": wire.encode(as_plain(program)), "runs": wire.encode(runs)}
    except Unreadable as error:
        return {"problem": str(error)}


def answered(text: np.ndarray, runs: list[Any]) -> tuple[Program, list[list[Any]]] | str:
    """What a program is made of, and what it gives for the inputs of each run; or what is wrong with it, as a part of a sentence."""
    try:
        exported = dataclasses.replace(_template(runs[0], ()), mlir_module_serialized=text.tobytes())
        program = read(exported.mlir_module())
        if foreign := [name for name in program.foreign if not name.startswith(_KNOWN)]:
            return f"it calls `{foreign[0][:60]}`, which is not in it"
        if list(program.inputs) != [_kind(one) for one in runs[0]]:
            return "its inputs are not those of the exercise"
        call = jax.jit(
            dataclasses.replace(_template(runs[0], program.outputs), mlir_module_serialized=text.tobytes()).call
        )
        return program, [[np.asarray(one) for one in call(*run)] for run in runs]
    except Exception as error:
        said = str(error).strip().splitlines() or [""]
        return f"it can't be run: {type(error).__name__}: {said[0][:200]}"


def _template(inputs: list[Any], outputs: tuple[Kind, ...]) -> Any:
    """An exported function of these inputs and outputs, whose module is to be exchanged for another."""

    def function(*arrays: Any) -> list[Any]:
        return [jnp.zeros(shape, _dtype(kind)) for kind, shape in outputs]

    shapes = [jax.ShapeDtypeStruct(np.shape(one), one.dtype) for one in inputs]
    return export.export(jax.jit(function, keep_unused=True))(*shapes)


def _dtype(kind: str) -> Any:
    letters = kind.rstrip("0123456789")
    return jnp.dtype("bool" if kind == "i1" else _TYPES[letters] + kind[len(letters) :])


def _kind(array: Any) -> Kind:
    letters = next(short for short, name in _TYPES.items() if array.dtype.name.rstrip("0123456789") == name)
    return f"{letters}{8 * array.dtype.itemsize}", np.shape(array)


def main() -> None:
    """A process of its own, started from nothing: the job comes as a line of JSON on the standard input."""
    import sys

    serve(json.loads(sys.stdin.readline()))


if __name__ == "__main__":
    main()
