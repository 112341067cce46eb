"""What an exercise is: declared once, as data, and used for feedback, for tests and for grades (see the README)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


class WrongAnswer(Exception):
    """Raised by a probe for an answer that can't be tried at all; the message is a sentence for the learner."""


@dataclass(frozen=True)
class Case:
    """One input on which an answer is tried.

    Attributes:
        label: what is special about it, in a few words that go into a message: "a batch of one".
        args: what the learner's function is called with; NumPy arrays arrive as JAX arrays.
        shown: how the input is described in a message, where its values would not help.
    """

    label: str
    args: tuple[Any, ...]
    shown: str | None = None


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that learners really give, and the hint that names it without giving the answer away.

    Attributes:
        name: a short id, such as "transposed".
        hint: one to three sentences.
        wrong: a small wrong implementation; it may raise, as the learner's would.
    """

    name: str
    hint: str
    wrong: Callable[..., Any]


def call(function: Callable[..., Any], *args: Any) -> Any:
    """The usual probe: call the learner's function and take what it returns."""
    return function(*args)


@dataclass(frozen=True)
class Exercise:
    """One exercise. Its name is the name of the function (or class) that the learner writes.

    Attributes:
        name: the function's name, and the id everywhere.
        lesson: the lesson's name, such as "02_the_neuron".
        points: what it is worth; shared equally among its cases.
        reference: a right implementation.
        cases: draws the inputs from a NumPy generator, small ones first: unequal values, non-square, a batch of one.
        mistakes: at least three, each of which differs from the reference and from the others on some case.
        probe: ``probe(f, *args)`` turns the learner's object into plain numbers (arrays, scalars, tuples of them). It runs
            beside the learner's code, so nothing that it says is believed beyond the numbers that it returns.
        rtol, atol: how close an answer must be: ``|got − want| ≤ atol + rtol·|want|``.
        accept: replaces that comparison: ``accept(got, want, *args)`` returns None, or a sentence that says what is wrong.
        parts: names for the parts of a tuple answer, used in messages.
        limit_s: seconds that one case may take.
    """

    name: str
    lesson: str
    points: int
    reference: Callable[..., Any]
    cases: Callable[[np.random.Generator], Sequence[Case]]
    mistakes: tuple[Mistake, ...]
    probe: Callable[..., Any] = field(default=call)
    rtol: float = 1e-4
    atol: float = 1e-5
    accept: Callable[..., str | None] | None = None
    parts: tuple[str, ...] = ()
    limit_s: float = 20.0

    def draw(self, seed: int) -> list[Case]:
        """The cases of this seed; the same seed always gives the same ones."""
        return list(self.cases(np.random.default_rng(seed)))
