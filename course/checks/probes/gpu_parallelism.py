"""The probes of lesson 01: the text of a kernel, which is run elsewhere, and what becomes of a function of one example."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.custom_batching import custom_vmap

from course.checks.probes import WrongAnswer
from course.checks.probes.program import program

# --- A function of one example --------------------------------------------------------------------------------------


def _distance(x: Array, w: Array) -> Array:
    return jnp.sqrt(jnp.sum((x - w) ** 2))


def _weighted(x: Array, w: Array) -> Array:
    return jnp.sum(jax.nn.softmax(x) * w)


def _scaled(x: Array, w: Array) -> Array:
    return w * x / jnp.max(jnp.abs(x))


# None of them does for a whole table what it does for a row.
SCORES = (_distance, _weighted, _scaled)


def scored(function: Callable[..., Any], which: int, X: Array, w: Array) -> tuple[Any, np.ndarray, bool]:
    """What the learner's function makes of a score, rows and weights; and in which ways it called the score.

    Args:
        function: what the learner wrote.
        which: of SCORES, the function of one row `(n,)` and weights `(n,)`.
        X: `(batch, n)`.
        w: `(n,)`.

    Returns:
        The answer; for each call of the score how many axes its row had, and for how many rows at once `vmap` ran it; and
        whether a row was a tracer, as inside of `jit` and `lax.map`.
    """
    axes: list[int] = []
    mapped: list[int] = []
    traced: list[bool] = []
    one = SCORES[which]
    # A function that has a rule of its own for `vmap` is told when it is mapped.
    told = custom_vmap(one)

    @told.def_vmap
    def rule(axis_size: int, in_batched: list[bool], x: Array, w: Array) -> tuple[Array, bool]:
        mapped.append(axis_size)
        return jax.vmap(one, in_axes=tuple(0 if batched else None for batched in in_batched))(x, w), True

    def score(x: Array, w: Array) -> Any:
        axes.append(jnp.ndim(x))
        traced.append(isinstance(x, jax.core.Tracer))
        return told(x, w)

    answer = function(score, X, w)
    calls = np.array([len(axes), max(axes, default=0), max(mapped, default=0)], np.int32)
    return answer, calls, any(traced)


@program(lenient=True)
def scores_program(function: Callable[..., Any], which: int, X: Array, w: Array) -> Any:
    """The scores of all rows, of X and w."""
    return lambda X, w: function(SCORES[which], X, w), X, w


# --- A kernel ---------------------------------------------------------------------------------------------------------

# A piece of text that travels whole.
_PIECE = 200


def text_of(kernel: Any, *args: Any) -> tuple[str, list[str], list[str], list[Any]]:
    """A kernel as text: it is not run here, but where the verdict is made, so that nothing that is counted can be made up.

    Args:
        kernel: what the learner wrote.
        args: of the case; they are for whoever runs it.

    Returns:
        The kernel's name; its source and that of the functions that it calls, in pieces; its constants' names and values.

    Raises:
        NotImplementedError: the stub still stands in it.
        WrongAnswer: it is no kernel; the message says why.
    """
    # Simulating takes imports of its own, and every check of any lesson imports this room.
    from course.simt import Kernel, KernelError

    try:
        found = Kernel.of(kernel)
    except KernelError as error:
        raise WrongAnswer(f"{error}.") from None
    pieces = [found.source[i : i + _PIECE] for i in range(0, len(found.source), _PIECE)]
    return found.name, pieces, list(found.constants), list(found.constants.values())
