"""Changes of an expression's form that are tried: parentheses, what a call goes round, another function, a length that is written out."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

# An expression in the place of another, and what is said of it.
Rewrite = tuple[ast.expr, str]

_PRECEDENCE = {
    ast.Add: 1,
    ast.Sub: 1,
    ast.Mult: 2,
    ast.Div: 2,
    ast.FloorDiv: 2,
    ast.Mod: 2,
    ast.MatMult: 2,
    ast.Pow: 4,
}
_SIGNS = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.MatMult: "@",
    ast.Pow: "**",
}
# Longer formulas have too many places for a pair of parentheses.
_OPERANDS = 9
_SQUASH = (
    "sigmoid",
    "softmax",
    "gelu",
    "softplus",
    "tanh",
    "relu",
    "silu",
    "swish",
    "elu",
    "leaky_relu",
    "selu",
    "erf",
)
_ASKED = ("jnp.tanh", "jax.nn.relu", "jax.nn.softmax", "jax.nn.sigmoid", "jnp.exp")
# What changes some numbers and leaves the others as they are.
_CUTS = {"clip", "nan_to_num", "round", "around", "minimum", "maximum", "min", "max", "where"}


def rewrites(node: ast.expr, whole: bool, tree: ast.Module) -> Iterator[Rewrite]:
    """Each small change of the form of one expression.

    Args:
        node: the expression.
        whole: whether it is all that a line sets, adds or returns.
        tree: the learner's code.
    """
    if isinstance(node, ast.Call):
        yield from _another(node)
        yield from _closed(node)
        yield from _uncut(node)
    if isinstance(node, ast.IfExp):
        for rest in (node.body, node.orelse):
            yield rest, "one side of the `if` is wrong."
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and type(node.slice.value) is int:
        yield node.value, f"`[{node.slice.value}]` does not belong there: it selects one and leaves out the others."
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Pow) and isinstance(node.left, ast.Constant):
            yield (
                _read(f"jnp.exp({ast.unparse(node.right)})"),
                f"{node.left.value!r} is not the base that the exercise asks for.",
            )
        yield from _parentheses(node)
    if whole or isinstance(node, ast.BinOp):
        yield from _around(node)
    if isinstance(node, ast.Constant) and type(node.value) is int and node.value > 1:
        for length in _lengths(tree):
            yield _read(length), f"another number belongs in place of {node.value}. Is a length or a size meant?"


def _read(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _name(call: ast.Call) -> str:
    return ast.unparse(call.func).split(".")[-1]


def _another(node: ast.Call) -> Iterator[Rewrite]:
    """Another function of one array: what squashes in a way that was not asked for."""
    if _name(node) in _SQUASH and node.args:
        for asked in _ASKED:
            if asked != ast.unparse(node.func):
                yield (
                    ast.Call(_read(asked), node.args[:1], []),
                    f"`{ast.unparse(node.func)}` is not the function that the exercise asks for.",
                )
    if _name(node) == "reshape" and isinstance(node.func, ast.Attribute):
        turned = ast.Attribute(node.func.value, "T", ast.Load())
        yield turned, "`reshape` keeps the numbers in their order; `.T` transposes a matrix."


def _uncut(node: ast.Call) -> Iterator[Rewrite]:
    if _name(node) in _CUTS and len(node.args) > 1:
        for rest in node.args[1:] if _name(node) == "where" else node.args[:2]:
            if not isinstance(rest, ast.Constant):
                yield (
                    rest,
                    f"`{ast.unparse(node.func)}` does not belong there: it changes numbers that should stay as they are.",
                )


def _flat(node: ast.expr) -> tuple[list[ast.expr], list[str]]:
    """The operands of a formula and the signs between them, as they are written without a parenthesis."""
    if not isinstance(node, ast.BinOp) or type(node.op) not in _PRECEDENCE:
        return [node], []
    rank = _PRECEDENCE[type(node.op)]

    def side(part: ast.expr, same: bool) -> tuple[list[ast.expr], list[str]]:
        inner = _PRECEDENCE.get(type(part.op), 0) if isinstance(part, ast.BinOp) else 0
        return _flat(part) if inner > rank or (same and inner == rank) else ([part], [])

    right_first = isinstance(node.op, ast.Pow)
    left, right = side(node.left, not right_first), side(node.right, right_first)
    return [*left[0], *right[0]], [*left[1], _SIGNS[type(node.op)], *right[1]]


def _text(operands: list[ast.expr], signs: list[str]) -> str:
    parts = [f"({ast.unparse(part)})" for part in operands]
    return " ".join([parts[0], *(f"{sign} {part}" for sign, part in zip(signs, parts[1:], strict=True))])


def _parentheses(node: ast.BinOp) -> Iterator[Rewrite]:
    """One pair of parentheses more, or one less."""
    operands, signs = _flat(node)
    count = len(operands)
    if 2 < count <= _OPERANDS and len(set(signs)) > 1:
        tried = {ast.unparse(node)}
        for i in range(count - 1):
            for j in range(i + 1, count):
                if set(signs[max(i - 1, 0) : j]) in ({"*"}, {"+"}):  # the order makes no difference
                    continue
                inner = _read(_text(operands[i : j + 1], signs[i:j]))
                changed = _read(_text([*operands[:i], inner, *operands[j + 1 :]], [*signs[:i], *signs[j:]]))
                if ast.unparse(changed) not in tried:
                    tried.add(ast.unparse(changed))
                    yield changed, "a pair of parentheses is missing."
    for i, part in enumerate(operands):
        if isinstance(part, ast.BinOp):
            parts, between = _flat(part)
            changed = _read(_text([*operands[:i], *parts, *operands[i + 1 :]], [*signs[:i], *between, *signs[i:]]))
            yield changed, "there is one pair of parentheses too many."


def _closed(node: ast.Call) -> Iterator[Rewrite]:
    """A call whose parenthesis opens too early or closes too late."""
    if len(node.args) != 1 or node.keywords or not isinstance(node.args[0], ast.BinOp):
        return
    operands, signs = _flat(node.args[0])
    said = f"the parentheses of `{ast.unparse(node.func)}` enclose too much."
    for k in range(1, len(operands)):
        early = ast.Call(node.func, [_read(_text(operands[:k], signs[: k - 1]))], [])
        yield _read(_text([early, *operands[k:]], signs[k - 1 :])), said
        late = ast.Call(node.func, [_read(_text(operands[k:], signs[k:]))], [])
        yield _read(_text([*operands[:k], late], signs[:k])), said


# What these take is no number: with more inside, they may be right by chance.
_OF_WHOLE = {"len", "range", "list", "tuple", "sorted", "enumerate", "reversed"}


def _around(node: ast.expr) -> Iterator[Rewrite]:
    """A call that goes round a part of the expression alone, put round the whole of it."""
    for number, call in enumerate(ast.walk(node)):
        if call is node or not isinstance(call, ast.Call) or len(call.args) != 1 or call.keywords:
            continue
        if ast.unparse(call.func) in _OF_WHOLE:
            continue
        other = copy.deepcopy(node)
        inner: ast.expr = _Without(list(ast.walk(other))[number]).visit(other)
        said = f"`{ast.unparse(call.func)}` encloses a part of the expression, not all of it."
        yield ast.Call(call.func, [inner], []), said


class _Without(ast.NodeTransformer):
    """Puts what a call is given into the place of the call."""

    def __init__(self, call: ast.AST) -> None:
        self.call = call

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if node is self.call:
            return node.args[0]
        self.generic_visit(node)
        return node


def _lengths(tree: ast.Module) -> list[str]:
    """How the sizes of a function's inputs are asked for; in a kernel also those of the block."""
    function = tree.body[0]
    if not isinstance(function, ast.FunctionDef):
        return []
    names = [arg.arg for arg in function.args.args]
    if names and f"{names[0]}.threadIdx" in ast.unparse(tree):
        return [f"{names[0]}.blockDim.x", f"{names[0]}.blockDim.y"]
    return [f"{name}.shape[{axis}]" for name in names for axis in range(2)] + [f"len({name})" for name in names]
