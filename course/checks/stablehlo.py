"""Reads a module of StableHLO, as `jax.jit` lowers it and `jax.export` writes it down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from jax.interpreters.mlir import ir, make_ir_context
from jaxlib.mlir.dialects import stablehlo

from course.checks.program import MOVES, Kind, Operation, Program, Unreadable

# Of these only the first operands are data; the others are places.
_DATA = {"dynamic_slice": 1, "gather": 1, "dynamic_update_slice": 2, "pad": 1}
# More than any answer needs: functions that call each other can make a short text long.
_MOST, _DEEPEST = 20_000, 64


def read(module: Any) -> Program:
    """What a module does; `module` is one of JAX's MLIR bindings, or the text of one.

    Raises:
        Unreadable: it has no main function, or is too large.
    """
    if not isinstance(module, str):
        return _Reader(module).program()
    with make_ir_context():
        try:
            parsed = ir.Module.parse(module)
        except Exception as error:
            raise Unreadable(f"it is not a module: {error}"[:300]) from None
        return _Reader(parsed).program()


@dataclass(eq=False)
class _Node:
    """A value in the making: an operation, an input, or what a loop carries on."""

    name: str
    needs: list[_Node] = field(default_factory=list)
    gets: tuple[Kind, ...] = ()
    gives: tuple[Kind, ...] = ()
    loops: tuple[Any, ...] = ()
    piece: int = 0
    adds: int = 1
    number: int | None = None
    array: int = -1
    leaving: _Node | None = None


@dataclass(eq=False)
class _Turns:
    """How often a loop goes round, which is known once its body has been read."""

    count: int = 0


_INPUT, _CARRIED, _AFTER = "input", "carried", "after"


class _Reader:
    def __init__(self, module: Any) -> None:
        self._functions = {}
        for one in module.body.operations:
            if "sym_name" in one.operation.attributes:
                self._functions[ir.StringAttr(one.operation.attributes["sym_name"]).value] = one.operation
        if "main" not in self._functions:
            raise Unreadable("it has no function `main`")
        self._made: list[_Node] = []
        self._foreign: list[str] = []
        self._pieces = self._arrays = 0

    def program(self) -> Program:
        main = self._functions["main"].regions[0].blocks[0]
        inputs = [_Node(_INPUT, gives=(_kind(arg.type),)) for arg in main.arguments]
        outputs = self._block(main, dict(zip(main.arguments, inputs, strict=True)), (), -1, 0)
        live = _reached(outputs)
        real = [node for node in self._made if node in live and node.name not in (_CARRIED, _AFTER)]
        arrives, turned = _arrivals(inputs, live)
        last = main.operations[len(main.operations) - 1].operation
        return Program(
            tuple(_operation(node, live) for node in real if node.name != "constant"),
            arrives,
            turned,
            tuple(node.gives[0] for node in inputs),
            tuple(_kind(value.type) for value in last.operands),
            tuple(self._foreign),
        )

    def _node(self, name: str, **more: Any) -> _Node:
        if len(self._made) >= _MOST:
            raise Unreadable(f"it has more than {_MOST:,} operations")
        self._made.append(_Node(name, **more))
        return self._made[-1]

    def _block(self, block: Any, env: dict[Any, _Node], loops: tuple[Any, ...], piece: int, deep: int) -> list[_Node]:
        """The nodes of what a block returns."""
        if deep > _DEEPEST:
            raise Unreadable("its functions are nested too deeply")
        for one in block.operations:
            op = one.operation
            name = op.name.rpartition(".")[2]
            needs = [env[value] for value in op.operands]
            if name == "return":
                return needs
            self._pieces += piece < 0
            at = self._pieces if piece < 0 else piece
            results = self._results(op, name, needs, env, loops, at, deep)
            env.update(zip(op.results, results, strict=True))
        raise Unreadable("a block has no end")

    def _results(
        self,
        op: Any,
        name: str,
        needs: list[_Node],
        env: dict[Any, _Node],
        loops: tuple[Any, ...],
        piece: int,
        deep: int,
    ) -> Sequence[_Node]:
        called = (
            op.attributes["callee" if name == "call" else "decomposition"] if name in ("call", "composite") else None
        )
        if called is not None:
            function = self._functions.get(ir.FlatSymbolRefAttr(called).value)
            if function is None:
                raise Unreadable("it calls a function that is not there")
            body = function.regions[0].blocks[0]
            return self._block(body, dict(zip(body.arguments, needs, strict=True)), loops, piece, deep + 1)
        if name == "while":
            return self._loop(op, needs, env, loops, piece, deep)
        if name in ("case", "if"):
            ways = [self._block(r.blocks[0], dict(env), loops, piece, deep + 1) for r in op.regions]
            chosen = zip(*ways, strict=True)
            return [self._node(_AFTER, needs=[*way, *needs], loops=loops, piece=piece) for way in chosen]
        if name == "custom_call":
            self._foreign.append(ir.StringAttr(op.attributes["call_target_name"]).value)
        node = self._node(
            name,
            needs=needs,
            gets=tuple(_kind(value.type) for value in op.operands),
            gives=tuple(_kind(value.type) for value in op.results),
            loops=loops,
            piece=piece,
        )
        node.adds, node.number = _adds(op, name, node), _number(op, name, needs)
        if name in ("dynamic_slice", "dynamic_update_slice") and needs[0].name == _CARRIED:
            node.array = needs[0].array
        return [node] * len(op.results)

    def _loop(
        self, op: Any, begin: list[_Node], env: dict[Any, _Node], loops: tuple[Any, ...], piece: int, deep: int
    ) -> Sequence[_Node]:
        turns, carried = _Turns(), []
        for first in begin:
            self._arrays += 1
            carried.append(self._node(_CARRIED, needs=[first], loops=loops, piece=piece, array=self._arrays))
        # The condition first, as in the text.
        ends, ways = [], op.regions
        for region in ways:
            block = region.blocks[0]
            inner = {**env, **dict(zip(block.arguments, carried, strict=True))}
            ends.append(self._block(block, inner, (*loops, turns), piece, deep + 1))
        (condition,), new = ends
        after = []
        for one, last in zip(carried, new, strict=True):
            one.needs = [one.needs[0], last, condition]
            after.append(self._node(_AFTER, needs=[one], loops=loops, piece=piece))
            if last.name == "dynamic_update_slice" and last.needs[0] is one:
                last.leaving = after[-1]
        turns.count = _turns(condition)
        return after


def _turns(condition: _Node) -> int:
    """How often a loop with this condition goes round; 0 where it is no plain count up to a number that is known."""
    if condition.name != "compare" or len(condition.needs) != 2:
        return 0
    counter, end = condition.needs[0], _known(condition.needs[1])
    if counter.name != _CARRIED or end is None:
        return 0
    begin, step = _known(counter.needs[0]), counter.needs[1]
    if begin is None or step.name != "add" or counter not in step.needs:
        return 0
    by = _known(next((one for one in step.needs if one is not counter), counter))
    return max(0, -(-(end - begin) // by)) if by and by > 0 else 0


def _known(node: _Node) -> int | None:
    """The whole number that a node stands for, if it is known."""
    for _ in range(_DEEPEST):
        if node.number is not None:
            return node.number
        if node.name == "convert" or (node.name == _CARRIED and len(node.needs) > 1 and node.needs[1] is node):
            node = node.needs[0]
        else:
            return None
    return None


def _number(op: Any, name: str, needs: list[_Node]) -> int | None:
    if name == "constant":
        kind, shape = _kind(op.results[0].type)
        if shape or kind not in ("i32", "i64", "ui32"):
            return None
        return int(next(iter(ir.DenseIntElementsAttr(op.attributes["value"]))))
    if name in ("add", "multiply", "subtract") and len(needs) == 2:
        a, b = (_known(one) if one.name != _CARRIED else None for one in needs)
        if a is not None and b is not None:
            return {"add": a + b, "multiply": a * b, "subtract": a - b}[name]
    return None


def _adds(op: Any, name: str, node: _Node) -> int:
    if name == "dot_general":
        over = stablehlo.DotDimensionNumbers(op.attributes["dot_dimension_numbers"]).lhs_contracting_dimensions
    elif name == "reduce":
        over = list(ir.DenseI64ArrayAttr(op.attributes["dimensions"]))
    else:
        return 1
    return prod(node.gets[0][1][axis] for axis in over)


def _kind(kind: Any) -> Kind:
    try:
        tensor = ir.RankedTensorType(kind)
    except (ValueError, TypeError):
        return str(kind)[:40], ()
    return str(tensor.element_type), tuple(tensor.shape)


def _reached(outputs: Iterable[_Node]) -> set[_Node]:
    found: set[_Node] = set()
    left = list(outputs)
    while left:
        node = left.pop()
        if node not in found:
            found.add(node)
            left += node.needs
    return found


def _operation(node: _Node, live: set[_Node]) -> Operation:
    loops = tuple(turns.count for turns in node.loops)
    leaves = node.leaving is not None and node.leaving in live
    # Not whole numbers: where places are worked out, 0 is compared with 0.
    itself = len(node.needs) > 1 and node.needs[0] is node.needs[1] and "f" in node.gets[0][0]
    known = node.name, node.gets, node.gives, loops, node.piece, node.adds, node.array, leaves, itself
    return Operation(*known, _steered(node))


def _steered(node: _Node) -> bool:
    """Whether the place of a slice follows from what the outermost loop counts; not of a slice of what that loop carries on."""
    if not node.loops or node.name not in ("dynamic_slice", "dynamic_update_slice"):
        return False
    if node.array >= 0 and len(node.loops) == 1:
        return False
    left, seen = list(node.needs[_DATA[node.name] :]), set()
    while left:
        one = left.pop()
        if one in seen or (one.gives and "f" in one.gives[0][0]):
            continue
        seen.add(one)
        if one.name == _CARRIED and not one.loops:
            return True
        left += one.needs
    return False


def _arrivals(
    inputs: Sequence[_Node], live: set[_Node]
) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]:
    """For each input in which element types it first meets an operation that computes, and into which it is turned before."""
    users: dict[_Node, list[tuple[_Node, int]]] = {}
    for node in live:
        for place, need in enumerate(node.needs):
            users.setdefault(need, []).append((node, place))
    arrives, turned = [], []
    for one in inputs:
        kinds: set[str] = set()
        ways: set[str] = set()
        seen, left = {one}, [one]
        while left:
            for user, place in users.get(left.pop(), ()):
                if user.name == "convert" and "f" in user.gives[0][0]:
                    ways.add(user.gives[0][0])
                if user.name in MOVES:
                    passes = place < _DATA.get(user.name, len(user.needs))
                else:
                    passes = user.name == _AFTER or (user.name == _CARRIED and place < 2)
                    if not passes and user.name != _CARRIED and place < len(user.gets):
                        kinds.add(user.gets[place][0])
                if passes and user not in seen:
                    seen.add(user)
                    left.append(user)
        arrives.append(tuple(sorted(kinds)))
        turned.append(tuple(sorted(ways)))
    return tuple(arrives), tuple(turned)
