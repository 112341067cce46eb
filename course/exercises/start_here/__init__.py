"""The exercises of lesson 00, start here: first lines, a repair, honest times, estimates, and a stretch."""

from __future__ import annotations

from course.exercises.start_here.comparison import NEAREST
from course.exercises.start_here.diagnoses import BEFORE_RUNNING, FIRST_AID, STOPWATCH
from course.exercises.start_here.framing import FRAMED
from course.exercises.start_here.rate import FLOP_RATE
from course.exercises.start_here.standardize import STANDARDIZE
from course.exercises.start_here.timed import TIMED

EXERCISES = (FLOP_RATE, STANDARDIZE, FRAMED, STOPWATCH, TIMED, BEFORE_RUNNING, FIRST_AID, NEAREST)
