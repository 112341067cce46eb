"""column_sum: partial sums, one for each block, so that no program waits for another."""

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
    programs = pl.cdiv(m, rows)

    def kernel(x_ref: Any, o_ref: Any) -> None:
        row = pl.program_id(0) * rows + jnp.arange(rows)
        inside = (row < m)[:, None]
        o_ref[...] = jnp.where(inside, x_ref[...], 0).sum(axis=0, keepdims=True)

    partial_sums = pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((programs, n), x.dtype),
        grid=(programs,),
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
        raise refuse(
            "one block", "the kernel ran once, on everything: a grid of one program. Cut the rows into blocks."
        )
    (taken, *_), got = asked.blocks, call.inputs[0].block
    if sum(side.size for side in call.inputs) > int(np.prod(taken)) or call.steps != asked.steps:
        raise refuse(
            "other blocks",
            f"a block of x has the shape {got}, in {call.steps} programs; it should have {taken}, in {asked.steps} programs.",
        )
    if call.asks_nan:
        raise refuse(
            "nan left out",
            "the kernel leaves out what is nan. Values out of bounds are nan only in the interpreter: on a GPU they may be any number.",
        )
    if call.outputs[0].size >= call.inputs[0].size > taken[1]:
        raise refuse(
            "nothing added", "the kernel writes as many numbers as it reads: the sum is computed outside of it."
        )


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
_OUT, _SHAPE = "pl.BlockSpec((1, n), lambda i: (i, 0))", "ShapeDtypeStruct((programs, n), x.dtype)"
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
            "out of bounds added up",
            "The last block reaches beyond the rows, and values out of bounds got into the sum (nan here; it may be anything). Replace them first by something harmless. Multiplying by 0 is no help: nan times 0 is nan.",
            _edited((_INSIDE, "inside = True")),
        ),
        Mistake(
            "nan left out",
            "You leave out what is nan. Values out of bounds are nan in the interpreter; on a GPU they may be any number, and then they are added. Test which rows exist, not which values they have.",
            _edited((_INSIDE, "inside = ~jnp.isnan(x_ref[...])")),
        ),
        Mistake(
            "place in the block for the row",
            "What the mask compares with m is not the index of a row of x. The place *in the block*, for example, is below m nearly everywhere: how many rows of x come before this program's block?",
            _edited(("pl.program_id(0) * rows + jnp.arange(rows)", "jnp.arange(rows)")),
        ),
        Mistake(
            "mask lies",
            "The mask has the shape (rows,), so it is broadcast along the columns of the block. It says something about each *row*, so it has to be a column: (rows, 1).",
            _edited((_INSIDE, "inside = row < m")),
        ),
        Mistake(
            "one row too few",
            "The mask treats the last row of x as out of bounds.",
            _edited((_INSIDE, "inside = (row < m - 1)[:, None]")),
        ),
        Mistake(
            "mask turned around",
            "The mask keeps what is beyond the rows and throws away what is inside.",
            _edited((_INSIDE, "inside = (row >= m)[:, None]")),
        ),
        Mistake(
            "added up over the steps",
            "The numbers are right in the interpreter, which runs one program after the other, and each adds to the same block of the output. On a GPU all programs run at the same time, which is a race. Give each program a row of its own, and add up the rows afterwards.",
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
            "Everything is nan: either you wrote nothing into the output (`o_ref = …` only gives the name to something else), or you added to it (`+=`) before there was anything in it. Each program should write one row, its own.",
            _edited(
                (_OUT, "pl.BlockSpec((1, n), lambda i: (0, 0))"),
                (_SHAPE, "ShapeDtypeStruct((1, n), x.dtype)"),
                (_WRITE, _WRITE.replace("= ", "+= ", 1)),
            ),
        ),
        Mistake(
            "last block only",
            "Only the last block's sum is left. Give each program a row of its own in the output, which no later one overwrites, and add up all rows at the end.",
            _edited((_END, "return partial_sums[-1]")),
        ),
        Mistake(
            "partial sums returned",
            "These are the partial sums, one row for each block. Add them up outside the kernel, when all programs are done.",
            _edited((_END, "return partial_sums")),
        ),
        Mistake(
            "first block only",
            "You return only the first block's sum. Add up all partial sums.",
            _edited((_END, "return partial_sums[0]")),
        ),
        Mistake(
            "last block left out",
            "You count only full blocks: the last, partly filled one has rows, too.",
            _edited(("pl.cdiv(m, rows)", "m // rows")),
        ),
        Mistake(
            "always the first block read",
            "Every program reads the first block of rows: the input's index map has to move along with the grid.",
            _edited((_IN, "pl.BlockSpec((rows, n), lambda i: (0, 0))")),
        ),
        Mistake(
            "mean",
            "This is the mean of each column. The exercise asks for the sum.",
            _edited((_END, "return partial_sums.sum(axis=0) / m")),
        ),
        Mistake(
            "nothing added in the kernel",
            "The numbers are right, but the kernel only copies, and JAX adds up what it wrote: that takes more trips to memory than without a kernel. Add up the rows of a block in the kernel.",
            _edited(
                (_WRITE, "o_ref[...] = jnp.where(inside, x_ref[...], 0)"),
                (_OUT, "pl.BlockSpec((rows, n), lambda i: (i, 0))"),
                (_SHAPE, "ShapeDtypeStruct((programs * rows, n), x.dtype)"),
            ),
        ),
        Mistake(
            "one block",
            "The numbers are right, but the kernel has a single program, although the rows make several blocks: one multiprocessor works while all the others are idle. Use blocks of `rows` rows, and a program for each.",
            _edited(
                ("pl.cdiv(m, rows)", "1"), (_IN, "pl.BlockSpec((m, n), lambda i: (i, 0))"), (_INSIDE, "inside = True")
            ),
        ),
        Mistake(
            "no kernel",
            "The numbers are right, but there is no kernel: JAX did the work. Here you say yourself what happens to one block, with `pl.pallas_call`.",
            compiled(lambda x, rows: x.sum(axis=0), "rows"),
        ),
    ),
)
