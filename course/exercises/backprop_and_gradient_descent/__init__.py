"""The exercises of lesson 03: slopes by asking and by the chain rule, and the steps that follow them down."""

from __future__ import annotations

from course.checks.lesson_03.adam import ADAM_STEP
from course.checks.lesson_03.descent import MOMENTUM_STEP, SGD_STEP
from course.checks.lesson_03.layers import LINEAR_BACKWARD, RELU_BACKWARD
from course.checks.lesson_03.loss import CROSS_ENTROPY
from course.checks.lesson_03.loss_backward import SOFTMAX_CROSS_ENTROPY_BACKWARD
from course.checks.lesson_03.network import TWO_LAYER_GRADIENTS
from course.checks.lesson_03.slopes import NUMERICAL_GRADIENT
from course.checks.lesson_03.training import TRAIN

# In the order of the lesson.
EXERCISES = (
    CROSS_ENTROPY,
    NUMERICAL_GRADIENT,
    LINEAR_BACKWARD,
    RELU_BACKWARD,
    SOFTMAX_CROSS_ENTROPY_BACKWARD,
    TWO_LAYER_GRADIENTS,
    SGD_STEP,
    MOMENTUM_STEP,
    ADAM_STEP,
    TRAIN,
)
