"""timed: the seconds of one call, honest about compiling and about asynchronous work."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.probes.start_here import clocked
from course.exercises.start_here.common import TOPIC
from course.exercises.start_here.simulation import FURTHER, Device


def _seconds(answer: Any, *args: Any) -> Any:
    if isinstance(answer, (tuple, list)):
        raise WrongAnswer(f"it returned {len(answer)} values; expected one number, the seconds.")
    return answer


def timed(fn: Callable[[Any], Any], x: Any) -> float:
    jax.block_until_ready(fn(x))
    start = time.perf_counter()
    jax.block_until_ready(fn(x))
    return time.perf_counter() - start


def _timed_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    # The dispatch stays below 0.4 % of the work, so that waiting once for a queue of calls is right too.
    for label, compile_s, compute_s, several in (
        ("a function that takes long to compile", 2.0, 0.5, False),
        ("a function that takes long to run", 0.8, 9.0, False),
        ("a quick function", 0.3, 0.02, False),
        ("a function that never compiles", 0.0, 0.7, False),
        ("a function with two results", 1.1, 0.25, True),
    ):
        compile_s, compute_s = (round(float(s * rng.uniform(0.8, 1.2)), 3) for s in (compile_s, compute_s))
        dispatch_s = round(float(compute_s * rng.uniform(0.002, 0.004)), 6)
        further = f"({FURTHER * compile_s:.3g} s for each further shape)"
        compiles = f"compiles for {compile_s:g} s when it is first called {further}; then " if compile_s else ""
        results = "its two results are" if several else "its result is"
        returns = f"each call returns after {1e3 * dispatch_s:.3g} ms"
        shown = f"fn {compiles}{returns} and {results} ready {compute_s:g} s later"
        cases.append(Case(label, (compile_s, dispatch_s, compute_s, several), shown))
    return cases


def _time_of(work: Callable[[Callable[[Any], Any], Any], Any], scale: float = 1.0) -> Callable[..., float]:
    def wrong(fn: Callable[[Any], Any], x: Any) -> float:
        start = time.perf_counter()
        work(fn, x)
        return scale * (time.perf_counter() - start)

    return wrong


def _after(warm_up: Callable[[Any], Any], wrong: Callable[..., float]) -> Callable[..., float]:
    def both(fn: Callable[[Any], Any], x: Any) -> float:
        warm_up(fn(x))
        return wrong(fn, x)

    return both


def _leave(result: Any) -> None:
    """Don't wait for it."""


def _wait_for_one(result: Any) -> Any:
    return result.block_until_ready()


_METHOD = "And a function with several results returns a tuple, which has no `.block_until_ready()`: use the function of that name."

_once = _time_of(lambda fn, x: jax.block_until_ready(fn(x)))


def _another_shape(fn: Callable[[Any], Any], x: Any) -> float:
    jax.block_until_ready(fn(jnp.ones(1)))
    return _once(fn, x)


def _last_reading(fn: Callable[[Any], Any], x: Any) -> float:
    timed(fn, x)
    return time.perf_counter()


def _processor_time(fn: Callable[[Any], Any], x: Any) -> float:
    jax.block_until_ready(fn(x))
    start = time.process_time()
    jax.block_until_ready(fn(x))
    return time.process_time() - start


def _mean_with_the_first(calls: int) -> Mistake:
    return Mistake(
        f"mean of {calls} calls with the first",
        f"Your average of {calls} includes the first call, which compiles.",
        _time_of(lambda fn, x: [jax.block_until_ready(fn(x)) for _ in range(calls)], 1 / calls),
    )


def _total_of(calls: int) -> Mistake:
    return Mistake(
        f"total of {calls} calls",
        f"This is the time of {calls} calls together. The exercise asks for one.",
        _after(
            jax.block_until_ready,
            _time_of(lambda fn, x: [jax.block_until_ready(fn(x)) for _ in range(calls)]),
        ),
    )


TIMED = Exercise(
    name="timed",
    topic=TOPIC,
    points=2,
    reference=timed,
    cases=_timed_cases,
    probe=clocked,
    world=Device,
    measure=_seconds,
    rtol=5e-3,
    atol=0.0,
    limit_s=5.0,
    mistakes=(
        Mistake(
            "not waited for",
            "This is how long it takes to *ask* for the work: fn(x) comes back before the result is ready. Stop the "
            "clock only when it is.",
            _after(jax.block_until_ready, _time_of(lambda fn, x: fn(x))),
        ),
        Mistake(
            "compile counted",
            "Your time includes the compile. That happens once, in the first call; a later call shows how long the "
            "work takes.",
            _once,
        ),
        Mistake(
            "compile counted, result not waited for",
            "Two things at once: your time includes the compile of the first call, and it leaves out the work "
            "itself, because fn(x) comes back before the result is ready.",
            _time_of(lambda fn, x: fn(x)),
        ),
        Mistake(
            "warm-up on the clock",
            "The clock was already running during the warm-up. Start it afterwards.",
            _time_of(lambda fn, x: (jax.block_until_ready(fn(x)), jax.block_until_ready(fn(x)))),
        ),
        Mistake(
            "warm-up not waited for",
            "This is the time of two calls. Either fn is called twice while the clock runs, or the device is still "
            "busy with the warm-up when the clock starts: wait for the warm-up as well.",
            _after(_leave, _once),
        ),
        Mistake(
            "milliseconds",
            "Your answer is in milliseconds. The exercise asks for seconds.",
            _after(jax.block_until_ready, _time_of(lambda fn, x: jax.block_until_ready(fn(x)), 1e3)),
        ),
        *(_total_of(calls) for calls in (3, 5, 10, 20, 50, 100)),
        *(_mean_with_the_first(calls) for calls in (2, 3, 5, 10, 20, 50, 100)),
        Mistake(
            "warmed up with another shape",
            "Your time includes the compile, although you warmed up: you did that with another shape or number "
            "type, and fn is compiled again for those of x.",
            _another_shape,
        ),
        Mistake(
            "clock reading",
            "This is a clock reading, not the difference of two.",
            _last_reading,
        ),
        Mistake(
            "nothing ran",
            "That is 0 seconds: no time passed between the two readings of the clock, or you didn't read it twice.",
            _time_of(lambda fn, x: None),
        ),
        Mistake(
            "processor time",
            "This is processor time, as `time.process_time` counts it, not elapsed time: it adds up all cores and "
            "leaves a GPU out. Use another clock.",
            _processor_time,
        ),
        Mistake(
            "backwards",
            "Your time is negative: you subtracted the later reading of the clock from the earlier one.",
            _after(jax.block_until_ready, _time_of(lambda fn, x: jax.block_until_ready(fn(x)), -1.0)),
        ),
        # The same three with the method, which fails on two results.
        Mistake(
            "not waited for, one array expected",
            f"This is how long it takes to *ask* for the work: stop the clock only when the result is ready. {_METHOD}",
            _after(_wait_for_one, _time_of(lambda fn, x: fn(x))),
        ),
        Mistake(
            "compile counted, one array expected",
            f"Your time includes the compile, which happens once, in the first call. {_METHOD}",
            _time_of(lambda fn, x: _wait_for_one(fn(x))),
        ),
        Mistake(
            "warm-up not waited for, one array expected",
            f"The device is still busy with the warm-up when the clock starts: wait for the warm-up, too. {_METHOD}",
            _after(_leave, _time_of(lambda fn, x: _wait_for_one(fn(x)))),
        ),
        Mistake(
            "one array expected",
            "fn may return several arrays, such as a loss and a gradient, and a tuple has no "
            "`.block_until_ready()`. JAX also has a *function* of that name, which takes any of them.",
            _after(_wait_for_one, _time_of(lambda fn, x: _wait_for_one(fn(x)))),
        ),
    ),
)
