"""he_init: the random numbers that a layer starts from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.compare import Told
from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.probes.the_neuron import draw
from course.exercises.keys import drawn
from course.exercises.the_neuron.common import TOPIC, numbers, sizes


def he_init(key: Array, n_in: int, n_out: int) -> tuple[Array, Array]:
    return jax.random.normal(key, (n_out, n_in)) * jnp.sqrt(2 / n_in), jnp.zeros(n_out)


# Far more numbers than any W has that is asked for: what is larger is not worth a look at its spread.
_MOST = 1_000_000


def _spread(W: np.ndarray) -> tuple[float, float, bool]:
    """The logarithm of the standard deviation, the mean in standard deviations, and whether the tails are a normal one's.

    Of normal numbers 4.6 % lie beyond two standard deviations, of those cut off at two and scaled up again 3.5 %, of uniform
    ones none. With 5,000 numbers the limits taken here lie five standard errors away from both.
    """
    values = W.astype(np.float64) if W.size else np.zeros(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean, std = values.mean(), values.std()
        tails = (np.abs(values - mean) > 2 * std).mean()
        return float(np.log(std)), float(mean / std), bool(0.02 < tails < 0.08)


def _weigh(raw: Any, seeds: Sequence[int], n_in: int, n_out: int) -> tuple[Any, ...]:
    """The measure: random numbers can't be compared one by one, so their shape, mean, spread and repeatability are."""
    answer, weights = raw
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise WrongAnswer("return two arrays: W (n_out, n_in) and b (n_out,).")
    # NumPy's: JAX would compile each of these lines anew for each size.
    W = numbers("W", answer[0])
    calls = [numbers("W", part) for part in weights]
    if len(calls) != len(seeds):
        raise WrongAnswer("not every call gave something.")
    b = numbers("b", answer[1])
    if W.size > _MOST:
        raise WrongAnswer(f"W has shape {W.shape}; expected (n_out, n_in).")
    alike = W.ndim == 2 and len(W) > 1 and W.std() > 0 and not np.ptp(W, axis=0).any()
    # One row has too few numbers to be known by its spread.
    log_spread, mean, tails = (0.0, 0.0, True) if alike else _spread(W)
    return (
        np.array(W.shape),
        np.array(b.shape),
        # In units of what He asks for, so that one tolerance serves all sizes; as a logarithm, so that it serves small ones too.
        log_spread - np.log(np.sqrt(2 / n_in)),
        mean,
        tails,
        bool(alike),
        bool((b == 0).all()),
        all(same for same, alike in _pairs(calls, seeds) if alike),
        any(same for same, alike in _pairs(calls, seeds) if not alike),
    )


def _pairs(weights: Sequence[np.ndarray], seeds: Sequence[int]) -> list[tuple[bool, bool]]:
    """For each two calls, whether they gave the same weights, and whether they were given the same key."""
    calls = list(zip(weights, seeds, strict=True))
    return [(np.array_equal(W, V), a == b) for i, (W, a) in enumerate(calls) for V, b in calls[:i]]


def _he_accept(got: Any, want: Any, *args: Any) -> str | None:
    W_shape, b_shape, log_spread, mean, tails, alike, unbiased, again, other = (np.asarray(part) for part in got)
    _, n_in, n_out = args
    if tuple(W_shape) != (n_out, n_in):
        wrong = f"W has shape {tuple(map(int, W_shape))}; expected (n_out, n_in)"
        return Told(f"{wrong} = ({n_out}, {n_in}).", f"{wrong}.")
    if tuple(b_shape) != (n_out,):
        wrong = f"b has shape {tuple(map(int, b_shape))}; expected (n_out,)"
        return Told(f"{wrong} = ({n_out},).", f"{wrong}.")
    if alike:
        return "all rows of W are alike, so all neurons would compute the same. Every weight is a random number of its own."
    if np.isnan(log_spread):
        return "some numbers of W are infinite, or NaN (not a number)."
    # At least 5,000 weights are drawn, so both figures lie within about 4 % of the truth.
    spread = float(np.exp(log_spread))
    if not abs(spread - 1) <= 0.06:
        return f"the standard deviation of W is {spread:.3g} times what He asks for, √(2 / n_in)."
    if not abs(mean) <= 0.06:
        return f"the mean of W is {float(mean):.2f} standard deviations away from 0."
    if not tails:
        return "the standard deviation of W is right, but its numbers are not normally distributed. Of normal numbers about one in twenty lies further than two standard deviations from 0."
    if not unbiased:
        return "the biases should start at 0."
    if not again:
        return "two calls with the same key give different weights: all randomness has to come from the key."
    if other:
        return "two different keys give the same weights: the key is not used."
    return None


def _he_mistake(draw: Callable[[Array, int, int], Array]) -> Callable[[Array, int, int], tuple[Array, Array]]:
    return lambda key, n_in, n_out: (draw(key, n_in, n_out), jnp.zeros(n_out))


def _scaled(scale: Callable[[int, int], float]) -> Callable[[Array, int, int], tuple[Array, Array]]:
    """Right but for the scale, which is made of n_in and n_out."""
    return _he_mistake(lambda key, n_in, n_out: jax.random.normal(key, (n_out, n_in)) * scale(n_in, n_out))


def _uniform(low: float, high: float) -> Callable[[Array, int, int], tuple[Array, Array]]:
    """Uniform numbers between ``low`` and ``high`` times √(2 / n_in)."""
    return _he_mistake(
        lambda key, n_in, n_out: jax.random.uniform(key, (n_out, n_in), minval=low, maxval=high) * (2 / n_in) ** 0.5
    )


def _he_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case(
            sizes(n_in, n_out),
            (drawn(rng, 3, 2), n_in, n_out),
            shown=f"a key, n_in = {n_in}, n_out = {n_out}",
        )
        for n_in, n_out in ((100, 50), (784, 32), (64, 512), (300, 200))
    ]


HE_INIT = Exercise(
    name="he_init",
    topic=TOPIC,
    points=2,
    reference=he_init,
    cases=_he_cases,
    probe=draw,
    measure=_weigh,
    accept=_he_accept,
    # What a mistake is recognized by: its logarithmic spread and its mean, within what chance allows.
    rtol=0,
    atol=0.08,
    parts=(
        "the shape of W",
        "the shape of b",
        "log(std ÷ √(2/n_in))",
        "mean ÷ std",
        "tails as of normal numbers",
        "all rows alike",
        "all biases 0",
        "same key, same W",
        "other key, same W",
    ),
    mistakes=(
        Mistake(
            "variance as spread",
            "The standard deviation is 2/n_in. That is the *variance* that He asks for, and the standard deviation is its root.",
            _scaled(lambda n_in, n_out: 2 / n_in),
        ),
        Mistake(
            "root of 2 only",
            "The standard deviation is √2 / n_in. The root covers only the 2, not the n_in: look where its parenthesis closes.",
            _scaled(lambda n_in, n_out: 2**0.5 / n_in),
        ),
        Mistake(
            "root of n_in only",
            "The standard deviation is 2 / √n_in. The root covers only the n_in, not the 2.",
            _scaled(lambda n_in, n_out: 2 / n_in**0.5),
        ),
        Mistake(
            "divided",
            "The standard deviation is √(n_in / 2): the scale has been turned upside down. The more inputs there are, the *smaller* the weights.",
            _scaled(lambda n_in, n_out: (n_in / 2) ** 0.5),
        ),
        Mistake(
            "Xavier",
            "The standard deviation is √(1/n_in). ReLU silences half of the neurons; He's rule makes up for what is lost.",
            _scaled(lambda n_in, n_out: (1 / n_in) ** 0.5),
        ),
        Mistake(
            "inputs and outputs",
            "The standard deviation is √(2 / (n_in + n_out)), which is Glorot's rule. He's counts the inputs alone.",
            _scaled(lambda n_in, n_out: (2 / (n_in + n_out)) ** 0.5),
        ),
        Mistake(
            "counts the outputs",
            "The scale follows the number of neurons. What piles up in a sum is the number of its *terms*: how many inputs a neuron adds.",
            _scaled(lambda n_in, n_out: (2 / n_out) ** 0.5),
        ),
        Mistake(
            "not scaled",
            "The numbers have a standard deviation of 1, whatever n_in is.",
            _scaled(lambda n_in, n_out: 1),
        ),
        Mistake(
            "all zeros",
            "All weights are 0. Then all neurons compute the same, and would learn the same; only the *biases* start at 0.",
            _scaled(lambda n_in, n_out: 0),
        ),
        Mistake(
            "transposed",
            "W came back as (n_in, n_out). In this course row i of W holds the weights of neuron i.",
            _he_mistake(lambda key, n_in, n_out: jax.random.normal(key, (n_in, n_out)) * jnp.sqrt(2 / n_in)),
        ),
        Mistake(
            "one row for all",
            "All rows of W are alike, so all neurons would compute the same. The same key gives the same numbers each time: draw all of them in one go, or split the key.",
            _he_mistake(
                lambda key, n_in, n_out: jnp.tile(jax.random.normal(key, (n_in,)) * jnp.sqrt(2 / n_in), (n_out, 1))
            ),
        ),
        Mistake(
            "shape not a tuple",
            "The shape goes in as one tuple, in parentheses of its own. What comes after it is taken for the data type.",
            lambda key, n_in, n_out: jax.random.normal(key, n_out, n_in),
        ),
        Mistake(
            "shape not a tuple, transposed",
            "The shape goes in as one tuple, in parentheses of its own; what comes after it is taken for the data type. And W has one row a neuron.",
            lambda key, n_in, n_out: jax.random.normal(key, n_in, n_out),
        ),
        Mistake(
            "never negative",
            "None of the weights is negative: `jax.random.uniform` draws between 0 and 1 unless told otherwise. Normal numbers lie around 0.",
            _uniform(0, 1),
        ),
        Mistake(
            "uniform around 0",
            "These numbers are uniform, between −√(2/n_in) and √(2/n_in): their standard deviation is smaller than that. The exercise asks for normal numbers.",
            _uniform(-1, 1),
        ),
        Mistake(
            "uniform with the right spread",
            "The standard deviation is right, but these are not normal numbers: none of them lies far out. Uniform ones end at 1.73 standard deviations; of normal ones about one in twelve lies beyond.",
            _uniform(-(3**0.5), 3**0.5),
        ),
        Mistake(
            "biases not 0",
            "The weights are right. The biases are not: they should start at 0.",
            lambda key, n_in, n_out: (he_init(key, n_in, n_out)[0], jnp.ones(n_out)),
        ),
        Mistake(
            "key ignored",
            "Two different keys give the same weights. Use the key that comes in, not one that you make yourself.",
            _he_mistake(
                lambda key, n_in, n_out: jax.random.normal(jax.random.key(0), (n_out, n_in)) * jnp.sqrt(2 / n_in)
            ),
        ),
    ),
)
