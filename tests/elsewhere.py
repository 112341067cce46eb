"""An answer's raw outcome as the grader's sandbox gives it, without a sandbox."""

from __future__ import annotations

import json
from typing import Any

from course.checks import Case, Exercise, probes, wire
from course.checks.outcome import Outcome


def over_the_wire(value: Any) -> Any:
    """What JSON makes of it."""
    return json.loads(json.dumps(value, allow_nan=False))


def elsewhere(exercise: Exercise, function: Any, case: Case) -> Outcome:
    """The raw outcome as the sandbox gives it: by the probe's address, the input and the answer as JSON, no input with a world."""
    given: Any = wire.decode(over_the_wire(wire.encode(case.args)))
    if exercise.world:
        world = exercise.world(*case.args)

        def given(*question: Any) -> Any:
            return over_the_wire(world.ask(*over_the_wire(question)))

    outcome = probes.answer(exercise.address, function, given, exercise.limit_s)
    return wire.decode_outcome(over_the_wire(wire.encode_outcome(outcome)))
