"""What a function does, as its program tells: the operations that its answer is made of (see stablehlo.py, which reads it).

The program is a module of StableHLO, as `jax.jit` lowers it and `jax.export` writes it down. Only what an output depends on is
read: a call whose result is thrown away is no evidence of anything. Calls of functions are followed, loops are counted.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import prod
from typing import Any

# The element type of an array, as StableHLO calls it ("f32", "bf16", "i32"), and its shape.
Kind = tuple[str, tuple[int, ...]]
# What computes nothing: it moves numbers, changes their type, or makes them from none.
MOVES = frozenset(
    [
        "bitcast_convert",
        "broadcast_in_dim",
        "concatenate",
        "constant",
        "convert",
        "copy",
        "dynamic_slice",
        "dynamic_update_slice",
        "gather",
        "iota",
        "optimization_barrier",
        "pad",
        "reshape",
        "reverse",
        "slice",
        "transpose",
    ]
)
# More operations than any answer is made of.
_SENT = 2_000


class Unreadable(ValueError):
    """The module is none that can be read here; the message says why."""


@dataclass(frozen=True)
class Operation:
    """One operation that an output depends on.

    Attributes:
        name: as StableHLO has it: "dot_general", "while" for none, since loops are opened.
        gets, gives: its operands and results.
        loops: the turns of the loops that it stands in, the outermost first; 0 where that is not written down.
        piece: the statement of the main function that it belongs to.
        adds: of a product of matrices and of a sum, how many numbers are added up for each that it gives.
        array: of a slice of what a loop carries on, and of an update of it: a number for that array, else -1.
        leaves: of such an update, whether the array is used after the loop.
        itself: whether its first two operands are the same floating-point numbers.
        steered: of a slice or an update within a turn, whether its place follows from the number of the outermost turn.
    """

    name: str
    gets: tuple[Kind, ...]
    gives: tuple[Kind, ...]
    loops: tuple[int, ...] = ()
    piece: int = 0
    adds: int = 1
    array: int = -1
    leaves: bool = False
    itself: bool = False
    steered: bool = False

    @property
    def computes(self) -> bool:
        """Whether it makes new floating-point numbers."""
        return self.name not in MOVES and any("f" in kind for kind, _ in (*self.gives, *self.gets))

    @property
    def size(self) -> int:
        """How many numbers it gives at most."""
        return max((prod(shape) for _, shape in self.gives), default=0)


@dataclass(frozen=True)
class Program:
    """The operations that the outputs depend on.

    Attributes:
        operations: in the order of the text.
        arrives: for each input the element types in which its numbers first meet an operation that computes.
        turned: for each input the floating-point types into which it is turned before that.
        inputs, outputs: of the main function.
        foreign: calls of code that is not in the module.
    """

    operations: tuple[Operation, ...]
    arrives: tuple[tuple[str, ...], ...]
    turned: tuple[tuple[str, ...], ...]
    inputs: tuple[Kind, ...]
    outputs: tuple[Kind, ...]
    foreign: tuple[str, ...] = ()

    def named(self, *names: str) -> list[Operation]:
        """The operations with one of these names."""
        return [one for one in self.operations if one.name in names]

    def computing(self) -> list[Operation]:
        """The operations that make new floating-point numbers."""
        return [one for one in self.operations if one.computes]


def as_plain(program: Program) -> tuple[Any, ...]:
    """The program as plain data, to be sent to another process.

    Raises:
        Unreadable: it is too large.
    """
    if len(program.operations) > _SENT:
        raise Unreadable(f"its answer is made of more than {_SENT:,} operations")
    operations = [tuple(getattr(one, part.name) for part in fields(one)) for one in program.operations]
    return operations, *(list(getattr(program, part.name)) for part in fields(program)[1:])


def from_plain(data: Any) -> Program:
    """The program that :func:`as_plain` made the data of.

    Raises:
        Unreadable: it did not.
    """
    try:
        operations, *rest = data
        arrives, turned, inputs, outputs, foreign = map(tuple, rest)
        return Program(tuple(Operation(*one) for one in operations), arrives, turned, inputs, outputs, foreign)
    except (TypeError, ValueError):
        raise Unreadable("these are no data of a program") from None
