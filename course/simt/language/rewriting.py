"""Syntax trees made of others: what Python writes in one line, in the lines that a kernel's compiler knows."""

from __future__ import annotations

import ast
import copy
from typing import Any, TypeVar

Node = TypeVar("Node", bound=ast.AST)


def at(place: ast.AST, node: Node) -> Node:
    """The new node, with the line of another, and so all that is new in it."""
    return ast.fix_missing_locations(ast.copy_location(node, place))


def name_of(place: ast.AST, name: str, store: bool = False) -> ast.Name:
    """A name that is read, or stored to."""
    return at(place, ast.Name(name, ast.Store() if store else ast.Load()))


def call(place: ast.AST, name: str, *args: ast.expr) -> ast.Call:
    """A call of a function by its name."""
    return at(place, ast.Call(ast.Name(name, ast.Load()), list(args), []))


def set_to(place: ast.AST, name: str, value: ast.expr) -> ast.stmt:
    """An assignment to a name."""
    return at(place, ast.Assign([name_of(place, name, store=True)], value))


class Put(ast.NodeTransformer):
    """Puts expressions in the place of names; a name that is stored to gets the name that is put there."""

    def __init__(self, known: dict[str, ast.expr]) -> None:
        self.known = known

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id not in self.known:
            return node
        put_in = copy.deepcopy(self.known[node.id])
        if isinstance(node.ctx, ast.Store) and isinstance(put_in, ast.Name):
            put_in.ctx = ast.Store()
        return ast.copy_location(put_in, node)


def put(node: Node, known: dict[str, ast.expr]) -> Node:
    """The node with expressions in the place of the names that it reads; it stays as it is, and shares what is not changed."""
    if isinstance(node, ast.Name):
        return known.get(node.id, node) if isinstance(node.ctx, ast.Load) else node  # type: ignore[return-value]
    changed: dict[str, Any] = {}
    for name, old in ast.iter_fields(node):
        if isinstance(old, list):
            new: Any = [put(each, known) if isinstance(each, ast.AST) else each for each in old]
            same = all(a is b for a, b in zip(old, new, strict=True))
        else:
            new = put(old, known) if isinstance(old, ast.AST) else old
            same = new is old
        if not same:
            changed[name] = new
    if not changed:
        return node
    return ast.copy_location(type(node)(**{**dict(ast.iter_fields(node)), **changed}), node)


def stored_names(function: ast.FunctionDef | ast.Lambda) -> list[ast.Name]:
    """The names that a function itself assigns to: those of functions and comprehensions inside of it are their own."""
    found: list[ast.Name] = []
    todo: list[ast.AST] = list(function.body) if isinstance(function, ast.FunctionDef) else [function.body]
    while todo:
        node = todo.pop(0)
        if isinstance(node, ast.FunctionDef):
            found.append(at(node, ast.Name(node.name, ast.Store())))
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.append(node)
        if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp):
            todo += [generator.iter for generator in node.generators]
            continue
        todo += ast.iter_child_nodes(node)
    return found
