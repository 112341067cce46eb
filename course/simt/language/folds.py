"""sum, min, max, any and all: what goes through an array, a tuple or list, or a generator, and gives one number."""

from __future__ import annotations

import ast
import copy

from course.simt.language.rewriting import Put, at, call, name_of, set_to
from course.simt.language.scope import Expression
from course.simt.language.sequences import Sequences
from course.simt.machine import Partial, Warp
from course.simt.values import Value

_MATH_FOLDS = {"fsum": "sum", "prod": "prod"}
_COMBINE: dict[str, type[ast.operator]] = {"sum": ast.Add, "prod": ast.Mult}


class Folds(Sequences):
    """Compiles what goes through a sequence: the loop that one would write out."""

    def folded(self, node: ast.Call, name: str) -> Expression | None:
        name = _MATH_FOLDS.get(name, name)
        if not node.args or node.keywords or (name in ("min", "max", "any", "all", "prod") and len(node.args) != 1):
            return None
        inner, *start = node.args
        array = self.array(inner)
        if array is not None and len(array.shape) == 1:
            inner = _elements(inner, self.hidden())
        if isinstance(inner, ast.GeneratorExp | ast.ListComp):
            return self._by_loop(node, name, inner, start)
        parts = self.parts(inner)
        if parts is None:
            return None
        if name in ("any", "all"):
            join = ast.BoolOp(ast.Or() if name == "any" else ast.And(), _two(node, parts, name))
            return self.expr(call(node, "bool", at(node, join)) if parts else at(node, ast.Constant(name == "all")))
        if name in ("min", "max") and not parts:
            self.refuse(node, f"{name}() of nothing")
        if name in _COMBINE and (start or not parts):
            parts = [start[0] if start else at(node, ast.Constant(0 if name == "sum" else 1)), *parts]
        hidden = self.hidden()
        body = [set_to(node, hidden, parts[0])]
        for part in parts[1:]:
            if name in _COMBINE:
                body.append(at(node, ast.AugAssign(name_of(node, hidden, store=True), _COMBINE[name](), part)))
            else:
                body.append(set_to(node, hidden, call(node, name, name_of(node, hidden), part)))
        return self.apart_from(node, body, hidden)

    def _by_loop(
        self, node: ast.Call, name: str, inner: ast.GeneratorExp | ast.ListComp, start: list[ast.expr]
    ) -> Expression:
        """The loop that one would write out."""
        inner = copy.deepcopy(inner)
        hidden, begun = self.hidden(), self.hidden()
        first: ast.expr = (
            start[0] if start else at(node, ast.Constant({"prod": 1, "all": True, "any": False}.get(name, 0)))
        )
        read, value = name_of(node, hidden), inner.elt
        body: list[ast.stmt]
        match name:
            case "min" | "max":
                less = ast.IfExp(name_of(node, begun), call(node, name, read, value), value)
                body = [set_to(node, hidden, at(node, less)), set_to(node, begun, at(node, ast.Constant(True)))]
            case "any" | "all" if len(inner.generators) > 1:
                either = ast.BoolOp(ast.Or() if name == "any" else ast.And(), [read, call(value, "bool", value)])
                body = [set_to(node, hidden, at(node, either))]
            case "any" | "all":
                test = value if name == "any" else at(value, ast.UnaryOp(ast.Not(), value))
                found = set_to(node, hidden, at(node, ast.Constant(name == "any")))
                body = [at(node, ast.If(test, [found, at(node, ast.Break())], []))]
            case _:
                body = [at(node, ast.AugAssign(name_of(node, hidden, store=True), _COMBINE[name](), value))]
        names: dict[str, ast.expr] = {}
        for generator in reversed(inner.generators):
            for test in reversed(generator.ifs):
                body = [at(node, ast.If(test, body, []))]
            for one in ast.walk(generator.target):
                if isinstance(one, ast.Name):
                    names[one.id] = name_of(node, self.hidden())
            body = [at(node, ast.For(generator.target, generator.iter, body, []))]
        whole: list[ast.stmt] = [set_to(node, hidden, first)]
        if name in ("min", "max"):
            whole.append(set_to(node, begun, at(node, ast.Constant(False))))
        # The names of a comprehension are its own; the first sequence is that of the function around it.
        outermost = body[0]
        assert isinstance(outermost, ast.For)
        source, outermost.iter = outermost.iter, at(node, ast.Constant(0))
        outermost = Put(names).visit(outermost)
        outermost.iter = source
        return self.apart_from(node, [*whole, outermost], hidden)

    def apart_from(self, node: ast.expr, statements: list[ast.stmt], result: str) -> Expression:
        """Statements within an expression: they run, are counted for themselves, and leave a variable."""
        slot, number = self.scope.slots[result], node.lineno
        ops, computes, self.ops, self.computes = self.ops, self.computes, 0, 0
        body = self.body(statements)
        self.ops, self.computes = ops, computes

        def run(w: Warp) -> Value:
            for _ in body(w):
                pass
            got = w.regs[slot]
            return w.read(got, "this", number) if got.__class__ is Partial else got

        return run


def _elements(array: ast.expr, j: str) -> ast.GeneratorExp:
    element = ast.Subscript(array, ast.Name(j, ast.Load()), ast.Load())
    count = ast.Call(ast.Name("range", ast.Load()), [ast.Call(ast.Name("len", ast.Load()), [array], [])], [])
    return at(array, ast.GeneratorExp(element, [ast.comprehension(ast.Name(j, ast.Store()), count, [], 0)]))


def _two(node: ast.expr, parts: list[ast.expr], name: str) -> list[ast.expr]:
    return parts if len(parts) > 1 else [*parts, at(node, ast.Constant(name == "all"))]
