"""The probes of lesson 02: what a learner's function builds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax import Array


def draw(build: Callable[..., Any], seeds: Sequence[int], n_in: int, n_out: int) -> tuple[Any, list[Any]]:
    """What comes for the key of the first of these numbers; and the first part of what comes for the keys of all of them, in turn."""
    answers = [build(jax.random.key(seed), n_in, n_out) for seed in seeds]
    return answers[0], [_first(answer) for answer in answers]


def _first(answer: Any) -> Any:
    return answer[0] if isinstance(answer, (tuple, list)) and answer else answer


def built(build: Callable[[], Any], X: Array) -> Any:
    """What a function without arguments returns; the inputs are for whoever tries it."""
    return build()


def starts(build: Callable[..., Any], seeds: Sequence[int], sizes: Sequence[int]) -> tuple[Any, ...]:
    """What comes for the keys of these numbers, in turn."""
    return tuple(build(jax.random.key(seed), list(sizes)) for seed in seeds)
