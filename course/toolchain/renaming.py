"""A kernel of `course.simt` as `numba.cuda` wants it: by renaming, line for line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from course.simt import Kernel, KernelError

_OF_MODULES = ("pi", "e", "tau", "inf", "nan")  # numbers of `math` and `numpy`, which have 64 bits there
_PLAIN = {"float": "float32", "int": "int64", "bool": "bool_"}
Edit = tuple[tuple[int, int], tuple[int, int], str]  # from, to: line from 1 and byte from 0; the new text


@dataclass(frozen=True)
class Renamed:
    """A kernel for `numba.cuda`.

    Attributes:
        name: of the kernel's function.
        text: its functions; each line is the line of `Kernel.source` with that number.
        functions: their names, the kernel's first.
        types: the names of numba's types that the text uses.
        constants: what its other names stand for, as in `Kernel.constants`.
    """

    name: str
    text: str
    functions: tuple[str, ...]
    types: tuple[str, ...]
    constants: dict[str, Any]

    def __str__(self) -> str:
        """The whole program, with its imports and decorators."""
        lines = [f"from numba import {', '.join(('cuda', *self.types))}"]
        for line in self.text.splitlines():
            name = line.removeprefix("def ").partition("(")[0]
            if line.startswith("def "):
                lines += [""] if lines[-1] else []
                lines.append("@cuda.jit" if name == self.name else "@cuda.jit(device=True)")
            if line or lines[-1]:
                lines.append(line)
        return "\n".join(lines) + "\n"


def renamed(kernel: Any) -> Renamed:
    """The kernel for `numba.cuda`: `t.` becomes `cuda.`, a quoted type becomes numba's, and a number with a point becomes a `float32`.

    The last one matters: in CUDA C++ one writes 0.0f, in numba float32(0.0). A plain 0.0 has 64 bits there, and so has all that is added to it.

    Raises:
        KernelError: it is no kernel of `course.simt`, or it hands its thread handle on in a way that can't be renamed.
    """
    code = Kernel.of(kernel)
    edits: list[Edit] = []
    types: set[str] = set()
    handles = _handles(code)
    for name, handle in handles.items():
        edits += _function(code, code.functions[name], handle, handles, types)
    for name, function in code.functions.items():
        if name not in handles:
            edits += _function(code, function, None, handles, types)
    text = _edited(code.source, edits)
    return Renamed(code.name, text, tuple(code.functions), tuple(sorted(types)), dict(code.constants))


def _handles(code: Kernel) -> dict[str, str]:
    """The name of the thread handle in the kernel, and in each function that gets it as its first argument."""
    kernel = code.functions[code.name]
    if not kernel.args.args:
        raise KernelError.at(kernel.lineno, "a kernel's first parameter is the thread handle, such as t")
    found = {code.name: kernel.args.args[0].arg}
    todo = [code.name]
    for name in todo:
        for node in ast.walk(code.functions[name]):
            match node:
                case ast.Call(func=ast.Name(id=called), args=[first, *_]) if _is(first, found[name]):
                    if called in code.functions and called not in found:
                        found[called] = code.functions[called].args.args[0].arg
                        todo.append(called)
    return found


def _is(node: ast.AST, name: str | None) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _function(
    code: Kernel, function: ast.FunctionDef, handle: str | None, handles: dict[str, str], types: set[str]
) -> Iterator[Edit]:
    """The edits of one function."""
    if handle:
        params = function.args.args
        yield _start(params[0]), _start(params[1]) if len(params) > 1 else _end(params[0]), ""
    done: set[ast.AST] = set()
    for node in (each for statement in function.body for each in ast.walk(statement)):
        if node in done:
            continue
        match node:
            case ast.Call(func=ast.Name(id=called), args=[first, *others]) if called in handles and _is(first, handle):
                yield _start(first), _start(others[0]) if others else _end(first), ""
                done.add(first)
            case ast.Call(func=ast.Attribute(value=ast.Attribute(value=root), attr="array")) if _is(root, handle):
                kinds = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "dtype")]
                for kind in kinds:
                    plain = _PLAIN.get(kind.id) if isinstance(kind, ast.Name) else None
                    if isinstance(kind, ast.Constant) and isinstance(kind.value, str):
                        plain = "bool_" if kind.value == "bool" else kind.value
                    if plain:
                        types.add(plain)
                        done.add(kind)
                        yield _start(kind), _end(kind), plain
            case ast.Call(func=ast.Name(id="float") as func):
                types.add("float32")
                yield _start(func), _end(func), "float32"
            case ast.Constant(value=float()):
                types.add("float32")
                yield _start(node), _start(node), "float32("
                yield _end(node), _end(node), ")"
            case ast.Attribute(value=ast.Name(id=module), attr=attr) if attr in _OF_MODULES:
                if str(code.meaning(module)).startswith("import "):
                    types.add("float32")
                    yield _start(node), _start(node), "float32("
                    yield _end(node), _end(node), ")"
            case ast.Name() if _is(node, handle):
                yield _start(node), _end(node), "cuda"


def _start(node: Any) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _end(node: Any) -> tuple[int, int]:
    return node.end_lineno, node.end_col_offset


def _edited(source: str, edits: list[Edit]) -> str:
    lines = [line.encode() for line in source.splitlines()]
    for (first, begin), (last, end), new in sorted(edits, reverse=True):
        if first != last:  # a parameter list over several lines keeps its lines
            lines[last - 1] = b" " * end + lines[last - 1][end:]
            end = len(lines[first - 1])
        lines[first - 1] = lines[first - 1][:begin] + new.encode() + lines[first - 1][end:]
    return "\n".join(line.decode() for line in lines)
