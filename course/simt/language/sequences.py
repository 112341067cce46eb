"""Tuples, lists and what Python makes of them: they have a known length, so that a compiler unrolls them; none exists at the run.

A GPU thread has no list. But a sequence whose length is known before the run is only a way to write several values: each lies in a
register of its own, and a loop over them does what a loop over `range` does, round by round, in lockstep. `sum(… for …)`, `any` and their
like are the loop that one would write out, and are counted as that loop.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import numpy as np

from course.simt.language.rewriting import at, call, name_of, put
from course.simt.language.scope import UNKNOWN, Compiler, Expression
from course.simt.limits import PARTS
from course.simt.machine import Memory, Warp
from course.simt.values import COMPARE, INT, Value, is_float


class Sequences(Compiler):
    """Compiles what goes through a sequence."""

    # The parts of a sequence

    def parts(self, node: ast.expr) -> list[ast.expr] | None:
        found = self._parts(node)
        if found is not None and len(found) > PARTS:
            self.refuse(node, f"this has {len(found):,} parts, more than {PARTS:,}: use a `for` loop over range()")
        return found

    def _parts(self, node: ast.expr) -> list[ast.expr] | None:
        match node:
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                return self._spread(elements)
            case ast.Name(id=name) if name in self.scope.sequences:
                return self.scope.sequences[name]
            case ast.ListComp() | ast.GeneratorExp():
                return self._of_comprehension(node)
            case ast.Subscript(value=inner, slice=ast.Slice(lower=lower, upper=upper, step=step)):
                parts = self.parts(inner)
                bounds = [None if bound is None else self.fold(bound) for bound in (lower, upper, step)]
                if parts is None or not all(bound is None or type(bound) is int for bound in bounds):
                    return None
                return parts[slice(*bounds)]
            case ast.Call(keywords=[]):
                return self._of_call(node, self.path(node.func))
            case ast.Call(
                func=ast.Name(id="enumerate"), args=[inner], keywords=[ast.keyword(arg="start", value=start)]
            ):
                return self._of_call(call(node, "enumerate", inner, start), ["enumerate"])
        known = self.fold(node)
        return [at(node, ast.Constant(part)) for part in known] if _flat(known) else _nested(node, known)

    def _spread(self, elements: list[ast.expr]) -> list[ast.expr] | None:
        found: list[ast.expr] = []
        for each in elements:
            if isinstance(each, ast.Starred):
                inner = self.parts(each.value)
                if inner is None:
                    return None
                found += inner
            else:
                found.append(each)
        return found

    def _of_call(self, node: ast.Call, path: list[str]) -> list[ast.expr] | None:
        args = node.args
        match path:
            case [handle, "grid"] if handle == self.scope.handle and len(args) == 1:
                count = self.fold(args[0])
                return [_grid(node, handle, axis) for axis in "xyz"[:count]] if count in (2, 3) else None
            case [name] if name in self.scope.slots or name in self.kernel.functions or name in self.scope.functions:
                return None
            case ["range"] if 1 <= len(args) <= 3:
                bounds = [self.fold(arg) for arg in args]
                if not all(type(bound) is int for bound in bounds) or (len(bounds) == 3 and not bounds[2]):
                    return None
                if range(*bounds)[PARTS:]:
                    return None
                return [at(node, ast.Constant(i)) for i in range(*bounds)]
            case ["tuple" | "list" | "iter"] if len(args) == 1:
                return self.parts(args[0])
            case ["reversed"] if len(args) == 1:
                inner = self.parts(args[0])
                return inner and inner[::-1]
            case ["sorted"] if len(args) == 1:
                known = self.fold(at(node, ast.Tuple(self.parts(args[0]) or [], ast.Load())))
                return [at(node, ast.Constant(part)) for part in sorted(known)] if _flat(known) else None
            case ["enumerate"] if len(args) in (1, 2):
                inner, first = self.parts(args[0]), args[1] if len(args) == 2 else at(node, ast.Constant(0))
                if inner is None or not isinstance(first, ast.Constant | ast.Name):
                    return None
                counts = [at(node, ast.BinOp(first, ast.Add(), ast.Constant(i))) for i in range(len(inner))]
                return [_pair(node, self._settled(i), part) for i, part in zip(counts, inner, strict=True)]
            case ["zip"] if args:
                columns = [self.parts(arg) for arg in args]
                if any(column is None for column in columns):
                    return None
                return [_pair(node, *row) for row in zip(*[c for c in columns if c is not None], strict=False)]
            case ["divmod"] if len(args) == 2:
                a, b = self.hidden(), self.hidden()
                whole = ast.BinOp(_held(node, a, args[0]), ast.FloorDiv(), _held(node, b, args[1]))
                rest = ast.BinOp(name_of(node, a), ast.Mod(), name_of(node, b))
                return [at(node, whole), at(node, rest)]
        return None

    def _of_comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> list[ast.expr] | None:
        """One expression for each round, with what is known of the round put in."""

        count = 0

        def rounds(generators: list[ast.comprehension], known: dict[str, ast.expr]) -> Iterator[dict[str, ast.expr]]:
            if not generators:
                yield known
                return
            first, *others = generators
            inner = self.parts(put(first.iter, known))
            if inner is None:
                raise _NotKnown
            nonlocal count
            count += len(inner)
            if count > 4 * PARTS:
                self.refuse(node, "this list takes too many rounds to make: use a `for` loop over range()")
            for part in inner:
                with_part = {**known, **dict(self._matched(first.target, part))}
                asked = [self._decided(put(test, with_part)) for test in first.ifs]
                if UNKNOWN in asked:
                    raise _NotKnown
                if all(asked):
                    yield from rounds(others, with_part)

        try:
            found: list[ast.expr] = []
            for known in rounds(node.generators, {}):
                found.append(self._settled(put(node.elt, known)))
                # Each is a copy; lists of lists of lists would grow without bound.
                for part in ast.walk(found[-1]):
                    self.visit(part)
            return found
        except _NotKnown:
            return None

    def _decided(self, node: ast.expr) -> Any:
        """A condition that is known before the run, else UNKNOWN."""
        if isinstance(node, ast.Compare) and all(type(op).__name__ in COMPARE for op in node.ops):
            values = [self.fold(part) for part in (node.left, *node.comparators)]
            if UNKNOWN in values:
                return UNKNOWN
            pairs = zip(node.ops, values, values[1:], strict=False)
            return all(COMPARE[type(op).__name__](a, b) for op, a, b in pairs)
        if isinstance(node, ast.BoolOp):
            sides = [self._decided(part) for part in node.values]
            return UNKNOWN if UNKNOWN in sides else (all if isinstance(node.op, ast.And) else any)(sides)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self._decided(node.operand)
            return UNKNOWN if inner is UNKNOWN else not inner
        return self.fold(node)

    def _matched(self, target: ast.expr, part: ast.expr) -> list[tuple[str, ast.expr]]:
        """The names of a target, each with what it stands for."""
        if isinstance(target, ast.Name):
            if not isinstance(part, ast.Constant | ast.Name | ast.Tuple):
                raise _NotKnown  # put in several times, it would be computed as often
            return [(target.id, part)]
        inner = self.parts(part)
        if not isinstance(target, ast.Tuple) or inner is None or len(inner) != len(target.elts):
            self.refuse(target, "the names before `in` and what comes for them are not equally many")
        return [pair for name, value in zip(target.elts, inner, strict=True) for pair in self._matched(name, value)]

    def _settled(self, node: ast.expr) -> ast.expr:
        value = self.fold(node)
        return at(node, ast.Constant(value)) if isinstance(value, bool | int | float) else node

    # A sequence under a name

    def declare_sequence(self, name: str, node: ast.AST, parts: list[ast.expr]) -> list[ast.stmt]:
        """Let a name stand for a sequence; the assignments that set what of it is not known before the run."""
        if self.scope.stores.get(name, 0) > 1 or name in self.scope.sequences:
            self.refuse(
                node, f"{name} is a tuple or list here, and something else in another line: choose another name"
            )
        held: list[ast.expr] = []
        sets: list[ast.stmt] = []
        for part in parts:
            self.visit(part)  # pairs of pairs of pairs grow fast
            inner = None if isinstance(part, ast.Constant) else self.parts(part)
            if inner is not None:  # a pair, say
                hidden = self.hidden()
                self.scope.stores[hidden] = 1
                sets += self.declare_sequence(hidden, node, inner)
                held.append(at(node, ast.Tuple(self.scope.sequences[hidden], ast.Load())))
            elif isinstance(part := self._settled(part), ast.Constant):
                held.append(part)
            else:
                hidden = self.hidden()
                sets.append(at(node, ast.Assign([name_of(node, hidden, store=True)], part)))
                held.append(name_of(node, hidden))
        self.scope.sequences[name] = held
        self.scope.slots.pop(name, None)
        return sets

    def from_table(self, node: ast.Subscript) -> Expression | None:
        parts = self.parts(node.value)
        if parts is None or isinstance(node.slice, ast.Slice):
            return None
        i = self.fold(node.slice)
        if type(i) is int:
            if not -len(parts) <= i < len(parts):
                self.refuse(node, f"there is no part {i} of {len(parts)}")
            return self.expr(parts[i])
        table = [self.fold(part) for part in parts]
        if not _flat(tuple(table)):
            return None
        index, number, what = self.expr(node.slice), node.lineno, ast.unparse(node.value)[:60]
        self.count()
        kind = np.float32 if any(map(is_float, table)) else np.int64
        values = np.array(table, kind)

        def run(w: Warp) -> Value:
            where = index(w)
            if where.__class__ is int:
                if -len(table) <= where < len(table):
                    return table[where]
                where = np.full(w.mask.size, where)
            if not isinstance(where, np.ndarray) or where.dtype != INT:
                self.refuse(node, f"an index of {what} must be a whole number: use // to divide, or int(…)")
            outside = w.mask & ((where >= len(table)) | (where < -len(table)))
            if outside.any():
                lane = int(np.argmax(outside))
                more = {"access": "reads", "array": what, "index": (int(where[lane]),), "shape": (len(table),)}
                w.find("out of bounds", lane, number, int(np.count_nonzero(outside)), **more)
            return values[np.clip(where, -len(table), len(table) - 1)]

        return run

    # A loop

    def rows(self, node: ast.For) -> tuple[list[str], list[list[Expression]]] | None:
        parts = self.parts(node.iter)
        if parts is None:
            return None
        names = [one.id for one in ast.walk(node.target) if isinstance(one, ast.Name)]
        values = [[self.expr(value) for _, value in self._leaves(node.target, part)] for part in parts]
        return names, values

    def over_elements(self, node: ast.For, array: Memory) -> ast.For:
        """A loop over an array, as one over its indices."""
        if len(array.shape) != 1:
            self.refuse(
                node,
                f"{array.name} has {len(array.shape)} axes: go through its indices, `for i in range(len({array.name}))`",
            )
        j = self.hidden()
        element = at(node, ast.Subscript(node.iter, name_of(node, j), ast.Load()))
        count = call(node, "range", call(node, "len", node.iter))
        body = [at(node, ast.Assign([node.target], element)), *node.body]
        return at(node, ast.For(name_of(node, j, store=True), count, body, node.orelse))

    def _leaves(self, target: ast.expr, part: ast.expr) -> list[tuple[str, ast.expr]]:
        if isinstance(target, ast.Name):
            return [(target.id, part)]
        inner = self.parts(part)
        if not isinstance(target, ast.Tuple) or inner is None or len(inner) != len(target.elts):
            self.refuse(target, "the loop's variables and what comes for them are not equally many")
        return [pair for name, value in zip(target.elts, inner, strict=True) for pair in self._leaves(name, value)]


class _NotKnown(Exception):
    """What is asked follows from the run."""


def _flat(known: Any) -> bool:
    return isinstance(known, tuple) and all(isinstance(part, bool | int | float) for part in known)


def _nested(node: ast.expr, known: Any) -> list[ast.expr] | None:
    if not isinstance(known, tuple):
        return None
    return [at(node, _constant(part)) for part in known]


def _constant(part: Any) -> ast.expr:
    if isinstance(part, tuple):
        return ast.Tuple([_constant(inner) for inner in part], ast.Load())
    return ast.Constant(part)


def _pair(node: ast.expr, *parts: ast.expr) -> ast.expr:
    return at(node, ast.Tuple(list(parts), ast.Load()))


def _held(node: ast.AST, hidden: str, value: ast.expr) -> ast.expr:
    return at(node, ast.NamedExpr(name_of(node, hidden, store=True), value))


def _grid(node: ast.expr, handle: str, axis: str) -> ast.expr:
    def part(name: str) -> ast.expr:
        return ast.Attribute(ast.Attribute(ast.Name(handle, ast.Load()), name, ast.Load()), axis, ast.Load())

    before = ast.BinOp(part("blockIdx"), ast.Mult(), part("blockDim"))
    return at(node, ast.BinOp(before, ast.Add(), part("threadIdx")))
