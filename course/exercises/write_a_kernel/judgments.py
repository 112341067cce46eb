"""diagnose_blocks and estimated_blocks: what is wrong with a call, by its result, and whether a block fits."""

from __future__ import annotations

from course.exercises.choices import Quantity, choice, estimate
from course.exercises.write_a_kernel.common import TOPIC

_NOT_A = "If every program got block 0, the numbers 4 to 7 would appear nowhere in a copy, and 0 to 3 more than once."
_NOT_B = (
    "A grid that is too short leaves the end of the output unwritten. Is something missing at the end, and only there?"
)
_NOT_C = "With elements for blocks, program 0 still gets its own block, but program 1 is sent far away. Is that what you see?"
_NOT_D = "A value from out of bounds would spoil a sum or a maximum. Here nothing is combined: each number is copied by itself."
_NOT_E = "In a race the result changes from run to run, or from device to device. This one is the same every time."
_SUM_FULL = (
    "Then the first two sums would be wrong or repeated. They are right: 0 + 1 + 2 + 3 = 6 and 4 + 5 + 6 + 7 = 22."
)
_TOTAL = (
    "That would be wrong in the interpreter, too, and the same each time. Here the interpreter gets the right total."
)

# x is 0, 1, … 9, in blocks of 4. The notebook shows the five results.
DIAGNOSE_BLOCKS = choice(
    "diagnose_blocks",
    TOPIC,
    2,
    {
        "copy 1": ("A", {"B": _NOT_B, "C": _NOT_C, "D": _NOT_D, "E": _NOT_E}),
        "copy 2": ("B", {"A": _NOT_A, "C": _NOT_C, "D": _NOT_D, "E": _NOT_E}),
        "copy 3": (
            "C",
            {
                "A": "Then every block of the copy would begin with 0. The second one begins with 8.",
                "B": "The end of the copy, 8 and 9, is there and right. It is the middle that is wrong.",
                "D": _NOT_D,
                "E": _NOT_E,
            },
        ),
        "sums": (
            "D",
            {
                "A": _SUM_FULL,
                "B": "Then the third sum would not have been written at all, which shows as nan, too. But this kernel ran in three programs, one for each block.",
                "C": _SUM_FULL,
                "E": "Each program writes a sum of its own, so none of them disturbs another.",
            },
        ),
        "total": (
            "E",
            {
                "A": _TOTAL,
                "B": _TOTAL,
                "C": _TOTAL,
                "D": "A value from out of bounds would show as nan in the interpreter, which gets the right total here.",
            },
        ),
    },
)

# An H100: 227 KiB of shared memory for a thread block.
ESTIMATED_BLOCKS = estimate(
    "estimated_blocks",
    TOPIC,
    2,
    {
        # Two strips of 128 × 2,048 numbers of two bytes.
        "strips": Quantity(
            1024,
            within=1.1,
            wrong={
                512: "This is one strip. A program of a product gets one of A and one of B.",
                2048: "You count four bytes a number. A bfloat16 number has 16 bits.",
                1: "Is this in MiB? The exercise asks for KiB.",
                1_048_576: "Is this in bytes? The exercise asks for KiB.",
            },
        ),
        # 2 matrices × 2 buffers × 128 × 64 numbers of two bytes.
        "pieces": Quantity(
            64,
            within=1.1,
            wrong={
                32: "This is a piece of A and a piece of B, once. While they are in use, the next two are on their way, and they need room as well.",
                16: "This is a single piece. There is one of A and one of B, and each of them twice.",
                128: "You count four bytes a number. A bfloat16 number has 16 bits.",
                65_536: "Is this in bytes? The exercise asks for KiB.",
            },
        ),
        # 32 × 32 programs: two strips of 128 × 4,096 float32 numbers, and a block.
        "traffic": Quantity(
            4.36,
            within=1.25,
            wrong={
                0.201: "This is each matrix moved once. Each strip of A is read by every program of its row.",
                2.15: "You count one strip for each program. It reads one of A and one of B.",
                0.134: "You count how many bytes A and B have. Each strip is read by 32 programs.",
                4360: "Is this in MB? The exercise asks for GB.",
                275: "These are the bytes with blocks of one number. A block of 128 × 128 shares its strips.",
            },
        ),
        # 8 · side · 1,024 bytes are at most 227 KiB: 28, so 16.
        "side": Quantity(
            16,
            within=1.2,
            wrong={
                32: "Two strips of 32 × 1,024 float32 numbers are 256 KiB, a little too much.",
                64: "Two strips of 64 × 1,024 float32 numbers are 512 KiB. Did you count bytes?",
                28: "So many rows would fit, but the exercise asks for a power of two.",
                8: "That fits, but twice as many rows fit as well.",
            },
        ),
    },
)
