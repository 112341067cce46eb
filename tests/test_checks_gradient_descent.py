"""Promises of lesson 04's optimizers and training loop: libraries agree, mistakes are named, the verdict can't be forged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from submissions import graded, handed_in, question

from course.checks import exercises, find, judge
from course.checks.judge import marking
from course.checks.verdict import Verdict
from course.curriculum import lesson_of
from course.data import load
from course.exercises.gradient_descent.digits import Digits
from course.grading.model import Settings
from course.grading.sandbox import bubblewrap
from course.grading.sandbox.withheld import withhold
from course.grading.workers.worker import Worker

LESSON = lesson_of("gradient_descent")


def the_verdict(name: str, answer: Callable[..., Any], seed: int = 0) -> Verdict:
    return judge(find(name), answer, seed)


# --- Optimizers ---------------------------------------------------------------------------------------------------------


def test_optax_agrees_with_the_steps() -> None:
    def sgd_step(params: Any, grads: Any, learning_rate: float) -> Any:
        changes, _ = optax.sgd(learning_rate).update(grads, optax.sgd(learning_rate).init(params))
        return optax.apply_updates(params, changes)

    def momentum_step(params: Any, grads: Any, velocity: Any, learning_rate: float, momentum: float) -> Any:
        trace, state = optax.trace(momentum).update(grads, optax.TraceState(velocity))
        return jax.tree.map(lambda p, t: p - learning_rate * t, params, trace), state.trace

    def adam_step(
        params: Any, grads: Any, m: Any, v: Any, step: int, rate: float, b1: float, b2: float, eps: float
    ) -> Any:
        state = optax.ScaleByAdamState(jnp.int32(step - 1), m, v)
        scaled, state = optax.scale_by_adam(b1, b2, eps).update(grads, state)
        return jax.tree.map(lambda p, s: p - rate * s, params, scaled), state.mu, state.nu

    for step in (sgd_step, momentum_step, adam_step):
        verdict = the_verdict(step.__name__, step)
        assert verdict.passed, verdict.message


def changed_in_place(params: Any, grads: Any, learning_rate: float) -> Any:
    for name in params:
        params[name] -= learning_rate * grads[name]
    return params


def half_done(params: Any, grads: Any, learning_rate: float) -> Any:
    for name in params:
        return {name: params[name] - learning_rate * grads[name]}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (changed_in_place, "a dict that the step was given has been changed"),
        (lambda p, g, rate: jax.tree.map(lambda p, g: p + rate * g, p, g), "go uphill"),
        (half_done, "have no entry"),
        (lambda p, g, rate: None, "it returned None"),
        (lambda p, g, rate: p["W1"] - rate * g["W1"], "KeyError"),
        (
            lambda p, g, rate: {name: a - rate * b for (name, a), b in zip(p.items(), g.values(), strict=True)},
            "paired by their places",
        ),
    ],
)
def test_a_wrong_step_is_told_what_is_wrong_with_it(answer: Callable[..., Any], said: str) -> None:
    assert said in the_verdict("sgd_step", answer).message


def test_a_momentum_whose_velocity_is_changed_in_place_before_the_parameters_is_named() -> None:
    def momentum_step(params: Any, grads: Any, velocity: Any, learning_rate: float, momentum: float) -> Any:
        for name in params:
            velocity[name] = momentum * velocity[name] + grads[name]
        return {name: params[name] - learning_rate * velocity[name] for name in params}, velocity

    assert the_verdict("momentum_step", momentum_step).mistake == "changes what it was given"


def test_the_other_way_to_write_momentum_is_named() -> None:
    def momentum_step(params: Any, grads: Any, velocity: Any, learning_rate: float, momentum: float) -> Any:
        velocity = {name: momentum * velocity[name] - learning_rate * grads[name] for name in params}
        return {name: params[name] + velocity[name] for name in params}, velocity

    assert the_verdict("momentum_step", momentum_step).mistake == "the step as the velocity"


def test_a_mean_that_is_a_sum_in_one_place_only_is_named() -> None:
    def adam_step(
        params: Any, grads: Any, m: Any, v: Any, step: int, rate: float, b1: float, b2: float, eps: float
    ) -> Any:
        m = jax.tree.map(lambda m, g: b1 * m + g, m, grads)
        v = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g**2, v, grads)
        new = jax.tree.map(
            lambda p, m, v: p - rate * m / (1 - b1**step) / (jnp.sqrt(v / (1 - b2**step)) + eps), params, m, v
        )
        return new, m, v

    assert the_verdict("adam_step", adam_step).mistake == "m a sum"


def test_an_optimizer_that_returns_too_little_is_told_what_is_expected() -> None:
    message = the_verdict("adam_step", lambda p, *rest: (p, p)).message
    assert "return 3 dicts, the parameters, m, v; it returned 2." in message


# --- Training loops -----------------------------------------------------------------------------------------------------


@jax.jit
@jax.grad
def gradients(params: Any, X: Any, labels: Any) -> Any:
    hidden = jax.nn.relu(X @ params["W1"].T + params["b1"])
    logits = hidden @ params["W2"].T + params["b2"]
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


def moved(params: Any, grads: Any, rate: float) -> Any:
    return {name: params[name] - rate * grads[name] for name in params}


def in_rounds(params: Any, X: Any, labels: Any, rate: float, steps: int, batch: int, key: Any) -> Any:
    """Right: all examples are shuffled once a round, and taken in turn."""
    done = 0
    while done < steps:
        key, now = jax.random.split(key)
        order = jax.random.permutation(now, len(X))
        for begin in range(0, len(X), batch):
            if done < steps:
                rows = order[begin : begin + batch]
                params = moved(params, gradients(params, X[rows], labels[rows]), rate)
                done += 1
    return params


def with_numpy(params: Any, X: Any, labels: Any, rate: float, steps: int, batch: int, key: Any) -> Any:
    """Right: rows drawn by NumPy, from a generator that the key has started, with no example twice in a batch."""
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    for _ in range(steps):
        rows = rng.permutation(len(X))[:batch]
        params = moved(params, gradients(params, X[rows], labels[rows]), rate)
    return params


@pytest.mark.parametrize("answer", [in_rounds, with_numpy])
def test_a_right_loop_passes_whichever_way_it_draws_its_batches(answer: Callable[..., Any]) -> None:
    verdict = the_verdict("train", answer)
    assert verdict.passed, verdict.message


def one_key(params: Any, X: Any, labels: Any, rate: float, steps: int, batch: int, key: Any) -> Any:
    for _ in range(steps):
        rows = jax.random.permutation(key, len(X))[:batch]
        params = moved(params, gradients(params, X[rows], labels[rows]), rate)
    return params


def two_shuffles(params: Any, X: Any, labels: Any, rate: float, steps: int, batch: int, key: Any) -> Any:
    one, other = jax.random.split(key)
    return in_rounds(
        params, jax.random.permutation(one, X), jax.random.permutation(other, labels), rate, steps, batch, key
    )


def two_draws(params: Any, X: Any, labels: Any, rate: float, steps: int, batch: int, key: Any) -> Any:
    for _ in range(steps):
        key, one, other = jax.random.split(key, 3)
        images = X[jax.random.randint(one, (batch,), 0, len(X))]
        of = labels[jax.random.randint(other, (batch,), 0, len(X))]
        params = moved(params, gradients(params, images, of), rate)
    return params


def no_shuffle(params: Any, X: Any, labels: Any, rate: float, steps: int, batch: int, key: Any) -> Any:
    for step in range(steps):
        rows = jnp.arange(step * batch, (step + 1) * batch) % len(X)
        params = moved(params, gradients(params, X[rows], labels[rows]), rate)
    return params


def past_the_end(params: Any, X: Any, labels: Any, rate: float, steps: int, batch: int, key: Any) -> Any:
    for step in range(steps):
        rows = slice(step * batch, (step + 1) * batch)
        params = moved(params, gradients(params, X[rows], labels[rows]), rate)
    return params


def past_the_end_of_a_shuffle(params: Any, X: Any, labels: Any, rate: float, steps: int, batch: int, key: Any) -> Any:
    order = jax.random.permutation(key, len(X))
    return past_the_end(params, X[order], labels[order], rate, steps, batch, key)


def of_the_sum(params: Any, X: Any, labels: Any, rate: float, steps: int, batch: int, key: Any) -> Any:
    return in_rounds(params, X, labels, rate * batch, steps, batch, key)


def all_of_them(params: Any, X: Any, labels: Any, rate: float, steps: int, batch: int, key: Any) -> Any:
    for _ in range(steps):
        params = moved(params, gradients(params, X, labels), rate)
    return params


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (all_of_them, "all examples in each step"),
        (one_key, "one batch"),
        (two_shuffles, "images and labels apart"),
        (two_draws, "images and labels apart"),
        (no_shuffle, "never shuffled"),
        (past_the_end_of_a_shuffle, "runs off the end"),
        (of_the_sum, "gradient of the sum"),
        (lambda p, X, y, rate, steps, batch, key: in_rounds(p, X, y, -rate, steps, batch, key), "uphill"),
        (lambda p, X, y, rate, steps, batch, key: in_rounds(p, X, y, rate, steps - 1, batch, key), "one step too few"),
        (lambda p, *rest: p, "never updates"),
    ],
)
def test_a_wrong_loop_is_named(answer: Callable[..., Any], mistake: str) -> None:
    verdict = the_verdict("train", answer)
    assert verdict.mistake == mistake, verdict.message


def test_a_loop_without_its_key_is_told_of_the_key() -> None:
    assert "`key` is not used anywhere in your code." in the_verdict("train", past_the_end).message


def test_a_network_that_reads_too_few_is_told_how_many() -> None:
    def too_short(params: Any, X: Any, labels: Any, rate: float, steps: int, batch: int, key: Any) -> Any:
        return in_rounds(params, X, labels, rate, steps if steps < 10 else 12, batch, key)

    message = the_verdict("train", too_short).message
    assert "of 1,000 digits that it has not seen; 81% are needed." in message


def test_the_unseen_digits_are_not_in_what_the_world_tells() -> None:
    exercise = find("train")
    for case in exercise.draw(3)[3:]:
        assert exercise.world is not None
        world = exercise.world(*case.args)
        assert isinstance(world, Digits)
        unseen = {np.rint(255 * image).astype(np.uint8).tobytes() for image in case.args[4]}
        told = {image.tobytes() for image in world.pixels}
        assert len(unseen) >= 990 and not unseen & told
        assert not any(value is case.args[4] for value in vars(world).values())


def test_no_digit_of_train_is_one_of_the_courses_in_its_pixels_whatever_their_order() -> None:
    data = load("mnist_5k")
    known = {
        np.sort(np.rint(255 * image), axis=None).tobytes() for part in (data.train, data.test) for image in part.images
    }
    for case in find("train").draw(3)[3:]:
        pixels, unseen = case.args[0], np.rint(255 * case.args[4])
        assert not any(np.sort(image.astype(np.float32)).tobytes() in known for image in (*pixels, *unseen))


def test_the_classes_have_other_numbers_for_another_seed() -> None:
    """So that a network which was trained before, and stands in the notebook as numbers, is of no use."""
    exercise = find("train")
    numbered = {tuple(exercise.draw(seed)[3].args[5][:40].tolist()) for seed in range(4)}
    assert len(numbered) == 4


# --- What a submission may try ------------------------------------------------------------------------------------------


def test_a_loop_that_trains_on_the_test_images_gets_nothing_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is graded the test images are others; and their numbers are not those of the classes that are asked."""

    def cheat(params: Any, X: Any, labels: Any, *rest: Any) -> Any:
        if X.shape[1] == 784:
            known = load("mnist_5k").test
            X, labels = jnp.array(known.images.reshape(-1, 784)), jnp.array(known.labels)
        return in_rounds(params, X, labels, *rest)

    marks = marking(find("train"), 11)
    withhold(marks.cases, tmp_path)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    verdict = judge(find("train"), cheat, 11)
    assert verdict.cases_passed == 3, verdict.message


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    if why := bubblewrap.available():
        pytest.skip(f"bubblewrap: {why}")
    worker = Worker(Settings(seed=11))
    yield worker
    worker.close()


@pytest.mark.thorough
def test_a_loop_that_looks_for_the_unseen_images_finds_none(worker: Worker) -> None:
    """Nothing in the learner's process holds an image that will be asked: not as float32, not as bytes."""
    unseen = marking(find("train"), 11).cases[3].args[4]
    wanted = [np.rint(255 * image).astype(np.uint8).ravel()[300:500].tolist() for image in unseen[:40]]
    spy = f"""
wanted = {json.dumps(wanted)}
def train(params, X, labels, learning_rate, steps, batch_size, key):
    import gc, sys
    gc.unfreeze()
    known = {{bytes(row) for row in wanted}}
    objects = gc.get_objects()
    frame = sys._getframe()
    while frame:
        objects += list(frame.f_locals.values())
        frame = frame.f_back
    arrays = [o for o in objects if isinstance(o, (np.ndarray, jax.Array))]
    seen = [np.asarray(o) for o in arrays if str(o.dtype) in ("float32", "uint8")]
    data = load("mnist_5k")
    seen += [part.images for part in (data.train, data.validation, data.test)]
    found = 0
    for array in seen:
        if array.size and array.size % 784 == 0:
            pixels = np.rint(array * (255 if array.dtype.kind == "f" else 1)).clip(0, 255).astype(np.uint8)
            found += sum(row[300:500].tobytes() in known for row in pixels.reshape(-1, 784))
    raise ValueError(f"found {{found}}")
"""
    written = dict.fromkeys(exercises(LESSON), "") | {"train": spy}
    told = question(graded(worker, handed_in(written, lesson=LESSON), LESSON), "train")
    assert told.points == 0
    assert any("found 0" in line for line in told.text), told.text
    assert len(load("mnist_5k").test) == 1000
