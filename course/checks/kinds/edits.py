"""A change of one place in a tree of code, made for as long as it is looked at, and what stands in such a tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

# A changed tree's place, and what is said of it.
Change = tuple[ast.AST, str]


def set_to(node: Any, field: str, value: Any, said: str, place: ast.AST | None = None) -> Iterator[Change]:
    """The tree with one field of a node set, for as long as the change is looked at."""
    before = getattr(node, field)
    setattr(node, field, value)
    yield place or node, said
    setattr(node, field, before)


def put(node: ast.AST, field: Any, value: ast.expr, said: str) -> Iterator[Change]:
    """The tree with one expression replaced, for as long as the change is looked at."""
    if isinstance(field, str):
        yield from set_to(node, field, value, said)
        return
    parts, i = getattr(node, field[0]), field[1]
    before, parts[i] = parts[i], value
    yield node, said
    parts[i] = before


def expressions(node: ast.AST) -> Iterator[tuple[Any, ast.expr]]:
    """The expressions right below a node, and where: a field, or a field and a place in its list."""
    for field, value in ast.iter_fields(node):
        if (
            isinstance(value, ast.expr)
            and field not in ("func", "annotation", "returns")
            and not isinstance(getattr(value, "ctx", None), ast.Store)
        ):
            yield field, value
        elif isinstance(value, list) and field != "decorator_list":
            yield from (((field, i), part) for i, part in enumerate(value) if isinstance(part, ast.expr))


def constant(node: ast.AST) -> Any:
    return node.value if isinstance(node, ast.Constant) else None


def own_names(tree: ast.Module) -> list[str]:
    """The names of a function's own, each once."""
    own = [n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)]
    own += [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return list(dict.fromkeys(own))


def text_of(node: ast.AST) -> str:
    """What a node is in the learner's own writing, where it is known: 1e6 is not 1000000.0."""
    return getattr(node, "written", None) or ast.unparse(node)


def which(part: ast.expr, whole: ast.expr, tree: ast.AST) -> str:
    """A part of a line; where the same stands in the line twice, with what it is a part of."""
    text = text_of(part)
    line = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.expr) and getattr(n, "lineno", 0) == getattr(part, "lineno", 0) and text_of(n) == text
    ]
    return f"`{text}`" if len(line) < 2 else f"`{text}` in `{text_of(whole)}`"


def is_module(node: ast.expr) -> bool:
    return ast.unparse(node).split(".")[0] in ("jnp", "np", "jax", "math", "nnx", "optax", "pl")
