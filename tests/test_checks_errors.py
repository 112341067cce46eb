"""Promises of `check`: whatever the learner's code does, the check comes back and says it in plain words."""

from __future__ import annotations

import linecache
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hang import ends_within_a_hang
from toy_exercise import DOUBLE

from course.checks import Verdict, judge

# One that is soon given up. What it computes is compiled now, so that only an endless loop takes that long.
BRIEF = replace(DOUBLE, limit_s=0.4)
judge(DOUBLE, DOUBLE.reference)

# Written with one line number each, as a learner's cell is: what a verdict says of lines is held exactly.
CELL = "cell-of-a-learner"


def written(source: str, name: str = "double") -> Callable[..., Any]:
    """The function that a learner's cell defines."""
    linecache.cache[CELL] = (len(source), None, source.splitlines(keepends=True), CELL)
    scope: dict[str, Any] = {"jnp": jnp, "np": np, "jax": jax, "time": time, "sys": sys}
    exec(compile(source, CELL, "exec"), scope)
    return scope[name]


def facts(verdict: Verdict) -> dict[str, str]:
    return dict(verdict.facts)


def test_an_exception_is_shown_with_the_line_in_the_learners_code() -> None:
    verdict = judge(DOUBLE, written("def double(x):\n    y = 2 * x\n    return jnp.dot(y, jnp.ones(7))\n"))
    shown = facts(verdict)["in your code, line 3"]
    assert shown.startswith("return jnp.dot(y, jnp.ones(7))\nTypeError: ")
    assert "course" not in verdict.message.replace("of course", "")


def test_the_line_is_the_innermost_one_of_their_own() -> None:
    """In a helper that they wrote, not where they call it, and not inside JAX."""
    source = "def helper(x):\n    return x.nothing\n\ndef double(x):\n    return helper(x)\n"
    assert facts(judge(DOUBLE, written(source)))["in your code, line 2"].startswith("return x.nothing\nAttributeError")


def test_an_error_inside_jit_still_shows_their_line() -> None:
    verdict = judge(
        DOUBLE, written("@jax.jit\ndef double(x):\n    if x.sum() > 0:\n        return 2 * x\n    return x\n")
    )
    assert "in your code, line 3" in facts(verdict)
    assert "`jnp.where(condition, a, b)` can." in verdict.message


@pytest.mark.parametrize(
    ("body", "advice"),
    [
        ("x = jnp.atleast_1d(x)\n    x[0] = 1.0\n    return x", "JAX arrays don't change."),
        ("return doubel(x)", "That name is not known here."),
        ("return double(x)", "It calls itself endlessly."),
        ("return jax.jit(lambda v: float(v.sum()))(x)", "you can't convert it to a Python number."),
        ("sys.exit(1)", "It calls `exit()`, which ends the whole program."),
        ("raise SystemExit", "It calls `exit()`, which ends the whole program."),
    ],
)
def test_common_errors_come_with_advice(body: str, advice: str) -> None:
    verdict = judge(DOUBLE, written(f"def double(x):\n    {body}\n"))
    assert not verdict.passed
    assert advice in verdict.message


def test_a_changed_first_line_is_said() -> None:
    assert "Keep its first line" in judge(DOUBLE, lambda: 1).message
    assert "Keep its first line" in judge(DOUBLE, lambda a, b: 1).message


def test_a_type_error_inside_their_code_is_not_taken_for_a_changed_first_line() -> None:
    verdict = judge(DOUBLE, written("def double(x):\n    return max(x, key=1, default=2, other=3)\n"))
    assert "Keep its first line" not in verdict.message


def test_an_error_whose_own_text_fails_is_survived() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise ValueError("no text")

    def double(x: Any) -> Any:
        raise Odd

    assert "Odd" in judge(DOUBLE, double).message


def _leaks(use: Callable[[Any], Any]) -> str:
    """The message for an answer that lets a tracer escape from a jitted function, and returns `use` of it."""
    kept: list[Any] = []

    @jax.jit
    def read(x: Any) -> Any:
        kept.append(x)
        return x

    def double(x: Any) -> Any:
        read(jnp.asarray(x))
        return use(kept[-1])

    return judge(DOUBLE, double).message


def test_a_returned_tracer_is_called_by_its_name() -> None:
    assert "the answer is a tracer: a placeholder" in _leaks(lambda tracer: tracer)


def test_a_leaked_tracer_that_is_used_later_is_explained() -> None:
    message = _leaks(lambda tracer: 2 * tracer)
    assert "A tracer leaked" in message
    assert "-----" not in message


ENDLESS = {
    "loop": "while True:\n        pass",
    "loop that prints": "while True:\n        print(x)",
    "loop with a bare except": "while True:\n        try:\n            time.sleep(0.01)\n        except:\n            pass",
    "tight loop with a bare except": "while True:\n        try:\n            pass\n        except:\n            pass",
    "loop that catches BaseException": (
        "i = 0\n    while True:\n        try:\n            i += 1\n            i += 2\n        except BaseException:\n            continue"
    ),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_an_endless_loop_is_stopped(name: str) -> None:
    """Also where a bare `except:` swallows the interruption; the other inputs are not waited for."""
    calls: list[Any] = []
    endless = written(f"def double(x):\n    {ENDLESS[name]}\n")

    def double(x: Any) -> Any:
        calls.append(x)
        return endless(x)

    with ends_within_a_hang():
        verdict = judge(BRIEF, double)
    assert len(calls) == 1
    assert (
        "it had not finished after 0.4 seconds, so it was stopped. Is there a loop that never ends?" in verdict.message
    )
    assert verdict.points == 0


def test_a_stopped_loop_leaves_no_timer_handler_or_tracing_behind() -> None:
    handler, trace = signal.getsignal(signal.SIGALRM), sys.gettrace()
    judge(BRIEF, written(f"def double(x):\n    {ENDLESS['loop with a bare except']}\n"))
    assert signal.getsignal(signal.SIGALRM) is handler
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert sys.gettrace() is trace


def test_an_answer_that_is_slow_on_one_input_keeps_the_points_of_those_before() -> None:
    def double(x: Any) -> Any:
        while np.shape(x) == (1,):
            signal.raise_signal(signal.SIGALRM)  # as the timer does when the limit is over
        return 2 * x

    verdict = judge(DOUBLE, double)
    assert (verdict.cases_passed, verdict.points) == (2, 2.0)


def test_a_flood_of_output_does_not_fill_the_memory() -> None:
    from course.checks import outcome

    came = outcome.run(lambda x: [print("x" * 1000) for _ in range(1000)], lambda f, x: f(x), (1,), 5.0)
    assert len(came.printed) < 2 * outcome.PRINTED


def test_off_the_main_thread_a_check_still_answers() -> None:
    """Python's alarm exists only on the main thread; elsewhere there is no limit, but the check works."""
    verdicts: list[Verdict] = []
    thread = threading.Thread(target=lambda: verdicts.append(judge(DOUBLE, lambda x: 2 * x)))
    thread.start()
    thread.join()
    assert verdicts[0].passed


def test_an_interrupt_by_the_learner_gets_through() -> None:
    def double(x: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge(DOUBLE, double)


def test_a_stub_is_not_written_yet_and_earns_nothing() -> None:
    verdict = judge(DOUBLE, written('def double(x):\n    raise NotImplementedError("double is not written yet")\n'))
    assert verdict.headline == "double: not written yet"
    assert verdict.points == 0
    assert verdict.mistake is None


def test_a_half_written_stub_says_where() -> None:
    def double(x: Any) -> Any:
        if np.ndim(x) == 2:
            return 2 * x
        raise NotImplementedError

    assert "it reaches a line that is not written yet" in judge(DOUBLE, double).message


def test_a_reference_that_fails_is_the_authors_error_not_the_learners() -> None:
    broken = replace(DOUBLE, reference=lambda x: 1 / 0)
    with pytest.raises(RuntimeError, match="the reference answer of double fails on 'a matrix'"):
        judge(broken, lambda x: 2 * x)
