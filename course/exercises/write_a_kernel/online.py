"""online_softmax: shares that weigh values, in one pass over a row of scores, piece by piece.

The running maximum and sum are those of Milakov and Gimelshein (https://arxiv.org/abs/1805.02867), with the weighed values those of
FlashAttention (https://arxiv.org/abs/2205.14135).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import pallas as pl

from course.checks.exercise import Case, Mistake
from course.exercises.write_a_kernel.calls import Call
from course.exercises.write_a_kernel.common import compiled, edited, normal, quarters
from course.exercises.write_a_kernel.tasks import RULES, Asked, Task, refuse


def online_softmax(scores: Any, values: Any, rows: Any, piece: Any) -> Any:
    (m, n), d = scores.shape, values.shape[1]

    def kernel(s_ref: Any, v_ref: Any, o_ref: Any) -> None:
        def take_in(p: Any, seen: Any) -> Any:
            top, total, weighed = seen
            part = pl.ds(p * piece, piece)
            s = s_ref[:, part]
            new_top = jnp.maximum(top, s.max(axis=1, keepdims=True))
            e = jnp.exp(s - new_top)
            shrink = jnp.exp(top - new_top)
            total = shrink * total + e.sum(axis=1, keepdims=True)
            weighed = shrink * weighed + e @ v_ref[part, :]
            return new_top, total, weighed

        start = (jnp.full((rows, 1), -jnp.inf), jnp.zeros((rows, 1)), jnp.zeros((rows, d)))
        _, total, weighed = jax.lax.fori_loop(0, n // piece, take_in, start)
        o_ref[...] = weighed / total

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((m, d), scores.dtype),
        grid=(pl.cdiv(m, rows),),
        in_specs=[pl.BlockSpec((rows, n), lambda i: (i, 0)), pl.BlockSpec((n, d), lambda i: (0, 0))],
        out_specs=pl.BlockSpec((rows, d), lambda i: (i, 0)),
        interpret=True,
    )(scores, values)


def _whole(s: Any, v: Any) -> Any:
    """What the loop ends with, of whole rows at once."""
    top = s.max(axis=1, keepdims=True)
    e = jnp.exp(s - top)
    return top, e.sum(axis=1, keepdims=True), e @ v


def _want(scores: np.ndarray, values: np.ndarray, rows: int, piece: int) -> np.ndarray:
    s = scores.astype(np.float64)
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return (e @ values / e.sum(axis=1, keepdims=True)).astype(np.float32)


def _cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, m: int, n: int, d: int, rows: int, piece: int, *levels: float, cliff: float = 0.0) -> Case:
        """A row of each level; within it the scores rise and fall, from piece to piece, and in the last row they fall by a cliff.

        With levels, the first score of the third row towers over the others of its piece, by more than float32's exp can hold.
        """
        scores = normal(rng, m, n)
        for p in range(n // piece):  # an odd piece is higher than those beside it
            scores[:, p * piece : (p + 1) * piece] += (p % 2) * 1.5 + p * 0.5
        scores[::2] = scores[::2, ::-1]
        for row, level in enumerate(levels):
            scores[row] += level
        scores[-1, :piece] += cliff
        scores[2, 0] += 120.0 * bool(levels)
        scores[0] = scores[0] if levels else 1.5  # all alike: their shares are, too
        values = quarters(rng, n, d)
        values[0], values[-1] = 12, -12  # the first and the last count
        return Case(label, (scores, values, rows, piece))

    return [
        case("two pieces, blocks of two rows", 4, 6, 4, 2, 3),
        case("four pieces, a last block that is partly filled", 5, 8, 3, 2, 2),
        case("large scores, and very low ones", 4, 9, 5, 2, 3, 500.0, -500.0, 0.0, -90.0, cliff=250.0),
        case("a single piece, one row at a time", 3, 4, 5, 1, 4),
    ]


_NUMBERS = ("rows", "piece")


def _edited(*changes: tuple[str, str]) -> Callable[..., Any]:
    return compiled(edited(online_softmax, *changes), *_NUMBERS)


def _asked(scores: np.ndarray, values: np.ndarray, rows: int, piece: int) -> Asked:
    (m, n), d = scores.shape, values.shape[1]
    # The third is no array's block: how far an iteration goes along the row.
    return Asked([(rows, n), (n, d), (piece,), (rows, d)], -(-m // rows))


def _in_pieces(call: Call, asked: Asked) -> None:
    """Refuse whole rows, and more than one pass over them.

    Raises:
        WrongAnswer: it says which.
    """
    piece, longest = asked.blocks[2][0], max(call.products, default=0)
    if longest > piece:
        raise refuse(
            "whole rows",
            f"the kernel combines {longest} numbers of a row at once; it should be {piece} at a time.",
        )
    if call.loops > 1:
        raise refuse(
            "two passes",
            f"the kernel goes through a row in {call.loops} loops. One is enough: carry the maximum, the sum and the weighed values together.",
        )


_TASK = Task(
    _want,
    _asked,
    rules=(*RULES, _in_pieces),
    depth=lambda asked: asked.blocks[2][0],
    # The shares are multiplied on tensor cores, where there are any, with eleven bits.
    rtol=2e-3,
    atol=2e-3,
)
_TOTAL, _WEIGHED = "total = shrink * total + e", "weighed = shrink * weighed + e"
_NEW_TOP, _SHRINK = "jnp.maximum(top, s.max(axis=1, keepdims=True))", "jnp.exp(top - new_top)"
_LOOP = "jax.lax.fori_loop(0, n // piece, take_in, start)"
_END = "o_ref[...] = weighed / total"
_GRID = "grid=(pl.cdiv(m, rows),)"

ONLINE_SOFTMAX = _TASK.exercise(
    online_softmax,
    *_NUMBERS,
    points=5,
    cases=_cases,
    mistakes=(
        Mistake(
            "nothing corrected",
            "The maximum changes from piece to piece, and what you added up before belongs to the old one. When the maximum rises, by which factor is all of that too large?",
            _edited((_TOTAL, "total = total + e"), (_WEIGHED, "weighed = weighed + e")),
        ),
        Mistake(
            "sum not corrected",
            "You correct the weighed values when the maximum rises, but not the sum. Both were added up with the old maximum.",
            _edited((_TOTAL, "total = total + e")),
        ),
        Mistake(
            "weighed values not corrected",
            "You correct the sum when the maximum rises, but not the weighed values. Both were added up with the old maximum.",
            _edited((_WEIGHED, "weighed = weighed + e")),
        ),
        Mistake(
            "corrected the wrong way",
            "Your correction makes the old sum larger when the maximum rises. Compare e^(x − old) with e^(x − new): which of them is larger?",
            _edited((_SHRINK, "jnp.where(top == -jnp.inf, 0, jnp.exp(new_top - top))")),
        ),
        Mistake(
            "correction by a difference",
            "You subtract or multiply by the difference of the two maxima. The maximum is in an exponent, so a difference there is a factor.",
            _edited((_SHRINK, "jnp.where(top == -jnp.inf, 0, top - new_top)")),
        ),
        Mistake(
            "new terms corrected, too",
            "You correct the new piece as well. Its terms were computed with the new maximum already.",
            _edited(
                (
                    "total = shrink * total + e.sum(axis=1, keepdims=True)",
                    "total = shrink * (total + e.sum(axis=1, keepdims=True))",
                ),
                (
                    "weighed = shrink * weighed + e @ v_ref[part, :]",
                    "weighed = shrink * (weighed + e @ v_ref[part, :])",
                ),
                ("jnp.full((rows, 1), -jnp.inf)", "jnp.full((rows, 1), -1e4)"),
            ),
        ),
        Mistake(
            "maximum of the piece",
            "Your maximum is only that of the present piece, so it can fall again. It should be the largest of all scores so far.",
            _edited((_NEW_TOP, "s.max(axis=1, keepdims=True)")),
        ),
        Mistake(
            "old maximum",
            "You compute the terms of the new piece with the maximum from before. The new piece can be far above it.",
            _edited(("e = jnp.exp(s - new_top)", "e = jnp.exp(s - top)"), ("-jnp.inf)", "0.0)")),
        ),
        Mistake(
            "maximum begun at 0",
            "Your running maximum begins at 0, and it stays there if all scores are below. Then every term of a row of very low scores is 0. With which value does a maximum begin?",
            _edited(("jnp.full((rows, 1), -jnp.inf)", "jnp.zeros((rows, 1))")),
        ),
        Mistake(
            "no maximum",
            "e to the power of a large score is infinite. Subtract the largest score so far.",
            _edited(("e = jnp.exp(s - new_top)", "e = jnp.exp(s)"), (_SHRINK, "jnp.ones((rows, 1))")),
        ),
        Mistake(
            "one maximum for the block",
            "You use one maximum for the whole block. Each row has its own.",
            _edited((_NEW_TOP, "jnp.maximum(top, s.max())")),
        ),
        Mistake(
            "not divided",
            "The shares don't add up to 1 yet: divide by their sum at the end.",
            _edited((_END, "o_ref[...] = weighed")),
        ),
        Mistake(
            "divided by the row's length",
            "You divide by the number of scores. Shares add up to 1 if you divide by the sum of their terms.",
            _edited((_END, "o_ref[...] = weighed / n")),
        ),
        Mistake(
            "each piece by itself",
            "Each piece has its own softmax here, and you add those up. A share depends on the whole row: divide once, at the end.",
            _edited(
                (_WEIGHED, "weighed = weighed + (e / e.sum(axis=1, keepdims=True))"),
                (_END, "o_ref[...] = weighed / (n // piece)"),
            ),
        ),
        Mistake(
            "values not moved",
            "Every piece of scores weighs the first piece of the values. The values of a piece have the same places in their array as its scores have in the row.",
            _edited(("v_ref[part, :]", "v_ref[pl.ds(0, piece), :]")),
        ),
        Mistake(
            "always the first piece",
            "Every iteration uses the same piece of the row, the first: where it begins has to depend on the iteration.",
            _edited(("pl.ds(p * piece, piece)", "pl.ds(0 * p, piece)")),
        ),
        Mistake(
            "pieces overlap",
            "`pl.ds` takes the element at which the piece begins, not the number of the piece: your pieces overlap.",
            _edited(("pl.ds(p * piece, piece)", "pl.ds(p, piece)")),
        ),
        Mistake(
            "one piece too few",
            "The last piece of each row is missing.",
            _edited((_LOOP, "jax.lax.fori_loop(0, max(n // piece - 1, 1), take_in, start)")),
        ),
        # A correction of −∞ gives the same numbers, so the hint names both.
        Mistake(
            "nothing written",
            "Everything is nan. Either nothing was written (`o_ref = …` only gives the name to something else), or the kernel computed with an infinity: if your maximum begins at −∞, what are new − old and your correction in the first iteration?",
            _edited((_END, "o_ref = weighed / total")),
        ),
        Mistake(
            "last rows left out",
            "You count only full blocks: if the rows are not a multiple of the block's, the last ones are never written (nan).",
            _edited((_GRID, "grid=(m // rows,)")),
        ),
        Mistake(
            "always the first rows",
            "Every program reads the first block of scores: the first number that its index map returns says which block it is.",
            _edited(("pl.BlockSpec((rows, n), lambda i: (i, 0))", "pl.BlockSpec((rows, n), lambda i: (0, 0))")),
        ),
        Mistake(
            "whole rows",
            "The numbers are right, but you combine a whole row at once. It may be too long for that: go along it in pieces, and keep a running maximum and sum.",
            _edited((_LOOP, "_whole(s_ref[...], v_ref[...])")),
        ),
        Mistake(
            "no kernel",
            "The numbers are right, but there is no kernel: JAX did the work. Here you say yourself what happens to one block, with `pl.pallas_call`.",
            compiled(lambda scores, values, rows, piece: jax.nn.softmax(scores, axis=1) @ values, *_NUMBERS),
        ),
    ),
)
