"""one_epoch: a training loop with five bugs, to be mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.gradient_descent.common import TOPIC

Pair = tuple[np.ndarray, np.ndarray]

# The bugs of the loop that is given, in the order in which the cases meet them.
_BUGS = {
    "last batch": "The last batch of the epoch is never taken. Which numbers does `range` give?",
    "mean of a mean": (
        "b moves too little. dZ is already divided by the number of examples. Which operation turns its rows into one?"
    ),
    "stale weights": (
        "For W only the last step of the epoch counts: each round of the loop begins with the W that came in. "
        "Where does the new W go?"
    ),
    "rows apart": "X is put into the new order, and each of its rows learns the answer of another row. What else has to be reordered?",
    "full batches only": "Right where all batches are full. The last one is smaller: what is it divided by?",
}
# Where to look for them.
_PLACES = {
    "last batch": "the end of the loop",
    "mean of a mean": "how b moves",
    "stale weights": "which W a step begins with",
    "rows apart": "the order of Y",
    "full batches only": "a last batch that is smaller",
}


def one_epoch(W: Any, b: Any, X: Any, Y: Any, learning_rate: float, batch_size: int, order: Any) -> Pair:
    """Gradient descent on the squared error of X Wᵀ + b, a step for each batch."""
    return _with(())(W, b, X, Y, learning_rate, batch_size, order)


def _epoch(
    bugs: tuple[str, ...], W: Any, b: Any, X: Any, Y: Any, learning_rate: float, batch_size: int, order: Any
) -> Pair:
    """The epoch with these of the bugs."""
    W, b, X, Y, order = (np.asarray(array) for array in (W, b, X, Y, order))
    X, Y, first = X[order], Y if "rows apart" in bugs else Y[order], W
    starts = range(0, len(X) - batch_size if "last batch" in bugs else len(X), batch_size)
    # Without a round, the loop as it is given has no new W to return; mended in that alone, it returns what came in.
    if not starts and "stale weights" in bugs:
        raise UnboundLocalError("cannot access local variable 'new_W' where it is not associated with a value")
    for i in starts:
        rows = slice(i, i + batch_size)
        begun = first if "stale weights" in bugs else W
        error = X[rows] @ begun.T + b - Y[rows]
        dZ = 2 * error / (batch_size if "full batches only" in bugs else len(error))
        W = begun - learning_rate * dZ.T @ X[rows]
        b = b - learning_rate * (dZ.mean(axis=0) if "mean of a mean" in bugs else dZ.sum(axis=0))
    return W, b


def _with(bugs: tuple[str, ...]) -> Callable[..., Pair]:
    return partial(_epoch, bugs)


def _left() -> Iterator[Mistake]:
    """A mistake for each set of bugs that may be left; without the last batch, it doesn't matter by what that is divided."""
    for count in range(1, len(_BUGS) + 1):
        for bugs in combinations(_BUGS, count):
            if {"last batch", "full batches only"} <= set(bugs):
                continue
            others = ", and at ".join(_PLACES[bug] for bug in bugs[1:])
            more = f" Then look at {others}." if others else ""
            yield Mistake(" and ".join(bugs), _BUGS[bugs[0]] + more, _with(bugs))


def _case(label: str, rng: np.random.Generator, n: int, batch: int, sizes: tuple[int, int], shuffle: bool) -> Case:
    n_in, n_out = sizes
    order = np.arange(n)
    while shuffle and (order == np.arange(n)).any():
        order = rng.permutation(n)
    W, b, X, Y = (
        rng.normal(size=shape).astype(np.float32) for shape in ((n_out, n_in), (n_out,), (n, n_in), (n, n_out))
    )
    return Case(label, (W, b, X, Y, round(float(rng.uniform(0.1, 0.2)), 3), batch, order.astype(np.int32)))


ONE_EPOCH = Exercise(
    name="one_epoch",
    topic=TOPIC,
    points=2,
    kind="repair",
    reference=one_epoch,
    parts=("W", "b"),
    cases=lambda rng: [
        _case("one batch of all examples, in their order", rng, 4, 4, (2, 1), False),
        _case("two batches, in their order", rng, 6, 3, (2, 3), False),
        _case("two batches, shuffled", rng, 6, 3, (3, 2), True),
        _case("a last batch of one, shuffled", rng, 7, 3, (2, 3), True),
        _case("a last batch of two, shuffled", rng, 10, 4, (3, 1), True),
    ],
    mistakes=(
        *_left(),
        Mistake(
            "order unused",
            "The examples are taken in the order in which they came. `order` says which one comes first, which second, and so on.",
            lambda W, b, X, Y, rate, batch, order: one_epoch(W, b, X, Y, rate, batch, np.arange(len(order))),
        ),
        Mistake(
            "b follows the new W",
            "W is right in the first step, and b is not: you calculated its slope after W had moved. "
            "Both slopes belong to the same error.",
            lambda *args: _one_after_the_other(*args),
        ),
        Mistake(
            "W follows the new b",
            "b is right in the first step, and W is not: you calculated its slope after b had moved. "
            "Both slopes belong to the same error.",
            lambda W, b, X, Y, rate, batch, order: _one_after_the_other(W, b, X, Y, rate, batch, order, first="b"),
        ),
        Mistake(
            "divided by all",
            "Right where the batch has all examples. In a smaller one the steps are too short: the loss is a mean over the batch.",
            lambda *args: _of_all(*args),
        ),
        Mistake(
            "not divided",
            "Right in batches of one. In larger ones the steps are too long: the loss is a mean over the batch, not a sum.",
            lambda W, b, X, Y, rate, batch, order: _of_all(W, b, X, Y, rate * len(X), batch, order),
        ),
        Mistake(
            "no batch of one",
            "Right where the last batch has two examples or more. A last batch of one is never taken: at which number does `range` end?",
            lambda *args: _but_one(*args),
        ),
        Mistake(
            "half a slope",
            "The steps are half as long as they should be. What is the derivative of a square?",
            lambda W, b, X, Y, rate, *rest: one_epoch(W, b, X, Y, rate / 2, *rest),
        ),
        Mistake(
            "mean over the outputs",
            "Right where there is one output. The squared errors of an example are summed over the outputs; you take their mean.",
            lambda W, b, X, Y, rate, *rest: one_epoch(W, b, X, Y, rate / Y.shape[1], *rest),
        ),
        Mistake(
            "one slope for all of b",
            "Right where there is one output. Where there are more, each entry of b has a slope of its own: "
            "sum over the examples, and not over the outputs.",
            lambda *args: _one_slope(*args),
        ),
        Mistake(
            "uphill",
            "The steps have the right length and go uphill.",
            lambda W, b, X, Y, rate, batch, order: one_epoch(W, b, X, Y, -rate, batch, order),
        ),
        Mistake(
            "only W",
            "Only W came back. The next epoch needs both: return W and b.",
            lambda *args: one_epoch(*args)[0],
        ),
    ),
)


def _one_after_the_other(W: Any, b: Any, X: Any, Y: Any, rate: float, batch: int, order: Any, first: str = "W") -> Pair:
    """As `one_epoch`, but one of the slopes is that of what has just moved."""
    W, b, X, Y = (np.asarray(array) for array in (W, b, X, Y))
    for i in range(0, len(X), batch):
        rows = np.asarray(order)[i : i + batch]
        for moves in ("W", "b") if first == "W" else ("b", "W"):
            dZ = 2 * (X[rows] @ W.T + b - Y[rows]) / len(rows)
            W, b = (W - rate * dZ.T @ X[rows], b) if moves == "W" else (W, b - rate * dZ.sum(axis=0))
    return W, b


def _but_one(W: Any, b: Any, X: Any, Y: Any, rate: float, batch: int, order: Any) -> Pair:
    """As `one_epoch`, without a last batch of one example."""
    kept = order[:-1] if len(order) % batch == 1 else order
    return one_epoch(W, b, X, Y, rate, batch, kept)


def _one_slope(W: Any, b: Any, X: Any, Y: Any, rate: float, batch: int, order: Any) -> Pair:
    """As `one_epoch`, but all entries of b move by the sum of their slopes."""
    W, b, X, Y = (np.asarray(array) for array in (W, b, X, Y))
    for i in range(0, len(X), batch):
        rows = np.asarray(order)[i : i + batch]
        dZ = 2 * (X[rows] @ W.T + b - Y[rows]) / len(rows)
        W, b = W - rate * dZ.T @ X[rows], b - rate * dZ.sum()
    return W, b


def _of_all(W: Any, b: Any, X: Any, Y: Any, rate: float, batch: int, order: Any) -> Pair:
    """As `one_epoch`, but each step is divided by the number of all examples."""
    for i in range(0, len(X), batch):
        rows = np.asarray(order)[i : i + batch]
        share = rate * len(rows) / len(X)
        W, b = one_epoch(W, b, np.asarray(X)[rows], np.asarray(Y)[rows], share, batch, np.arange(len(rows)))
    return W, b
