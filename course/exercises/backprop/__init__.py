"""The exercises of lesson 03: slopes by asking, by the chain rule, and by an engine."""

from __future__ import annotations

from course.exercises.backprop.answers import GRADIENT_COST, WRONG_SLOPE
from course.exercises.backprop.engine import MATMUL, MULTIPLY
from course.exercises.backprop.layers import LINEAR_BACKWARD, RELU_BACKWARD
from course.exercises.backprop.loss import CROSS_ENTROPY
from course.exercises.backprop.loss_backward import SOFTMAX_CROSS_ENTROPY_BACKWARD
from course.exercises.backprop.mending import MENDED_GRADIENTS
from course.exercises.backprop.network import TWO_LAYER_GRADIENTS
from course.exercises.backprop.slopes import NUMERICAL_GRADIENT
from course.exercises.backprop.stretched import UNBROADCAST
from course.exercises.backprop.walk_back import BACKWARD

# In the order of the lesson.
EXERCISES = (
    NUMERICAL_GRADIENT,
    WRONG_SLOPE,
    MULTIPLY,
    BACKWARD,
    LINEAR_BACKWARD,
    RELU_BACKWARD,
    CROSS_ENTROPY,
    SOFTMAX_CROSS_ENTROPY_BACKWARD,
    MENDED_GRADIENTS,
    TWO_LAYER_GRADIENTS,
    GRADIENT_COST,
    MATMUL,
    UNBROADCAST,
)
