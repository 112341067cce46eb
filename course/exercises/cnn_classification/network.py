"""CNN: the lesson's network, as a Flax NNX class."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.compare import Told, describe, difference
from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.outcome import Failure
from course.checks.probes.cnn_classification import network as probe
from course.exercises.cnn_classification.common import TOPIC, after_colon
from course.exercises.keys import drawn

SIDE, CLASSES = 28, 10
# How many numbers of an image reach the dense layer.
FEATURES = (SIDE // 4) ** 2 * 64


@cache
def _network() -> Any:
    # Flax takes one to two seconds to import, and every check of any lesson imports this room.
    from flax import nnx

    class Network(nnx.Module):
        """The reference, and with other arguments what learners write instead of it."""

        def __init__(
            self,
            *,
            rngs: Any,
            channels: tuple[int, ...] = (32, 64),
            size: int = 3,
            padding: str = "SAME",
            activations: tuple[bool, ...] = (True, True),
            bend: str = "relu",
            pools: tuple[bool, ...] = (True, True),
            pool: str = "max_pool",
            strides: tuple[int, int] | None = (2, 2),
            told: tuple[int | None, ...] = (None, None, None),
            rows: Callable[[Array], Array] = lambda maps: maps.reshape(maps.shape[0], -1),
            finish: Callable[[Array], Array] = lambda logits: logits,
        ) -> None:
            # `told`: how many channels or numbers each layer is told to expect, where that is not what comes.
            self.activations, self.pools, self.rows, self.finish = activations, pools, rows, finish
            self.pool, self.strides, self.bend = getattr(nnx, pool), strides, getattr(nnx, bend)
            side, deep, convs = SIDE, 1, []
            for out, pooled, deep_told in zip(channels, pools, told, strict=False):
                convs.append(nnx.Conv(deep_told or deep, out, kernel_size=(size, size), padding=padding, rngs=rngs))
                side = side if padding == "SAME" else side - size + 1
                pooled_side = side // 2 if strides else side - 1
                side, deep = pooled_side if pooled else side, out
            self.convs = nnx.Sequential(*convs)
            self.dense = nnx.Linear(told[-1] or side * side * deep, CLASSES, rngs=rngs)

        def __call__(self, x: Array) -> Array:
            for conv, active, pooled in zip(self.convs.layers, self.activations, self.pools, strict=True):
                x = conv(x)
                x = self.bend(x) if active else x
                x = self.pool(x, (2, 2), strides=self.strides) if pooled else x
            return self.finish(self.dense(self.rows(x)))

    return Network


def network(**otherwise: Any) -> Callable[..., Any]:
    """Stands for a learner's class: `network(…)(rngs=…)` builds a model that differs from the reference in `otherwise`."""

    def build(*, rngs: Any) -> Any:
        return _network()(rngs=rngs, **otherwise)

    return build


# What stands for a generator that nobody has seeded.
_COUNT = itertools.count()


def _with_key(number: Callable[[], int]) -> Callable[..., Any]:
    """Stands for a class whose layers get another key than the one that is given."""

    def build(*, rngs: Any) -> Any:
        from flax import nnx

        return _network()(rngs=nnx.Rngs(number()))

    return build


@cache
def _empty() -> Any:
    from flax import nnx

    class Empty(nnx.Module):
        """Stands for a network whose layers come into being when it is called."""

        def __init__(self, *, rngs: Any) -> None:
            self.rngs = rngs

    return Empty


def _ordered(features: int, classes: int) -> np.ndarray:
    """Weights for numbers in the order of their size."""
    return np.random.default_rng(0).normal(0, (2 / features) ** 0.5, (features, classes))


def _measure(raw: Any, images: Array, features: int, classes: int, seeds: Sequence[int]) -> Any:
    """The shapes, and the logits, as if the dense layer took its numbers in one order: in which it does is the learner's choice."""
    shapes, logits, reaching, started = raw
    if np.shape(shapes) == (0, 4):
        raise WrongAnswer(after_colon(NO_PARAMETERS))
    _by_keys(started, seeds)
    if reaching is None:
        return shapes, logits
    numbers, weights = (np.asarray(part, np.float64) for part in reaching)
    if numbers.shape != (len(images), features) or weights.shape != (features, classes):
        return shapes, logits
    # Its weights may lie otherwise, too: turned, or with an axis each for height, width and channels.
    of_dense = [np.prod(shape[shape > 0]) == features * classes and classes in shape for shape in shapes]
    table = np.where(np.array(of_dense)[:, None], [features, classes, 0, 0], shapes)
    table = np.array(sorted(table.tolist()), np.int32)
    besides = np.asarray(logits, np.float64) - numbers @ weights
    # The last row, of all images at once: the same place has to mean the same for each of them.
    rows = np.concatenate([numbers, np.arange(1, len(images) + 1)[None] @ numbers])
    ordered = np.sort(rows, axis=1) @ _ordered(features, classes)
    return table, (ordered[:-1] + besides).astype(np.float32), ordered[-1].astype(np.float32)


def _by_keys(started: Sequence[Sequence[np.ndarray]], seeds: Sequence[int]) -> None:
    """The same key gives a network the same weights again, another key gives each layer others.

    Raises:
        WrongAnswer: it does not.
    """
    if len(started) != len(seeds):
        raise WrongAnswer("not every call made a network.")
    pairs = list(itertools.combinations(zip(seeds, started, strict=True), 2))
    layers = [(one == other, *both) for (one, a), (other, b) in pairs for both in zip(a, b, strict=True)]
    if any(np.array_equal(a, b) for same, a, b in layers if not same):
        raise WrongAnswer(after_colon(KEY_UNUSED), mark="key unused")
    if not all(np.array_equal(a, b) for same, a, b in layers if same):
        raise WrongAnswer(after_colon(NOT_THE_KEY), mark="not the key's")


def _explain(
    failure: Failure, besides: Any, images: Array, features: int, classes: int, seeds: Sequence[int]
) -> str | None:
    why = _misfit(failure.message, len(images))
    return why and after_colon(why)


NO_PARAMETERS = (
    "The network has no parameters of its own. The layers are made once, in `__init__`, and kept as `self.…`. A layer that is "
    "made in `__call__` would be a new one at each call, with new random weights, and nothing that it learns would be kept."
)
KEY_UNUSED = (
    "A layer starts with the same weights, whatever the `rngs` are that the network is given. Hand these `rngs` on to each layer; "
    "a layer whose weights all start as 0 could not learn what makes its channels different."
)
NOT_THE_KEY = "Two networks that are made with the same key start with different weights. All that is random has to come from the `rngs` that are given."
CONV1_INPUT = "The images have one channel. How many did you tell the first convolution?"
CONV2_INPUT = (
    "The second convolution gets as many channels as the first has kernels, and the layer that you call there was made for another number. "
    "Did you tell it that number, or do you call the first convolution again?"
)
POOL_STRIDES = (
    "More numbers reach the dense layer than it was made for: without `strides`, "
    "a pool moves on by one pixel and hardly makes the map smaller."
)
POOL_MISSING = "More numbers reach the dense layer than it was made for. Is a pool missing in `__call__`?"
NOT_IN_A_ROW = (
    "The dense layer gets the maps as they are, with height, width and channels. "
    "All the numbers of an image have to stand in one row first."
)
ONE_ROW = (
    "One image goes well; of three, all the numbers end up in one row. "
    "Each image needs a row of its own, however many there are."
)
DENSE_INPUT = (
    "The dense layer was made for another number of inputs than reach it. "
    "How many numbers are left of one image after the second pool: how high, how wide, how many channels?"
)


def _misfit(message: str, batch: int) -> str | None:
    """What it means that a layer refuses its input, from the shapes in JAX's message; None where it is about something else."""
    if channels := re.search(r"^conv_general_dilated lhs feature dimension.* but (\d+) // 1 != (\d+)", message):
        arriving, told = map(int, channels.groups())
        known = {1: CONV1_INPUT, 32: CONV2_INPUT}
        return known.get(arriving, f"A convolution was made for {told} channels, and gets {arriving}.")
    numbers = re.search(r"^dot_general requires contracting dimensions.* got \((\d+),\) and \((\d+),\)", message)
    if not numbers:
        return None
    arriving, told = map(int, numbers.groups())
    last, pooled = 64, SIDE // 4
    if arriving == last:
        return NOT_IN_A_ROW
    if batch > 1 and arriving == batch * told:
        return ONE_ROW
    # Both pools move by one pixel, or one of them.
    if arriving in ((SIDE - 2) ** 2 * last, (SIDE // 2 - 1) ** 2 * last):
        return POOL_STRIDES
    if told == pooled**2 * last and arriving in ((2 * pooled) ** 2 * last, SIDE**2 * last):
        return POOL_MISSING
    return DENSE_INPUT


def _shape_difference(got: Any, want: Any) -> str | None:
    """The first parameter whose shape is another than asked for, the layers with most axes first; None where all fit."""
    if np.shape(got)[1:] != (4,) or len(got) > MOST_PARAMETERS:
        return "its parameters are no network's."
    have, need = (Counter(tuple(int(axis) for axis in row if axis) for row in np.asarray(x)) for x in (got, want))
    extra, missing = (sorted((a - b).elements(), key=lambda s: (-len(s), s)) for a, b in ((have, need), (need, have)))
    if extra and missing:
        wrong = f"a parameter of the network has the shape {extra[0]}"
        return Told(f"{wrong}; expected {missing[0]}.", f"{wrong}, which was not asked for.")
    if extra:
        return f"the network has a parameter of the shape {extra[0]} that was not asked for."
    wrong = "the network lacks a parameter"
    return Told(f"{wrong} of the shape {missing[0]}.", f"{wrong}.") if missing else None


def _accept(got: Any, want: Any, images: Array, features: int, classes: int, seeds: Sequence[int]) -> str | None:
    if isinstance(got, tuple) and len(got) > 1 and (shapes := _shape_difference(got[0], want[0])):
        return shapes
    parts = ("the shapes of the parameters", "the logits", "the logits of all images")
    if isinstance(got, tuple) and len(got) == 2:  # the layer's numbers could not be looked at
        want = want[0], probe(network(), jnp.asarray(images), features, classes)[1]
    return difference(got, want, EXACT, EXACT, parts)


# More arrays of parameters than any network has that was written by hand.
MOST_PARAMETERS = 10_000
# A GPU may round the products of a convolution to TensorFloat-32, with 10 bits.
EXACT = 2e-3


def _cases(rng: np.random.Generator) -> list[Case]:
    noise = rng.uniform(size=(3, SIDE, SIDE, 1)).astype(np.float32)
    strokes = np.where(rng.uniform(size=noise.shape) > 0.85, noise, 0).astype(np.float32)
    ramp = (np.linspace(0, 1, SIDE)[:, None, None] ** rng.uniform(1, 3) * np.ones((1, SIDE, SIDE, 1))).astype(
        np.float32
    )
    return [
        Case(label, (given, FEATURES, CLASSES, seeds), describe(given))
        for label, given, seeds in (
            ("one image", noise[:1], []),
            ("one image that is dark above and bright below", ramp, drawn(rng, 2, 1)),
            ("three images", noise, []),
            ("three images, mostly black", strokes, []),
        )
    ]


CNN = Exercise(
    name="CNN",
    topic=TOPIC,
    points=4,
    reference=network(),
    cases=_cases,
    probe=probe,
    measure=_measure,
    explain=_explain,
    accept=_accept,
    rtol=EXACT,
    atol=EXACT,
    limit_s=60.0,
    mistakes=(
        Mistake(
            "no activation",
            "All layers are there, but between them nothing bends: without an activation they are one linear map.",
            network(activations=(False, False)),
        ),
        Mistake(
            "no second activation",
            "After the second convolution there is no activation.",
            network(activations=(True, False)),
        ),
        Mistake(
            "no first activation",
            "After the first convolution there is no activation.",
            network(activations=(False, True)),
        ),
        Mistake(
            "tanh",
            "The activation between the layers is tanh. The network asked for has ReLU.",
            network(bend="tanh"),
        ),
        Mistake(
            "mean pool",
            "The pool takes the mean of its window. The network asked for keeps the largest number.",
            network(pool="avg_pool"),
        ),
        Mistake(
            "no second pool",
            "The dense layer has four times as many inputs as it should. Which step makes the second map smaller?",
            network(pools=(True, False)),
        ),
        Mistake(
            "no pool",
            "The dense layer has sixteen times as many inputs as it should: the maps still have the image's full size.",
            network(pools=(False, False)),
        ),
        Mistake(
            "one convolution",
            "There is one convolution in your network. The second one, with 64 channels, is missing.",
            network(channels=(32,), activations=(True,), pools=(True,)),
        ),
        Mistake(
            "softmax at the end",
            "The answers are probabilities. The loss takes the softmax itself, so the network returns the logits.",
            network(finish=lambda logits: jax.nn.softmax(logits)),
        ),
        Mistake(
            "log-softmax at the end",
            "The answers are logarithms of probabilities. The loss takes the softmax and its logarithm itself, "
            "so the network returns the logits as they are.",
            network(finish=lambda logits: jax.nn.log_softmax(logits)),
        ),
        Mistake(
            "relu at the end",
            "No logit is negative: there is an activation after the last layer. Logits may have any sign.",
            network(finish=lambda logits: jax.nn.relu(logits)),
        ),
        Mistake(
            "no padding",
            "Each convolution takes a frame of one pixel off the image. With padding that keeps the size it would not.",
            network(padding="VALID"),
        ),
        Mistake(
            "channels swapped",
            "The first convolution has 64 channels and the second 32: the other way round.",
            network(channels=(64, 32)),
        ),
        Mistake(
            "kernels of 5×5",
            "The kernels are 5×5. Those asked for are smaller.",
            network(size=5),
        ),
        Mistake("channels of the image", CONV1_INPUT, network(told=(32, None, None))),
        Mistake("channels of the second convolution", CONV2_INPUT, network(told=(None, 1, None))),
        Mistake("inputs of the dense layer", DENSE_INPUT, network(told=(None, None, 1024))),
        Mistake("pools without strides", POOL_STRIDES, network(strides=None, told=(None, None, 7 * 7 * 64))),
        Mistake(
            "pools without strides, a dense layer that fits",
            "The dense layer was made for maps that are almost as large as the image: without `strides`, "
            "a pool moves on by one pixel only.",
            network(strides=None),
        ),
        Mistake("a pool forgotten", POOL_MISSING, network(pools=(True, False), told=(None, None, 7 * 7 * 64))),
        Mistake("maps not in a row", NOT_IN_A_ROW, network(rows=lambda maps: maps)),
        Mistake(
            "ten logits at each place",
            "The dense layer makes ten numbers at each place of the maps, of the channels there alone. "
            "All the numbers of an image have to be in one row before it.",
            network(rows=lambda maps: maps, told=(None, None, 64)),
        ),
        Mistake("all images in one row", ONE_ROW, network(rows=lambda maps: maps.reshape(1, -1))),
        Mistake(
            "no axis for the batch",
            "The answer has no axis for the batch: the numbers of all images were put into one row. "
            "Each image needs a row of its own, even if there is only one.",
            network(rows=lambda maps: maps.reshape(-1)),
        ),
        Mistake("key unused", KEY_UNUSED, _with_key(lambda: 0)),
        Mistake("not the key's", NOT_THE_KEY, _with_key(lambda: next(_COUNT))),
        Mistake("layers made in the call", NO_PARAMETERS, lambda *, rngs: _empty()(rngs=rngs)),
    ),
)
