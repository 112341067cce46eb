"""How a function of blocks is judged: first its numbers, then how its kernels go over the arrays.

A kernel that gives the right numbers in the interpreter may do harm on a GPU, or do all of its work at once. What the probe has
read of its grid and its blocks tells.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from course.checks.exercise import Case, Exercise, How, Mistake, WrongAnswer
from course.checks.plain import Thing
from course.checks.probes.write_a_kernel import blocks, blocks_program
from course.checks.program import Program
from course.exercises.write_a_kernel.calls import Call, calls_of
from course.exercises.write_a_kernel.common import LIMIT_S, TOPIC, compiled
from course.exercises.write_a_kernel.errors import in_words
from course.exercises.write_a_kernel.programs import Grid, grids_of, outside

RTOL, ATOL = 1e-4, 1e-5
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Asked:
    """What a case asks of the call.

    Attributes:
        blocks: the shape of the block of each input, then of the output.
        steps: how many programs the grid has.
    """

    blocks: Sequence[Shape]
    steps: int


def refuse(mark: str, sentence: str) -> WrongAnswer:
    return WrongAnswer(f"the numbers are right, but {sentence}", mark=mark)


def in_bounds(call: Call, asked: Asked) -> None:
    """Refuse a program that has nothing to do.

    Raises:
        WrongAnswer: a block lies outside of its array.
    """
    for side in (*call.inputs, *call.outputs):
        if side.beyond():
            raise refuse(
                f"beyond, {call.steps} steps of {asked.steps}, up to {side.index.max(axis=0)}",
                f"the grid {call.grid} has a program whose block of {side.block} lies beyond the array of {side.shape}: no element of it "
                "is inside. The interpreter lets it by; a GPU needn't. Is the grid too long, or does an index map give something else than "
                "the number of a block?",
            )


def alone(call: Call, asked: Asked) -> None:
    """Refuse a race.

    Raises:
        WrongAnswer: two programs write the same block.
    """
    if any(side.shared() for side in call.outputs):
        raise refuse(
            f"race, a grid of {len(call.grid)} axes, {call.steps} steps of {asked.steps}",
            "several programs write the same block of the output. The interpreter runs them one after the other; on a GPU they "
            "run at the same time, and it is a race. Give each program a block of its own.",
        )


def in_blocks(call: Call, asked: Asked) -> None:
    """Refuse other blocks than those that were asked for.

    Raises:
        WrongAnswer: all is one block, the output's blocks have another shape, or more comes in than need be.
    """
    *_, want = asked.blocks
    if call.steps == 1 < asked.steps:
        raise refuse(
            "one block", "the kernel ran once, on everything: a grid of one program. Cut the work into blocks."
        )
    got = call.outputs[0].block
    if _long(got) != _long(want):
        raise refuse("other blocks", f"a block of the output has the shape {got}; asked for are blocks of {want}.")
    # A number or two that all programs need, such as a scale, may be an input of its own.
    if sum(side.size for side in call.inputs if _size(side.shape) > FEW) > sum(map(_size, asked.blocks[:-1])):
        raise refuse(
            "too much read",
            f"each program reads blocks of {', '.join(str(side.block) for side in call.inputs)}, which is more than its part of the answer needs.",
        )


def placed_once(call: Call, asked: Asked) -> None:
    """Refuse a kernel that looks for its block inside of its block.

    Raises:
        WrongAnswer: it indexes a reference by the number of the program, which the BlockSpec has done already.
    """
    if call.by_step:
        raise refuse(
            "placed twice",
            "the kernel indexes a reference by `program_id`. A reference is this program's block already: the index map has brought it. The "
            "interpreter lets that by; a GPU would reach beyond the block.",
        )


def _long(block: Shape) -> Shape:
    """The sides that are longer than 1: whether an axis of one is written down is a matter of taste."""
    return tuple(side for side in block if side != 1)


def _size(block: Shape) -> int:
    return int(np.prod(block))


# As many numbers as any of the exercises gives besides its arrays.
FEW = 2
RULES = (in_bounds, alone, in_blocks, placed_once)


@dataclass(frozen=True)
class Task:
    """What an exercise asks of a function of blocks.

    Attributes:
        want: the right numbers, in NumPy, of a case's arguments.
        asked: how a case is to be cut, of its arguments.
        rules: ``rule(call, asked)`` raises WrongAnswer where numbers that are right came in a way that is not.
        outside: operations that may be done outside of the kernel: all others are to be done in it.
        kernels: how many there may be at most; the first is what the rules are for.
        depth: where sums are to be made in pieces, how many numbers a piece may have.
        rtol, atol: as in :class:`course.checks.exercise.Exercise`.
    """

    want: Callable[..., np.ndarray]
    asked: Callable[..., Asked]
    rules: tuple[Callable[[Call, Asked], None], ...] = RULES
    outside: tuple[str, ...] = ()
    kernels: int = 1
    depth: Callable[[Asked], int] | None = None
    rtol: float = RTOL
    atol: float = ATOL

    def exercise(
        self,
        reference: Callable[..., Any],
        *numbers: str,
        points: int,
        cases: Callable[[np.random.Generator], Sequence[Case]],
        mistakes: tuple[Mistake, ...],
        edges: tuple[str, ...] = (),
        kind: Literal["write", "repair"] = "write",
    ) -> Exercise:
        """The exercise that asks for it, named as its reference; `numbers` are the arguments of that which are no arrays."""
        return Exercise(
            name=reference.__name__,
            topic=TOPIC,
            points=points,
            reference=compiled(reference, *numbers),
            right=self.want,
            cases=cases,
            probe=blocks,
            measure=self.measure,
            how=How(blocks_program, (0, -1), self.judge),
            explain=in_words,
            remark=self.remark,
            given=tuple(inspect.signature(reference).parameters),
            edges=edges,
            limit_s=LIMIT_S,
            rtol=self.rtol,
            atol=self.atol,
            kind=kind,
            mistakes=mistakes,
        )

    def measure(self, raw: Any, *args: Any) -> Any:
        """The answer.

        Raises:
            WrongAnswer: its numbers are right, but not the way; the mark says what in a word or two.
        """
        answer, calls, outside = calls_of(raw)
        if isinstance(answer, Thing) and "function" in type(answer).__name__.lower():
            made = "it returned a function, as `pl.pallas_call(…)` does: that still has to be called on the arrays."
            raise WrongAnswer(made, mark="not called")
        if not self._right(answer, *args):
            return answer
        if not calls:
            raise refuse("no kernel", "there is no `pallas_call` in it: JAX did it all at once, and no kernel ran.")
        if "pallas_call" in outside:
            raise refuse("unused", "what a kernel gave is not in them: the answer is computed beside it.")
        if len(calls) > self.kernels:
            raise refuse(
                "several kernels",
                f"it took {len(calls)} kernels, each with its own trips to the memory; one can do it all.",
            )
        left = [name for name in dict.fromkeys(outside) if name not in self.outside]
        if left:
            raise refuse(
                f"outside: {', '.join(sorted(left))}",
                f"part of it is computed outside of the kernel ({', '.join(left[:4])}), which is one more trip to the memory for each such operation.",
            )
        for rule in self.rules:
            rule(calls[0], self.asked(*args))
        return answer

    def judge(self, program: Program, *args: Any) -> None:
        """Judge the way by the program alone.

        Raises:
            WrongAnswer: the program goes over its arrays in another way than was asked for.
        """
        asked, grids = self.asked(*args), grids_of(program)
        if not grids:
            raise refuse("no kernel", "no kernel ran in blocks.")
        if len(grids) > self.kernels:
            raise refuse("several kernels", f"it took {len(grids)} kernels; one can do it all.")
        allowed = {"reduce" if name == "reduce_sum" else name for name in self.outside}
        left = [name for name in outside(program) if name not in allowed]
        if left:
            raise refuse("outside", f"part of it is computed outside of the kernel ({', '.join(left[:4])}).")
        self._in_blocks(grids[0], asked)

    def _in_blocks(self, grid: Grid, asked: Asked) -> None:
        *given, want = asked.blocks
        if grid.steps == 1 < asked.steps:
            raise refuse(
                "one block", "the kernel ran once, on everything: a grid of one program. Cut the work into blocks."
            )
        if grid.steps != asked.steps:
            raise refuse("other steps", f"the kernel ran {grid.steps} times; asked for are {asked.steps} programs.")
        if grid.places < grid.steps:
            raise refuse("race", "several programs write the same block of the output, which is a race on a GPU.")
        if _long(grid.written) != _long(want):
            raise refuse("other blocks", f"a block of the output is {grid.written}; asked for are blocks of {want}.")
        if sum(map(_size, grid.read)) > sum(map(_size, given)):
            raise refuse("too much read", "each program reads more than its part of the answer needs.")
        if grid.asks_nan:
            raise refuse(
                "nan left out",
                "the kernel leaves out what is nan. Values out of bounds are nan only in the interpreter.",
            )
        if grid.by_step:
            raise refuse(
                "placed twice",
                "the kernel indexes a reference by `program_id`, where it is this program's block already.",
            )
        if self.depth and max(grid.products, default=0) > self.depth(asked):
            raise refuse("whole strips", f"the kernel combines {max(grid.products)} numbers at once.")

    def remark(self, raw: Any, *args: Any) -> str | None:
        """How much a right answer moves."""
        call = calls_of(raw)[1][0]
        blocks = " and ".join(str(side.block) for side in call.inputs)
        return (
            f"On the last input: {call.steps} programs, each of which reads a block of {blocks} and writes one of {call.outputs[0].block}: "
            f"{call.read():,} bytes in, {call.written():,} out."
        )

    def _right(self, answer: Any, *args: Any) -> bool:
        want = self.want(*args)
        got = np.asarray(answer) if isinstance(answer, np.ndarray) else np.zeros(())
        return (
            got.shape == want.shape and got.dtype.kind == "f" and np.allclose(got, want, rtol=self.rtol, atol=self.atol)
        )
