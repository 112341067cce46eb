"""fused_layer: product, bias and ReLU in one trip to the memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import pallas as pl

from course.checks.exercise import Case, Mistake
from course.exercises.write_a_kernel.common import NOTHING_WRITTEN, compiled, edited, quarters
from course.exercises.write_a_kernel.tasks import Asked, Task


def fused_layer(X: Any, W: Any, b: Any, rows: Any, cols: Any) -> Any:
    (batch, n_in), n_out = X.shape, W.shape[1]

    def kernel(x_ref: Any, w_ref: Any, b_ref: Any, o_ref: Any) -> None:
        z = x_ref[...] @ w_ref[...] + b_ref[...]
        o_ref[...] = jnp.maximum(z, 0)

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((batch, n_out), X.dtype),
        grid=(pl.cdiv(batch, rows), pl.cdiv(n_out, cols)),
        in_specs=[
            pl.BlockSpec((rows, n_in), lambda i, j: (i, 0)),
            pl.BlockSpec((n_in, cols), lambda i, j: (0, j)),
            pl.BlockSpec((cols,), lambda i, j: (j,)),
        ],
        out_specs=pl.BlockSpec((rows, cols), lambda i, j: (i, j)),
        interpret=True,
    )(X, W, b)


def _cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case(label, (quarters(rng, batch, n_in), quarters(rng, n_in, n_out), 2 * quarters(rng, n_out), rows, cols))
        for label, batch, n_in, n_out, rows, cols in (
            ("two by two blocks, square", 4, 3, 4, 2, 2),
            ("two by three blocks of 2 × 3", 4, 5, 9, 2, 3),
            ("both axes with a partly filled last block", 5, 4, 7, 2, 3),
            ("a batch of one", 1, 6, 8, 1, 4),
        )
    ]


def _want(X: np.ndarray, W: np.ndarray, b: np.ndarray, rows: int, cols: int) -> np.ndarray:
    return np.maximum(X @ W + b, 0)


def _asked(X: np.ndarray, W: np.ndarray, b: np.ndarray, rows: int, cols: int) -> Asked:
    (batch, n_in), n_out = X.shape, W.shape[1]
    return Asked([(rows, n_in), (n_in, cols), (cols,), (rows, cols)], -(-batch // rows) * -(-n_out // cols))


def _edited(*changes: tuple[str, str]) -> Callable[..., Any]:
    return compiled(edited(fused_layer, *changes), "rows", "cols")


def _three_kernels(X: Any, W: Any, b: Any, rows: Any, cols: Any) -> Any:
    z = _of_block(lambda x, w, b: x[...] @ w[...], X, W, b, rows, cols)
    z = _of_block(lambda z, w, b: z[...] + b[...], z, W, b, rows, cols, again=True)
    return _of_block(lambda z, w, b: jnp.maximum(z[...], 0), z, W, b, rows, cols, again=True)


def _of_block(block: Callable[..., Any], X: Any, W: Any, b: Any, rows: int, cols: int, again: bool = False) -> Any:
    """One kernel of several: of X, or, where it is made `again`, of what the one before has written."""
    tile = pl.BlockSpec((rows, cols), lambda i, j: (i, j))

    def kernel(x_ref: Any, w_ref: Any, b_ref: Any, o_ref: Any) -> None:
        o_ref[...] = block(x_ref, w_ref, b_ref)

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((X.shape[0], W.shape[1]), X.dtype),
        grid=(pl.cdiv(X.shape[0], rows), pl.cdiv(W.shape[1], cols)),
        in_specs=[
            tile if again else pl.BlockSpec((rows, X.shape[1]), lambda i, j: (i, 0)),
            pl.BlockSpec((W.shape[0], cols), lambda i, j: (0, j)),
            pl.BlockSpec((cols,), lambda i, j: (j,)),
        ],
        out_specs=tile,
        interpret=True,
    )(X, W, b)


_TASK = Task(_want, _asked)
_X, _W = "pl.BlockSpec((rows, n_in), lambda i, j: (i, 0))", "pl.BlockSpec((n_in, cols), lambda i, j: (0, j))"
_BIAS, _OUT = "pl.BlockSpec((cols,), lambda i, j: (j,))", "pl.BlockSpec((rows, cols), lambda i, j: (i, j))"
_GRID = "grid=(pl.cdiv(batch, rows), pl.cdiv(n_out, cols))"
_SUM, _RELU = "x_ref[...] @ w_ref[...] + b_ref[...]", "jnp.maximum(z, 0)"
_END = "    )(X, W, b)\n"

FUSED_LAYER = _TASK.exercise(
    fused_layer,
    "rows",
    "cols",
    points=4,
    cases=_cases,
    edges=("a batch of one",),
    mistakes=(
        Mistake(
            "ReLU before the bias",
            "ReLU comes before the bias: a negative bias can then make an answer negative. Compute the whole sum first, then ReLU.",
            _edited((_SUM, "jnp.maximum(x_ref[...] @ w_ref[...], 0) + b_ref[...]"), (_RELU, "z")),
        ),
        Mistake("no ReLU", "There is no ReLU: some answers are negative.", _edited((_RELU, "z"))),
        Mistake("no bias", "The bias is missing.", _edited((_SUM, "x_ref[...] @ w_ref[...]"))),
        Mistake(
            "bias taken off",
            "You subtracted the bias instead of adding it.",
            _edited((_SUM, "x_ref[...] @ w_ref[...] - b_ref[...]")),
        ),
        Mistake(
            "minimum",
            "This keeps the negative numbers and sets the rest to 0: ReLU is the other way around.",
            _edited((_RELU, "jnp.minimum(z, 0)")),
        ),
        Mistake(
            "max for maximum",
            "`jnp.max` takes the largest number along an axis and removes the axis. ReLU works elementwise and takes the larger of two numbers: `jnp.maximum`.",
            _edited((_RELU, "jnp.max(z, 0)")),
        ),
        Mistake(
            "bias by rows",
            "The piece of b follows the grid's first axis. A bias belongs to a neuron, and the neurons are the columns: which axis of the grid counts those?",
            _edited((_BIAS, "pl.BlockSpec((cols,), lambda i, j: (i,))")),
        ),
        Mistake(
            "bias in pieces of rows",
            "You cut b into pieces of `rows`, which follow the examples. A bias belongs to a neuron, and the neurons are the columns.",
            _edited((_BIAS, "pl.BlockSpec((rows,), lambda i, j: (i,))")),
        ),
        Mistake(
            "bias of each example",
            "Each *example* gets a number of b: it is cut by rows and is a column vector. A bias belongs to a neuron, and the neurons are the columns.",
            _edited(
                (_BIAS, "pl.BlockSpec((rows,), lambda i, j: (i,))"),
                (_SUM, "x_ref[...] @ w_ref[...] + b_ref[...][:, None]"),
            ),
        ),
        Mistake(
            "always the same bias",
            "Every program gets the first piece of b: its index map has to move along with the columns.",
            _edited((_BIAS, "pl.BlockSpec((cols,), lambda i, j: (0,))")),
        ),
        Mistake(
            "bias upright",
            "The bias is a column vector, so each *example* gets one number of it. Each column of the block is a neuron and has one number of b: keep it a row vector.",
            _edited((_SUM, "x_ref[...] @ w_ref[...] + b_ref[...][:, None]")),
        ),
        Mistake(
            "bias and ReLU outside",
            "The numbers are right, but the kernel ends with the product and JAX does the rest, with two more trips to memory for every number. Do it in the kernel, while the block is there.",
            _edited(
                (_SUM, "x_ref[...] @ w_ref[...]"),
                (_RELU, "z"),
                ("return pl.pallas_call(", "return jnp.maximum(0, b + pl.pallas_call("),
                (_END, "    )(X, W, b))\n"),
            ),
        ),
        Mistake(
            "ReLU outside",
            "The numbers are right, but JAX does ReLU after the kernel, with another trip to memory for every number. Do it in the kernel, while the block is there.",
            _edited(
                (_RELU, "z"),
                ("return pl.pallas_call(", "return jnp.maximum(0, pl.pallas_call("),
                (_END, "    )(X, W, b))\n"),
            ),
        ),
        Mistake(
            "three kernels",
            "The numbers are right, but you use several kernels. Each of them reads from memory what the one before has just had at hand: fusing saves exactly that.",
            compiled(_three_kernels, "rows", "cols"),
        ),
        Mistake(
            "X by columns",
            "The strip of X follows the grid's second axis. The rows of the answer belong to the examples: which axis of the grid counts those?",
            _edited((_X, "pl.BlockSpec((rows, n_in), lambda i, j: (j, 0))")),
        ),
        Mistake(
            "W by rows",
            "The strip of W follows the grid's first axis. The columns of the answer belong to the neurons: which axis of the grid counts those?",
            _edited((_W, "pl.BlockSpec((n_in, cols), lambda i, j: (0, i))")),
        ),
        Mistake(
            "always the same strip of W",
            "Every program gets the first strip of W: its index map doesn't move along the columns.",
            _edited((_W, "pl.BlockSpec((n_in, cols), lambda i, j: (0, 0))")),
        ),
        Mistake(
            "always the same strip of X",
            "Every program gets the first strip of X: its index map doesn't move down the rows.",
            _edited((_X, "pl.BlockSpec((rows, n_in), lambda i, j: (0, 0))")),
        ),
        Mistake("nothing written", NOTHING_WRITTEN, _edited(("o_ref[...] = ", "o_ref = "))),
        Mistake(
            "partly filled blocks left out",
            "You count only full blocks: if the size is not a multiple of the block's, the last examples and neurons are never written (nan).",
            _edited((_GRID, "grid=(batch // rows, n_out // cols)")),
        ),
        Mistake(
            "one block",
            "The numbers are right, but one program computes the whole layer. Cut the answer into blocks of the given shape.",
            _edited(
                (_X, "pl.BlockSpec((batch, n_in), lambda i, j: (0, 0))"),
                (_W, "pl.BlockSpec((n_in, n_out), lambda i, j: (0, 0))"),
                (_BIAS, "pl.BlockSpec((n_out,), lambda i, j: (0,))"),
                (_OUT, "pl.BlockSpec((batch, n_out), lambda i, j: (0, 0))"),
                (_GRID, "grid=(1, 1)"),
            ),
        ),
        Mistake(
            "no kernel",
            "The numbers are right, but there is no kernel: JAX did the work. Here you say yourself what happens to one block, with `pl.pallas_call`.",
            compiled(lambda X, W, b, rows, cols: jax.nn.relu(X @ W + b), "rows", "cols"),
        ),
    ),
)
