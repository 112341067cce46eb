"""What runs beside a learner's code: the probes, which try it and bring back raw what came.

These rooms go into the process of a learner who may read and change all that is in it. So nothing of an answer is in them: no
reference, no comparison, no number that every right answer has. They import nothing else of `course.checks` but `outcome`,
`wire`, `plain`, `program` and `stablehlo`, which know no exercise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from course.checks.outcome import Outcome, run


class WrongAnswer(Exception):
    """Raised for an answer that can't be tried at all; the message is a sentence for the learner.

    Attributes:
        mark: what is wrong, in a word or two, where the sentence names places: answers with the same marks are the same mistake.
        line, source: where in the learner's code it is, and that line's text.
    """

    def __init__(self, message: str = "", *, mark: str = "", line: int | None = None, source: str = "") -> None:
        super().__init__(message)
        self.mark, self.line, self.source = mark, line, source


def call(function: Callable[..., Any], *args: Any) -> Any:
    """The usual probe: call the learner's function and take what it returns."""
    return function(*args)


def address(probe: Callable[..., Any]) -> str:
    """Where a probe is found, such as "course.checks.probes.the_neuron:draw"."""
    return f"{probe.__module__}:{getattr(probe, '__qualname__', '')}"


def find(address: str) -> Callable[..., Any]:
    """The probe of this address.

    Raises:
        ValueError: there is none.
    """
    found = re.fullmatch(rf"({re.escape(__name__)}(?:\.[a-z]\w*)?):([a-z]\w*)", address, re.ASCII)
    try:
        probe = getattr(import_module(found[1]), found[2]) if found else None
    except (ImportError, AttributeError):
        probe = None
    # Not what a room has imported itself.
    if not callable(probe) or getattr(probe, "__module__", None) != (found and found[1]):
        raise ValueError(f"no probe has the address {address[:80]!r}")
    return probe


def answer(address: str, function: Any, given: Sequence[Any] | Callable[..., Any], limit_s: float) -> Outcome:
    """Try a learner's function on one case, and bring back raw what came.

    Args:
        address: of the exercise's probe.
        function: what the learner wrote.
        given: the case's input; or, where the exercise has a world, the function that asks it.
        limit_s: seconds.

    Raises:
        ValueError: there is no such probe.
    """
    return run(function, find(address), (given,) if callable(given) else given, limit_s)
