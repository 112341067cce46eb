"""The exercises of lesson 06: how fast an operation could be, before it is written."""

from __future__ import annotations

from course.exercises.roofline.estimates import ARITHMETIC_INTENSITY, LONGEST_TIME, PREDICTED_TIME
from course.exercises.roofline.judgments import ESTIMATED, WHICH_BOUND
from course.exercises.roofline.roofs import LEAST_BATCH, SHARE_OF_ROOF

# In the order of the lesson.
EXERCISES = (
    LONGEST_TIME,
    PREDICTED_TIME,
    ARITHMETIC_INTENSITY,
    SHARE_OF_ROOF,
    WHICH_BOUND,
    ESTIMATED,
    LEAST_BATCH,
)
