"""Calls in a kernel: the thread handle's own, the elementary functions, and device functions, which are inlined."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from course.simt.language.functions import BUILTIN, MATH, MODULES
from course.simt.language.scope import Compiler, Expression, Scope
from course.simt.limits import CALLS
from course.simt.machine import NOBODY, UNSET, Partial, Warp
from course.simt.values import Value, spread

# Of NumPy and JAX, whom one asks for a tile before one has met `t.shared`.
_MAKE_ARRAYS = {"array", "asarray", "zeros", "ones", "empty", "full", "zeros_like", "arange"}
_ATOMIC = {"add": np.add, "max": np.maximum, "min": np.minimum}


class Calls(Compiler):
    """Compiles calls."""

    def _call(self, node: ast.Call) -> Expression:
        if node.keywords:
            self.refuse(node, "name no arguments in a call: give them by position")
        match self.path(node.func):
            case [handle, *rest] if handle == self.scope.handle:
                return self._of_thread(node, rest)
            case [name] if name in self.kernel.functions and name not in self.scope.slots:
                return self._inlined(node, name)
            case [name] if self._is_math(name):
                return self._function(node, str(self.kernel.meaning(name))[12:], MATH)
            case [name] if name in BUILTIN and name not in self.scope.slots:
                return self._function(node, name, BUILTIN)
            case [module, name] if self.module(module):
                return self._function(node, name, MODULES.get(str(self.module(module)), {}))
            case ["range"]:
                self.refuse(node, "range() can stand in `for i in range(…)` only")
            case ["len"]:
                self.refuse(node, "len() takes one array")
            case ["print"]:
                self.refuse(node, "print() returns nothing: give it a line of its own")
            case [name]:
                self.refuse(
                    node,
                    f"{name:.60}() can't be called in a kernel: it can call {', '.join(BUILTIN)}, len, math's functions and functions written with def",
                )
        self.refuse(node, "this can't be called in a kernel")

    def _is_math(self, name: str) -> bool:
        meaning = None if name in self.scope.slots else self.kernel.meaning(name)
        return isinstance(meaning, str) and meaning.startswith("import math.")

    def _function(self, node: ast.Call, name: str, known: dict[str, Any]) -> Expression:
        if name in _MAKE_ARRAYS:
            self.refuse(
                node,
                f"{name}() makes an array, which a GPU thread can't: t.shared.array(shape, dtype) is memory that a block shares, t.local.array(shape, dtype) a thread's own",
            )
        if name not in known:
            self.refuse(node, f"{name:.60}() can't be called in a kernel: there are {', '.join(known)}")
        function, numbers = known[name]
        if len(node.args) not in numbers:
            self.refuse(node, f"{name}() takes {numbers.start} to {numbers.stop - 1} values here, not {len(node.args)}")
        args = [self.expr(arg) for arg in node.args]
        self.count()
        if len(args) == 1:
            (one,) = args
            return lambda w: function(one(w))
        return lambda w: function(*[arg(w) for arg in args])

    # The thread handle's own

    def _of_thread(self, node: ast.Call, path: list[str]) -> Expression:
        match path:
            case ["grid"]:
                if len(node.args) != 1 or self.fold(node.args[0]) != 1:
                    self.refuse(node, "t.grid(1) is a number; t.grid(2) is two, to be unpacked: x, y = t.grid(2)")
                return self.grid(node, 0)
            case ["atomic", "add" | "max" | "min" as name]:
                return self._atomically(node, name)
            case ["syncthreads"]:
                self.refuse(node, "t.syncthreads() stands in a line of its own, in the kernel itself")
            case ["shared" | "local" as space, "array"]:
                self.refuse(
                    node, f"t.{space}.array(shape, dtype) gets a name in the kernel itself: tile = t.{space}.array(…)"
                )
        self.refuse(
            node.func if isinstance(node.func, ast.Attribute) else node, None if path else "t is not a function"
        )

    def grid(self, node: ast.AST, axis: int) -> Expression:
        """The thread's index in the whole grid along an axis."""
        self.count()
        self.count()
        size = self.sizes["blockDim"][axis]
        return lambda w: w.block.index[axis] * size + w.tid[axis]

    def _atomically(self, node: ast.Call, name: str) -> Expression:
        if len(node.args) != 3 or self.array(node.args[0]) is None:
            self.refuse(node, f"write t.atomic.{name}(array, index, value), with (i, j) for an index of two numbers")
        memory = self.array(node.args[0])
        assert memory is not None
        if memory.space == "local":
            self.refuse(node, f"{memory.name} is the thread's own: it needs no atomic")
        if memory.dtype.kind == "b":
            self.refuse(node, "truth values can't be added up atomically: use an array of int32")
        parts, value = self.index_parts(node.args[1], memory), self.expr(node.args[2])
        site, combine = self.site(node, memory, "atomic"), _ATOMIC[name]

        def run(w: Warp) -> Value:
            given = spread(value(w)).astype(memory.dtype)
            return memory.atomic(w, site, [part(w) for part in parts], combine, given)

        return run

    # Device functions

    def _inlined(self, node: ast.Call, name: str) -> Expression:
        function = self.kernel.functions[name]
        if any(scope.function == name for scope in self.stack):
            self.refuse(node, f"{name} calls itself, which a GPU thread should not: use a loop")
        if len(self.stack) > CALLS:
            self.refuse(node, f"functions that call each other are nested too deeply: at most {CALLS}")
        scope, setters = self._enter(node, function)
        result = scope.returned = self.variable()
        self.stack.append(scope)
        ops, computes, self.ops, self.computes = self.ops, self.computes, 0, 0
        body = self.body(function.body)
        self.ops, self.computes = ops, computes
        self.stack.pop()
        slots = [*scope.slots.values(), result]
        number = node.lineno
        what = f"what {name}() returns"

        def run(w: Warp) -> Value:
            values = [(slot, given(w)) for slot, given in setters]
            for slot in slots:
                w.regs[slot] = UNSET
            for slot, value in values:
                w.assign(slot, value)
            mask, n, returned, w.returned = w.mask, w.n, w.returned, NOBODY
            for _ in body(w):
                pass
            w.mask, w.n, w.returned = mask, n, returned
            got = w.regs[result]
            return w.read(got, what, number) if got.__class__ is Partial else got

        return run

    def _enter(self, node: ast.Call, function: ast.FunctionDef) -> tuple[Scope, list[tuple[int, Expression]]]:
        """The scope of an inlined function, and what its parameters are set to."""
        params = [arg.arg for arg in function.args.args]
        if len(params) != len(node.args):
            self.refuse(node, f"{function.name}() takes {len(params)} arguments, not {len(node.args)}")
        scope, setters = Scope(function.name, None), []
        for param, given in zip(params, node.args, strict=True):
            memory = self.array(given)
            if isinstance(given, ast.Name) and given.id == self.scope.handle:
                scope.handle = param
            elif memory is not None:
                scope.arrays[param] = memory
            else:
                slot = scope.slots[param] = self.variable()
                setters.append((slot, self.expr(given)))
        self.declare(scope, function)
        return scope, setters
