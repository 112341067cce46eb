"""The exercises of lesson 04: the steps that follow the slopes down, the loop around them, and what its curves say."""

from __future__ import annotations

from course.exercises.gradient_descent.adam import ADAM_STEP
from course.exercises.gradient_descent.curvature import LARGEST_CURVATURE
from course.exercises.gradient_descent.descent import MOMENTUM_STEP, SGD_STEP
from course.exercises.gradient_descent.judging import DIAGNOSE_CURVES, ESTIMATE_TRAINING
from course.exercises.gradient_descent.repair import ONE_EPOCH
from course.exercises.gradient_descent.stopping import EARLY_STOP
from course.exercises.gradient_descent.training import TRAIN

# In the order of the lesson.
EXERCISES = (
    SGD_STEP,
    ONE_EPOCH,
    ESTIMATE_TRAINING,
    MOMENTUM_STEP,
    ADAM_STEP,
    EARLY_STOP,
    DIAGNOSE_CURVES,
    TRAIN,
    LARGEST_CURVATURE,
)
