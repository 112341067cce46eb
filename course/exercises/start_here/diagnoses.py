"""stopwatch, before_running, first_aid: what a time, a size or an error means."""

from __future__ import annotations

from course.exercises.choices import Quantity, choice, estimate
from course.exercises.start_here.common import TOPIC

_TWO_CALLS = "The reading is twice that of an honest stopwatch. What is the device still doing when the clock starts?"
_WAITED = "The clock stops after `block_until_ready()`, so the whole product is in the time."

STOPWATCH = choice(
    "stopwatch",
    TOPIC,
    2,
    {
        "stopwatch 1": (
            "C",
            {
                "A": "The product takes at least 6.4 ms at the device's peak. Could this reading be honest?",
                "B": "A compile makes a time too long, and product was called before. This reading is too short.",
                "D": "With another call in it, the time would be longer than it should be. This one is shorter than the device can manage.",
            },
        ),
        "stopwatch 2": (
            "B",
            {
                "A": "The reading is 60 times what the device needs at its peak. What happens on the very first call?",
                "C": _WAITED,
                "D": "The code calls product only once.",
            },
        ),
        "stopwatch 3": (
            "A",
            {
                "B": "This matrix shape has been compiled in the first line, before the clock starts.",
                "C": _WAITED,
                "D": "The first call was waited for, so the device is idle when the clock starts.",
            },
        ),
        "stopwatch 4": (
            "D",
            {
                "A": _TWO_CALLS,
                "B": "The compile was over when the first line returned. Something else of that call is not over.",
                "C": _WAITED,
            },
        ),
        "stopwatch 5": (
            "B",
            {
                "A": "The reading is seven times that of an honest stopwatch. The warm-up took another matrix: does the compiled program fit this one?",
                "C": _WAITED,
                "D": "The warm-up was waited for, so the device is idle when the clock starts.",
            },
        ),
    },
)

BEFORE_RUNNING = estimate(
    "before_running",
    TOPIC,
    2,
    {
        "seconds of the product": Quantity(
            0.002,
            1.2,
            {
                0.001: "That many seconds are enough for the multiplications. The additions take as long again.",
                2e-6: "That is enough for two calculations per element of the result. Each element is a sum of 1,000 products.",
                500.0: "That is the rate divided by the amount: products per second. Seconds are an amount divided by a rate.",
                2.0: "A TFLOP/s is 10¹² calculations per second, a thousand GFLOP/s.",
                2e9: "That is how many calculations the product takes. Seconds are an amount divided by a rate.",
            },
        ),
        "programs compiled": Quantity(
            2,
            1.2,
            {
                1.0: "A program is compiled for one shape. Is each batch of the same shape?",
                5.0: "A program is kept, and used again for each batch of the same shape.",
                3.0: "A program is kept, even while another one runs. Is the last batch of a new shape?",
                4.0: "A program is kept, and used again for each batch of the same shape. How many different shapes are there?",
            },
        ),
        "different pictures": Quantity(
            3,
            1.2,
            {
                1.0: "The two keys of a split differ from each other, and from every other key.",
                2.0: "The two keys of a split differ from each other. Does each of them draw the same picture as `k`?",
                4.0: "Two of the keys are used twice. What does the same key give the second time?",
                5.0: "That is one picture for each draw, as from a generator in NumPy. What does the same key give the second time?",
            },
        ),
        "bytes of the parameters": Quantity(
            7850 * 4,
            1.2,
            {
                7850: "That is how many numbers the leaves hold. How many bytes does a float32 take?",
                7850
                * 8: "A float64 would take that much. JAX keeps these numbers as float32, of 32 bits: how many bytes is that?",
                7850 * 32: "Those are bits. A byte has eight of them.",
                2 * 4: "That is four bytes for each leaf. A leaf is an array: how many numbers does it hold?",
            },
        ),
        "calculations for one digit": Quantity(
            3 * 784 * 3500,
            1.6,
            {
                3 * 784: "That is enough to compare with one known digit. There are 3,500 of them.",
                784 * 3500: "That is one calculation per pixel. A pixel takes three: subtract, multiply, add.",
                3 * 784 * 3500 * 1000: "That is enough for 1,000 new digits. The question is about one.",
                3 * 3500: "That is three calculations for each known digit. A digit has 784 pixels.",
            },
        ),
    },
)

_ABOVE = "The cells above have run. What they made is there; it is something else that is missing."
_MEMORY = "No memory ran out: nothing in the message speaks of it."
_RUNTIME = "A GPU makes the same cells faster. It doesn't change what goes wrong here."

FIRST_AID = choice(
    "first_aid",
    TOPIC,
    1,
    {
        "NameError: name 'params' is not defined": (
            "A",
            {
                "B": "That would work, but you would wait for cells that have nothing to do with it. What makes the name `params`?",
                "C": _MEMORY,
                "D": _RUNTIME,
            },
        ),
        "cells ran in a different order, and the results look odd": (
            "B",
            {
                "A": "The cells above have run, only in an order that the notebook doesn't have. What is still in the memory from then?",
                "C": _MEMORY,
                "D": _RUNTIME,
            },
        ),
        "the kernel dies in the cell with the largest arrays": (
            "C",
            {
                "A": "After a restart you do run them again. But the same cell would end the same way: what was it short of?",
                "B": "The same cells with the same sizes would end the same way. What was it short of?",
                "D": "A kernel that dies on a CPU was short of the computer's own memory. Another device doesn't add to that.",
            },
        ),
        "RESOURCE_EXHAUSTED: out of memory": (
            "C",
            {
                "A": _ABOVE,
                "B": "The same cells with the same sizes would end the same way. What was the device short of?",
                "D": "This message comes from a device that has too little memory for the job. What can you change about the job?",
            },
        ),
        "in Colab, the card says CPU": (
            "D",
            {
                "A": _ABOVE,
                "B": "You would get the same cells on the same machine, which has no GPU. Where does Colab let you choose another one?",
                "C": _MEMORY,
            },
        ),
    },
)
