"""Promises of lesson 03's catalogue: mistakes are named as learners write them, and the sentences fit what they did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from course.checks import find, judge
from course.checks.verdict import Verdict
from course.exercises.backprop.network import two_layer_gradients


def the_verdict(name: str, answer: Callable[..., Any], seed: int = 0) -> Verdict:
    return judge(find(name), answer, seed)


# --- The loss, forward and back -----------------------------------------------------------------------------------------


def test_libraries_agree_with_the_loss_and_its_slope() -> None:
    def loss(logits: Any, labels: Any) -> Any:
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    assert the_verdict("cross_entropy", loss).passed
    assert the_verdict("softmax_cross_entropy_backward", jax.grad(loss)).passed


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (lambda z, y: -jnp.log(jax.nn.softmax(z))[jnp.arange(len(y)), y].mean(), "rounds to 0"),
        (
            lambda z, y: -jnp.log(jnp.exp(z) / jnp.exp(z).sum(1, keepdims=True))[jnp.arange(len(y)), y].mean(),
            "overflow",
        ),
        (lambda z, y: jnp.mean(jnp.log(jnp.sum(jnp.exp(z), 1)) - z[jnp.arange(len(y)), y]), "overflow in the sum"),
        (lambda z, y: -(jax.nn.log_softmax(z) * jax.nn.one_hot(y, z.shape[1])).mean(), "divided by the classes too"),
        (lambda z, y: -(jax.nn.log_softmax(z) * jax.nn.one_hot(y, z.shape[1])).sum(), "sum"),
        (lambda z, y: -(jax.nn.log_softmax(z) * jax.nn.one_hot(y, z.shape[1])).sum(axis=1), "one for each example"),
        (lambda z, y: -jnp.log(jax.nn.softmax(z) + 1e-8)[jnp.arange(len(y)), y].mean(), "1e-8 added"),
        (
            lambda z, y: (jnp.log(jnp.exp(z - z.max()).sum(1)) - (z - z.max())[jnp.arange(len(y)), y]).mean(),
            "the maximum of the batch, in a difference",
        ),
    ],
)
def test_a_wrong_loss_is_named(answer: Callable[..., Any], mistake: str) -> None:
    assert the_verdict("cross_entropy", answer).mistake == mistake


def in_place(z: Any, y: Any) -> Any:
    p = np.exp(z - np.max(z, axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return p


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (in_place, "not divided by the batch"),
        (lambda z, y: in_place(z, y) / z.size, "divided by both"),
        (lambda z, y: -in_place(z, y) / len(y), "sign"),
        (lambda z, y: jax.nn.softmax(z) / len(y), "the softmax alone"),
        (lambda z, y: jax.nn.softmax(z) * (1 - jax.nn.softmax(z)) / len(y), "slope of each probability"),
        (
            lambda z, y: jax.grad(lambda z: jax.nn.softmax(z)[jnp.arange(len(y)), y].mean())(z),
            "gradient of the softmax alone",
        ),
    ],
)
def test_a_wrong_slope_of_the_loss_is_named(answer: Callable[..., Any], mistake: str) -> None:
    assert the_verdict("softmax_cross_entropy_backward", answer).mistake == mistake


# --- numerical_gradient -------------------------------------------------------------------------------------------------


def by_loop(quotient: Callable[..., Any], back: bool = True) -> Callable[..., Any]:
    """As one writes it with NumPy: the array is changed in place, and perhaps put back."""

    def numerical_gradient(f: Any, w: Any, h: float) -> Any:
        moved, slopes = np.array(w), np.zeros(w.shape, np.float32)
        for place in np.ndindex(w.shape):
            old = moved[place]
            slopes[place] = quotient(f, moved, place, old, h)
            if back:
                moved[place] = old
        return slopes

    return numerical_gradient


def central(f: Any, moved: Any, place: Any, old: Any, h: float) -> Any:
    moved[place] = old + h
    above = f(moved)
    moved[place] = old - h
    return (above - f(moved)) / (2 * h)


def forward(f: Any, moved: Any, place: Any, old: Any, h: float) -> Any:
    before = f(moved)
    moved[place] = old + h
    return (f(moved) - before) / h


def thrown_away(f: Any, w: Any, h: float) -> Any:
    """The array that `at` makes is not used: f is asked at w itself, always."""
    slopes = np.zeros(w.shape, np.float32)
    for place in np.ndindex(w.shape):
        w.at[place].add(h)
        above = f(w)
        w.at[place].add(-2 * h)
        slopes[place] = (above - f(w)) / (2 * h)
    return slopes


def set_to_the_step(f: Any, w: Any, h: float) -> Any:
    places = list(np.ndindex(w.shape))
    return jnp.array([(f(w.at[p].set(h)) - f(w.at[p].set(-h))) / (2 * h) for p in places]).reshape(w.shape)


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (thrown_away, "nothing moved"),
        (set_to_the_step, "set to the step"),
        (by_loop(forward), "one-sided"),
        (by_loop(central, back=False), "not put back"),
        (by_loop(lambda f, moved, place, old, h: central(f, moved, place, old, 1e-5)), "step too small"),
        (by_loop(lambda f, moved, place, old, h: central(f, moved, place, old, 1e-10)), "nothing moved"),
        (lambda f, w, h: jax.grad(f)(w), "jax.grad"),
        (
            lambda f, w, h: jnp.array([(f(w.at[i].add(h)) - f(w.at[i].add(-h))) / (2 * h) for i in range(len(w))]),
            "one slope a row",
        ),
    ],
)
def test_a_wrong_difference_is_named(answer: Callable[..., Any], mistake: str) -> None:
    assert the_verdict("numerical_gradient", by_loop(central)).passed
    assert the_verdict("numerical_gradient", answer).mistake == mistake


# --- The layers and the network -----------------------------------------------------------------------------------------


def test_jax_agrees_with_the_layers_way_back() -> None:
    def linear_backward(dZ: Any, X: Any, W: Any) -> Any:
        return jax.vjp(lambda X, W, b: X @ W.T + b, X, W, jnp.zeros(len(W)))[1](dZ)

    assert the_verdict("linear_backward", linear_backward).passed
    assert the_verdict("relu_backward", lambda dH, Z: jax.vjp(jax.nn.relu, Z)[1](dH)[0]).passed


def test_the_parts_of_a_wrong_layer_are_told_apart() -> None:
    message = the_verdict("linear_backward", lambda dZ, X, W: (dZ @ W, dZ.T @ X + 1, dZ.sum(axis=0))).message
    assert "dW: 12 of 12 values differ" in message


def by_jax(params: Any, X: Any, labels: Any) -> Any:
    def loss(params: Any) -> Any:
        hidden = jax.nn.relu(X @ params["W1"].T + params["b1"])
        logits = hidden @ params["W2"].T + params["b2"]
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    return jax.grad(loss)(params)


def test_jax_agrees_with_the_networks_way_back() -> None:
    assert the_verdict("two_layer_gradients", by_jax).passed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda grads: list(grads.values()), "the gradients should be a dict with the entries"),
        (lambda grads: {name: grads[name] for name in ("W1", "W2", "b2")}, 'have no entry "b1"'),
        (lambda grads: {**grads, "loss": 0.0}, 'have an entry "loss" that is not asked for'),
        (lambda grads: {**grads, "b2": grads["b2"].sum()}, 'the entry "b2" has the shape ()'),
        (lambda grads: {**grads, "b2": None}, 'the entry "b2" can\'t be read'),
        (lambda grads: {**grads, "W1": grads["W1"].astype(jnp.float16)}, "holds float16 numbers"),
        (lambda grads: None, "it returned None"),
    ],
)
def test_gradients_in_another_form_are_told_what_is_wrong_with_it(change: Callable[..., Any], said: str) -> None:
    verdict = the_verdict("two_layer_gradients", lambda *args: change(two_layer_gradients(*args)))
    assert not verdict.passed
    assert said in verdict.message


@pytest.mark.parametrize(
    ("mask_b1", "forward", "mistake"),
    [(True, True, "first weights before ReLU"), (False, False, "no ReLU at all")],
)
def test_a_missing_relu_is_named_by_where_it_is_missing(mask_b1: bool, forward: bool, mistake: str) -> None:
    def answer(params: Any, X: Any, labels: Any) -> Any:
        Z = X @ params["W1"].T + params["b1"]
        H = jnp.maximum(Z, 0) if forward else Z
        logits = H @ params["W2"].T + params["b2"]
        dlogits = (jax.nn.softmax(logits) - jax.nn.one_hot(labels, logits.shape[1])) / len(X)
        dH = dlogits @ params["W2"]
        b1 = (dH * (Z > 0) if mask_b1 else dH).sum(axis=0)
        return {"W1": dH.T @ X, "b1": b1, "W2": dlogits.T @ H, "b2": dlogits.sum(axis=0)}

    assert the_verdict("two_layer_gradients", answer).mistake == mistake


def test_a_dict_in_another_order_is_right() -> None:
    def answer(*args: Any) -> Any:
        return dict(reversed(two_layer_gradients(*args).items()))

    assert the_verdict("two_layer_gradients", answer).passed
