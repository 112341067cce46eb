"""CNN: the lesson's network, as a Flax NNX class."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.compare import difference
from course.checks.exercise import Case, Exercise, Mistake
from course.checks.lesson_04.common import LESSON

SIDE, CLASSES = 28, 10


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
            pools: tuple[bool, ...] = (True, True),
            pool: str = "max_pool",
            finish: Callable[[Array], Array] = lambda logits: logits,
        ) -> None:
            self.activations, self.pools, self.finish = activations, pools, finish
            self.pool = getattr(nnx, pool)
            side, deep, convs = SIDE, 1, []
            for out, pooled in zip(channels, pools, strict=True):
                convs.append(nnx.Conv(deep, out, kernel_size=(size, size), padding=padding, rngs=rngs))
                side = side if padding == "SAME" else side - size + 1
                side, deep = side // 2 if pooled else side, out
            self.convs = nnx.Sequential(*convs)
            self.dense = nnx.Linear(side * side * deep, CLASSES, rngs=rngs)

        def __call__(self, x: Array) -> Array:
            for conv, active, pooled in zip(self.convs.layers, self.activations, self.pools, strict=True):
                x = conv(x)
                x = nnx.relu(x) if active else x
                x = self.pool(x, (2, 2), strides=(2, 2)) if pooled else x
            return self.finish(self.dense(x.reshape(x.shape[0], -1)))

    return Network


def network(**otherwise: Any) -> Callable[..., Any]:
    """Stands for a learner's class: `network(…)(rngs=…)` builds a model that differs from the reference in `otherwise`."""

    def build(*, rngs: Any) -> Any:
        return _network()(rngs=rngs, **otherwise)

    return build


def _weights(leaf: Any) -> Array:
    """Numbers that depend on the shape alone, so that every network with these shapes gets the same ones."""
    shape = tuple(leaf.shape)
    spread = math.sqrt(2 / math.prod(shape[:-1])) if len(shape) > 1 else 0.3
    return jnp.asarray(np.random.default_rng(shape).normal(scale=spread, size=shape).astype(np.float32))


def probe(CNN: Callable[..., Any], images: Array) -> tuple[np.ndarray, Array]:
    """The shapes of the network's parameters, `(parameters, axes)` with 0 for no axis, and its logits.

    Every parameter is first replaced by known numbers. So two networks that do the same give the same logits, whatever
    their parts are called and in whichever order they were made.
    """
    from flax import nnx

    def build() -> Any:
        model = CNN(rngs=nnx.Rngs(0))
        if not isinstance(model, nnx.Module):
            raise TypeError(f"CNN(rngs=nnx.Rngs(0)) made a {type(model).__name__}, which is not an nnx.Module")
        return model

    # The numbers that it starts with are not needed, only their shapes: that takes milliseconds instead of seconds.
    model = nnx.eval_shape(build)
    if jax.tree.leaves(nnx.state(model, nnx.Not(nnx.Param))):
        model = build()  # something in it is no parameter, and has to hold its own numbers
    parameters = nnx.state(model, nnx.Param)
    nnx.update(model, jax.tree.map(_weights, parameters))
    shapes = sorted((*leaf.shape, 0, 0, 0, 0)[:4] for leaf in jax.tree.leaves(parameters))
    return np.array(shapes, dtype=np.int32).reshape(-1, 4), model(images)


def _listed(shapes: Any) -> str:
    rows = [tuple(int(axis) for axis in row if axis) for row in np.asarray(shapes)]
    return ", ".join(map(str, rows)) or "none"


def _accept(got: Any, want: Any, images: Array) -> str | None:
    if isinstance(got, tuple) and len(got) == 2 and difference(got[0], want[0], 0, 0):
        return f"the network's parameters have the shapes {_listed(got[0])}; expected {_listed(want[0])}."
    return difference(got, want, EXACT, EXACT, ("the shapes of the parameters", "the logits"))


# A GPU may round the products of a convolution to TensorFloat-32, with 10 bits.
EXACT = 2e-3


def _cases(rng: np.random.Generator) -> list[Case]:
    noise = rng.uniform(size=(3, SIDE, SIDE, 1)).astype(np.float32)
    strokes = np.where(rng.uniform(size=noise.shape) > 0.85, noise, 0).astype(np.float32)
    ramp = (np.linspace(0, 1, SIDE)[:, None, None] ** rng.uniform(1, 3) * np.ones((1, SIDE, SIDE, 1))).astype(
        np.float32
    )
    return [
        Case("one image", (noise[:1],)),
        Case("one image that is dark above and bright below", (ramp,)),
        Case("three images", (noise,)),
        Case("three images, mostly black", (strokes,)),
    ]


CNN = Exercise(
    name="CNN",
    lesson=LESSON,
    points=4,
    reference=network(),
    cases=_cases,
    probe=probe,
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
    ),
)
