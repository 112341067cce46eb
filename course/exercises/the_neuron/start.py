"""diagnose_start, start_network: what the histograms of a network's layers tell, and a start that is to be repaired."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.probes.the_neuron import starts
from course.exercises.choices import choice
from course.exercises.keys import drawn
from course.exercises.the_neuron.common import TOPIC, numbers

# --- diagnose_start -------------------------------------------------------------------------------------------------

DIAGNOSE_START = choice(
    "diagnose_start",
    TOPIC,
    3,
    {
        "network 1": (
            "D",
            {
                "A": "Nearly all answers lie in two heaps at the two ends. Where an activation is flat, what does a small change of a weight do to the answer?",
                "B": "No answer of this network is larger than 1, and the size stays about the same from layer to layer.",
                "C": "The size under the histograms is close to 1 in each layer; nothing shrinks.",
                "E": "A dead neuron answers 0 for every example. Here hardly any answer is near 0.",
            },
        ),
        "network 2": (
            "A",
            {
                "B": "Compare the first size with the last: from layer to layer nothing is multiplied.",
                "C": "Compare the first size with the last: they are of the same order.",
                "D": "This is ReLU: it has no upper end at which an answer could get stuck.",
                "E": "The tall bar counts answers that are 0, which is half of them with ReLU. The line below each histogram says how many *neurons* are 0 for every example.",
            },
        ),
        "network 3": (
            "E",
            {
                "A": "The sizes are fine. Now read the line below them.",
                "B": "The size stays of the same order from the first layer to the last.",
                "C": "The size stays of the same order from the first layer to the last.",
                "D": "This is ReLU, which has no upper end. Look at its other side: the answers that are 0.",
            },
        ),
        "network 4": (
            "C",
            {
                "A": "The shapes look alike, but each histogram has an axis of its own. Read the sizes.",
                "B": "The size does change by the same factor in each layer. In which direction?",
                "D": "This is ReLU: it has no upper end at which an answer could get stuck.",
                "E": "Hardly any neuron is 0 for every example: the line below each histogram says so.",
            },
        ),
        "network 5": (
            "A",
            {
                "B": "No answer of this network is larger than 1.",
                "C": "The size drops a little at first, and then it settles. What vanishes loses the same factor in every layer.",
                "D": "The line below each histogram gives the share of answers near the two ends, and it is small.",
                "E": "A dead neuron answers 0 for every example. The answers of this one go up and down.",
            },
        ),
        "network 6": (
            "B",
            {
                "A": "The shapes look alike, but each histogram has an axis of its own. Read the sizes.",
                "C": "The size does change by the same factor in each layer. In which direction?",
                "D": "This is ReLU: it has no upper end at which an answer could get stuck. That is part of the trouble here.",
                "E": "Hardly any neuron is 0 for every example: the line below each histogram says so.",
            },
        ),
    },
)


# --- start_network --------------------------------------------------------------------------------------------------

Layers = list[tuple[Array, Array]]


def start_network(key: Array, sizes: Sequence[int]) -> Layers:
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        (jax.random.normal(k, (n_out, n_in)) * jnp.sqrt(2 / n_in), jnp.zeros(n_out))
        for k, (n_in, n_out) in zip(keys, pairwise(sizes), strict=True)
    ]


# A correlation of two matrices of 4,000 numbers or more that have nothing to do with each other stays far below it.
_ALIKE = 0.5


def _weigh(raw: Any, seeds: Sequence[int], sizes: Sequence[int]) -> tuple[Any, ...]:
    """The measure: the sizes; of each layer the spread in units of √(2 / n_in), the mean and the biases; what the keys did."""
    calls = [_layers(answer, sizes) for answer in raw]
    if len(calls) != len(seeds):
        raise WrongAnswer("not every call gave something.")
    spreads, means, biases = [], [], []
    for (W, b), n_in in zip(calls[0], sizes[:-1], strict=True):
        values = W.astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            spreads.append(np.log(values.std() / np.sqrt(2 / n_in)))
            means.append(values.mean() / values.std())
        biases.append(float(b[np.abs(b).argmax()]))
    pairs = [(i, j) for i in range(len(calls)) for j in range(i)]
    return (
        np.array(sizes),
        np.array(spreads),
        np.array(means),
        np.array(biases),
        _repeated([W for W, _ in calls[0]]),
        all(_same(calls[i], calls[j]) for i, j in pairs if seeds[i] == seeds[j]),
        any(_same(calls[i], calls[j]) for i, j in pairs if seeds[i] != seeds[j]),
    )


def _layers(answer: Any, sizes: Sequence[int]) -> list[tuple[np.ndarray, np.ndarray]]:
    """An answer as pairs of arrays, each of the shape that its layer has.

    Raises:
        WrongAnswer: it is something else.
    """
    if not isinstance(answer, (tuple, list)) or not all(
        isinstance(one, (tuple, list)) and len(one) == 2 for one in answer
    ):
        raise WrongAnswer("return a list with a pair (W, b) for each layer.", mark="not a list of pairs")
    if len(answer) != len(sizes) - 1:
        count = f"{len(answer)} layer{'' if len(answer) == 1 else 's'} came back"
        raise WrongAnswer(f"{count}; {len(sizes)} sizes make {len(sizes) - 1} layers.", mark="number of layers")
    layers = []
    for i, ((W, b), (n_in, n_out)) in enumerate(zip(answer, pairwise(sizes), strict=True), 1):
        pair = numbers(f"W of layer {i}", W), numbers(f"b of layer {i}", b)
        if pair[0].shape != (n_out, n_in) or pair[1].shape != (n_out,):
            shapes = " and ".join(str(part.shape) for part in pair)
            raise WrongAnswer(
                f"layer {i} has W and b of the shapes {shapes}; expected ({n_out}, {n_in}) and ({n_out},).",
                mark="shapes",
            )
        layers.append(pair)
    return layers


def _repeated(weights: Sequence[np.ndarray]) -> bool:
    """Whether two layers of the same shape, or two neurons of the first, were given the same numbers, scaled or not."""
    twins = [(V, W) for i, W in enumerate(weights) for V in weights[:i] if V.shape == W.shape]
    twins.append((weights[0][0], weights[0][1]))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return any(
            abs(np.corrcoef(V.ravel(), W.ravel())[0, 1]) > _ALIKE or bool(np.array_equal(V, W)) for V, W in twins
        )


def _same(one: Sequence[tuple[np.ndarray, np.ndarray]], other: Sequence[tuple[np.ndarray, np.ndarray]]) -> bool:
    return all(np.array_equal(V, W) for (V, _), (W, _) in zip(one, other, strict=True))


def _accept(got: Any, want: Any, *args: Any) -> str | None:
    came, spreads, means, biases, repeated, again, other = (np.asarray(part) for part in got)
    if came.tolist() != list(args[1]):
        return "these are the layers of another network."
    if biases.any():
        first = int(np.argmax(biases != 0))
        return f"the biases of layer {first + 1} are not 0; the one farthest from it is {biases[first]:.3g}."
    if not np.isfinite(spreads).all():
        return "all weights of a layer are equal, or some are infinite or NaN (not a number)."
    # At least 4,000 weights are drawn, so the figures lie within about 4 % of the truth.
    off = np.abs(np.expm1(spreads)) > 0.07
    if off.any():
        first = int(np.argmax(off))
        return f"W of layer {first + 1} has {np.exp(spreads[first]):.3g} times the standard deviation that keeps the size, √(2 / n_in)."
    if (np.abs(means) > 0.08).any():
        return "the mean of the weights is not 0."
    if repeated:
        return "two layers of the same shape, or two neurons, were given the same random numbers."
    if not again:
        return "two calls with the same key give different weights: all randomness has to come from the key."
    return "two different keys give the same weights: the key is not used." if other else None


def _started(
    scale: Callable[[int, int], float],
    bias: float = 0.0,
    keys: Callable[[Array, int], Iterable[Array]] = jax.random.split,
) -> Callable[[Array, Sequence[int]], Layers]:
    """A start with these scales, biases and keys."""

    def wrong(key: Array, sizes: Sequence[int]) -> Layers:
        return [
            (jax.random.normal(k, (n_out, n_in)) * scale(n_in, n_out), jnp.full(n_out, bias))
            for k, (n_in, n_out) in zip(keys(key, len(sizes) - 1), pairwise(sizes), strict=True)
        ]

    return wrong


def _one_key(key: Array, n: int) -> list[Array]:
    return [key] * n


def _own_keys(key: Array, n: int) -> list[Array]:
    return [jax.random.key(i) for i in range(n)]


def _he(n_in: int, n_out: int) -> float:
    return float((2 / n_in) ** 0.5)


def _broken(n_in: int, n_out: int) -> float:
    """The scale of the code that is to be repaired."""
    return 0.01


def _cases(rng: np.random.Generator) -> list[Case]:
    # Layers of 4,000 weights or more; where two have the same shape, the same key gives them the same numbers.
    lists = ([100, 64, 64], [784, 50], [80, 80, 80, 80], [64, 128, 64, 128], [300, 70, 70, 60])
    return [Case(f"the sizes {sizes}", (drawn(rng, 2, 1), sizes), shown=f"a key, sizes = {sizes}") for sizes in lists]


START_NETWORK = Exercise(
    name="start_network",
    topic=TOPIC,
    points=3,
    reference=start_network,
    cases=_cases,
    probe=starts,
    kind="repair",
    measure=_weigh,
    accept=_accept,
    rtol=0,
    atol=0.1,
    parts=(
        "the sizes",
        "log(std ÷ √(2/n_in))",
        "mean ÷ std",
        "the bias farthest from 0",
        "the same numbers twice",
        "same key, same weights",
        "other key, same weights",
    ),
    mistakes=(
        Mistake(
            "nothing repaired",
            "All faults are still there. Begin with what the histograms show: from the second layer on, no neuron answers anything but 0. What pushes every sum below 0?",
            _started(_broken, -0.5, _one_key),
        ),
        Mistake(
            "only the biases",
            "The biases are repaired. Draw the histograms again: what do the sizes do from layer to layer?",
            _started(_broken, 0.0, _one_key),
        ),
        Mistake(
            "only the scale",
            "The scale is repaired. The biases still push every sum down, so too many neurons stay silent.",
            _started(_he, -0.5, _one_key),
        ),
        Mistake(
            "only the keys",
            "Each layer has a key of its own now. The scale and the biases are as they were.",
            _started(_broken, -0.5),
        ),
        Mistake(
            "one key for all",
            "The histograms are healthy now. One fault is left that they don't show: print the first weight of each layer, and compare two layers of the same shape.",
            _started(_he, 0.0, _one_key),
        ),
        Mistake(
            "scale as it was",
            "Biases and keys are repaired. The standard deviation of the weights is still the same in every layer, however many inputs it has.",
            _started(_broken),
        ),
        Mistake(
            "biases as they were",
            "Scale and keys are repaired. The biases still push every sum down.",
            _started(_he, -0.5),
        ),
        Mistake(
            "spread of 1",
            "The standard deviation is 1 in each layer, so the sizes explode instead of vanishing. It has to follow the number of inputs.",
            _started(lambda n_in, n_out: 1.0),
        ),
        Mistake(
            "variance as spread",
            "The standard deviation is 2 / n_in. That is the variance that you want, and the standard deviation is its root.",
            _started(lambda n_in, n_out: 2 / n_in),
        ),
        Mistake(
            "Xavier",
            "The standard deviation is √(1 / n_in), so each layer of ReLU halves the mean square, and after ten layers a thousandth of it is left.",
            _started(lambda n_in, n_out: (1 / n_in) ** 0.5),
        ),
        Mistake(
            "counts the outputs",
            "The scale follows the number of neurons. A sum has as many terms as a neuron has *inputs*.",
            _started(lambda n_in, n_out: (2 / n_out) ** 0.5),
        ),
        Mistake(
            "inputs of the network",
            "Each layer is scaled by the number of the network's inputs. Each layer has inputs of its own: the answers of the layer before.",
            lambda key, sizes: [(W * (W.shape[1] / sizes[0]) ** 0.5, b) for W, b in start_network(key, sizes)],
        ),
        Mistake(
            "all zeros",
            "All weights are 0. Then every neuron of a layer answers the same, and training could never make them differ.",
            _started(lambda n_in, n_out: 0.0),
        ),
        Mistake(
            "uniform",
            "None of the weights is negative: `jax.random.uniform` draws between 0 and 1. Normal numbers lie around 0.",
            lambda key, sizes: [
                (jax.random.uniform(key, W.shape) * _he(W.shape[1], 0), b) for W, b in start_network(key, sizes)
            ],
        ),
        Mistake(
            "key ignored",
            "Two different keys give the same weights. Make the layers' keys out of the key that comes in.",
            _started(_he, 0.0, _own_keys),
        ),
    ),
)
