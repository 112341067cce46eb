"""mixed_gradients: computed in bfloat16, kept in float32."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from course.checks.compare import difference
from course.checks.exercise import Case, Exercise, How, Mistake, WrongAnswer
from course.checks.probes.make_it_fast import in_short, short_program
from course.checks.program import Program
from course.exercises.make_it_fast.common import TOPIC, layer, normal, surely_wrong, unreadable

Loss = Callable[..., Any]
# Two right answers may round in other places: bfloat16 has 8 significant bits.
_RTOL, _ATOL = 0.04, 0.01
_PARTS = ("the loss", "the gradient for W", "the gradient for b")


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
        case (answer, list(arrives), list(turned)) if all(map(_are_types, [*arrives, *turned])):
            pass
        case _:
            raise unreadable()
    if not isinstance(answer, tuple) or len(answer) != 3:
        raise WrongAnswer(
            "expected two values: the loss, and the gradients as a dict like the params.",
            mark="a dict" if answer == "params" else "",
        )
    _computed_short(arrives, turned)
    wide = np.asarray(answer[1])
    if wide.dtype.name == "bfloat16":
        raise WrongAnswer("the gradients are in bfloat16.", mark="gradients short")
    return answer


def _are_types(names: Any) -> bool:
    return isinstance(names, (tuple, list)) and all(isinstance(name, str) for name in names)


_SHORT, _FLOAT16 = "bf16", "f16"
_IN_WORDS = {_SHORT: "bfloat16", _FLOAT16: "float16", "f32": "float32", "f64": "float64"}


def _computed_short(arrives: Sequence[Sequence[str]], turned: Sequence[Sequence[str]]) -> None:
    """Refuse numbers that were not computed in bfloat16.

    Args:
        arrives: for W, b, images and labels, in which types they meet the first operation on the way to what is returned.
        turned: into which they are turned before.

    Raises:
        WrongAnswer: it says which of them arrived in another type.
    """
    if len(arrives) != 4 or len(turned) != 4 or any(name not in _IN_WORDS for names in turned for name in names):
        raise unreadable()
    floats = arrives[:3]
    if not any(floats):
        raise WrongAnswer("what it returns does not depend on the params and the images.", mark="not called")
    if turned[3]:
        raise WrongAnswer(
            f"the labels arrived as {_IN_WORDS[turned[3][0]]}; they are class labels and must stay whole numbers.",
            mark="labels",
        )
    if any(_FLOAT16 in names for names in turned):
        raise WrongAnswer(
            "some of it arrived in float16, which has a smaller range; use bfloat16.",
            mark="float16",
        )
    short = [_SHORT in names for names in turned[:3]]
    if not any(short):
        raise WrongAnswer("what it returns was computed in float32.", mark="not short")
    if any(_SHORT in names and len(names) > 1 for names in floats):
        raise WrongAnswer(
            "a part of what it returns was computed in bfloat16, another part in float32.", mark="partly short"
        )
    if not all(short[:2]):
        raise WrongAnswer("the params are not all in bfloat16.", mark="params long")
    if not short[2]:
        raise WrongAnswer("the images arrived as float32.", mark="images long")
    if any(tuple(names) != (_SHORT,) for names in floats):
        raise WrongAnswer(
            "params or images were converted to bfloat16, and back before anything was computed.", mark="turned back"
        )


def _by_the_program(program: Program, *args: Any) -> None:
    _computed_short(program.arrives, program.turned)
    if any("f32" not in kind for kind, _ in program.outputs[1:]):
        raise WrongAnswer("the gradients are not in float32.", mark="gradients short")


def _accept(got: Any, want: Any, *args: Any) -> str | None:
    return difference(got, want, _RTOL, _ATOL, _PARTS)


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
    how=How(
        short_program,
        judge=_by_the_program,
        agree=lambda got, want, *args: difference(tuple(got[0]), tuple(want[0]), _RTOL, _ATOL, _PARTS),
    ),
    parts=_PARTS,
    limit_s=60.0,
    edges=("one image",),
    mistakes=(
        Mistake(
            "not short",
            "What you return was computed in float32. `.astype(jnp.bfloat16)` converts an array to bfloat16; use `jax.tree.map` for a whole tree.",
            lambda loss_fn, params, images, labels: jax.value_and_grad(loss_fn)(params, images, labels),
        ),
        Mistake(
            "partly short",
            "The loss or a part of the gradients was computed in bfloat16, the rest in float32. One call in "
            "bfloat16 has to return both: `jax.value_and_grad` of a function that converts params and images.",
            lambda loss_fn, params, images, labels: (
                loss_fn(_short(params), _short(images), labels),
                jax.grad(loss_fn)(params, images, labels),
            ),
        ),
        Mistake(
            "gradients short",
            "The gradients came out in bfloat16. That happens if you convert the params *before* you take the gradient: it is then one with respect to the bfloat16 copies. Convert them inside the function that you differentiate; then the backward pass ends at the float32 params.",
            _outside,
        ),
        Mistake(
            "float16",
            "Some of it arrived in float16. That is the other 16-bit type: it has more digits, but nothing beyond 65,504, and small gradients become 0. Use `jnp.bfloat16`, which has the range of float32.",
            lambda loss_fn, params, images, labels: jax.value_and_grad(
                lambda params: loss_fn(
                    jax.tree.map(lambda p: p.astype(jnp.float16), params), images.astype(jnp.float16), labels
                )
            )(params),
        ),
        Mistake(
            "images long",
            "The params are in bfloat16, but the images are not: where the two meet, JAX computes in float32.",
            _part_short(0),
        ),
        Mistake(
            "params long",
            "Not all of the params that the loss gets are in bfloat16: where bfloat16 and float32 meet, JAX computes in float32.",
            _part_short(1),
        ),
        Mistake(
            "labels",
            "The labels did not arrive as whole numbers. They are class labels and should stay as they are: beyond 256, bfloat16 can't represent all whole numbers.",
            lambda loss_fn, params, images, labels: jax.value_and_grad(
                lambda params: loss_fn(_short(params), _short(images), labels.astype(jnp.bfloat16))
            )(params),
        ),
        Mistake(
            "loss short",
            "The gradients are right. The loss came out in bfloat16, which keeps two or three digits; it should stay in float32.",
            lambda *args: (mixed_gradients(*args)[0].astype(jnp.bfloat16), mixed_gradients(*args)[1]),
        ),
        Mistake(
            "uphill",
            "The gradients have the wrong sign. A gradient points uphill; only the step reverses its direction.",
            _scaled(-1.0),
        ),
        Mistake(
            "gradients only",
            "These are only the gradients. Return two values, the loss and the gradients.",
            lambda *args: mixed_gradients(*args)[1],
        ),
    ),
)
