"""Promises of how little a verdict makes a learner wait: XLA compiles what the learner wrote, and nothing to judge it by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from course.checks import Exercise, exercises
from course.checks.judge import Marking
from course.checks.outcome import Outcome

_COMPILE = "/jax/core/compile/backend_compile_duration"
# Those whose reference works in Python or NumPy, or runs in the simulator; and those whose reference is compiled all the same.
_PLAIN = [
    "timed",
    "flop_rate",
    "scale_kernel",
    "blend_kernel",
    "add_kernel",
    "mirror_kernel",
    "outer_add",
    "transpose_naive",
    "repair_tint",
    "neighbor_sum",
    "transpose_tiled",
    "block_sum",
    "convolve_kernel",
    "matmul_tiled",
    "diagnose_kernel",
    "estimate_gpu",
    "arithmetic_intensity",
    "longest_time",
    "predicted_time",
    "share_of_roof",
    "which_bound",
    "estimated",
    "least_batch",
    "speedup",
    "count_parameters",
    "conv2d",
    "output_size",
    "max_pool",
    "precision_recall_f1",
    "confusion_matrix",
    "network_costs",
    "what_went_wrong",
    "grid_of",
    "block_bounds",
    "diagnose_blocks",
    "estimated_blocks",
    "bytes_moved",
    "share_of_peak",
    "bottleneck",
    "whole_speedup",
    "what_would_help",
    "at_best",
    "shifted_conv",
    "one_epoch",
    "early_stop",
]
_COMPILED = [
    "xor_network",
    "he_init",
    "start_network",
    "sgd_step",
    "momentum_step",
    "adam_step",
    "train",
    "CNN",
    "classify",
    "mixed_gradients",
]
QUICK = {name: exercise for name, exercise in exercises().items() if name not in _COMPILED}


_SEEN: list[str] = []
# Once, as JAX 0.7 has no way to take a listener off again.


def _saw(event: str, duration_secs: float, **kwargs: str | int) -> None:
    _SEEN.append(event)


jax.monitoring.register_event_duration_secs_listener(_saw)


@contextmanager
def compiles() -> Iterator[list[str]]:
    """A list of the programs that XLA has compiled meanwhile, or that were read from the cache of compiled ones."""
    found: list[str] = []
    begin = len(_SEEN)
    yield found
    found += [event for event in _SEEN[begin:] if event == _COMPILE]


def test_a_compile_is_counted() -> None:
    with compiles() as seen:
        jax.jit(lambda x: jnp.sin(x) * 12345)(jnp.ones(7)).block_until_ready()
    assert seen


@pytest.mark.parametrize("exercise", QUICK.values(), ids=list(QUICK))
def test_what_an_answer_is_judged_by_is_not_compiled(exercise: Exercise) -> None:
    """All that a verdict needs besides the answer: the inputs, the right answers, the comparison and the figures."""
    jax.clear_caches()
    with compiles() as seen:
        marks = Marking(exercise)
        marks.collect(lambda case: Outcome())
    assert (exercise.right is None) == (exercise.name in _PLAIN or exercise.chosen)
    assert seen == []


@pytest.mark.parametrize(
    "name", ["softmax", "linear_backward", "batched", "pool_by_slices", "scan_epoch", "scale_shift", "standardize"]
)
def test_comparing_compiles_nothing(name: str) -> None:
    """Also where each value is wrong. Neither the known mistakes are asked for, nor those that are made of the reference."""
    exercise = QUICK[name]
    marks = Marking(exercise)
    wrong = [Outcome(_shifted(outcome.value)) for outcome in marks._want]
    with compiles() as seen, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Marking, "recognize", lambda *args: None)
        patch.setattr(Marking, "_stand_ins", lambda *args: ())
        marks.exercise = replace(exercise, measure=lambda raw, *args: raw)
        assert not marks.verdict(wrong).passed
    assert seen == []


def _shifted(value: Any) -> Any:
    return tuple(map(_shifted, value)) if isinstance(value, tuple) else value + 1
