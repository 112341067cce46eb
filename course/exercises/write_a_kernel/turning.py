"""transpose_blocks: what an index map does, and what is left for the kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.experimental import pallas as pl

from course.checks.exercise import Case, Mistake
from course.exercises.gpu_parallelism.common import wide
from course.exercises.write_a_kernel.common import NOTHING_WRITTEN, compiled, edited
from course.exercises.write_a_kernel.tasks import Asked, Task


def transpose_blocks(x: Any, rows: Any, cols: Any) -> Any:
    def kernel(x_ref: Any, o_ref: Any) -> None:
        o_ref[...] = x_ref[...].T

    m, n = x.shape
    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((n, m), x.dtype),
        grid=(pl.cdiv(m, rows), pl.cdiv(n, cols)),
        in_specs=[pl.BlockSpec((rows, cols), lambda i, j: (i, j))],
        out_specs=pl.BlockSpec((cols, rows), lambda i, j: (j, i)),
        interpret=True,
    )(x)


def _edited(*changes: tuple[str, str]) -> Callable[..., Any]:
    return compiled(edited(transpose_blocks, *changes), "rows", "cols")


def _cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case(label, (wide(rng, m, n), rows, cols))
        for label, m, n, rows, cols in (
            ("two by three square blocks", 4, 6, 2, 2),
            ("blocks that are not square", 4, 9, 2, 3),
            ("both axes with a partly filled last block", 5, 7, 2, 3),
            ("a square of square blocks", 6, 6, 2, 2),
        )
    ]


_TASK = Task(
    lambda x, rows, cols: x.T,
    lambda x, rows, cols: Asked([(rows, cols), (cols, rows)], -(-x.shape[0] // rows) * -(-x.shape[1] // cols)),
)
_TURNED, _FROM = "x_ref[...].T", "pl.BlockSpec((rows, cols), lambda i, j: (i, j))"
_TO = "pl.BlockSpec((cols, rows), lambda i, j: (j, i))"
_GRID = "grid=(pl.cdiv(m, rows), pl.cdiv(n, cols))"

TRANSPOSE_BLOCKS = _TASK.exercise(
    transpose_blocks,
    "rows",
    "cols",
    points=3,
    cases=_cases,
    mistakes=(
        Mistake(
            "blocks stay where they are",
            "Each block is transposed, but it stays at its place, or goes to one that doesn't exist. Block (i, j) of x has to become another block of the output.",
            _edited((_TO, "pl.BlockSpec((cols, rows), lambda i, j: (i, j))")),
        ),
        Mistake(
            "not turned inside",
            "Each block has come to the right place, but it is not transposed inside.",
            _edited((_TURNED, "x_ref[...]")),
        ),
        Mistake(
            "moved as they are",
            "Each block is moved, but not transposed, not even its shape: what was 2 × 3 should come out as 3 × 2.",
            _edited((_TURNED, "x_ref[...]"), (_TO, "pl.BlockSpec((rows, cols), lambda i, j: (j, i))")),
        ),
        Mistake(
            "folded anew",
            "`reshape` keeps the numbers in their order and breaks the rows elsewhere. A transpose makes a column of each row.",
            _edited((_TURNED, "x_ref[...].reshape(cols, rows)")),
        ),
        Mistake(
            "output's blocks not turned",
            "A block of 2 × 3 becomes one of 3 × 2: the output's blocks have another shape than x's.",
            _edited((_TO, "pl.BlockSpec((rows, cols), lambda i, j: (j, i))")),
        ),
        Mistake(
            "turned where it is read, too",
            "The input's index map is swapped as well, and two swaps cancel. Swap in one of the two maps.",
            _edited((_FROM, "pl.BlockSpec((rows, cols), lambda i, j: (j, i))")),
        ),
        Mistake(
            "grid of the output",
            "The grid counts the blocks of one array, x or the output, but the index maps treat its indices as those of the other. Either array is fine, as long as grid and index maps use the same one.",
            _edited((_GRID, "grid=(pl.cdiv(n, cols), pl.cdiv(m, rows))")),
        ),
        Mistake(
            "shape not turned",
            "The output has the shape of x. A transpose has as many rows as x has columns.",
            _edited(("ShapeDtypeStruct((n, m), x.dtype)", "ShapeDtypeStruct((m, n), x.dtype)")),
        ),
        Mistake("nothing written", NOTHING_WRITTEN, _edited(("o_ref[...] = ", "o_ref = "))),
        Mistake(
            "partly filled blocks left out",
            "You count only full blocks: if a side is not a multiple of the block's, some of the output is never written (nan).",
            _edited((_GRID, "grid=(m // rows, n // cols)")),
        ),
        Mistake(
            "turned outside",
            "The kernel copies, and JAX transposes the result: a second trip to the memory for every number. Transpose inside the kernel.",
            _edited(
                ("ShapeDtypeStruct((n, m), x.dtype)", "ShapeDtypeStruct((m, n), x.dtype)"),
                (_TURNED, "x_ref[...]"),
                (_TO, _FROM),
                ("    )(x)\n", "    )(x).T\n"),
            ),
        ),
        Mistake(
            "one block",
            "The numbers are right, but one program takes the whole matrix as its block. Use blocks: a real matrix is too large to be close to the arithmetic.",
            _edited(
                (_FROM, "pl.BlockSpec((m, n), lambda i, j: (0, 0))"),
                (_TO, "pl.BlockSpec((n, m), lambda i, j: (0, 0))"),
                (_GRID, "grid=(1, 1)"),
            ),
        ),
        Mistake(
            "no kernel",
            "The numbers are right, but there is no kernel: JAX did the work. Here you say yourself what happens to one block, with `pl.pallas_call`.",
            compiled(lambda x, rows, cols: x.T, "rows", "cols"),
        ),
    ),
)
