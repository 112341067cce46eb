"""What a kernel's expressions are worth before it runs: numbers, constants, sizes. A compiler computes them beforehand, too."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from course.simt.language.functions import CONSTANTS
from course.simt.language.scope import UNKNOWN, Compiler, placed
from course.simt.values import BINARY, UNARY, NotWhole, is_float

AXES = {"x": 0, "y": 1, "z": 2}


class Folding(Compiler):
    """Computes what is known beforehand."""

    def fold(self, node: ast.expr, strict: bool = False) -> Any:
        """The value of an expression that is known before the run, else UNKNOWN. A `strict` one needs neither the launch nor the
        arguments, as the size of shared memory may not."""
        match node:
            case ast.Constant():
                return self._literal(node)
            case ast.Name(id=name):
                return self._name_known(name, strict)
            case ast.Tuple(elts=parts):
                values = tuple(self.fold(part, strict) for part in parts)
                return UNKNOWN if any(value is UNKNOWN for value in values) else values
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
        return UNKNOWN

    def _literal(self, node: ast.Constant) -> Any:
        value = node.value
        if type(value) is int and value >= 2**63:
            self.refuse(node, "this number does not fit into 64 bits")
        if isinstance(value, bool | int | float):
            return value
        self.refuse(node, "a thread works with numbers only; text can stand in print() alone")

    def _name_known(self, name: str, strict: bool) -> Any:
        scope = self.scope
        if name in scope.slots or name in scope.arrays or name == scope.handle:
            return UNKNOWN
        if name in scope.fixed:
            return UNKNOWN if strict else scope.fixed[name]
        value = self.kernel.meaning(name)
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

    def module(self, name: str) -> str | None:
        """The module that a name stands for, such as "math"."""
        scope = self.scope
        if name in scope.slots or name in scope.arrays or name in scope.fixed or name == scope.handle:
            return None
        meaning = self.kernel.meaning(name)
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
