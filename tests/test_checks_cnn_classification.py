"""Promises of lesson 05's catalogue: mistakes are named as learners write them, and the sentences fit what they did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from course.checks import find, judge
from course.checks.verdict import Verdict
from course.exercises.cnn_classification.reading import classify


def the_verdict(name: str, answer: Callable[..., Any]) -> Verdict:
    return judge(find(name), answer)


# --- conv2d, max_pool -------------------------------------------------------------------------------------------------


def loops(
    collect: Callable[[list[list[Any]]], Any],
    frame: Callable[[int], Any] = lambda p: ((p, p), (p, p), (0, 0)),
    sizes: tuple[int, int] = (0, 1),
    less: int = 0,
    sum_over: Any = (0, 1, 2),
    moved_by: Callable[[int], int] = lambda stride: stride,
) -> Any:
    """A convolution with two loops, which may take another frame or the wrong sides of the kernel, and end too early."""

    def conv2d(image: Any, kernels: Any, padding: int, stride: int) -> Any:
        x, kh, kw = jnp.pad(image, frame(padding)), kernels.shape[sizes[0]], kernels.shape[sizes[1]]
        rows, columns = ((n - k) // stride + 1 - less for n, k in zip(x.shape, (kh, kw), strict=False))
        step = moved_by(stride)
        return collect(
            [
                [
                    (x[r * step : r * step + kh, c * step : c * step + kw, :, None] * kernels).sum(axis=sum_over)
                    for c in range(columns)
                ]
                for r in range(rows)
            ]
        )

    return conv2d


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (loops(jnp.array, less=1), "one place too few"),
        (loops(jnp.array, sizes=(0, 0)), "as wide as high"),
        (loops(jnp.array, sizes=(1, 1)), "as high as wide"),
        (loops(jnp.array, sizes=(1, 0)), "height and width swapped"),
        (loops(jnp.array, lambda p: p), "padded channels"),
        (loops(jnp.array, lambda p: ((0, 0), (0, 0), (0, 0))), "padding ignored"),
        (loops(jnp.array, sum_over=(0, 1)), "channels not added up"),
        (loops(jnp.array, sum_over=None), "kernels added up"),
        (loops(jnp.array, moved_by=lambda stride: 1), "stride in the count only"),
    ],
)
def test_a_convolution_by_loops_is_named(answer: Callable[..., Any], mistake: str) -> None:
    assert the_verdict("conv2d", loops(jnp.array)).passed
    assert the_verdict("conv2d", answer).mistake == mistake


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (lambda x, kh, kw: x[:kh, :kh, :, None], "you use the kernel's height as its width"),
        (lambda x, kh, kw: x[:kw, :kh, :, None], "height and width are swapped"),
        (lambda x, kh, kw: x[:kh, :kw], "Give the window one more axis"),
    ],
)
def test_a_window_that_does_not_fit_is_explained_in_numpy_too(window: Callable[..., Any], said: str) -> None:
    def conv2d(image: Any, kernels: Any, padding: int, stride: int) -> Any:
        return window(np.asarray(image), *kernels.shape[:2]) * np.asarray(kernels)

    assert said in the_verdict("conv2d", conv2d).message


def test_the_inputs_of_a_convolution_are_shown_by_name_on_a_small_image() -> None:
    given = dict(the_verdict("conv2d", loops(jnp.array, less=1)).facts)["input (one channel and one kernel)"]
    assert given.startswith("image = float32 (4, 5, 1)")
    assert "kernels = float32 (3, 2, 1, 1)" in given and "stride = 1" in given


def corners(x: Any) -> list[Any]:
    return [x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]


@pytest.mark.parametrize(
    "pool",
    [
        lambda x: jnp.maximum(jnp.maximum(*corners(x)[:2]), jnp.maximum(*corners(x)[2:])),
        lambda x: np.maximum.reduce([np.asarray(c) for c in corners(x)]),
        lambda x: jnp.stack(corners(x)).max(axis=0),
        lambda x: x.reshape(x.shape[0], x.shape[1] // 2, 2, x.shape[2] // 2, 2, x.shape[3]).max(axis=(2, 4)),
    ],
    ids=["slices", "NumPy", "stack", "reshape"],
)
def test_whatever_stops_at_an_odd_size_gets_the_same_sentence(pool: Callable[..., Any]) -> None:
    assert the_verdict("max_pool", pool).mistake == "fails on odd sizes"


def test_an_error_at_an_odd_size_keeps_its_own_sentence_where_even_sizes_are_wrong_too() -> None:
    verdict = the_verdict("max_pool", lambda x: x.reshape(x.shape[0], x.shape[1] // 2, 2, -1).sum(axis=2))
    assert verdict.mistake is None


# --- CNN --------------------------------------------------------------------------------------------------------------


def pool(x: Any, strides: Any = (2, 2)) -> Any:
    return nnx.max_pool(x, (2, 2), strides=strides)


def cnn(
    first: tuple[int, int] = (1, 32),
    second: int = 32,
    dense: int = 7 * 7 * 64,
    pool: Callable[[Any], Any] = pool,
    flat: Callable[[Any], Any] = lambda x: x.reshape(x.shape[0], -1),
) -> Any:
    class CNN(nnx.Module):
        def __init__(self, *, rngs: Any) -> None:
            self.one = nnx.Conv(*first, kernel_size=(3, 3), rngs=rngs)
            self.two = nnx.Conv(second, 64, kernel_size=(3, 3), rngs=rngs)
            self.dense = nnx.Linear(dense, 10, rngs=rngs)

        def __call__(self, x: Any) -> Any:
            return self.dense(flat(pool(nnx.relu(self.two(pool(nnx.relu(self.one(x))))))))

    return CNN


@pytest.mark.parametrize(
    ("network", "mistake"),
    [
        (cnn(second=1), "channels of the second convolution"),
        (cnn(second=3), "channels of the second convolution"),
        (cnn(first=(28, 32)), "channels of the image"),
        (cnn(dense=14 * 14 * 64), "inputs of the dense layer"),
        (cnn(pool=lambda x: pool(x, None)), "pools without strides"),
        (cnn(flat=lambda x: x), "maps not in a row"),
        (cnn(flat=lambda x: x.reshape(1, -1)), "all images in one row"),
        (cnn(flat=jnp.ravel), "no axis for the batch"),
    ],
)
def test_a_layer_that_refuses_its_input_is_explained(network: Any, mistake: str) -> None:
    verdict = the_verdict("CNN", network)
    assert verdict.mistake == mistake, verdict.message


def test_a_layer_that_refuses_its_input_is_shown_with_the_learners_line() -> None:
    assert "return self.dense(flat(" in the_verdict("CNN", cnn(second=1)).message


def test_a_network_without_parameters_is_told_where_layers_are_made() -> None:
    class CNN(nnx.Module):
        def __init__(self, *, rngs: Any) -> None:
            pass

        def __call__(self, x: Any) -> Any:
            return nnx.Linear(28 * 28, 10, rngs=nnx.Rngs(0))(x.reshape(x.shape[0], -1))

    assert the_verdict("CNN", CNN).mistake == "layers made in the call"


def test_only_the_shape_that_differs_is_named() -> None:
    message = the_verdict("CNN", cnn(dense=64, pool=lambda x: x[:, ::5, ::5][:, :1, :1])).message
    assert "a parameter of the network has the shape (64, 10); expected (3136, 10)." in message
    assert "(3, 3, 1, 32)" not in message


# --- loss_fn, train_step ----------------------------------------------------------------------------------------------

optax_loss = optax.softmax_cross_entropy_with_integer_labels


@pytest.mark.parametrize(
    ("loss", "mistake"),
    [
        (lambda m, x, y: optax_loss(y, m(x)).mean(), "whole numbers for logits"),
        (lambda m, x, y: optax_loss(m(x).argmax(1), y).mean(), "whole numbers for logits"),
        (lambda m, x, y: -jax.nn.log_softmax(m(x))[:, y].mean(), "every label for every image"),
        (lambda m, x, y: -m(x)[jnp.arange(len(y)), y].mean(), "no softmax"),
    ],
)
def test_a_wrong_loss_is_named(loss: Callable[..., Any], mistake: str) -> None:
    assert the_verdict("loss_fn", loss).mistake == mistake


def test_a_loss_with_something_beside_it_is_asked_for_one_number() -> None:
    message = the_verdict("loss_fn", lambda m, x, y: (optax_loss(m(x), y).mean(), m(x))).message
    assert "it returned a Python tuple; expected one number." in message


Answer = Callable[[Any, Any, Any, Any], Any]


def both(model: Any, loss: Any, logits: Any, labels: Any) -> Any:
    return loss, (logits.argmax(axis=1) == labels).mean()


def step(
    update: Callable[..., Any], answer: Answer = both, ready: Callable[[Any], Any] = lambda model: model.train()
) -> Any:
    def train_step(model: Any, optimizer: Any, images: Any, labels: Any) -> Any:
        def loss_of(model: Any) -> Any:
            logits = model(images)
            return optax_loss(logits, labels).mean(), logits

        ready(model)
        (loss, logits), grads = nnx.value_and_grad(loss_of, has_aux=True)(model)
        update(optimizer, model, loss, grads)
        return answer(model, loss, logits, labels)

    return train_step


def right_update(optimizer: Any, model: Any, loss: Any, grads: Any) -> None:
    optimizer.update(model, grads)


def own_update(transform: Any) -> Any:
    return lambda o, m, _, grads: nnx.Optimizer(m, transform, wrt=nnx.Param).update(m, grads)


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (step(right_update, ready=lambda model: None), "evaluation mode"),
        (step(right_update, ready=lambda model: model.eval()), "evaluation mode"),
        (step(lambda o, m, loss, grads: o.update(grads)), "update without the model"),
        (step(lambda o, m, loss, grads: o.update(m, loss)), "loss for the gradients"),
        (step(lambda o, m, loss, grads: None), "never updates"),
        (step(own_update(optax.adam(1e-3))), "optimizer not used"),
        (step(own_update(optax.sgd(0.05))), "optimizer not used"),
        (step(right_update, lambda model, loss, logits, labels: model), "returns the model"),
        (step(right_update, lambda model, loss, logits, labels: loss), "returns the loss alone"),
        (step(right_update, lambda model, loss, logits, labels: (loss, logits)), "returns the logits"),
    ],
)
def test_a_wrong_step_is_named(answer: Callable[..., Any], mistake: str) -> None:
    verdict = the_verdict("train_step", answer)
    assert verdict.mistake == mistake, verdict.message


@pytest.mark.parametrize("compiled", [lambda f: f, nnx.jit])
def test_a_right_step_passes_compiled_or_not(compiled: Any) -> None:
    assert the_verdict("train_step", compiled(step(right_update))).passed


def test_what_is_no_number_is_called_by_its_class_and_not_listed() -> None:
    answer = step(right_update, lambda model, loss, logits, labels: (loss, nnx.state(model)))
    message = the_verdict("train_step", answer).message
    assert "for the accuracy it returned an object of the class State; expected a number." in message
    assert "kernel" not in message


def test_losses_and_weights_are_told_apart() -> None:
    answer = step(right_update, lambda model, loss, logits, labels: (1.1 * loss, both(model, loss, logits, labels)[1]))
    message = the_verdict("train_step", answer).message
    assert "3 batches of 3 images (3, 2, 1)" in message and "in evaluation mode" in message
    assert message.count("the losses of three steps: float32 (3,)") == 2 and "the weights" not in message


# --- evaluate ---------------------------------------------------------------------------------------------------------


def test_an_evaluation_all_at_once_in_training_mode_is_told_the_mode() -> None:
    verdict = the_verdict("evaluate", lambda model, images, labels: (model(images).argmax(axis=1) == labels).mean())
    assert not verdict.passed and "the running averages afterwards" in verdict.message


# --- the scores, classify ---------------------------------------------------------------------------------------------


def test_the_inputs_of_the_scores_are_shown_by_name() -> None:
    message = the_verdict("precision_recall_f1", lambda labels, predictions, cls: (0.5, 0.5, 0.5)).message
    assert "\nlabels = int32 (8,): " in message
    assert "\npredictions = int32 (8,): " in message
    assert "\ncls = 1" in message
    assert "the recall: 0." in message.replace("float32: ", "")


@pytest.mark.parametrize("combine", [lambda a, b, c: a == c & b == c, lambda a, b, c: (a == c) and (b == c)])
def test_two_comparisons_joined_in_the_wrong_way_are_named(combine: Callable[..., Any]) -> None:
    verdict = the_verdict(
        "precision_recall_f1", lambda labels, predictions, cls: combine(labels, predictions, cls).sum()
    )
    assert verdict.mistake == "and"


@pytest.mark.parametrize(
    "answer", [lambda images: jnp.full(len(images), 9), lambda images: jnp.arange(len(images)) % 10]
)
def test_who_guesses_is_not_told_that_the_labels_are_one_too_high(answer: Callable[..., Any]) -> None:
    exercise = find("classify")
    for seed in range(12):
        assert "one too high" not in judge(exercise, answer, seed).message


def test_labels_that_are_one_too_high_are_suspected_though_some_are_wrong_besides() -> None:
    def nearly(images: Any) -> Any:
        labels = classify(images)
        return jnp.array(np.where(np.arange(len(labels)) % 30 == 29, 0, labels + 1))

    assert "do your classes count from 0?" in the_verdict("classify", nearly).message


def test_a_hint_after_a_colon_begins_with_a_small_letter() -> None:
    message = the_verdict("classify", lambda images: jnp.ones((len(images), 10)) * jnp.arange(10)).message
    assert "On a batch of one: for each image you return ten scores." in message
