"""What a lesson's own cells define, run by itself: the code that is measured is the code that a learner reads.

    lesson = defined(LESSONS / "05_cnn_classification.ipynb", "loss_fn", "jitted_step")
    lesson["jitted_step"](model, optimizer, images, labels)

Only the statements that the names asked for need are run, in the notebook's order: their imports, helpers and constants, and what
those need in turn. Pictures, guesses and measurements stay out, unless one of the names needs them.
"""

from __future__ import annotations

import ast
import builtins
import json
import symtable
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LESSONS, SOLUTIONS = ROOT / "notebooks", ROOT / "solutions"
_DEFINES = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Statement:
    """A statement at the top level of a cell.

    Attributes:
        node: the statement.
        binds: the names that it gives a value.
        needs: the names that it, or a function in it, looks up.
        completes: the name of the function that it tells something more, as `f.defvjp(...)` does; "" otherwise.
    """

    node: ast.stmt
    binds: frozenset[str]
    needs: frozenset[str]
    completes: str = ""


class NotDefined(LookupError):
    """A notebook has no definition of a name that was asked for."""


def defined(path: Path, *names: str, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The values of `names` after what they need of the notebook has been run.

    Args:
        path: of the notebook.
        names: that its cells define at their top level. Of several definitions the last one counts.
        given: values of names in place of those that the notebook gives them: another optimizer, say.

    Raises:
        NotDefined: there is no such name, neither in the notebook nor in `given`.
    """
    statements = list(_statements(path))
    have = dict(given or {})
    space: dict[str, Any] = {"__name__": path.stem, **have}
    for place in needed(statements, names, have, path.name):
        module = ast.Module([statements[place].node], type_ignores=[])
        exec(compile(module, f"<{path.name}>", "exec"), space)
        space.update(have)  # what was given stays, also where a statement binds it beside another name
    return {name: space[name] for name in names}


def source(path: Path, *names: str) -> str:
    """What `defined` would run for these names, as text."""
    statements = list(_statements(path))
    return "\n".join(ast.unparse(statements[place].node) for place in needed(statements, names, {}, path.name))


def needed(statements: Sequence[Statement], names: Sequence[str], given: Mapping[str, Any], notebook: str) -> list[int]:
    """The places of the statements that `names` need, in order.

    What a statement looks up is what was bound last before it; a function may also look up what is bound later.
    """
    found: set[int] = set()
    open_: list[tuple[str, int]] = [(name, len(statements)) for name in names]
    while open_:
        name, before = open_.pop()
        if name in given:
            continue
        places = [place for place, statement in enumerate(statements) if name in statement.binds]
        if not places:
            # A name that is asked for has to be there; one that is only looked up may be Python's own.
            if before == len(statements) or not hasattr(builtins, name):
                raise NotDefined(f"{notebook} defines no {name!r} at the top level of a cell")
            continue
        earlier = [place for place in places if place < before]
        place = earlier[-1] if earlier else places[0]
        if place not in found:
            found.add(place)
            open_ += [(one, place) for one in statements[place].needs]
        if isinstance(statements[place].node, ast.FunctionDef):
            for later, statement in enumerate(statements):
                if statement.completes == name and later not in found:
                    found.add(later)
                    open_ += [(one, later) for one in statement.needs - {name}]
    return sorted(found)


def _statements(path: Path) -> Iterator[Statement]:
    """The statements of a notebook's cells. (Read as JSON: a library for it would take longer to import than the rest.)"""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        for node in ast.parse("".join(cell["source"])).body:
            table = symtable.symtable(ast.unparse(node), str(path), "exec")
            binds = {one.get_name() for one in table.get_symbols() if one.is_assigned() or one.is_imported()}
            needs = _looked_up(table)
            if isinstance(node, _DEFINES):
                needs -= binds  # as a function's that calls itself
            elif not isinstance(node, (ast.Assign, ast.AnnAssign)):
                needs |= binds  # `a += 1` adds to an `a`, and an `if` may leave the one that there was
            yield Statement(node, frozenset(binds), frozenset(needs), _told_more(node))


def _told_more(node: ast.stmt) -> str:
    """`f` of a statement `f.something(...)`."""
    match node:
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(name)))):
            return name
    return ""


def _looked_up(table: symtable.SymbolTable) -> set[str]:
    """The global names that are looked up in a scope and in those within it."""
    outside = table.get_type() == "module"
    found = {one.get_name() for one in table.get_symbols() if one.is_referenced() and (outside or one.is_global())}
    return found.union(*(_looked_up(child) for child in table.get_children()))
