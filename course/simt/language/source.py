"""A kernel's source: read from a function or from text, parsed, and never executed."""

from __future__ import annotations

import ast
import inspect
import math
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from course.simt.limits import CHARACTERS, DEPTH, NODES, PARTS
from course.simt.report.report import KernelError

Constant = bool | int | float | str | tuple[Any, ...]  # a str is "import math" or "import math.sqrt"
_USUAL = {"math": "import math", "np": "import numpy", "numpy": "import numpy", "jnp": "import jax.numpy"}


@dataclass(frozen=True)
class Kernel:
    """A kernel as text, with what its names outside of it mean. It is plain data: it can be sent elsewhere and run there.

    Attributes:
        name: of the kernel's function.
        source: its `def` from line 1, and below those of the device functions that it calls.
        constants: what its other names stand for: numbers, tuples of numbers (lists, too, come as tuples), and "import math" for a module.
    """

    name: str
    source: str
    constants: Mapping[str, Constant]

    @classmethod
    def of(cls, function: Callable[..., Any] | Kernel) -> Kernel:
        """The kernel of a Python function, together with the constants and device functions that it names.

        Raises:
            KernelError: its source can't be read, or it names something that a GPU thread can't use.
            NotImplementedError: it, or a device function of it, still is the stub of an exercise.
        """
        if isinstance(function, Kernel):
            return function
        if not isinstance(function, FunctionType) or function.__name__ == "<lambda>":
            raise KernelError("a kernel is a function written with def, of a thread t and its arrays")
        texts: dict[str, str] = {}
        constants: dict[str, Constant] = {}
        todo = [function]
        while todo:
            each = todo.pop(0)
            if "NotImplementedError" in each.__code__.co_names:
                raise NotImplementedError(f"{each.__name__} is not written yet")
            if each.__name__ not in texts:
                text, tree = _read(each)
                texts[each.__name__] = text
                todo += _outside(each, tree, constants)
        return cls.from_source("\n\n".join(texts.values()), function.__name__, constants)

    @classmethod
    def from_source(cls, source: str, name: str, constants: Mapping[str, Constant] | None = None) -> Kernel:
        """The kernel `name` of a text that defines it and, if it calls any, its device functions. Nothing of it is executed.

        Raises:
            KernelError: the text is no Python, is too long, or holds something else than functions.
        """
        if not isinstance(source, str) or not isinstance(constants or {}, Mapping):
            raise KernelError("a kernel's source is text, and its constants are given by name")
        tree = parse(textwrap.dedent(source))
        lines = textwrap.dedent(source).splitlines()
        found: dict[str, tuple[ast.FunctionDef, str]] = {}
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef):
                raise KernelError.at(node.lineno, "a kernel's text holds functions, written with def, and nothing else")
            if node.decorator_list:
                raise KernelError.at(node.lineno, f"{node.name} has a decorator: a kernel is a plain function")
            found[node.name] = node, "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if name not in found:
            raise KernelError(f"there is no function {name!r:.60} in the kernel's text")
        order = [name]
        for each in order:
            order += [n for n in _names(found[each][0]) if n in found and n not in order]
        return cls(name, "\n\n".join(found[n][1] for n in order), _checked(constants or {}))

    def plain(self) -> dict[str, Any]:
        """What `from_source` takes, as plain data: `Kernel.from_source(**kernel.plain())` is the same kernel."""
        return {"source": self.source, "name": self.name, "constants": dict(self.constants)}

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the source, without the space around them; line 1 is the first."""
        return [line.strip() for line in self.source.splitlines()]

    def text(self, line: int) -> str:
        """One line of the source."""
        return self.lines[line - 1] if 1 <= line <= len(self.lines) else ""

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        """The syntax trees of the kernel and its device functions, by name."""
        return {node.name: node for node in parse(self.source).body if isinstance(node, ast.FunctionDef)}

    def meaning(self, name: str) -> Constant | None:
        """What a name outside of the functions stands for; the usual names of modules are known in any case."""
        return self.constants.get(name, _USUAL.get(name))


def parse(source: str) -> ast.Module:
    """The syntax tree of a text, bounded in length, depth and size.

    Raises:
        KernelError: it is no Python, or too much.
    """
    if len(source) > CHARACTERS:
        raise KernelError(f"a kernel of {len(source):,} characters is too long: at most {CHARACTERS:,}")
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise KernelError.at(error.lineno or 1, f"this is not Python ({error.msg})") from None
    except (ValueError, RecursionError, MemoryError, OverflowError):
        raise KernelError(
            "the kernel's text can't be read: it is nested too deeply, or holds characters of no text"
        ) from None
    layer: list[ast.AST] = [tree]
    count = 0
    for _ in range(DEPTH):
        layer = [child for node in layer for child in ast.iter_child_nodes(node)]
        count += len(layer)
        if not layer or count > NODES:
            break
    if layer:
        raise KernelError("the kernel is nested too deeply, or is too large: split its expressions into several lines")
    return tree


def _read(function: FunctionType) -> tuple[str, ast.FunctionDef]:
    name = function.__name__
    try:
        text = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        raise KernelError(f"the source of {name} can't be read: define it in a cell or a file") from None
    body = parse(text).body
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef):
        raise KernelError(f"{name} is not written as a plain def")
    return text.rstrip(), body[0]


def _names(function: ast.FunctionDef) -> list[str]:
    """The names that a function reads or calls and does not define, in order; annotations don't count."""
    own = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)} | {
        node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    own |= {node.name for s in function.body for node in ast.walk(s) if isinstance(node, ast.FunctionDef)}
    own |= {
        (a.asname or a.name) for n in ast.walk(function) if isinstance(n, ast.Import | ast.ImportFrom) for a in n.names
    }
    loads = [n.id for s in function.body for n in _without_annotations(s) if isinstance(n, ast.Name)]
    return [name for name in dict.fromkeys(loads) if name not in own]


def _without_annotations(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for name, child in ast.iter_fields(node):
        for each in child if isinstance(child, list) else [child]:
            if isinstance(each, ast.AST) and name != "annotation":
                yield from _without_annotations(each)


def _outside(function: FunctionType, tree: ast.FunctionDef, constants: dict[str, Constant]) -> list[FunctionType]:
    """Put what the function's outer names stand for into `constants`; return the device functions among them."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    functions = []
    for name in _names(tree):
        try:
            value = cells[name].cell_contents if name in cells else function.__globals__[name]
        except (KeyError, ValueError):
            continue  # one of Python's own, or unknown: the compiler says so, with the line
        if isinstance(value, FunctionType) and value.__name__ == name:
            functions.append(value)
            continue
        meaning = _meaning(value)
        if meaning is None:
            raise KernelError(
                f"{function.__name__} uses {name}, {_kind(value)}: a thread can use its parameters, "
                "numbers, tuples and lists of numbers, and other functions written with def"
            )
        if constants.setdefault(name, meaning) != meaning:
            raise KernelError(f"two functions of the kernel mean different things by {name}: rename one")
    return functions


def _meaning(value: Any) -> Constant | None:
    if hasattr(value, "dtype") and getattr(value, "shape", None) == ():  # NumPy's and JAX's single numbers
        value = np.asarray(value).item()
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, tuple | list | range):
        parts = tuple(_meaning(part) for part in value)
        return None if any(part is None or isinstance(part, str) for part in parts) else parts
    name = str(getattr(value, "__name__", ""))
    if isinstance(value, ModuleType) and f"import {name}" in _USUAL.values():
        return f"import {name}"
    if isinstance(value, BuiltinFunctionType) and getattr(math, name, None) is value:
        return f"import math.{name}"
    return None


def _kind(value: Any) -> str:
    kind = type(value).__name__
    return "an array that is not among its parameters" if hasattr(value, "dtype") else f"which is of type {kind}"


def _checked(constants: Mapping[str, Constant]) -> dict[str, Constant]:
    """The constants, each a number of at most 64 bits or a short tuple of them.

    Raises:
        KernelError: one is something else.
    """
    for name, value in constants.items():
        if not isinstance(name, str) or not _plain(value, 3):
            raise KernelError(
                f"{name!s:.60} is no constant that a kernel can use: a number of 64 bits, or a tuple of them"
            )
    return dict(constants)


def _plain(value: Any, depth: int) -> bool:
    if type(value) is tuple:
        return depth > 0 and len(value) <= PARTS and all(_plain(part, depth - 1) for part in value)
    if type(value) is int:
        return -(2**63) <= value < 2**63
    return type(value) in (bool, float) or (type(value) is str and value.startswith("import ") and len(value) < 60)
