"""What the names of a function mean while it is compiled, and what all parts of the compiler share."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from course.simt.counting.books import Line
from course.simt.language.hints import HINTS, OTHERWISE
from course.simt.language.source import Kernel
from course.simt.limits import NODES, whole
from course.simt.machine import Body, Warp
from course.simt.memory import Memory
from course.simt.report.findings import KernelError
from course.simt.report.records import Kind, Site
from course.simt.values import Value

Expression = Callable[[Warp], Value]


class Unknown:
    """What `fold` returns where a value is not known before the run."""


UNKNOWN = Unknown()


@dataclass
class Scope:
    """A function that is being compiled, or inlined where it is called.

    Attributes:
        function: its name.
        handle: its name for the thread handle, or None.
        slots: its variables, by name.
        arrays: the arrays that it knows, by its name for them.
        fixed: its parameters that it does not assign to and whose value is known.
        returned: the slot of what it returns; None for the kernel itself.
        loops: how many loops the statement at hand is in.
    """

    function: str
    handle: str | None
    slots: dict[str, int] = field(default_factory=dict)
    arrays: dict[str, Memory] = field(default_factory=dict)
    fixed: dict[str, Any] = field(default_factory=dict)
    returned: int | None = None
    loops: int = 0


class Compiler:
    """The state of a compilation. Its parts are in `expressions`, `calls` and `statements`.

    Attributes:
        ops: how many instructions the statement at hand issues in any case; a part that is issued under a narrower mask
            counts for itself.
        computes: how many of them are no access to memory.
    """

    def __init__(self, kernel: Kernel, grid: tuple[int, ...], block: tuple[int, ...]) -> None:
        self.kernel = kernel
        self.sizes = {"blockDim": whole(block), "gridDim": whole(grid)}
        self.lines: dict[int, Line] = {}
        self.sites: dict[tuple[int, str, str], Site] = {}
        self.memories: list[Memory] = []
        self.variables = 0
        self.ops = self.computes = self.nodes = 0
        self.stack: list[Scope] = []

    @property
    def scope(self) -> Scope:
        """The function at hand."""
        return self.stack[-1]

    def refuse(self, node: ast.AST, sentence: str | None = None) -> NoReturn:
        """Refuse a construct, with a sentence that says what to write instead.

        Raises:
            KernelError: always.
        """
        sentence = sentence or HINTS.get(type(node).__name__, OTHERWISE)
        raise KernelError.at(getattr(node, "lineno", 1), sentence)

    def visit(self, node: ast.AST) -> None:
        """Count a node; device functions that call each other are inlined, and could grow without bound."""
        self.nodes += 1
        if self.nodes > NODES:
            self.refuse(node, "the kernel and the functions that it calls are too large together")

    def count(self, computes: bool = True) -> None:
        """One more instruction of the statement at hand."""
        self.ops += 1
        self.computes += computes

    def line(self, node: ast.AST) -> tuple[int, Line]:
        """A node's line number, and the books of that line."""
        number = getattr(node, "lineno", 1)
        return number, self.lines.setdefault(number, Line())

    def site(self, node: ast.AST, memory: Memory, kind: Kind) -> Site:
        """The books of one kind of access to one array in a node's line."""
        number = getattr(node, "lineno", 1)
        self.count(computes=False)
        if kind != "load":
            memory.stored = True
        return self.sites.setdefault((number, memory.name, kind), Site(number, memory.name, kind, memory.space))

    def variable(self) -> int:
        """A new slot for a variable."""
        self.variables += 1
        return self.variables - 1

    def array(self, node: ast.AST) -> Memory | None:
        """The array that a name stands for, or None."""
        return self.scope.arrays.get(node.id) if isinstance(node, ast.Name) else None

    def path(self, node: ast.AST) -> list[str]:
        """A chain of attributes of a name, such as ["t", "shared", "array"]; empty for anything else."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        return [node.id, *reversed(parts)] if isinstance(node, ast.Name) else []

    def declare(self, scope: Scope, function: ast.FunctionDef) -> None:
        """Give a function's variables their slots; in `arrays`."""
        raise NotImplementedError

    def body(self, statements: list[ast.stmt]) -> Body:
        """The closure of a list of statements; in `statements`."""
        raise NotImplementedError


def placed(op: ast.AST, node: ast.AST) -> ast.AST:
    """An operator, with the line of the expression that it stands in."""
    op.lineno = getattr(node, "lineno", 1)  # type: ignore[attr-defined]
    return op
