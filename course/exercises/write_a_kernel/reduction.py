"""column_sum: partial sums, one for each block, so that no step waits for another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import pallas as pl

from course.checks.exercise import Case, Mistake
from course.exercises.gpu_parallelism.common import wide
from course.exercises.write_a_kernel.calls import Call
from course.exercises.write_a_kernel.common import compiled, edited
from course.exercises.write_a_kernel.tasks import Asked, Task, alone, in_bounds, refuse


def column_sum(x: Any, rows: Any) -> Any:
    m, n = x.shape
    steps = pl.cdiv(m, rows)

    def kernel(x_ref: Any, o_ref: Any) -> None:
        row = pl.program_id(0) * rows + jnp.arange(rows)
        inside = (row < m)[:, None]
        o_ref[...] = jnp.where(inside, x_ref[...], 0).sum(axis=0, keepdims=True)

    partial_sums = pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((steps, n), x.dtype),
        grid=(steps,),
        in_specs=[pl.BlockSpec((rows, n), lambda i: (i, 0))],
        out_specs=pl.BlockSpec((1, n), lambda i: (i, 0)),
        interpret=True,
    )(x)
    return partial_sums.sum(axis=0)


def _cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case(label, (wide(rng, m, n), rows))
        for label, m, n, rows in (
            ("two full blocks", 4, 3, 2),
            ("a last block that is partly filled", 7, 3, 4),
            ("one block, partly filled", 3, 5, 4),
            ("several blocks, the last partly filled", 13, 4, 4),
        )
    ]


def _edited(*changes: tuple[str, str]) -> Callable[..., Any]:
    return compiled(edited(column_sum, *changes), "rows")


def _in_the_kernel(call: Call, asked: Asked) -> None:
    """Refuse a kernel that adds nothing up, or everything.

    Raises:
        WrongAnswer: it says which.
    """
    if call.steps == 1 < asked.steps:
        raise refuse("one block", "the kernel ran once, on everything: a grid of one step. Cut the rows into blocks.")
    (taken, *_), got = asked.blocks, call.inputs[0].block
    if sum(side.size for side in call.inputs) > int(np.prod(taken)) or call.steps != asked.steps:
        raise refuse(
            "other blocks",
            f"a block of x has the shape {got}, in {call.steps} steps; asked for are {taken}, in {asked.steps} steps.",
        )
    if call.asks_nan:
        raise refuse(
            "nan left out",
            "the kernel leaves out what is nan. The rim is nan in the interpreter alone: on a GPU it may be any number.",
        )
    if call.outputs[0].size >= call.inputs[0].size > taken[1]:
        raise refuse("nothing added", "the kernel writes as many numbers as it reads: the sum is made outside of it.")


# The partial sums may be added up by JAX in any way, or by another kernel.
_TASK = Task(
    lambda x, rows: x.astype(np.float64).sum(axis=0).astype(np.float32),
    lambda x, rows: Asked([(rows, x.shape[1]), (1, x.shape[1])], -(-len(x) // rows)),
    rules=(in_bounds, alone, _in_the_kernel),
    outside=("reduce_sum", "dot_general", "add"),
    kernels=2,
)
_INSIDE, _WRITE = (
    "inside = (row < m)[:, None]",
    "o_ref[...] = jnp.where(inside, x_ref[...], 0).sum(axis=0, keepdims=True)",
)
_OUT, _SHAPE = "pl.BlockSpec((1, n), lambda i: (i, 0))", "ShapeDtypeStruct((steps, n), x.dtype)"
_END = "return partial_sums.sum(axis=0)"
_IN = "pl.BlockSpec((rows, n), lambda i: (i, 0))"

COLUMN_SUM = _TASK.exercise(
    column_sum,
    "rows",
    points=4,
    cases=_cases,
    edges=("one block, partly filled",),
    mistakes=(
        Mistake(
            "rim added up",
            "The last block reaches beyond the rows, and what lies there got into the sum (nan here; it may be anything). Put something harmless in its place first. Multiplying by 0 won't do: nan times 0 is nan.",
            _edited((_INSIDE, "inside = True")),
        ),
        Mistake(
            "nan left out",
            "What is nan is left out of the sum. The rim is nan in the interpreter; on a GPU it may be any number, and then it is added up. Ask which rows there are, not what stands in them.",
            _edited((_INSIDE, "inside = ~jnp.isnan(x_ref[...])")),
        ),
        Mistake(
            "place in the block for the row",
            "What the mask compares with m is not the number of a row of x. The place *in the block*, say, is below m nearly everywhere: how many rows of x lie before this step's block?",
            _edited(("pl.program_id(0) * rows + jnp.arange(rows)", "jnp.arange(rows)")),
        ),
        Mistake(
            "mask lies",
            "The mask has the shape (rows,): it lies, and meets the columns of the block. It says something of each *row*, so it has to stand upright.",
            _edited((_INSIDE, "inside = row < m")),
        ),
        Mistake(
            "one row too few",
            "The mask takes the last row of x for one that isn't there.",
            _edited((_INSIDE, "inside = (row < m - 1)[:, None]")),
        ),
        Mistake(
            "mask turned around",
            "The mask keeps what lies beyond the rows and throws away what is inside.",
            _edited((_INSIDE, "inside = (row >= m)[:, None]")),
        ),
        Mistake(
            "added up over the steps",
            "Right numbers, in the interpreter: it takes one step after the other, and each adds to the same block of the output. On a GPU all steps run at once, and it is a race. Give each step a row of its own, and add up the rows afterwards.",
            _edited(
                (_OUT, "pl.BlockSpec((1, n), lambda i: (0, 0))"),
                (_SHAPE, "ShapeDtypeStruct((1, n), x.dtype)"),
                (
                    _WRITE,
                    "o_ref[...] = jnp.where(pl.program_id(0) == 0, 0, o_ref[...]) + "
                    "jnp.where(inside, x_ref[...], 0).sum(axis=0, keepdims=True)",
                ),
            ),
        ),
        Mistake(
            "added to what was never written",
            "All is nan: nothing was written into the output (`o_ref = …` only gives the name to something else), or something was added to it (`+=`) before anything stood there. Each step should write one row, its own.",
            _edited(
                (_OUT, "pl.BlockSpec((1, n), lambda i: (0, 0))"),
                (_SHAPE, "ShapeDtypeStruct((1, n), x.dtype)"),
                (_WRITE, _WRITE.replace("= ", "+= ", 1)),
            ),
        ),
        Mistake(
            "last block only",
            "Only the last block's sum is left. Each step has a row of its own in the output, which no later one writes over, and all rows are added up in the end.",
            _edited((_END, "return partial_sums[-1]")),
        ),
        Mistake(
            "partial sums returned",
            "These are the partial sums, one row for each block. They still have to be added up: outside of the kernel, when all steps are done.",
            _edited((_END, "return partial_sums")),
        ),
        Mistake(
            "first block only",
            "You return the first block's sum alone. All partial sums have to be added up.",
            _edited((_END, "return partial_sums[0]")),
        ),
        Mistake(
            "last block left out",
            "Whole blocks are counted alone: the last, partly filled one has rows, too.",
            _edited(("pl.cdiv(m, rows)", "m // rows")),
        ),
        Mistake(
            "always the first block read",
            "Every step reads the first block of rows: the input's index map has to move on with the grid.",
            _edited((_IN, "pl.BlockSpec((rows, n), lambda i: (0, 0))")),
        ),
        Mistake(
            "mean",
            "This is the mean of each column; asked for is the sum.",
            _edited((_END, "return partial_sums.sum(axis=0) / m")),
        ),
        Mistake(
            "nothing added in the kernel",
            "Right numbers, but the kernel only copies, and JAX adds up what it wrote: more trips to the memory than with no kernel. Add up the rows of a block in the kernel.",
            _edited(
                (_WRITE, "o_ref[...] = jnp.where(inside, x_ref[...], 0)"),
                (_OUT, "pl.BlockSpec((rows, n), lambda i: (i, 0))"),
                (_SHAPE, "ShapeDtypeStruct((steps * rows, n), x.dtype)"),
            ),
        ),
        Mistake(
            "one block",
            "Right numbers, but the kernel has a single step, where the rows make several blocks: one multiprocessor works, all the others look on. Use blocks of as many rows as asked for, and a step for each.",
            _edited(
                ("pl.cdiv(m, rows)", "1"), (_IN, "pl.BlockSpec((m, n), lambda i: (i, 0))"), (_INSIDE, "inside = True")
            ),
        ),
        Mistake(
            "no kernel",
            "Right numbers, but no kernel: JAX did it. Here you say yourself what one block does: `pl.pallas_call`.",
            compiled(lambda x, rows: x.sum(axis=0), "rows"),
        ),
    ),
)
