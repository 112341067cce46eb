"""make_step: the whole training step as one program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from course.checks.exercise import Case, Exercise, How, Mistake, WrongAnswer
from course.checks.probes.make_it_fast import step_program, steps
from course.checks.program import Program
from course.exercises import by_numpy
from course.exercises.make_it_fast.common import TOPIC, layer, surely_wrong, unreadable, whole_numbers

STEPS = 3


def make_step(loss_fn: Callable[..., Any], tx: Any) -> Callable[..., Any]:
    return jax.jit(_step(loss_fn, tx))


def _step(loss_fn: Callable[..., Any], tx: Any, scale: float = 1.0, value_and_grad: Any = None) -> Callable[..., Any]:
    """A right step, not compiled, but with gradients that are `scale` times as large, or that come from elsewhere."""

    def step(params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
        import optax

        loss, grads = (value_and_grad or jax.value_and_grad(loss_fn))(params, images, labels)
        grads = jax.tree.map(lambda g: scale * g, grads)
        updates, opt_state = tx.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, loss

    return step


def _jitted(of_answer: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a compiled step whose answer is made of params and state before and after, and the loss."""

    def make(loss_fn: Callable[..., Any], tx: Any) -> Callable[..., Any]:
        def step(params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
            return of_answer(params, opt_state, *_step(loss_fn, tx)(params, opt_state, images, labels))

        return jax.jit(step)

    return make


def _anew(loss_fn: Callable[..., Any], tx: Any) -> Callable[..., Any]:
    return lambda *args: jax.jit(lambda *args: _step(loss_fn, tx)(*args))(*args)


def _two_programs(loss_fn: Callable[..., Any], tx: Any) -> Callable[..., Any]:
    import optax

    slopes = jax.jit(jax.value_and_grad(loss_fn))

    @jax.jit
    def change(params: Any, opt_state: Any, grads: Any) -> Any:
        updates, opt_state = tx.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state

    def step(params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
        loss, grads = slopes(params, images, labels)
        return *change(params, opt_state, grads), loss

    return step


def _waiting(loss_fn: Callable[..., Any], tx: Any) -> Callable[..., Any]:
    fast = make_step(loss_fn, tx)

    def step(*args: Any) -> Any:
        params, opt_state, loss = fast(*args)
        return params, opt_state, float(loss)

    return step


def _loss_after(loss_fn: Callable[..., Any], tx: Any) -> Callable[..., Any]:
    def step(params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
        params, opt_state, _ = _step(loss_fn, tx)(params, opt_state, images, labels)
        return params, opt_state, loss_fn(params, images, labels)

    return jax.jit(step)


def _updates_returned(loss_fn: Callable[..., Any], tx: Any) -> Callable[..., Any]:
    def step(params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
        loss, grads = jax.value_and_grad(loss_fn)(params, images, labels)
        return *tx.update(grads, opt_state, params), loss

    return jax.jit(step)


def _no_optimizer(loss_fn: Callable[..., Any], tx: Any) -> Callable[..., Any]:
    def step(params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
        loss, grads = jax.value_and_grad(loss_fn)(params, images, labels)
        return jax.tree.map(lambda p, g: p - 0.1 * g, params, grads), opt_state, loss

    return jax.jit(step)


def _measure(raw: Any, W: np.ndarray, *args: Any) -> Any:
    if not isinstance(raw, (tuple, list)) or len(raw) != 2:
        raise unreadable()
    answer, counts = raw[0], whole_numbers(raw[1], 5)
    losses, losses_outside, updates, updates_outside, pieces = counts
    if not isinstance(answer, tuple):
        raise WrongAnswer(_shape_of(answer), mark="another answer")
    if updates == 0:
        raise WrongAnswer("the optimizer was never called.", mark="no optimizer")
    if losses_outside and updates_outside:
        raise WrongAnswer(
            "nothing is compiled: loss and optimizer were called with numbers at each step.", mark="not compiled"
        )
    if losses_outside or updates_outside:
        raise WrongAnswer("only a part is compiled.", mark="half compiled")
    if losses >= STEPS:
        raise WrongAnswer("it was compiled again for each step.", mark="compiled anew")
    if pieces == 0:
        raise WrongAnswer("the step looks at its numbers, so it has to wait for them.", mark="waits")
    if pieces > 1:
        raise WrongAnswer(f"one step sends {pieces} pieces of work to the device.", mark="several pieces")
    return answer


def _one_piece(program: Program, *args: Any) -> None:
    """Refuse a step that is several pieces of work.

    Raises:
        WrongAnswer: the program computes in more than one statement, where a step that is compiled is one call.
    """
    pieces = len({one.piece for one in program.computing()})
    if pieces > 1:
        raise WrongAnswer(f"the step is {pieces} pieces of work: it is not compiled as a whole.", mark="several pieces")


def _shape_of(answer: Any) -> str:
    if answer is None:
        return "the step returned None; expected three values, `params, opt_state, loss`."
    if isinstance(answer, list) and len(answer) == 3:
        return "the step returned three values, but the first of them is not the params: expected `params, opt_state, loss`."
    if isinstance(answer, list):
        return f"the step returned {len(answer)} values; expected three, `params, opt_state, loss`."
    return "the step returned one value; expected three, `params, opt_state, loss`."


def _right(*args: Any) -> tuple[Any, ...]:
    (W, b), _, losses = by_numpy.dense_descent(*args)
    return tuple(losses), W, b


def _cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, batch: int, rate: float, momentum: float, wrong: bool = False) -> Case:
        images = rng.uniform(size=(STEPS, batch, 3, 2, 1)).astype(np.float32)
        labels = rng.integers(0, 4, (STEPS, batch)).astype(np.int32)
        shown = f"{STEPS} batches of {batch} images (3, 2, 1), a dense layer, and SGD with learning rate {rate:g} and momentum {momentum:g}"
        W, b = layer(rng, 6, 4)
        if wrong:
            surely_wrong(rng, b, labels[0])
        return Case(label, (W, b, images, labels, rate, momentum), shown)

    return [
        case("batches of one", 1, 0.5, 0.0),
        case("batches of four", 4, 1.0, 0.0),
        case("an optimizer with momentum", 4, 0.3, 0.9),
        case("a large learning rate", 5, 2.0, 0.5, wrong=True),
    ]


MAKE_STEP = Exercise(
    name="make_step",
    topic=TOPIC,
    points=3,
    kind="repair",
    reference=make_step,
    right=_right,
    cases=_cases,
    probe=steps,
    measure=_measure,
    how=How(step_program, judge=_one_piece),
    parts=("the losses", "W after three steps", "b after three steps"),
    limit_s=60.0,
    edges=("batches of one",),
    mistakes=(
        Mistake(
            "not compiled",
            "Nothing is compiled: each operation is sent to the device separately. `jax.jit` compiles a function into one program.",
            _step,
        ),
        Mistake(
            "compiled anew",
            "It is compiled again for every step. That happens if you call `jax.jit` *inside* the step on a function that is made there: JAX has never seen that one. Make and compile it once, outside.",
            _anew,
        ),
        Mistake(
            "half compiled",
            "Only a part is compiled, the loss or the optimizer; the other runs operation by operation. Put `jit` around the whole step.",
            lambda loss_fn, tx: _step(loss_fn, tx, value_and_grad=jax.jit(jax.value_and_grad(loss_fn))),
        ),
        Mistake(
            "several pieces",
            "It is compiled, but not as one program: a step sends several pieces of work to the device. Put `jit` around the whole step.",
            _two_programs,
        ),
        Mistake(
            "waits",
            "It is compiled, but the step looks at its numbers, as `float(loss)`, `.item()` and an `if` do: Python has to wait there until the device is done. Return the array; you can look at it later.",
            _waiting,
        ),
        Mistake(
            "never updates",
            "The losses are those of weights that never change: the step returns the params that it was given.",
            _jitted(lambda old, old_state, new, state, loss: (old, state, loss)),
        ),
        Mistake(
            "state forgotten",
            "Plain gradient descent is right, but the momentum is lost: use the optimizer's state that comes in, and return the new one.",
            _jitted(lambda old, old_state, new, state, loss: (new, old_state, loss)),
        ),
        Mistake(
            "updates for params",
            "The step returns the *updates*, which have to be added to the params. `optax.apply_updates` adds them.",
            _updates_returned,
        ),
        Mistake(
            "loss after the step",
            "The weights are right. The losses are those after each step; return the loss whose gradients you took, before the step.",
            _loss_after,
        ),
        Mistake(
            "climbs",
            "The weights go uphill. Optax's updates already point downhill: add them, and pass the gradients in as they are.",
            lambda loss_fn, tx: jax.jit(_step(loss_fn, tx, -1.0)),
        ),
        Mistake(
            "no optimizer",
            "The optimizer was never called. It has the learning rate and keeps a state from step to step: `tx.update`.",
            _no_optimizer,
        ),
        Mistake(
            "another answer",
            "A step returns three things, in this order: `params, opt_state, loss`.",
            _jitted(lambda old, old_state, new, state, loss: (loss, new, state)),
        ),
    ),
)
