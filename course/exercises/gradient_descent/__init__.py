"""The exercises of lesson 04: the steps that follow the slopes down, and the loop around them."""

from __future__ import annotations

from course.exercises.gradient_descent.adam import ADAM_STEP
from course.exercises.gradient_descent.descent import MOMENTUM_STEP, SGD_STEP
from course.exercises.gradient_descent.training import TRAIN

# In the order of the lesson.
EXERCISES = (
    SGD_STEP,
    MOMENTUM_STEP,
    ADAM_STEP,
    TRAIN,
)
