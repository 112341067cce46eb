"""Promises of `course.simt`: what a kernel may contain means what it means in Python and in C, and the rest is refused."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
import simt_kernels as kernels
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course import simt

pytestmark = pytest.mark.one_set

HALF = 0.5
SIZES = (4, (8, 16))


def run(body: str, *args: Any, block: Any = 32, constants: dict[str, Any] | None = None, **more: Any) -> Any:
    """The result of a kernel whose body is given; `i` is the thread."""
    params = ", ".join(f"a{k}" for k in range(len(args)))
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    source = f"def kernel(t, {params + ', ' if params else ''}out):\n    i = t.threadIdx.x\n{lines}\n"
    dtype = more.pop("dtype", "float64")
    out = simt.empty(math.prod(block) if isinstance(block, tuple) else block, dtype)
    return simt.launch(simt.Kernel.from_source(source, "kernel", constants), 1, block, *args, out, **more)[0]


I = np.arange(32)  # noqa: E741


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("i + 1", I + 1),
        ("7 - i * 2", 7 - I * 2),
        ("(i - 16) // 3", (I - 16) // 3),
        ("(i - 16) % 3", (I - 16) % 3),
        ("i ** 2", I**2),
        ("2 ** i", 2**I),
        ("i << 3 | 1", I << 3 | 1),
        ("(i ^ 5) & ~2", (I ^ 5) & ~2),
        ("-i", -I),
        ("i / 4", I / 4),
        ("min(i, 7) + max(i, 20, 3)", np.minimum(I, 7) + np.maximum(I, 20)),
        ("abs(i - 10)", abs(I - 10)),
        ("int(i / 3)", I // 3),
        ("1 if i > 3 else 0", I > 3),
        ("(i > 3) + (i > 5)", (I > 3) * 1 + (I > 5)),
        ("3 < i <= 9", (I > 3) & (I <= 9)),
        ("i > 3 and i < 9 or i == 20", ((I > 3) & (I < 9)) | (I == 20)),
        ("not i > 3", I <= 3),
        ("(i > 3) & (i < 9)", (I > 3) & (I < 9)),
        ("math.sqrt(i)", np.sqrt(I, dtype="f")),
        ("math.floor(i / 4) + math.pi", I // 4 + np.float32(math.pi)),
        ("math.exp(-i / 8.0)", np.exp(-I / np.float32(8), dtype="f")),
        ("t.blockDim.x + t.gridDim.x + t.blockIdx.x", np.full(32, 33)),
        ("t.grid(1)", I),
        ("float(True) + (2 > 1)", np.full(32, 2)),
    ],
)
def test_expressions_mean_what_they_mean_in_python(expression: str, expected: Any) -> None:
    np.testing.assert_allclose(run(f"out[i] = {expression}"), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("n = 0\nfor k in range(i):\n    n += k\nout[i] = n", I * (I - 1) // 2),
        ("n = 0\nfor k in range(10, i, -3):\n    n += 1\nout[i] = n", [len(range(10, k, -3)) for k in I]),
        ("n = 0\nwhile True:\n    n += 1\n    if n > i:\n        break\nout[i] = n", I + 1),
        (
            "n = 0\nfor k in range(9):\n    if k % 2 == i % 2:\n        continue\n    n += k\nout[i] = n",
            np.where(I % 2, 20, 16),
        ),
        ("out[i] = 1\nif i > 5:\n    return\nout[i] = 2", np.where(I > 5, 1, 2)),
        ("for k in range(5):\n    if k == i:\n        out[i] = 7\n        return\nout[i] = 3", np.where(I < 5, 7, 3)),
        (
            "if i < 4:\n    v = 1\nelif i < 8:\n    v = 2\nelse:\n    v = 3.5\nout[i] = v",
            np.select([I < 4, I < 8], [1, 2], 3.5),
        ),
        ("a, b = i, 2\na, b = b, a\nout[i] = a - b", 2 - I),
        ("k = 5\nfor k in range(3):\n    k = k + i\nout[i] = k", 2 + I),
        ("v: int = 3\nv *= i\nout[i] = v", 3 * I),
        (
            "if i < 10:\n    n = 0\n    for k in range(4):\n        n += k * i\n    out[i] = n\nelse:\n    out[i] = 0",
            np.where(I < 10, 6 * I, 0),
        ),
        (
            "n = 0\nwhile n < 3:\n    m = 0\n    while m < i:\n        m += 1\n        if m == 2:\n            break\n    n += 1\nout[i] = m",
            np.minimum(I, 2),
        ),
    ],
)
def test_statements_mean_what_they_mean_in_python(body: str, expected: Any) -> None:
    np.testing.assert_array_equal(run(body), expected)


# Whatever is written here is run twice: by Python, thread after thread, and as a kernel. `i` is the thread, a0 and a1 are arrays.
AS_IN_PYTHON = """
for half in (16, 8, 4):
    out[i] += half * (i < half)
---
for half in [16, 8, 4, 2, 1]:
    if i < half:
        continue
    out[i] = half
    break
---
total = 0
for k, (a, b) in enumerate(zip((1, 2, 3), [4, 5, 6]), start=i):
    total += k * a + b
out[i] = total
---
for k in reversed(range(5)):
    out[i] = out[i] * 2 + k * i
---
for k in range(5)[::-2]:
    out[i] = out[i] * 3 + k
---
for v in (a0[i], a0[31 - i], i):
    out[i] += v * v
---
for v in a0:
    if v > i:
        out[i] += 1
---
for r in range(2):
    for v in (1.5, 2.5)[1:]:
        out[i] += v + i
---
for k in sorted((3, 1, 2)):
    out[i] = out[i] * 4 + k
---
for k in range(4):
    if k == i:
        break
else:
    out[i] = 7
out[i] += k
---
n = 0
while n < 5:
    n += 1
    if n == i:
        break
else:
    n = -1
out[i] = n
---
for k in range(3):
    for m in range(4):
        if m == i:
            break
    else:
        if i % 2:
            continue
        break
    out[i] += 1
out[i] += k
---
halves = [8 >> k for k in range(4)]
for half in halves:
    out[i] += half
out[i] += len(halves) + halves[1] + sum(halves) + max(halves) + min(halves[1:])
---
squares = [k * k for k in range(10) if k % 2 == 0 and not k == 4]
out[i] = sum(squares)
---
mine = [a0[i], a1[i, 0], a1[i, 1]]
out[i] = sum(mine) + max(mine) - mine[0]
---
table = (3, 1, 4, 1, 5)
out[i] = table[i % 5] + table[-1 - i % 5] + TABLE[i % 3] + GRID[1][0]
---
out[i] = sum(a1[i, j] * a1[j, 0] for j in range(2))
---
out[i] = sum([a0[j] for j in range(i)])
---
out[i] = sum(j * k for j in range(3) for k in range(i) if k > j)
---
out[i] = sum(a0) + max(a0) + min(a0) + sum((i, 2), 3) + sum((j for j in range(3)), i)
---
many = [k * i for k in range(200)]
out[i] = sum(many) + max(many) - min(many[5:]) + any(many) + math.prod(many[1:3])
---
out[i] = max(a0[j] for j in range(i + 1)) - min(a0[j] - i for j in range(4)) if i else 0
---
out[i] = any(a0[j] > 2 for j in range(i)) + 2 * all(a0[j] < 2 for j in range(i)) + 4 * any([i > 3, i > 5]) + all((i, 1))
---
out[i] = any(a0[j] + k > 3 for j in range(i) for k in range(2)) + 2 * all(j < k for j in range(2) for k in range(2, 4))
---
out[i] = math.prod((i, 2, 3)) + math.prod(a1.shape) + math.fsum(a0[j] for j in range(3)) + np.sum([i, 1])
---
if (k := i // 2) > 3 and (m := k + 1) < 9:
    out[i] = m
out[i] += k
---
half = 64
while (half := half // 2) > i:
    out[i] += half
---
a = b = c = i * 2
a += 1
out[i] = a + b * c
---
out[i] = out[31 - i] = 5
---
(a, b), c = (i, 2), a1.shape[0]
a, b = b, a
out[i] = a + 10 * b + c
---
p = (i, 1)
q = i, 0
rows, cols = a1.shape
shape = a1.shape
(m, n), (_, o) = a1.shape, (i, 3)
out[i] = a1[p] - a1[q] + a1[i][1] + rows + cols * shape[0] + m * n * o
---
a, out[i] = 3, i
out[i] += a
---
x = a0
out[i] = x[i] + len(a0) + len(a1[0]) + len(a1)
---
q, r = divmod(i, 5)
qr = divmod(i + 1, 5)
out[i] = 10 * q + r + qr[0] - qr[1]
---
def inside(k):
    return 3 < k <= limit

def load(x, k, otherwise=-1.0, *, factor=1):
    return x[k] * factor if inside(k) else otherwise

def both(k):
    if k > 9:
        return k, 0
    return 0, k

limit = 11
out[i] = load(a0, i) + load(a0, k=i, factor=2) + load(otherwise=5, x=a0, k=i)
limit = i
a, b = both(i)
pair = both(i + 1)
out[i] += a + 100 * b + inside(i) + pair[0] - pair[1]
---
clamp = lambda v, low=2, high=9: max(low, min(v, high))
out[i] = clamp(i) + clamp(i, high=20)
---
def apply(f, v):
    return f(v) + f(v + 1)

twice = lambda v: 2 * v
out[i] = apply(twice, i)
---
k = 5
out[i] = sum(k for k in range(i)) + k
def shadow(k):
    j = k + 1
    return j
j = 3
out[i] += shadow(i) + j
---
v = i > 3 and a0[i] or -1
w = i % 3 or 7
out[i] = v + w + (not i) + (i and 5)
---
out[i] = (i in (1, 2, 3)) + 2 * (i not in [4, 5]) + 4 * (i in range(3, 9)) + 8 * (i * 2 in TABLE)
---
out[i] = round(a0[i]) + pow(i, 2) + np.where(i > 3, i, -1) + np.clip(i, 3, 9) + np.maximum(i, 4) + np.square(i)
---
from math import floor
import math as m
out[i] = floor(a0[i] * 2) + m.ceil(a0[i]) + (a0 is not None) + float("2.5")
---
assert i < 40, f"not {i}"
x: int = i
x <<= 2
x //= 3
x %= 7
x ^= 1
out[i] = x if not x < 3 <= i else -x
---
if i > 5: return None
out[i] = 1
"""


class Place:
    """Stands for a thread's handle."""

    def __init__(self, i):
        self.threadIdx = type("Index", (), {"x": i})


@pytest.mark.parametrize("body", AS_IN_PYTHON.split("---\n"))
def test_what_a_kernel_may_contain_means_what_it_means_in_python(body: str) -> None:
    given = (np.arange(32.0) / 8 + 0.125).astype("f"), np.arange(64.0).reshape(32, 2).astype("f")
    constants = {"TABLE": (2, 7, 1), "GRID": ((1, 2), (3, 4))}
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    source = f"def kernel(t, a0, a1, out):\n    i = t.threadIdx.x\n{lines}\n"
    space: dict[str, Any] = {"math": math, "np": np, **constants}
    exec(source, space)
    expected = np.zeros(32)
    for i in range(32):
        space["kernel"](Place(i), *given, expected)
    kernel = simt.Kernel.from_source(source, "kernel", constants)
    got, report = simt.launch(kernel, 1, 32, *given, np.zeros(32), strict=False)
    np.testing.assert_allclose(got, expected, rtol=1e-6)
    assert {finding.kind for finding in report.findings} <= {"race"}


SAME_WORK = {
    "a loop over a tuple": ("for k in (0, 1, 2, 3):\n    out[i] += k", "for k in range(4):\n    out[i] += k"),
    "a sum over a generator": (
        "out[i] = sum(a0[j] for j in range(i))",
        "v = 0\nfor j in range(i):\n    v += a0[j]\nout[i] = v",
    ),
    "a sum of a tuple": ("out[i] = sum((a0[i], a0[0], i))", "out[i] = a0[i] + a0[0] + i"),
    "a list that is read again": ("v = [a0[i], i]\nout[i] = v[0] + v[0] + v[1]", "v = a0[i]\nout[i] = v + v + i"),
    "an assignment in a condition": ("if (v := a0[i]) > 2:\n    out[i] = v", "v = a0[i]\nif v > 2:\n    out[i] = v"),
    "pairs": ("v, out[i] = a0[i], i", "v = a0[i]\nout[i] = i"),
    "two names": ("v = w = a0[i] + 1\nout[i] = v + w", "v = a0[i] + 1\nw = v\nout[i] = v + w"),
    "brackets after brackets": ("out[i] = a1[i][1]", "out[i] = a1[i, 1]"),
    "a function inside": ("def f(v):\n    return v + 1\nout[i] = f(a0[i])", "out[i] = a0[i] + 1"),
    "any": (
        "out[i] = any(a0[j] > 1 for j in range(i))",
        "v = False\nfor j in range(i):\n    if a0[j] > 1:\n        v = True\n        break\nout[i] = v",
    ),
}


@pytest.mark.parametrize("name", SAME_WORK)
def test_what_is_short_in_python_is_counted_as_what_it_is_short_for(name: str) -> None:
    """The same requests, sectors and branches, and as many instructions."""
    counts = []
    for body in SAME_WORK[name]:
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        source = f"def kernel(t, a0, a1, out):\n    i = t.threadIdx.x\n{lines}\n"
        kernel = simt.Kernel.from_source(source, "kernel")
        _, report = simt.launch(kernel, 1, 32, np.arange(32.0), np.ones((32, 2)), np.zeros(32))
        counts.append(report.counts())
    assert counts[0] == counts[1]


def test_a_sequence_that_some_threads_have_not_set_is_found() -> None:
    with pytest.raises(simt.KernelError, match="never set"):
        run("if i > 3:\n    v = [i, 1]\nout[i] = v[0]")


def test_an_index_beyond_a_constant_table_is_found() -> None:
    with pytest.raises(simt.KernelError, match=r"out of bounds.*thread 3 of block 0 reads TABLE\[3\]"):
        run("out[i] = TABLE[i]", constants={"TABLE": (1, 2, 3)})


def test_a_number_is_printed_as_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    run('if i == 3:\n    print(f"thread {i}: {i / 2:.2f}", i)\nout[i] = 0')
    assert capsys.readouterr().out == "thread 3: 1.50 3\n"


LISTED = [4, 2, 1]
ONE = jnp.float32(1.5)


def from_a_list(t, out):
    for k in LISTED:
        out[t.threadIdx.x] = ONE * k


def test_a_list_and_a_single_number_of_an_array_library_are_constants() -> None:
    out, _ = simt.launch(from_a_list, 1, 4, simt.empty(4))
    assert (out == 1.5).all() and simt.Kernel.of(from_a_list).plain()["constants"] == {"LISTED": (4, 2, 1), "ONE": 1.5}


def test_a_shape_can_be_unpacked() -> None:
    assert (run("rows, columns = a0.shape\nout[i] = rows * 10 + columns", np.ones((2, 3))) == 23).all()


def test_shared_memory_can_be_declared_as_in_numba() -> None:
    body = (
        "tile = t.shared.array(shape=(8, N), dtype=np.float32)\ntile[i // 4, i % 4] = i\nout[i] = tile[i // 4, i % 4]"
    )
    assert (run(body, constants={"N": 4}) == I).all()


def test_a_literal_does_not_widen_a_float32_and_a_float64_array_stays_one() -> None:
    third = np.full(32, 1 / 3)
    narrow, wide = third.astype("f"), third
    assert (run("out[i] = a0[i] * 0.1 + 1", narrow) == narrow * np.float32(0.1) + np.float32(1)).all()
    assert (run("out[i] = a0[i] * 0.1 + 1", wide) == wide * 0.1 + 1).all()
    assert (run("v = 0.1 if i < 40 else 0.2\nout[i] = v * a0[i]", wide) == wide * 0.1).all()


def test_a_whole_number_beside_a_float32_becomes_one() -> None:
    assert (run("out[i] = i / 3") == (I.astype("f") / np.float32(3))).all()


def test_whole_numbers_wrap_at_64_bits_and_floats_overflow_to_infinity() -> None:
    assert run("out[i] = 9223372036854775807 + i", dtype="int64")[1] == -(2**63)
    assert (
        run("n = 3\nfor k in range(6):\n    n = n * n\nout[i] = n", dtype="int64")[0] == (3**64 + 2**63) % 2**64 - 2**63
    )
    assert np.isinf(run("out[i] = a0[i] * 1e38 * 1e38", np.ones(32, "f"))).all()
    assert np.isinf(run("out[i] = 1.0 / (a0[i] - 1)", np.ones(32, "f"))).all()
    assert np.isnan(run("out[i] = math.sqrt(a0[i] - 2)", np.ones(32, "f"))).all()


def test_a_store_converts_as_c_does() -> None:
    assert run("out[i] = (i - 4) * 0.75", dtype="int32").tolist() == [int(v * 0.75) for v in range(-4, 28)]


def scaled(t, x, out):
    i = t.threadIdx.x
    out[i] = x[i] * HALF + SIZES[1][0] + SIZES if i < 0 else clamp(t, x, i) * HALF + SIZES[1][0]


def clamp(t, values, at):
    if values[at] > t.blockDim.x / 4:
        return 1.0 * t.blockDim.x / 4
    return values[at]


def scaled_simply(t, x, out):
    i = t.threadIdx.x
    out[i] = clamp(t, x, i) * HALF + SIZES[1][0]


def test_constants_and_other_functions_are_found_where_the_kernel_finds_them() -> None:
    x = np.arange(32, dtype="f")
    out, report = simt.launch(scaled_simply, 1, 32, x, simt.empty(32))
    assert (out == np.minimum(x, 8) * 0.5 + 8).all()
    assert report.counts()["divergent_branches"] == 1  # within clamp


def test_a_closure_is_read_too() -> None:
    factor = 3

    def times(t, x, out):
        out[t.threadIdx.x] = x[t.threadIdx.x] * factor

    assert (simt.launch(times, 1, 4, np.ones(4, "f"), simt.empty(4))[0] == 3).all()


def test_a_kernel_is_plain_data_that_runs_the_same_elsewhere() -> None:
    kernel = simt.Kernel.of(scaled_simply)
    plain = kernel.plain()
    assert plain["constants"] == {"HALF": 0.5, "SIZES": (4, (8, 16))}
    again = simt.Kernel.from_source(**plain)
    x = np.arange(32, dtype="f")
    here, there = (simt.launch(k, 1, 32, x, simt.empty(32)) for k in (kernel, again))
    assert again == kernel and (here[0] == there[0]).all() and here[1] == there[1]


def test_a_kernel_of_a_notebook_cell_is_read_with_its_constants() -> None:
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    cell = "K = 5\ndef from_cell(t, out):\n    # a comment\n    out[t.threadIdx.x] = K\n"
    try:
        assert shell.run_cell(cell).success
        out, report = simt.launch(shell.user_ns["from_cell"], 1, 4, simt.empty(4))
    finally:
        InteractiveShell.clear_instance()
    assert (out == 5).all() and report.source[1] == "    # a comment" and list(report.lines) == [3]


def test_arguments_are_copied_and_never_changed() -> None:
    x, out = np.ones(32, "f"), np.zeros(32, "f")
    got, _ = simt.launch(kernels.add, 1, 32, x, x, out)
    assert (out == 0).all() and (got == 2).all()


def two_outputs(t, x, low, high):
    i = t.threadIdx.x
    high[i] = max(x[i], 0)
    low[i] = min(x[i], 0)


def test_several_arrays_that_are_stored_into_come_back_in_the_order_of_the_parameters() -> None:
    x = jnp.arange(-2.0, 2.0)
    (low, high), _ = simt.launch(two_outputs, 1, 4, x, simt.empty(4), simt.empty(4))
    assert low.tolist() == [-2, -1, 0, 0] and high.tolist() == [0, 0, 0, 1]
    assert isinstance(low, np.ndarray) and low.dtype == np.float32


def test_the_same_launch_counts_and_computes_the_same() -> None:
    x = np.random.default_rng(1).normal(size=(40, 50)).astype("f")
    one, two = (
        simt.launch(kernels.transpose_tiled, (2, 2), (32, 8), x, simt.empty((50, 40)), trace=True) for _ in range(2)
    )
    assert (
        (one[0] == two[0]).all() and one[1] == two[1] and one[1].trace == two[1].trace and repr(one[1]) == repr(two[1])
    )


def test_threads_are_counted_x_first_in_three_dimensions() -> None:
    source = """
def where(t, out):
    x, y, z = t.grid(3)
    out[z, y, x] = t.threadIdx.x + 10 * t.threadIdx.y + 100 * t.threadIdx.z + 1000 * t.blockIdx.z
"""
    kernel = simt.Kernel.from_source(source, "where")
    out, report = simt.launch(kernel, (1, 1, 2), (4, 3, 2), simt.empty((4, 3, 4)))
    expected = np.arange(4) + 10 * np.arange(3)[:, None] + 100 * np.array([0, 1, 10, 11])[:, None, None]
    assert (out == expected).all() and report.warps == 2


def test_an_atomic_gives_back_the_old_value() -> None:
    out = run("out[i] = t.atomic.add(a0, i % 2, 1)", np.zeros(2, "int32"))[1]
    assert sorted(out.tolist()) == sorted([*range(16), *range(16)])


def test_print_shows_a_line_a_thread_up_to_a_bound(capsys: pytest.CaptureFixture[str]) -> None:
    run('if i > 29:\n    print("thread", i)\nout[i] = 0')
    assert capsys.readouterr().out == "thread 30\nthread 31\n"
    run('for k in range(1000):\n    print("again", k)\nout[i] = 0')
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 201 and printed[-1] == "… (print() stops here)"


def test_a_trace_lists_what_a_player_needs() -> None:
    _, report = simt.launch(
        kernels.transpose_tiled, (2, 1), (32, 8), np.ones((32, 64), "f"), simt.empty((64, 32)), trace=[1]
    )
    assert {event.block for event in report.trace} == {(1, 0)} and {event.warp for event in report.trace} == set(
        range(8)
    )
    first = next(event for event in report.trace if event.kind == "load")
    assert (first.array, first.space, first.line, first.sectors, first.mask) == ("x", "global", 7, 4, 2**32 - 1)
    assert first.index == tuple(range(32, 64))
    assert [event.step for event in report.trace if event.warp == 3] == list(range(len(report.trace) // 8))
    barrier = [event.kind for event in report.trace].index("barrier")
    assert {event.warp for event in report.trace[: barrier + 1]} == {0}


def test_a_report_shows_each_line_and_each_access_as_text_and_as_html() -> None:
    _, report = simt.launch(kernels.add, 2, 32, np.ones(40, "f"), np.ones(40, "f"), simt.empty(40))
    text, html = repr(report), report._repr_html_()
    assert "out[i] = x[i] + y[i]" in text and "out[i] = x[i] + y[i]" in html
    assert "2.5" in text and "i &lt; out.size" in html
    assert html.count('tabindex="0"') == html.count("<table>") == 2, "a table that scrolls is reached by the keyboard"


# What is refused

REFUSED = {
    "v = [k for k in range(i)]": "line 3: the length of a list must be known before the run",
    "v = [1, 2]\nv[0] = i": "t.local.array(shape, dtype) is a thread's own memory, in the place of a list",
    "v = [1, 2]\nv = 3": "v is a tuple or list here, and something else in another line",
    "v = [1, 2]\nout[i] = v": "a tuple is no number: take one of its parts",
    "v = (1, 2)[2]": "there is no part 2 of (1, 2)",
    "v = [a0[0], a0[1]][i]": "parts that an index takes",
    "v = a0 + 1": "a0 is a whole array",
    "v = sum(i)": "sum() goes through an array, a tuple or list",
    "v = 1 if i in range(i) else 0": "`in` goes through a tuple or list whose length is known before the run",
    "v = a0.shape + 1": "a tuple is no number",
    "for v in a0[1:3]:\n    pass": "a loop counts, as in `for i in range(n)`, or goes through an array",
    "for v in i:\n    pass": "a loop counts",
    "for v, w in [1, 2]:\n    pass": "what comes for them are not equally many",
    "import jax": "jax can't be imported in a kernel: there are math, numpy, jax.numpy",
    "def inner():\n    t.syncthreads()\ninner()": "a barrier belongs into the kernel itself",
    "def inner(v):\n    return v\ninner()": "inner() takes 1 arguments, v, not these",
    "def inner(v):\n    return inner(v)\nw = inner(i)": "inner calls itself",
    "def inner(v):\n    if v:\n        return 1\n    return 1, 2\nw = inner(i)": "returns one value in each of its lines, or equally many in all",
    "a, *b = 1, 2, 3": "a * in front of a name",
    "assert i < 31": "what is asserted does not hold in thread 31 of block 0",
    "print(f'{i:{i}}')": "a GPU thread has no text",
    "v = a0[1:3]": "a slice is many elements",
    "v = a0 @ a0": "@ multiplies whole matrices",
    "v = a0.T": "an array has .shape, .size and .ndim here, not .T",
    "v = a0[i, 0]": "a0 has 1 axis, so that it takes 1 index, as in a0[i]; here it gets 2",
    "v = a0[i / 2]": "must be a whole number: use //",
    "v = a0[0.0]": "must be a whole number",
    "v = nothing": "nothing is not known here",
    "v = math.gamma(i)": "gamma() can't be called in a kernel",
    "v = t.warpSize": "t has threadIdx",
    "v = t.threadIdx": "t.threadIdx has an axis: write t.threadIdx.x (or .y, .z)",
    "v = t.blockDim * 2": "t.blockDim has an axis: write t.blockDim.x",
    "t.syncthreads": "t.syncthreads is called: write t.syncthreads()",
    "v = np.zeros((3, 3))": "zeros() makes an array, which a GPU thread can't",
    "v = t": "t is the thread itself",
    "v = 'text'": "text can stand in print() alone",
    "v = f'{i}'": "text can stand in print() alone",
    "v = i is 3": "`is` compares objects",
    "v = i & 0.5": "needs whole numbers",
    "v = ~(i > 3)": "~ needs a whole number",
    "v = 1 // 0": "divided by zero",
    "v = min(i)": "min() takes 2 to 8 values",
    "v = t.syncthreads()": "stands in a line of its own",
    "try:\n    pass\nexcept ValueError:\n    pass": "can't catch an error",
    "for v in range(i / 2):\n    pass": "range() takes whole numbers",
    "for v in range(0, 4, 0):\n    pass": "the step of range() can't be 0",
    "return i": "a kernel returns nothing",
    "break": "there is no loop here",
    "a0 = i": "a0 has a meaning already",
    "v, w = i": "there is one value on the right",
    "tile = t.shared.array(i, 'float32')": "the size must be known before the run",
    "tile = t.shared.array(t.blockDim.x, 'float32')": "the size must be known before the run",
    "tile = t.shared.array(8, 'complex64')": "the type of the elements",
    "tile = t.shared.array(12289, 'float32')": "a block has 49,152 bytes of shared memory",
    "for k in range(2):\n    tile = t.shared.array(8, 'float32')": "outside of loops",
    "t.atomic.add(a0[i], 1)": "write t.atomic.add(array, index, value)",
    "raise ValueError": "can't raise an error",
    "print(end='')": "print() takes up to 16 values",
}


@pytest.mark.parametrize("body", REFUSED)
def test_what_a_kernel_cannot_contain_is_refused_with_what_to_write_instead(body: str) -> None:
    with pytest.raises(simt.KernelError) as error:
        run(body, np.ones(32, "f"), block=32)
    assert REFUSED[body] in str(error.value)
    assert str(error.value).startswith("line ")


def unwritten(t, out):
    """To be written."""
    raise NotImplementedError


def test_a_kernel_that_is_still_to_be_written_says_so_as_any_function_would() -> None:
    with pytest.raises(NotImplementedError, match="unwritten is not written yet"):
        simt.launch(unwritten, 1, 32, simt.empty(32))


def uses_an_array(t, out):
    out[t.threadIdx.x] = I[t.threadIdx.x]


def recursive(t, out):
    out[0] = again(t.threadIdx.x)


def again(n):
    return again(n - 1) if n > 0 else 0


@pytest.mark.parametrize(
    ("kernel", "sentence"),
    [
        (uses_an_array, "uses I, an array that is not among its parameters"),
        (recursive, "again calls itself"),
        (lambda t, out: None, "a kernel is a function written with def"),
        (print, "a kernel is a function written with def"),
        (scaled, "a tuple is no number"),
    ],
)
def test_a_function_that_is_no_kernel_is_refused(kernel: Any, sentence: str) -> None:
    with pytest.raises(simt.KernelError) as error:
        simt.launch(kernel, 1, 32, *([np.ones(32, "f")] if kernel is scaled else []), simt.empty(32))
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ((np.ones(4),), "add takes 3 arguments after the thread handle, not 1"),
        ((np.ones(4), np.ones(4, complex), simt.empty(4)), "y is of type complex128"),
        ((np.ones(4), [1, 2], simt.empty(4)), "y is of type list: a kernel takes arrays and numbers"),
    ],
)
def test_wrong_arguments_are_named(args: tuple[Any, ...], sentence: str) -> None:
    with pytest.raises(simt.KernelError) as error:
        simt.launch(kernels.add, 1, 4, *args)
    assert sentence in str(error.value)


def test_a_function_called_in_a_line_of_its_own_need_not_return() -> None:
    """Some threads return early, with or without a value, and nobody asks for it."""
    body = "def put(k, v):\n    if k % 2:\n        return\n    out[k] = v\nout[i] = 0\nput(i, 3 * i)"
    assert run(body).tolist() == [3 * k * (k % 2 == 0) for k in range(32)]
    some = "def put(k, v):\n    out[k] = v\n    if k > 3:\n        return v\nput(i, 2 * i)"
    assert run(some).tolist() == [2 * k for k in range(32)]
    with pytest.raises(simt.KernelError, match=r"uses what put\(\) returns, which was never set"):
        run(some.replace("put(i, 2 * i)", "out[i] = put(i, 2 * i)"))
