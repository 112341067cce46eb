"""relu, softmax: what comes between two layers, and what turns the last one's numbers into probabilities."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises import by_numpy
from course.exercises.the_neuron.common import TOPIC, normal

# --- relu -----------------------------------------------------------------------------------------------------------


def _relu_cases(rng: np.random.Generator) -> list[Case]:
    a, b, c, d, e = rng.uniform([1, 2, 2, 0.1, 1], [2, 3, 4, 0.9, 2])
    # In every draw: 0, numbers close to it and far from it on both sides, so that no relative of ReLU passes (ReLU6, leaky, a
    # threshold that is not 0, a cap).
    matrix = 3 * normal(rng, 3, 4)
    matrix.reshape(-1)[rng.permutation(12)[:7]] = np.array([0, 1e-3, -1e-3, 7.5, -7.5, 400, -400], np.float32)
    return [
        Case("one negative and one positive number", (np.array([-a, b], np.float32),)),
        Case("a mix around zero", (np.array([-c, -d, 0.0, d / 2, e], np.float32),)),
        Case("only negative numbers", (-np.abs(normal(rng, 4)) - np.float32(0.1),)),
        Case("a matrix", (matrix,)),
        Case("a batch of images", (normal(rng, 2, 5, 5, 3),)),
    ]


RELU = Exercise(
    name="relu",
    topic=TOPIC,
    points=1,
    reference=lambda x: jnp.maximum(x, 0),
    right=lambda x: np.maximum(x, 0),
    # A zero is a zero, exactly, and every other number one of the inputs.
    atol=1e-9,
    cases=_relu_cases,
    edges=("only negative numbers",),
    mistakes=(
        Mistake(
            "decided once for all",
            "Python's `if`, `and` and `max` decide once for the whole array; here each number decides for itself. JAX has functions that do this number by number.",
            lambda x: max(x, 0),
        ),
        Mistake(
            "loop over the first axis",
            "A loop over x meets its numbers one by one only where x has a single axis; in a matrix it meets whole rows. ReLU takes arrays of any shape.",
            lambda x: jnp.array([max(v, 0.0) for v in x]),
        ),
        Mistake(
            "loop with integers",
            "In a loop over x the 0 that you put in is an integer, and so is an answer made of such zeros alone; and a matrix is met row by row. Choose for all numbers at once instead.",
            lambda x: jnp.array([max(v, 0) for v in x]),
        ),
        Mistake(
            "largest along an axis",
            "`jnp.max` looks for the largest number of an array, and its second argument names an axis, not a number to compare with. ReLU looks at each number alone.",
            lambda x: jnp.max(x, 0),
        ),
        Mistake(
            "largest along an axis, the other way round",
            "`jnp.max` looks for the largest number of one array, and its second argument names an axis. A relative of it takes the larger of two, number by number.",
            lambda x: jnp.max(0, x),
        ),
        Mistake(
            "abs",
            "Negative numbers came back with their sign changed. ReLU has another answer for them.",
            lambda x: jnp.abs(x),
        ),
        Mistake(
            "negative side",
            "This keeps the negative numbers and drops the positive ones: the other way round.",
            lambda x: jnp.minimum(x, 0),
        ),
        Mistake(
            "step",
            "This says *whether* a number is positive, 0 or 1. ReLU lets the positive number itself through.",
            lambda x: jnp.where(x > 0, 1.0, 0.0),
        ),
        Mistake(
            "step of integers",
            "These are the integers 0 and 1: they say *whether* a number is positive. ReLU lets the positive number itself through.",
            lambda x: jnp.where(x > 0, 1, 0),
        ),
        Mistake(
            "comparison",
            "These are True and False: they say *whether* a number is positive. ReLU lets the positive number itself through.",
            lambda x: x > 0,
        ),
        Mistake(
            "capped", "The positive numbers were cut off at 1. ReLU has no upper end.", lambda x: jnp.clip(x, 0, 1)
        ),
        Mistake(
            "leaky",
            "Negative numbers leak through, made small. That is a relative of ReLU; the exercise asks for the plain one.",
            lambda x: jnp.where(x > 0, x, 0.01 * x),
        ),
        Mistake(
            "reduced",
            "One number came back for the whole array. ReLU looks at each number alone: same shape in and out.",
            lambda x: jnp.maximum(jnp.max(x), 0),
        ),
        Mistake(
            "dropped",
            "The negative numbers were left out, so the answer is shorter. They stay, as something else.",
            lambda x: x[x > 0],
        ),
    ),
)


# --- softmax --------------------------------------------------------------------------------------------------------


def _softmax_cases(rng: np.random.Generator) -> list[Case]:
    far_apart = np.array([[300.0, 301.0, 299.0], [0.5, -0.5, 0.0], [-400.0, -401.0, -399.5]], np.float32)
    far_apart += np.round(20 * rng.normal(size=(3, 1)) + [[0], [0], [-20]], 1).astype(np.float32)
    large = np.float32(rng.integers(900, 2000)) + np.arange(8, dtype=np.float32).reshape(2, 4)
    far = rng.integers(900, 2000, 4).astype(np.float32)
    # The last two tell a row's mean, median, smallest, first and last number apart from its largest, and from each other.
    above = np.array([[far[0], 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, far[1]]], np.float32)
    below = np.array([[-far[2], 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, -far[3]], [0.0, 0.0, -120.0, 0.0]], np.float32)
    return [
        Case("one row", (normal(rng, 1, 3),)),
        Case("two rows of three", (np.float32(2) * normal(rng, 2, 3),)),
        Case("a square matrix", (normal(rng, 4, 4),)),
        Case("large numbers", (large,)),
        Case("rows of very different size", (far_apart,)),
        Case("one number far above the others of its row", (above,)),
        Case("one number far below the others of its row", (below,)),
        Case("a batch of 16 over 10 classes", (3 * normal(rng, 16, 10),)),
    ]


def _shifted(shift: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Right but for what is taken away from each row."""

    def wrong(Z: Array) -> Array:
        exps = jnp.exp(Z - shift(Z))
        return exps / exps.sum(axis=-1, keepdims=True)

    return wrong


def _summed(shift: Callable[[Array], Array] | None, total: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Exponentials, shifted or not, divided by a total that may be the wrong one."""

    def wrong(Z: Array) -> Array:
        exps = jnp.exp(Z - shift(Z) if shift else Z)
        return exps / total(exps)

    return wrong


def _largest(Z: Array) -> Array:
    return Z.max(axis=-1, keepdims=True)


def _flat_sum(exps: Array) -> Array:
    """The sum of each row as (batch,), which broadcasting takes for a row."""
    return exps.sum(axis=-1)


SOFTMAX = Exercise(
    name="softmax",
    topic=TOPIC,
    points=3,
    reference=lambda Z: jax.nn.softmax(Z, axis=-1),
    right=lambda Z: by_numpy.softmax(Z).astype(np.float32),
    cases=_softmax_cases,
    mistakes=(
        Mistake(
            "overflow",
            "Right for small numbers; for large ones exp overflows to infinity, and infinity / infinity is NaN. Shifting a row by a constant doesn't change its softmax: which constant keeps exp small?",
            lambda Z: jnp.exp(Z) / jnp.sum(jnp.exp(Z), axis=-1, keepdims=True),
        ),
        # --- the shift
        Mistake(
            "shifted by the whole maximum",
            "One maximum was subtracted from all rows. A row that lies far below it is all zeros after exp, and 0 / 0 is NaN. Each row needs its own.",
            _shifted(lambda Z: Z.max()),
        ),
        Mistake(
            "shifted by the maximum of the columns",
            "You took away the maximum of each column, so the numbers of one row were shifted by different amounts. Softmax stays the same only if a whole row is shifted by one constant.",
            _shifted(lambda Z: Z.max(axis=0)),
        ),
        Mistake(
            "shifted by the mean",
            "You shift each row by its mean, but some of its numbers are still far above 0, and exp of them is infinite. After the shift none of them may be above 0.",
            _shifted(lambda Z: Z.mean(axis=-1, keepdims=True)),
        ),
        Mistake(
            "shifted after exp",
            "You shift what comes out of exp, and exp has overflowed by then; besides, only a shift *before* exp leaves the shares as they are.",
            lambda Z: (E := jnp.exp(Z) - jnp.exp(Z).max(axis=-1, keepdims=True)) / E.sum(axis=-1, keepdims=True),
        ),
        Mistake(
            "clipped",
            "You cut large numbers off before exp. Numbers that are cut become alike and get the same share; a shift keeps their differences.",
            lambda Z: jax.nn.softmax(jnp.clip(Z, -80, 80), axis=-1),
        ),
        Mistake(
            "NaN replaced",
            "NaN was replaced by 0, but the shares of such a row are lost. Keep exp from overflowing: a shift of a row by a constant doesn't change its softmax.",
            lambda Z: jnp.nan_to_num(jnp.exp(Z) / jnp.exp(Z).sum(axis=-1, keepdims=True)),
        ),
        Mistake(
            "all for the largest",
            "The largest number of each row gets 1 and the others 0. Softmax gives each a share, the larger ones a larger share.",
            lambda Z: jax.nn.one_hot(Z.argmax(axis=-1), Z.shape[-1]),
        ),
        Mistake(
            "divided before exp",
            "You divide first and take exp afterwards. The shares are those of the exponentials: exp comes first, then the division by their sum.",
            lambda Z: jnp.exp(Z / Z.sum(axis=-1, keepdims=True)),
        ),
        Mistake(
            "shifted by the median",
            "You shift each row by its median, but half of its numbers are still above 0, some of them far, and exp of those is infinite.",
            _shifted(lambda Z: jnp.median(Z, axis=-1, keepdims=True)),
        ),
        Mistake(
            "shifted by the minimum",
            "You shift each row by its smallest number: now all the others lie above 0, some of them far, and exp of those is infinite. In which direction is exp harmless?",
            _shifted(lambda Z: Z.min(axis=-1, keepdims=True)),
        ),
        Mistake(
            "shifted by the first number",
            "You shift each row by its first number. Where a later one is much larger, that one is still far above 0, and exp of it is infinite.",
            _shifted(lambda Z: Z[:, :1]),
        ),
        Mistake(
            "shifted by the last number",
            "You shift each row by its last number. Where an earlier one is much larger, that one is still far above 0, and exp of it is infinite.",
            _shifted(lambda Z: Z[:, -1:]),
        ),
        Mistake(
            "shifted by the largest size",
            "You shift each row by the largest *size* in it, signs taken off. A row of large negative numbers is pushed down even further, until exp is 0 everywhere and 0 / 0 is NaN.",
            _shifted(lambda Z: jnp.abs(Z).max(axis=-1, keepdims=True)),
        ),
        Mistake(
            "divided by the maximum",
            "You divide the logits to make them small, and that changes how far apart they are, so the probabilities change. *Adding* a constant to a row doesn't.",
            lambda Z: jax.nn.softmax(Z / Z.max(axis=-1, keepdims=True)),
        ),
        Mistake(
            "shifted by a fixed number",
            "You take the same number away from every row. Where all numbers of a row are far below it, exp is 0 everywhere, and 0 / 0 is NaN. Find the number to take away in the row itself.",
            lambda Z: (E := jnp.exp(Z - 1000)) / E.sum(axis=-1, keepdims=True),
        ),
        # --- the sum
        Mistake(
            "over everything",
            "All numbers of the batch sum to 1 together. Each *row* is one example and has to sum to 1 by itself.",
            lambda Z: jax.nn.softmax(Z, axis=None),
        ),
        Mistake(
            "over everything, not shifted",
            "You divide by one sum, so all numbers of the batch together sum to 1. Each *row* is one example: it needs a sum of its own. (Large numbers come after that.)",
            _summed(None, jnp.sum),
        ),
        Mistake(
            "rows shifted, one sum",
            "Each row is shifted by its own constant, but all are divided by one sum, so all numbers together sum to 1. Each row has to sum to 1 by itself.",
            _summed(_largest, jnp.sum),
        ),
        Mistake(
            "over the batch",
            "Your columns sum to 1. Each row is one example, so the rows have to.",
            lambda Z: jax.nn.softmax(Z, axis=0),
        ),
        Mistake(
            "over the batch, not shifted",
            "You add up along axis 0, down the columns, so the columns sum to 1. Each row is one example: which axis runs along a row?",
            _summed(None, lambda exps: exps.sum(axis=0)),
        ),
        Mistake(
            "rows shifted, columns summed",
            "Each row is shifted well, but then the sums run down the columns. The same axis belongs in both places.",
            _summed(_largest, lambda exps: exps.sum(axis=0)),
        ),
        Mistake(
            "shifted above the fraction bar only",
            "Each row is shifted above the fraction bar, but not in the sum below it. The constant cancels only where it is in both.",
            lambda Z: jnp.exp(Z - _largest(Z)) / jnp.exp(Z).sum(axis=-1, keepdims=True),
        ),
        # --- keepdims
        Mistake(
            "sum without keepdims",
            "A sum over axis −1 has shape (batch,), and broadcasting takes that for a *row*: on a square input it divides by the sum of another row, on others it raises. The shape that you want is (batch, 1).",
            _summed(None, _flat_sum),
        ),
        Mistake(
            "shifted, sum without keepdims",
            "The shift is right. But a sum over axis −1 has shape (batch,), and broadcasting takes that for a *row*; the shape that you want is (batch, 1).",
            _summed(_largest, _flat_sum),
        ),
        Mistake(
            "shift without keepdims",
            "What you take away has shape (batch,), and broadcasting takes that for a *row*: on a square input each column is shifted, on others it raises. The shape that you want is (batch, 1).",
            _shifted(lambda Z: Z.max(axis=-1)),
        ),
        Mistake(
            "no keepdims at all",
            "A maximum or a sum over axis −1 has shape (batch,), and broadcasting takes that for a *row*. In both places the shape that you want is (batch, 1).",
            _summed(lambda Z: Z.max(axis=-1), _flat_sum),
        ),
        # --- something else
        Mistake(
            "no exponential",
            "The rows sum to 1, but the numbers were divided by their sum without the exponential.",
            lambda Z: Z / jnp.sum(Z, axis=-1, keepdims=True),
        ),
        Mistake(
            "logarithm", "These are the logarithms of the probabilities.", lambda Z: jax.nn.log_softmax(Z, axis=-1)
        ),
        Mistake(
            "only exponentials",
            "These are the exponentials. A row does not sum to 1 yet, and large numbers overflow.",
            lambda Z: jnp.exp(Z),
        ),
        Mistake(
            "not normalized",
            "The exponentials are there (shifted, so that they stay finite), but a row does not sum to 1 yet.",
            lambda Z: jnp.exp(Z - _largest(Z)),
        ),
        Mistake(
            "each alone",
            "That is a sigmoid of each number alone. In a softmax the classes compete: a row sums to 1.",
            lambda Z: jax.nn.sigmoid(Z),
        ),
    ),
)
