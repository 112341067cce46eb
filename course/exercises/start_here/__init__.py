"""The exercises of lesson 00, start here: a warm-up, and an honest stopwatch."""

from __future__ import annotations

from course.checks.lesson_00.standardize import STANDARDIZE
from course.checks.lesson_00.timed import TIMED

EXERCISES = (STANDARDIZE, TIMED)
