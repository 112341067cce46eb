"""scan_epoch: an epoch in one call, by a loop that runs on the device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from course.checks.exercise import Case, Exercise, How, Mistake, WrongAnswer
from course.checks.probes.make_it_fast import epoch, epoch_program
from course.checks.program import Program
from course.exercises import by_numpy
from course.exercises.make_it_fast.common import TOPIC, layer, surely_wrong, unreadable

Step = Callable[..., Any]


def scan_epoch(step: Step, params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
    def body(carry: Any, batch: Any) -> Any:
        params, opt_state, loss = step(*carry, *batch)
        return (params, opt_state), loss

    (params, opt_state), losses = jax.lax.scan(body, (params, opt_state), (images, labels))
    return params, opt_state, losses


def _loop(step: Step, params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
    losses = []
    for x, y in zip(images, labels, strict=True):
        params, opt_state, loss = step(params, opt_state, x, y)
        losses.append(loss)
    return params, opt_state, jnp.stack(losses)


def _scanned(carried: Callable[..., Any], reverse: bool = False) -> Callable[..., Any]:
    """A scan that carries on what is chosen of the old and the new params and state."""

    def wrong(step: Step, params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
        def body(carry: Any, batch: Any) -> Any:
            *new, loss = step(*carry, *batch)
            return carried(carry, new), loss

        (params, opt_state), losses = jax.lax.scan(body, (params, opt_state), (images, labels), reverse=reverse)
        return params, opt_state, losses

    return wrong


def _carry_unread(step: Step, params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
    """A body that hands on what is new, and reads the params and the state of the function around it."""

    def body(carry: Any, batch: Any) -> Any:
        *new, loss = step(params, opt_state, *batch)
        return tuple(new), loss

    (last, state), losses = jax.lax.scan(body, (params, opt_state), (images, labels))
    return last, state, losses


def _answering(of: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: of(*scan_epoch(*args))


def _unscanned(step: Step, params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
    return step(params, opt_state, images.reshape(-1, *images.shape[2:]), labels.reshape(-1))


def _first_only(step: Step, params: Any, opt_state: Any, images: Any, labels: Any) -> Any:
    params, opt_state, loss = step(params, opt_state, images[0], labels[0])
    return params, opt_state, loss[None]


def _measure(raw: Any, W: np.ndarray, b: np.ndarray, images: np.ndarray, *rest: Any) -> Any:
    if not isinstance(raw, (tuple, list)) or len(raw) != 2 or type(raw[1]) is not int:
        raise unreadable()
    answer, count = raw
    if not isinstance(answer, (tuple, list)):
        return answer
    if len(answer) != 3:
        raise WrongAnswer(
            f"it returned {len(answer)} values; expected three: params, opt_state, losses.", mark="not three"
        )
    params, state, losses = answer
    for name, part in (("params", params), ("opt_state", state)):
        if not isinstance(part, (tuple, list)) or len(part) != 2:
            raise WrongAnswer(f"something else is in the place of {name}.", mark=f"no {name}")
    if len(images) > 2 and count >= len(images):
        raise WrongAnswer(f"Python went through the step {count} times, once for each batch.", mark="a loop")
    return *params, *state, losses


def _right(W: np.ndarray, b: np.ndarray, images: np.ndarray, labels: np.ndarray, rate: float) -> tuple[np.ndarray, ...]:
    params, velocity, losses = by_numpy.dense_descent(W, b, images, labels, rate, momentum=0.9)
    return *params, *velocity, np.stack(losses)


# Of one step, forward and back.
_PRODUCTS = 2


def _on_the_device(program: Program, W: np.ndarray, b: np.ndarray, images: np.ndarray, *rest: Any) -> None:
    """Refuse a loop in Python.

    Raises:
        WrongAnswer: the program holds each step once, or none of its loops holds a step.
    """
    products = program.named("dot_general")
    if not any(one.loops for one in products):
        raise WrongAnswer(
            "the compiled program has no loop: it contains the work of each batch separately.", mark="a loop"
        )
    if len(products) >= _PRODUCTS * len(images):
        raise WrongAnswer(f"the program holds {len(products)} matrix products: it grows with the epoch.", mark="a loop")


def _cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, steps: int, batch: int, rate: float, wrong: bool = False) -> Case:
        images = rng.uniform(size=(steps, batch, 3, 2, 1)).astype(np.float32)
        labels = rng.integers(0, 4, (steps, batch)).astype(np.int32)
        shown = f"images (steps = {steps}, batch = {batch}, 3, 2, 1), labels ({steps}, {batch})"
        W, b = layer(rng, 6, 4)
        if wrong:
            surely_wrong(rng, b, labels[0])
        return Case(label, (W, b, images, labels, rate), shown)

    return [
        case("an epoch of one batch", 1, 3, 0.5),
        case("four batches of one", 4, 1, 0.5),
        case("five batches of three", 5, 3, 1.0, wrong=True),
        case("an epoch of as many batches as images in each", 4, 4, 0.3),
    ]


SCAN_EPOCH = Exercise(
    name="scan_epoch",
    topic=TOPIC,
    points=3,
    reference=scan_epoch,
    right=_right,
    cases=_cases,
    probe=epoch,
    measure=_measure,
    how=How(epoch_program, (2,), _on_the_device, tells=lambda W, b, images, *rest: len(images) > 2),
    parts=("W", "b", "the memory for W", "the memory for b", "the losses"),
    limit_s=60.0,
    edges=("an epoch of one batch", "four batches of one"),
    mistakes=(
        Mistake(
            "a loop",
            "The numbers may be right, but Python loops over the batches: that takes a dispatch for each, or under "
            "`jit` a program that grows with the epoch. `jax.lax.scan` loops on the device.",
            _loop,
        ),
        Mistake(
            "nothing carried",
            "Each batch starts from the first params again: the carry has to be what the step *returned*.",
            _scanned(lambda carry, new: carry),
        ),
        Mistake(
            "carry not used",
            "Each batch starts from the first params again: the body passes the new ones on, but its step uses the "
            "params and the state from *outside*. Use those in the carry that the body is given.",
            _carry_unread,
        ),
        Mistake(
            "state not carried",
            "The params are carried from step to step, but the optimizer's state is not: carry it along with them.",
            _scanned(lambda carry, new: (new[0], carry[1])),
        ),
        Mistake(
            "params not carried",
            "The optimizer's state is carried from step to step, but the params are not: carry them along with it.",
            _scanned(lambda carry, new: (carry[0], new[1])),
        ),
        Mistake(
            "backwards",
            "You went through the batches from the last to the first.",
            _scanned(lambda carry, new: tuple(new), reverse=True),
        ),
        Mistake(
            "last loss",
            "This is only the loss of the last batch. `scan` stacks what the body returns at each step: all losses, in order.",
            _answering(lambda params, state, losses: (params, state, losses[-1])),
        ),
        Mistake(
            "mean loss",
            "This is the mean of the losses. Return all of them, one for each batch.",
            _answering(lambda params, state, losses: (params, state, losses.mean())),
        ),
        Mistake(
            "carry in one piece",
            "`scan` returns two things, the carry and the stack. The carry is a pair here: unpack it, so that you return three values.",
            _answering(lambda params, state, losses: ((params, state), losses)),
        ),
        Mistake(
            "losses first",
            "Everything is there, but in another order. Return params, opt_state, losses.",
            _answering(lambda params, state, losses: (losses, params, state)),
        ),
        Mistake(
            "step for the body",
            "`scan` calls its body with two things: the carry and one batch. The step takes four and returns three: write a small body around it.",
            lambda step, params, opt_state, images, labels: jax.lax.scan(step, (params, opt_state), (images, labels)),
        ),
        Mistake(
            "one large batch",
            "All batches went into a single step. Make one step for each batch: `scan` cuts along the first axis by itself.",
            _unscanned,
        ),
        Mistake(
            "first batch only",
            "Only the first batch was used.",
            _first_only,
        ),
    ),
)
