"""diagnose_kernel and estimate_gpu: what ails a kernel by its counts, and numbers worked out before anything runs."""

from __future__ import annotations

from course.exercises.choices import Quantity, choice, estimate
from course.exercises.gpu_parallelism.common import TOPIC

# A nothing, B scattered accesses, C bank conflicts, D divergence, E the same numbers again and again.
_NO_FAULT = "Something is wrong: one column of its row is far from the best value."
_NOT_SCATTERED = "Scattered accesses touch many sectors a request and use few of their bytes. Its sectors are as few as they can be, or nearly so."
_NO_CONFLICTS = "Bank conflicts show as more than one pass a request to shared memory. Look at that column again."
_NOT_DIVERGENT = "Divergence shows in the branches that split a warp. None of them do here."
_NOT_AGAIN = "Its warps load each number once. Fetching the same number again shows as many loads for each number."

DIAGNOSE_KERNEL = choice(
    "diagnose_kernel",
    TOPIC,
    2,
    {
        "kernel 1": (
            "C",
            {
                "A": _NO_FAULT,
                "B": _NOT_SCATTERED,
                "D": _NOT_DIVERGENT,
                "E": _NOT_AGAIN,
            },
        ),
        "kernel 2": (
            "A",
            {
                "B": _NOT_SCATTERED,
                "C": "It has no request to shared memory, so no bank can be in conflict.",
                "D": _NOT_DIVERGENT,
                "E": _NOT_AGAIN,
            },
        ),
        "kernel 3": (
            "D",
            {
                "A": _NO_FAULT,
                "B": _NOT_SCATTERED,
                "C": "One pass a request is the best there is, so no bank is in conflict.",
                "E": _NOT_AGAIN,
            },
        ),
        "kernel 4": (
            "E",
            {
                "A": _NO_FAULT,
                "B": "It touches few sectors a request. What stands out is how *often* it asks.",
                "C": "It has no request to shared memory, so no bank can be in conflict. That it has none is a hint.",
                "D": _NOT_DIVERGENT,
            },
        ),
        "kernel 5": (
            "B",
            {
                "A": _NO_FAULT,
                "C": "It has no request to shared memory, so no bank can be in conflict.",
                "D": _NOT_DIVERGENT,
                "E": _NOT_AGAIN,
            },
        ),
    },
)

ESTIMATE_GPU = estimate(
    "estimate_gpu",
    TOPIC,
    2,
    {
        "blocks": Quantity(
            49,
            within=1.05,
            wrong={
                39.5: "You need whole blocks along *each* axis. How many of them does one row of the picture need?",
                36: "You rounded down along each axis, so the last rows and columns get no block.",
                10_000: "That is how many pixels there are. A block has 16 × 16 threads, one for each pixel.",
            },
        ),
        "sectors": Quantity(
            12,
            within=1.05,
            wrong={
                4: "That is for neighboring numbers. Here the 32 lanes are spread over three times as many bytes.",
                32: "Each lane has a sector of its own only from a stride of 8 on: a sector holds 8 numbers.",
                3: "How many *bytes* lie between the first and the last lane? A sector holds 32.",
            },
        ),
        "passes": Quantity(
            4,
            within=1.2,
            wrong={
                32: "That is for rows of 32 words, in which a whole column is in one bank. Four words more move the next row by four banks.",
                1: "That takes a row length that has no divisor in common with 32, such as 33. In which banks do rows 0, 1, 2 … 8 begin here?",
                8: "Eight is the number of *banks* that are asked. How many of the 32 lanes ask each of them?",
            },
        ),
        "bytes in flight": Quantity(
            160_000,
            within=1.3,
            wrong={
                0.64: "The bandwidth is divided by the latency here, and the unit is no longer bytes. Multiply.",
                320: "That is what arrives in one nanosecond. The first byte takes 500 of them, and all that time bytes are on their way.",
                1250: "That is the number of *requests* of 128 bytes. The question asks for bytes.",
            },
        ),
        "read time": Quantity(
            12.5,
            within=1.2,
            wrong={
                80: "The bandwidth was divided by the bytes. How long do the bytes take, at so many of them a second?",
                0.0125: "That is in seconds. The question asks for milliseconds.",
                100: "That is for bits: a byte has 8 of them. The bandwidth is in bytes a second.",
            },
        ),
    },
)
