"""adam_step: a step whose length follows how large the gradients have been, for each parameter by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
from jax import Array

from course.checks.exercise import Exercise, Mistake
from course.checks.probes.gradient_descent import steps
from course.exercises.backprop.common import Params
from course.exercises.gradient_descent.common import TOPIC
from course.exercises.gradient_descent.stepping import (
    CHANGED,
    NETWORK,
    OTHERS,
    WEIGHTS,
    Measure,
    case,
    changing,
    each,
)

_RTOL, _ATOL = 1e-4, 2e-6
Three = tuple[Params, Params, Params]


@dataclass(frozen=True)
class _Adam:
    """Adam (Kingma and Ba 2015, algorithm 1), with each of its rules replaceable by a wrong one."""

    first: Callable[..., Array] = lambda m, v, g, b1, b2: b1 * m + (1 - b1) * g
    second: Callable[..., Array] = lambda m, v, g, b1, b2: b2 * v + (1 - b2) * g**2
    mean: Callable[..., Array] = lambda m, t, b1: m / (1 - b1**t)
    square: Callable[..., Array] = lambda v, t, b2: v / (1 - b2**t)
    step: Callable[..., Array] = lambda m, v, eps: m / (jnp.sqrt(v) + eps)
    answer: Callable[..., Three] = lambda p, m, v, m_hat, v_hat, old_m, old_v: (p, m, v)
    moved: Callable[..., Array] = lambda p, rate, s: p - rate * s

    def __call__(
        self,
        params: Params,
        grads: Params,
        m: Params,
        v: Params,
        step: int,
        learning_rate: float,
        beta1: float,
        beta2: float,
        eps: float,
    ) -> Three:
        new_m = each(lambda m, v, g: self.first(m, v, g, beta1, beta2), m, v, grads)
        new_v = each(lambda m, v, g: self.second(m, v, g, beta1, beta2), m, v, grads)
        m_hat = each(lambda m: self.mean(m, step, beta1), new_m)
        v_hat = each(lambda v: self.square(v, step, beta2), new_v)
        new = each(lambda p, m, v: self.moved(p, learning_rate, self.step(m, v, eps)), params, m_hat, v_hat)
        return self.answer(new, new_m, new_v, m_hat, v_hat, m, v)


adam_step = _Adam()


def _but(**wrong: Callable[..., Any]) -> Callable[..., Three]:
    """Right but for these rules."""
    return replace(adam_step, **wrong)


def _uncorrected(x: Array, t: int, beta: float) -> Array:
    return x


def _swapped_betas(means: bool) -> Callable[..., Three]:
    """The betas exchanged in the means alone, or in the corrections alone."""

    def wrong(
        params: Params, grads: Params, m: Params, v: Params, step: int, rate: float, b1: float, b2: float, eps: float
    ) -> Three:
        other = (
            replace(adam_step, mean=lambda m, t, b: m / (1 - b1**t), square=lambda v, t, b: v / (1 - b2**t))
            if means
            else replace(
                adam_step,
                first=lambda m, v, g, b, c: adam_step.first(m, v, g, b1, b2),
                second=lambda m, v, g, b, c: adam_step.second(m, v, g, b1, b2),
            )
        )
        return other(params, grads, m, v, step, rate, b2, b1, eps)

    return wrong


def _moved_by(above: Callable[..., Array], **wrong: Callable[..., Any]) -> Callable[..., Three]:
    """Right but for what stands above the line of the step: ``above(old m, new m, gradient, step, beta1)``."""

    def step_of(
        params: Params, grads: Params, m: Params, v: Params, step: int, rate: float, b1: float, b2: float, eps: float
    ) -> Three:
        adam = _Adam(**wrong)
        _, new_m, new_v = adam(params, grads, m, v, step, rate, b1, b2, eps)
        new = each(
            lambda p, old, m, g, v: p - rate * adam.step(above(old, m, g, step, b1), adam.square(v, step, b2), eps),
            *(params, m, new_m, grads, new_v),
        )
        return new, new_m, new_v

    return step_of


def _numbers(learning_rate: float, beta1: float, beta2: float, eps: float) -> dict[str, float]:
    return {"learning_rate": learning_rate, "beta1": beta1, "beta2": beta2, "eps": eps}


ADAM_STEP = Exercise(
    name="adam_step",
    topic=TOPIC,
    points=3,
    reference=adam_step,
    probe=steps,
    measure=Measure(adam_step, ("the parameters", "m", "v"), _RTOL, _ATOL),
    parts=tuple(f"{part} after the last step, in a row" for part in ("the parameters", "m", "v")),
    rtol=_RTOL,
    atol=_ATOL,
    cases=lambda rng: [
        case("the first step", rng, WEIGHTS, 1, _numbers(0.1, 0.9, 0.99, 1e-8), {"m": "zeros", "v": "zeros"}, True),
        case(
            "four steps of a network",
            rng,
            NETWORK,
            4,
            _numbers(0.1, 0.9, 0.999, 1e-8),
            {"m": "zeros", "v": "zeros"},
            True,
        ),
        case("a large epsilon", rng, OTHERS, 3, _numbers(0.2, 0.8, 0.95, 0.3), {"m": "zeros", "v": "zeros"}, True),
        # Their squares are near epsilon, so that it matters where that is added.
        case(
            "tiny gradients", rng, WEIGHTS, 3, _numbers(0.3, 0.7, 0.9, 1e-5), {"m": "zeros", "v": "zeros"}, True, 1e-4
        ),
        case(
            "a memory that is not empty",
            rng,
            WEIGHTS,
            2,
            _numbers(0.1, 0.5, 0.8, 1e-4),
            {"m": "normal", "v": "squares"},
            True,
        ),
    ],
    mistakes=(
        Mistake(
            "no bias correction",
            "m and v are right. They begin at 0, so in the first steps they are far too small. The formulas for m̂ and v̂ make up for that.",
            _but(mean=_uncorrected, square=_uncorrected),
        ),
        Mistake(
            "only m corrected",
            "m and v are right, and m was corrected for having begun at 0. v has begun at 0, too.",
            _but(square=_uncorrected),
        ),
        Mistake(
            "only v corrected",
            "m and v are right, and v was corrected for having begun at 0. m has begun at 0, too.",
            _but(mean=_uncorrected),
        ),
        Mistake(
            "corrected the wrong way",
            "The correction made m and v smaller still. They are too small in the first steps: by which part of what they should be?",
            _but(mean=lambda m, t, b1: m * (1 - b1**t), square=lambda v, t, b2: v * (1 - b2**t)),
        ),
        Mistake(
            "the same correction always",
            "The correction is that of the first step, in every step. With each step less of the 0 is left; `step` says which step it is.",
            _but(mean=lambda m, t, b1: m / (1 - b1), square=lambda v, t, b2: v / (1 - b2)),
        ),
        Mistake(
            "step times beta",
            "The correction has beta *times* the number of the step. What is left of the 0 shrinks by the factor beta in each step.",
            _but(mean=lambda m, t, b1: m / (1 - b1 * t), square=lambda v, t, b2: v / (1 - b2 * t)),
        ),
        Mistake(
            "counts from 0",
            "The correction is one step behind, and in the first it divides by 0. The steps are counted from 1 already.",
            _but(
                mean=lambda m, t, b1: m / (1 - b1 ** (t - 1)),
                square=lambda v, t, b2: v / (1 - b2 ** (t - 1)),
            ),
        ),
        Mistake(
            "one step ahead",
            "The correction is one step ahead. The steps are counted from 1 already: add nothing.",
            _but(mean=lambda m, t, b1: m / (1 - b1 ** (t + 1)), square=lambda v, t, b2: v / (1 - b2 ** (t + 1))),
        ),
        Mistake(
            "the corrected ones kept",
            "The first step is right. You return m̂ and v̂ as the memory; the correction is for this step alone, and the next one "
            "begins with m and v as they are.",
            _but(answer=lambda p, m, v, m_hat, v_hat, old_m, old_v: (p, m_hat, v_hat)),
        ),
        Mistake(
            "forgets",
            "You return the m and v that the step was given, so the memory never grows.",
            _but(answer=lambda p, m, v, m_hat, v_hat, old_m, old_v: (p, old_m, old_v)),
        ),
        Mistake(
            "not squared",
            "v is made of the gradients as they are. It should say how *large* they have been, whichever way they point.",
            _but(second=lambda m, v, g, b1, b2: b2 * v + (1 - b2) * g),
        ),
        Mistake(
            "square of m",
            "v is made of the squares of m. Square the gradients of each step.",
            _but(second=lambda m, v, g, b1, b2: b2 * v + (1 - b2) * (b1 * m + (1 - b1) * g) ** 2),
        ),
        Mistake(
            "sizes instead of squares",
            "v is made of the gradients' sizes, without their sign. It should be the mean of their squares.",
            _but(second=lambda m, v, g, b1, b2: b2 * v + (1 - b2) * abs(g)),
        ),
        Mistake(
            "the square of the whole",
            "The factor 1 − beta2 was squared along with the gradient.",
            _but(second=lambda m, v, g, b1, b2: b2 * v + ((1 - b2) * g) ** 2),
        ),
        Mistake(
            "epsilon inside the root",
            "m and v are right, and epsilon was added *before* the root. There a small number becomes a large one: the root of 0.0001 is 0.01.",
            _but(step=lambda m, v, eps: m / jnp.sqrt(v + eps)),
        ),
        Mistake(
            "no epsilon",
            "Where a gradient has always been 0, you divide 0 by 0. That is what epsilon is for.",
            _but(step=lambda m, v, eps: m / jnp.sqrt(v)),
        ),
        Mistake(
            "no root",
            "m and v are right. The step was divided by v̂ itself: a gradient over its square is no length. "
            "Something brings a square back to the size of a gradient.",
            _but(step=lambda m, v, eps: m / (v + eps)),
        ),
        Mistake(
            "multiplied by the root",
            "m and v are right. You multiplied the step by the root of v̂, so steep directions take even larger steps. "
            "Adam makes all of them about equal.",
            _but(step=lambda m, v, eps: m * (jnp.sqrt(v) + eps)),
        ),
        Mistake(
            "epsilon after the division",
            "epsilon was added to the quotient. Look where the parenthesis closes: it belongs to what is below the line.",
            _but(step=lambda m, v, eps: m / jnp.sqrt(v) + eps),
        ),
        Mistake(
            "a sum instead of a mean",
            "The gradients went into m and v with their full weight. In a running mean, what is kept and what is new add up to 1.",
            _but(
                first=lambda m, v, g, b1, b2: b1 * m + g,
                second=lambda m, v, g, b1, b2: b2 * v + g**2,
            ),
        ),
        Mistake(
            "m a sum",
            "v is right. The gradients went into m with their full weight. In a running mean, what is kept and what is new add up to 1.",
            _but(first=lambda m, v, g, b1, b2: b1 * m + g),
        ),
        Mistake(
            "v a sum",
            "m is right. The squares went into v with their full weight. In a running mean, what is kept and what is new add up to 1.",
            _but(second=lambda m, v, g, b1, b2: b2 * v + g**2),
        ),
        Mistake(
            "weights swapped",
            "beta and 1 − beta have changed places: beta, which is near 1, says how much of the *old* is kept.",
            _but(
                first=lambda m, v, g, b1, b2: (1 - b1) * m + b1 * g,
                second=lambda m, v, g, b1, b2: (1 - b2) * v + b2 * g**2,
            ),
        ),
        Mistake(
            "beta1 and beta2 swapped",
            "beta1 and beta2 have changed places: beta1 belongs to m, beta2 to v, in the means and in their correction.",
            lambda params, grads, m, v, step, learning_rate, beta1, beta2, eps: adam_step(
                params, grads, m, v, step, learning_rate, beta2, beta1, eps
            ),
        ),
        Mistake(
            "betas swapped in the means",
            "The corrections are right. In the means beta1 and beta2 have changed places: beta1 belongs to m, beta2 to v.",
            _swapped_betas(means=True),
        ),
        Mistake(
            "betas swapped in the corrections",
            "m and v are right. In their corrections beta1 and beta2 have changed places: beta1 belongs to m, beta2 to v.",
            _swapped_betas(means=False),
        ),
        Mistake(
            "the step by the old m",
            "m and v are right, but the step uses the m that came in. It should use the new one.",
            _moved_by(lambda old, m, g, t, b1: old / (1 - b1**t)),
        ),
        Mistake(
            "the step by the gradient",
            "m and v are right, but the step uses this step's gradient instead of m̂: that is RMSProp, which has no memory of the direction.",
            _moved_by(lambda old, m, g, t, b1: g),
        ),
        Mistake(
            "RMSProp",
            "m and v are right, but the step is that of RMSProp: the gradient over the root of v. Adam's has m̂ above the line and v̂ below it.",
            _moved_by(lambda old, m, g, t, b1: g, square=_uncorrected),
        ),
        Mistake(
            "beta1 for both",
            "beta1 was used for v as well. The squares have a beta of their own.",
            lambda params, grads, m, v, step, learning_rate, beta1, beta2, eps: adam_step(
                params, grads, m, v, step, learning_rate, beta1, beta1, eps
            ),
        ),
        Mistake(
            "uphill",
            "m and v are right, and the step goes uphill.",
            _but(moved=lambda p, rate, s: p + rate * s),
        ),
        Mistake(
            "no learning rate",
            "m and v are right. The learning rate is missing from the step.",
            _but(moved=lambda p, rate, s: p - s),
        ),
        Mistake(
            "only the parameters",
            "Only the parameters came back. The next step needs m and v: return all three.",
            lambda *args: adam_step(*args)[0],
        ),
        Mistake("changes what it was given", CHANGED, changing(adam_step)),
    ),
)
