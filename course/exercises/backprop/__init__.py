"""The exercises of lesson 03: slopes by asking and by the chain rule."""

from __future__ import annotations

from course.exercises.backprop.layers import LINEAR_BACKWARD, RELU_BACKWARD
from course.exercises.backprop.loss import CROSS_ENTROPY
from course.exercises.backprop.loss_backward import SOFTMAX_CROSS_ENTROPY_BACKWARD
from course.exercises.backprop.network import TWO_LAYER_GRADIENTS
from course.exercises.backprop.slopes import NUMERICAL_GRADIENT

# In the order of the lesson.
EXERCISES = (
    CROSS_ENTROPY,
    NUMERICAL_GRADIENT,
    LINEAR_BACKWARD,
    RELU_BACKWARD,
    SOFTMAX_CROSS_ENTROPY_BACKWARD,
    TWO_LAYER_GRADIENTS,
)
