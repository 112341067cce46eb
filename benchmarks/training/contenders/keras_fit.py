"""Keras, by its own `fit`, on the backend that the variable KERAS_BACKEND names."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from benchmarks.training.task import BETA1, BETA2, EPSILON, HIDDEN, LEARNING_RATE, Weights


def cnn() -> list[keras.Layer]:
    found: list[keras.Layer] = []
    for outputs in (32, 64):
        found += [layers.Conv2D(outputs, 3, padding="same", activation="relu"), layers.MaxPooling2D()]
    return [*found, layers.Flatten(), layers.Dense(10)]


def mlp() -> list[keras.Layer]:
    return [layers.Flatten(), layers.Dense(HIDDEN, activation="relu"), layers.Dense(10)]


class Contender:
    """See `task.Contender`."""

    def __init__(self, network: str, weights: Weights, half: bool = False) -> None:
        keras.config.set_dtype_policy("mixed_bfloat16" if half else "float32")
        self.model = keras.Sequential([keras.Input((28, 28, 1)), *(cnn() if network == "cnn" else mlp())])
        self.model.set_weights(list(weights.values()))
        adam = keras.optimizers.Adam(LEARNING_RATE, BETA1, BETA2, EPSILON)
        self.model.compile(adam, keras.losses.SparseCategoricalCrossentropy(from_logits=True))

    def load(self, images: NDArray[np.float32], labels: NDArray[np.int32]) -> None:
        self.images, self.labels = images, labels

    def train(self, order: NDArray[np.int32]) -> NDArray[np.float32]:
        rows, batch = order.ravel(), order.shape[1]
        told = self.model.fit(self.images[rows], self.labels[rows], batch, shuffle=False, verbose=0)
        return np.asarray(told.history["loss"], np.float32)

    def logits(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(self.model.predict_on_batch(images), np.float32)
