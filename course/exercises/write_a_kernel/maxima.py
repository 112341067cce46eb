"""block_max: a kernel to be repaired, in whose last block there is something that isn't there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import pallas as pl

from course.checks.exercise import Case, Mistake
from course.exercises.write_a_kernel.calls import Call
from course.exercises.write_a_kernel.common import NOTHING_WRITTEN, compiled, edited, normal
from course.exercises.write_a_kernel.tasks import RULES, Asked, Task, refuse


def block_max(x: Any, block: Any) -> Any:
    n = x.size

    def kernel(x_ref: Any, o_ref: Any) -> None:
        place = pl.program_id(0) * block + jnp.arange(block)
        o_ref[...] = jnp.where(place < n, x_ref[...], -jnp.inf).max(keepdims=True)

    programs = pl.cdiv(n, block)
    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((programs,), x.dtype),
        grid=(programs,),
        in_specs=[pl.BlockSpec((block,), lambda i: (i,))],
        out_specs=pl.BlockSpec((1,), lambda i: (i,)),
        interpret=True,
    )(x)


def _want(x: np.ndarray, block: int) -> np.ndarray:
    return np.array([x[start : start + block].max() for start in range(0, len(x), block)], x.dtype)


def _cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, n: int, block: int, *, level: float = 0.0) -> Case:
        x = normal(rng, n) + np.float32(level)
        x[-1] = x.max() + 1  # the last number counts
        return Case(label, (x, block))

    mixed = case("numbers of both signs, the last block partly filled", 10, 4)
    below = case("only negative numbers, the last block partly filled", 11, 4, level=-2000.0)
    return [
        case("three full blocks", 12, 4),
        mixed,
        below,
        case("one block, partly filled", 3, 5, level=-9.0),
        case("several blocks, all but one place filled", 17, 6, level=-30.0),
    ]


def _edited(*changes: tuple[str, str]) -> Callable[..., Any]:
    return compiled(edited(block_max, *changes), "block")


def _by_place(call: Call, asked: Asked) -> None:
    """Refuse a mask that asks for nan.

    Raises:
        WrongAnswer: the kernel leaves out what is nan.
    """
    if call.asks_nan:
        raise refuse(
            "nan left out",
            "the kernel leaves out what is nan. Values out of bounds are nan only in the interpreter: on a GPU they may be any number.",
        )


_TASK = Task(
    _want,
    lambda x, block: Asked([(block,), (1,)], -(-len(x) // block)),
    rules=(*RULES, _by_place),
)
_PLACE, _MASK = "pl.program_id(0) * block + jnp.arange(block)", "jnp.where(place < n, x_ref[...], -jnp.inf)"
_IN, _OUT = "in_specs=[pl.BlockSpec((block,), lambda i: (i,))]", "out_specs=pl.BlockSpec((1,), lambda i: (i,))"

BLOCK_MAX = _TASK.exercise(
    block_max,
    "block",
    points=2,
    kind="repair",
    cases=_cases,
    edges=("only negative numbers, the last block partly filled",),
    mistakes=(
        Mistake(
            "not repaired",
            "The last maximum is still nan. The last block has places beyond the array, and their values get into its maximum.",
            _edited((_MASK, "x_ref[...]")),
        ),
        Mistake(
            "0 for what is not there",
            "You put 0 in the places that are out of bounds. If all numbers of the block are negative, that 0 is its maximum. Which value never wins?",
            _edited((_MASK, "jnp.where(place < n, x_ref[...], 0)")),
        ),
        Mistake(
            "a number that is not small enough",
            "What you put in the places out of bounds wins against numbers that are even lower. Which value is below all others?",
            _edited((_MASK, "jnp.where(place < n, x_ref[...], -1000.0)")),
        ),
        Mistake(
            "infinity for what is not there",
            "+∞ wins against every number. A maximum needs a value that never wins.",
            _edited((_MASK, "jnp.where(place < n, x_ref[...], jnp.inf)")),
        ),
        Mistake(
            "nan left out",
            "You leave out what is nan. Values out of bounds are nan in the interpreter; on a GPU they may be any number. Test the place, not the value.",
            _edited((_MASK, "jnp.where(jnp.isnan(x_ref[...]), -jnp.inf, x_ref[...])"), (f"place = {_PLACE}", "pass")),
        ),
        Mistake(
            "place in the block",
            "You compare the place *in the block* with n, and it is below n nearly everywhere. How many numbers of x come before this program's block?",
            _edited((_PLACE, "jnp.arange(block)")),
        ),
        Mistake(
            "mask turned around",
            "The mask keeps what is beyond the array and throws away what is inside.",
            _edited(("place < n", "place >= n")),
        ),
        Mistake(
            "one place too few",
            "The mask treats the last number of x as out of bounds. Its place is n − 1.",
            _edited(("place < n", "place < n - 1")),
        ),
        Mistake(
            "last block left out",
            "You count only full blocks. The last one has numbers, too.",
            _edited(("pl.cdiv(n, block)", "max(n // block, 1)")),
        ),
        Mistake(
            "sum",
            "This is the sum of each block. The exercise asks for its maximum.",
            _edited((f"{_MASK}.max(", "jnp.where(place < n, x_ref[...], 0).sum(")),
        ),
        Mistake(
            "minimum",
            "This is the smallest number of each block. The exercise asks for the largest.",
            _edited((f"{_MASK}.max(", "jnp.where(place < n, x_ref[...], jnp.inf).min(")),
        ),
        Mistake(
            "always the first block read",
            "Every program reads the first block: the input's index map has to move along with the grid.",
            _edited((_IN, "in_specs=[pl.BlockSpec((block,), lambda i: (0,))]")),
        ),
        Mistake("nothing written", NOTHING_WRITTEN, _edited(("o_ref[...] = ", "o_ref = "))),
        Mistake(
            "no kernel",
            "The numbers are right, but there is no kernel: JAX did the work. Repair the kernel that is there.",
            compiled(
                lambda x, block: (
                    jnp.pad(x, (0, -x.size % block), constant_values=-jnp.inf).reshape(-1, block).max(axis=1)
                ),
                "block",
            ),
        ),
    ),
)
