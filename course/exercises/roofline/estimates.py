"""longest_time, predicted_time, arithmetic_intensity: what to expect before anything is run."""

from __future__ import annotations

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.gpu_parallelism.common import as_float, real

TOPIC = "roofline"


def _time_cases(rng: np.random.Generator) -> list[Case]:
    peak, bandwidth = real(rng, 4e12, 40e12), real(rng, 2e11, 2e12)
    moved, count = real(rng, 1e8, 1e9), real(rng, 1e8, 3e8)
    return [
        # The figures of a Tesla T4's datasheet, as the lesson's table has them.
        Case("a copy, with no arithmetic at all", (0.0, real(rng, 1e8, 2e9), 8.1e12, 320e9)),
        Case("a sum of two vectors", (count, 12 * count, 8.1e12, 320e9)),
        Case("a matrix product", (real(rng, 4e12, 2e13), real(rng, 2e8, 6e8), 8.1e12, 320e9)),
        Case("an intensity exactly at the ridge", (moved * peak / bandwidth, moved, peak, bandwidth)),
        Case("an intensity above 1 FLOP per byte, but far below the ridge", (4.0 * moved, moved, peak, bandwidth)),
        Case("a lot of arithmetic on few bytes", (float(f"{real(rng, 8, 50) * peak:.3g}"), moved, peak, bandwidth)),
    ]


# --- longest_time ---------------------------------------------------------------------------------------------------


def longest_time(flops: float, bytes_moved: float, peak_flops: float, bandwidth: float) -> float:
    """Seconds, where arithmetic and transfer take turns: an upper bound for a program that has nothing else to do."""
    return flops / peak_flops + bytes_moved / bandwidth


def _both_rates(flops: float, bytes_moved: float, peak_flops: float, bandwidth: float) -> float:
    return (flops + bytes_moved) / (peak_flops + bandwidth)


LONGEST_TIME = Exercise(
    name="longest_time",
    topic=TOPIC,
    points=1,
    reference=longest_time,
    cases=_time_cases,
    measure=as_float,
    # Times are small numbers of seconds: only a relative tolerance has a meaning.
    atol=0.0,
    edges=("a copy, with no arithmetic at all",),
    mistakes=(
        Mistake(
            "at the same time",
            "You return the longer of the two times, as if both happened at the same time. Here they take turns, so both count in full.",
            lambda flops, moved, peak, bandwidth: max(flops / peak, moved / bandwidth),
        ),
        Mistake(
            "twice the longer",
            "Twice the longer time is never too short, but it is too long wherever the other time is shorter. Add the two times themselves.",
            lambda flops, moved, peak, bandwidth: 2 * max(flops / peak, moved / bandwidth),
        ),
        Mistake(
            "the shorter of the two",
            "You return the shorter of the two times. The work needs both, one after the other.",
            lambda flops, moved, peak, bandwidth: min(flops / peak, moved / bandwidth),
        ),
        Mistake(
            "memory only",
            "This is the time for the bytes. The arithmetic follows and takes time, too.",
            lambda flops, moved, peak, bandwidth: moved / bandwidth,
        ),
        Mistake(
            "arithmetic only",
            "This is the time for the arithmetic. The bytes come first and take time, too.",
            lambda flops, moved, peak, bandwidth: flops / peak,
        ),
        Mistake(
            "mean",
            "This is the mean of the two times. They take turns, so both count in full.",
            lambda flops, moved, peak, bandwidth: (flops / peak + moved / bandwidth) / 2,
        ),
        Mistake(
            "difference",
            "You subtract one time from the other. The work waits for both, one after the other.",
            lambda flops, moved, peak, bandwidth: abs(flops / peak - moved / bandwidth),
        ),
        Mistake(
            "upside down",
            "You divided a rate by an amount. Seconds are an amount divided by a rate: bytes over bytes per second.",
            lambda flops, moved, peak, bandwidth: peak / flops + bandwidth / moved,
        ),
        Mistake(
            "multiplied",
            "You multiplied amounts by rates. Seconds are an amount *divided* by a rate: bytes over bytes per second.",
            lambda flops, moved, peak, bandwidth: flops * peak + moved * bandwidth,
        ),
        Mistake(
            "rates swapped",
            "You swapped the two rates: operations go with FLOP/s, bytes with B/s.",
            lambda flops, moved, peak, bandwidth: flops / bandwidth + moved / peak,
        ),
        Mistake(
            "amounts and rates added",
            "You added operations to bytes. They have different units and different rates: turn each into seconds first, then add.",
            _both_rates,
        ),
        Mistake(
            "times multiplied",
            "You multiplied the two times. Times that follow each other add up.",
            lambda flops, moved, peak, bandwidth: (flops / peak) * (moved / bandwidth),
        ),
        Mistake(
            "milliseconds",
            "Your answer is in milliseconds. The exercise asks for seconds.",
            lambda flops, moved, peak, bandwidth: 1e3 * longest_time(flops, moved, peak, bandwidth),
        ),
        Mistake(
            "rounded down",
            "The digits after the decimal point are cut off, as `//` and `int` do, and these times are fractions of a second. `/` keeps them.",
            lambda flops, moved, peak, bandwidth: flops // peak + moved // bandwidth,
        ),
    ),
)


# --- predicted_time -------------------------------------------------------------------------------------------------


def predicted_time(flops: float, bytes_moved: float, peak_flops: float, bandwidth: float) -> float:
    """Seconds by the roofline model: arithmetic and transfer overlap, and the longer one counts."""
    return max(flops / peak_flops, bytes_moved / bandwidth)


def _attainable(flops: float, bytes_moved: float, peak_flops: float, bandwidth: float) -> float:
    return min(peak_flops, flops / bytes_moved * bandwidth)


PREDICTED_TIME = Exercise(
    name="predicted_time",
    topic=TOPIC,
    points=2,
    reference=predicted_time,
    cases=_time_cases,
    measure=as_float,
    # Times are small numbers of seconds: only a relative tolerance has a meaning.
    atol=0.0,
    edges=("a copy, with no arithmetic at all",),
    mistakes=(
        Mistake(
            "the shorter of the two",
            "You returned the shorter of the two times. The work is done when *both* parts are: the last byte has moved and the last operation is finished.",
            lambda flops, moved, peak, bandwidth: min(flops / peak, moved / bandwidth),
        ),
        Mistake(
            "one after the other",
            "You added the two times, as if the arithmetic waited for the last byte. In the roofline model both happen at the same time.",
            lambda flops, moved, peak, bandwidth: flops / peak + moved / bandwidth,
        ),
        Mistake(
            "memory only",
            "This is how long the bytes take. With a lot of arithmetic on few bytes, the arithmetic units take longer.",
            lambda flops, moved, peak, bandwidth: moved / bandwidth,
        ),
        Mistake(
            "arithmetic only",
            "This is how long the arithmetic takes. By this answer a copy takes no time at all, but its bytes have to be moved.",
            lambda flops, moved, peak, bandwidth: flops / peak,
        ),
        Mistake(
            "speed, not time",
            "This is the height of the roof, a rate in FLOP/s. The exercise asks for the time that the work takes at that rate.",
            _attainable,
        ),
        Mistake(
            "by way of the speed",
            "This is right if there is arithmetic. A copy has none: its rate in FLOP/s is 0, and you divide by that. Compare two *times* instead.",
            lambda flops, moved, peak, bandwidth: flops / _attainable(flops, moved, peak, bandwidth),
        ),
        Mistake(
            "a copy in no time",
            "This is right if there is arithmetic. A copy has none and still takes time, because its bytes have to be moved.",
            lambda flops, moved, peak, bandwidth: flops / _attainable(flops, moved, peak, bandwidth) if flops else 0.0,
        ),
        Mistake(
            "rounded down",
            "The digits after the decimal point are cut off, as `//` and `int` do, and these times are fractions of a second. `/` keeps them.",
            lambda flops, moved, peak, bandwidth: max(flops // peak, moved // bandwidth),
        ),
        Mistake(
            "ridge at one",
            "You choose by whether there are more operations than bytes. A chip's ridge is not at 1 FLOP/byte: it can do many operations in the time that one byte takes.",
            lambda flops, moved, peak, bandwidth: flops / peak if flops > moved else moved / bandwidth,
        ),
        Mistake(
            "upside down",
            "You divided a rate by an amount. Seconds are an amount divided by a rate: bytes over bytes per second.",
            lambda flops, moved, peak, bandwidth: max(peak / flops, bandwidth / moved),
        ),
        Mistake(
            "rates swapped",
            "You swapped the two rates: operations go with FLOP/s, bytes with B/s.",
            lambda flops, moved, peak, bandwidth: max(flops / bandwidth, moved / peak),
        ),
        Mistake(
            "milliseconds",
            "Your answer is in milliseconds. The exercise asks for seconds.",
            lambda flops, moved, peak, bandwidth: 1e3 * predicted_time(flops, moved, peak, bandwidth),
        ),
        Mistake(
            "mean",
            "You returned the mean of the two times. Both parts happen at the same time, and the work is done when the longer one is.",
            lambda flops, moved, peak, bandwidth: (flops / peak + moved / bandwidth) / 2,
        ),
        Mistake(
            "difference",
            "You returned the difference of the two times: how long one part waits for the other. The exercise asks when both are done.",
            lambda flops, moved, peak, bandwidth: abs(flops / peak - moved / bandwidth),
        ),
        Mistake(
            "multiplied",
            "You multiplied amounts by rates. Seconds are an amount *divided* by a rate: bytes over bytes per second.",
            lambda flops, moved, peak, bandwidth: max(flops * peak, moved * bandwidth),
        ),
        Mistake(
            "which one",
            "You returned the index of the longer time, 0 or 1. The exercise asks for the time itself: `max`, not `argmax`.",
            lambda flops, moved, peak, bandwidth: float(flops / peak < moved / bandwidth),
        ),
        Mistake(
            "largest of both",
            "You divided the larger amount by the larger rate. Each amount goes with its own rate; compare the two times after that.",
            lambda flops, moved, peak, bandwidth: max(flops, moved) / max(peak, bandwidth),
        ),
        Mistake(
            "largest by smallest",
            "You divided the larger amount by the smaller rate. Each amount goes with its own rate; compare the two times after that.",
            lambda flops, moved, peak, bandwidth: max(flops, moved) / min(peak, bandwidth),
        ),
        Mistake(
            "upside down, guarded",
            "You divided a rate by an amount, with 1 in place of 0 operations. Seconds are an amount divided by a rate, and there 0 needs no special case.",
            lambda flops, moved, peak, bandwidth: max(peak / max(flops, 1), bandwidth / moved),
        ),
        Mistake(
            "rounded",
            "Your time is rounded to thousandths of a second. These times are short: keep all digits.",
            lambda flops, moved, peak, bandwidth: round(predicted_time(flops, moved, peak, bandwidth), 3),
        ),
    ),
)


# --- arithmetic_intensity -------------------------------------------------------------------------------------------


def arithmetic_intensity(m: int, k: int, n: int, itemsize: int) -> float:
    """FLOP per byte of a matrix product, each matrix moved once (Williams, Waterman and Patterson, 2009, section 3)."""
    flops = 2 * m * k * n
    bytes_moved = itemsize * (m * k + k * n + m * n)
    return flops / bytes_moved


def _intensity_cases(rng: np.random.Generator) -> list[Case]:
    def drawn(low: int, high: int) -> tuple[int, int, int]:
        m, k, n = (int(size) for size in rng.choice(np.arange(low, high), size=3, replace=False))
        return m, k, n

    products = {
        "small matrices in float32": (*drawn(2, 20), 4),
        "a matrix times one column": (*drawn(200, 400)[:2], 1, 4),
        "numbers of two bytes": (*drawn(16, 200), 2),
        "numbers of eight bytes": (*drawn(7, 100), 8),
        # As many operations as no int32 holds.
        "large matrices": (*drawn(20_000, 90_000), 4),
    }
    return [Case(label, args) for label, args in products.items()]


def _without_reuse(m: int, k: int, n: int, itemsize: int) -> float:
    return 2 * m * k * n / (itemsize * (2 * m * k * n + m * n))


ARITHMETIC_INTENSITY = Exercise(
    name="arithmetic_intensity",
    topic=TOPIC,
    points=2,
    reference=arithmetic_intensity,
    cases=_intensity_cases,
    measure=as_float,
    # What is rounded to a few places is another number.
    rtol=2e-6,
    atol=0.0,
    mistakes=(
        Mistake(
            "products only",
            "Half of the operations are missing: you counted only the multiplications. Each product is also *added* to its sum.",
            lambda m, k, n, itemsize: m * k * n / (itemsize * (m * k + k * n + m * n)),
        ),
        Mistake(
            "first addition left out",
            "You count k products, but k − 1 additions. The exercise counts one addition per product: a sum starts at 0, and hardware multiplies and adds in a single operation.",
            lambda m, k, n, itemsize: m * n * (2 * k - 1) / (itemsize * (m * k + k * n + m * n)),
        ),
        Mistake(
            "bits",
            "You divided by bits. `itemsize` is already in bytes.",
            lambda m, k, n, itemsize: 2 * m * k * n / (8 * itemsize * (m * k + k * n + m * n)),
        ),
        Mistake(
            "read, not written",
            "You counted the bytes that are read. The result also has to be written to memory.",
            lambda m, k, n, itemsize: 2 * m * k * n / (itemsize * (m * k + k * n)),
        ),
        Mistake(
            "written, not read",
            "You counted only the bytes of the result. Both inputs have to be read before it can be computed.",
            lambda m, k, n, itemsize: 2 * m * k * n / (itemsize * m * n),
        ),
        Mistake(
            "result read and written",
            "You counted the result twice. It is not read before it is written: its sums are built up next to the arithmetic units.",
            lambda m, k, n, itemsize: 2 * m * k * n / (itemsize * (m * k + k * n + 2 * m * n)),
        ),
        Mistake(
            "fetched for each use",
            "You fetch both inputs again for every multiplication. The exercise asks for the best case, in which each matrix is read or written once.",
            _without_reuse,
        ),
        Mistake(
            "numbers, not bytes",
            "You divided by the count of *numbers* that are moved. Each of them takes `itemsize` bytes.",
            lambda m, k, n, itemsize: 2 * m * k * n / (m * k + k * n + m * n),
        ),
        Mistake(
            "always four bytes",
            "You assume that every number is a float32, of four bytes. `itemsize` says how many bytes it has.",
            lambda m, k, n, itemsize: 2 * m * k * n / (4 * (m * k + k * n + m * n)),
        ),
        Mistake(
            "upside down",
            "These are bytes per operation. The intensity is the other way around.",
            lambda m, k, n, itemsize: itemsize * (m * k + k * n + m * n) / (2 * m * k * n),
        ),
        Mistake(
            "order of operations",
            "Division and multiplication go from left to right, so you divided only by `itemsize` and multiplied by the sizes. Is a pair of parentheses missing?",
            lambda m, k, n, itemsize: 2 * m * k * n / itemsize * (m * k + k * n + m * n),
        ),
        Mistake(
            "operations only",
            "These are the operations of the product. Divide them by the bytes that it moves.",
            lambda m, k, n, itemsize: 2.0 * m * k * n,
        ),
        Mistake(
            "rounded down",
            "The digits after the decimal point are cut off, as `//` and `int` do. The intensity is a ratio: `/` keeps them.",
            lambda m, k, n, itemsize: 2 * m * k * n // (itemsize * (m * k + k * n + m * n)),
        ),
        Mistake(
            "sizes multiplied together",
            "You multiplied the sizes of the three matrices. Their bytes in memory add up.",
            lambda m, k, n, itemsize: 2 * m * k * n / (itemsize * (m * k) * (k * n) * (m * n)),
        ),
        Mistake(
            "lengths added",
            "You added the lengths m, k and n. A matrix has as many numbers as its rows *times* its columns.",
            lambda m, k, n, itemsize: 2 * m * k * n / (itemsize * (m + k + n)),
        ),
        Mistake(
            "operations of a square",
            "The operations are those of square matrices, with n rows and columns each. Here m, k and n differ.",
            lambda m, k, n, itemsize: 2 * n**3 / (itemsize * (m * k + k * n + m * n)),
        ),
        Mistake(
            "bytes of squares",
            "The bytes are those of three square matrices, with n rows and columns each. Here m, k and n differ.",
            lambda m, k, n, itemsize: 2 * m * k * n / (itemsize * 3 * n**2),
        ),
        Mistake(
            "all square",
            "You count as if all matrices were square, with n rows and columns each. Here m, k and n differ.",
            lambda m, k, n, itemsize: 2 * n / (itemsize * 3),
        ),
        Mistake(
            "no parentheses",
            "Division and multiplication go from left to right and before addition, so you divided only by `itemsize`. All bytes belong in the denominator, in parentheses.",
            lambda m, k, n, itemsize: 2 * m * k * n / itemsize * m * k + k * n + m * n,
        ),
    ),
)
