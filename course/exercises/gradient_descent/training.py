"""train: the loop around all of it, judged by what the trained network reads of digits that it has not seen."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from course.checks.compare import difference
from course.checks.exercise import Exercise, Mistake, WrongAnswer
from course.checks.probes.gradient_descent import trained
from course.exercises.backprop.common import NAMES, after_colon, entries
from course.exercises.gradient_descent.common import TOPIC
from course.exercises.gradient_descent.digits import FEW as FEW_EXAMPLES
from course.exercises.gradient_descent.digits import alike_case, apart_case, digits_cases, world
from course.exercises.gradient_descent.loops import (
    at_random,
    everything,
    in_turn,
    loop,
    one_batch,
    rounds,
    runs_off,
    train,
)

# See digits.py.
ENOUGH = 0.81

# What stands for a generator that nobody has seeded.
_COUNT = itertools.count()

DIVERGED = (
    "The network is lost: parameters are not numbers any more, or most hidden neurons never answer. That comes from steps that are "
    "too long, or go uphill. Does each take the gradient of the batch's *mean* loss, times the learning rate that is given, and subtract it?"
)
FEW = (
    "Right where all examples are alike. But most of the examples have left no trace in the weights: the steps always took the same few. "
    "A key gives the same numbers each time it is used; each step needs a new one, or a new place in the shuffled order."
)
APART = (
    "Right where all examples are alike. With digits nothing is learned that holds for others, as if images and labels had nothing "
    "to do with each other. Is each image still beside its own label after the shuffling?"
)
ORDER = (
    "Right where the examples come mixed. Here they come sorted by class, and the network knows best those that it saw last. "
    "In which order do your batches take the examples?"
)
KEY_UNUSED = (
    "All keys make the same batches: the key that the function is given is not used. Draw the examples with it, or with keys that are "
    "split off from it."
)
NOT_THE_KEY = (
    "The same key makes other batches when it comes again: something else than the key decides, such as NumPy's own generator. Then no run "
    "can be repeated."
)
NEVER = "The parameters came back as they went in. Each step has to make new ones, and the next step has to begin with those."


def _measure(
    raw: Any,
    pixels: np.ndarray,
    labels: np.ndarray,
    start: list[np.ndarray],
    numbers: list[Any],
    unseen: np.ndarray | None = None,
    truth: np.ndarray | None = None,
) -> Any:
    """All parameters in a row; or, of digits, 1 where enough of the unseen ones are read."""
    if raw is None:
        return None
    if not isinstance(raw, tuple) or len(raw) != len(numbers[-1]):
        raise WrongAnswer("what came back can't be read.")
    if all(one is None for one in raw):
        return None
    parameters = [_row(one, start) for one in raw]
    begun = np.concatenate([array.reshape(-1) for array in start])
    got = parameters[0]
    if _differ(pixels):
        return _by_keys([one - begun for one in parameters], pixels, labels, start, numbers)
    if unseen is None or truth is None:
        return got
    if np.array_equal(got, begun):
        raise WrongAnswer(after_colon(NEVER))
    cuts = np.cumsum([array.size for array in start])[:-1]
    W1, b1, W2, b2 = (part.reshape(a.shape) for part, a in zip(np.split(got, cuts), start, strict=True))
    X = pixels.astype(np.float32) / 255
    with np.errstate(all="ignore"):
        hidden = np.maximum(X @ W1.T + b1, 0)
        if not np.isfinite(got).all() or not np.isfinite(hidden).all():
            raise WrongAnswer(after_colon(DIVERGED))
        silent = float((hidden == 0).all(axis=0).mean())
        logits = hidden @ W2.T + b2
        said = (np.maximum(unseen.reshape(len(unseen), -1) @ W1.T + b1, 0) @ W2.T + b2).argmax(axis=1)
    share = float((said == truth).mean())
    if share < ENOUGH:
        moved = float(np.linalg.norm(W2 - start[2]) / np.linalg.norm(start[2]))
        read = float((logits.argmax(axis=1) == labels).mean())
        if why := _why(silent, _traced(X, W1 - start[0]), moved, read, ordered=bool((np.diff(labels) >= 0).all())):
            raise WrongAnswer(after_colon(why))
        raise WrongAnswer(_too_few(share, len(truth)), mark="too few read")
    return 1.0


def _row(raw: Any, start: list[np.ndarray]) -> np.ndarray:
    """The parameters that came back, in a row."""
    return entries(raw, {name: array.shape for name, array in zip(NAMES, start, strict=True)}, "the parameters")


def _differ(pixels: np.ndarray) -> bool:
    """Whether this is the case of a few examples of which a step takes one, whichever it is."""
    return 1 < len(pixels) <= FEW_EXAMPLES and bool((pixels[0] != pixels[1]).any())


def _by_keys(
    moved: list[np.ndarray], pixels: np.ndarray, labels: np.ndarray, start: list[np.ndarray], numbers: list[Any]
) -> np.ndarray:
    """See `_taken`, of the first step that is not right, or else of the first.

    Raises:
        WrongAnswer: each is a step with one example, but not the key chooses it.
    """
    found = _taken(np.stack(moved, axis=1), pixels, labels, start, numbers)
    sums, far = found.sum(axis=0), np.abs(found - np.round(found)).max(axis=0)
    answers = np.round(np.stack([sums, far], axis=1), 1).astype(np.float32)
    wrong = [one for one in answers if not np.array_equal(one, [1, 0])]
    if wrong:
        return np.asarray(wrong[0])
    chosen = dict(zip(numbers[-1], found.argmax(axis=0), strict=True))
    if any(chosen[key] != example for key, example in zip(numbers[-1], found.argmax(axis=0), strict=True)):
        raise WrongAnswer(after_colon(NOT_THE_KEY), mark="not the key's")
    if len(set(chosen.values())) == 1:
        raise WrongAnswer(after_colon(KEY_UNUSED), mark="key unused")
    return answers[0]


def _taken(
    moved: np.ndarray, pixels: np.ndarray, labels: np.ndarray, start: list[np.ndarray], numbers: list[Any]
) -> np.ndarray:
    """How many steps of each example a move is, `(examples, moves)`.

    Args:
        moved: how far the parameters have moved, `(parameters, moves)`.
    """
    params = {name: jnp.asarray(array) for name, array in zip(NAMES, start, strict=True)}
    X = jnp.asarray(pixels.astype(np.float32) / 255)
    alone = []
    for i in range(len(X)):
        new = train(params, X[i : i + 1], jnp.asarray(labels[i : i + 1]), numbers[0], 1, 1, jax.random.key(0))
        alone.append(np.concatenate([np.ravel(new[name] - params[name]) for name in NAMES]))
    if not np.isfinite(moved).all():
        raise WrongAnswer(after_colon(DIVERGED))
    return np.asarray(np.linalg.lstsq(np.stack(alone, axis=1), moved, rcond=None)[0])


def _traced(X: np.ndarray, moved: np.ndarray) -> float:
    """The share of the pixels inked somewhere whose weights have moved: a step leaves alone those where its batch is blank."""
    inked = (X > 0).any(axis=0)
    return float((moved != 0).any(axis=0)[inked].mean())


def _why(silent: float, traced: float, moved: float, read: float, ordered: bool) -> str | None:
    """What is likely to be wrong with a network that reads badly, if that can be told.

    The bounds lie between what loops with the mistake give and all others, in 30 draws of the digits. Only steps that are too
    long silence most neurons; others at most 44 %. One batch leaves a trace in at most 87 % of the pixels, all others in 96 %. With labels apart
    from images at most 19 % of the training digits are read, though W2 moves by 3 to 39 % of its length; with a rate that
    is far too small it does not move, with batches of one it moves by more than half.

    Args:
        silent: the share of hidden neurons that answer no training example.
        traced: see `_traced`.
        moved: how far W2 has moved, in units of its length at the start.
        read: the share of training examples that are read.
        ordered: the training examples are sorted by class.
    """
    if silent > 0.6:
        return DIVERGED
    if traced < 0.9:
        return FEW
    if read < 0.22 and 0.02 < moved < 0.47:
        return APART
    return ORDER if ordered else None


def _accept(
    got: Any, want: Any, pixels: np.ndarray, labels: np.ndarray, start: Any, numbers: Any, *kept: Any
) -> str | None:
    wrong = difference(got, want, 1e-3, 1e-5)
    if wrong and _differ(pixels):
        return "this is not the step that one of the examples gives by plain gradient descent."
    if kept or wrong is None:
        return wrong
    return f"these are not the parameters after {numbers[1]} steps of plain gradient descent ({wrong.rstrip('.')})."


def _with_key(number: Callable[[], int]) -> Callable[..., Any]:
    """A loop that is right but for its key, which is another than the one that it is given."""

    def wrong(params: Any, X: Any, labels: Any, rate: float, steps: int, batch: int, key: Any) -> Any:
        return train(params, X, labels, rate, steps, batch, jax.random.key(number()))

    return wrong


def _too_few(share: float, count: int) -> str:
    return f"the network reads {share:.1%} of {count:,} digits that it has not seen; {ENOUGH:.0%} are needed."


TRAIN = Exercise(
    name="train",
    topic=TOPIC,
    points=4,
    reference=train,
    probe=trained,
    world=world,
    measure=_measure,
    accept=_accept,
    rtol=1e-3,
    limit_s=60.0,
    cases=lambda rng: [
        alike_case("one example, two steps", rng, 1, 1, 2, 0.5),
        alike_case("seven copies of one example, in batches of three", rng, 7, 3, 5, 0.25),
        apart_case("eight examples, one step with one of them, for several keys", rng, 0.001),
        *digits_cases(rng),
    ],
    mistakes=(
        Mistake("never updates", NEVER, lambda params, *rest: params),
        Mistake(
            "uphill",
            "The steps have the right length and go uphill: a gradient points to where the loss *grows*.",
            loop(rates=lambda step, rate, steps, batch: -rate * (step < steps)),
        ),
        Mistake(
            "one step only",
            "You make one step, whatever `steps` says. Either the loop returns in its first round, or each step begins "
            "with the parameters that came in, and not with those of the step before.",
            loop(rates=lambda step, rate, steps, batch: rate * (step < 1)),
        ),
        Mistake(
            "one step too few",
            "There is one step too few. How many numbers are in `range(1, n)`?",
            loop(rates=lambda step, rate, steps, batch: rate * (step < steps - 1)),
        ),
        Mistake(
            "one step too many",
            "There is one step too many.",
            loop(rates=lambda step, rate, steps, batch: rate * (step <= steps)),
        ),
        Mistake(
            "rounds for steps",
            "There are too many steps: you make as many *rounds* through the examples. A step takes one batch.",
            rounds,
        ),
        Mistake(
            "no learning rate",
            "The learning rate is not used: the steps are as long as the gradients.",
            loop(rates=lambda step, rate, steps, batch: 1.0 * (step < steps)),
        ),
        Mistake(
            "gradient of the sum",
            "With one example it is right. In a batch the steps are too long, by the number of its examples: "
            "the loss of a batch is a mean.",
            loop(rates=lambda step, rate, steps, batch: rate * batch * (step < steps)),
        ),
        Mistake(
            "gradient of a smaller mean",
            "With one example it is right. In a batch the steps are too short, by the number of its examples: "
            "the loss is a mean already, and you divide once more.",
            loop(rates=lambda step, rate, steps, batch: rate / batch * (step < steps)),
        ),
        Mistake(
            "all examples in each step",
            "Each step has taken *all* examples, and `batch_size` is not used. A step takes as many as that says, drawn at random.",
            everything,
        ),
        Mistake(
            "runs off the end",
            "The first steps are right, and then nothing moves any more. The slice has gone past the last example: JAX does not "
            "complain and gives an empty batch, which has no slope. What happens when all examples have had their turn?",
            runs_off,
        ),
        Mistake(
            "only the weights",
            "The weights learn, and the biases stay as they were. All four parameters take their step.",
            loop(biases=0.0),
        ),
        Mistake(
            "one after the other",
            "The parameters don't move together: the gradient of one was taken when another had already made its step. "
            "All gradients of a step belong to the same parameters.",
            loop(together=False),
        ),
        Mistake("key unused", KEY_UNUSED, _with_key(lambda: 0)),
        Mistake("not the key's", NOT_THE_KEY, _with_key(lambda: next(_COUNT))),
        Mistake("one batch", FEW, loop(one_batch)),
        Mistake("images and labels apart", APART, loop(label_rows=at_random)),
        Mistake("never shuffled", ORDER, loop(in_turn)),
        Mistake(
            "something beside them",
            "It returned several values. Return the trained parameters alone, in a dict.",
            lambda *args: (train(*args), jnp.zeros(3)),
        ),
    ),
)
