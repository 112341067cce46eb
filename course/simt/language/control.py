"""Where the ways of a warp's threads part and join: if, while, for, break, continue, return.

Source: CUDA C++ Programming Guide, "SIMT Architecture": a warp runs one instruction at a time; where its threads take different ways,
it runs each way with the threads of the others switched off, and they come together after it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from course.simt.language.scope import Compiler, Expression
from course.simt.machine import NOBODY, Barriers, Body, Warp
from course.simt.report.records import Line
from course.simt.report.report import KernelError
from course.simt.values import BINARY, COMPARE, Value, is_bool, is_float, truth

Leaf = Callable[[Warp], None]
JUMPS = (ast.Break, ast.Continue, ast.Return)


class Control(Compiler):
    """Compiles the statements that narrow the mask."""

    def booked(self, node: ast.AST) -> Leaf | None:
        """What counts the statement's instructions; to be asked for when all of its parts are compiled."""
        instructions, computes, (number, line) = self.ops, self.computes, self.line(node)
        if not instructions:
            return None

        def book(w: Warp) -> None:
            w.issue(line, number, instructions)
            if computes and w.run.tracing:
                w.event(number, "compute")

        return book

    def _if(self, node: ast.If) -> Body:
        test = self.expr(node.test)
        self.count(computes=False)
        book, (number, line) = self.booked(node), self.line(node.test)
        then, other = self.body(node.body), self.body(node.orelse)
        jumps = any(isinstance(inner, JUMPS) for inner in ast.walk(node))
        assert book is not None

        def run(w: Warp) -> Barriers:
            outer, total = w.mask, w.n
            taken, count = _decide(w, test, book, line, number)
            if count == total:
                yield from then(w)
            elif not count:
                yield from other(w)
            else:
                w.mask, w.n = taken, count
                yield from then(w)
                mask, n = w.mask, w.n
                w.mask, w.n = outer & ~taken, total - count
                yield from other(w)
                w.mask, w.n = (mask | w.mask, n + w.n) if jumps else (outer, total)

        return run

    def _while(self, node: ast.While) -> Body:
        test = self.expr(node.test)
        loop = self._loop(node)
        return lambda w: loop(w, test, None)

    def _for(self, node: ast.For) -> Body:
        if not _counts(node):
            return self._through(node)
        bounds = self.bounds(node)
        if not isinstance(node.target, ast.Name):
            self.refuse(node.target, "a loop has one variable, as in `for i in range(n)`")
        slot = self.slot(node, node.target.id)
        line, number = self.line(node)[1], node.lineno
        head = self.ops
        self.ops = self.computes = 0
        loop = self._loop(node)
        add, less, more = BINARY["Add"], COMPARE["Lt"], COMPARE["Gt"]

        def run(w: Warp) -> Barriers:
            i, stop, step = [bound(w) for bound in bounds]
            _check_range(number, i, stop, step)
            if head:
                w.issue(line, number, head)

            def test(w: Warp) -> Value:
                if step.__class__ is int:
                    return less(i, stop) if step > 0 else more(i, stop)
                return np.where(step > 0, less(i, stop), more(i, stop))

            def enter(w: Warp) -> None:
                nonlocal i
                w.assign(slot, i)
                i = add(i, step)

            yield from loop(w, test, enter)

        return run

    def _through(self, node: ast.For) -> Body:
        """A loop over a tuple or list: as many rounds as it has parts, each of which is computed once, before the first."""
        found = self.rows(node)
        if found is None:
            self.refuse(
                node,
                "a loop counts, as in `for i in range(n)`, or goes through an array, or a tuple or list whose length is known before the run",
            )
        names, values = found
        slots = [self.slot(node, name) for name in names]
        line, number = self.line(node)[1], node.lineno
        head = self.ops
        self.ops = self.computes = 0
        loop = self._loop(node)

        def run(w: Warp) -> Barriers:
            rounds = iter([[value(w) for value in row] for row in values])
            if head:
                w.issue(line, number, head)
            now: list[Value] = []

            def test(w: Warp) -> Value:
                nonlocal now
                now = next(rounds, [])
                return bool(now)

            def enter(w: Warp) -> None:
                for slot, value in zip(slots, now, strict=True):
                    w.assign(slot, value)

            yield from loop(w, test, enter)

        return run

    def bounds(self, node: ast.For) -> tuple[Expression, Expression, Expression]:
        """The start, stop and step of `for … in range(…)`."""
        call = node.iter
        assert isinstance(call, ast.Call)
        if call.keywords or not 1 <= len(call.args) <= 3:
            self.refuse(node, "range() takes one to three whole numbers")
        given = [self.expr(arg) for arg in call.args]

        def constant(number: int) -> Expression:
            return lambda w: number

        if len(given) == 1:
            return constant(0), given[0], constant(1)
        return given[0], given[1], given[2] if len(given) == 3 else constant(1)

    def _loop(self, node: ast.For | ast.While) -> Callable[[Warp, Expression, Leaf | None], Barriers]:
        self.count(computes=False)
        book, (number, line) = self.booked(node), self.line(node)
        self.scope.loops += 1
        body = self.body(node.body)
        self.scope.loops -= 1
        otherwise = self.body(node.orelse) if node.orelse else None
        inside = [type(inner) for inner in ast.walk(node)]
        jumps, returns = any(issubclass(kind, JUMPS) for kind in inside), ast.Return in inside
        assert book is not None

        def run(w: Warp, test: Expression, enter: Leaf | None) -> Barriers:
            outer, total = w.mask, w.n
            w.continued.append(NOBODY)
            w.left.append(NOBODY)
            while w.n:
                taken, count = _decide(w, test, book, line, number)
                if not count:
                    break
                if count < w.n:
                    w.mask, w.n = taken, count
                if enter:
                    enter(w)
                yield from body(w)
                if jumps and w.continued[-1] is not NOBODY:
                    w.mask, w.continued[-1] = w.mask | w.continued[-1], NOBODY
                    w.n = int(np.count_nonzero(w.mask))
            w.continued.pop()
            left, gone = w.left.pop(), NOBODY
            if otherwise is not None:
                came = outer & ~left & ~w.returned  # to the loop's end, without a break
                w.mask, w.n = came, int(np.count_nonzero(came))
                if w.n:
                    yield from otherwise(w)
                gone = came & ~w.mask
            w.mask, w.n = outer, total
            if returns or otherwise is not None:
                w.mask = outer & ~w.returned & ~gone
                w.n = int(np.count_nonzero(w.mask))

        return run

    def _leave(self, node: ast.Break | ast.Continue) -> Leaf:
        if not self.scope.loops:
            self.refuse(node, "there is no loop here to leave")
        goes_on = isinstance(node, ast.Continue)

        def run(w: Warp) -> None:
            if goes_on:
                w.continued[-1] = w.continued[-1] | w.mask
            else:
                w.left[-1] = w.left[-1] | w.mask
            w.mask, w.n = NOBODY, 0

        return run

    def _return(self, node: ast.Return, value: ast.expr | None) -> Leaf:
        slots = self.scope.returned
        value = None if isinstance(value, ast.Constant) and value.value is None else value
        if value is not None and slots is None:
            self.refuse(node, "a kernel returns nothing: store its results into an array")
        if value is None or slots is None:
            return _stop
        got = [self.expr(part) for part in (value.elts if isinstance(value, ast.Tuple) else [value])]
        book = self.booked(node)

        def run(w: Warp) -> None:
            results = [part(w) for part in got]
            if book:
                book(w)
            for slot, result in zip(slots, results, strict=True):
                w.assign(slot, result)
            _stop(w)

        return run


def _counts(node: ast.For) -> bool:
    """Whether a loop goes over range(), with one variable."""
    call = node.iter
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "range"
        and isinstance(node.target, ast.Name)
    )


def _stop(w: Warp) -> None:
    w.returned = w.returned | w.mask
    w.mask, w.n = NOBODY, 0


def _decide(w: Warp, test: Expression, book: Leaf, line: Line, number: int) -> tuple[Any, int]:
    """Compute a condition, count the branch, and say which of the active lanes take it, and how many."""
    got = truth(test(w))
    book(w)
    if got.__class__ is bool:
        taken, count = (w.mask, w.n) if got else (NOBODY, 0)
    else:
        taken = got & w.mask
        count = int(np.count_nonzero(taken))
    line.branches += 1
    line.divergent += 0 < count < w.n
    if w.run.tracing:
        w.event(number, "branch", mask=taken)
    return taken, count


def _check_range(number: int, *bounds: Value) -> None:
    if any(is_float(bound) or is_bool(bound) for bound in bounds):
        raise KernelError.at(number, "range() takes whole numbers: use // to divide, or int(…)")
    step = bounds[2]
    if (step == 0).any() if isinstance(step, np.ndarray) else step == 0:
        raise KernelError.at(number, "the step of range() can't be 0")
