"""From a syntax tree's expressions to closures that compute them for a warp."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from course.simt.language.rewriting import at, name_of
from course.simt.language.scope import AXES, UNKNOWN, Compiler, Expression, placed
from course.simt.machine import Memory, Partial, Warp
from course.simt.report.report import KernelError
from course.simt.values import BINARY, COMPARE, UNARY, NotWhole, Value, is_float, merge, truth

_HANDLE = "t has threadIdx, blockIdx, blockDim, gridDim (each with .x, .y, .z), grid(1), syncthreads(), shared, local and atomic"


class Expressions(Compiler):
    """Compiles expressions."""

    def expr(self, node: ast.expr) -> Expression:
        """The closure that computes an expression.

        Raises:
            KernelError: it can't be done in a kernel.
        """
        self.visit(node)
        value = self.fold(node)
        if value is not UNKNOWN:
            if isinstance(value, tuple):
                self.refuse(node, "a tuple is no number: take one of its parts, such as x.shape[0]")
            return lambda w: value
        method: Callable[[Any], Expression] | None = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            self.refuse(node)
        return method(node)

    def apart(self, node: ast.expr) -> Expression:
        """A part of an expression that is issued under a mask of its own: it counts for itself."""
        ops, computes, self.ops, self.computes = self.ops, self.computes, 0, 0
        part, (number, line) = self.expr(node), self.line(node)
        mine, self.ops, self.computes = self.ops, ops, computes
        if not mine:
            return part

        def run(w: Warp) -> Value:
            w.issue(line, number, mine)
            return part(w)

        return run

    def _name(self, node: ast.Name) -> Expression:
        scope, name, number = self.scope, node.id, node.lineno
        slot = scope.slots.get(name)
        if slot is not None:

            def read(w: Warp) -> Value:
                value = w.regs[slot]
                return w.read(value, name, number) if value.__class__ is Partial else value

            return read
        if name in scope.sequences or name in scope.functions:
            self.refuse(node, f"{name} is no number: take one part of a tuple or list, and call a function")
        if name in scope.arrays:
            self.refuse(
                node, f"{name} is a whole array, and a thread touches one element: write {name}[…] with an index"
            )
        if name == scope.handle:
            self.refuse(node, f"{name} is the thread itself, not a value; {_HANDLE}")
        self.refuse(
            node, f"{name} is not known here: a kernel sees its parameters, its variables, and numbers defined outside"
        )

    def _attribute(self, node: ast.Attribute) -> Expression:
        memory = self.array(node.value)
        if memory is not None:
            self.refuse(node, f"an array has .shape, .size and .ndim here, not .{node.attr:.60}")
        match self.path(node):
            case [handle, "threadIdx", "x" | "y" | "z" as axis] if handle == self.scope.handle:
                i = AXES[axis]
                return lambda w: w.tid[i]
            case [handle, "blockIdx", "x" | "y" | "z" as axis] if handle == self.scope.handle:
                i = AXES[axis]
                return lambda w: w.block.index[i]
            case [handle, "threadIdx" | "blockIdx" | "blockDim" | "gridDim" as name] if handle == self.scope.handle:
                self.refuse(node, f"{handle}.{name} has an axis: write {handle}.{name}.x (or .y, .z)")
            case [handle, "syncthreads"] if handle == self.scope.handle:
                self.refuse(node, f"{handle}.syncthreads is called: write {handle}.syncthreads()")
            case [handle, *_] if handle == self.scope.handle:
                self.refuse(node, _HANDLE)
        self.refuse(node, f".{node.attr:.60} is not possible in a kernel: only t's and an array's own are")

    def _binop(self, node: ast.BinOp) -> Expression:
        name = type(node.op).__name__
        if name not in BINARY:
            self.refuse(placed(node.op, node))
        return self.binary(node, name, self.expr(node.left), self.expr(node.right))

    def binary(self, node: ast.AST, name: str, left: Expression, right: Expression) -> Expression:
        """The closure of an operator between two others."""
        self.count()
        operation, number = BINARY[name], getattr(node, "lineno", 1)
        if name in ("FloorDiv", "Mod"):
            return lambda w: operation(*_divisible(w, number, left(w), right(w)))

        def run(w: Warp) -> Value:
            try:
                return operation(left(w), right(w))
            except NotWhole:
                raise KernelError.at(number, "this operator needs whole numbers: convert with int()") from None

        return run

    def _unaryop(self, node: ast.UnaryOp) -> Expression:
        operation, inner, number = UNARY[type(node.op).__name__], self.expr(node.operand), node.lineno
        self.count()

        def run(w: Warp) -> Value:
            try:
                return operation(inner(w))
            except NotWhole:
                raise KernelError.at(number, "~ needs a whole number; the opposite of a truth value is `not`") from None

        return run

    def _compare(self, node: ast.Compare) -> Expression:
        if isinstance(node.ops[0], ast.In | ast.NotIn) and len(node.ops) == 1:
            return self._among(node, isinstance(node.ops[0], ast.In))
        for op in node.ops:
            if type(op).__name__ not in COMPARE:
                self.refuse(placed(op, node))
        operations = [COMPARE[type(op).__name__] for op in node.ops]
        parts = [self.expr(each) for each in (node.left, *node.comparators)]
        for _ in operations:
            self.count()
        if len(parts) == 2:
            one, (left, right) = operations[0], parts
            return lambda w: one(left(w), right(w))

        def run(w: Warp) -> Value:
            values = [part(w) for part in parts]
            got: Value = True
            for operation, a, b in zip(operations, values, values[1:], strict=False):
                got = got & operation(a, b)
            return got

        return run

    def _among(self, node: ast.Compare, is_in: bool) -> Expression:
        """`in`: a comparison with each part of a tuple or list."""
        parts = self.parts(node.comparators[0])
        if not parts:
            self.refuse(placed(node.ops[0], node))
        held = self.hidden()
        left: ast.expr = at(node, ast.NamedExpr(name_of(node, held, store=True), node.left))
        tests: list[ast.expr] = []
        for part in parts:
            tests.append(at(node, ast.Compare(left, [ast.Eq() if is_in else ast.NotEq()], [part])))
            left = name_of(node, held)
        return self.expr(at(node, ast.BoolOp(ast.Or() if is_in else ast.And(), tests)) if len(tests) > 1 else tests[0])

    def _boolop(self, node: ast.BoolOp) -> Expression:
        """`and`, `or`: the right part is computed only where the left one does not decide; the value is that of the part that does."""
        is_and = isinstance(node.op, ast.And)
        first, rest = self.expr(node.values[0]), [self.apart(each) for each in node.values[1:]]
        for _ in rest:
            self.count()

        def run(w: Warp) -> Value:
            got = first(w)
            for part in rest:
                yes = truth(got)
                if yes.__class__ is bool:
                    if yes is not is_and:
                        return got
                    got = part(w)
                    continue
                open_ = yes if is_and else ~yes
                if (open_ & w.mask).any():
                    got = merge(open_, _under(w, open_, part, got), got)
            return got

        return run

    def _namedexpr(self, node: ast.NamedExpr) -> Expression:
        value, slot = self.expr(node.value), self.slot(node, node.target.id)

        def run(w: Warp) -> Value:
            got = value(w)
            w.assign(slot, got)
            return got

        return run

    def _ifexp(self, node: ast.IfExp) -> Expression:
        test, yes, no = self.expr(node.test), self.apart(node.body), self.apart(node.orelse)
        self.count()

        def run(w: Warp) -> Value:
            got = truth(test(w))
            if got.__class__ is bool:
                return yes(w) if got else no(w)
            taken = got & w.mask
            if not taken.any():
                return no(w)
            if not (w.mask & ~got).any():
                return yes(w)
            return merge(got, _under(w, got, yes, 0), _under(w, ~got, no, 0))

        return run

    def indices(self, node: ast.Subscript, memory: Memory) -> list[Expression]:
        """The closures of an array's indices, one an axis."""
        return self.index_parts(node.slice, memory)

    def element(self, node: ast.Subscript) -> ast.Subscript:
        """An array's element with all its indices in one pair of brackets: x[i][j] is x[i, j]."""
        if not isinstance(node.value, ast.Subscript):
            return node
        before = self.element(node.value)
        if self.array(before.value) is None or isinstance(node.slice, ast.Slice) or isinstance(before.slice, ast.Slice):
            return node
        indices = [*(self.parts(before.slice) or [before.slice]), *(self.parts(node.slice) or [node.slice])]
        return at(node, ast.Subscript(before.value, ast.Tuple(indices, ast.Load()), node.ctx))

    def _subscript(self, node: ast.Subscript) -> Expression:
        node = self.element(node)
        memory = self.array(node.value)
        if memory is None:
            table = self.from_table(node)
            if table is not None:
                return table
            self.refuse(
                node,
                "only an array, or a tuple or list of numbers that are known before the run, has parts that an index takes",
            )
        parts = self.indices(node, memory)
        site = self.site(node, memory, "load")
        if len(parts) == 1:
            (one,) = parts
            return lambda w: memory.load(w, site, [one(w)])
        if len(parts) == 2:
            one, two = parts
            return lambda w: memory.load(w, site, [one(w), two(w)])
        return lambda w: memory.load(w, site, [part(w) for part in parts])


def _under(w: Warp, chosen: Value, part: Expression, otherwise: Value) -> Value:
    """A part computed in those active lanes that are chosen; `otherwise` where there are none."""
    mask, n = w.mask, w.n
    w.mask = mask & chosen
    w.n = int(np.count_nonzero(w.mask))
    got = part(w) if w.n else otherwise
    w.mask, w.n = mask, n
    return got


def _divisible(w: Warp, number: int, a: Value, b: Value) -> tuple[Value, Value]:
    """Operands of // and %: a whole zero is reported, and replaced by 1."""
    if is_float(a) or is_float(b):
        return a, b
    zero = b == 0
    if isinstance(zero, np.ndarray):
        bad = zero & w.mask
        if not zero.any():
            return a, b
    else:
        if not zero:
            return a, b
        bad = w.mask
    if bad.any():
        w.find("division by zero", int(np.argmax(bad)), number, int(np.count_nonzero(bad)))
    return a, np.where(zero, 1, b) if isinstance(b, np.ndarray) else 1
