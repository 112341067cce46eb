"""How an answer does its work, where an exercise asks for that: told by its program, which is run where no learner's code is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from course import settings
from course.checks.compare import difference
from course.checks.exercise import Exercise, How, WrongAnswer
from course.checks.outcome import Failure, Outcome
from course.grading.sandbox.clean import CleanProcess, Refused

# Asks the kernel for what a probe of this address brings back for these arguments.
Ask = Callable[[str, Sequence[Any]], Outcome]
_STOPPED = "once it is written down as a program, for inputs whose numbers are not known yet, it stops"


class Evidence:
    """The evidence for one exercise on one seed, made once for however many submissions."""

    def __init__(self, exercise: Exercise, how: How, seed: int) -> None:
        self._exercise, self._how, self._seed = exercise, how, seed

    @settings.own()
    def why_not(self, ask: Ask, clean: CleanProcess) -> Failure | None:
        """What is wrong with the way of the answer that the kernel holds; None where nothing is.

        Args:
            ask: the kernel. It gets the sizes of the inputs and none of their numbers.
            clean: runs the program.

        Raises:
            GradingError: no clean process could be started.
        """
        for trial in self._trials:
            outcome = ask(self._how.written_at, [_sizes(arg) for arg in trial.args])
            if failure := _stopped(outcome.failure) if outcome.failure else trial.why_not(outcome.value, clean):
                return failure
        return None

    @cached_property
    def _trials(self) -> list[_Trial]:
        """On cases of the same sizes as those in the kernel, with numbers that never go there."""
        drawn = hashlib.sha256(f"{self._exercise.name} {self._seed}".encode()).digest()
        cases = self._exercise.draw(int.from_bytes(drawn[:8], "big"))
        return [_Trial(self._exercise, self._how, cases[place].args) for place in self._how.cases]


class _Trial:
    """The arguments of one case, on which programs are run and judged."""

    def __init__(self, exercise: Exercise, how: How, args: tuple[Any, ...]) -> None:
        self._exercise, self._how, self.args = exercise, how, args
        self._known: dict[bytes, Failure | None] = {}

    def why_not(self, text: Any, clean: CleanProcess) -> Failure | None:
        """What is wrong with a program; an equal one is run once."""
        if not isinstance(text, np.ndarray) or text.dtype != np.uint8 or text.ndim != 1:
            return Failure("WrongAnswer", "the program that came back could not be read.")
        digest = hashlib.sha256(text.tobytes()).digest()
        if digest not in self._known:
            self._known[digest] = self._judged(text, clean)
        return self._known[digest]

    def _judged(self, text: np.ndarray, clean: CleanProcess) -> Failure | None:
        how = self._how
        try:
            program, got = clean.run(text, self._inputs)
            if how.judge:
                how.judge(program, *self.args)
            wrong = (how.agree or self._agree)(got, self._want, *self.args)
        except WrongAnswer as error:
            return Failure("WrongAnswer", str(error), error.line, error.source, error.mark)
        except Refused as error:
            return Failure("WrongAnswer", f"once it is written down as a program, {error}.")
        return Failure("WrongAnswer", f"once it is written down as a program: {wrong}") if wrong else None

    def _agree(self, got: Sequence[Sequence[Any]], want: Sequence[Sequence[Any]], *args: Any) -> str | None:
        exercise = self._exercise
        for one, other in zip(got, want, strict=True):
            if wrong := difference(tuple(one), tuple(other), exercise.rtol, exercise.atol):
                return wrong
        return None

    @cached_property
    def _runs(self) -> list[tuple[Callable[..., Any], list[Any]]]:
        written, reference = self._how.written, self._exercise.reference
        return [written.made(reference, *map(_as_jax, args)) for args in self._how.runs(*self.args)]

    @cached_property
    def _inputs(self) -> list[list[Any]]:
        return [[np.asarray(one) for one in inputs] for _, inputs in self._runs]

    @cached_property
    def _want(self) -> list[list[Any]]:
        """What the reference's program gives."""
        return [[np.asarray(one) for one in jax.tree.leaves(made(*inputs))] for made, inputs in self._runs]


def _sizes(arg: Any) -> Any:
    return np.zeros_like(arg) if isinstance(arg, np.ndarray) else arg


def _as_jax(arg: Any) -> Any:
    return jnp.asarray(arg) if isinstance(arg, np.ndarray) else arg


def _stopped(failure: Failure) -> Failure:
    said = failure.message if failure.kind == "TookTooLong" else f"{failure.kind}: {failure.headline}"
    return Failure("WrongAnswer", f"{_STOPPED} ({said.rstrip('.')}).", failure.line, failure.source, "no program")
