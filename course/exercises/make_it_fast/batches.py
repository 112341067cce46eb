"""device_batches: an epoch's batches, shuffled where the data are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.probes.make_it_fast import batches
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


def _numbers(raw: Any, images: np.ndarray, labels: np.ndarray, size: int) -> np.ndarray:
    """Which image stands where, int `(steps, size)`.

    Raises:
        WrongAnswer: they are no batches of images with their labels.
    """
    if not isinstance(raw, (tuple, list)) or len(raw) != 2:
        raise WrongAnswer(
            "it returned something else than two values; expected are the images and the labels of all batches.",
            mark="one array" if isinstance(raw, np.ndarray) else "",
        )
    X, y = raw
    want = (len(images) // size, size)
    for name, array, shape in (("images", X, (*want, *images.shape[1:])), ("labels", y, want)):
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
            raise WrongAnswer(f"the {name} are no array of numbers.")
        if array.shape != shape:
            raise WrongAnswer(
                f"the {name} have the shape {array.shape}; {len(images)} images in batches of {size} are {shape}.",
                mark=f"shape {array.shape} of the {name}",
            )
    flat, known = X.reshape(-1, images[0].size), images.reshape(len(images), -1)
    same = (flat[:, None] == known[None]).all(axis=2)
    if not same.any(axis=1).all():
        raise WrongAnswer("some of the images are none of those that went in.")
    found = same.argmax(axis=1)
    if not np.array_equal(labels[found], y.reshape(-1)):
        raise WrongAnswer("the labels don't belong to the images any more.", mark="torn")
    return found.reshape(want)


def _measure(raw: Any, images: np.ndarray, labels: np.ndarray, size: int, seed: int) -> Any:
    """The numbers of batches, of images in each, and of different images: the same for every right shuffle."""
    if not isinstance(raw, (tuple, list)) or len(raw) != 4 or not isinstance(raw[3], bool):
        raise unreadable()
    first, again, other = (_numbers(part, images, labels, size) for part in raw[:3])
    if len(np.unique(first)) < first.size:
        raise WrongAnswer("some images come twice, and so others are missing.", mark="doubled")
    if np.array_equal(first.reshape(-1), np.arange(first.size)):
        raise WrongAnswer("the images stand in the order in which they came.", mark="not shuffled")
    if any((np.diff(batch) == 1).all() for batch in first) and all((np.diff(batch) == 1).all() for batch in first):
        raise WrongAnswer("each batch holds neighbors, in their old order.", mark="batches shuffled")
    if not np.array_equal(first, again):
        raise WrongAnswer("the same key gave another order.", mark="not the key's")
    if np.array_equal(first, other):
        raise WrongAnswer("another key gave the same order.", mark="always the same")
    if not raw[3]:
        raise WrongAnswer("it does not run under `jit`: something in it leaves the device.", mark="leaves the device")
    return np.array([*first.shape, len(np.unique(first))], np.int32)


def _cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, count: int, size: int) -> Case:
        images = rng.uniform(size=(count, 3, 2, 1)).astype(np.float32)
        # Whatever the images hold, they come back as they were.
        images[:, 0, :, 0] += 20, -20
        labels = rng.integers(0, 10, count).astype(np.int32)
        shown = f"images ({count}, 3, 2, 1), labels ({count},), size = {size}"
        return Case(label, (images, labels, size, int(rng.integers(2**31))), shown)

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
    limit_s=60.0,
    mistakes=(
        Mistake(
            "doubled",
            "Some images come twice in an epoch, and others never, as where each is drawn by itself: a draw knows nothing of the others. `jax.random.permutation` puts all of them in a new order.",
            _by(lambda key, n: jnp.arange(n) // 2),
        ),
        Mistake(
            "not shuffled",
            "The images stand in the order in which they came: nothing was shuffled.",
            _by(lambda key, n: jnp.arange(n)),
        ),
        Mistake(
            "torn",
            "The labels don't belong to the images any more. Make one order, and use it for both.",
            _torn,
        ),
        Mistake(
            "batches shuffled",
            "What is in a batch stays together, in its old order, as where whole batches change places. Every epoch should mix the images anew: shuffle first, then cut.",
            _batches_shuffled,
        ),
        Mistake(
            "always the same",
            "Another key gives the same order, so that each epoch would be like the one before. The key that the function is given has to be used.",
            _by(lambda key, n: jax.random.permutation(jax.random.key(0), n)),
        ),
        Mistake(
            "not the key's",
            "The same key gives another order each time: something else than the key decides, as NumPy's own generator would. Then no run can be repeated.",
            _by(lambda key, n: np.random.default_rng().permutation(n)),
        ),
        Mistake(
            "leaves the device",
            "The batches are right, but it does not run under `jit`: something in it needs numbers that are not known while it is compiled (NumPy, `int(…)` of an array, an `if`), and Python has to wait for them.",
            _in_numpy,
        ),
        Mistake(
            "order alone",
            "This is one array. Expected are two: the images of all batches, and their labels.",
            _rows_alone,
        ),
        Mistake(
            "not cut",
            "The images are not cut into batches: an axis for the batches is missing. `reshape` cuts.",
            _flat,
        ),
        Mistake(
            "cut the other way",
            "The number of batches and their size have changed places: first comes the axis of the batches, then that of the images in one.",
            _wrong_way,
        ),
        Mistake(
            "one batch too few",
            "A batch is missing at the end: only images that fill *no* batch are left out.",
            _one_epoch_short,
        ),
    ),
)
