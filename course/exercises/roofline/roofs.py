"""share_of_roof and least_batch: how far below its roof an operation lies, and which batch makes a layer compute-bound."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from course.checks.compare import is_number
from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.exercises.gpu_parallelism.common import as_float, real

TOPIC = "roofline"

# --- share_of_roof ----------------------------------------------------------------------------------------------------


def share_of_roof(flops: float, bytes_moved: float, seconds: float, peak_flops: float, bandwidth: float) -> float:
    """The speed that was measured, as a part of what the roofline model allows at this intensity."""
    intensity = flops / bytes_moved
    roof = min(peak_flops, intensity * bandwidth)
    return flops / seconds / roof


def _share_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, intensity: float, share: float) -> Case:
        peak, bandwidth, moved = real(rng, 4e12, 40e12), real(rng, 2e11, 2e12), real(rng, 1e8, 1e9)
        flops = float(f"{moved * intensity * peak / bandwidth:.3g}")
        longest = max(flops / peak, moved / bandwidth)
        return Case(label, (flops, moved, float(f"{longest / share:.3g}"), peak, bandwidth))

    # The intensity is in ridges, so that each lies clearly on its side.
    return [
        case("a point on the slope, near its roof", real(rng, 0.01, 0.03), real(rng, 0.7, 0.9)),
        case("a point under the flat part, near its roof", real(rng, 5, 20), real(rng, 0.7, 0.9)),
        case("a point on the slope, far below its roof", real(rng, 0.1, 0.3), real(rng, 0.02, 0.1)),
        case("a point under the flat part, far below its roof", real(rng, 2, 4), real(rng, 0.02, 0.1)),
        case("a point above its roof, from a cache", real(rng, 0.04, 0.08), real(rng, 7, 12)),
    ]


def _given(flops: float, moved: float, seconds: float, peak: float, bandwidth: float) -> float:
    return max(peak, flops / moved * bandwidth) / (flops / seconds)


SHARE_OF_ROOF = Exercise(
    name="share_of_roof",
    topic=TOPIC,
    points=2,
    kind="repair",
    reference=share_of_roof,
    cases=_share_cases,
    measure=as_float,
    rtol=2e-6,
    atol=0.0,
    mistakes=(
        Mistake(
            "as it was given",
            "This is what the broken function returns: both faults are still in it. Begin with `roof`: which of the two limits does an operation meet first?",
            _given,
        ),
        Mistake(
            "upside down",
            "This is the roof divided by the speed. The exercise asks for the speed as a share of the roof.",
            lambda flops, moved, seconds, peak, bandwidth: 1 / share_of_roof(flops, moved, seconds, peak, bandwidth),
        ),
        Mistake(
            "higher of the two",
            "You mended one fault: you return a share. The roof is still the *higher* of the two limits, and an operation has to stay below both.",
            lambda flops, moved, seconds, peak, bandwidth: flops / seconds / max(peak, flops / moved * bandwidth),
        ),
        Mistake(
            "bytes per FLOP",
            "Your intensity is upside down. It is in FLOP per byte: multiplied by the bandwidth, it gives a speed in FLOP/s.",
            lambda flops, moved, seconds, peak, bandwidth: flops / seconds / min(peak, moved / flops * bandwidth),
        ),
        Mistake(
            "share of the peak",
            "This is the share of the peak. On the slope the roof is lower, because the memory can't deliver the bytes any faster.",
            lambda flops, moved, seconds, peak, bandwidth: flops / seconds / peak,
        ),
        Mistake(
            "share of the bandwidth",
            "This is the share of the bandwidth. Under the flat part the roof is the peak of the arithmetic.",
            lambda flops, moved, seconds, peak, bandwidth: moved / seconds / bandwidth,
        ),
        Mistake(
            "one after the other",
            "You added the two waits, which gives the upper bound of the time. The roof belongs to the lower bound, where both happen at the same time.",
            lambda flops, moved, seconds, peak, bandwidth: (flops / peak + moved / bandwidth) / seconds,
        ),
        Mistake(
            "percent",
            "Your share is in percent. Return 0.5 for one half.",
            lambda flops, moved, seconds, peak, bandwidth: 100 * share_of_roof(flops, moved, seconds, peak, bandwidth),
        ),
        Mistake(
            "seconds forgotten",
            "You compare an amount of FLOP with a speed in FLOP/s. To get the measured speed, you need the seconds.",
            lambda flops, moved, seconds, peak, bandwidth: (
                seconds * share_of_roof(flops, moved, seconds, peak, bandwidth)
            ),
        ),
        Mistake(
            "never above one",
            "Your share is never above 1. A point above its roof tells you something: its numbers came from a cache, or a count is wrong. Don't hide it.",
            lambda flops, moved, seconds, peak, bandwidth: min(
                1.0, share_of_roof(flops, moved, seconds, peak, bandwidth)
            ),
        ),
    ),
)

# --- least_batch ------------------------------------------------------------------------------------------------------


def least_batch(n_in: int, n_out: int, itemsize: int, peak_flops: float, bandwidth: float) -> int:
    """The smallest batch for which a layer's arithmetic takes at least as long as its bytes; 0 if there is none."""
    # 2 · batch · n_in · n_out / peak ≥ itemsize · (n_in · n_out + batch · (n_in + n_out)) / bandwidth
    ridge = peak_flops / bandwidth
    weights, numbers = n_in * n_out, n_in + n_out
    gained = 2 * weights - ridge * itemsize * numbers
    return math.ceil(ridge * itemsize * weights / gained) if gained > 0 else 0


def _batch_cases(rng: np.random.Generator) -> list[Case]:
    def layer(label: str, n_in: int, n_out: int, itemsize: int, ridge: float) -> Case:
        # The exact batch lies clearly between two whole numbers, nearer to the lower one: no rounding error decides, and `round` is wrong.
        bandwidth = real(rng, 2e11, 3e12)
        exact = ridge * itemsize * n_in * n_out / (2 * n_in * n_out - ridge * itemsize * (n_in + n_out))
        if exact > 0:
            exact = math.floor(exact) + 0.3
            ridge = 2 * exact * n_in * n_out / (itemsize * (n_in * n_out + exact * (n_in + n_out)))
        return Case(label, (n_in, n_out, itemsize, ridge * bandwidth, bandwidth))

    def side(low: int, high: int) -> int:
        return int(rng.integers(low, high))

    wide = side(4_000, 9_000)
    barely = side(200, 400)
    return [
        layer("a wide layer", wide, wide, 4, real(rng, 20, 30)),
        layer("numbers of two bytes", side(4_000, 8_000), side(9_000, 16_000), 2, real(rng, 200, 300)),
        layer("a wide layer with far fewer outputs", side(2_000, 4_000), side(300, 500), 4, real(rng, 15, 25)),
        layer("a CPU, with a low ridge", side(700, 900), side(100, 200), 4, real(rng, 4, 7)),
        layer("a layer that is only just wide enough", barely, barely, 4, 0.9 * barely / 4),
        layer("a layer that no batch helps", side(700, 900), 10, 4, real(rng, 50, 150)),
    ]


def _whole(raw: Any, *args: Any) -> Any:
    """A whole number of any type is as good as Python's, a float's too. What is no number stays as it is.

    Raises:
        WrongAnswer: it is a number, and none that a batch can be.
    """
    if isinstance(raw, bool) or not is_number(raw):
        return raw
    if not math.isfinite(float(raw)):
        raise WrongAnswer("no batch is infinite; return 0 if none is large enough.")
    if float(raw) != round(float(raw)):
        raise WrongAnswer("a batch is a whole number of examples: round up to the first one that is enough.")
    return int(raw)


def _by(numerator: float, denominator: float) -> int:
    return math.ceil(numerator / denominator) if denominator > 0 else 0


LEAST_BATCH = Exercise(
    name="least_batch",
    topic=TOPIC,
    points=3,
    reference=least_batch,
    cases=_batch_cases,
    measure=_whole,
    edges=("a layer that no batch helps",),
    whole=True,
    mistakes=(
        Mistake(
            "the rule alone",
            "This is the lesson's rule, which counts only the bytes of the weights. X and Y are moved, too, and they grow with the batch.",
            lambda i, o, s, peak, bandwidth: math.ceil(s * peak / bandwidth / 2),
        ),
        Mistake(
            "twice the ridge",
            "This is the lesson's rule for float32, which counts only the bytes of the weights. X and Y are moved, too, and `itemsize` is not always 4.",
            lambda i, o, s, peak, bandwidth: math.ceil(2 * peak / bandwidth),
        ),
        Mistake(
            "the rule for wide layers",
            "You recognize the narrow layers. For the others you use the lesson's rule, which counts only the bytes of the weights. Moving X and Y takes time, too.",
            lambda i, o, s, peak, bandwidth: (
                math.ceil(s * peak / bandwidth / 2) if least_batch(i, o, s, peak, bandwidth) else 0
            ),
        ),
        Mistake(
            "ridge upside down",
            "Your ridge is in bytes per FLOP. The ridge says how many operations the device does in the time of one byte: it is the peak over the bandwidth.",
            lambda i, o, s, peak, bandwidth: least_batch(i, o, s, bandwidth, peak),
        ),
        Mistake(
            "four bytes a number",
            "You assume that every number is a float32, of four bytes. `itemsize` says how many bytes it has.",
            lambda i, o, s, peak, bandwidth: least_batch(i, o, 4, peak, bandwidth),
        ),
        Mistake(
            "products only",
            "You count only the multiplications. Each product is also *added* to its sum, so there are twice as many operations.",
            lambda i, o, s, peak, bandwidth: least_batch(i, o, 2 * s, peak, bandwidth),
        ),
        Mistake(
            "output not moved",
            "You count W and X, which are read. Y is written, too, and grows with the batch, as X does.",
            lambda i, o, s, peak, bandwidth: _by(peak / bandwidth * s * i * o, 2 * i * o - peak / bandwidth * s * i),
        ),
        Mistake(
            "input not moved",
            "You count W, which is read, and Y, which is written. X is read, too, and grows with the batch, as Y does.",
            lambda i, o, s, peak, bandwidth: _by(peak / bandwidth * s * i * o, 2 * i * o - peak / bandwidth * s * o),
        ),
        Mistake(
            "rounded down",
            "Your batch is one example short: with it the bytes still take longer. Round up to the first batch that is enough.",
            lambda i, o, s, peak, bandwidth: max(least_batch(i, o, s, peak, bandwidth) - 1, 0),
        ),
        Mistake(
            "one too many",
            "Your batch is enough, but so is the one before it. The exercise asks for the smallest.",
            lambda i, o, s, peak, bandwidth: b + 1 if (b := least_batch(i, o, s, peak, bandwidth)) else 0,
        ),
        Mistake(
            "a negative batch",
            "This is right if some batch is large enough. In a narrow layer none is, and there your formula gives a negative number. Check its sign first.",
            lambda i, o, s, peak, bandwidth: math.ceil(
                peak / bandwidth * s * i * o / (2 * i * o - peak / bandwidth * s * (i + o))
            ),
        ),
        Mistake(
            "always some batch",
            "This is right if some batch is large enough. In a narrow layer the bytes of X and Y take longer than the arithmetic, so no batch is enough: return 0 there.",
            lambda i, o, s, peak, bandwidth: least_batch(i, o, s, peak, bandwidth) or 1,
        ),
        Mistake(
            "never",
            "You return 0 for a layer that a batch does help. Is a comparison the wrong way around?",
            lambda i, o, s, peak, bandwidth: 0,
        ),
    ),
)
