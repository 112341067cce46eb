"""The learner does it first: what an exercise asks for isn't shown in the lesson above the line that sends the learner to it.

Such a line holds a pencil: "✎ **Now write [`relu`](…#relu).**". Above it a cell may neither define the exercise's name nor have a
function whose body is the solution's. Two bodies are the same if their syntax trees are, names, constants, docstrings, annotations
and the order of statements aside.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from course.authoring.notebook import Notebook, Problem, code_cells, place

PENCIL = "✎"
_LINK = re.compile(r"\.ipynb#(\w+)\)")


def ahead_problems(lesson: Notebook, solution: Notebook) -> list[Problem]:
    """What the lesson shows of its exercises too early, and exercises that it has no pencil line for.

    Args:
        lesson: the notebook in notebooks/.
        solution: the one of the same name in solutions/, whose solution cells carry nbgrader's `grade_id`.
    """
    lines = pencil_lines(lesson)
    found = []
    for name, wanted in _solutions(solution):
        if name not in lines:
            found.append(Problem("", f"no line with {PENCIL} sends the learner to `{name}`."))
            continue
        bodies = [_body(one) for one in _makers(wanted) if one.name == name]
        for index, cell in code_cells(lesson):
            tree = _tree(cell["source"])
            if index > lines[name] or tree is None:
                continue
            if name in _defined(tree):
                found.append(Problem(place(lesson, index), f"it defines `{name}` above the line that asks for it."))
            elif any(_body(one) in bodies for one in _makers(tree)):
                found.append(
                    Problem(
                        place(lesson, index),
                        f"a body here is the solution of `{name}`, above the line that asks for it.",
                    )
                )
    return found


def pencil_lines(lesson: Notebook) -> dict[str, int]:
    """The cell in which each exercise is asked for, by the exercise's name."""
    return {
        name: index
        for index, cell in reversed(list(enumerate(lesson["cells"])))
        if cell["cell_type"] == "markdown" and PENCIL in cell["source"]
        for name in _LINK.findall(cell["source"])
    }


def _solutions(solution: Notebook) -> Iterator[tuple[str, ast.Module]]:
    for _, cell in code_cells(solution):
        grading = cell["metadata"].get("nbgrader", {})
        tree = _tree(cell["source"])
        if grading.get("solution") and tree is not None:
            yield grading["grade_id"], tree


def _tree(source: str) -> ast.Module | None:
    """The tree of a cell; None where a magic makes it other than Python."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return None


Maker = ast.FunctionDef | ast.ClassDef


def _makers(tree: ast.AST) -> list[Maker]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)]


def _defined(tree: ast.Module) -> set[str]:
    """The functions and classes that a cell defines, and the names to which it gives a lambda."""
    named = {one.name for one in _makers(tree)}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            named |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return named


def _body(one: Maker) -> list[str]:
    """The statements of a function or a class as sorted texts, without what may differ between two ways to write the same."""
    body: Sequence[ast.stmt] = one.body
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return sorted(ast.dump(_Plain().visit(ast.parse(ast.unparse(statement)))) for statement in body)


class _Plain(ast.NodeTransformer):
    """Names and constants become one and the same; attributes stay, as `jnp.exp` is no `jnp.log`."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(id="_", ctx=ast.Load())

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant(value=type(node.value).__name__)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(arg="_")
