"""What a probe has read of a `pallas_call`: its grid, its blocks, and which block each program of the grid gets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.checks.exercise import WrongAnswer

_FLOAT32 = 4


@dataclass(frozen=True)
class Side:
    """One array of a call, an input or an output.

    Attributes:
        shape: of the array.
        block: the shape of its blocks.
        index: int `(programs, axes)`, the block index of each program.
    """

    shape: tuple[int, ...]
    block: tuple[int, ...]
    index: np.ndarray

    @property
    def size(self) -> int:
        """Elements of one block."""
        return math.prod(self.block)

    def beyond(self) -> bool:
        """Whether a program is given a block of which no element lies in the array ("Grids and BlockSpecs", docs.jax.dev)."""
        start = self.index * np.array(self.block, int).reshape(1, -1)
        return bool(((start < 0) | (start >= np.array(self.shape, int).reshape(1, -1))).any())

    def shared(self) -> bool:
        """Whether two programs are given the same block."""
        return len(np.unique(self.index, axis=0)) < len(self.index)


@dataclass(frozen=True)
class Call:
    """One `pallas_call`.

    Attributes:
        grid: its sides.
        inputs, outputs: its arrays.
        products: how many numbers each product of matrices, each sum and each maximum in the kernel combines.
        by_step: whether the kernel moves about in its blocks by the number of the program.
        asks_nan: whether it asks which numbers are nan, or finite.
        loops: how many loops are written in the kernel.
    """

    grid: tuple[int, ...]
    inputs: tuple[Side, ...]
    outputs: tuple[Side, ...]
    products: tuple[int, ...]
    by_step: bool
    asks_nan: bool
    loops: int

    @property
    def steps(self) -> int:
        """How often the kernel runs."""
        return math.prod(self.grid)

    def read(self) -> int:
        """Bytes of float32 that come in, where each program fetches its blocks anew."""
        return _FLOAT32 * self.steps * sum(side.size for side in self.inputs)

    def written(self) -> int:
        """Bytes of float32 that go out, one block a program."""
        return _FLOAT32 * self.steps * sum(side.size for side in self.outputs)


def calls_of(raw: Any) -> tuple[Any, list[Call], list[str]]:
    """The answer, the calls, and what is computed outside of them, from a process that may lie.

    Raises:
        WrongAnswer: it is nothing of the kind.
    """
    match raw:
        case (answer, list(calls), list(outside)) if all(isinstance(name, str) for name in outside):
            return answer, [_call(call) for call in calls], outside
    raise _unreadable()


def _call(raw: Any) -> Call:
    match raw:
        case (list(grid), list(inputs), list(outputs), list(products), bool(by_step), bool(asks_nan), int(loops)) if (
            inputs and outputs
        ):
            given = tuple(map(_side, inputs)), tuple(map(_side, outputs))
            return Call(_whole(grid), *given, _whole(products), by_step, asks_nan, loops)
    raise _unreadable()


def _side(raw: Any) -> Side:
    match raw:
        case (list(shape), list(block), np.ndarray() as index) if index.dtype == np.int32 and index.ndim == 2:
            if len(shape) == len(block) == index.shape[1]:
                return Side(_whole(shape), _whole(block), index)
    raise _unreadable()


def _whole(numbers: list[Any]) -> tuple[int, ...]:
    if not all(type(number) is int for number in numbers):
        raise _unreadable()
    return tuple(numbers)


def _unreadable() -> WrongAnswer:
    return WrongAnswer("the course could not read what your function does.")
