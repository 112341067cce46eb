"""The arrays that a kernel makes in shared and local memory."""

from __future__ import annotations

import ast
from typing import Any

from course.simt.language.scope import Compiler
from course.simt.limits import LOCAL_BYTES, SHARED_BYTES
from course.simt.machine import Memory
from course.simt.values import DTYPES


class Arrays(Compiler):
    """Compiles declarations of arrays."""

    def is_array(self, path: list[str]) -> bool:
        """Whether a call is t.shared.array or t.local.array."""
        return path in ([self.scope.handle, "shared", "array"], [self.scope.handle, "local", "array"])

    def declare_array(self, node: ast.stmt, name: str, call: Any) -> None:
        """Make an array of shared or local memory.

        Source of the bounds: CUDA C++ Programming Guide, "Technical Specifications per Compute Capability": 48 KB of shared memory
        that is declared this way.
        """
        space = self.path(call.func)[1]
        if len(self.stack) > 1 or self.scope.loops:
            self.refuse(node, f"t.{space}.array belongs into the kernel itself, outside of loops")
        if name in self.scope.arrays:
            self.refuse(node, f"{name} is an array already: choose another name")
        given = dict(zip(("shape", "dtype"), call.args, strict=False)) | {
            word.arg: word.value for word in call.keywords
        }
        if set(given) != {"shape", "dtype"} or len(call.args) + len(call.keywords) != 2:
            self.refuse(node, f'write t.{space}.array((rows, columns), "float32")')
        sides = self.fold(given["shape"], strict=True)
        sides = sides if isinstance(sides, tuple) else (sides,)
        if not 1 <= len(sides) <= 4 or not all(type(n) is int and 1 <= n <= SHARED_BYTES for n in sides):
            self.refuse(
                node,
                "the size must be known before the run, as a compiler needs it: write numbers, or constants defined outside of "
                "the kernel, from 1 up",
            )
        memory = Memory(name, "shared" if space == "shared" else "local", sides, DTYPES[self._dtype(given["dtype"])])
        used = memory.nbytes + sum(m.nbytes for m in self.memories if m.space == "shared")
        if space == "shared" and used > SHARED_BYTES:
            self.refuse(
                node, f"a block has {SHARED_BYTES:,} bytes of shared memory; with this array it would be {used:,}"
            )
        if space == "local" and memory.nbytes > LOCAL_BYTES:
            self.refuse(node, f"a thread has {LOCAL_BYTES:,} bytes for its own arrays here, not {memory.nbytes:,}")
        self.memories.append(memory)
        self.scope.arrays[name] = memory
        del self.scope.slots[name]

    def _dtype(self, node: ast.expr) -> str:
        name = node.value if isinstance(node, ast.Constant) else None
        match self.path(node):
            case [module, attribute] if self.module(module) in ("numpy", "jax.numpy"):
                name = attribute
            case ["float" | "int" | "bool" as plain]:
                name = {"float": "float32", "int": "int64", "bool": "bool"}[plain]
            case [array, "dtype"] if array in self.scope.arrays:
                name = self.scope.arrays[array].dtype.name
        if name not in DTYPES:
            self.refuse(node, f"the second argument is the type of the elements, one of {', '.join(DTYPES)}, in quotes")
        return str(name)
