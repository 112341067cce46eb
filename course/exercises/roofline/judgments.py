"""which_bound and estimated: what holds an operation up, and how long it takes, before anything is run."""

from __future__ import annotations

from course.exercises.choices import Quantity, choice, estimate

TOPIC = "roofline"

_DISPATCH_DEAR = "A call costs 10 µs here, and this one takes more than a hundred times as long. Too little work can't be the reason."
_NOT_COMPUTE = "Divide the FLOP by the peak: the arithmetic needs only a small part of the time that was measured."

_NO_CALL = (
    "This is the time of the work alone. Neither bound of the roofline includes the call itself: what does a call cost?"
)

# The device of the exercise: 8.1 TFLOP/s, 320 GB/s, 10 µs a call.
WHICH_BOUND = choice(
    "which_bound",
    TOPIC,
    2,
    {
        # 1e8 FLOP, 1.2e9 bytes, 4.1 ms: at least 0.012 ms of arithmetic, 3.75 ms of bytes.
        "point 1": (
            "A",
            {
                "B": _NOT_COMPUTE,
                "C": _DISPATCH_DEAR,
                "D": "It reaches nine tenths of its roof. It is far below the peak, but at its intensity no program is much faster.",
            },
        ),
        # 1.37e11 FLOP, 2.01e8 bytes, 18 ms: 17 ms of arithmetic, 0.63 ms of bytes.
        "point 2": (
            "B",
            {
                "A": "Divide the bytes by the bandwidth: they need only a small part of the time that was measured.",
                "C": _DISPATCH_DEAR,
                "D": "It reaches more than nine tenths of its roof, so it wastes little.",
            },
        ),
        # 2.56e3 FLOP, 5.7e3 bytes, 11 µs: 0.0003 µs of arithmetic, 0.018 µs of bytes.
        "point 3": (
            "C",
            {
                "A": "Its bytes need a fiftieth of a microsecond. They can't explain 11 µs.",
                "B": "Its arithmetic needs less than a thousandth of a microsecond. It can't explain 11 µs.",
                "D": "Hardly any program could do better: the time is little more than what any call costs.",
            },
        ),
        # 6.7e7 FLOP, 5.37e8 bytes, 13 ms: 0.008 ms of arithmetic, 1.7 ms of bytes.
        "point 4": (
            "D",
            {
                "A": "It lies under the slope, but its bytes need only an eighth of the time that was measured. Where do the other seven eighths go?",
                "B": _NOT_COMPUTE,
                "C": _DISPATCH_DEAR,
            },
        ),
        # 2.68e8 FLOP, 6.74e7 bytes, 0.23 ms: 0.033 ms of arithmetic, 0.21 ms of bytes.
        "point 5": (
            "A",
            {
                "B": "Not every product of matrices is compute-bound. With a batch of 8, each weight is used only eight times: compare the two times.",
                "C": "A call costs 10 µs, and this one takes 230. Look at the bytes.",
                "D": "It reaches a seventh of the peak, but nine tenths of its *roof*. At its intensity no program is much faster.",
            },
        ),
    },
)

# By their datasheets: an H100 does 989 TFLOP/s in bfloat16, 495 TFLOP/s in TF32, 3.35 TB/s; a T4 65 TFLOP/s in float16, 320 GB/s.
# A call costs 10 µs.
ESTIMATED = estimate(
    "estimated",
    TOPIC,
    2,
    {
        # 7e9 parameters of 2 bytes at 3.35 TB/s.
        "one answer": Quantity(
            4.18,
            within=1.5,
            wrong={
                0.0142: "This is the time of the arithmetic alone. Each parameter also has to come from the memory, and is used only once.",
                14: "These are the gigabytes of the parameters. How long does the memory take to deliver them?",
                0.00418: "Is this in seconds? The exercise asks for milliseconds.",
                2.09: "You count one byte a parameter. A bfloat16 number has 16 bits.",
                8.36: "You count four bytes a parameter. A bfloat16 number has 16 bits.",
            },
        ),
        # A layer in float16: FLOP / bytes is 2 · batch / 2.
        "batch": Quantity(
            203,
            within=1.25,
            wrong={
                406: "Twice the ridge is the rule for numbers of four bytes. With two bytes a number, the same bytes bring twice as many weights.",
                102: "This is half the ridge. Each weight of two bytes does two FLOP for each example: a multiplication and an addition.",
                50.6: "This is the rule for float32 on this GPU. In float16 the peak is another one, and each weight has two bytes.",
                25.3: "This is the ridge in float32. The layer computes in float16, which has another peak.",
                295: "This is the batch for an H100. The exercise asks for a T4.",
            },
        ),
        # 32 · 784 · 128 · 2 FLOP, 518 kB: 0.013 µs and 0.155 µs.
        "small layer": Quantity(
            10,
            within=2.0,
            wrong={
                # The bytes, the arithmetic, their sum, and the bytes of the weights.
                0.155: _NO_CALL,
                0.013: _NO_CALL,
                0.168: _NO_CALL,
                0.12: _NO_CALL,
            },
        ),
        # One by one 12 + 12 + 8 + 8 + 8 bytes, fused 16.
        "fused": Quantity(
            3,
            within=1.15,
            wrong={
                5: "You count the operations, but the bytes decide. Two of the five operations read two arrays, and the fused program still reads all three inputs.",
                6: "You let the fused program read one array and write one. It needs a, b and c.",
                2.5: "You let each of the five operations read one array. The product and the sum read two.",
                12: "This is how many arrays the five operations move. Compare it with how many the fused program moves.",
                4: "This is how many arrays the fused program moves. Compare it with how many the five operations move.",
                2.33: "You count only what is read. Each operation also writes an array.",
                1: "The arithmetic stays the same, but these arrays are large, and the time follows the bytes.",
            },
        ),
    },
)
