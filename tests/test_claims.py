"""Promises of `claim`: a fact is printed only where it was measured, with its figures."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from course import claim
from course.claims import ClaimFailed


@pytest.mark.parametrize("holds", [True, np.True_, np.array(True), jnp.array(3) > 2, 1])
def test_a_claim_that_holds_prints_its_sentence_and_its_figures(holds: Any, capsys: pytest.CaptureFixture[str]) -> None:
    claim(holds, "Amdahl's law predicts the gain", predicted="3.95×", measured="3.74×", parallel_runs=1200)
    assert capsys.readouterr().out == (
        "✓ Amdahl's law predicts the gain:\u00a03.95× predicted, 3.74× measured, 1,200 parallel runs\n"
    )


def test_a_claim_without_figures_is_its_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    claim(True, "one batched call beats many single calls")
    assert capsys.readouterr().out == "✓ one batched call beats many single calls\n"


@pytest.mark.parametrize("holds", [False, np.array(False), jnp.array(1) > 2, 0])
def test_a_claim_that_does_not_hold_fails_with_what_was_measured(
    holds: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ClaimFailed) as error:
        claim(holds, "it is faster", ratio=0.8, runs=5)
    assert str(error.value) == "This does not hold here: it is faster (measured: ratio = 0.8, runs = 5)"
    assert capsys.readouterr().out == ""


def test_a_failed_claim_without_figures_says_so() -> None:
    with pytest.raises(ClaimFailed, match="no figures were given"):
        claim(False, "it is faster")


def test_a_failed_claim_is_an_assertion_error() -> None:
    """So that every tool that knows failed assertions knows it."""
    assert issubclass(ClaimFailed, AssertionError)


@pytest.mark.parametrize("holds", [np.array([True, False]), jnp.array([True, True])])
def test_several_truth_values_are_refused(holds: Any) -> None:
    """Whether `all` or `any` was meant is for the author to say."""
    with pytest.raises(TypeError, match=r"claim\(\) needs one True or False"):
        claim(holds, "they are equal")
