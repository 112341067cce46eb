"""The exercises of lesson 04: a convolutional network, from one convolution to a classifier of unseen digits."""

from __future__ import annotations

from course.checks.lesson_04.layers import CONV2D, OUTPUT_SIZE
from course.checks.lesson_04.loss import LOSS_FN
from course.checks.lesson_04.network import CNN
from course.checks.lesson_04.pool import MAX_POOL
from course.checks.lesson_04.reading import CLASSIFY
from course.checks.lesson_04.scores import CONFUSION_MATRIX, PRECISION_RECALL_F1
from course.checks.lesson_04.training import TRAIN_STEP

# In the order of the lesson.
EXERCISES = (
    CONV2D,
    OUTPUT_SIZE,
    MAX_POOL,
    CNN,
    LOSS_FN,
    TRAIN_STEP,
    PRECISION_RECALL_F1,
    CONFUSION_MATRIX,
    CLASSIFY,
)
