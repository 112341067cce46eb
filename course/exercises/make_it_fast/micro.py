"""accumulate_gradients: a large batch in small parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from course.checks.exercise import Case, Exercise, How, Mistake, WrongAnswer
from course.checks.probes.make_it_fast import in_parts, parts_program
from course.checks.program import Program, Unreadable, from_plain
from course.exercises import by_numpy
from course.exercises.make_it_fast.common import TOPIC, layer, surely_wrong, unreadable

Loss = Callable[..., Any]


def accumulate_gradients(loss_fn: Loss, params: Any, images: Any, labels: Any, parts: int) -> Any:
    loss, grads = _total(loss_fn, params, images, labels, parts)
    return loss / parts, jax.tree.map(lambda g: g / parts, grads)


def _total(loss_fn: Loss, params: Any, images: Any, labels: Any, parts: int) -> Any:
    size = len(images) // parts
    total: Any = (jnp.zeros(()), jax.tree.map(jnp.zeros_like, params))
    for start in range(0, len(images), size):
        part = images[start : start + size], labels[start : start + size]
        total = jax.tree.map(jnp.add, total, jax.value_and_grad(loss_fn)(params, *part))
    return total


def _divided(by_loss: Callable[[int, int], float], by_grads: Callable[[int, int], float]) -> Callable[..., Any]:
    """The totals divided by numbers that are worked out from parts and images."""

    def wrong(loss_fn: Loss, params: Any, images: Any, labels: Any, parts: int) -> Any:
        loss, grads = _total(loss_fn, params, images, labels, parts)
        n = len(images)
        return loss / by_loss(parts, n), jax.tree.map(lambda g: g / by_grads(parts, n), grads)

    return wrong


def _of_part(which: int) -> Callable[..., Any]:
    def wrong(loss_fn: Loss, params: Any, images: Any, labels: Any, parts: int) -> Any:
        cut = images.reshape(parts, -1, *images.shape[1:])[which], labels.reshape(parts, -1)[which]
        return jax.value_and_grad(loss_fn)(params, *cut)

    return wrong


def _parts_as_size(loss_fn: Loss, params: Any, images: Any, labels: Any, parts: int) -> Any:
    """Pieces of as many images as there should be pieces."""
    loss, grads = _total(loss_fn, params, images, labels, len(images) // parts)
    return loss / parts, jax.tree.map(lambda g: g / parts, grads)


def _parts_at_once(loss_fn: Loss, params: Any, images: Any, labels: Any, parts: int) -> Any:
    cut = images.reshape(parts, -1, *images.shape[1:]), labels.reshape(parts, -1)
    each = jax.vmap(jax.value_and_grad(loss_fn), in_axes=(None, 0, 0))(params, *cut)
    return jax.tree.map(lambda leaf: leaf.mean(axis=0), each)


def _descending(loss_fn: Loss, params: Any, images: Any, labels: Any, parts: int) -> Any:
    """Takes a small step after each part, so that the later ones see other weights."""
    grads_sum, loss_sum, here = jax.tree.map(jnp.zeros_like, params), jnp.zeros(()), params
    for x, y in zip(images.reshape(parts, -1, *images.shape[1:]), labels.reshape(parts, -1), strict=True):
        loss, grads = jax.value_and_grad(loss_fn)(here, x, y)
        here = jax.tree.map(lambda p, g: p - 0.1 * g, here, grads)
        grads_sum, loss_sum = jax.tree.map(jnp.add, grads_sum, grads), loss_sum + loss
    return loss_sum / parts, jax.tree.map(lambda g: g / parts, grads_sum)


def _measure(raw: Any, W: np.ndarray, b: np.ndarray, images: np.ndarray, labels: np.ndarray, parts: int) -> Any:
    match raw:
        case (answer, np.ndarray() as sizes, seen) if sizes.dtype == np.int32 and sizes.ndim == 1:
            pass
        case _:
            raise unreadable()
    if not isinstance(answer, tuple) or len(answer) != 3:
        raise WrongAnswer(
            "expected two values: the loss, and the gradients as a dict like the params.",
            mark="a dict" if answer == "params" else "",
        )
    if parts > 1 and sizes.max(initial=0) > len(images) // parts:
        raise WrongAnswer(f"the loss was given {sizes.max()} images at once.", mark="whole batch")
    if seen is not None:
        try:
            _one_part_at_a_time(from_plain(seen), W, b, images, labels, parts)
        except Unreadable:
            raise unreadable() from None
    return answer


def _right(W: np.ndarray, b: np.ndarray, images: np.ndarray, labels: np.ndarray, parts: int) -> tuple[np.ndarray, ...]:
    loss, slopes = by_numpy.dense_slopes(W, b, images, labels)
    return loss, *slopes


def _one_part_at_a_time(
    program: Program, W: np.ndarray, b: np.ndarray, images: np.ndarray, labels: np.ndarray, parts: int
) -> None:
    """Refuse work on several parts at once.

    Raises:
        WrongAnswer: a product of matrices in the program is larger than one part's.
    """
    of_one_image = W.size
    most = max((one.size * one.adds for one in program.named("dot_general")), default=0) // of_one_image
    if parts > 1 and most > len(images) // parts:
        raise WrongAnswer(f"{most} images were in work at once, which is more than one part.", mark="parts at once")


def _cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, parts: int, size: int, wrong: bool = False) -> Case:
        images = rng.uniform(size=(parts * size, 3, 2, 1)).astype(np.float32)
        labels = rng.integers(0, 4, parts * size).astype(np.int32)
        shown = f"images ({parts * size}, 3, 2, 1), labels ({parts * size},), parts = {parts}"
        W, b = layer(rng, 6, 4)
        if wrong:
            surely_wrong(rng, b, labels)
        return Case(label, (W, b, images, labels, parts), shown)

    return [
        case("two parts of three", 2, 3),
        case("a single part", 1, 5),
        case("parts of one image", 4, 1),
        case("a batch of as many parts as images in each", 3, 3),
        case("five parts of two", 5, 2, wrong=True),
    ]


ACCUMULATE_GRADIENTS = Exercise(
    name="accumulate_gradients",
    topic=TOPIC,
    points=3,
    reference=accumulate_gradients,
    right=_right,
    cases=_cases,
    probe=in_parts,
    measure=_measure,
    how=How(parts_program, judge=_one_part_at_a_time, tells=lambda *args: args[-1] > 1),
    parts=("the loss", "the gradient for W", "the gradient for b"),
    limit_s=60.0,
    edges=("a single part", "parts of one image"),
    mistakes=(
        Mistake(
            "summed",
            "You added up the losses and the gradients. The loss of a batch is a *mean*, so the large batch's loss is the mean of the parts' losses.",
            _divided(lambda parts, n: 1, lambda parts, n: 1),
        ),
        Mistake(
            "gradients summed",
            "The loss is right. You added up the gradients, so each step would be too long, by a factor of the number of parts.",
            _divided(lambda parts, n: parts, lambda parts, n: 1),
        ),
        Mistake(
            "loss summed",
            "The gradients are right. You added up the losses; the large batch's loss is their mean.",
            _divided(lambda parts, n: 1, lambda parts, n: parts),
        ),
        Mistake(
            "divided by the images",
            "You divided the sums by the number of images. Each part's loss is already a mean over its images: how many means did you add up?",
            _divided(lambda parts, n: n, lambda parts, n: n),
        ),
        Mistake(
            "divided by the part's size",
            "You divided the sums by the number of images in a part. How many parts did you add up?",
            _divided(lambda parts, n: n // parts, lambda parts, n: n // parts),
        ),
        Mistake(
            "last part only",
            "These are the loss and the gradients of the last part. The earlier ones were overwritten instead of added up.",
            _of_part(-1),
        ),
        Mistake(
            "first part only",
            "These are the loss and the gradients of the first part only.",
            _of_part(0),
        ),
        Mistake(
            "whole batch",
            "Too many images went in at once. The exercise is about a batch that does not fit into memory: cut it into `parts` parts, and work on one after the other.",
            lambda loss_fn, params, images, labels, parts: jax.value_and_grad(loss_fn)(params, images, labels),
        ),
        Mistake(
            "parts at once",
            "You cut the batch into parts and then work on all parts at once, as `jax.vmap` does: the memory has to "
            "hold the work on all of them. Work on one after the other, in a Python loop or in a loop on the device.",
            _parts_at_once,
        ),
        Mistake(
            "parts as the size",
            "Your parts hold `parts` images each. `parts` says how many parts there are: how many images does each of them hold?",
            _parts_as_size,
        ),
        Mistake(
            "a step after each part",
            "The weights change from part to part. Use the *same* params for all parts; the step comes after the last one.",
            _descending,
        ),
        Mistake(
            "last gradients",
            "The loss is right. The gradients are those of the last part: add them up as well.",
            lambda *args: (accumulate_gradients(*args)[0], _of_part(-1)(*args)[1]),
        ),
        Mistake(
            "gradients only",
            "These are only the gradients. Return two values, the loss and the gradients.",
            lambda *args: accumulate_gradients(*args)[1],
        ),
    ),
)
