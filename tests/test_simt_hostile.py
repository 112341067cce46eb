"""Promises of `course.simt`: a kernel's text is never executed, and none takes more than its budget."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import simt_kernels as kernels
from hang import calls_of, ends_within_a_hang

from course import simt

pytestmark = pytest.mark.one_set


def source(body: str) -> simt.Kernel:
    """A kernel whose body is given."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return simt.Kernel.from_source(f"def kernel(t, x, out):\n{lines}\n", "kernel")


@pytest.mark.parametrize(
    "body",
    [
        "t.__class__",
        "x.__class__.__bases__[0].__subclasses__()",
        "out[0] = t.threadIdx.__class__",
        "out[0] = x.data",
        "out[0] = x.shape.__len__()",
        "out[0] = (1).__class__",
        "out[0] = math.__loader__",
        "out[0] = np.load(1)",
        "out[0] = __import__('os')",
        "out[0] = eval('1')",
        "out[0] = open('f')",
        "out[0] = getattr(t, 'x')",
        "out[0] = globals()",
        "t.threadIdx.x = 3",
        "x.data[0] = 3",
        "t.atomic.__init__(x, 0, 1)",
        "t.atomic.add.__call__(x, 0, 1)",
        "kernel(t, x, out)",
        "v = 'a' * 10**9",
        "v = (1, 2) * 10**9",
        "v = 10 ** 10 ** 10 @ 3",
        "exec('1')",
        "print(*x)",
        "print(x)",
        "async def f(): pass",
        "with open('f') as f: pass",
        "global x",
        "v = yield",
        "v = (k for k in x)",
        "v = {**x}",
        "v: x.__class__() = y",
        "match x:\n    case _: pass",
        "lambda: 0",
        "del x",
    ],
)
def test_what_reaches_for_pythons_objects_is_refused(body: str) -> None:
    with pytest.raises(simt.KernelError):
        simt.launch(source(body), 1, 32, np.ones(32, "f"), simt.empty(32))


@pytest.mark.parametrize(
    "text",
    [
        "def kernel(t, x, out):\n    out[0] = " + "-" * 3000 + "1",
        "def kernel(t, x, out):\n    out[0] = " + "(" * 500 + "1" + ")" * 500,
        "def kernel(t, x, out):\n    out[0] = " + "+".join(["1"] * 5000),
        "def kernel(t, x, out):\n    out[0] = " + "x[" * 80 + "0" + "]" * 80,
        "def kernel(t, x, out):\n    out[0] = " + "9" * 5000,
        "def kernel(t, x, out):\n    out[0] = 9223372036854775808",
        "def kernel(t, x, out):\n" + "".join("    " * k + "if x[0]:\n" for k in range(1, 60)) + "    " * 60 + "pass",
        "def kernel(t, x, out):\n    '" + "a" * 30_000 + "'",
        "def kernel(t, x, out):\n    pass\n\0",
        "def kernel(t, x, out:\n",
        "import os\ndef kernel(t, x, out):\n    pass",
        "def other(t, x, out):\n    pass",
        "def kernel(t, x, out=os.system('true')):\n    pass",
        "@exec\ndef kernel(t, x, out):\n    pass",
        "def kernel(t, *x):\n    pass",
        "",
    ],
    ids=range(16),
)
def test_a_text_that_is_too_deep_too_long_or_no_kernel_is_refused_at_once(text: str) -> None:
    def refused() -> None:
        with pytest.raises(simt.KernelError):
            simt.launch(simt.Kernel.from_source(text, "kernel"), 1, 32, np.ones(32, "f"), simt.empty(32))

    with ends_within_a_hang():
        # Seen: 2,665 calls for the 60 branches, one in the other.
        assert calls_of(refused) < 30_000


@pytest.mark.parametrize(
    "body",
    [
        "v = [0 for a in range(1000) for b in range(1000) for c in range(1000)]",
        "v = [0 for a in range(1000) for b in range(1000) if a < 0]",
        "v = [t.threadIdx.x]\n" + "".join(f"v{k} = [(w, w) for w in v{k - 1 if k else ''}]\n" for k in range(40)),
        "v = (0, 0)\n"
        + "".join(f"v{k} = v{k - 1 if k else ''}, v{k - 1 if k else ''}\n" for k in range(40))
        + "w = v39",
        "v = range(-9223372036854775807, 9223372036854775807)",
        "v = [0] * 10 ** 9",
        "v = list(zip(*[range(1000)] * 1000))",
        "v = [*range(1000), *range(1000)]",
        "for k in range(9):\n    v = [[j for j in range(1000)] for i in range(1000)]",
        "f = lambda v: v + v\n" + "out[0] = " + "f(" * 20 + "1" + ")" * 20,
        "def f(g):\n    return g(g)\nout[0] = f(f)",
        "out[0] = " + "sum(a for a in range(2) if " * 20 + "1" + ")" * 20,
        "out[0] = (" * 0 + "v := " * 1 + "1",
        "from math import __loader__",
        "import math.os",
        "import numpy.os as np",
        "print(f'{1:999999999}')",
        "print(f'{t!r}')",
        "assert False, exit()",
    ],
)
def test_what_would_grow_without_bound_is_refused_at_once(body: str) -> None:
    def refused() -> None:
        with pytest.raises(simt.KernelError):
            simt.launch(source(body), 1, 32, np.ones(32, "f"), simt.empty(32))

    with ends_within_a_hang():
        # Seen: 4.2 million calls for pairs of pairs of pairs, until 20,000 parts are counted.
        assert calls_of(refused) < 8_000_000


@pytest.mark.parametrize(
    "body",
    [
        "out[0] = 10 ** 10 ** 10 ** 10",
        "n = 7\nfor k in range(200):\n    n = n ** n\nout[t.threadIdx.x] = n",
        "n = 1\nfor k in range(200):\n    n = n << n + 1\nout[t.threadIdx.x] = n",
        "n = 1.5\nfor k in range(200):\n    n = n ** n\nout[t.threadIdx.x] = n",
        "n = 1e308\nfor k in range(9):\n    n = n * n - n\nout[t.threadIdx.x] = int(n) + int(-n)",
        "out[t.threadIdx.x] = -9223372036854775807 // (t.threadIdx.x - 1 if t.threadIdx.x != 1 else 1)",
        "out[t.threadIdx.x] = x[t.threadIdx.x] ** 1e30 % 0.0",
        "out[t.threadIdx.x] = 1 >> 10 ** 18",
    ],
)
def test_numbers_stay_within_64_bits_and_arithmetic_never_fails(body: str) -> None:
    simt.launch(source(body), 1, 32, np.ones(32, "f"), np.zeros(32, "f"), strict=False)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("while True:\n    pass", 2),
        ("for k in range(10 ** 18):\n    pass", 2),
        ("i = t.threadIdx.x\nwhile i >= 0:\n    i = i + 1 - 1", 3),
        ("for k in range(10 ** 9):\n    for m in range(10 ** 9):\n        out[t.threadIdx.x] = m", 3),
        ("while x[t.threadIdx.x] > 0:\n    t.syncthreads()", 2),
    ],
)
def test_an_endless_kernel_stops_with_the_line_where_it_was(body: str, line: int) -> None:
    with pytest.raises(simt.KernelError, match="does a loop never end") as error:
        simt.launch(source(body), 1, 32, np.ones(32, "f"), simt.empty(32), max_instructions=2_000)
    assert error.value.line in (line, line + 1)


def test_a_million_threads_are_refused_at_once_with_how_many_fit() -> None:
    x = np.ones(10, "f")
    with pytest.raises(simt.KernelError) as error:
        simt.launch(kernels.add, 4096, 256, x, x, simt.empty(10))
    assert "1,048,576 threads are too many for slow motion, which takes 65,536" in str(error.value)
    assert "256 blocks fit" in str(error.value)


@pytest.mark.parametrize(
    ("grid", "block", "more", "sentence"),
    [
        (1, 1025, {}, "a block of 1,025 threads"),
        (1, (1, 1, 65), {}, "a block of 65 threads"),
        (10**30, 1, {}, "too many"),
        (0, 32, {}, "the grid must be one to three whole numbers"),
        (1, 2.0, {}, "the block must be"),
        ((1, 1, 1, 1), 32, {}, "the grid must be"),
        (1, True, {}, "the block must be"),
        (1, 32, {"max_threads": 10**9}, "max_threads must be"),
        (1, 32, {"max_instructions": 10**12}, "max_instructions must be"),
    ],
)
def test_a_launch_beyond_the_hardware_or_the_budget_is_refused(grid: Any, block: Any, more: Any, sentence: str) -> None:
    x = np.ones(10, "f")
    with pytest.raises(simt.KernelError) as error:
        simt.launch(kernels.add, grid, block, x, x, simt.empty(10), **more)
    assert sentence in str(error.value)


@pytest.mark.parametrize("shape", [10**12, (10**6, 10**6), (-1, 4), (2.5,), "12"])
def test_huge_and_impossible_arrays_are_refused(shape: Any) -> None:
    with pytest.raises(simt.KernelError):
        simt.empty(shape)


def test_arrays_that_are_too_large_are_refused_before_they_are_copied() -> None:
    huge = np.broadcast_to(np.float32(1), (10**6, 10**6))
    with pytest.raises(simt.KernelError, match="slow motion takes at most"):
        simt.launch(kernels.add, 1, 32, huge, huge, simt.empty(4))


def test_device_functions_cannot_multiply_each_other_without_bound() -> None:
    text = "def kernel(t, x, out):\n    out[0] = f0(1)\n"
    for k in range(14):
        text += f"def f{k}(a):\n    return f{k + 1}(a) + f{k + 1}(a)\n"
    text += "def f14(a):\n    return a\n"
    with pytest.raises(simt.KernelError, match="too large together"):
        simt.launch(simt.Kernel.from_source(text, "kernel"), 1, 32, np.ones(4, "f"), simt.empty(4))


def test_device_functions_cannot_be_nested_without_bound() -> None:
    text = "def kernel(t, x, out):\n    out[0] = f0(1)\n"
    for k in range(40):
        text += f"def f{k}(a):\n    return " + "(" * 20 + f"f{k + 1}(a)" + " + a)" * 20 + "\n"
    text += "def f40(a):\n    return a\n"
    with pytest.raises(simt.KernelError, match="nested too deeply"):
        simt.launch(simt.Kernel.from_source(text, "kernel"), 1, 32, np.ones(4, "f"), simt.empty(4))


@pytest.mark.parametrize(
    "constants", [{"K": [1]}, {"K": "import os; x"}, {"K": 2**70}, {"K": object()}, {3: 4}, {"K": ((((1,),),),)}]
)
def test_constants_from_elsewhere_are_numbers_only(constants: Any) -> None:
    if constants == {"K": "import os; x"}:
        text = "def kernel(t, out):\n    out[0] = K.system(1)"
    else:
        text = "def kernel(t, out):\n    out[0] = K"
    with pytest.raises(simt.KernelError):
        simt.launch(simt.Kernel.from_source(text, "kernel", constants), 1, 1, simt.empty(1))


def test_an_index_far_away_is_outside_and_does_not_wrap_back_in() -> None:
    kernel = source("out[t.threadIdx.x] = x[t.threadIdx.x + 9223372036854775800]")
    _, report = simt.launch(kernel, 1, 32, np.ones(32, "f"), simt.empty(32), strict=False)
    assert [finding.kind for finding in report.findings] == ["out of bounds"]


def test_memory_of_no_size_can_be_missed_only() -> None:
    _, report = simt.launch(kernels.add, 1, 32, np.ones(0, "f"), np.ones(0, "f"), simt.empty(32), strict=False)
    assert {finding.array for finding in report.findings} == {"x", "y"}


def test_a_tiled_product_of_64_by_64_by_64_takes_few_calls_for_each_instruction_of_a_warp() -> None:
    """Not of a thread, of which there are 32 times as many. Seen: 22."""
    a = np.random.default_rng(0).normal(size=(64, 64)).astype("f")
    kept: list[Any] = []
    calls = calls_of(
        lambda: kept.extend(simt.launch(kernels.matmul_tiled, (4, 4), (16, 16), a, a, simt.empty((64, 64))))
    )
    out, report = kept
    assert calls < 60 * report.counts()["instructions"]
    np.testing.assert_allclose(out, a @ a, rtol=1e-4, atol=1e-4)
