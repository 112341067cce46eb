"""device_batches: an epoch's batches, shuffled where the data are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from course.checks.exercise import Case, Exercise, How, Mistake, WrongAnswer
from course.checks.probes.make_it_fast import batches, batches_program
from course.exercises.keys import drawn
from course.exercises.make_it_fast.common import TOPIC, unreadable


def device_batches(key: Any, images: Any, labels: Any, size: int) -> Any:
    order = jax.random.permutation(key, len(images))
    return _cut(images, labels, order, size)


def _cut(images: Any, labels: Any, order: Any, size: int) -> Any:
    rows = order[: len(order) // size * size].reshape(-1, size)
    return images[rows], labels[rows]


def _by(order: Callable[[Any, int], Any]) -> Callable[..., Any]:
    """Batches by an order of another kind: order(key, number of images)."""
    return lambda key, images, labels, size: _cut(images, labels, order(key, len(images)), size)


def _torn(key: Any, images: Any, labels: Any, size: int) -> Any:
    one, other = jax.random.split(key)
    return device_batches(one, images, labels, size)[0], device_batches(other, images, labels, size)[1]


def _images_only(key: Any, images: Any, labels: Any, size: int) -> Any:
    return device_batches(key, images, labels, size)[0], _cut(images, labels, jnp.arange(len(images)), size)[1]


def _in_numpy(key: Any, images: Any, labels: Any, size: int) -> Any:
    order = np.random.default_rng(int(jax.random.key_data(key)[-1])).permutation(len(images))
    return _cut(images, labels, order, size)


def _rows_alone(key: Any, images: Any, labels: Any, size: int) -> Any:
    order = jax.random.permutation(key, len(images))
    return order[: len(order) // size * size].reshape(-1, size)


def _flat(key: Any, images: Any, labels: Any, size: int) -> Any:
    order = jax.random.permutation(key, len(images))[: len(images) // size * size]
    return images[order], labels[order]


def _wrong_way(key: Any, images: Any, labels: Any, size: int) -> Any:
    order = jax.random.permutation(key, len(images))[: len(images) // size * size].reshape(size, -1)
    return images[order], labels[order]


def _one_epoch_short(key: Any, images: Any, labels: Any, size: int) -> Any:
    X, y = device_batches(key, images, labels, size)
    return X[:-1], y[:-1]


def _batches_shuffled(key: Any, images: Any, labels: Any, size: int) -> Any:
    X, y = _cut(images, labels, jnp.arange(len(images)), size)
    order = jax.random.permutation(key, len(X))
    return X[order], y[order]


def _within_batches(key: Any, images: Any, labels: Any, size: int) -> Any:
    order = _cut(images, jnp.arange(len(images)), jnp.arange(len(images)), size)[1]
    rows = jax.random.permutation(key, order, axis=1, independent=True)
    return images[rows], labels[rows]


def _turned_on(key: Any, images: Any, labels: Any, size: int) -> Any:
    start = jax.random.randint(key, (), 0, len(images))
    return _cut(images, labels, (jnp.arange(len(images)) + start) % len(images), size)


def _numbers(raw: Any, images: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    """Which image stands where, int `(steps, size)`.

    Raises:
        WrongAnswer: they are no batches of images with their labels.
    """
    if not isinstance(raw, (tuple, list)) or len(raw) != 2:
        raise WrongAnswer(
            "it did not return two values; expected the images and the labels of all batches.",
            mark="one array" if isinstance(raw, np.ndarray) else "",
        )
    X, y = raw
    want = (len(images) // size, size)
    for name, array, shape in (("images", X, (*want, *images.shape[1:])), ("labels", y, want)):
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
            raise WrongAnswer(f"the {name} are not an array of numbers.")
        if array.shape != shape:
            raise WrongAnswer(
                f"the {name} have the shape {array.shape}; {len(images)} images in batches of {size} are {shape}.",
                mark=f"shape {array.shape} of the {name}",
            )
    flat, known = X.reshape(-1, images[0].size), images.reshape(len(images), -1)
    same = (flat[:, None] == known[None]).all(axis=2)
    if not same.any(axis=1).all():
        raise WrongAnswer("some of the images are not among the original ones.")
    found = same.argmax(axis=1)
    if not np.array_equal(labels[found], y.reshape(-1)):
        raise WrongAnswer("the labels no longer belong to the images.", mark="torn")
    return found.reshape(want)


def _measure(raw: Any, images: np.ndarray, labels: np.ndarray, size: int, seeds: Sequence[int]) -> Any:
    """The numbers of batches, of images in each, and of different images: the same for every right shuffle."""
    match raw:
        case (list(answers), bool(jitted)) if len(answers) == len(seeds):
            pass
        case _:
            raise unreadable()
    orders = [_numbers(answer, images, labels, size) for answer in answers]
    first = orders[0]
    if any(len(np.unique(order)) < order.size for order in orders):
        raise WrongAnswer("some images come twice, so others are missing.", mark="doubled")
    if all(np.array_equal(order.reshape(-1), np.arange(order.size)) for order in orders):
        raise WrongAnswer("the images are still in their original order.", mark="not shuffled")
    if all((np.diff(batch) == 1).all() for order in orders for batch in order):
        raise WrongAnswer("each batch holds neighbors in their original order.", mark="batches shuffled")
    of_key = dict(zip(seeds, orders, strict=True))
    if any(not np.array_equal(of_key[seed], order) for seed, order in zip(seeds, orders, strict=True)):
        raise WrongAnswer("the same key gave another order.", mark="not the key's")
    different = list(of_key.values())
    if all(np.array_equal(first, order) for order in different):
        raise WrongAnswer("another key gave the same order.", mark="always the same")
    if all(np.array_equal(np.sort(order, axis=1), np.sort(first, axis=1)) for order in different):
        raise WrongAnswer("whatever the key is, the same images are together in a batch.", mark="within batches")
    if why := _not_mixed(np.stack([order.reshape(-1) for order in different]), len(images)):
        raise WrongAnswer(why, mark="not mixed")
    if not jitted:
        raise WrongAnswer("it does not run under `jit`: something in it leaves the device.", mark="leaves the device")
    return np.array([*first.shape, len(np.unique(first))], np.int32)


def _not_mixed(orders: np.ndarray, count: int) -> str | None:
    """What most of the orders of as many keys have in common that no random ones have; None where that is nothing.

    Args:
        orders: int `(keys, places)`, which image stands where.
        count: of the images.
    """
    place = np.full((len(orders), count), -1)
    np.put_along_axis(place, orders, np.arange(orders.shape[1])[None], axis=1)
    there = place >= 0
    both = there[:, :, None] & there[:, None, :]
    before = ((place[:, :, None] < place[:, None, :]) & both).sum(axis=0)
    seen = both.sum(axis=0)
    # Two images that met in 20 orders stand the same way round in all of them once in half a million times.
    judged = (seen >= 20) & ~np.eye(count, dtype=bool)
    if judged.any() and ((before[judged] == 0) | (before[judged] == seen[judged])).mean() > 0.05:
        return "many pairs of images are in the same order for all keys."
    images = [image for image in range(count) if there[:, image].sum() >= 20]
    if any(len(np.unique(place[there[:, image], image])) < _DIFFERENT for image in images):
        return "some images are in the same few places for all keys."
    after = [{int(b) for row in orders for a, b in pairwise(row) if a == image} for image in images]
    if any(len(found) < _DIFFERENT for found in after):
        return "the same images follow each other for all keys."
    return None


# In as many keys' orders an image stands in more places than that, and has more neighbors; see the test.
_DIFFERENT = 5
_KEYS = 32


def _agree(
    got: Sequence[Sequence[Any]], want: Any, images: np.ndarray, labels: np.ndarray, size: int, seeds: Any
) -> None:
    """Judge the program as the answer is, for keys that its writer has not seen."""
    _measure((list(map(tuple, got)), True), images, labels, size, sorted(set(seeds)))


def _cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, count: int, size: int) -> Case:
        images = rng.uniform(size=(count, 3, 2, 1)).astype(np.float32)
        # Whatever the images hold, they come back as they were.
        images[:, 0, :, 0] += 20, -20
        labels = rng.integers(0, 10, count).astype(np.int32)
        shown = f"images ({count}, 3, 2, 1), labels ({count},), size = {size}"
        return Case(label, (images, labels, size, drawn(rng, _KEYS, 2)), shown)

    return [
        case("three batches of four", 12, 4),
        case("some images left over", 17, 5),
        case("an epoch of as many batches as images in each", 25, 5),
        case("many small batches", 31, 2),
    ]


DEVICE_BATCHES = Exercise(
    name="device_batches",
    topic=TOPIC,
    points=3,
    reference=device_batches,
    right=lambda images, labels, size, seed: np.array(
        [len(labels) // size, size, len(labels) // size * size], np.int32
    ),
    cases=_cases,
    probe=batches,
    measure=_measure,
    how=How(
        batches_program,
        runs=lambda images, labels, size, seeds: [(images, labels, size, [seed]) for seed in sorted(set(seeds))],
        agree=_agree,
    ),
    limit_s=60.0,
    mistakes=(
        Mistake(
            "doubled",
            "Some images come twice in an epoch, and others never. That happens if you draw each one independently. `jax.random.permutation` puts all of them in a new order.",
            _by(lambda key, n: jnp.arange(n) // 2),
        ),
        Mistake(
            "not shuffled",
            "The images are still in their original order: nothing was shuffled.",
            _by(lambda key, n: jnp.arange(n)),
        ),
        Mistake(
            "torn",
            "The labels no longer belong to the images. Make one order, and use it for both.",
            _torn,
        ),
        Mistake(
            "batches shuffled",
            "Each batch keeps its images in their original order: you shuffled whole batches. Every epoch should mix the images again: shuffle first, then cut.",
            _batches_shuffled,
        ),
        Mistake(
            "within batches",
            "The images change places only within their batch: whatever the key is, the same ones are together. "
            "Every epoch should mix the images again: shuffle all of them first, then cut.",
            _within_batches,
        ),
        Mistake(
            "not mixed",
            "Another key gives another order, but not every order: some images are always in the same few places, "
            "or next to the same others. A shuffle makes every order as likely as every other.",
            _turned_on,
        ),
        Mistake(
            "always the same",
            "Another key gives the same order, so each epoch would be like the one before. Use the key that the function is given.",
            _by(lambda key, n: jax.random.permutation(jax.random.key(0), n)),
        ),
        Mistake(
            "not the key's",
            "The same key gives another order each time: something other than the key decides, such as NumPy's own generator. Then no run can be repeated.",
            _by(lambda key, n: np.random.default_rng().permutation(n)),
        ),
        Mistake(
            "leaves the device",
            "The batches are right, but it does not run under `jit`: something in it needs numbers that are not known at compile time, such as NumPy, `int(…)` of an array, or an `if`.",
            _in_numpy,
        ),
        Mistake(
            "order alone",
            "This is one array. Return two: the images of all batches, and their labels.",
            _rows_alone,
        ),
        Mistake(
            "not cut",
            "The images are not cut into batches: the axis for the batches is missing. `reshape` adds it.",
            _flat,
        ),
        Mistake(
            "cut the other way",
            "You swapped the number of batches and their size: the axis of the batches comes first, then the axis of the images in a batch.",
            _wrong_way,
        ),
        Mistake(
            "one batch too few",
            "The last batch is missing: leave out only the images that don't fill a batch.",
            _one_epoch_short,
        ),
    ),
)
