"""block_sum: the numbers of a block become one, in steps that halve them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.probes.gpu_parallelism import text_of
from course.exercises.gpu_parallelism.common import TOPIC, wide
from course.exercises.gpu_parallelism.costs import conflict_free
from course.exercises.gpu_parallelism.kernels import block_sum, edited
from course.exercises.gpu_parallelism.launches import Launch, Task
from course.simt.report import Report

_THREADS = 128
# Of the lanes that a tree keeps active: with fewer it is none. Divergent trees have over three quarters, a single thread a tenth.
_FEW = 0.5


def _launch(x: np.ndarray) -> Launch:
    blocks = -(-len(x) // _THREADS)
    sums = np.pad(x, (0, blocks * _THREADS - len(x))).reshape(blocks, _THREADS).sum(axis=1, dtype=np.float64)
    return Launch((blocks,), (_THREADS,), (x,), sums.astype(np.float32))


def _cases(rng: np.random.Generator) -> list[Case]:
    cases: list[Case] = []
    for label, n in (
        ("a single number", 1),
        ("one block, partly filled", 77),
        ("one full block", 128),
        ("a second block with one number", 129),
        ("several blocks, the last partly filled", 300),
        ("four full blocks", 512),
    ):
        # Sums of either sign, far from 0.
        x = (wide(rng, n) + (-1) ** len(cases) * rng.uniform(1, 2)).astype(np.float32)
        cases.append(Case(label, (x,), _launch(x).shown("x")))
    return cases


def _cheap(report: Report, best: Report) -> None:
    """Refuse what is no tree, and trees whose threads stand in each other's way.

    Raises:
        WrongAnswer: the sum is made serially, or by atomics; the warps diverge, or the banks conflict.
    """
    mine, needed = report.counts(), best.counts()
    if mine["atomics"]:
        raise WrongAnswer(
            f"the sums are right, but {mine['atomics']} atomic updates wait in line for the addresses of {report.grid[0]} sums; a tree needs none.",
            mark="atomics",
        )
    if mine["lanes_active"] < _FEW * needed["lanes_active"]:
        raise WrongAnswer(
            f"the sums are right, but only {100 * mine['lanes_active']:.0f} % of the lanes are active, averaged over the instructions, and in a "
            f"tree {100 * needed['lanes_active']:.0f} %: too few threads do too much, one after the other.",
            mark="serial",
        )
    conflict_free(report, best)
    if mine["divergent_branches"] > 2 * needed["divergent_branches"]:
        line = max(report.lines, key=lambda number: report.lines[number].divergent)
        raise WrongAnswer(
            f"the sums are right, but {mine['divergent_branches']} branches split a warp, and {needed['divergent_branches']} would do: threads "
            "that work and threads that rest are mixed in the same warps.",
            mark="divergence",
            line=line,
            source=report.source[line - 1].strip(),
        )


def _score(report: Report, best: Report) -> str:
    mine, needed = report.counts(), best.counts()
    said = (
        f"What it costs: {mine['divergent_branches']} of {mine['branches']} branches split a warp, {100 * mine['lanes_active']:.0f} % of the "
        f"lanes are active; no bank conflicts."
    )
    spare = mine["divergent_branches"] > needed["divergent_branches"]
    return f"{said} A tree can do with {needed['divergent_branches']} divergent branches." if spare else said


def _sum(*changes: tuple[str, str]) -> Callable[..., Any]:
    return edited(block_sum, *changes)


_TASK = Task(block_sum, _launch, _cheap, _score)
_IN = "    tile[me] = x[i] if i < x.shape[0] else 0.0\n"
_FIRST = "else 0.0\n    t.syncthreads()\n"
_STEP = "            tile[me] = tile[me] + tile[me + half]\n"
_IN_LOOP = "        t.syncthreads()\n        half = half // 2\n"
_TREE = "    half = t.blockDim.x // 2\n    while half > 0:\n        if me < half:\n" + _STEP + _IN_LOOP
_UPWARD = "    step = 1\n    while step < t.blockDim.x:\n{}        t.syncthreads()\n        step = step * 2\n"

BLOCK_SUM = Exercise(
    name="block_sum",
    topic=TOPIC,
    points=4,
    reference=block_sum,
    cases=_cases,
    probe=text_of,
    measure=_TASK.measure,
    remark=_TASK.remark,
    edges=("a single number",),
    mistakes=(
        Mistake(
            "no barrier in the loop",
            "In each step a thread reads what another one wrote in the step before. In the loop nothing makes it wait for that.",
            _sum((_IN_LOOP, "        half = half // 2\n")),
        ),
        Mistake(
            "no barrier before the loop",
            "The first step already reads numbers that other threads bring in. Nothing makes it wait until they are there.",
            _sum((_FIRST, "else 0.0\n")),
        ),
        Mistake(
            "overwritten while others read",
            "A thread puts its sum where another thread still has to read a number of the same step. A barrier between the steps does not help inside of one: choose the pairs so that what a thread overwrites is a number that only it reads.",
            _sum((_STEP, "            tile[me] = tile[2 * me] + tile[2 * me + 1]\n")),
        ),
        Mistake(
            "all threads add",
            "In every step all threads add, those too whose number was taken already: they reach beyond the end of the tile. Which threads still have something to do?",
            _sum(("        if me < half:\n" + _STEP, _STEP[4:])),
        ),
        Mistake(
            "barrier for the workers only",
            "Not all threads come to the barrier: is it inside the `if`, where only those come that still add? It waits for *all* threads of the block, also for those that have nothing left to do.",
            _sum((_STEP + _IN_LOOP, _STEP + "    " + _IN_LOOP.replace("        half", "        half", 1))),
        ),
        Mistake(
            "nothing brought in beyond the end",
            "The threads beyond the end bring nothing in, but the tree adds their places all the same: what lies there was never written. Which number changes no sum?",
            _sum((_IN, "    if i < x.shape[0]:\n        tile[me] = x[i]\n")),
        ),
        Mistake(
            "no guard",
            "In the last block some threads lie beyond the end of x, and read there.",
            _sum(("x[i] if i < x.shape[0] else 0.0", "x[i]")),
        ),
        Mistake(
            "divergent warps",
            "The sums are right, but the threads that add are scattered over all warps, so every warp goes both ways in every step. Let the threads that still work stand next to each other.",
            _sum(
                (
                    _TREE,
                    _UPWARD.format(
                        "        if me % (2 * step) == 0:\n            tile[me] = tile[me] + tile[me + step]\n"
                    ),
                )
            ),
        ),
        Mistake(
            "bank conflicts",
            "The working threads stand next to each other now, but the numbers that they take lie 2, 4, 8, … apart: they fall into ever fewer banks. Let neighbors take neighboring numbers; what lies far apart may be the two that are *added*.",
            _sum(
                (
                    _TREE,
                    _UPWARD.format(
                        "        at = 2 * step * me\n        if at < t.blockDim.x:\n            tile[at] = tile[at] + tile[at + step]\n"
                    ),
                )
            ),
        ),
        Mistake(
            "one thread adds all",
            "Too few threads do too much, as where one adds up all the numbers and 127 look on. Let half of the threads add one number each, then a quarter, and so on: 7 steps in place of 127.",
            _sum(
                (
                    _TREE,
                    "    if me == 0:\n        for k in range(1, t.blockDim.x):\n            tile[0] = tile[0] + tile[k]\n",
                )
            ),
        ),
        Mistake(
            "the mean",
            "This is the mean of a full block. The exercise asks for the sum, and the last block may not be full.",
            _sum(("out[t.blockIdx.x] = tile[0]", "out[t.blockIdx.x] = tile[0] / t.blockDim.x")),
        ),
        Mistake(
            "last pair left out",
            "The loop ends one step too early: with two numbers left, one of them is not added any more.",
            _sum(("while half > 0:", "while half > 1:")),
        ),
        Mistake(
            "half of the numbers",
            "The first step already adds with a quarter of the threads, so half of the numbers take no part.",
            _sum(("half = t.blockDim.x // 2", "half = t.blockDim.x // 4")),
        ),
        Mistake(
            "begins with the whole block",
            "In the first step *all* threads add, and look for their second number beyond the end of the tile. Half of them have one to add.",
            _sum(("half = t.blockDim.x // 2", "half = t.blockDim.x")),
        ),
        Mistake(
            "every block to the same place",
            "All blocks write their sum to the same place, and blocks have no order. Each has a place of its own in out.",
            _sum(("out[t.blockIdx.x] = tile[0]", "out[0] = tile[0]")),
        ),
        Mistake(
            "block forgotten",
            "Every block adds up the first 128 numbers. Where this block's begin follows from its number.",
            _sum(("i = t.blockIdx.x * t.blockDim.x + me", "i = me")),
        ),
        Mistake(
            "all threads write",
            "All threads of the block write to the same place of out. That is one thread's work, even where all of them would write the same number.",
            _sum(("    if me == 0:\n        out", "    if True:\n        out")),
        ),
        Mistake(
            "all threads add to out",
            "All threads of the block add to one place at the same time: each reads it, adds, and writes back, and so overwrites what the others wrote meanwhile.",
            _sum(
                (_IN, "    if me == 0:\n        out[t.blockIdx.x] = 0.0\n" + _IN),
                (_TREE, ""),
                ("    if me == 0:\n        out[t.blockIdx.x] = tile[0]", "    out[t.blockIdx.x] += tile[me]"),
            ),
        ),
        Mistake(
            "atomics",
            "The sums are right, but atomic updates of one address wait in line, one after the other. A tree needs 7 steps, and no atomics.",
            _sum(
                (_IN, "    if me == 0:\n        out[t.blockIdx.x] = 0.0\n" + _IN),
                (_TREE, "    t.atomic.add(out, t.blockIdx.x, tile[me])\n"),
                ("    if me == 0:\n        out[t.blockIdx.x] = tile[0]", ""),
            ),
        ),
    ),
)
