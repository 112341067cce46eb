"""Names that the kernel defines: its variables, and its arrays in shared and local memory."""

from __future__ import annotations

import ast
from typing import Any

from course.simt.language.calls import Calls
from course.simt.language.scope import Expression, Scope
from course.simt.limits import LOCAL_BYTES, SHARED_BYTES
from course.simt.memory import Memory
from course.simt.values import DTYPES


class Arrays(Calls):
    """Compiles declarations, and the bounds of loops."""

    def declare(self, scope: Scope, function: ast.FunctionDef) -> None:
        """Give each variable of a function its slot, and refuse what a function's head can't have."""
        args = function.args
        if args.vararg or args.kwarg or args.kwonlyargs or args.posonlyargs or args.defaults:
            self.refuse(function, f"{function.name} takes plain parameters only: no defaults, no *, no **")
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id not in scope.slots:
                if node.id in scope.arrays or node.id == scope.handle:
                    self.refuse(node, f"{node.id} has a meaning already: choose another name")
                scope.slots[node.id] = self.variable()

    def slot(self, node: ast.AST, name: str) -> int:
        """The slot of a variable that is assigned to."""
        if name in self.scope.arrays:
            self.refuse(node, f"{name} is an array: choose another name")
        return self.scope.slots[name]

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
        if name not in DTYPES:
            self.refuse(node, f"the second argument is the type of the elements, one of {', '.join(DTYPES)}, in quotes")
        return str(name)

    def bounds(self, node: ast.For) -> tuple[Expression, Expression, Expression]:
        """The start, stop and step of `for … in range(…)`."""
        call = node.iter
        if (
            not isinstance(call, ast.Call)
            or self.path(call.func) != ["range"]
            or call.keywords
            or not 1 <= len(call.args) <= 3
        ):
            self.refuse(node, "a loop counts, as in `for i in range(n)`: a GPU thread has nothing else to go through")
        given = [self.expr(arg) for arg in call.args]

        def constant(number: int) -> Expression:
            return lambda w: number

        if len(given) == 1:
            return constant(0), given[0], constant(1)
        return given[0], given[1], given[2] if len(given) == 3 else constant(1)
