"""The exercises of lesson 05: a convolutional network, from one convolution to a classifier of unseen digits."""

from __future__ import annotations

from course.exercises.cnn_classification.layers import CONV2D, OUTPUT_SIZE
from course.exercises.cnn_classification.loss import LOSS_FN
from course.exercises.cnn_classification.network import CNN
from course.exercises.cnn_classification.pool import MAX_POOL
from course.exercises.cnn_classification.reading import CLASSIFY
from course.exercises.cnn_classification.scores import CONFUSION_MATRIX, PRECISION_RECALL_F1
from course.exercises.cnn_classification.training import TRAIN_STEP

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
