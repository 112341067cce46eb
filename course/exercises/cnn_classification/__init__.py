"""The exercises of lesson 05: a convolutional network, from one convolution to a classifier of unseen digits."""

from __future__ import annotations

from course.exercises.cnn_classification.diagnoses import WHAT_WENT_WRONG
from course.exercises.cnn_classification.estimates import NETWORK_COSTS
from course.exercises.cnn_classification.layers import CONV2D
from course.exercises.cnn_classification.loss import LOSS_FN
from course.exercises.cnn_classification.modes import EVALUATE
from course.exercises.cnn_classification.network import CNN
from course.exercises.cnn_classification.pool import MAX_POOL
from course.exercises.cnn_classification.reading import CLASSIFY
from course.exercises.cnn_classification.scores import CONFUSION_MATRIX, PRECISION_RECALL_F1
from course.exercises.cnn_classification.sizes import OUTPUT_SIZE
from course.exercises.cnn_classification.training import TRAIN_STEP

# In the order of the lesson.
EXERCISES = (
    OUTPUT_SIZE,
    CONV2D,
    MAX_POOL,
    CNN,
    NETWORK_COSTS,
    LOSS_FN,
    TRAIN_STEP,
    EVALUATE,
    CONFUSION_MATRIX,
    PRECISION_RECALL_F1,
    WHAT_WENT_WRONG,
    CLASSIFY,
)
