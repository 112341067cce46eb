"""The exercise engine and the catalogues: ``check(f)`` says whether f is right, and if not, what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from course import backend
from course.checks.exercise import Case, Exercise, Mistake
from course.checks.judge import judge
from course.checks.registry import UnknownExercise, exercises, find
from course.checks.verdict import Verdict, show
from course.checks.wording import NOT_WRITTEN
from course.terminal import say

__all__ = [
    "Case",
    "CheckFailed",
    "Exercise",
    "Mistake",
    "UnknownExercise",
    "Verdict",
    "check",
    "exercises",
    "find",
    "judge",
]


class CheckFailed(AssertionError):
    """Raised by ``check`` under nbgrader, which takes a cell that raises for one that earns nothing."""


def check(function: Callable[..., Any]) -> Verdict:
    """Check what you have written. The exercise is found by the function's name.

    Shows the verdict, keeps it for the map that ``progress()`` draws, and returns it: ``.passed``, ``.message``, ``.mistake`` (the name of the known mistake that it is, or None).

    Raises:
        UnknownExercise: no exercise has the function's name; the message lists those that there are.
        DeviceError: JAX can't start the device that it was told to use.
        CheckFailed: the answer is not right, and nbgrader is running the notebook.
    """
    # A functools.partial has no name of its own.
    name = getattr(function, "__name__", None) or getattr(getattr(function, "func", None), "__name__", None)
    if name == "<lambda>":
        raise UnknownExercise(
            "check() finds the exercise by the function's name, and a lambda has none. Write it with `def`, under the exercise's name."
        )
    if name is None:
        raise UnknownExercise(
            f"check() takes a function that you wrote, such as check(neuron), not {type(function).__name__}: {function!r:.60}"
        )
    exercise = find(name)
    # Otherwise JAX would fail inside of what the learner wrote, and be taken for a mistake in it.
    backend.start()
    verdict = judge(exercise, function)
    show(verdict)
    if verdict.cases and verdict.text != (NOT_WRITTEN,):
        from course.history.file import record

        # For the map that `progress()` draws, in a file on this machine. A stub that runs is no try.
        if note := record(exercise.topic, verdict):
            say(note)
    # nbgrader sets this variable while it executes a notebook; a learner's own "Run all" must not stop at the first stub.
    if not verdict.passed and os.environ.get("NBGRADER_EXECUTION"):
        raise CheckFailed(verdict.headline)
    return verdict
