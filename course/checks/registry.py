"""All exercises, found by name: one catalogue of exercises a lesson."""

from __future__ import annotations

import difflib
from functools import cache
from importlib import import_module

from course.checks.exercise import Exercise

# The lesson's name and the room that holds its catalogue.
LESSONS = {
    "00_start_here": "course.checks.lesson_00",
    "01_gpu_parallelism": "course.checks.lesson_01",
    "02_the_neuron": "course.checks.lesson_02",
    "03_backprop_and_gradient_descent": "course.checks.lesson_03",
    "04_cnn_classification": "course.checks.lesson_04",
    "05_write_a_kernel": "course.checks.lesson_05",
    "06_make_it_fast": "course.checks.lesson_06",
}


class UnknownExercise(LookupError):
    """No exercise has this name; the message says which names there are, and the nearest."""


@cache
def exercises(lesson: str | None = None) -> dict[str, Exercise]:
    """The exercises of one lesson, or of all, by name.

    Raises:
        KeyError: there is no such lesson.
    """
    if lesson is not None and lesson not in LESSONS:
        raise KeyError(f"there is no lesson {lesson!r}; there are {', '.join(LESSONS)}")
    rooms = LESSONS.values() if lesson is None else [LESSONS[lesson]]
    return {exercise.name: exercise for room in rooms for exercise in import_module(room).EXERCISES}


def find(name: str) -> Exercise:
    """The exercise of this name.

    Raises:
        UnknownExercise: there is none; names the nearest, and all.
    """
    # Lesson by lesson: a check of lesson 02 must not wait for the imports of lesson 04.
    for lesson in LESSONS:
        if name in exercises(lesson):
            return exercises(lesson)[name]
    known = exercises()
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    guess = f" Did you mean {near[0]}?" if near else ""
    raise UnknownExercise(
        f"No exercise is called {name!r}.{guess} A check finds the exercise by the function's name. The names are: {', '.join(known)}."
    )
