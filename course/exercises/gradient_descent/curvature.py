"""largest_curvature: the c of the limit 2/c, where no table of all second derivatives would fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.checks.probes.gradient_descent import curvature
from course.exercises.gradient_descent.common import TOPIC

Loss = Callable[[Any], Any]


def largest_curvature(loss: Loss, w: Any, v: Any, rounds: int) -> Any:
    """Power iteration with the Hessian, which is met only in its products with vectors (Pearlmutter 1994)."""
    return _power(loss, w, v, rounds)


def _power(
    loss: Loss,
    w: Any,
    v: Any,
    rounds: int,
    *,
    result: Callable[[Any, Any], Any] = lambda v, Hv: v @ Hv,
    scale: Callable[[Any], Any] = lambda Hv: (Hv @ Hv) ** 0.5,
    times: Callable[[Loss, Any, Any], Any] | None = None,
) -> Any:
    product = times or _hessian_times
    for _ in range(rounds):
        Hv = product(loss, w, v)
        v = Hv / scale(Hv)
    return result(v, product(loss, w, v))


def _hessian_times(loss: Loss, w: Any, v: Any) -> Any:
    import jax

    return jax.jvp(jax.grad(loss), (w,), (v,))[1]


def _gradient_there(loss: Loss, w: Any, v: Any) -> Any:
    import jax

    return jax.grad(loss)(v)


def _gradient_a_step_on(loss: Loss, w: Any, v: Any) -> Any:
    import jax

    return jax.grad(loss)(w + v)


def _gradient_at_w(loss: Loss, w: Any, v: Any) -> Any:
    import jax

    return jax.grad(loss)(w)


def _slope_along(loss: Loss, w: Any, v: Any, rounds: int) -> Any:
    """How the loss changes along v, which becomes as long as 1, and turns around where the loss falls."""
    for _ in range(rounds):
        v = (_gradient_at_w(loss, w, v) @ v) * v
        v = v / (v @ v) ** 0.5
    return _gradient_at_w(loss, w, v) @ v


def _at_v(loss: Loss, w: Any, v: Any) -> Any:
    return _hessian_times(loss, v, v)


def _before(loss: Loss, w: Any, v: Any, rounds: int) -> Any:
    """The length of the last product, whose direction the last v has."""
    return _power(loss, w, v, rounds - 1, result=lambda v, Hv: (Hv @ Hv) ** 0.5)


def _exact(loss: Loss, w: Any, v: Any, rounds: int) -> float:
    """The largest eigenvalue of the Hessian."""
    import jax

    found = np.linalg.eigvalsh(np.asarray(jax.hessian(loss)(w)))
    return float(found[-1])


def _right(A: np.ndarray, signs: np.ndarray, w: np.ndarray, v: np.ndarray, rounds: int, bent: float) -> np.float32:
    """Of the loss that the probe makes, whose Hessian is Aᵀ · diag(signs) · A + 3 · bent · diag(w²)."""
    H = (A.T * signs).astype(float) @ A + 3 * bent * np.diag(w.astype(float) ** 2)
    direction = v.astype(float)
    for _ in range(rounds):
        direction = H @ direction
        direction /= np.linalg.norm(direction)
    return np.float32(direction @ H @ direction)


def _case(
    label: str, rng: np.random.Generator, curvatures: list[float], rounds: int, bent: float = 0.0, far: float = 1.0
) -> Case:
    """A loss with about these curvatures, in directions of chance.

    Args:
        bent: how much of a fourth power the loss has, so that its curvature depends on the place.
        far: how long the direction is with which it begins, in units of a usual one.
    """
    n = len(curvatures)
    turned, _ = np.linalg.qr(rng.normal(size=(n, n)))
    spread = np.array(curvatures) * rng.uniform(0.95, 1.05, n)
    # A row for each direction; that of the last stands there twice, so that A isn't square.
    rows = [*range(n), n - 1]
    shares = np.array([1.0] * (n - 1) + [0.5] * 2)
    A = np.sqrt(shares * np.abs(spread[rows]))[:, None] * turned.T[rows]
    w, v = (rng.uniform(0.5, 1.5, n) * rng.choice([-1, 1], n) for _ in range(2))
    # The start has a part of each direction, or the largest would be found by rounding alone.
    args = (A, np.sign(spread[rows]), w, far * turned @ v)
    power = f" + {bent:g} · Σ w⁴ / 4" if bent else ""
    return Case(
        label,
        (*(array.astype(np.float32) for array in args), rounds, bent),
        f"loss(w) = Σ ±(A w)² / 2{power}, with A {A.shape}, w {w.shape}, v {v.shape}, rounds = {rounds}",
    )


LARGEST_CURVATURE = Exercise(
    name="largest_curvature",
    topic=TOPIC,
    points=3,
    reference=largest_curvature,
    right=_right,
    probe=curvature,
    given=("A", "signs", "w", "v", "rounds", "bent"),
    rtol=2e-3,
    atol=1e-4,
    cases=lambda rng: [
        _case("one round, two directions", rng, [30.0, 10.0], 1, far=4.0),
        _case("many rounds, four directions", rng, [80.0, 30.0, 10.0, 5.0], 25),
        _case("a curvature that depends on the place", rng, [20.0, 10.0, 5.0], 3, bent=15.0),
        _case("a loss that curves downward", rng, [-60.0, 20.0, 10.0], 4, far=0.3),
        _case("two rounds, many directions", rng, list(np.linspace(2.0, 50.0, 12)), 2, bent=5.0),
    ],
    mistakes=(
        Mistake(
            "the length of Hv",
            "The direction is right. You return how long H v is, which has no sign and is too large before the rounds have settled. "
            "Along v, the curvature is v · H v.",
            lambda *args: _power(*args, result=lambda v, Hv: (Hv @ Hv) ** 0.5),
        ),
        Mistake(
            "the H v of before",
            "You multiply the last v by the H v that it was made from, which belongs to the v before. "
            "Calculate H v once more, for the last v.",
            lambda *args: _before(*args),
        ),
        Mistake(
            "the exact one",
            "That is the largest curvature itself. Return what so many rounds find from the given v: for a network, "
            "the matrix H would not fit anywhere.",
            lambda *args: _exact(*args),
        ),
        Mistake(
            "never scaled",
            "v grows from round to round, and the answer with it. Bring it back to length 1 in each round.",
            lambda *args: _power(*args, scale=lambda Hv: 1.0),
        ),
        Mistake(
            "scaled by the square",
            "v is divided by the square of its length, so its new length is not 1.",
            lambda *args: _power(*args, scale=lambda Hv: Hv @ Hv),
        ),
        Mistake(
            "scaled by the sum",
            "v is divided by the sum of its entries' sizes, so its new length is not 1. The length is the root of the sum of the squares.",
            lambda *args: _power(*args, scale=lambda Hv: abs(Hv).sum()),
        ),
        Mistake(
            "scaled by the largest",
            "v is divided by its largest entry, so its new length is not 1. The length is the root of the sum of the squares.",
            lambda *args: _power(*args, scale=lambda Hv: abs(Hv).max()),
        ),
        Mistake(
            "one round",
            "You make one round, whatever `rounds` says. Does the loop return in its first round, or begin each time with the v that came in?",
            lambda loss, w, v, rounds: _power(loss, w, v, 1),
        ),
        Mistake(
            "one round too few",
            "There is one round too few.",
            lambda loss, w, v, rounds: _power(loss, w, v / (v @ v) ** 0.5, rounds - 1),
        ),
        Mistake(
            "one round too many",
            "There is one round too many.",
            lambda loss, w, v, rounds: _power(loss, w, v, rounds + 1),
        ),
        Mistake(
            "the gradient at v",
            "That is the gradient at v. H v says how the gradient *at w* changes when you go a little in the direction v.",
            lambda *args: _power(*args, times=_gradient_there),
        ),
        Mistake(
            "the gradient a step on",
            "That is the gradient at w + v. H v says how fast the gradient *changes* when you leave w in the direction v.",
            lambda *args: _power(*args, times=_gradient_a_step_on),
        ),
        Mistake(
            "the gradient at w",
            "That is the gradient at w, the first part of what `jvp` gives. The second says how it changes along v.",
            lambda *args: _power(*args, times=_gradient_at_w),
        ),
        Mistake(
            "the slope along v",
            "That is how the *loss* changes along v. The curvature is how its *gradient* changes: which function does `jvp` get?",
            _slope_along,
        ),
        Mistake(
            "place and direction swapped",
            "Place and direction have changed places: yours is the curvature at v, for the direction w.",
            lambda *args: _power(*args, times=lambda loss, w, v: _hessian_times(loss, v, w)),
        ),
        Mistake(
            "in the place v",
            "Right where the curvature is the same everywhere. Elsewhere it depends on the place, and yours is that of the place v. Take the curvature at w.",
            lambda *args: _power(*args, times=_at_v),
        ),
        Mistake(
            "the direction",
            "That is the direction of the largest curvature. Return the curvature along it, one number.",
            lambda *args: _power(*args, result=lambda v, Hv: v),
        ),
        Mistake(
            "no sign",
            "The sign is lost. A loss that curves downward has a curvature below 0.",
            lambda *args: abs(_power(*args)),
        ),
        Mistake(
            "the limit",
            "That is 2/c, the largest learning rate. Return c itself.",
            lambda *args: 2 / _power(*args),
        ),
    ),
)
