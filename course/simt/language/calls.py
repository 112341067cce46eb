"""Calls in a kernel: the thread handle's own, the elementary functions, and device functions, which are inlined."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from course.simt.language.functions import BUILTIN, FOLDS, MATH, MODULES
from course.simt.language.scope import UNKNOWN, Compiler, Expression, Scope
from course.simt.limits import CALLS
from course.simt.machine import NOBODY, UNSET, Partial, Warp
from course.simt.values import Value, spread

# Of NumPy and JAX, whom one asks for a tile before one has met `t.shared`.
_MAKE_ARRAYS = {"array", "asarray", "zeros", "ones", "empty", "full", "zeros_like", "arange"}
_ATOMIC = {"add": np.add, "max": np.maximum, "min": np.minimum}


class Calls(Compiler):
    """Compiles calls."""

    def _call(self, node: ast.Call) -> Expression:
        path = self.path(node.func)
        if path and (known := self.local(path[0])) and len(path) == 1:
            return self.inlined(node, *known)
        if node.keywords:
            self.refuse(node, "name no arguments in a call: give them by position")
        folded = self._folded(node, path)
        if folded is not None:
            return folded
        match path:
            case [handle, *rest] if handle == self.scope.handle:
                return self._of_thread(node, rest)
            case [name] if self._is_math(name):
                return self._function(node, str(self.meaning(name))[12:], MATH)
            case [name] if name in BUILTIN and name not in self.scope.slots:
                return self._function(node, name, BUILTIN)
            case [module, name] if self.module(module):
                return self._function(node, name, MODULES.get(str(self.module(module)), {}))
            case ["sum" | "any" | "all" as name]:
                self.refuse(node, f"{name}() goes through an array, a tuple or list, or {name}(… for j in range(n))")
            case ["range"]:
                self.refuse(node, "range() can stand in `for i in range(…)` only")
            case ["len"]:
                self.refuse(node, "len() takes an array, or a tuple or list whose length is known before the run")
            case ["print"]:
                self.refuse(node, "print() returns nothing: give it a line of its own")
            case [name]:
                self.refuse(
                    node,
                    f"{name:.60}() can't be called in a kernel: it can call {', '.join([*BUILTIN, 'sum', 'any', 'all'])}, len, math's functions and functions written with def",
                )
        self.refuse(node, "this can't be called in a kernel")

    def local(self, name: str) -> tuple[ast.FunctionDef, Scope | None] | None:
        """A function that was written with def, and the scope that it sees: that of the function around it."""
        if name in self.scope.functions:
            return self.scope.functions[name]
        if name in self.kernel.functions and name not in self.scope.slots:
            return self.kernel.functions[name], None
        return None

    def _folded(self, node: ast.Call, path: list[str]) -> Expression | None:
        match path:
            case [name] if name in FOLDS and name not in self.scope.slots:
                return self.folded(node, name)
            case [name] if self._is_math(name):
                return self.folded(node, str(self.meaning(name))[12:])
            case [module, name] if self.module(module) and name in (*FOLDS, "fsum", "prod"):
                return self.folded(node, name)
        return None

    def _is_math(self, name: str) -> bool:
        meaning = None if name in self.scope.slots else self.meaning(name)
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

    def several(self, node: ast.expr) -> int:
        """How many values a call of a function written with def returns, if that is a tuple; else 0."""
        known = self.local(node.func.id) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None
        counts = (
            {len(each.elts) if isinstance(each, ast.Tuple) else 0 for each in _returned(known[0])} if known else {0}
        )
        if len(counts) > 1 and counts != {0}:
            self.refuse(node, "a function returns one value in each of its lines, or equally many in all")
        return counts.pop() if counts else 0

    def inlined(
        self,
        node: ast.Call,
        function: ast.FunctionDef,
        around: Scope | None,
        into: list[int] | None = None,
        used: bool = True,
    ) -> Expression:
        """A call of a function written with def; of several values that it returns, the first. `into` gets the slots of all.

        A call in a line of its own does not use the value: then not every thread has to return one.
        """
        name, returns = function.name, max(self.several(node), 1)
        if any(scope.function == name for scope in self.stack):
            self.refuse(node, f"{name} calls itself, which a GPU thread should not: use a loop")
        if len(self.stack) > CALLS:
            self.refuse(node, f"functions that call each other are nested too deeply: at most {CALLS}")
        scope, setters = self._enter(node, function, around)
        results = scope.returned = [self.variable() for _ in range(returns)]
        if into is not None:
            into += results
        around_it = set(around.slots.values()) if around else set()
        self.stack.append(scope)
        ops, computes, self.ops, self.computes = self.ops, self.computes, 0, 0
        body = self.body(function.body)
        self.ops, self.computes = ops, computes
        self.stack.pop()
        slots = [*(slot for slot in scope.slots.values() if slot not in around_it), *results]
        number, result = node.lineno, results[0]
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
            if got.__class__ is not Partial:
                return got
            return w.read(got, what, number) if used else 0

        return run

    def unpacked(self, node: ast.Call) -> list[Expression]:
        """The values that a call of a function returns, one after the other; the first makes the call."""
        function, around = self.local(self.path(node.func)[0]) or (None, None)
        assert function is not None
        slots: list[int] = []
        first = self.inlined(node, function, around, slots)
        what, number = f"what {function.name}() returns", node.lineno

        def later(slot: int) -> Expression:
            def read(w: Warp) -> Value:
                got = w.regs[slot]
                return w.read(got, what, number) if got.__class__ is Partial else got

            return read

        return [first, *(later(slot) for slot in slots[1:])]

    def _enter(
        self, node: ast.Call, function: ast.FunctionDef, around: Scope | None
    ) -> tuple[Scope, list[tuple[int, Expression]]]:
        """The scope of an inlined function, and what its parameters are set to."""
        given = self._arguments(node, function)
        scope, setters = Scope(function.name, None), []
        if around:
            scope = Scope(function.name, around.handle, dict(around.slots), dict(around.arrays), dict(around.fixed))
            scope.sequences, scope.functions = dict(around.sequences), dict(around.functions)
            scope.modules = dict(around.modules)
        for param, arg in given.items():
            for table in (scope.slots, scope.arrays, scope.fixed, scope.sequences, scope.functions, scope.modules):
                table.pop(param, None)
            memory, parts = self.array(arg), self.parts(arg)
            if isinstance(arg, ast.Name) and arg.id == self.scope.handle:
                scope.handle = param
            elif memory is not None:
                scope.arrays[param] = memory
            elif parts is not None and all(isinstance(part, ast.Constant) for part in parts):
                scope.sequences[param] = parts
            elif isinstance(arg, ast.Name) and (known := self.local(arg.id)):
                scope.functions[param] = known
            else:
                slot = scope.slots[param] = self.variable()
                setters.append((slot, self.expr(arg)))
        self.declare(scope, function)
        return scope, setters

    def _arguments(self, node: ast.Call, function: ast.FunctionDef) -> dict[str, ast.expr]:
        """What is given for each parameter: by position, by name, or by default."""
        args = function.args
        params = [arg.arg for arg in (*args.posonlyargs, *args.args)]
        defaults = dict(zip(params[len(params) - len(args.defaults) :], args.defaults, strict=True))
        for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            if default is not None:
                defaults[arg.arg] = default
        if any(self.fold(default) is UNKNOWN for default in defaults.values()):
            self.refuse(function, f"{function.name}: a default is a number that is known before the run")
        every = [*params, *(arg.arg for arg in args.kwonlyargs)]
        named = {str(word.arg): word.value for word in node.keywords}
        by_place = dict(zip(params, node.args, strict=False))
        given = {**defaults, **by_place, **named}
        wrong = len(node.args) > len(params) or set(by_place) & set(named) or set(given) != set(every)
        if wrong or any(isinstance(arg, ast.Starred) for arg in node.args):
            self.refuse(node, f"{function.name}() takes {len(every)} arguments, {', '.join(every)}, not these")
        return {param: given[param] for param in every}


def _returned(function: ast.FunctionDef) -> list[ast.expr]:
    """What a function itself returns, line by line."""
    found: list[ast.expr] = []
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop(0)
        if isinstance(node, ast.Return) and node.value is not None:
            found.append(node.value)
        elif not isinstance(node, ast.FunctionDef | ast.Lambda):
            todo += ast.iter_child_nodes(node)
    return found
