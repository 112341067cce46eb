"""Right answers in NumPy, which compiles nothing: a learner need not wait for a reference as well as for their own code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Arrays = list[np.ndarray]


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """The logarithms of each row's softmax, in double precision: `(batch, classes)` to the same."""
    shifted = logits.astype(np.float64)
    shifted = shifted - shifted.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Each row's softmax, in double precision: `(batch, classes)` to the same."""
    return np.asarray(np.exp(log_softmax(logits)))


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The mean cross-entropy of logits `(batch, classes)` and labels `(batch,)`: a number, float32."""
    return -log_softmax(logits)[np.arange(len(labels)), labels].mean().astype(np.float32)


def cross_entropy_slopes(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The gradient of the mean cross-entropy for the logits, `(batch, classes)`, float32."""
    one_hot = np.arange(logits.shape[1]) == labels[:, None]
    return ((softmax(logits) - one_hot) / len(labels)).astype(np.float32)


def dense_slopes(W: np.ndarray, b: np.ndarray, images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, Arrays]:
    """The mean cross-entropy of a dense layer on images `(batch, …)`, and its gradients for W and b."""
    X = images.reshape(len(images), -1)
    logits = X @ W + b
    slopes = cross_entropy_slopes(logits, labels)
    return cross_entropy(logits, labels), [X.T @ slopes, slopes.sum(axis=0)]


def dense_descent(
    W: np.ndarray, b: np.ndarray, images: np.ndarray, labels: np.ndarray, rate: float, momentum: float
) -> tuple[Arrays, Arrays, Sequence[Any]]:
    """W and b after a step of gradient descent with momentum for each batch `(steps, batch, …)`, its memory, and the losses before each."""
    params, velocity, losses = [W, b], [np.zeros_like(W), np.zeros_like(b)], []
    for x, y in zip(images, labels, strict=True):
        loss, slopes = dense_slopes(params[0], params[1], x, y)
        velocity = [np.float32(momentum) * v + g for v, g in zip(velocity, slopes, strict=True)]
        params = [p - np.float32(rate) * v for p, v in zip(params, velocity, strict=True)]
        losses.append(loss)
    return params, velocity, losses
