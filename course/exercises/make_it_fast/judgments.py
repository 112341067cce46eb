"""share_of_peak, what_would_help and at_best: how far there is to go, where to begin, and what it is worth."""

from __future__ import annotations

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.choices import Quantity, choice, estimate
from course.exercises.make_it_fast.common import TOPIC

# --- share_of_peak ----------------------------------------------------------------------------------------------------


def share_of_peak(flop: float, batch: int, steps: int, seconds: float, peak: float) -> float:
    """The operations a second, as a part of the peak."""
    return flop * batch * steps / seconds / peak


def _share_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, batch: int, steps: int, share: float) -> Case:
        flop, peak = float(f"{rng.uniform(1e7, 9e7):.3g}"), float(f"{rng.uniform(1e11, 9e11):.3g}")
        return Case(label, (flop, batch, steps, float(f"{flop * batch * steps / peak / share:.3g}"), peak))

    return [
        case("an epoch in batches of 32", 32, 109, rng.uniform(0.1, 0.2)),
        case("one step", 128, 1, rng.uniform(0.3, 0.5)),
        case("one image at a time", 1, 3_500, rng.uniform(0.004, 0.009)),
        case("large batches", 512, 6, rng.uniform(0.6, 0.8)),
    ]


SHARE_OF_PEAK = Exercise(
    name="share_of_peak",
    topic=TOPIC,
    points=1,
    reference=share_of_peak,
    cases=_share_cases,
    rtol=1e-5,
    atol=0.0,
    mistakes=(
        Mistake(
            "upside down",
            "This is how many times as long it took as at the peak. A share is the speed divided by the peak.",
            lambda flop, batch, steps, seconds, peak: 1 / share_of_peak(flop, batch, steps, seconds, peak),
        ),
        Mistake(
            "one step",
            "You count the operations of a single step. The seconds are those of all steps.",
            lambda flop, batch, steps, seconds, peak: flop * batch / seconds / peak,
        ),
        Mistake(
            "one image a step",
            "You count the operations of one image in each step. A step works on a whole batch.",
            lambda flop, batch, steps, seconds, peak: flop * steps / seconds / peak,
        ),
        Mistake(
            "percent",
            "Your share is in percent. Return 0.5 for one half.",
            lambda flop, batch, steps, seconds, peak: 100 * share_of_peak(flop, batch, steps, seconds, peak),
        ),
        Mistake(
            "the speed",
            "This is the speed in FLOP/s. How large a part of the peak is that?",
            lambda flop, batch, steps, seconds, peak: flop * batch * steps / seconds,
        ),
        Mistake(
            "seconds forgotten",
            "You compare a number of operations with a rate. Divide by the seconds first.",
            lambda flop, batch, steps, seconds, peak: flop * batch * steps / peak,
        ),
    ),
)

# --- what_would_help --------------------------------------------------------------------------------------------------

_NOT_SENDING = "Python has sent the step after a moment, and the device then works without a gap. Fewer calls would save that moment only."
_NOT_COPY = "Hardly any time goes into copying here, so it can't be what holds the step up."

# The limit of the arithmetic of each step, in ms: 0.1, 10, 5 and 46.
WHAT_WOULD_HELP = choice(
    "what_would_help",
    TOPIC,
    2,
    {
        # Sending takes 1.1 of 1.2 ms; the device is busy for 0.15 ms.
        "profile 1": (
            "A",
            {
                "B": "The convolutions take a tenth of the time. If they took none at all, the step would hardly be faster.",
                "C": _NOT_COPY,
                "D": "The limit of the arithmetic is a twelfth of the time. What does the device do the rest of the time?",
            },
        ),
        # Pool 40 of 58 ms.
        "profile 2": (
            "B",
            {
                "A": _NOT_SENDING,
                "C": _NOT_COPY,
                "D": "The step takes almost six times as long as its arithmetic. Which row has much time and no arithmetic?",
            },
        ),
        # Copy 18 of 26 ms, and the device waits for it.
        "profile 3": (
            "C",
            {
                "A": "Python has sent the step early. But the device has nothing to work on yet: what is it waiting for?",
                "B": "The convolutions begin late, but then they take no longer than their arithmetic. Look at what happens before.",
                "D": "The limit of the arithmetic is a fifth of the time. For most of the step the device has nothing to compute with.",
            },
        ),
        # Convolutions 50 of 55 ms; 46 ms of arithmetic.
        "profile 4": (
            "D",
            {
                "A": _NOT_SENDING,
                "B": "The convolutions take nine tenths of the time, but look at the limit: no form of the same arithmetic is much faster.",
                "C": _NOT_COPY,
            },
        ),
    },
)

# --- at_best ----------------------------------------------------------------------------------------------------------

# A step of 60 ms: 24 ms of convolutions, 30 ms of pool, 6 ms of the rest.
AT_BEST = estimate(
    "at_best",
    TOPIC,
    2,
    {
        "no pool": Quantity(
            2,
            within=1.1,
            wrong={
                0.5: "This is the new time as a part of the old one. A speedup is the old time divided by the new one.",
                30: "These are the milliseconds that are left. How many times as fast is the step with them?",
                1.5: "This is the gain of a pool that takes a third of its time. Here it takes none.",
            },
        ),
        "pool 3 times as fast": Quantity(
            1.5,
            within=1.1,
            wrong={
                3: "This is the gain of the pool alone. The other 30 ms stay as they are.",
                40: "These are the milliseconds that are left. How many times as fast is the step with them?",
                20: "These are the milliseconds that are saved. A speedup is the old time divided by the new one.",
                2: "This is the bound, for a pool that takes no time at all. Yours still takes a third of its time.",
            },
        ),
        "then convolutions twice as fast": Quantity(
            60 / 28,
            within=1.08,
            wrong={
                40
                / 28: "This is the gain of the second change alone. The exercise asks for both together, against the step of 60 ms.",
                60 / 48: "You left the pool as slow as it was. The second change comes after the first.",
                6: "You multiplied the gains of the parts. Add up the times that are left, and divide at the end.",
                28: "These are the milliseconds that are left. How many times as fast is the step with them?",
                3: "You multiplied the gain of the first change by the gain of the convolutions. Not the whole step becomes twice as fast.",
            },
        ),
        "pool for 1.6": Quantity(
            4,
            within=1.15,
            wrong={
                1.6: "This is the gain of the whole. Half of the step stays as it is, so the pool has to gain more.",
                7.5: "These are the milliseconds that the pool may still take. How many times as fast is that as 30 ms?",
                3.2: "You doubled the gain, because the pool is half of the step. But a gain is a ratio of times: work out how many milliseconds are left for the pool.",
                37.5: "These are the milliseconds that the whole step may take. What is left of them for the pool?",
            },
        ),
    },
)
