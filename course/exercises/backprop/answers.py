"""wrong_slope and gradient_cost: a letter for each of four graphs, and four estimates before anything runs."""

from __future__ import annotations

from course.exercises.backprop.common import TOPIC
from course.exercises.choices import Quantity, choice, estimate

# All graphs are of (tanh(w·x + b) + x)², at w = -1.2, x = 1.5, b = 0.6; in each one box has a wrong slope, and what follows
# from it on the way back is computed with the wrong one. The boxes: A is w, B is b, C is z = p + b, D is x.
WRONG_SLOPE = choice(
    "wrong_slope",
    TOPIC,
    3,
    {
        "graph 1": (
            "C",
            {
                "A": "The slope of w is what came back to p, times x: 1.5 times as much. That agrees with the slope of p. Look further to the right.",
                "B": "A sum hands its slope on as it is, and b has the slope of z. Look further to the right.",
                "D": "x is used twice: once at s, and once at p with the local slope w. With the slopes in this graph, the sum agrees.",
            },
        ),
        "graph 2": (
            "D",
            {
                "A": "The slope of w is that of p times x, 1.5. It agrees.",
                "B": "A sum hands its slope on as it is, and b has the slope of z. It agrees.",
                "C": "The slope of z is that of y times 1 − y², and y is −0.834. It agrees.",
            },
        ),
        "graph 3": (
            "A",
            {
                "B": "A sum hands its slope on as it is, and b has the slope of z. It agrees.",
                "C": "The slope of z is that of y times 1 − y², and y is −0.834. It agrees.",
                "D": "x is used twice. What comes from s is 1.33; what comes from p is the slope of p times w, −1.2. The sum agrees.",
            },
        ),
        "graph 4": (
            "B",
            {
                "A": "The slope of w is that of p times x, 1.5. It agrees.",
                "C": "The slope of z is that of y times 1 − y², and y is −0.834. It agrees.",
                "D": "x is used twice. What comes from s is 1.33; what comes from p is the slope of p times w, −1.2. The sum agrees.",
            },
        ),
    },
)

_WEIGHTS = 200 * 1000 + 200 + 10 * 200 + 10  # 1,000 inputs, 200 hidden neurons, 10 outputs
_A_YEAR = 365.25 * 24 * 3600  # seconds

GRADIENT_COST = estimate(
    "gradient_cost",
    TOPIC,
    2,
    {
        "losses by trying": Quantity(
            2 * _WEIGHTS,
            within=1.5,
            wrong={
                _WEIGHTS: "How many losses do you need for the slope of *one* weight? There is a point on either side of it.",
                2
                * 1210: "You counted the inputs and neurons, twice. Each of the 200 hidden neurons has 1,000 weights of its own.",
            },
        ),
        "minutes by trying": Quantity(
            2 * _WEIGHTS / 1000 / 60,
            within=1.5,
            wrong={
                _WEIGHTS
                / 1000
                / 60: "How many losses do you need for the slope of *one* weight? There is a point on either side of it.",
                2 * _WEIGHTS / 1000: "That is the time in seconds.",
            },
        ),
        "losses by the backward pass": Quantity(
            2.0,
            within=1.3,
            wrong={
                1.0: "That is one of the two passes. A gradient takes both: the backward pass needs what the forward pass found.",
                3.0: "You counted dX of the first layer, which is as large a product as any. Do you need the slopes of the inputs?",
                2 * _WEIGHTS: "That is the cost of trying. One backward pass gives all slopes at once.",
            },
        ),
        "years by trying": Quantity(
            2 * 10e9 / _A_YEAR,
            within=1.5,
            wrong={
                10e9
                / _A_YEAR: "How many losses do you need for the slope of *one* weight? There is a point on either side of it.",
                2 * 10e9: "That is the time in seconds. A year has about 32 million of them.",
            },
        ),
    },
)
