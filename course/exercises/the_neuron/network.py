"""xor_network: a network whose numbers are chosen by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.probes.the_neuron import built
from course.exercises.the_neuron.common import TOPIC, numbers

# The weights and the bias of relu(x₁ + x₂ − 1) and of relu(x₁ + x₂).
_OF_THE_LESSON = [(1.0, 1.0, -1.0), (1.0, 1.0, 0.0)]
_CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
_XOR_SHAPES = {"W1": (2, 2), "b1": (2,), "w2": (2,), "b2": ()}


def _xor_part(name: str, part: Any, shape: tuple[int, ...]) -> np.ndarray:
    array = numbers(name, part)
    if array.shape == shape:
        return array
    wanted = f"expected {shape}." if shape else f"{name} is one number, such as 0.0, without brackets."
    raise WrongAnswer(f"{name} has shape {array.shape}; {wanted}")


def _run_xor(parameters: Any, X: np.ndarray) -> np.ndarray:
    """The measure: run the network that the weights make; so that the answer is a network and not a trick."""
    if parameters is None:
        raise WrongAnswer("it returned None. End it with `return W1, b1, w2, b2`.")
    if not isinstance(parameters, (tuple, list)) or len(parameters) != 4:
        raise WrongAnswer("return four things: W1 (2, 2), b1 (2,), w2 (2,), b2 (one number).")
    W1, b1, w2, b2 = (_xor_part(*named) for named in zip(_XOR_SHAPES, parameters, _XOR_SHAPES.values(), strict=True))

    def run(X: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore", invalid="ignore"):
            answers: np.ndarray = np.maximum(X @ W1.T + b1, 0) @ w2 + b2
        return answers

    hidden = sorted(map(tuple, np.column_stack([W1, b1]).tolist()))
    if hidden == _OF_THE_LESSON and np.allclose(run(_CORNERS), [0, 1, 1, 0], atol=0.25):
        raise WrongAnswer("these are the lesson's two hidden neurons. Find a network with others.", mark="the lesson's")
    return run(X)


def _xor_weights(
    W1: Sequence[Sequence[float]], b1: Sequence[float], w2: Sequence[float], b2: float
) -> Callable[[], tuple[Array, ...]]:
    return lambda: tuple(jnp.array(part, jnp.float32) for part in (W1, b1, w2, b2))


def _pair(corner: np.ndarray) -> str:
    return f"({int(corner[0])}, {int(corner[1])})"


def _xor_cases(rng: np.random.Generator) -> list[Case]:
    mixed = _CORNERS[rng.permutation(4)]
    one_by_one = [
        Case(f"x = {_pair(corner)}", (corner[None],), shown=f"one pair of inputs: {_pair(corner)}")
        for corner in _CORNERS
    ]
    return [
        *one_by_one,
        Case(
            "all four corners", (mixed,), shown=f"four pairs of inputs: {', '.join(_pair(corner) for corner in mixed)}"
        ),
    ]


def _xor_accept(got: Any, want: Any, X: Array) -> str | None:
    wrong = np.asarray(got, np.float64).round(2) - np.asarray(want)
    i = int(np.argmax(np.abs(wrong)))
    if np.abs(wrong[i]) < 0.25:
        return None
    a, b = (int(v) for v in np.asarray(X)[i])
    return f"your network answers {float(np.asarray(got)[i]):.2f}; for inputs {a} and {b}, XOR is {int(np.asarray(want)[i])} (within 0.25 will do)."


XOR_NETWORK = Exercise(
    name="xor_network",
    topic=TOPIC,
    points=3,
    reference=_xor_weights([[1, -1], [-1, 1]], [0, 0], [1, 1], 0),
    cases=_xor_cases,
    probe=built,
    measure=_run_xor,
    accept=_xor_accept,
    mistakes=(
        Mistake(
            "or",
            "This network answers OR: it says 1 at (1, 1) too. There the second hidden neuron has to pull the answer down again.",
            _xor_weights([[1, 1], [1, 1]], [0, -1], [1, -1], 0),
        ),
        Mistake(
            "and",
            "This network answers AND: it wakes only at (1, 1). XOR is 1 where exactly one input is.",
            _xor_weights([[1, 1], [1, 1]], [-1, -1], [1, 0], 0),
        ),
        Mistake(
            "upside down",
            "This network says 1 where the inputs are *equal*. That is XOR turned upside down.",
            _xor_weights([[1, 1], [1, 1]], [0, -1], [-1, 2], 1),
        ),
        Mistake(
            "thresholds in the middle",
            "Thresholds of ½ and 1½ would do if a neuron answered 0 or 1. A ReLU answers how far its sum is above 0, which is only ½ here: print h for each corner.",
            _xor_weights([[1, 1], [1, 1]], [-0.5, -1.5], [1, -1], 0),
        ),
        Mistake(
            "sum",
            "This network just counts the ones, so it says 2 at (1, 1). There a second hidden neuron has to take something away.",
            _xor_weights([[1, 1], [1, 1]], [0, 0], [1, 0], 0),
        ),
        Mistake(
            "0 everywhere",
            "Your network answers 0 on all four corners. Print h for each of them: is a hidden neuron awake where exactly one input is 1, and does w2 let it through?",
            _xor_weights([[0, 0], [0, 0]], [0, 0], [0, 0], 0),
        ),
        Mistake(
            "half everywhere",
            "Your network answers 0.5 on all four corners: right in the middle, so it has not decided anything. Print h for each corner: it has to differ between them.",
            _xor_weights([[0, 0], [0, 0]], [0, 0], [0, 0], 0.5),
        ),
        Mistake(
            "1 everywhere",
            "Your network answers 1 on all four corners. At (0, 0) and at (1, 1) it has to answer 0: print h there.",
            _xor_weights([[0, 0], [0, 0]], [0, 0], [0, 0], 1),
        ),
        Mistake(
            "minus the sum",
            "Your network answers minus the number of ones. If both hidden neurons give the plain sum x₁ + x₂, they have to differ: one of them should stay silent until *both* inputs are 1.",
            _xor_weights([[1, 1], [1, 1]], [0, 0], [1, -2], 0),
        ),
        Mistake(
            "difference",
            "Your network answers 1 at (1, 0) and −1 at (0, 1): their difference. XOR treats both inputs alike.",
            _xor_weights([[1, -1], [-1, 1]], [0, 0], [1, -1], 0),
        ),
        Mistake(
            "first input only",
            "(1, 0) is right, but (0, 1) still gives 0: a hidden neuron answers where only the first input is on, and nothing does where only the second is.",
            _xor_weights([[1, -1], [-1, 1]], [0, 0], [1, 0], 0),
        ),
        Mistake(
            "second input only",
            "(0, 1) is right, but (1, 0) still gives 0: a hidden neuron answers where only the second input is on, and nothing does where only the first is.",
            _xor_weights([[1, -1], [-1, 1]], [0, 0], [0, 1], 0),
        ),
    ),
)
