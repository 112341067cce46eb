"""Mistakes of a kind that shows in the learner's code: what is worked out and thrown away, forgotten, or never used."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Iterator

# The methods of `x.at[…]` that make a new array.
_UPDATES = {"set", "add", "subtract", "multiply", "mul", "divide", "power", "min", "max", "apply"}
_LOOPS = (ast.For, ast.While)
Function = ast.FunctionDef


def parsed(code: str) -> ast.Module | None:
    """The syntax tree of a learner's code, or None where there is none: it is no Python, or too much of it."""
    if len(code) > 20_000:
        return None
    try:
        return ast.parse(textwrap.dedent(code))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def own(code: str, name: str) -> str:
    """The code of the function or class of this name, the last of them, in a cell that may hold more; or nothing."""
    tree = parsed(code)
    found = (
        [node for node in tree.body if isinstance(node, (Function, ast.ClassDef)) and node.name == name] if tree else []
    )
    return ast.get_source_segment(textwrap.dedent(code), found[-1]) or "" if found else ""


def _at(node: ast.AST, code: str) -> str:
    """The line of a node, as it is said: its text, as its number in the cell may be another."""
    lines = code.splitlines()
    line = lines[getattr(node, "lineno", 1) - 1].split("#")[0].strip() if lines else ""
    return f"`{line}`" if 0 < len(line) <= 100 and "`" not in line else f"line {getattr(node, 'lineno', 1)}"


def dropped_update(tree: ast.Module, code: str) -> str | None:
    """A new array, made by `.at[…].set(…)`, that is not kept."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Expr)
            and isinstance(call := node.value, ast.Call)
            and isinstance(call.func, ast.Attribute)
        ):
            place = call.func.value
            if call.func.attr in _UPDATES and isinstance(place, ast.Subscript) and _is_at(place.value):
                array = ast.unparse(place.value.value)  # type: ignore[attr-defined]
                return (
                    f"In {_at(node, code)} the new array is thrown away: `.at[…].{call.func.attr}(…)` leaves "
                    f"`{array}` as it is and returns a new array. Keep that under a name."
                )
    return None


def _is_at(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "at"


def exchanged_gradient(tree: ast.Module, code: str) -> str | None:
    """Value and gradient, taken apart in the wrong order, by the names that they are given."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
            continue
        made, target = node.value.func, node.targets[0]
        name = _last_name(made.func) if isinstance(made, ast.Call) else ""
        if not (isinstance(target, ast.Tuple) and len(target.elts) == 2):
            continue
        first, second = (ast.unparse(part).lower() for part in target.elts)
        if name == "value_and_grad" and "grad" in first and "grad" not in second:
            return f"In {_at(node, code)} two things are swapped: `value_and_grad` returns the value first, then the gradient."
        if name == "grad" and "grad" in second:
            return f"In {_at(node, code)} the value is missing: `grad` returns the gradient alone, `value_and_grad` both, the value first."
    return None


def _last_name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def early_return(tree: ast.Module, code: str) -> str | None:
    """A `return` that ends a loop in its first round."""
    for loop in ast.walk(tree):
        if isinstance(loop, _LOOPS) and isinstance(loop.body[-1], ast.Return) and len(loop.body) > 1:
            return f"{_at(loop.body[-1], code)} is inside the loop, so it ends the function in the first iteration.".replace(
                "line", "Line", 1
            )
    return None


def overwritten_total(tree: ast.Module, code: str) -> str | None:
    """A name that begins as 0 and is set anew in each round of a loop, without what it was."""
    for function in _functions(tree):
        begun = {
            node.targets[0].id
            for node in function.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and _is_zero(node.value)
        }
        for loop in ast.walk(function):
            for node in ast.walk(loop) if isinstance(loop, ast.For) else ():
                if not (isinstance(node, ast.Assign) and isinstance(target := node.targets[0], ast.Name)):
                    continue
                reads = [one for one in ast.walk(loop) if isinstance(one, ast.Name) and one.id == target.id]
                later = any(
                    isinstance(one, ast.Name) and one.id == target.id and isinstance(one.ctx, ast.Load)
                    for one in ast.walk(function)
                )
                if (
                    later
                    and target.id in begun
                    and not any(isinstance(one.ctx, ast.Load) for one in reads)
                    and len(reads) == 1
                ):
                    return f"{_at(node, code)} overwrites `{target.id}` in each iteration of the loop: after the loop only the last one counts.".replace(
                        "line", "Line", 1
                    )
    return None


def _is_zero(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return node.value == 0 and not isinstance(node.value, bool)
    return isinstance(node, ast.Call) and _last_name(node.func) in ("zeros", "zeros_like")


def begun_in_loop(tree: ast.Module, code: str) -> str | None:
    """A total that is set to 0 at the beginning of each round, and added up in the same round alone."""
    for loop in ast.walk(tree):
        if not isinstance(loop, ast.For):
            continue
        first = loop.body[0]
        if not (isinstance(first, ast.Assign) and isinstance(first.targets[0], ast.Name) and _is_zero(first.value)):
            continue
        name = first.targets[0].id
        inside = {id(node) for node in ast.walk(loop)}
        later = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Name)
            and node.id == name
            and isinstance(node.ctx, ast.Load)
            and id(node) not in inside
        ]
        if later and any(isinstance(n, ast.AugAssign) and _last_name(n.target) == name for n in ast.walk(loop)):
            return f"{_at(first, code)} is inside the loop, so `{name}` starts over in each iteration, and only the last one counts.".replace(
                "line", "Line", 1
            )
    return None


def thrown_away(tree: ast.Module, code: str) -> str | None:
    """Something that is calculated in a line of its own, and kept nowhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, (ast.BinOp, ast.Compare, ast.UnaryOp)):
            return f"{_at(node, code)} calculates something and doesn't keep it.".replace("line", "Line", 1)
    return None


# What is handed a function for what it gives.
_TAKE_FUNCTIONS = {
    "grad",
    "value_and_grad",
    "jit",
    "vmap",
    "scan",
    "fori_loop",
    "while_loop",
    "map",
    "tree_map",
    "remat",
}


def without_return(tree: ast.Module, code: str) -> str | None:
    """A function inside of the function that is needed for what it gives, and gives nothing."""
    needed = {
        _last_name(arg)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and _last_name(call.func) in _TAKE_FUNCTIONS
        for arg in call.args
    }
    for outer in _functions(tree):
        handed_out = {_last_name(node.value) for node in outer.body if isinstance(node, ast.Return) and node.value}
        for inner in outer.body:
            if not isinstance(inner, Function) or inner.name not in needed | handed_out:
                continue
            if not any(isinstance(node, (ast.Return, ast.Yield, ast.Raise)) for node in ast.walk(inner)):
                return f"The function `{inner.name}` inside yours has no `return`, so it returns None."
    return None


def unused_input(tree: ast.Module, code: str) -> str | None:
    """An argument of the function, or what is taken out of one, that is used nowhere."""
    for function in [node for node in tree.body if isinstance(node, Function)][-1:]:
        given = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
        loaded = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        taken = [name for node in ast.walk(function) if isinstance(node, ast.Assign) for name in _taken(node, given)]
        for name in (*given, *taken):
            if name not in loaded and not name.startswith("_"):
                return f"`{name}` is not used anywhere in your code."
    return None


def _taken(node: ast.Assign, given: list[str]) -> Iterator[str]:
    """The names that an assignment gives to entries of an argument that is a dict."""
    target, value = node.targets[0], node.value
    pairs = (
        zip(target.elts, value.elts, strict=True)
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts)
        else [(target, value)]
    )
    for one, other in pairs:
        if not (isinstance(one, ast.Name) and isinstance(other, ast.Subscript) and _last_name(other.value) in given):
            continue
        if isinstance(other.slice, ast.Constant) and isinstance(other.slice.value, str):
            yield one.id


def _functions(tree: ast.Module) -> list[Function]:
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


# What may stop a function or spoil its answer, the more certain first.
SPOILS: tuple[Callable[[ast.Module, str], str | None], ...] = (
    dropped_update,
    exchanged_gradient,
    overwritten_total,
    begun_in_loop,
    early_return,
    without_return,
    thrown_away,
)
