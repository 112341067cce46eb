"""All exercises, found by name: one catalogue of exercises a lesson."""

from __future__ import annotations

import difflib
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from course.checks.exercise import Exercise
from course.curriculum import LESSONS, lesson_of, topic_of

# Where the catalogues are: one package a topic, which is imported when one of its exercises is asked for.
_CATALOGUES = "course.exercises"


class UnknownExercise(LookupError):
    """No exercise has this name; the message says which names there are, and the nearest."""


def exercises(lesson: str | None = None) -> dict[str, Exercise]:
    """The exercises of one lesson, or of all, by name.

    Args:
        lesson: its topic ("the_neuron") or its name ("02_the_neuron").

    Raises:
        KeyError: there is no such lesson.
    """
    names = LESSONS if lesson is None else (lesson_of(lesson),)
    return {exercise.name: exercise for name in names for exercise in _catalogue(topic_of(name))}


@cache
def _catalogue(topic: str) -> tuple[Exercise, ...]:
    name = f"{_CATALOGUES}.{topic}"
    # A lesson that is being written has no catalogue yet.
    return tuple(import_module(name).EXERCISES) if find_spec(name) else ()


def find(name: str) -> Exercise:
    """The exercise of this name.

    Raises:
        UnknownExercise: there is none; names the nearest, and all.
    """
    # Lesson by lesson: a check must not wait for the imports of later lessons.
    for lesson in LESSONS:
        if name in exercises(lesson):
            return exercises(lesson)[name]
    known = exercises()
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    guess = f" Did you mean {near[0]}?" if near else ""
    raise UnknownExercise(
        f"No exercise is called {name!r}.{guess} A check finds the exercise by the function's name. The names are: {', '.join(known)}."
    )
