"""Promises of lesson 08's checks: right answers pass in whichever form, and how something was done is seen where it counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from course.checks import find, judge
from course.checks.judge import attempt, measured, wrongness
from course.checks.outcome import Outcome
from course.checks.verdict import Verdict
from course.checks.wire import decode_outcome, encode_outcome
from course.exercises.make_it_fast import EXERCISES


def the_verdict(name: str, answer: Callable[..., Any]) -> Verdict:
    return judge(find(name), answer)


# --- Right in other forms -----------------------------------------------------------------------------------------------


def donating(loss_fn: Any, tx: Any) -> Any:
    def step(params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
        loss, grads = jax.value_and_grad(loss_fn)(params, images, labels)
        updates, opt_state = tx.update(grads, opt_state, params)
        return jax.tree.map(jnp.add, params, updates), opt_state, loss

    return jax.jit(step, donate_argnums=(0, 1))


def with_auxiliary_loss(loss_fn: Any, tx: Any) -> Any:
    """The loss comes by the side, from `jax.grad` alone."""

    @jax.jit
    def step(params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
        grads, loss = jax.grad(lambda p: (loss_fn(p, images, labels),) * 2, has_aux=True)(params)
        updates, opt_state = tx.update(grads, opt_state)
        return optax.apply_updates(params, updates), opt_state, loss

    return step


def by_a_loop_on_the_device(step: Any, params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
    def body(i: Any, all_of: Any) -> Any:
        params, opt_state, losses = all_of
        params, opt_state, loss = step(params, opt_state, images[i], labels[i])
        return params, opt_state, losses.at[i].set(loss)

    return jax.lax.fori_loop(0, len(images), body, (params, opt_state, jnp.zeros(len(images))))


def sorted_by_noise(key: Any, images: Any, labels: Any, size: int) -> Any:
    order = jnp.argsort(jax.random.uniform(key, (len(images),)))
    steps = len(images) // size
    return tuple(part[order][: steps * size].reshape(steps, size, *part.shape[1:]) for part in (images, labels))


def drawn_without_replacement(key: Any, images: Any, labels: Any, size: int) -> Any:
    steps = images.shape[0] // size
    rows = jax.random.choice(key, images.shape[0], (steps, size), replace=False)
    return images[rows], labels[rows]


def scanned_parts(loss_fn: Any, params: Any, images: Any, labels: Any, parts: int) -> Any:
    def cut(x: Any) -> Any:
        return x.reshape(parts, -1, *x.shape[1:])

    found = jax.lax.map(lambda part: jax.value_and_grad(loss_fn)(params, *part), (cut(images), cut(labels)))
    return jax.tree.map(lambda leaf: leaf.mean(axis=0), found)


def cast_by_hand(loss_fn: Any, params: Any, images: Any, labels: Any) -> Any:
    def loss(W: Any, b: Any) -> Any:
        return loss_fn({"W": W.astype("bfloat16"), "b": b.astype("bfloat16")}, images.astype("bfloat16"), labels)

    value, (W, b) = jax.value_and_grad(loss, argnums=(0, 1))(params["W"], params["b"])
    return value, {"b": b, "W": W}


def by_argmax(x: Any) -> Any:
    """Chooses among the four corners; the first of equals is the one that `argmax` names."""
    corners = jnp.stack([x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)])
    return jnp.take_along_axis(corners, corners.argmax(axis=0)[None], axis=0)[0]


RIGHT: dict[str, tuple[str, Callable[..., Any]]] = {
    "a step that donates": ("make_step", donating),
    "a step whose loss comes by the side": ("make_step", with_auxiliary_loss),
    "a fori_loop": ("scan_epoch", by_a_loop_on_the_device),
    "an epoch under jit": (
        "scan_epoch",
        lambda step, *args: jax.jit(lambda *a: find("scan_epoch").reference(step, *a))(*args),
    ),
    "a shuffle by sorting": ("device_batches", sorted_by_noise),
    "a draw without replacement": ("device_batches", drawn_without_replacement),
    "parts in a map": ("accumulate_gradients", scanned_parts),
    "a cast by hand": ("mixed_gradients", cast_by_hand),
    "a choice by argmax": ("pool_by_slices", by_argmax),
    "a bound in NumPy": (
        "bottleneck",
        lambda *a: (lambda name, s: (name, np.float64(s)))(*find("bottleneck").reference(*a)),
    ),
}


@pytest.mark.parametrize("way", RIGHT)
def test_a_right_answer_may_be_written_otherwise(way: str) -> None:
    name, answer = RIGHT[way]
    verdict = the_verdict(name, answer)
    assert verdict.passed, verdict.message


# --- Wrong, and named ---------------------------------------------------------------------------------------------------


def printing(loss_fn: Any, tx: Any) -> Any:
    fast = jax.jit(find("make_step").reference(loss_fn, tx))

    def step(*args: Any) -> Any:
        params, opt_state, loss = fast(*args)
        if loss > 1000:  # an `if` on an array waits for it
            raise ValueError("diverged")
        return params, opt_state, loss

    return step


def with_numpy(key: Any, images: Any, labels: Any, size: int) -> Any:
    rng = np.random.default_rng(int(jax.random.randint(key, (), 0, 10**6)))
    rows = rng.permutation(len(images))[: len(images) // size * size].reshape(-1, size)
    return images[rows], labels[rows]


def with_replacement(key: Any, images: Any, labels: Any, size: int) -> Any:
    rows = jax.random.choice(key, len(images), (len(images) // size, size))
    return images[rows], labels[rows]


def shuffled_twice(key: Any, images: Any, labels: Any, size: int) -> Any:
    one, other = jax.random.split(key)
    cut = len(images) // size * size
    X, y = jax.random.permutation(one, images)[:cut], jax.random.permutation(other, labels)[:cut]
    return X.reshape(-1, size, *X.shape[1:]), y.reshape(-1, size)


def forgot_the_carry(step: Any, params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
    losses = jax.lax.map(lambda batch: step(params, opt_state, *batch)[2], (images, labels))
    return params, opt_state, losses


def from_the_names_outside(step: Any, params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
    def body(carry: Any, batch: Any) -> Any:
        new_params, new_state, loss = step(params, opt_state, *batch)
        return (new_params, new_state), loss

    (last, state), losses = jax.lax.scan(body, (params, opt_state), (images, labels))
    return last, state, losses


def unrolled(step: Any, params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
    return jax.jit(lambda p, s: _looped(step, p, s, images, labels))(params, opt_state)


def _looped(step: Any, params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
    losses = []
    for x, y in zip(images, labels, strict=True):
        params, opt_state, loss = step(params, opt_state, x, y)
        losses.append(loss)
    return params, opt_state, jnp.array(losses)


WRONG: dict[str, tuple[str, Callable[..., Any], str]] = {
    "an if on the loss": ("make_step", printing, "waits"),
    "jit around making it": ("make_step", lambda loss_fn, tx: _eager(loss_fn, tx), "not compiled"),
    "NumPy's generator from the key": ("device_batches", with_numpy, "leaves the device"),
    "choice with replacement": ("device_batches", with_replacement, "doubled"),
    "images and labels shuffled apart": ("device_batches", shuffled_twice, "torn"),
    "a loop under jit": ("scan_epoch", unrolled, "a loop"),
    "a body that uses the names outside": ("scan_epoch", from_the_names_outside, "carry not used"),
    "the parts with a gain alone": ("whole_speedup", lambda times, gains: sum(times.values()) / sum(times[p] / gains[p] for p in gains), "nothing left to divide by"),
    "nnx's pool": ("pool_by_slices", lambda x: _library_pool(x), "window"),
    "maximum of four": ("pool_by_slices", lambda x: jnp.maximum(jnp.maximum(x[:, ::2, ::2], x[:, ::2, 1::2]), jnp.maximum(x[:, 1::2, ::2], x[:, 1::2, 1::2])), "ties shared"),
    "cast before the gradient": ("mixed_gradients", lambda f, p, x, y: jax.value_and_grad(f)(jax.tree.map(lambda a: a.astype(jnp.bfloat16), p), x.astype(jnp.bfloat16), y), "gradients short"),
    "all of it at once": ("accumulate_gradients", lambda f, p, x, y, parts: jax.value_and_grad(f)(p, x, y), "whole batch"),
}  # fmt: skip


def _eager(loss_fn: Any, tx: Any) -> Any:
    def step(params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
        loss, grads = jax.value_and_grad(loss_fn)(params, images, labels)
        updates, opt_state = tx.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, loss

    return step


def _library_pool(x: Any) -> Any:
    from flax import nnx

    return nnx.max_pool(x, (2, 2), strides=(2, 2))


@pytest.mark.parametrize("way", WRONG)
def test_a_mistake_is_named_in_whichever_form_it_comes(way: str) -> None:
    name, answer, mistake = WRONG[way]
    assert the_verdict(name, answer).mistake == mistake


def test_an_epoch_that_hands_back_what_it_was_given_is_not_right() -> None:
    assert not the_verdict("scan_epoch", forgot_the_carry).passed


def test_a_name_that_is_none_is_told_with_those_that_are() -> None:
    message = the_verdict("bottleneck", lambda *a: ("compute", 1.0)).message
    assert "'compute'" in message and "'arithmetic', 'memory', 'dispatch'" in message


def test_a_bound_that_is_told_as_a_number_comes_with_the_names() -> None:
    told = the_verdict("bottleneck", lambda *a: ("memory", 1.0)).message
    assert "0 arithmetic, 1 memory, 2 dispatch" in told


@pytest.mark.parametrize(
    "answer",
    [None, 0.5, "memory", ("memory",), (0.5, "memory"), ("memory", "0.5"), ("memory", None), ["memory", [0.5]]],
)
def test_anything_else_than_a_name_and_seconds_is_refused_in_words(answer: Any) -> None:
    verdict = the_verdict("bottleneck", lambda *a: answer)
    assert not verdict.passed and "can't be read" not in verdict.message


@pytest.mark.parametrize("answer", [None, 1.0, (), ({"W": 1},), "step", [1, 2, 3]])
@pytest.mark.parametrize(
    "name", ["make_step", "scan_epoch", "device_batches", "accumulate_gradients", "mixed_gradients"]
)
def test_nonsense_is_refused_and_never_raises(name: str, answer: Any) -> None:
    made = (lambda *a: lambda *b: answer) if name == "make_step" else (lambda *a: answer)
    verdict = the_verdict(name, made)
    assert not verdict.passed
    assert "can't be read" not in verdict.message


# --- From another process -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_an_answer_travels_between_processes_and_is_the_same_there(exercise: Any) -> None:
    case = exercise.draw(0)[0]
    raw = attempt(exercise, exercise.reference, case)
    there = decode_outcome(encode_outcome(raw))
    here, want = measured(exercise, case, there), measured(exercise, case, raw)
    assert wrongness(exercise, case, here, want) is None


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_a_process_that_lies_gets_a_wrong_answer_and_no_error(exercise: Any) -> None:
    case = exercise.draw(0)[0]
    want = measured(exercise, case, attempt(exercise, exercise.reference, case))
    lies: tuple[Any, ...] = (
        None,
        3,
        "x",
        (),
        (1, 2),
        ([], []),
        (np.zeros(5), np.zeros(5, np.int32)),
        ([1], ["a"] * 4),
        [[[]]],
    )
    for lie in lies:
        assert wrongness(exercise, case, measured(exercise, case, Outcome(value=lie)), want) is not None
