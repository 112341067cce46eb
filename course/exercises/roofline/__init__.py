"""The exercises of lesson 06: how fast an operation could be, before it is written."""

from __future__ import annotations

from course.exercises.roofline.estimates import ARITHMETIC_INTENSITY, PREDICTED_TIME

# In the order of the lesson.
EXERCISES = (ARITHMETIC_INTENSITY, PREDICTED_TIME)
