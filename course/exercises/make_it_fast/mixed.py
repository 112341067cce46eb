"""mixed_gradients: computed in bfloat16, kept in float32."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from course.checks.compare import difference
from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.probes.make_it_fast import in_short
from course.exercises.make_it_fast.common import TOPIC, layer, normal, surely_wrong, unreadable

Loss = Callable[..., Any]
# Two right answers may round in other places: bfloat16 has 8 significant bits.
_RTOL, _ATOL = 0.04, 0.01


def mixed_gradients(loss_fn: Loss, params: Any, images: Any, labels: Any) -> Any:
    def short_loss(params: Any) -> Any:
        short = jax.tree.map(lambda p: p.astype(jnp.bfloat16), params)
        return loss_fn(short, images.astype(jnp.bfloat16), labels)

    return jax.value_and_grad(short_loss)(params)


def _short(tree: Any) -> Any:
    return jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), tree)


def _outside(loss_fn: Loss, params: Any, images: Any, labels: Any) -> Any:
    """Casts before the gradient is taken, so that the gradients are short as well."""
    return jax.value_and_grad(loss_fn)(_short(params), _short(images), labels)


def _scaled(factor: float) -> Callable[..., Any]:
    def wrong(*args: Any) -> Any:
        loss, grads = mixed_gradients(*args)
        return loss, jax.tree.map(lambda g: factor * g, grads)

    return wrong


def _part_short(which: int) -> Callable[..., Any]:
    """Casts the params alone (0), or the images alone (1)."""

    def wrong(loss_fn: Loss, params: Any, images: Any, labels: Any) -> Any:
        given = _short(images) if which else images
        return jax.value_and_grad(lambda params: loss_fn(params if which else _short(params), given, labels))(params)

    return wrong


def _measure(raw: Any, *args: Any) -> Any:
    match raw:
        case (answer, list(types)) if all(isinstance(name, str) for name in types):
            pass
        case _:
            raise unreadable()
    if not isinstance(answer, tuple) or len(answer) != 3:
        raise WrongAnswer(
            "expected are two values: the loss, and the gradients as a dict like that of the params.",
            mark="a dict" if answer == "params" else "",
        )
    if len(types) != 4:
        raise WrongAnswer("the loss was never called.", mark="not called")
    if not types[3].startswith(("int", "uint")):
        raise WrongAnswer(
            f"the labels arrived as {types[3]}; they are names of classes, and stay whole numbers.", mark="labels"
        )
    if "float16" in types:
        raise WrongAnswer(
            "some of it arrived in float16, which has fewer large and small numbers; asked for is bfloat16.",
            mark="float16",
        )
    given = [name == "bfloat16" for name in types[:3]]
    if not any(given):
        raise WrongAnswer(f"the loss was computed in {types[0]}.", mark="not short")
    if not all(given[:2]):
        raise WrongAnswer("the params are not all in bfloat16.", mark="params long")
    if not given[2]:
        raise WrongAnswer(f"the images arrived as {types[2]}.", mark="images long")
    wide = np.asarray(answer[1])
    if wide.dtype.name == "bfloat16":
        raise WrongAnswer("the gradients are in bfloat16.", mark="gradients short")
    return answer


def _accept(got: Any, want: Any, *args: Any) -> str | None:
    return difference(got, want, _RTOL, _ATOL, MIXED_GRADIENTS.parts)


def _cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, count: int, inputs: tuple[int, int], classes: int) -> Case:
        W, b = layer(rng, inputs[0] * inputs[1], classes)
        images = (0.5 + np.abs(normal(rng, count, *inputs, 1))).astype(np.float32)
        labels = rng.integers(0, classes, count).astype(np.int32)
        if count == 5:
            surely_wrong(rng, b, labels)
        shown = f"images {images.shape}, labels ({count},), params W {W.shape} and b {b.shape}"
        return Case(label, (W, b, images, labels), shown)

    return [
        case("one image", 1, (2, 3), 4),
        case("a batch of five", 5, (2, 3), 3),
        case("a batch of as many images as classes", 4, (3, 2), 4),
        case("a larger layer", 7, (4, 5), 6),
    ]


MIXED_GRADIENTS = Exercise(
    name="mixed_gradients",
    topic=TOPIC,
    points=3,
    reference=mixed_gradients,
    cases=_cases,
    probe=in_short,
    measure=_measure,
    accept=_accept,
    parts=("the loss", "the gradient for W", "the gradient for b"),
    limit_s=60.0,
    edges=("one image",),
    mistakes=(
        Mistake(
            "not short",
            "Nothing that the loss was given is in bfloat16. `.astype(jnp.bfloat16)` makes *new* arrays, for a whole tree with `jax.tree.map`, and it is those that have to go into the loss.",
            lambda loss_fn, params, images, labels: jax.value_and_grad(loss_fn)(params, images, labels),
        ),
        Mistake(
            "gradients short",
            "The gradients came out in bfloat16, as they do where the params are turned *before* the gradient is taken: then it is one for the short copies. Turn them inside of the function that is differentiated; then the way back ends at the long ones.",
            _outside,
        ),
        Mistake(
            "float16",
            "Some of it arrived in float16. That is the other kind of two bytes: more digits, but nothing beyond 65,504, and small gradients become 0. Asked for is `jnp.bfloat16`, which has the range of float32.",
            lambda loss_fn, params, images, labels: jax.value_and_grad(
                lambda params: loss_fn(
                    jax.tree.map(lambda p: p.astype(jnp.float16), params), images.astype(jnp.float16), labels
                )
            )(params),
        ),
        Mistake(
            "images long",
            "The params are short, but the images are not: where the two meet, JAX computes in the longer kind.",
            _part_short(0),
        ),
        Mistake(
            "params long",
            "Not all of the params are in bfloat16 where the loss gets them: where short and long numbers meet, JAX computes in the longer kind.",
            _part_short(1),
        ),
        Mistake(
            "labels",
            "The labels did not arrive as whole numbers. They are names of classes and stay as they are: beyond 256, bfloat16 can't even tell all whole numbers apart.",
            lambda loss_fn, params, images, labels: jax.value_and_grad(
                lambda params: loss_fn(_short(params), _short(images), labels.astype(jnp.bfloat16))
            )(params),
        ),
        Mistake(
            "loss short",
            "The gradients are right. The loss came out in bfloat16, which keeps two or three digits; it is to stay float32.",
            lambda *args: (mixed_gradients(*args)[0].astype(jnp.bfloat16), mixed_gradients(*args)[1]),
        ),
        Mistake(
            "uphill",
            "The gradients have the wrong sign. A gradient points uphill; it is the step that turns it around.",
            _scaled(-1.0),
        ),
        Mistake(
            "gradients only",
            "These are the gradients alone. Expected are two values, the loss and the gradients.",
            lambda *args: mixed_gradients(*args)[1],
        ),
    ),
)
