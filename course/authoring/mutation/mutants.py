"""The mutants of a solution: its answers, each with one small change."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course.authoring.lessons import SOLUTIONS, stored
from course.authoring.mutation.edits import edits, results
from course.authoring.notebook import Notebook, read
from course.authoring.release import BEGIN, END

# Characters of a changed line that are shown whole, and of those around the change in a longer one.
_LONG, _AROUND = 90, 20

Place = tuple[ast.AST, str, int | None, ast.AST]


@dataclass(frozen=True)
class Mutant:
    """A changed answer.

    Attributes:
        what: the change in a few words.
        name: what stood there and what stands there now: "return x → return -x". A further one of the same name has its number.
        source: the whole cell with it, as Python lays out a tree.
    """

    what: str
    name: str
    source: str


@dataclass(frozen=True)
class Answer:
    """The reference answer of an exercise, as the solution notebook has it.

    Attributes:
        exercise: its name.
        source: of the solution cell.
        before: the imports and definitions of the notebook's other cells, which the cell may use.
    """

    exercise: str
    source: str
    before: str


def answers(root: Path) -> dict[str, Answer]:
    """The answers of all solutions of the clone at `root`, by exercise, in the order of the lessons."""
    found: dict[str, Answer] = {}
    for path in stored(root, (SOLUTIONS,)):
        nb = read(path)
        for cell in nb["cells"]:
            if (name := _exercise(cell)) is not None:
                found[name] = Answer(name, cell["source"], _definitions(nb, cell["source"]))
    return found


def _exercise(cell: dict) -> str | None:
    grading = cell["metadata"].get("nbgrader", {})
    return str(grading["grade_id"]) if grading.get("solution") else None


def _definitions(nb: Notebook, but: str) -> str:
    """Top-level imports, functions and classes of the cells but this one; nothing else of the notebook is run."""
    lines = []
    for cell in nb["cells"]:
        if cell["cell_type"] == "code" and cell["source"] != but:
            try:
                body = ast.parse(cell["source"]).body
            except SyntaxError:  # a magic
                continue
            kept = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
            lines += [ast.unparse(node) for node in body if isinstance(node, kept)]
    return "\n".join(lines)


def mutants(source: str) -> list[Mutant]:
    """Every changed answer, those whose trees are the same only once.

    Args:
        source: of a cell; only what stands between the marks of a solution is changed.
    """
    tree = ast.parse(source)
    original = ast.unparse(tree)
    arrays = next((name for name in ("jnp", "np") if f"{name}." in source), "")
    if "jax." in source or "pl." in source:
        arrays = "jnp"
    bounds = (f"{arrays}.maximum", f"{arrays}.minimum") if arrays else ("max", "min")
    ends = results(tree)
    found: list[Mutant] = []
    seen = {ast.dump(tree)}
    known: dict[str, int] = {}
    for place, names in list(_places(tree, _marked(source))):
        for what, new in list(edits(place[-1], names, bounds if id(place[-1]) in ends else None)):
            changed = _with(tree, place, new)
            try:
                same = ast.dump(ast.parse(changed))
            except SyntaxError:
                continue
            if same in seen:
                continue
            seen.add(same)
            name = _named(original, changed)
            known[name] = known.get(name, 0) + 1
            found.append(Mutant(what, name if known[name] == 1 else f"{name} ({known[name]})", changed))
    return found


def _named(before: str, after: str) -> str:
    """The changed lines; of long ones the part that differs, and a little around it."""
    diff = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))[2:]
    was, now = (" ⏎ ".join(line[1:].strip() for line in diff if line[0] == sign) for sign in "-+")
    if max(len(was), len(now)) > _LONG:
        first = next((i for i, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
        rest = min(len(was), len(now)) - first
        last = next((i for i in range(rest) if was[-1 - i] != now[-1 - i]), rest)
        was, now = (
            f"{'…' * (first > _AROUND)}{text[max(first - _AROUND, 0) : len(text) - last + _AROUND]}{'…' * (last > _AROUND)}"
            for text in (was, now)
        )
    return " → ".join(text if len(text) <= 2 * _LONG else f"{text[:_LONG]} … {text[-_AROUND:]}" for text in (was, now))


def _marked(source: str) -> set[int]:
    """The numbers of the lines between the marks; of all, where there are none."""
    lines, inside = set(), False
    for number, line in enumerate(source.splitlines(), start=1):
        if line.strip() in (BEGIN, END):
            inside = line.strip() == BEGIN
        elif inside:
            lines.add(number)
    return lines or set(range(1, source.count("\n") + 2))


def _places(tree: ast.Module, lines: set[int]) -> Iterator[tuple[Place, list[str]]]:
    """Where a change can be made, with the variables that are known there."""

    def inside(parent: ast.AST, names: list[str]) -> Iterator[tuple[Place, list[str]]]:
        if isinstance(parent, (ast.FunctionDef, ast.Lambda)):
            own = [arg.arg for arg in (*parent.args.args, *parent.args.kwonlyargs) if arg.arg != "self"]
            names = list(dict.fromkeys([*names, *own]))
        for field, value in ast.iter_fields(parent):
            if field in ("decorator_list", "returns", "annotation", "args") and isinstance(parent, ast.FunctionDef):
                continue
            for i, node in enumerate(value) if isinstance(value, list) else ((None, value),):
                if not isinstance(node, ast.AST):
                    continue
                if getattr(node, "lineno", 0) in lines:
                    yield (parent, field, i, node), names
                yield from inside(node, names)
                if isinstance(node, ast.Assign):
                    stored = [
                        one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)
                    ]
                    names = list(dict.fromkeys([*names, *stored]))

    yield from inside(tree, [])


def _with(tree: ast.Module, place: Place, new: ast.AST | list[ast.stmt] | None) -> str:
    """The source of the tree with something else at the place; the tree stays as it is."""
    parent, field, i, _ = place
    whole = getattr(parent, field)
    if i is None:
        setattr(parent, field, new)
    else:
        setattr(parent, field, [*whole[:i], *(new if isinstance(new, list) else [new]), *whole[i + 1 :]])
    try:
        return ast.unparse(tree)
    finally:
        setattr(parent, field, whole)
