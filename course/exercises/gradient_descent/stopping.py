"""early_stop: which epoch's weights to keep, and when to give up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.gradient_descent.common import TOPIC


def early_stop(losses: Any, patience: int) -> tuple[int, int]:
    """The best epoch so far when the run ends, and the last one that is trained (Prechelt 1998, its criterion UP turned to patience)."""
    return _stop(losses, lambda epoch, best, losses: epoch - best >= patience)


def _stop(
    losses: Any,
    enough: Callable[[int, int, np.ndarray], bool],
    better: Callable[[float, float], bool] = lambda loss, lowest: loss < lowest,
) -> tuple[int, int]:
    values, best = np.asarray(losses), 0
    for epoch in range(len(values)):
        if better(values[epoch], values[best]):
            best = epoch
        if enough(epoch, best, values):
            return best, epoch
    return best, len(values) - 1


def _rises(losses: Any, patience: int) -> tuple[int, int]:
    """Counts how often in a row the loss was above that of the epoch before."""

    def enough(epoch: int, best: int, values: np.ndarray) -> bool:
        ups = np.diff(values[: epoch + 1]) >= 0
        return epoch >= patience and bool(ups[-patience:].all())

    return _stop(losses, enough)


def _in_all(losses: Any, patience: int) -> tuple[int, int]:
    """Counts all epochs that were no better than the best so far, in a row or not."""

    def enough(epoch: int, best: int, values: np.ndarray) -> bool:
        lowest = np.minimum.accumulate(values[: epoch + 1])
        return int((values[1 : epoch + 1] >= lowest[:-1]).sum()) >= patience

    return _stop(losses, enough)


def _from_the_lowest(losses: np.ndarray, patience: int) -> tuple[int, int]:
    best = int(losses.argmin())
    return best, min(best + patience, len(losses) - 1)


def _the_last_one(losses: Any, patience: int) -> tuple[int, int]:
    """Keeps the last epoch where the patience does not end the run."""
    best, last = early_stop(losses, patience)
    return (best if last - best >= patience else last), last


def _counts_them(losses: Any, patience: int) -> tuple[int, int]:
    """Returns how many epochs there are where the patience does not end the run."""
    best, last = early_stop(losses, patience)
    return best, last if last - best >= patience else len(losses)


def _case(label: str, rng: np.random.Generator, shape: Sequence[float], patience: int) -> Case:
    """Losses that go up and down as the numbers of the shape do: the same number stands for the same loss."""
    levels = sorted(set(shape))
    heights = np.cumsum(rng.uniform(0.05, 0.2, len(levels))) + 0.3
    losses = np.array([heights[levels.index(one)] for one in shape], np.float32)
    return Case(label, (losses, patience))


EARLY_STOP = Exercise(
    name="early_stop",
    topic=TOPIC,
    points=2,
    reference=early_stop,
    parts=("the epoch to keep", "the last epoch"),
    cases=lambda rng: [
        _case("a loss that always falls", rng, [11, 10, 9, 8, 7, 6, 5, 4, 3], 2),
        _case("a loss that rises after its low point", rng, [9, 6, 4, 5, 7, 8, 10, 11], 3),
        _case("a better epoch that comes in time", rng, [9, 5, 6, 7, 4, 5, 6, 3, 8, 9, 10, 11, 12], 3),
        _case("a better epoch that comes too late", rng, [9, 5, 8, 7, 6, 2, 1, 3, 4], 3),
        _case("a loss that comes again", rng, [9, 5, 5, 6, 5, 4, 3], 2),
        _case("a run that ends before the patience does", rng, [9, 5, 6, 7], 3),
        _case("a patience of one", rng, [9, 6, 4, 5, 3, 2], 1),
        _case("one epoch", rng, [5], 4),
    ],
    edges=("one epoch", "a patience of one"),
    mistakes=(
        Mistake(
            "hindsight",
            "You keep the lowest loss of all, which may come after the run has ended. "
            "When an epoch is judged, those after it have not been trained.",
            lambda losses, patience: (int(np.argmin(np.asarray(losses))), early_stop(losses, patience)[1]),
        ),
        Mistake(
            "waits from the lowest of all",
            "You look for the lowest loss of all, and wait from there. When an epoch is judged, those after it have not been trained: "
            "the run may have ended long before.",
            lambda losses, patience: _from_the_lowest(np.asarray(losses), patience),
        ),
        Mistake(
            "the last where it runs out",
            "Right where the patience ends the run. Where the epochs run out first, the best one so far is kept, too.",
            lambda losses, patience: _the_last_one(losses, patience),
        ),
        Mistake(
            "never stops",
            "The run never ends early. When has it waited for long enough?",
            lambda losses, patience: early_stop(losses, len(losses) + 1),
        ),
        Mistake(
            "one too late",
            "It waits for one epoch more than its patience. After the best epoch, `patience` further ones are trained.",
            lambda losses, patience: early_stop(losses, patience + 1),
        ),
        Mistake(
            "one too early",
            "It gives up one epoch too early. After the best epoch, `patience` further ones are trained.",
            lambda losses, patience: early_stop(losses, patience - 1),
        ),
        Mistake(
            "compared with the epoch before",
            "You wait for a loss below that of the epoch *before*. It has to be below the *best* one so far: "
            "a loss may fall and still be far above that.",
            _rises,
        ),
        Mistake(
            "not in a row",
            "The epochs without a better loss are counted through the whole run. When a better one comes, the waiting begins anew.",
            _in_all,
        ),
        Mistake(
            "as good is better",
            "An equal loss counts as a better one. Keep the earlier epoch, and go on waiting.",
            lambda losses, patience: _stop(
                losses, lambda epoch, best, _: epoch - best >= patience, lambda loss, lowest: loss <= lowest
            ),
        ),
        Mistake(
            "losses instead of epochs",
            "You return losses. Return the numbers of two epochs.",
            lambda losses, patience: tuple(float(np.asarray(losses)[epoch]) for epoch in early_stop(losses, patience)),
        ),
        Mistake(
            "changed places",
            "The two numbers have changed places: first the epoch to keep, then the last one.",
            lambda losses, patience: early_stop(losses, patience)[::-1],
        ),
        Mistake(
            "counted from 1",
            "Both numbers are too large by one. The first epoch has the number 0, as its place in `losses` says.",
            lambda losses, patience: tuple(epoch + 1 for epoch in early_stop(losses, patience)),
        ),
        Mistake(
            "how many epochs",
            "The epoch to keep is right. The second number says how many epochs were trained. Return the number of the last one: the first has the number 0.",
            lambda losses, patience: (early_stop(losses, patience)[0], early_stop(losses, patience)[1] + 1),
        ),
        Mistake(
            "as many as there are",
            "Right where the patience ends the run. Where the epochs run out first, you return how many there are. "
            "Return the number of the last one: the first has the number 0.",
            lambda losses, patience: _counts_them(losses, patience),
        ),
        Mistake(
            "the last one twice",
            "The last epoch is right. The one to keep is the best so far; the last one is worse, or the run would have gone on.",
            lambda losses, patience: (early_stop(losses, patience)[1],) * 2,
        ),
    ),
)
