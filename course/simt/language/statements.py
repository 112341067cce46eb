"""From a syntax tree's statements to closures that run them for a warp."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from course.simt.language.arrays import Arrays
from course.simt.language.calls import Calls
from course.simt.language.control import JUMPS, Control, Leaf
from course.simt.language.expressions import Expressions
from course.simt.language.hints import HINTS
from course.simt.language.scope import Expression
from course.simt.limits import LINES_PRINTED
from course.simt.machine import Barriers, Body, Warp
from course.simt.values import BINARY, Value

Step = tuple[Leaf | None, Body | None]


class Statements(Control, Arrays, Calls, Expressions):
    """The whole compiler: compiles statements, and what they consist of."""

    def body(self, statements: list[ast.stmt]) -> Body:
        """The closure of a list of statements."""
        steps = [step for statement in statements if (step := self.statement(statement)) is not None]
        jumps = any(isinstance(node, JUMPS) for statement in statements for node in ast.walk(statement))

        def run(w: Warp) -> Barriers:
            for leaf, block in steps:
                if leaf is not None:
                    leaf(w)
                elif block is not None:
                    yield from block(w)
                if jumps and not w.n:
                    return

        return run

    def statement(self, node: ast.stmt) -> Step | None:
        """One statement: a leaf, which runs at once, or a body, which may wait at barriers."""
        self.visit(node)
        self.ops = self.computes = 0
        match node:
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                return None
            case ast.Expr(value=ast.Call(func=func) as call):
                return self._called(call, self.path(func))
            case ast.Expr(value=value):
                return self._evaluated(node, self.expr(value))
            case ast.Assign(targets=[target], value=value):
                return self._assign(node, target, value)
            case ast.Assign():
                self.refuse(node, "a = b = … is not possible here: write one assignment a line")
            case ast.AnnAssign(target=target, value=value):
                return self._assign(node, target, value) if value is not None else None
            case ast.AugAssign():
                return self._augmented(node), None
            case ast.If():
                return None, self._if(node)
            case ast.While(orelse=[]):
                return None, self._while(node)
            case ast.For(orelse=[]):
                return None, self._for(node)
            case ast.While() | ast.For():
                self.refuse(
                    node, "a loop with `else` is not possible here: use a variable that says how the loop ended"
                )
            case ast.Raise(exc=ast.Name(id="NotImplementedError") | ast.Call(func=ast.Name(id="NotImplementedError"))):
                raise NotImplementedError(f"{self.scope.function} is not written yet")
            case ast.Return(value=value):
                return self._return(node, value), None
            case ast.Break() | ast.Continue():
                return self._leave(node), None
        self.refuse(node)

    def _evaluated(self, node: ast.AST, value: Expression) -> Step:
        book = self.booked(node)

        def run(w: Warp) -> None:
            value(w)
            if book:
                book(w)

        return run, None

    # Calls in a line of their own

    def _called(self, call: ast.Call, path: list[str]) -> Step:
        if path == [self.scope.handle, "syncthreads"]:
            return None, self._barrier(call)
        if path == ["print"]:
            return self._print(call), None
        return self._evaluated(call, self.expr(call))

    def _barrier(self, node: ast.Call) -> Body:
        if len(self.stack) > 1:
            self.refuse(node, "a barrier belongs into the kernel itself, where one sees that all threads reach it")
        if node.args or node.keywords:
            self.refuse(node, "t.syncthreads() takes nothing")
        self.count(computes=False)
        book, number = self.booked(node), node.lineno
        assert book is not None

        def run(w: Warp) -> Barriers:
            book(w)
            if w.n < w.members:
                members = np.arange(w.mask.size) < w.members
                w.find("barrier", int(np.argmax(members & ~w.mask)), number)
            if w.run.tracing:
                w.event(number, "barrier")
            yield number

        return run

    def _print(self, node: ast.Call) -> Leaf:
        if node.keywords or len(node.args) > 16:
            self.refuse(node, "print() takes up to 16 values, by position")
        parts: list[str | Expression] = []
        for arg in node.args:
            text = isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            parts.append(str(arg.value)[:200] if isinstance(arg, ast.Constant) and text else self.expr(arg))
        self.count()
        book = self.booked(node)
        assert book is not None

        def run(w: Warp) -> None:
            values = [part if isinstance(part, str) else part(w) for part in parts]
            book(w)
            for lane in np.flatnonzero(w.mask) if len(w.run.printed) <= LINES_PRINTED else ():
                w.run.say(" ".join(str(v[lane]) if isinstance(v, np.ndarray) else str(v) for v in values))

        return run

    # Assignments

    def _assign(self, node: ast.stmt, target: ast.expr, value: ast.expr) -> Step | None:
        match target, value:
            case ast.Name(id=name), ast.Call(func=func) if self.is_array(self.path(func)):
                self.declare_array(node, name, value)
                return None
            case ast.Name(id=name), _:
                return self._set(node, [(name, self.expr(value))])
            case ast.Tuple(elts=names), _ if all(isinstance(each, ast.Name) for each in names):
                return self._set(node, self._unpacked(node, [getattr(each, "id", "") for each in names], value))
            case ast.Subscript(), _:
                store = self._stored(target, self.expr(value))
                book = self.booked(node)
                return (lambda w: store(w, book)), None
        self.refuse(target, "a value can be stored under a name or in an array's element")

    def _set(self, node: ast.stmt, pairs: list[tuple[str, Expression]]) -> Step:
        slots = [(self.slot(node, name), value) for name, value in pairs]
        book = self.booked(node)
        if len(slots) == 1:
            ((slot, one),) = slots

            def run(w: Warp) -> None:
                value = one(w)
                if book:
                    book(w)
                w.assign(slot, value)

            return run, None

        def run_all(w: Warp) -> None:
            values = [value(w) for _, value in slots]
            if book:
                book(w)
            for (slot, _), value in zip(slots, values, strict=True):
                w.assign(slot, value)

        return run_all, None

    def _unpacked(self, node: ast.stmt, names: list[str], value: ast.expr) -> list[tuple[str, Expression]]:
        def constant(number: Any) -> Expression:
            return lambda w: number

        known = self.fold(value)
        if isinstance(known, tuple):
            parts = [constant(part) for part in known]
        elif isinstance(value, ast.Tuple):
            parts = [self.expr(part) for part in value.elts]
        elif isinstance(value, ast.Call) and self.path(value.func) == [self.scope.handle, "grid"]:
            count = self.fold(value.args[0]) if value.args else None
            if count not in (2, 3):
                self.refuse(node, "t.grid(2) is two numbers, t.grid(3) is three")
            parts = [self.grid(node, axis) for axis in range(count)]
        else:
            self.refuse(node, "there is one value on the right, and several names on the left")
        if len(parts) != len(names):
            self.refuse(node, f"there are {len(names)} names on the left, and {len(parts)} values on the right")
        return list(zip(names, parts, strict=True))

    def _stored(self, target: ast.Subscript, value: Expression) -> Callable[[Warp, Leaf | None], None]:
        memory = self.array(target.value)
        if memory is None:
            self.refuse(target, "this is no array: only an array's element can be stored into, as in out[i] = …")
        parts = self.indices(target, memory)
        site = self.site(target, memory, "store")

        def store(w: Warp, book: Leaf | None) -> None:
            got, where = value(w), [part(w) for part in parts]
            if book:
                book(w)
            memory.store(w, site, where, got)

        return store

    def _augmented(self, node: ast.AugAssign) -> Leaf:
        op = type(node.op).__name__
        if op not in BINARY:
            self.refuse(node, HINTS.get(op))
        if isinstance(node.target, ast.Name):
            read = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
            step, _ = self._set(node, [(node.target.id, self.binary(node, op, self.expr(read), self.expr(node.value)))])
            assert step is not None
            return step
        if not isinstance(node.target, ast.Subscript) or self.array(node.target.value) is None:
            self.refuse(node, "only a name or an array's element can be added to")
        memory = self.array(node.target.value)
        assert memory is not None
        parts, right = self.indices(node.target, memory), self.expr(node.value)
        loaded, stored = self.site(node, memory, "load"), self.site(node, memory, "store")
        held: list[Value] = [0]
        combine = self.binary(node, op, lambda w: held[0], right)
        book = self.booked(node)

        def run(w: Warp) -> None:
            where = [part(w) for part in parts]
            held[0] = memory.load(w, loaded, where)
            got = combine(w)
            if book:
                book(w)
            memory.store(w, stored, where, got)

        return run
