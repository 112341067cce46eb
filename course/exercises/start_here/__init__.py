"""The exercises of lesson 00, start here: a warm-up, and an honest stopwatch."""

from __future__ import annotations

from course.exercises.start_here.standardize import STANDARDIZE
from course.exercises.start_here.timed import TIMED

EXERCISES = (STANDARDIZE, TIMED)
