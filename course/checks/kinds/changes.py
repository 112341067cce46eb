"""The small changes of a learner's code that are tried: each in one place of its tree, and taken back before the next."""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator

from course.checks.kinds.edits import Change, constant, expressions, is_module, own_names, put, set_to, text_of, which
from course.checks.kinds.rewrites import rewrites


def changes(tree: ast.Module) -> Iterator[Change]:
    """Each small change in turn, made in the tree itself, and taken back before the next."""
    kinds = (
        _bounds,
        _signs,
        _too_much,
        _functions,
        _form,
        _exchanged_names,
        _whole_numbers,
        _orders,
        _axes,
        _assignments,
        _comparisons,
        _counts,
        _names,
        _operations,
        _turned,
    )
    for kind in kinds:
        for node in list(ast.walk(tree)):
            yield from kind(node, tree)


def _signs(node: ast.AST, tree: ast.Module) -> Iterator[Change]:
    if (
        isinstance(node, (ast.BinOp, ast.AugAssign))
        and isinstance(node.op, (ast.Add, ast.Sub))
        and not _in_range(node, tree)
    ):
        other = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        yield from set_to(node, "op", other, "a plus should be a minus, or a minus a plus.")
    for field, value in expressions(node):
        if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
            yield from put(node, field, value.operand, "there is one minus too many.")
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        node.left, node.right = node.right, node.left
        yield node, "a subtraction is the wrong way around."
        node.left, node.right = node.right, node.left


def _in_range(node: ast.AST, tree: ast.Module) -> bool:
    """Whether a node is part of a range's bound: one that goes too far may be right, too, where slices end by themselves."""
    ranges = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "range")
    return any(node is part for one in ranges for part in ast.walk(one))


def _orders(node: ast.AST, tree: ast.Module) -> Iterator[Change]:
    """Two neighbors exchanged, in a call, a tuple, a place, a product or a quotient."""
    if isinstance(node, ast.Call) and 1 < len(node.args) < 5:
        yield from _exchanged(node.args, node, "two arguments are in the wrong order.")
    if isinstance(node, ast.Tuple) and 1 < len(node.elts) < 5:
        yield from _exchanged(node.elts, node, "two things are in the wrong order.")
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.MatMult, ast.FloorDiv)):
        node.left, node.right = node.right, node.left
        yield node, "the two sides of an operation are swapped."
        node.left, node.right = node.right, node.left


def _exchanged(parts: list[ast.expr], node: ast.AST, said: str) -> Iterator[Change]:
    for i, j in itertools.combinations(range(len(parts)), 2):
        parts[i], parts[j] = parts[j], parts[i]
        yield node, said
        parts[i], parts[j] = parts[j], parts[i]


def _axes(node: ast.AST, tree: ast.Module) -> Iterator[Change]:
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg == "axis":
                for axis in (0, 1, -1, None):
                    if ast.unparse(keyword.value) != str(axis):
                        yield from set_to(keyword, "value", ast.Constant(axis), "it goes along the wrong axis.", node)
            if keyword.arg == "keepdims":
                yield from set_to(
                    keyword, "value", ast.Constant(not constant(keyword.value)), "`keepdims` decides here.", node
                )
        if isinstance(node.func, ast.Attribute) and node.func.attr in _OVER_ALL and not (node.args or node.keywords):
            for axis in (-1, 0):
                node.keywords.append(ast.keyword("axis", ast.Constant(axis)))
                yield node, f"`.{node.func.attr}()` goes over the whole array, and should go along one axis."
                node.keywords.pop()
        if (
            isinstance(node.func, ast.Attribute)
            and node.func.attr in _REDUCE
            and node.keywords
            and node.keywords[0].arg == "axis"
        ) and all(keyword.arg != "keepdims" for keyword in node.keywords):
            node.keywords.append(ast.keyword("keepdims", ast.Constant(True)))
            yield node, "the axis that it removes is needed afterwards."
            node.keywords.pop()


_REDUCE = {"sum", "max", "min", "mean", "std"}
_OVER_ALL = {*_REDUCE, "argmax", "argmin", "var", "any", "all", "cumsum"}


def _names(node: ast.AST, tree: ast.Module) -> Iterator[Change]:
    """Another name of the function's own."""
    if not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)):
        return
    own = own_names(tree)
    if node.id in own:
        for other in own:
            if other != node.id and len(own) < 10:
                yield from set_to(node, "id", other, f"another name belongs in place of `{node.id}`.")


def _assignments(node: ast.AST, tree: ast.Module) -> Iterator[Change]:
    for _, body in ast.iter_fields(node):
        if not (isinstance(body, list) and body and isinstance(body[0], ast.stmt)):
            continue
        for i, line in enumerate(body):
            if (
                isinstance(line, ast.Assign)
                and len(line.targets) == 1
                and isinstance(line.targets[0], (ast.Name, ast.Subscript))
            ):
                body[i] = ast.copy_location(ast.AugAssign(line.targets[0], ast.Add(), line.value), line)
                yield line, "`=` forgets the old value; add to it instead."
                body[i] = line
            if isinstance(line, ast.AugAssign):
                body[i] = ast.copy_location(ast.Assign([line.target], line.value), line)
                yield line, f"`{ast.unparse(line).split('=')[0].split()[-1]}=` does more than set a value."
                body[i] = line
            if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call) and ".at[" in ast.unparse(line):
                base = ast.unparse(line).split(".at[")[0]
                if base.isidentifier():
                    body[i] = ast.copy_location(ast.Assign([ast.Name(base, ast.Store())], line.value), line)
                    yield line, "the new array is thrown away."
                    body[i] = line
            if isinstance(line, ast.Return) and isinstance(node, (ast.For, ast.While)) and i == len(body) - 1 > 0:
                yield from _moved_out(node, body, line, tree)
            if len(body) > 1 and not isinstance(line, (ast.Return, ast.FunctionDef)):
                del body[i]
                yield line, "it does not belong there."
                body.insert(i, line)


def _moved_out(loop: ast.AST, body: list[ast.stmt], line: ast.Return, tree: ast.Module) -> Iterator[Change]:
    for node in ast.walk(tree):
        outer = getattr(node, "body", None)
        if isinstance(outer, list) and loop in outer:
            at = outer.index(loop)
            body.pop()
            outer.insert(at + 1, line)
            yield line, "it is inside the loop, so it ends the function in the first iteration."
            del outer[at + 1]
            body.append(line)


def _comparisons(node: ast.AST, tree: ast.Module) -> Iterator[Change]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq):
            if not isinstance(node.ops[0], other):
                yield from set_to(node, "ops", [other()], "the comparison is not the right one.")


def _operations(node: ast.AST, tree: ast.Module) -> Iterator[Change]:
    if isinstance(node, ast.BinOp) and isinstance(
        node.op, (ast.Mult, ast.Div, ast.FloorDiv, ast.MatMult, ast.Pow, ast.Add, ast.Mod)
    ):
        for other in (ast.Mult, ast.Div, ast.FloorDiv, ast.MatMult, ast.Pow, ast.Add):
            if not isinstance(node.op, other):
                yield from set_to(node, "op", other(), "one operation is not the right one.")
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitAnd, ast.BitOr)):
        both = ast.BitAnd() if isinstance(node.op, ast.BitOr) else ast.BitOr()
        yield from set_to(node, "op", both, "`&` requires both, `|` at least one of the two.")


def _counts(node: ast.AST, tree: ast.Module) -> Iterator[Change]:
    for field, value in expressions(node):
        number = constant(value)
        if type(number) in (int, float) and not isinstance(node, ast.keyword):
            others = {
                number + 1,
                number - 1,
                number * 2,
                0,
                number / 2 if isinstance(number, float) or number % 2 else number // 2,
            }
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("round", "around"):
                continue  # more digits hide a rounding; none is asked for
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "range":
                others = {
                    other for other in others if other >= 0
                }  # a range that begins below 0 is none that is too short
            for other in sorted(others - {number}):
                yield from put(node, field, ast.Constant(other), f"another number belongs in place of {number}.")
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "range":
            for op in (ast.Add(), ast.Sub()):
                said = "the range starts or ends one too early or too late."
                yield from put(node, field, ast.BinOp(value, op, ast.Constant(1)), said)


_OTHERS = {
    name: group
    for group in (
        ("sum", "mean", "max"),
        ("max", "min", "sum", "argmax"),
        ("maximum", "minimum"),
        ("argmax", "argmin"),
        ("zeros", "ones"),
        ("exp", "log"),
        ("tanh", "tan"),
        ("std", "var"),
        ("sqrt", "square"),
        ("set", "add"),
    )
    for name in group
} | {"exp2": ("exp",), "log2": ("log",), "log10": ("log",), "max": ("min", "sum", "argmax"), "sum": ("mean", "max"), "min": ("max",), "mean": ("sum", "max")}  # fmt: skip


def _functions(node: ast.AST, tree: ast.Module) -> Iterator[Change]:
    if isinstance(node, ast.Call):
        field, name = (
            ("attr", node.func.attr) if isinstance(node.func, ast.Attribute) else ("id", getattr(node.func, "id", ""))
        )
        for other in _OTHERS.get(name, ()):
            if other != name:
                yield from set_to(node.func, field, other, f"`{name}` is not the right function there.", node)


def _bounds(node: ast.AST, tree: ast.Module) -> Iterator[Change]:
    """A bound, or a rounding, that is left out; tried before a sign in it, which can keep it from ever being reached."""
    for field, value in expressions(node):
        if isinstance(value, ast.Call) and ast.unparse(value.func).split(".")[-1] in _BOUNDS and len(value.args) == 2:
            for rest in value.args[: 1 if "round" in ast.unparse(value.func) else 2]:
                yield from put(node, field, rest, f"`{ast.unparse(value.func)}` does not belong there.")


def _too_much(node: ast.AST, tree: ast.Module) -> Iterator[Change]:
    """A term, a factor, a call, a turn, a slice that is left out."""
    for field, value in expressions(node):
        if isinstance(value, ast.BinOp) and not isinstance(value.op, ast.MatMult):
            for rest, gone in ((value.left, value.right), (value.right, value.left)):
                yield from put(node, field, rest, f"{which(gone, value, tree)} does not belong there.")
        if isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords:
            yield from put(node, field, value.args[0], f"`{ast.unparse(value.func)}` does not belong there.")
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and not is_module(value.func.value):
            yield from put(node, field, value.func.value, f"`.{value.func.attr}(…)` does not belong there.")
        if isinstance(value, ast.Attribute) and value.attr == "T":
            yield from put(node, field, value.value, f"the `.T` of `{text_of(value.value)}` does not belong there.")
        if isinstance(value, ast.Subscript) and isinstance(value.slice, (ast.Slice, ast.UnaryOp, ast.Tuple)):
            yield from put(
                node, field, value.value, f"`{text_of(value)[len(text_of(value.value)) :]}` does not belong there."
            )


# Of two arguments each may be the one that is meant: a bound, or a number of digits.
_BOUNDS = ("min", "max", "minimum", "maximum", "round", "around")


def _exchanged_names(node: ast.AST, tree: ast.Module) -> Iterator[Change]:
    """Two names exchanged wherever they stand in a line."""
    if not isinstance(node, (ast.Assign, ast.AugAssign, ast.Return)) or node.value is None:
        return
    names = [n for n in ast.walk(node.value) if isinstance(n, ast.Name)]
    own = own_names(tree)
    known = [name for name in dict.fromkeys(n.id for n in names) if name in own]
    for one, other in itertools.combinations(known, 2) if len(known) < 6 else ():
        yield from _renamed(names, {one: other, other: one}, f"`{one}` and `{other}` are swapped.", node)


def _renamed(names: list[ast.Name], to: dict[str, str], said: str, place: ast.AST) -> Iterator[Change]:
    before = [name.id for name in names]
    for name in names:
        name.id = to.get(name.id, name.id)
    yield place, said
    for name, old in zip(names, before, strict=True):
        name.id = old


def _whole_numbers(node: ast.AST, tree: ast.Module) -> Iterator[Change]:
    """Every whole-number type that is asked for by its name, made one of floats."""
    if node is not tree:
        return
    kinds = [
        n for n in ast.walk(tree) if isinstance(n, ast.Constant) and n.value in ("int8", "int16", "int32", "int64")
    ]
    before = [kind.value for kind in kinds]
    for kind in kinds:
        kind.value = "float32"
    if kinds:
        yield kinds[0], f"`{before[0]!s}` keeps whole numbers only, and cuts off the digits after the decimal point."
    for kind, old in zip(kinds, before, strict=True):
        kind.value = old


def _form(node: ast.AST, tree: ast.Module) -> Iterator[Change]:
    """The form of an expression: see :mod:`course.checks.kinds.rewrites`."""
    for field, value in expressions(node):
        whole = field == "value" and isinstance(node, (ast.Return, ast.Assign, ast.AugAssign))
        for other, said in rewrites(value, whole, tree):
            yield from put(node, field, other, said)


def _turned(node: ast.AST, tree: ast.Module) -> Iterator[Change]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        for field in ("left", "right"):
            value = getattr(node, field)
            yield from set_to(
                node, field, ast.Attribute(value, "T", ast.Load()), f"`{ast.unparse(value)}` needs a transpose."
            )
    if isinstance(node, ast.Return) and node.value is not None:
        yield from set_to(
            node, "value", ast.UnaryOp(ast.USub(), copy.copy(node.value)), "the sign of the result is wrong."
        )
