"""Promises of lesson 01's checks of kernels: what harms or costs is named with thread and line, and nothing of it can be made up."""

from __future__ import annotations

import linecache
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hang import ends_within_a_hang

from course.checks import Exercise, Verdict, judge
from course.checks.judge import attempt, marking, measured
from course.checks.outcome import Outcome
from course.checks.probes.gpu_parallelism import text_of
from course.checks.wire import decode_outcome, encode_outcome
from course.exercises.gpu_parallelism import (
    ADD_KERNEL,
    BLOCK_SUM,
    MATMUL_TILED,
    TRANSPOSE_NAIVE,
    TRANSPOSE_TILED,
)

KERNELS = (ADD_KERNEL, TRANSPOSE_NAIVE, TRANSPOSE_TILED, BLOCK_SUM, MATMUL_TILED)
each_kernel = pytest.mark.parametrize("exercise", KERNELS, ids=lambda exercise: exercise.name)


def written(source: str, **names: Any) -> Callable[..., Any]:
    """The function of a text, as a cell of a notebook would define it: its source is found, and it is in no file."""
    source = textwrap.dedent(source).strip() + "\n"
    name = f"<cell {len(linecache.cache)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    space = dict(names)
    exec(compile(source, name, "exec"), space)
    function: Callable[..., Any] = [value for key, value in space.items() if key not in (*names, "__builtins__")][-1]
    return function


def said(exercise: Exercise, source: str, **names: Any) -> Verdict:
    return judge(exercise, written(source, **names))


# --- Right in other forms -----------------------------------------------------------------------------------------------

RIGHT: dict[str, tuple[Exercise, str, dict[str, Any]]] = {
    "add with grid(1)": (
        ADD_KERNEL,
        """
        def add_kernel(t, a, b, out):
            i = t.grid(1)
            if i >= len(out):
                return
            out[i] = a[i] + b[i]
        """,
        {},
    ),
    "add with a stride over the grid": (
        ADD_KERNEL,
        """
        def add_kernel(thread, first, second, result):
            i = thread.blockIdx.x * thread.blockDim.x + thread.threadIdx.x
            while i < result.size:
                result[i] = first[i] + second[i]
                i += thread.blockDim.x * thread.gridDim.x
        """,
        {},
    ),
    "naive, with other names": (
        TRANSPOSE_NAIVE,
        """
        def transpose_naive(t, x, out):
            c, r = t.grid(2)
            h, w = x.shape[0], x.shape[1]
            if c < w:
                if r < h:
                    out[c, r] = x[r, c]
        """,
        {},
    ),
    "tiled, turned when it comes in": (
        TRANSPOSE_TILED,
        """
        def transpose_tiled(t, x, out):
            tile = t.shared.array((SIDE, SIDE + 1), "float32")
            tx, ty = t.threadIdx.x, t.threadIdx.y
            r, c = t.blockIdx.y * SIDE + ty, t.blockIdx.x * SIDE + tx
            if r < x.shape[0] and c < x.shape[1]:
                tile[tx, ty] = x[r, c]
            t.syncthreads()
            r, c = t.blockIdx.x * SIDE + ty, t.blockIdx.y * SIDE + tx
            if r < out.shape[0] and c < out.shape[1]:
                out[r, c] = tile[ty, tx]
        """,
        {"SIDE": 32},
    ),
    "sum by a for loop, with the first step on the way in": (
        BLOCK_SUM,
        """
        def block_sum(t, x, out):
            s = t.shared.array(128, "float32")
            i = t.grid(1)
            s[t.threadIdx.x] = 0.0
            if i < len(x):
                s[t.threadIdx.x] = x[i]
            for step in range(7):
                t.syncthreads()
                if t.threadIdx.x < 64 >> step:
                    s[t.threadIdx.x] += s[t.threadIdx.x + (64 >> step)]
            if t.threadIdx.x == 0:
                out[t.blockIdx.x] = s[0]
        """,
        {},
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_kernel_passes_in_another_form(name: str) -> None:
    exercise, source, names = RIGHT[name]
    verdict = said(exercise, source, **names)
    assert verdict.passed, verdict.message


def load(A: Any, row: Any, col: Any) -> Any:
    """An element, or 0 outside of the matrix."""
    return A[row, col] if row < A.shape[0] and col < A.shape[1] else 0.0


def test_a_kernel_may_call_functions_and_use_numbers_of_its_notebook() -> None:
    source = """
    def matmul_tiled(t, A, B, out):
        a, b = t.threadIdx.y, t.threadIdx.x
        tile = t.shared.array((T, T), "float32")
        other = t.shared.array((T, T), "float32")
        row, col = t.blockIdx.y * T + a, t.blockIdx.x * T + b
        total = 0.0
        for r in range((A.shape[1] + T - 1) // T):
            tile[a, b] = load(A, row, r * T + b)
            other[a, b] = load(B, r * T + a, col)
            t.syncthreads()
            for j in range(T):
                total += tile[a, j] * other[j, b]
            t.syncthreads()
        if row < out.shape[0] and col < out.shape[1]:
            out[row, col] = total
    """
    verdict = said(MATMUL_TILED, source, T=16, load=load)
    assert verdict.passed, verdict.message


# --- What passing says ----------------------------------------------------------------------------------------------------


@each_kernel
def test_a_right_kernel_is_told_its_score(exercise: Exercise) -> None:
    (score,) = judge(exercise, exercise.reference).text
    assert "sectors a request" in score or "lanes are active" in score
    assert score.endswith(".")


def test_the_naive_transpose_passes_and_is_told_what_it_costs() -> None:
    (score,) = judge(TRANSPOSE_NAIVE, TRANSPOSE_NAIVE.reference).text
    assert "writing 32.0 sectors a request (12 % of the bytes are used)" in score
    assert "The best possible are 4.0, both ways" in score


def test_a_score_can_be_improved_after_passing() -> None:
    scattered = """
    def add_kernel(t, a, b, out):
        i = t.threadIdx.x * t.gridDim.x + t.blockIdx.x
        if i < out.shape[0]:
            out[i] = a[i] + b[i]
    """
    verdict = said(ADD_KERNEL, scattered)
    assert verdict.passed, verdict.message
    assert "It can be improved: the best possible are 4.0 sectors a request." in verdict.text[0]
    assert judge(ADD_KERNEL, ADD_KERNEL.reference).text[0].endswith("That is the best possible.")


# --- What is wrong is named, with thread and line -------------------------------------------------------------------------


def _line_said(verdict: Verdict) -> str:
    return "\n".join(f"{label}: {value}" for label, value in verdict.facts)


WRONG: dict[str, tuple[Exercise, str, str, str, str]] = {
    "no guard": (
        ADD_KERNEL,
        """
        def add_kernel(t, a, b, out):
            k = t.grid(1)
            s = a[k]
            s += b[k]
            out[k] = s
        """,
        "no guard",
        "line 3",
        "thread 5 of block 0 reads a[5]",
    ),
    "missing barrier": (
        TRANSPOSE_TILED,
        """
        def transpose_tiled(t, x, out):
            tile = t.shared.array((32, 33), "float32")
            tx, ty = t.threadIdx.x, t.threadIdx.y
            if t.blockIdx.y * 32 + ty < x.shape[0] and t.blockIdx.x * 32 + tx < x.shape[1]:
                tile[ty, tx] = x[t.blockIdx.y * 32 + ty, t.blockIdx.x * 32 + tx]
            if t.blockIdx.x * 32 + ty < out.shape[0] and t.blockIdx.y * 32 + tx < out.shape[1]:
                out[t.blockIdx.x * 32 + ty, t.blockIdx.y * 32 + tx] = tile[tx, ty]
        """,
        "no barrier",
        "line 5",
        "with no barrier between",
    ),
    "barrier that not all reach": (
        BLOCK_SUM,
        """
        def block_sum(t, x, out):
            tile = t.shared.array(128, "float32")
            me = t.threadIdx.x
            tile[me] = x[t.grid(1)] if t.grid(1) < len(x) else 0.0
            t.syncthreads()
            for half in range(64, 0, -64):
                if me < 64:
                    tile[me] += tile[me + 64]
                    t.syncthreads()
            out[t.blockIdx.x] = tile[0]
        """,
        "barrier for the workers only",
        "line 9",
        "does not reach this barrier",
    ),
    "divergent": (
        BLOCK_SUM,
        """
        def block_sum(t, x, out):
            tile = t.shared.array(128, "float32")
            me = t.threadIdx.x
            tile[me] = x[t.grid(1)] if t.grid(1) < len(x) else 0.0
            for k in range(7):
                t.syncthreads()
                if me % (2 ** (k + 1)) == 0:
                    tile[me] += tile[me + 2 ** k]
            if me == 0:
                out[t.blockIdx.x] = tile[0]
        """,
        "divergent warps",
        "line 7",
        "threads that work and threads that rest are mixed",
    ),
    "bank conflicts": (
        TRANSPOSE_TILED,
        """
        def transpose_tiled(t, x, out):
            tile = t.shared.array((33, 32), "float32")
            tx, ty = t.threadIdx.x, t.threadIdx.y
            row, col = t.blockIdx.y * 32 + ty, t.blockIdx.x * 32 + tx
            if row < x.shape[0] and col < x.shape[1]:
                tile[ty, tx] = x[row, col]
            t.syncthreads()
            row, col = t.blockIdx.x * 32 + ty, t.blockIdx.y * 32 + tx
            if row < out.shape[0] and col < out.shape[1]:
                out[row, col] = tile[tx, ty]
        """,
        "bank conflicts",
        "line 10",
        "passes on average, where 1 would do",
    ),
    "not tiled": (
        MATMUL_TILED,
        """
        def matmul_tiled(t, A, B, out):
            x, y = t.grid(2)
            if y < out.shape[0] and x < out.shape[1]:
                total = 0.0
                for k in range(A.shape[1]):
                    total += A[y, k] * B[k, x]
                out[y, x] = total
        """,
        "not tiled",
        "line 6",
        "would do. Most of it is for",
    ),
    "a pairing that overwrites": (
        BLOCK_SUM,
        """
        def block_sum(t, x, out):
            tile = t.shared.array(128, "float32")
            me = t.threadIdx.x
            tile[me] = x[t.grid(1)] if t.grid(1) < len(x) else 0.0
            t.syncthreads()
            half = 64
            while half:
                if me < half:
                    both = tile[2 * me] + tile[2 * me + 1]
                    tile[me] = both
                t.syncthreads()
                half //= 2
            if me == 0:
                out[t.blockIdx.x] = tile[0]
        """,
        "overwritten while others read",
        "line 9",
        "with no barrier between",
    ),
    "no barrier in the loop, by way of a variable": (
        BLOCK_SUM,
        """
        def block_sum(t, x, out):
            tile = t.shared.array(128, "float32")
            me = t.threadIdx.x
            tile[me] = x[t.grid(1)] if t.grid(1) < len(x) else 0.0
            t.syncthreads()
            half = 64
            while half:
                if me < half:
                    other = tile[me + half]
                    tile[me] += other
                half //= 2
            if me == 0:
                out[t.blockIdx.x] = tile[0]
        """,
        "no barrier in the loop",
        "line",
        "with no barrier between",
    ),
    "all threads add": (
        BLOCK_SUM,
        """
        def block_sum(t, x, out):
            tile = t.shared.array(128, "float32")
            me = t.threadIdx.x
            tile[me] = x[t.grid(1)] if t.grid(1) < len(x) else 0.0
            t.syncthreads()
            for k in range(7):
                tile[me] += tile[me + (64 >> k)]
                t.syncthreads()
            if me == 0:
                out[t.blockIdx.x] = tile[0]
        """,
        "all threads add",
        "line 7",
        "out of bounds",
    ),
    "the nearest element for the spare threads": (
        ADD_KERNEL,
        """
        def add_kernel(t, a, b, out):
            last = out.shape[0] - 1
            i = min(t.grid(1), last)
            out[i] = a[i] + b[i]
        """,
        "spare threads do the last element",
        "line 4",
        "race",
    ),
    "two mistakes at once": (
        BLOCK_SUM,
        """
        def block_sum(t, x, out):
            tile = t.shared.array(128, "float32")
            tile[t.threadIdx.x] = x[t.grid(1)]
            half = 64
            while half:
                if t.threadIdx.x < half:
                    tile[t.threadIdx.x] += tile[t.threadIdx.x + half]
                half //= 2
            out[t.blockIdx.x] = tile[0]
        """,
        "no guard",
        "line 3",
        "thread 77 of block 0 reads x[77]",
    ),
    "atomics": (
        BLOCK_SUM,
        """
        def block_sum(t, x, out):
            if t.threadIdx.x == 0:
                out[t.blockIdx.x] = 0.0
            t.syncthreads()
            i = t.blockIdx.x * t.blockDim.x + t.threadIdx.x
            if i < x.shape[0]:
                t.atomic.add(out, t.blockIdx.x, x[i])
        """,
        "atomics",
        "what happened",
        "a tree needs none",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_in_other_words_is_named_with_thread_and_line(name: str) -> None:
    exercise, source, mistake, where, what = WRONG[name]
    verdict = said(exercise, source)
    assert verdict.mistake == mistake, verdict.message
    assert where in _line_said(verdict) and what in _line_said(verdict), verdict.message


def test_scattered_addresses_are_named_with_their_line_and_their_sectors() -> None:
    source = """
    def transpose_tiled(t, x, out):
        row, col = t.blockIdx.y * 32 + t.threadIdx.y, t.blockIdx.x * 32 + t.threadIdx.x
        if row < x.shape[0] and col < x.shape[1]:
            out[col, row] = x[row, col]
    """
    verdict = said(TRANSPOSE_TILED, source)
    assert verdict.mistake == "no tile"
    assert "line 4" in _line_said(verdict)
    assert (
        "where a warp writes out, it touches 32 sectors of 32 bytes in each request, where 4 would do"
        in verdict.message
    )
    assert "consecutive threads should write consecutive addresses" in verdict.message


def test_what_was_never_written_is_explained() -> None:
    verdict = said(ADD_KERNEL, "def add_kernel(t, a, b, out):\n    if t.threadIdx.x == 0: out[t.blockIdx.x] = 1.0")
    assert "nan: what was never written" in verdict.message


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("def add_kernel(t, a, b, out):\n    out[:] = a + b", "line 2"),
        (
            "def add_kernel(t, a, b, out):\n    v = [a[k] for k in range(t.threadIdx.x)]",
            "the length of a list must be known before the run",
        ),
        ("def add_kernel(t, a, b):\n    a[0] = b[0]", "takes 2 arguments after the thread handle, not 3"),
        ("def add_kernel(t, a, b, out):\n    i = t.threadIdx.x", "it writes nothing into out."),
        ("def add_kernel(t, a, b, out):\n    return a + b", "line 2"),
        ("def add_kernel(t, a, b, out):\n    i = t.threadIdx.w\n    out[i] = a[i]", "line 2"),
    ],
)
def test_what_is_no_kernel_is_refused_in_a_sentence(source: str, sentence: str) -> None:
    verdict = said(ADD_KERNEL, source)
    assert not verdict.passed and sentence in verdict.message, verdict.message
    assert "Traceback" not in verdict.message and "Error" not in verdict.headline


def test_a_function_that_uses_a_library_is_told_what_a_thread_can_use() -> None:
    table = np.arange(3.0)
    verdict = said(ADD_KERNEL, "def add_kernel(t, a, b, out):\n    out[0] = table[0]", table=table)
    assert "an array that is not among its parameters" in verdict.message


@each_kernel
@pytest.mark.parametrize("other", [lambda t, *arrays: None, print, np.add, int])
def test_what_is_not_written_with_def_is_told_so(exercise: Exercise, other: Any) -> None:
    assert "a kernel is a function written with def" in judge(exercise, other).message


# --- Nothing is run beside the learner, and nothing is believed ---------------------------------------------------------


def test_a_kernel_is_never_called() -> None:
    calls = []

    def add_kernel(t: Any, a: Any, b: Any, out: Any) -> None:
        calls.append(1)

    judge(ADD_KERNEL, add_kernel)
    assert calls == []


def test_the_probe_brings_text_and_numbers_that_travel_whole() -> None:
    kernel = written(
        "def add_kernel(t, a, b, out):\n    # " + "ä" * 900 + "\n    out[0] = N * math.pi", N=3, math=__import__("math")
    )
    raw = attempt(ADD_KERNEL, kernel, ADD_KERNEL.draw(0)[0])
    back = decode_outcome(encode_outcome(raw))
    assert back == raw
    name, pieces, names, values = raw.value
    assert name == "add_kernel" and "ä" * 900 in "".join(pieces)
    assert dict(zip(names, values, strict=True)) == {"N": 3, "math": "import math"}


def test_a_verdict_on_what_has_travelled_is_the_same() -> None:
    for exercise in (ADD_KERNEL, BLOCK_SUM):
        marks = marking(exercise)
        for function in (exercise.reference, exercise.mistakes[0].wrong):
            raws = [attempt(exercise, function, case) for case in marks.cases]
            assert marks.verdict([decode_outcome(encode_outcome(raw)) for raw in raws]) == marks.verdict(raws)


@pytest.mark.parametrize(
    "raw",
    [
        None,
        0,
        "add_kernel",
        (),
        ("add_kernel", "def", [], []),
        ("add_kernel", [3], [], []),
        ("add_kernel", ["def add_kernel(t, a, b, out):\n    out[0] = N"], ["N"], []),
        ("add_kernel", ["def add_kernel(t, a, b, out):\n    out[0] = N"], [3], [4]),
        ("add_kernel", ["def add_kernel(t, a, b, out):\n    out[0] = N"], ["N"], ["__import__('os')"]),
        ("add_kernel", ["import os"], [], []),
        ("other", ["def add_kernel(t, a, b, out):\n    out[0] = 1"], [], []),
        ("add_kernel", ["(" * 5000], [], []),
        ("add_kernel", ["def add_kernel(t, a, b, out):\n    out[0] = t.__class__"], [], []),
        ("add_kernel", ["def add_kernel(t, a, b, out):\n    out[0] = open('/etc/passwd')"], [], []),
        ("add_kernel", ["def add_kernel():\n    pass"], [], []),
        ("add_kernel", ["def add_kernel(t, a, b, *out):\n    pass"], [], []),
    ],
    ids=lambda raw: repr(raw)[:40],
)
def test_made_up_text_is_refused_and_executes_nothing(raw: Any) -> None:
    outcome = measured(ADD_KERNEL, ADD_KERNEL.draw(0)[0], Outcome(raw))
    assert outcome.value is None and outcome.failure is not None
    assert outcome.failure.kind == "WrongAnswer"


@pytest.mark.parametrize("loop", ["while True:\n        i = i + 1", "for j in range(10 ** 15):\n        i = i + j"])
def test_a_kernel_without_end_is_stopped_after_a_number_of_instructions(loop: str) -> None:
    with ends_within_a_hang():
        verdict = said(ADD_KERNEL, f"def add_kernel(t, a, b, out):\n    i = 0\n    {loop}\n    out[0] = i")
    assert not verdict.passed
    assert "line 3: the kernel was stopped here" in verdict.message
    assert "after 60,000 warp-instructions: does a loop never end?" in verdict.message


def test_what_a_kernel_prints_is_not_shown_by_the_check(capsys: pytest.CaptureFixture[str]) -> None:
    source = """
    def add_kernel(t, a, b, out):
        i = t.grid(1)
        print("thread", i)
        if i < out.shape[0]:
            out[i] = a[i] + b[i]
    """
    assert said(ADD_KERNEL, source).passed
    assert capsys.readouterr().out == ""


def test_a_stub_that_is_half_replaced_is_not_written_yet() -> None:
    source = """
    def add_kernel(t, a, b, out):
        i = t.grid(1)
        raise NotImplementedError("add_kernel is not written yet")
    """
    assert said(ADD_KERNEL, source).headline == "add_kernel: not written yet"


def test_the_probe_takes_no_part_of_the_input_along() -> None:
    """So that what comes back is the same for all inputs."""
    case, other = ADD_KERNEL.draw(0)[:2]
    assert text_of(ADD_KERNEL.reference, *case.args) == text_of(ADD_KERNEL.reference, *other.args)
