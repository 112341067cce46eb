"""From a syntax tree's statements to closures that run them for a warp."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from course.simt.language.assignments import Assignments, Step
from course.simt.language.control import JUMPS, Leaf
from course.simt.language.functions import CONSTANTS, MATH, MODULES
from course.simt.language.scope import Expression
from course.simt.limits import LINES_PRINTED
from course.simt.machine import Barriers, Body, Warp
from course.simt.report.findings import show
from course.simt.report.report import KernelError
from course.simt.values import spread, truth


class Statements(Assignments):
    """The whole compiler: compiles statements, and what they consist of."""

    def body(self, statements: list[ast.stmt]) -> Body:
        """The closure of a list of statements."""
        steps = [step for statement in statements for step in self.statement(statement)]
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

    def statement(self, node: ast.stmt) -> list[Step]:
        """One statement, in steps: leaves, which run at once, or bodies, which may wait at barriers."""
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            simpler = self.plain(node)
            if simpler is not None:
                return [step for each in simpler for step in self.statement(each)]
        step = self._statement(node)
        return [] if step is None else [step]

    def _statement(self, node: ast.stmt) -> Step | None:
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
            case ast.AnnAssign(target=target, value=value):
                return self._assign(node, target, value) if value is not None else None
            case ast.AugAssign():
                return self._augmented(node), None
            case ast.If():
                return None, self._if(node)
            case ast.While():
                return None, self._while(node)
            case ast.For():
                array = self.array(node.iter)
                return None, self._for(self.over_elements(node, array) if array else node)
            case ast.FunctionDef():
                return self.function_inside(node, node)
            case ast.Import() | ast.ImportFrom():
                return self._import(node)
            case ast.Assert():
                return self._assert(node), None
            case ast.Raise(exc=ast.Name(id="NotImplementedError") | ast.Call(func=ast.Name(id="NotImplementedError"))):
                raise NotImplementedError(f"{self.scope.function} is not written yet")
            case ast.Return(value=value):
                return self._return(node, value), None
            case ast.Break() | ast.Continue():
                return self._leave(node), None
        self.refuse(node)

    def _import(self, node: ast.Import | ast.ImportFrom) -> Step | None:
        for name in node.names:
            whole = f"{node.module}.{name.name}" if isinstance(node, ast.ImportFrom) else name.name
            module, _, part = whole.partition(".") if whole.startswith("math.") else (whole, "", "")
            if module not in MODULES or (part and part not in MATH and part not in CONSTANTS):
                self.refuse(node, f"{whole} can't be imported in a kernel: there are {', '.join(MODULES)}")
            self.scope.modules[name.asname or name.name] = f"import {whole}"
        return None

    def _assert(self, node: ast.Assert) -> Leaf:
        test, number = self.expr(node.test), node.lineno
        self.count()
        book = self.booked(node)
        assert book is not None

        def run(w: Warp) -> None:
            held = spread(truth(test(w)))
            book(w)
            if (w.mask & ~held).any():
                at = int(w.thread[np.argmax(w.mask & ~held)])
                where = f"thread {show(w.run.of_thread(at))} of block {show(w.block.index[: len(w.run.grid)])}"
                raise KernelError.at(number, f"what is asserted does not hold in {where}")

        return run

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
        if len(path) == 1 and (known := self.local(path[0])):
            self.visit(call)
            return self._evaluated(call, self.inlined(call, *known, used=False))
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
        parts = [self._printed(arg) for arg in node.args]
        self.count()
        book = self.booked(node)
        assert book is not None

        def run(w: Warp) -> None:
            values = [part(w) for part in parts]
            book(w)
            for lane in np.flatnonzero(w.mask).tolist() if len(w.run.printed) <= LINES_PRINTED else ():
                w.run.say(" ".join(value(lane) for value in values))

        return run

    def _printed(self, node: ast.expr) -> Callable[[Warp], Callable[[int], str]]:
        """What print() shows of one value, lane by lane."""
        match node:
            case ast.Constant(value=str(text)):
                return lambda w: lambda lane: text[:200]
            case ast.JoinedStr(values=pieces):
                parts = [self._printed(piece) for piece in pieces]

                def joined(w: Warp) -> Callable[[int], str]:
                    values = [part(w) for part in parts]
                    return lambda lane: "".join(value(lane) for value in values)

                return joined
            case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
                given, form = self.expr(inner), ""
            case ast.FormattedValue(
                value=inner, conversion=-1, format_spec=ast.JoinedStr(values=[ast.Constant(value=str(form))])
            ):
                given = self.expr(inner)
                if not re.fullmatch(r"[<>^+ ]?[+-]?0?\d{0,2}(\.\d{1,2})?[a-zA-Z%]?", form):
                    self.refuse(node, f"{form:.20} is no way to show a number here")
            case _:
                given, form = self.expr(node), ""

        def shown(w: Warp) -> Callable[[int], str]:
            value = given(w)
            return lambda lane: _formatted(value[lane] if isinstance(value, np.ndarray) else value, form)

        return shown


def _formatted(value: Any, form: str) -> str:
    try:
        return format(value, form)
    except ValueError:
        return str(value)
