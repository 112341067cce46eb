"""scale_shift: an elementwise function in one dimension, whose last block may be partly filled."""

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


def scale_shift(x: Any, scale: Any, shift: Any, block: Any) -> Any:
    def kernel(x_ref: Any, o_ref: Any) -> None:
        o_ref[...] = scale * x_ref[...] + shift

    tile = pl.BlockSpec((block,), lambda i: (i,))
    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct(x.shape, x.dtype),
        grid=(pl.cdiv(x.size, block),),
        in_specs=[tile],
        out_specs=tile,
        interpret=True,
    )(x)


_NUMBERS = ("scale", "shift", "block")


def _edited(*changes: tuple[str, str]) -> Callable[..., Any]:
    return compiled(edited(scale_shift, *changes), *_NUMBERS)


def _cases(rng: np.random.Generator) -> list[Case]:
    scale, shift = float(rng.choice([2.0, -3.0])), float(rng.choice([0.5, -1.5]))
    return [
        # Scale and shift of either sign in every draw.
        Case(label, (wide(rng, n), scale * sign, shift * sign, block))
        for label, n, block, sign in (
            ("two full blocks", 8, 4, 1),
            ("a last block that is partly filled", 10, 4, -1),
            ("one block, partly filled", 3, 8, 1),
            ("more blocks of another size", 19, 5, -1),
        )
    ]


_TASK = Task(
    lambda x, scale, shift, block: (scale * x.astype(np.float64) + shift).astype(np.float32),
    lambda x, scale, shift, block: Asked([(block,), (block,)], -(-len(x) // block)),
)
_WRITE, _GRID, _INS, _OUTS = (
    "o_ref[...] = scale * x_ref[...] + shift",
    "grid=(pl.cdiv(x.size, block),)",
    "in_specs=[tile]",
    "out_specs=tile",
)
_TILE = "pl.BlockSpec((block,), lambda i: (i,))"

SCALE_SHIFT = _TASK.exercise(
    scale_shift,
    *_NUMBERS,
    points=2,
    cases=_cases,
    edges=("one block, partly filled",),
    mistakes=(
        Mistake(
            "partly filled blocks left out",
            "The last elements were never written (nan). `//` counts only full blocks: if the size is not a multiple of the block's, you need one more.",
            _edited((_GRID, "grid=(x.size // block,)")),
        ),
        Mistake(
            "one block too many",
            "There is always one block more than n // block, even if the blocks fit exactly. The last one is then out of bounds: the interpreter allows it, a GPU may not.",
            _edited((_GRID, "grid=(x.size // block + 1,)")),
        ),
        Mistake(
            "a program for each element",
            "The grid has as many programs as there are elements. One program computes a whole block.",
            _edited((_GRID, "grid=(x.size,)")),
        ),
        Mistake(
            "elements for blocks",
            "An index map says *which block*, not at which element the block begins: Pallas multiplies by the block's size itself.",
            _edited((_TILE, "pl.BlockSpec((block,), lambda i: (i * block,))")),
        ),
        Mistake(
            "always the first block read",
            "Every program reads the first block: the input's index map returns 0 for all of them, as it does if you give none.",
            _edited((_INS, "in_specs=[pl.BlockSpec((block,), lambda i: (0,))]")),
        ),
        Mistake(
            "always the first block written",
            "Every program writes the first block, over what the one before wrote, and the rest is never written (nan). The output needs an index map, too.",
            _edited((_OUTS, "out_specs=pl.BlockSpec((block,), lambda i: (0,))")),
        ),
        Mistake(
            "scale and shift swapped",
            "You swapped scale and shift: multiply by the one, add the other.",
            _edited((_WRITE, "o_ref[...] = shift * x_ref[...] + scale")),
        ),
        Mistake(
            "shift scaled too",
            "You added the shift before scaling, so it is scaled, too.",
            _edited((_WRITE, "o_ref[...] = scale * (x_ref[...] + shift)")),
        ),
        Mistake(
            "shift forgotten",
            "You scaled x but didn't shift it.",
            _edited((_WRITE, "o_ref[...] = scale * x_ref[...]")),
        ),
        Mistake(
            "nothing written",
            NOTHING_WRITTEN,
            _edited((_WRITE, "o_ref = scale * x_ref[...] + shift")),
        ),
        Mistake(
            "reference for its numbers",
            "`x_ref` is no array but a reference to the block: it says where the numbers are. Brackets read them.",
            _edited((_WRITE, "o_ref[...] = scale * x_ref + shift")),
        ),
        Mistake(
            "returned",
            "A kernel returns nothing: what it has to say, it writes into the reference of the output.",
            _edited((_WRITE, "return scale * x_ref[...] + shift")),
        ),
        Mistake(
            "index arithmetic twice",
            "The kernel looks for its elements by `program_id`, as a thread would. But `x_ref` is this program's block already: the index map has brought it, and here all of it is meant.",
            _edited(
                (
                    _WRITE,
                    "at = pl.ds(pl.program_id(0) * block, block)\n        o_ref[at] = scale * x_ref[at] + shift",
                )
            ),
        ),
        Mistake(
            "no BlockSpec",
            "Each program gets the whole array, as it does without a BlockSpec, so all programs do everything, one over the other. Say which block program i gets, of the input and of the output.",
            _edited(("        in_specs=[tile],\n        out_specs=tile,\n", "")),
        ),
        Mistake(
            "one block",
            "The numbers are right, but one program takes everything as its block. On a GPU one multiprocessor would work while all the others are idle. Use blocks of the size asked for, and a grid.",
            _edited((_GRID, "grid=(1,)"), (_TILE, "pl.BlockSpec(x.shape, lambda i: (0,))")),
        ),
        Mistake(
            "block's size forgotten",
            "The blocks have a size of your own. They should be as large as `block` says: on another device another size will be the fast one.",
            _edited((_TILE, "pl.BlockSpec((2,), lambda i: (i,))"), (_GRID, "grid=(pl.cdiv(x.size, 2),)")),
        ),
        Mistake(
            "no kernel",
            "The numbers are right, but there is no kernel: JAX did the work. Here you say yourself what happens to one block, with `pl.pallas_call`.",
            compiled(lambda x, scale, shift, block: scale * x + shift, *_NUMBERS),
        ),
    ),
)
