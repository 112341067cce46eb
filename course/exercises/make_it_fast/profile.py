"""bottleneck, whole_speedup: what holds a step up, and what mending it is worth."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.probes.make_it_fast import profiled
from course.exercises.make_it_fast.common import TOPIC

# --- bottleneck -------------------------------------------------------------------------------------------------------

NAMES = ("arithmetic", "memory", "dispatch")


def bottleneck(
    flops: float, bytes_moved: float, dispatches: int, peak_flops: float, bandwidth: float, dispatch_s: float
) -> tuple[str, float]:
    """What holds a step up, and for how many seconds at least: the roofline model (Williams, Waterman and Patterson, 2009,
    https://doi.org/10.1145/1498765.1498785), with the host's time for its dispatches as a third bound."""
    takes = {"arithmetic": flops / peak_flops, "memory": bytes_moved / bandwidth, "dispatch": dispatches * dispatch_s}
    name = max(takes, key=lambda name: takes[name])
    return name, takes[name]


def _named(raw: Any, *args: Any) -> tuple[int, float]:
    """The measure: the place of the name among NAMES, and the seconds."""
    if not isinstance(raw, (tuple, list)) or len(raw) != 2:
        raise WrongAnswer('it did not return two values: a name and a number, as in `return "memory", 0.002`.')
    name, seconds = raw
    if isinstance(seconds, str) and not isinstance(name, str):
        raise WrongAnswer("the two values are swapped: first the name, then the seconds.")
    if not isinstance(name, str) or name not in NAMES:
        raise WrongAnswer(f"the first value is {name!r}; expected one of the names {', '.join(map(repr, NAMES))}.")
    if isinstance(seconds, (str, tuple, list)) or seconds is None or np.ndim(seconds):
        raise WrongAnswer("the second value is not a number; expected the seconds.")
    return NAMES.index(name), float(seconds)


def _bottleneck_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, takes: tuple[float, float, float], peak: float, bandwidth: float, dispatch_s: float) -> Case:
        """Times in seconds for the three, from which the counts are worked out."""
        wobble = rng.uniform(0.9, 1.1, 3)
        flops, moved = (
            float(f"{t * w * rate:.3g}") for t, w, rate in zip(takes, wobble, (peak, bandwidth), strict=False)
        )
        return Case(label, (flops, moved, max(1, round(takes[2] / dispatch_s)), peak, bandwidth, dispatch_s))

    cpu, gpu = (1e11, 2e10, 1e-5), (8e12, 3.2e11, 5e-6)
    return [
        case("a large product of matrices", (8e-3, 2e-3, 1e-5), *cpu),
        case("an activation on many numbers", (5e-4, 6e-3, 1e-5), *cpu),
        case("a step that runs op by op on few images", (2e-3, 1e-3, 9e-3), *cpu),
        case("a step that runs op by op on a GPU", (4e-5, 7e-5, 9e-4), *gpu),
        case("a step with more bytes than operations", (30.0, 10.0, 3.0), 1e9, 1e11, 1e-5),
        case("a step with more operations than bytes", (1e-3, 5e-3, 2e-5), *gpu),
        case("a single slow dispatch", (2e-4, 3e-4, 4e-3), 8e12, 3.2e11, 4e-3),
    ]


def _choosing(
    takes: Callable[..., tuple[float, float, float]], best: Callable[..., float] = max
) -> Callable[..., tuple[str, float]]:
    def wrong(*args: float) -> tuple[str, float]:
        times = takes(*args)
        found = best(times)
        return NAMES[times.index(found)], found

    return wrong


def _times(f: float, m: float, d: float, peak: float, bandwidth: float, each: float) -> tuple[float, float, float]:
    return f / peak, m / bandwidth, d * each


BOTTLENECK = Exercise(
    name="bottleneck",
    topic=TOPIC,
    points=2,
    reference=bottleneck,
    cases=_bottleneck_cases,
    measure=_named,
    # The name travels as its place among NAMES: what a message shows of it has to be readable.
    parts=(f"the name ({', '.join(f'{i} {name}' for i, name in enumerate(NAMES))})", "the seconds"),
    mistakes=(
        Mistake(
            "the shortest",
            "You name what takes the *least* time. The one that takes longest is the bottleneck: the others finish in the meantime.",
            _choosing(_times, min),
        ),
        Mistake(
            "dispatch left out",
            "Arithmetic and memory are right, but you don't compare the dispatches. If the work is small, sending it takes longest.",
            _choosing(lambda *a: (*_times(*a)[:2], -1.0)),
        ),
        Mistake(
            "dispatch counted once",
            "You compare the time of a single dispatch. How many of them are there?",
            _choosing(lambda *a: (*_times(*a)[:2], a[5])),
        ),
        Mistake(
            "counts compared",
            "You compare operations with bytes, which are different things. You can compare *times*: how long does the device need for each?",
            _choosing(lambda f, m, d, *rates: (f, m, float(d))),
        ),
        Mistake(
            "rates exchanged",
            "You divide the operations by the bandwidth and the bytes by the peak. Operations are done at the peak, bytes move at the bandwidth.",
            _choosing(lambda f, m, d, peak, bandwidth, each: (f / bandwidth, m / peak, d * each)),
        ),
        Mistake(
            "upside down",
            "You divided a rate by a count: that says how often it could be done in a second. A time is a count divided by a rate.",
            _choosing(lambda f, m, d, peak, bandwidth, each: (peak / f, bandwidth / m, d * each)),
        ),
        Mistake(
            "names exchanged",
            "The seconds are right. The names of arithmetic and memory are swapped.",
            lambda *a: (
                {"arithmetic": "memory", "memory": "arithmetic"}.get(bottleneck(*a)[0], "dispatch"),
                bottleneck(*a)[1],
            ),
        ),
        Mistake(
            "added up",
            "The name is right. You added up the three times, but they overlap: the device computes on some numbers while it moves others.",
            lambda *a: (bottleneck(*a)[0], sum(_times(*a))),
        ),
        Mistake(
            "milliseconds",
            "The name is right. The exercise asks for the time in seconds.",
            lambda *a: (bottleneck(*a)[0], 1000 * bottleneck(*a)[1]),
        ),
        Mistake(
            "dispatches divided",
            "You divided the number of dispatches by the time of one. That many dispatches take *that many times* as long.",
            _choosing(lambda f, m, d, peak, bandwidth, each: (f / peak, m / bandwidth, d / each)),
        ),
    ),
)

# --- whole_speedup ----------------------------------------------------------------------------------------------------


def whole_speedup(times: dict[str, float], gains: dict[str, float]) -> float:
    """How many times faster a whole becomes whose parts become faster (Amdahl, 1967, https://doi.org/10.1145/1465482.1465560)."""
    before = sum(times.values())
    after = sum(time / gains.get(part, 1) for part, time in times.items())
    return before / after


def _speedup_cases(rng: np.random.Generator) -> list[Case]:
    def ms(low: int, high: int) -> float:
        return float(rng.integers(low, high + 1))

    def case(label: str, times: dict[str, float], gains: dict[str, float]) -> Case:
        # As lists, as no dict travels to the learner's process.
        return Case(
            label,
            (list(times), list(times.values()), list(gains), list(gains.values())),
            f"times = {times}\ngains = {gains}",
        )

    return [
        case("a gain for one part of two", {"forward": ms(6, 20), "pool": ms(25, 90)}, {"pool": 3.0}),
        case("gains for two parts of four", {"data": ms(2, 5), "forward": ms(6, 12), "backward": ms(14, 59), "update": 1.0},
             {"backward": 4.0, "data": 2.0}),
        case("a profile without any gains", {"data": ms(3, 90), "step": ms(100, 200)}, {}),
        case("a part that becomes slower", {"data": ms(4, 9), "step": ms(20, 90), "log": ms(1, 3)}, {"step": 5.0, "log": 0.5}),
        case("gains for all parts", {"a": ms(5, 19), "b": 2.0, "c": ms(21, 75)}, {"c": 40.0, "a": 10.0, "b": 20.0}),
        case("a large gain for a small part", {"step": 99.0, "log": 1.0}, {"log": ms(500, 1000)}),
    ]  # fmt: skip


def _each(times: dict[str, float], gains: dict[str, float]) -> list[tuple[float, float]]:
    return [(time, gains.get(part, 1)) for part, time in times.items()]


WHOLE_SPEEDUP = Exercise(
    name="whole_speedup",
    topic=TOPIC,
    points=2,
    reference=whole_speedup,
    probe=profiled,
    cases=_speedup_cases,
    edges=("a profile without any gains",),
    mistakes=(
        Mistake(
            "gains multiplied",
            "You multiplied the gains, as if each applied to the whole. A part's gain matters only as much as the part's share of the time.",
            lambda times, gains: prod(gains.values()) * 1.0,
        ),
        Mistake(
            "gains averaged",
            "This is a mean of the gains. Add up the remaining *times*, and only then divide.",
            lambda times, gains: sum(gain for _, gain in _each(times, gains)) / len(times),
        ),
        Mistake(
            "gains averaged by time",
            "This is a mean of the gains, weighted by the time. Times add up, speedups don't: how long does each part take afterwards?",
            lambda times, gains: sum(time * gain for time, gain in _each(times, gains)) / sum(times.values()),
        ),
        Mistake(
            "other parts forgotten",
            "Your new time leaves out the parts that stay as they are. They still take as long as before.",
            lambda times, gains: sum(times.values()) / (sum(times[p] / gains[p] for p in gains) or sum(times.values())),
        ),
        Mistake(
            "nothing left to divide by",
            "Your new time leaves out the parts that stay as they are; if no part has a gain, nothing is left. They still take as long as before.",
            lambda times, gains: sum(times.values()) / sum(times[p] / gains[p] for p in gains),
        ),
        Mistake(
            "only what changes",
            "You count only the parts that change, before and after. The others take their time in both.",
            lambda times, gains: (
                (sum(times[p] for p in gains) or 1.0) / (sum(times[p] / gains[p] for p in gains) or 1.0)
            ),
        ),
        Mistake(
            "multiplied",
            "You multiplied the times by their gains. A part that becomes three times as fast takes a third of its time.",
            lambda times, gains: sum(times.values()) / sum(time * gain for time, gain in _each(times, gains)),
        ),
        Mistake(
            "upside down",
            "This is the new time as a share of the old one. A speedup is the old time divided by the new one.",
            lambda times, gains: 1 / whole_speedup(times, gains),
        ),
        Mistake(
            "the time",
            "This is the new time. How many times as fast is that as before?",
            lambda times, gains: sum(time / gain for time, gain in _each(times, gains)),
        ),
        Mistake(
            "time saved",
            "This is the time saved. A speedup is the old time divided by the new one.",
            lambda times, gains: sum(time - time / gain for time, gain in _each(times, gains)),
        ),
        Mistake(
            "parts without a gain",
            "It looks up a gain for every part, and some have none: those stay as they are. What does a dict's `get` return if a name is missing?",
            lambda times, gains: sum(times.values()) / sum(times[part] / gains[part] for part in times),
        ),
        Mistake(
            "one at a time",
            "You worked out each part's speedup of the whole separately and multiplied them. When one part becomes faster, the others are a larger share: apply all gains at once.",
            lambda times, gains: prod(whole_speedup(times, {part: gain}) for part, gain in gains.items()) * 1.0,
        ),
    ),
)
