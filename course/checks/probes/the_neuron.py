"""The probes of lesson 02: what a learner's function builds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
from jax import Array


def draw(build: Callable[..., Any], seed: int, n_in: int, n_out: int) -> tuple[Any, Any, Any]:
    """What comes for a key; and the first part of what comes for the same key again, and for another one."""
    answer, again, other = (build(jax.random.key(number), n_in, n_out) for number in (seed, seed, seed + 1))
    return answer, _first(again), _first(other)


def _first(answer: Any) -> Any:
    return answer[0] if isinstance(answer, (tuple, list)) and answer else answer


def built(build: Callable[[], Any], X: Array) -> Any:
    """What a function without arguments returns; the inputs are for whoever tries it."""
    return build()
