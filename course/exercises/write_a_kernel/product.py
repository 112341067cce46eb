"""matmul_blocks: a block of the product, piece by piece along the axis that is added up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import pallas as pl

from course.checks.exercise import Case, Mistake
from course.exercises.write_a_kernel.common import compiled, edited, quarters
from course.exercises.write_a_kernel.tasks import RULES, Asked, Task, refuse


def matmul_blocks(A: Any, B: Any, rows: Any, cols: Any, depth: Any) -> Any:
    (m, k), n = A.shape, B.shape[1]

    def kernel(a_ref: Any, b_ref: Any, o_ref: Any) -> None:
        def step(s: Any, total: Any) -> Any:
            part = pl.ds(s * depth, depth)
            return total + a_ref[:, part] @ b_ref[part, :]

        start = jnp.zeros((rows, cols), jnp.float32)
        o_ref[...] = jax.lax.fori_loop(0, k // depth, step, start)

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((m, n), A.dtype),
        grid=(pl.cdiv(m, rows), pl.cdiv(n, cols)),
        in_specs=[pl.BlockSpec((rows, k), lambda i, j: (i, 0)), pl.BlockSpec((k, cols), lambda i, j: (0, j))],
        out_specs=pl.BlockSpec((rows, cols), lambda i, j: (i, j)),
        interpret=True,
    )(A, B)


_NUMBERS = ("rows", "cols", "depth")


def _cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case(label, (quarters(rng, m, k), quarters(rng, k, n), rows, cols, depth))
        for label, m, k, n, rows, cols, depth in (
            ("square blocks, two pieces along k", 4, 4, 6, 2, 2, 2),
            ("blocks of 2 × 3, three pieces along k", 4, 6, 9, 2, 3, 2),
            ("both axes with a partly filled last block", 5, 8, 7, 2, 4, 4),
            ("four pieces along k", 3, 12, 4, 2, 2, 3),
        )
    ]


def _step_by_step(call: Any, asked: Asked) -> None:
    """Refuse a product of whole strips.

    Raises:
        WrongAnswer: a product in the kernel, whichever way it is written, adds up over more than `depth` numbers.
    """
    depth = asked.blocks[2][0]
    longest = max(call.products, default=0)
    if longest > depth:
        raise refuse(
            "whole strips",
            f"a product in the kernel adds up {longest} numbers at once; it should be {depth} at a time.",
        )


def _asked(A: np.ndarray, B: np.ndarray, rows: int, cols: int, depth: int) -> Asked:
    (m, k), n = A.shape, B.shape[1]
    # The third is no array's block: how far an iteration goes along k.
    return Asked([(rows, k), (k, cols), (depth,), (rows, cols)], -(-m // rows) * -(-n // cols))


def _edited(*changes: tuple[str, str]) -> Callable[..., Any]:
    return compiled(edited(matmul_blocks, *changes), *_NUMBERS)


_TASK = Task(
    lambda A, B, rows, cols, depth: A @ B,
    _asked,
    rules=(*RULES, _step_by_step),
    depth=lambda asked: asked.blocks[2][0],
)
_A, _B = "pl.BlockSpec((rows, k), lambda i, j: (i, 0))", "pl.BlockSpec((k, cols), lambda i, j: (0, j))"
_OUT = "pl.BlockSpec((rows, cols), lambda i, j: (i, j))"
_GRID = "grid=(pl.cdiv(m, rows), pl.cdiv(n, cols))"
_PART, _ADD = "part = pl.ds(s * depth, depth)", "total + a_ref[:, part] @ b_ref[part, :]"
_LOOP = "jax.lax.fori_loop(0, k // depth, step, start)"

MATMUL_BLOCKS = _TASK.exercise(
    matmul_blocks,
    *_NUMBERS,
    points=4,
    cases=_cases,
    mistakes=(
        Mistake(
            "sum begun anew",
            "Only the last piece along k counts: each one replaces the total before it. Carry the total from iteration to iteration.",
            _edited((_ADD, _ADD.replace("total + ", ""))),
        ),
        Mistake(
            "first step only",
            "You used only the first piece along k. A block of the product needs all of them.",
            _edited((_LOOP, "step(0, start)")),
        ),
        Mistake(
            "always the first piece",
            "Every iteration uses the same piece of the strips, the first: where it begins has to depend on the iteration.",
            _edited((_PART, "part = pl.ds(0, depth)")),
        ),
        Mistake(
            "steps of one",
            "`pl.ds` takes the element at which the piece begins, not the number of the piece: your pieces overlap.",
            _edited((_PART, "part = pl.ds(s, depth)")),
        ),
        Mistake(
            "one step too few",
            "The last piece along k is missing.",
            _edited((_LOOP, "jax.lax.fori_loop(0, k // depth - 1, step, start)")),
        ),
        Mistake(
            "a step for each number of k",
            "The loop runs k times, but each iteration uses a whole piece, and there are none beyond the strip's end. How many pieces are there?",
            _edited((_LOOP, "jax.lax.fori_loop(0, k, step, start)")),
        ),
        Mistake(
            "as many steps as a piece is long",
            "The loop runs as often as a *piece* is long. How many pieces are there along k?",
            _edited((_LOOP, "jax.lax.fori_loop(0, depth, step, start)")),
        ),
        Mistake(
            "begun with another shape",
            "The total starts with another shape or number type than it has after an iteration. What you add to it each time is as large as a block of the product.",
            _edited(("jnp.zeros((rows, cols), jnp.float32)", "jnp.zeros((rows, depth), jnp.float32)")),
        ),
        Mistake(
            "whole strips",
            "The numbers are right, but you multiply more than one piece of the strips at once. All of that has to be close to the arithmetic, and k may be long: go along it in pieces of `depth`.",
            _edited((_LOOP, "a_ref[...] @ b_ref[...]")),
        ),
        Mistake(
            "k as an axis of the grid",
            "The numbers are right in the interpreter: k is an axis of the grid, and all programs along it add to the same block. On a GPU they run at the same time, which is a race. Let one program go along k in a loop.",
            _edited(
                (_A, "pl.BlockSpec((rows, depth), lambda i, j, s: (i, s))"),
                (_B, "pl.BlockSpec((depth, cols), lambda i, j, s: (s, j))"),
                (_OUT, "pl.BlockSpec((rows, cols), lambda i, j, s: (i, j))"),
                (_GRID, _GRID.replace("cols))", "cols), k // depth)")),
                (_LOOP, "jnp.where(pl.program_id(2) == 0, start, o_ref[...]) + a_ref[...] @ b_ref[...]"),
            ),
        ),
        Mistake(
            "A by columns",
            "The strip of A follows the grid's second axis. The rows of the product belong to A: which axis of the grid counts those?",
            _edited((_A, "pl.BlockSpec((rows, k), lambda i, j: (j, 0))")),
        ),
        Mistake(
            "B by rows",
            "The strip of B follows the grid's first axis. The columns of the product belong to B: which axis of the grid counts those?",
            _edited((_B, "pl.BlockSpec((k, cols), lambda i, j: (0, i))")),
        ),
        Mistake(
            "always the same strip of B",
            "Every program gets the first strip of B: its index map doesn't move along the columns.",
            _edited((_B, "pl.BlockSpec((k, cols), lambda i, j: (0, 0))")),
        ),
        Mistake(
            "always the same strip of A",
            "Every program gets the first strip of A: its index map doesn't move down the rows.",
            _edited((_A, "pl.BlockSpec((rows, k), lambda i, j: (0, 0))")),
        ),
        Mistake(
            "grid swapped",
            "You swapped the grid's sides, so some blocks are never computed (nan), and others don't exist. The first axis counts blocks of rows.",
            _edited((_GRID, "grid=(pl.cdiv(n, cols), pl.cdiv(m, rows))")),
        ),
        Mistake(
            "never written",
            "Everything is nan: either you wrote nothing into the block (`o_ref = …` only gives the name to something else), or you added to it (`+=`) before there was anything in it.",
            _edited((f"o_ref[...] = {_LOOP}", f"o_ref[...] += {_LOOP}")),
        ),
        Mistake(
            "partly filled blocks left out",
            "You count only full blocks: if the size is not a multiple of the block's, the last rows and columns are never written (nan).",
            _edited((_GRID, "grid=(m // rows, n // cols)")),
        ),
        Mistake(
            "one block",
            "The numbers are right, but one program computes the whole product. Cut it into blocks of the given shape.",
            _edited(
                (_A, "pl.BlockSpec((m, k), lambda i, j: (0, 0))"),
                (_B, "pl.BlockSpec((k, n), lambda i, j: (0, 0))"),
                (_OUT, "pl.BlockSpec((m, n), lambda i, j: (0, 0))"),
                (_GRID, "grid=(1, 1)"),
                ("jnp.zeros((rows, cols), jnp.float32)", "jnp.zeros((m, n), jnp.float32)"),
            ),
        ),
        Mistake(
            "no kernel",
            "The numbers are right, but there is no kernel: JAX did the work. Here you say yourself what happens to one block, with `pl.pallas_call`.",
            compiled(lambda A, B, rows, cols, depth: A @ B, *_NUMBERS),
        ),
    ),
)
