"""outer_sum: a map in two dimensions, whose inputs have one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.experimental import pallas as pl

from course.checks.exercise import Case, Mistake
from course.exercises.gpu_parallelism.common import wide
from course.exercises.write_a_kernel.common import NOTHING_WRITTEN, compiled, edited, normal
from course.exercises.write_a_kernel.tasks import Asked, Task


def outer_sum(x: Any, y: Any, rows: Any, cols: Any) -> Any:
    def kernel(x_ref: Any, y_ref: Any, o_ref: Any) -> None:
        o_ref[...] = x_ref[...][:, None] + y_ref[...][None, :]

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((x.size, y.size), x.dtype),
        grid=(pl.cdiv(x.size, rows), pl.cdiv(y.size, cols)),
        in_specs=[pl.BlockSpec((rows,), lambda i, j: (i,)), pl.BlockSpec((cols,), lambda i, j: (j,))],
        out_specs=pl.BlockSpec((rows, cols), lambda i, j: (i, j)),
        interpret=True,
    )(x, y)


def _edited(*changes: tuple[str, str]) -> Callable[..., Any]:
    return compiled(edited(outer_sum, *changes), "rows", "cols")


def _cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case(label, (wide(rng, m), normal(rng, n), rows, cols))
        for label, m, n, rows, cols in (
            ("two by three full blocks", 4, 9, 2, 3),
            ("both axes with a partly filled last block", 5, 7, 2, 3),
            ("square blocks", 6, 4, 2, 2),
            ("high blocks", 9, 5, 4, 1),
        )
    ]


_TASK = Task(
    lambda x, y, rows, cols: x[:, None] + y[None, :],
    lambda x, y, rows, cols: Asked([(rows,), (cols,), (rows, cols)], -(-len(x) // rows) * -(-len(y) // cols)),
)
_X, _Y = "pl.BlockSpec((rows,), lambda i, j: (i,))", "pl.BlockSpec((cols,), lambda i, j: (j,))"
_OUT = "pl.BlockSpec((rows, cols), lambda i, j: (i, j))"
_ADD = "x_ref[...][:, None] + y_ref[...][None, :]"
_GRID = "grid=(pl.cdiv(x.size, rows), pl.cdiv(y.size, cols))"

OUTER_SUM = _TASK.exercise(
    outer_sum,
    "rows",
    "cols",
    points=2,
    cases=_cases,
    mistakes=(
        Mistake(
            "x by columns",
            "The block of x follows the grid's second axis. The rows of the output belong to x: which axis of the grid counts those?",
            _edited((_X, "pl.BlockSpec((rows,), lambda i, j: (j,))")),
        ),
        Mistake(
            "y by rows",
            "The block of y follows the grid's first axis. The columns of the output belong to y: which axis of the grid counts those?",
            _edited((_Y, "pl.BlockSpec((cols,), lambda i, j: (i,))")),
        ),
        Mistake(
            "x and y swapped in the grid",
            "x follows the grid's second axis and y its first: each gets the other's blocks.",
            _edited((_X, "pl.BlockSpec((rows,), lambda i, j: (j,))"), (_Y, "pl.BlockSpec((cols,), lambda i, j: (i,))")),
        ),
        Mistake(
            "grid swapped",
            "You swapped the grid's sides, so some blocks are never computed (nan), and others don't exist. The first axis counts blocks of rows, as the output's index map says.",
            _edited((_GRID, "grid=(pl.cdiv(y.size, cols), pl.cdiv(x.size, rows))")),
        ),
        Mistake(
            "elements for blocks",
            "Your index maps return the element at which a block begins. They should say *which block*: Pallas multiplies by the block's size itself.",
            _edited(
                (_X, "pl.BlockSpec((rows,), lambda i, j: (i * rows,))"),
                (_Y, "pl.BlockSpec((cols,), lambda i, j: (j * cols,))"),
                (_OUT, "pl.BlockSpec((rows, cols), lambda i, j: (i * rows, j * cols))"),
            ),
        ),
        Mistake(
            "output turned",
            "The output's index map returns the column of blocks first. Return block indices in the order of the array's axes: row, then column.",
            _edited((_OUT, "pl.BlockSpec((rows, cols), lambda i, j: (j, i))")),
        ),
        Mistake("nothing written", NOTHING_WRITTEN, _edited(("o_ref[...] = ", "o_ref = "))),
        Mistake(
            "partly filled blocks left out",
            "You count only full blocks: if the size is not a multiple of the block's, the last rows and columns are never written (nan).",
            _edited((_GRID, "grid=(x.size // rows, y.size // cols)")),
        ),
        Mistake(
            "no new axes",
            "A block of x and a block of y are two vectors, and JAX adds them element by element. Give each one more axis, so that one is a column and the other a row.",
            _edited((_ADD, "x_ref[...] + y_ref[...]")),
        ),
        Mistake(
            "lying and standing swapped",
            "x is a row and y is a column, so the block comes out transposed: its rows should belong to x.",
            _edited((_ADD, "x_ref[...][None, :] + y_ref[...][:, None]")),
        ),
        Mistake(
            "product",
            "These are products. The exercise asks for sums.",
            _edited((_ADD, "x_ref[...][:, None] * y_ref[...][None, :]")),
        ),
        Mistake(
            "one number of the grid",
            "An index map is called with as many numbers as the grid has axes. Here the grid needs two, and every index map gets both, even if it uses only one of them.",
            _edited((_X, "pl.BlockSpec((rows,), lambda i: (i,))")),
        ),
        Mistake(
            "everything read",
            "The numbers are right, but a program reads more than it needs, which is `rows` numbers of x and `cols` of y. Let the index maps select just these.",
            _edited(
                (_X, "pl.BlockSpec(x.shape, lambda i, j: (0,))"),
                (_Y, "pl.BlockSpec(y.shape, lambda i, j: (0,))"),
                (
                    _ADD,
                    "x_ref[pl.ds(pl.program_id(0) * rows, rows)][:, None] + y_ref[pl.ds(pl.program_id(1) * cols, cols)][None, :]",
                ),
            ),
        ),
        Mistake(
            "one block",
            "The numbers are right, but one program takes everything as its block. Cut the output into blocks of the given shape.",
            _edited(
                (_X, "pl.BlockSpec(x.shape, lambda i, j: (0,))"),
                (_Y, "pl.BlockSpec(y.shape, lambda i, j: (0,))"),
                (_OUT, "pl.BlockSpec((x.size, y.size), lambda i, j: (0, 0))"),
                (_GRID, "grid=(1, 1)"),
            ),
        ),
        Mistake(
            "no kernel",
            "The numbers are right, but there is no kernel: JAX did the work. Here you say yourself what happens to one block, with `pl.pallas_call`.",
            compiled(lambda x, y, rows, cols: x[:, None] + y, "rows", "cols"),
        ),
    ),
)
