"""Blocks: warps that take turns, barriers at which they meet, and what only shows when all have got there."""

from __future__ import annotations

from typing import Any

from course.simt.counting.books import Run
from course.simt.limits import WARP
from course.simt.machine import Barriers, Block, Body, Memory, Warp
from course.simt.values import Value


def run_block(
    run: Run, block: Block, body: Body, variables: int, memories: list[Memory], initial: dict[int, Value]
) -> None:
    """Run a block: each warp up to the next barrier, in turn, until all have ended.

    Args:
        run: the launch.
        block: which block.
        body: the compiled kernel.
        variables: how many variables it has.
        memories: its arrays.
        initial: the variables that are set from the start.
    """
    run.tracing = block.number in run.traced
    for memory in memories:
        if memory.space != "global":
            memory.clear(block.threads if memory.space == "local" else 1)
    warps = [Warp(run, block, i, variables) for i in range(-(-block.threads // WARP))]
    for warp in warps:
        for slot, value in initial.items():
            warp.regs[slot] = value
    going = [(warp, body(warp)) for warp in warps]
    while going:
        there = [(warp, barriers, line) for warp, barriers in going if (line := next(barriers, None)) is not None]
        if there:
            run.barriers += 1
            _check_barrier(run, warps, there)
        _end_phase(run, memories)
        going = [(warp, barriers) for warp, barriers, _ in there]
    for memory in memories:
        memory.log.end_block()


def _check_barrier(run: Run, warps: list[Warp], there: list[tuple[Warp, Barriers, int]]) -> None:
    """Every warp of the block has to wait, and at the same barrier.

    Source: CUDA C++ Programming Guide, "Synchronization Functions": `__syncthreads()` is allowed in conditional code only if the
    condition is the same in the whole block. (Since Volta, threads that have ended are not waited for; the guide's rule stands.)
    """
    line = there[0][2]
    here = {warp.number for warp, _, at in there if at == line}
    for warp in warps:
        if warp.number not in here:
            run.add(run.finding("barrier", warp.first, line))
            return


def _end_phase(run: Run, memories: list[Memory]) -> None:
    for memory in memories:
        for pair in memory.log.phase(keep=memory.space == "global"):
            _note_race(run, memory, pair)
        if memory.space == "shared":
            _settle(run, memory)


def _settle(run: Run, memory: Memory) -> None:
    """Reads of memory never written count as such where no race explains them."""
    for element, finding in memory.doubtful:
        if element not in memory.log.racy:
            run.add(finding)
    memory.doubtful, memory.log.racy = [], set()


def end_launch(run: Run, memories: list[Memory]) -> None:
    """All blocks have ended: compare what they did to global memory, and settle what was open."""
    for memory in memories:
        if memory.space == "global":
            for pair in memory.log.between_blocks(run.threads):
                _note_race(run, memory, pair)
        _settle(run, memory)


def _note_race(run: Run, memory: Memory, pair: Any) -> None:
    block, thread = divmod(pair.other, run.threads)
    run.add(
        run.finding(
            "race",
            pair.thread,
            pair.line,
            access=pair.does,
            array=memory.name,
            index=memory.where(pair.element),
            shape=memory.shape,
            other_block=run.of_block(block),
            other_thread=run.of_thread(thread),
            other_line=pair.other_line,
            other_text=run.text(pair.other_line),
            other_access=pair.other_does,
        )
    )
