"""What the names of a function mean while it is compiled, what is known of them before the run, and what the compiler's parts share."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from course.simt.language.functions import CONSTANTS
from course.simt.language.hints import HINTS, OTHERWISE
from course.simt.language.rewriting import stored_names
from course.simt.language.source import Kernel
from course.simt.limits import NODES, whole
from course.simt.machine import Body, Memory, Warp
from course.simt.report.records import Kind, Line, Site
from course.simt.report.report import KernelError
from course.simt.values import BINARY, UNARY, NotWhole, Value, is_float

Expression = Callable[[Warp], Value]
AXES = {"x": 0, "y": 1, "z": 2}


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
        sequences: its tuples and lists: what their parts are, a constant or a variable each.
        functions: the functions that are written inside of it, each with the scope that it sees.
        modules: what its own imports mean, as in :attr:`Kernel.constants`.
        stores: how often it assigns to each of its names.
        returned: the slots of what it returns, one, or several if that is a tuple; None for the kernel itself.
        loops: how many loops the statement at hand is in.
    """

    function: str
    handle: str | None
    slots: dict[str, int] = field(default_factory=dict)
    arrays: dict[str, Memory] = field(default_factory=dict)
    fixed: dict[str, Any] = field(default_factory=dict)
    sequences: dict[str, list[ast.expr]] = field(default_factory=dict)
    functions: dict[str, tuple[ast.FunctionDef, Scope | None]] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    stores: dict[str, int] = field(default_factory=dict)
    returned: list[int] | None = None
    loops: int = 0


class Compiler(ABC):
    """The state of a compilation. Its parts are in `expressions`, `calls`, `arrays`, `control` and `statements`.

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

    @abstractmethod
    def expr(self, node: ast.expr) -> Expression:
        """The closure that computes an expression.

        Raises:
            KernelError: it can't be done in a kernel.
        """

    @abstractmethod
    def parts(self, node: ast.expr) -> list[ast.expr] | None:
        """The parts of a tuple or list, as expressions; None where it is none, or its length is not known before the run."""

    @abstractmethod
    def from_table(self, node: ast.Subscript) -> Expression | None:
        """The part of a tuple or list at an index, which may follow from the run; None where it is none."""

    @abstractmethod
    def rows(self, node: ast.For) -> tuple[list[str], list[list[Expression]]] | None:
        """The variables of a loop over a tuple or list, and their values in each round; None where it is none."""

    @abstractmethod
    def folded(self, node: ast.Call, name: str) -> Expression | None:
        """sum, min, max, any or all of an array, a tuple or list; None where the call is none of them."""

    @abstractmethod
    def body(self, statements: list[ast.stmt]) -> Body:
        """The closure of a list of statements."""

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

    def hidden(self) -> str:
        """The name of a new variable that no kernel can name."""
        name = f".{self.variables}"
        self.scope.slots[name] = self.variable()
        return name

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
        """Give each variable of a function its slot, and refuse what a function's head can't have."""
        if function.args.vararg or function.args.kwarg:
            self.refuse(function, f"{function.name} takes plain parameters only: no *, no **")
        taken = {arg.arg for arg in ast.walk(function.args) if isinstance(arg, ast.arg)}
        for node in stored_names(function):
            scope.stores[node.id] = scope.stores.get(node.id, 0) + 1
            if node.id in taken and node.id in scope.arrays:
                write = f"to write an element, use {node.id}[i] = …, else choose another name"
                self.refuse(node, f"{node.id} has a meaning already, it is one of the kernel's arrays: {write}")
            if node.id == scope.handle:
                self.refuse(node, f"{node.id} has a meaning already: choose another name")
            if node.id not in taken and scope.stores[node.id] == 1:
                for table in (scope.arrays, scope.sequences, scope.functions, scope.fixed):
                    table.pop(node.id, None)  # of the function around this one
                scope.slots[node.id] = self.variable()

    def slot(self, node: ast.AST, name: str) -> int:
        """The slot of a variable that is assigned to."""
        if name in self.scope.arrays:
            self.refuse(node, f"{name} is an array: choose another name")
        if name not in self.scope.slots:
            self.refuse(
                node,
                f"{name} is a tuple, a list or a function here, and something else in another line: choose another name",
            )
        return self.scope.slots[name]

    def index_parts(self, index: ast.expr, memory: Memory) -> list[Expression]:
        """The closures of what stands between an array's brackets, one an axis."""
        parts = self.parts(index) or [index]
        if len(parts) != len(memory.shape):
            axes = len(memory.shape)
            self.refuse(
                index,
                f"{memory.name} has {axes} {'axis' if axes == 1 else 'axes'}, so that it takes {axes} {'index' if axes == 1 else 'indices'}, as in "
                f"{memory.name}[{', '.join('ijklmnop'[: len(memory.shape)])}]; here it gets {len(parts)}",
            )
        return [self.expr(part) for part in parts]

    # What is known before the run: numbers, constants, sizes. A compiler computes them beforehand, too.

    def fold(self, node: ast.expr, strict: bool = False) -> Any:
        """The value of an expression that is known before the run, else UNKNOWN. A `strict` one needs neither the launch nor the
        arguments, as the size of shared memory may not."""
        match node:
            case ast.Constant():
                return self._literal(node)
            case ast.Name(id=name):
                return self._name_known(name, strict)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return self._all_known(parts, strict)
            case ast.ListComp():
                return self._all_known(self.parts(node), strict)
            case ast.Compare(ops=[ast.Is() | ast.IsNot() as op], comparators=[ast.Constant(value=None)]):
                return isinstance(op, ast.IsNot)  # arrays and numbers are never None
            case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value=str(text))]):
                return self.tried(node, float, text)
            case ast.Call(func=ast.Name(id="len"), args=[ast.Subscript(value=ast.Name(id=name))]) if (
                name in self.scope.arrays and len(self.scope.arrays[name].shape) == 2 and not strict
            ):
                return self.scope.arrays[name].shape[1]
            case ast.Subscript(value=inner, slice=index):
                whole, i = self.fold(inner, strict), self.fold(index, strict)
                if isinstance(whole, tuple) and type(i) is int:
                    if not -len(whole) <= i < len(whole):
                        self.refuse(node, f"there is no part {i} of {whole}")
                    return whole[i]
            case ast.UnaryOp(op=op, operand=inner):
                value = self.fold(inner, strict)
                if value is not UNKNOWN and not isinstance(value, tuple):
                    return self.tried(node, UNARY[type(op).__name__], value)
            case ast.BinOp(left=left, op=op, right=right):
                a, b = self.fold(left, strict), self.fold(right, strict)
                if UNKNOWN not in (a, b) and not isinstance(a, tuple) and not isinstance(b, tuple):
                    return self._binary_known(node, type(op).__name__, a, b)
            case ast.Attribute():
                return self._attribute_known(node, strict)
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]) if (
                name in self.scope.arrays and not strict
            ):
                return (self.scope.arrays[name].shape or (0,))[0]
            case ast.Call(func=ast.Name(id="len"), args=[inner]):
                held = self.parts(inner)
                return UNKNOWN if held is None else len(held)
        return UNKNOWN

    def _all_known(self, parts: list[ast.expr] | None, strict: bool) -> Any:
        values = tuple(self.fold(part, strict) for part in parts or ())
        return UNKNOWN if parts is None or any(value is UNKNOWN for value in values) else values

    def _literal(self, node: ast.Constant) -> Any:
        value = node.value
        if type(value) is int and value >= 2**63:
            self.refuse(node, "this number does not fit into 64 bits")
        if isinstance(value, bool | int | float):
            return value
        self.refuse(node, "a thread works with numbers only; text can stand in print() alone")

    def _name_known(self, name: str, strict: bool) -> Any:
        scope = self.scope
        if name in scope.sequences:
            return self._all_known(scope.sequences[name], strict)
        if name in scope.slots or name in scope.arrays or name in scope.functions or name == scope.handle:
            return UNKNOWN
        if name in scope.fixed:
            return UNKNOWN if strict else scope.fixed[name]
        value = self.meaning(name)
        if isinstance(value, str):
            part = value.rpartition(".")[2]
            return CONSTANTS.get(part, UNKNOWN) if value == f"import math.{part}" else UNKNOWN
        return UNKNOWN if value is None else value

    def _attribute_known(self, node: ast.Attribute, strict: bool) -> Any:
        memory = self.array(node.value)
        if memory is not None and not strict:
            known = {"shape": memory.shape, "size": int(np.prod(memory.shape)), "ndim": len(memory.shape)}
            return known.get(node.attr, UNKNOWN)
        match self.path(node):
            case [handle, "blockDim" | "gridDim" as which, "x" | "y" | "z" as axis] if (
                handle == self.scope.handle and not strict
            ):
                return self.sizes[which][AXES[axis]]
            case [module, constant] if self.module(module):
                return CONSTANTS.get(constant, UNKNOWN)
        return UNKNOWN

    def meaning(self, name: str) -> Any:
        """What a name that is no variable stands for."""
        return self.scope.modules.get(name, self.kernel.meaning(name))

    def module(self, name: str) -> str | None:
        """The module that a name stands for, such as "math"."""
        scope = self.scope
        if name in scope.slots or name in scope.arrays or name in scope.fixed or name == scope.handle:
            return None
        meaning = self.meaning(name)
        return meaning[7:] if isinstance(meaning, str) and not meaning.startswith("import math.") else None

    def _binary_known(self, node: ast.BinOp, op: str, a: Any, b: Any) -> Any:
        if op not in BINARY:
            self.refuse(placed(node.op, node))
        if op in ("FloorDiv", "Mod") and not is_float(a) and b == 0 and not is_float(b):
            self.refuse(node, "a whole number is divided by zero")
        return self.tried(node, BINARY[op], a, b)

    def tried(self, node: ast.expr, operation: Callable[..., Any], *values: Any) -> Any:
        try:
            with np.errstate(all="ignore"):
                return operation(*values)
        except NotWhole:
            self.refuse(node, "this operator needs whole numbers: convert with int()")
        except ValueError:
            self.refuse(node, "float() takes a number, 'inf', '-inf' or 'nan'")


def placed(op: ast.AST, node: ast.AST) -> ast.AST:
    """An operator, with the line of the expression that it stands in."""
    op.lineno = getattr(node, "lineno", 1)  # type: ignore[attr-defined]
    return op
