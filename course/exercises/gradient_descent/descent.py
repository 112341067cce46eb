"""sgd_step, momentum_step: one step down the slope, without and with a memory of the steps before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jax import Array

from course.checks.exercise import Exercise, Mistake
from course.checks.probes.gradient_descent import steps
from course.exercises.backprop.common import Params
from course.exercises.gradient_descent.common import TOPIC
from course.exercises.gradient_descent.stepping import (
    CHANGED,
    NETWORK,
    OTHERS,
    WEIGHTS,
    Measure,
    case,
    changing,
    each,
)

_RTOL, _ATOL = 1e-4, 1e-5
RATE = "learning_rate"

# --- sgd_step -----------------------------------------------------------------------------------------------------------


def sgd_step(params: Params, grads: Params, learning_rate: float) -> Params:
    """p − learning_rate · g for each parameter (Goodfellow and others 2016, algorithm 8.1)."""
    return each(lambda p, g: p - learning_rate * g, params, grads)


def _sgd(rule: Callable[[Array, Array, float], Array]) -> Callable[..., Params]:
    """A step that has this rule for each parameter."""
    return lambda params, grads, learning_rate: each(lambda p, g: rule(p, g, learning_rate), params, grads)


def _only(keep: Callable[[str, int], bool]) -> Callable[..., Params]:
    """A step that moves only some parameters, by name or place."""

    def wrong(params: Params, grads: Params, learning_rate: float) -> Params:
        right = sgd_step(params, grads, learning_rate)
        return {name: right[name] if keep(name, i) else params[name] for i, name in enumerate(params)}

    return wrong


SGD_STEP = Exercise(
    name="sgd_step",
    topic=TOPIC,
    points=1,
    reference=sgd_step,
    probe=steps,
    measure=Measure(sgd_step, ("the parameters",), _RTOL, _ATOL),
    rtol=_RTOL,
    atol=_ATOL,
    cases=lambda rng: [
        case("one step, one parameter", rng, WEIGHTS, 1, {RATE: 0.3}),
        case("one step of a network", rng, NETWORK, 1, {RATE: 0.1}),
        case("three steps", rng, NETWORK, 3, {RATE: 2.5}),
        case("parameters of other names", rng, OTHERS, 2, {RATE: 0.5}),
    ],
    mistakes=(
        Mistake(
            "uphill",
            "The steps have the right length and go uphill: a gradient points to where the loss *grows*.",
            _sgd(lambda p, g, rate: p + rate * g),
        ),
        Mistake(
            "no learning rate",
            "The learning rate is not used: the steps are as long as the gradients.",
            _sgd(lambda p, g, rate: p - g),
        ),
        Mistake(
            "divided by the learning rate",
            "The gradients were divided by the learning rate. A larger rate makes larger steps.",
            _sgd(lambda p, g, rate: p - g / rate),
        ),
        Mistake(
            "the step alone",
            "These are the steps, and not the places that they lead to.",
            _sgd(lambda p, g, rate: -rate * g),
        ),
        Mistake(
            "the scaled gradients",
            "These are the gradients times the learning rate. They say how far to go; from where?",
            _sgd(lambda p, g, rate: rate * g),
        ),
        Mistake(
            "learning rate around everything",
            "The learning rate has scaled the parameters, too: look where the parenthesis opens.",
            _sgd(lambda p, g, rate: rate * (p - g)),
        ),
        Mistake(
            "times the parameter",
            "The steps were multiplied by the parameters themselves. How far a parameter goes depends on the gradient "
            "and the learning rate alone.",
            _sgd(lambda p, g, rate: p - rate * g * p),
        ),
        Mistake(
            "sign of the gradient",
            "All steps are equally long: only the gradients' signs were used. A steep slope makes a larger step than a gentle one.",
            _sgd(lambda p, g, rate: p - rate * (g / abs(g + (g == 0)))),
        ),
        Mistake(
            "never moves",
            "The parameters came back as they were.",
            lambda params, grads, learning_rate: dict(params),
        ),
        Mistake(
            "only the weights",
            "Some parameters moved and others did not: those whose name begins with W did. Biases learn, too, and so does "
            "everything else in the dict.",
            _only(lambda name, i: name.startswith("W")),
        ),
        Mistake(
            "only the first",
            "Only the first parameter moved. Does the loop return in its first round?",
            _only(lambda name, i: i == 0),
        ),
        Mistake(
            "a list",
            "The new parameters came back as a list. Return a dict with the same names as before.",
            lambda params, grads, learning_rate: list(sgd_step(params, grads, learning_rate).values()),
        ),
        Mistake(
            "paired by place",
            "Right where there is one parameter. Where there are more, parameters and gradients were paired by their places in the "
            "two dicts, whose orders differ; it is the names that say what belongs together.",
            lambda params, grads, learning_rate: {
                name: p - learning_rate * g for (name, p), g in zip(params.items(), grads.values(), strict=True)
            },
        ),
        Mistake("changes what it was given", CHANGED, changing(sgd_step)),
    ),
)


# --- momentum_step ------------------------------------------------------------------------------------------------------

Two = tuple[Params, Params]


def momentum_step(params: Params, grads: Params, velocity: Params, learning_rate: float, momentum: float) -> Two:
    """velocity ← momentum · velocity + g, then p ← p − learning_rate · velocity (Sutskever and others 2013, in Optax's form)."""
    velocity = each(lambda v, g: momentum * v + g, velocity, grads)
    return each(lambda p, v: p - learning_rate * v, params, velocity), velocity


def _momentum(
    new: Callable[[Array, Array, float, float], Array],
    moved: Callable[[Array, Array, Array, Array, float, float], Array] = lambda p, v, old, g, rate, beta: p - rate * v,
) -> Callable[..., Two]:
    """A step with these rules for each parameter: `new(v, g, rate, beta)`, `moved(p, new velocity, old one, g, rate, beta)`."""

    def wrong(params: Params, grads: Params, velocity: Params, learning_rate: float, momentum: float) -> Two:
        after = each(lambda v, g: new(v, g, learning_rate, momentum), velocity, grads)
        return (
            each(lambda p, n, v, g: moved(p, n, v, g, learning_rate, momentum), params, after, velocity, grads),
            after,
        )

    return wrong


def _right(v: Array, g: Array, rate: float, beta: float) -> Array:
    return beta * v + g


def _forgets(params: Params, grads: Params, velocity: Params, *rest: Any) -> Two:
    return momentum_step(params, grads, velocity, *rest)[0], velocity


MOMENTUM_STEP = Exercise(
    name="momentum_step",
    topic=TOPIC,
    points=2,
    reference=momentum_step,
    probe=steps,
    measure=Measure(momentum_step, ("the parameters", "the velocity"), _RTOL, _ATOL),
    parts=("the parameters after the last step, in a row", "the velocity after the last step, in a row"),
    rtol=_RTOL,
    atol=_ATOL,
    cases=lambda rng: [
        case("a first step, from rest", rng, WEIGHTS, 1, {RATE: 0.3, "momentum": 0.9}, {"velocity": "zeros"}),
        case("one step from a velocity", rng, WEIGHTS, 1, {RATE: 0.2, "momentum": 0.8}, {"velocity": "normal"}),
        case("four steps of a network", rng, NETWORK, 4, {RATE: 0.1, "momentum": 0.9}, {"velocity": "zeros"}),
        case("a momentum of 0", rng, WEIGHTS, 3, {RATE: 0.5, "momentum": 0.0}, {"velocity": "normal"}),
        case("parameters of other names", rng, OTHERS, 3, {RATE: 0.4, "momentum": 0.5}, {"velocity": "normal"}),
    ],
    edges=("a momentum of 0",),
    mistakes=(
        Mistake(
            "forgets",
            "Each step begins with the velocity of the one before, and yours returns the velocity that it was given. "
            "So the memory never grows.",
            _forgets,
        ),
        Mistake(
            "always from rest",
            "The velocity is the gradient alone: what was there before is forgotten in each step.",
            _momentum(lambda v, g, rate, beta: g),
        ),
        Mistake(
            "the old velocity moves",
            "The new velocity is right, but the parameters were moved by the one *before*. The gradient of this step "
            "should count in this step.",
            _momentum(_right, lambda p, v, old, g, rate, beta: p - rate * old),
        ),
        Mistake(
            "the gradient moves",
            "The velocity is right, but it is not used: the parameters were moved by the gradient alone.",
            _momentum(_right, lambda p, v, old, g, rate, beta: p - rate * g),
        ),
        Mistake(
            "a running mean",
            "The gradient went in with the weight 1 − momentum, which makes the velocity a running *mean*, as in Adam. "
            "Here it is a sum in which older gradients fade.",
            _momentum(lambda v, g, rate, beta: beta * v + (1 - beta) * g),
        ),
        Mistake(
            "factor on the gradient",
            "The factor `momentum` went to the wrong one of the two. It says how much of the *old velocity* is kept.",
            _momentum(lambda v, g, rate, beta: v + beta * g),
        ),
        Mistake(
            "factor on both",
            "The factor `momentum` has scaled the gradient of this step as well. It says how much of the *old velocity* is kept.",
            _momentum(lambda v, g, rate, beta: beta * (v + g)),
        ),
        Mistake(
            "nothing fades",
            "Old gradients count as much as new ones, forever. The factor `momentum` should make them fade.",
            _momentum(lambda v, g, rate, beta: v + g),
        ),
        Mistake(
            "learning rate in the velocity",
            "The parameters are right. But the learning rate is in the velocity that you return; there are two ways to write "
            "momentum, and the exercise keeps the rate out of it.",
            _momentum(
                lambda v, g, rate, beta: beta * v + rate * g,
                lambda p, v, old, g, rate, beta: p - v,
            ),
        ),
        Mistake(
            "the step as the velocity",
            "From rest, the parameters are right. But the velocity that you return is the step itself, minus sign and learning "
            "rate included; there are two ways to write momentum, and the exercise keeps both out of it.",
            _momentum(
                lambda v, g, rate, beta: beta * v - rate * g,
                lambda p, v, old, g, rate, beta: p + v,
            ),
        ),
        Mistake(
            "learning rate twice",
            "The learning rate is in the velocity, and then in the step once more.",
            _momentum(lambda v, g, rate, beta: beta * v + rate * g),
        ),
        Mistake(
            "no learning rate",
            "The velocity is right. The learning rate is missing from the step that it makes.",
            _momentum(_right, lambda p, v, old, g, rate, beta: p - v),
        ),
        Mistake(
            "uphill",
            "The velocity is right, and carries the parameters uphill.",
            _momentum(_right, lambda p, v, old, g, rate, beta: p + rate * v),
        ),
        Mistake(
            "minus in the velocity",
            "The gradient was subtracted in the velocity, and the velocity from the parameters: the two minus signs make a plus. "
            "One of them is enough, and the exercise says which.",
            _momentum(lambda v, g, rate, beta: beta * v - g),
        ),
        Mistake(
            "minus in the velocity only",
            "The velocity has the opposite sign of what the exercise asks for. (The parameters, when it is added, would go the right way.)",
            _momentum(lambda v, g, rate, beta: beta * v - g, lambda p, v, old, g, rate, beta: p + rate * v),
        ),
        Mistake(
            "Nesterov",
            "The velocity is right. The parameters were moved by this gradient and `momentum` times the new velocity, which is "
            "Nesterov's way; here the velocity itself moves them.",
            _momentum(_right, lambda p, v, old, g, rate, beta: p - rate * (g + beta * v)),
        ),
        Mistake(
            "velocity first",
            "The two came back in the wrong order. The exercise asks for the parameters first, then the velocity.",
            lambda *args: momentum_step(*args)[::-1],
        ),
        Mistake(
            "no velocity",
            "Only the parameters came back. The next step needs the velocity: return both.",
            lambda *args: momentum_step(*args)[0],
        ),
        Mistake("changes what it was given", CHANGED, changing(momentum_step)),
    ),
)
