"""The small changes that can be made at one place of a syntax tree: what stands there, and what takes its place.

They are mutation testing's usual operators (DeMillo, Lipton and Sayward 1978, "Hints on test data selection"), with those of
array code: axes, kept dimensions, transposes, bounds of slices, dropped calls, and results that are cut off.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

# What is done, in a few words, and what stands there afterwards; a list of statements in the place of one.
Edit = tuple[str, ast.AST | list[ast.stmt] | None]

_OTHER: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Div, ast.Mult),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}
_COMMUTE = (ast.Add, ast.Mult, ast.BitAnd, ast.BitOr)
_PAIRS = "max min|maximum minimum|mean sum|argmax argmin|any all|zeros ones|zeros_like ones_like|std var|normal uniform|x y|threadIdx blockIdx|blockDim gridDim|float32 bfloat16"
_RENAMED = {one: other for pair in _PAIRS.split("|") for one, other in (pair.split(), reversed(pair.split()))}
# The order of their arguments makes no difference.
_SYMMETRIC = {"max", "min", "maximum", "minimum", "add", "multiply", "zip"}
MODULES = {"jax", "jnp", "lax", "math", "nnx", "np", "optax", "pl", "t", "time"}


def edits(node: ast.AST, names: list[str], bounds: tuple[str, str] | None) -> Iterator[Edit]:
    """The changes of an expression or a statement.

    Args:
        node: what is changed.
        names: the variables of the function, in the order in which they are set.
        bounds: what the larger and the smaller of two are called there, such as "jnp.maximum", where `node` is a result: its
            sign is changed, and it is cut off. None elsewhere.
    """
    if bounds and isinstance(node, ast.expr):
        larger, smaller = bounds
        yield "sign flipped", ast.UnaryOp(ast.USub(), node)
        yield "cut off above", _call(smaller, node, ast.Constant(6))
        yield "cut off below", _call(larger, node, ast.Constant(0))
    if isinstance(node, ast.stmt):
        yield from _of_statement(node)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
        yield "another variable", ast.Name(names[(names.index(node.id) + 1) % len(names)])
    elif isinstance(node, ast.Attribute):
        yield from _of_attribute(node)
    elif isinstance(node, ast.Constant):
        yield from _of_constant(node.value)
    elif isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.Subscript):
        yield from _of_index(node)
    elif isinstance(node, ast.expr):
        yield from _of_expression(node)


def results(tree: ast.AST) -> set[int]:
    """The ids of the nodes that are numbers or arrays which are returned, or written into an array."""
    found: set[int] = set()

    def add(node: ast.expr | None) -> None:
        if isinstance(node, (ast.Tuple, ast.Dict)):
            for part in node.elts if isinstance(node, ast.Tuple) else node.values:
                add(part)
        elif node is not None and not isinstance(node, (ast.List, ast.Lambda, ast.ListComp, ast.DictComp)):
            found.add(id(node))

    for node in ast.walk(tree):
        if isinstance(node, (ast.Return, ast.DictComp)) or (
            isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
        ):
            add(node.value)
        elif isinstance(node, ast.ListComp):
            add(node.elt)
    return found


def _loaded(node: ast.AST) -> bool:
    return not isinstance(getattr(node, "ctx", None), ast.Store)


def _call(name: str, *args: ast.expr) -> ast.Call:
    function = ast.parse(name, mode="eval").body
    return ast.Call(function, list(args), [])


def _shifted(node: ast.expr) -> Iterator[Edit]:
    """One more and one less; of a constant, its own changes are that."""
    if not isinstance(node, ast.Constant):
        yield "off by one", ast.BinOp(node, ast.Add(), ast.Constant(1))
        yield "off by one", ast.BinOp(node, ast.Sub(), ast.Constant(1))


def _of_statement(node: ast.stmt) -> Iterator[Edit]:
    if not isinstance(node, (ast.Return, ast.FunctionDef, ast.ClassDef)):
        yield "statement dropped", [ast.Pass()]
    if isinstance(node, ast.AugAssign):
        yield "assigned, not added", ast.Assign([node.target], node.value, lineno=0)
        for other in _OTHER.get(type(node.op), ()):
            yield "another operator", ast.AugAssign(node.target, other(), node.value)  # type: ignore[arg-type]
    elif isinstance(node, ast.If):
        yield "condition reversed", ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
        yield "always", list(node.body)
    elif isinstance(node, (ast.For, ast.While)):
        changed = copy.copy(node)
        changed.body = [*node.body, ast.Break()]
        yield "left after the first round", changed
    if isinstance(node, ast.For):
        for what, iter in _left_out(node.iter):
            changed = copy.copy(node)
            changed.iter = iter
            yield what, changed
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.decorator_list:
        bare = copy.copy(node)
        bare.decorator_list = []
        yield "decorator dropped", bare


def _left_out(iter: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    every = _call("list", iter)
    yield "first item left out", ast.Subscript(every, ast.Slice(lower=ast.Constant(1)))
    yield "last item left out", ast.Subscript(every, ast.Slice(upper=ast.Constant(-1)))


def _of_attribute(node: ast.Attribute) -> Iterator[Edit]:
    if node.attr == "T":
        yield "transpose dropped", node.value
    elif node.attr in _RENAMED:
        yield f"{_RENAMED[node.attr]} for {node.attr}", ast.Attribute(node.value, _RENAMED[node.attr])


def _of_constant(value: object) -> Iterator[Edit]:
    if isinstance(value, bool):
        yield "True and False exchanged", ast.Constant(not value)
    elif isinstance(value, (int, float)):
        yield "off by one", ast.Constant(value + 1)
        yield "off by one", ast.Constant(value - 1)


def _of_call(node: ast.Call) -> Iterator[Edit]:
    function, args = node.func, node.args
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    for arg in args[:2]:
        if not isinstance(arg, (ast.Lambda, ast.Starred)):
            yield "call dropped", arg
    if isinstance(function, ast.Attribute) and _root(function) not in MODULES:
        yield "call dropped", function.value
    if isinstance(function, ast.Name) and name in _RENAMED:
        yield f"{_RENAMED[name]} for {name}", ast.Call(ast.Name(_RENAMED[name]), args, node.keywords)
    if name == "cdiv":
        yield "rounded down", ast.BinOp(args[0], ast.FloorDiv(), args[1])
    for i in range(len(args) - 1):
        if name not in _SYMMETRIC:
            exchanged = [*args[:i], args[i + 1], args[i], *args[i + 2 :]]
            yield "arguments exchanged", ast.Call(function, exchanged, node.keywords)
    if len(args) > 1:
        yield "argument left out", ast.Call(function, args[:-1], node.keywords)
    for i, keyword in enumerate(node.keywords):
        rest = [*node.keywords[:i], *node.keywords[i + 1 :]]
        yield f"{keyword.arg or 'keywords'} left out", ast.Call(function, args, rest)
    if name == "range":
        for i, arg in enumerate(args):
            for what, one in _shifted(arg):
                assert isinstance(one, ast.expr)
                yield what, ast.Call(function, [*args[:i], one, *args[i + 1 :]], [])


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _of_index(node: ast.Subscript) -> Iterator[Edit]:
    index = node.slice
    parts = list(index.elts) if isinstance(index, ast.Tuple) else [index]

    def made(changed: list[ast.expr]) -> ast.Subscript:
        new = ast.Tuple(changed, ast.Load()) if isinstance(index, ast.Tuple) else changed[0]
        return ast.Subscript(node.value, new, node.ctx)

    for i in range(len(parts) - 1):
        yield "indices exchanged", made([*parts[:i], parts[i + 1], parts[i], *parts[i + 2 :]])
    for i, part in enumerate(parts):
        if isinstance(part, ast.Slice):
            for name in ("lower", "upper", "step"):
                bound = getattr(part, name)
                if bound is None:
                    continue
                for what, new in (("bound of a slice left out", None), *_shifted(bound)):
                    changed = ast.Slice(part.lower, part.upper, part.step)
                    setattr(changed, name, new)
                    yield what, made([*parts[:i], changed, *parts[i + 1 :]])
        elif not isinstance(part, ast.Constant) or not isinstance(part.value, (str, type(...), type(None))):
            for what, new in _shifted(part):
                assert isinstance(new, ast.expr)
                yield what, made([*parts[:i], new, *parts[i + 1 :]])


def _of_expression(node: ast.expr) -> Iterator[Edit]:
    if isinstance(node, ast.BinOp):
        for other in _OTHER.get(type(node.op), ()):
            yield "another operator", ast.BinOp(node.left, other(), node.right)  # type: ignore[arg-type]
        if not isinstance(node.op, _COMMUTE):
            yield "operands exchanged", ast.BinOp(node.right, node.op, node.left)
        yield "left operand alone", node.left
        yield "right operand alone", node.right
    elif isinstance(node, ast.UnaryOp):
        yield "sign dropped", node.operand
    elif isinstance(node, ast.Compare):
        for other in _OTHER.get(type(node.ops[0]), ()):
            yield "another comparison", ast.Compare(node.left, [other(), *node.ops[1:]], node.comparators)  # type: ignore[list-item]
    elif isinstance(node, ast.BoolOp):
        for other in _OTHER[type(node.op)]:
            yield "and and or exchanged", ast.BoolOp(other(), node.values)  # type: ignore[arg-type]
        for i in range(len(node.values)):
            rest = [*node.values[:i], *node.values[i + 1 :]]
            yield "condition dropped", rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
    elif isinstance(node, ast.IfExp):
        yield "branches exchanged", ast.IfExp(node.test, node.orelse, node.body)
        yield "always", node.body
        yield "never", node.orelse
    elif isinstance(node, (ast.Tuple, ast.List)) and _loaded(node):
        for i in range(len(node.elts) - 1):
            parts = [*node.elts[:i], node.elts[i + 1], node.elts[i], *node.elts[i + 2 :]]
            yield "parts exchanged", type(node)(parts, ast.Load())
    elif isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.DictComp)):
        for what, iter in _left_out(node.generators[0].iter):
            changed = copy.copy(node)
            first = ast.comprehension(
                node.generators[0].target, iter, node.generators[0].ifs, node.generators[0].is_async
            )
            changed.generators = [first, *node.generators[1:]]
            yield what, changed
