"""Mistakes of a kind that one small change would mend: the change is tried, and only the place is told.

The learner's own code is changed in one place, a sign, an axis, two things exchanged, and run on the same inputs. Where that makes
it right on all of them, the place is known for certain. This is done in the learner's own process alone.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import linecache
import textwrap
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from course.checks.kinds.changes import changes
from course.checks.kinds.edits import Change
from course.checks.kinds.source import parsed
from course.checks.outcome import can_stop

# At most so many changes are tried, each on one input first.
MOST = 250
_FILE = "<a change that is tried {}>"
_numbers = itertools.count()


def repaired(function: Any, code: str, right: Callable[[Any], bool]) -> str | None:
    """The sentence on the one place of the learner's code that makes its answers wrong, or None.

    Args:
        function: what the learner wrote; its names are those that the changed code finds.
        code: its source.
        right: whether a function's answers are right, on all inputs.
    """
    tree = parsed(code)
    if not can_stop():  # a change may make an endless loop
        return None
    if tree is None or not inspect.isfunction(function) or function.__closure__ or len(tree.body) != 1:
        return None
    definition = tree.body[0]
    dedented = textwrap.dedent(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            vars(node)["written"] = ast.get_source_segment(dedented, node)
    if not isinstance(definition, ast.FunctionDef) or definition.name != function.__name__:
        return None
    try:
        # What a change that is tried divides by 0 is none of the learner's affair.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _mended(tree, function, code.splitlines(), right)
    finally:
        forget()


def _mended(tree: ast.Module, function: Any, lines: list[str], right: Callable[[Any], bool]) -> str | None:
    for node, said in itertools.islice(_once(tree), MOST):
        changed = _function(tree, function)
        if changed is not None and right(changed):
            line = lines[_line(node) - 1].split("#")[0].strip()
            return (
                f"One change makes it right, in the line `{line}`: {said}"
                if "`" not in line
                else f"One change makes it right: {said}"
            )
    return None


def _once(tree: ast.Module) -> Iterator[Change]:
    """Each change that makes another text than those before it."""
    seen: set[str] = set()
    for change in changes(tree):
        text = ast.unparse(tree)
        if text not in seen:
            seen.add(text)
            yield change


def _line(node: ast.AST) -> int:
    """The line of a node; a comprehension's is that of its parts."""
    return next((found.lineno for found in ast.walk(node) if hasattr(found, "lineno")), 1)


def _function(tree: ast.Module, like: Any) -> Any:
    """The function of a changed tree, among the names of the learner's; its source can be read, as kernels need it."""
    file = _FILE.format(next(_numbers))
    try:
        text = ast.unparse(tree)
        linecache.cache[file] = (len(text), None, text.splitlines(True), file)
        names = dict(like.__globals__)
        exec(compile(text, file, "exec"), names)
        return names.get(like.__name__)
    except Exception:
        return None


def forget() -> None:
    """Drop the sources of what was tried."""
    for file in [file for file in linecache.cache if file.startswith(_FILE.split("{")[0])]:
        del linecache.cache[file]
