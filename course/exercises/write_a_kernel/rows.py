"""row_softmax: whole rows in a block, so that all that a row needs is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import pallas as pl

from course.checks.exercise import Case, Mistake
from course.exercises.write_a_kernel.common import NOTHING_WRITTEN, compiled, edited, normal
from course.exercises.write_a_kernel.tasks import Asked, Task


def row_softmax(x: Any, rows: Any) -> Any:
    def kernel(x_ref: Any, o_ref: Any) -> None:
        z = x_ref[...]
        e = jnp.exp(z - z.max(axis=1, keepdims=True))
        o_ref[...] = e / e.sum(axis=1, keepdims=True)

    m, n = x.shape
    tile = pl.BlockSpec((rows, n), lambda i: (i, 0))
    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((m, n), x.dtype),
        grid=(pl.cdiv(m, rows),),
        in_specs=[tile],
        out_specs=tile,
        interpret=True,
    )(x)


def _want(x: np.ndarray, rows: int) -> np.ndarray:
    z = x.astype(np.float64)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True)).astype(np.float32)


def _cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, m: int, n: int, rows: int, *levels: float, above: float = 0) -> Case:
        x = 2 * normal(rng, m, n)
        for row, level in enumerate(levels):
            x[row] += level
        x[-1, n // 2] += above  # then only the maximum, taken off, leaves nothing that is large
        return Case(label, (x, rows))

    return [
        case("two blocks of two rows", 4, 3, 2),
        case("a last block that is partly filled", 5, 4, 2),
        case("blocks of as many rows as columns", 8, 4, 4),
        case("large numbers, and small ones beside large ones", 4, 5, 2, 1000, 1000, 0, 300, above=200),
    ]


def _edited(*changes: tuple[str, str]) -> Callable[..., Any]:
    return compiled(edited(row_softmax, *changes), "rows")


_TASK = Task(_want, lambda x, rows: Asked([(rows, x.shape[1])] * 2, -(-len(x) // rows)))
_MAX, _SUM = "z.max(axis=1, keepdims=True)", "e.sum(axis=1, keepdims=True)"
_TILE, _GRID = "pl.BlockSpec((rows, n), lambda i: (i, 0))", "grid=(pl.cdiv(m, rows),)"

ROW_SOFTMAX = _TASK.exercise(
    row_softmax,
    "rows",
    points=3,
    cases=_cases,
    mistakes=(
        Mistake(
            "not stable",
            "e to the 1000 is infinite, and infinity divided by infinity is nan. Only differences matter: which number can you subtract from a row first?",
            _edited((f"z - {_MAX}", "z")),
        ),
        Mistake(
            "not the maximum",
            "If one number of a row is far above the others, the difference is still large, and e to that power is infinite. What do you have to subtract so that no difference is above 0?",
            _edited((_MAX, "z.mean(axis=1, keepdims=True)")),
        ),
        Mistake(
            "one maximum for the block",
            "You use the maximum of the whole block: a row of small numbers next to a row of large ones becomes all zeros, and so does its sum. Every row has its own maximum.",
            _edited((_MAX, "z.max()")),
        ),
        Mistake(
            "one sum for the block",
            "You divide by the sum of the whole block. Every *row* should add up to 1.",
            _edited((_SUM, "e.sum()")),
        ),
        Mistake(
            "one maximum and one sum for the block",
            "You use the maximum and the sum of the whole block. Every *row* has its own maximum, and should add up to 1.",
            _edited((_MAX, "z.max()"), (_SUM, "e.sum()")),
        ),
        Mistake(
            "down the columns",
            "Each column of a block adds up to 1, instead of each row: axis 0 goes down a column, axis 1 along a row.",
            _edited((_MAX, "z.max(axis=0, keepdims=True)"), (_SUM, "e.sum(axis=0, keepdims=True)")),
        ),
        Mistake(
            "axis lost in both",
            "`max` and `sum` remove their axis: the result has the shape (rows,), and is broadcast along the block's columns instead of its rows. Keep it a column: `keepdims`.",
            _edited((_MAX, "z.max(axis=1)"), (_SUM, "e.sum(axis=1)")),
        ),
        Mistake(
            "axis lost in the maximum",
            "`max` removes its axis: the result has the shape (rows,), and is broadcast along the block's columns instead of its rows. Keep it a column: `keepdims`.",
            _edited((_MAX, "z.max(axis=1)")),
        ),
        Mistake(
            "axis lost in the sum",
            "`sum` removes its axis: the result has the shape (rows,), and is broadcast along the block's columns instead of its rows. Keep it a column: `keepdims`.",
            _edited((_SUM, "e.sum(axis=1)")),
        ),
        Mistake(
            "not divided",
            "The rows don't add up to 1 yet: divide by their sum.",
            _edited((f"e / {_SUM}", "e")),
        ),
        Mistake(
            "logarithm",
            "This is the logarithm of the softmax.",
            _edited((f"e / {_SUM}", f"jnp.log(e / {_SUM})")),
        ),
        Mistake("nothing written", NOTHING_WRITTEN, _edited(("o_ref[...] = ", "o_ref = "))),
        Mistake(
            "partly filled blocks left out",
            "You count only full blocks: if the size is not a multiple of the block's, the last rows are never written (nan).",
            _edited((_GRID, "grid=(m // rows,)")),
        ),
        Mistake(
            "rows in pieces",
            "A block holds half of a row, and each half adds up to 1 by itself. The maximum and the sum of a row need *all* of its numbers: put whole rows into a block.",
            _edited(
                (_TILE, "pl.BlockSpec((rows, (n + 1) // 2), lambda i, j: (i, j))"),
                (_GRID, "grid=(pl.cdiv(m, rows), 2)"),
                (
                    "z = x_ref[...]",
                    "z = jnp.where(pl.program_id(1) * ((n + 1) // 2) + jnp.arange((n + 1) // 2) < n, x_ref[...], -jnp.inf)",
                ),
            ),
        ),
        Mistake(
            "always the first block read",
            "Every program reads the first block of rows: the first number that the input's index map returns says which block it is.",
            _edited(("in_specs=[tile]", "in_specs=[pl.BlockSpec((rows, n), lambda i: (0, 0))]")),
        ),
        Mistake(
            "index map turned",
            "The index map returns the two block indices in the wrong order. The blocks lie below each other: the first number changes, the second is always 0.",
            _edited((_TILE, "pl.BlockSpec((rows, n), lambda i: (0, i))")),
        ),
        Mistake(
            "one block",
            "The numbers are right, but one program takes the whole table. Use blocks of `rows` rows.",
            _edited((_TILE, "pl.BlockSpec((m, n), lambda i: (0, 0))"), (_GRID, "grid=(1,)")),
        ),
        Mistake(
            "no kernel",
            "The numbers are right, but there is no kernel: JAX did the work. Here you say yourself what happens to one block, with `pl.pallas_call`.",
            compiled(lambda x, rows: jax.nn.softmax(x, axis=1), "rows"),
        ),
    ),
)
