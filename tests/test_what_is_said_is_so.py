"""Promises of the sentences about wrong answers: where two mistakes give the same, what is said holds for both."""

from __future__ import annotations

import itertools
import linecache
import math
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from jax.experimental import pallas as pl

from course import simt
from course.checks import find, judge

numbers = itertools.count()

BLOCK_SUM = """
def block_sum(t, x, out):
    part = t.shared.array(128, "float32")
    k = t.threadIdx.x
    i = t.blockIdx.x * 128 + k
    part[k] = x[i] if i < x.shape[0] else {beyond}
    t.syncthreads()
    half = 64
    while half > 0:
        if k < half:
            part[k] = part[k] + part[k + half]
        t.syncthreads()
        half = half // 2
    {end}
"""
COLUMN_SUM = """
def column_sum(x, rows):
    def kernel(x_ref, o_ref):
        place = pl.program_id(0) * rows + jnp.arange(rows)
        o_ref[...] = jnp.where((place < m)[:, None], x_ref[...], 0).sum(axis=0, keepdims=True)

    m, n = x.shape
    steps = pl.cdiv(m, rows)
    partial = pl.pallas_call(kernel, out_shape=jax.ShapeDtypeStruct((steps, n), x.dtype), grid=(steps,),
                             in_specs=[pl.BlockSpec((rows, n), lambda i: (i, 0))],
                             out_specs=pl.BlockSpec((1, n), lambda i: ({row}, 0)), interpret=True)(x)
    {end}
"""
# An exercise, an answer, a part of what is said, and a part of what is not, as it would not be so.
ANSWERS: dict[str, tuple[str, str, str, str]] = {
    "a length and what is inside of it": (
        "evaluate",
        "def evaluate(model, images, labels):\n    model.eval()\n    right, n = 0, len(images) // 4 * 4\n    for i in range(0, n, 4):\n"
        "        right += int((model(images[i:i + 4]).argmax(axis=1) == labels[i:i + 4]).sum())\n    return right / n",
        "the value is not the expected one",
        "`len` encloses",
    ),
    "axes that are added up": (
        "conv2d",
        "def conv2d(image, kernels, padding, stride):\n    kh, kw = kernels.shape[:2]\n"
        "    p = np.pad(np.asarray(image), ((padding,) * 2, (padding,) * 2, (0, 0)))\n"
        "    rows, cols = (p.shape[0] - kw) // stride + 1, (p.shape[1] - kh) // stride + 1\n"
        "    return np.array([[np.tensordot(p[i * stride:i * stride + kw, j * stride:j * stride + kh], np.asarray(kernels), 3)"
        " for j in range(cols)] for i in range(rows)])",
        "must be equally long in both arrays",
        "Two trees",
    ),
    "the first convolution twice": (
        "CNN",
        "class CNN(nnx.Module):\n    def __init__(self, *, rngs):\n        self.c1 = nnx.Conv(1, 32, (3, 3), rngs=rngs)\n"
        "        self.c2 = nnx.Conv(32, 64, (3, 3), rngs=rngs)\n        self.d = nnx.Linear(3136, 10, rngs=rngs)\n"
        "    def __call__(self, x):\n        x = nnx.max_pool(nnx.relu(self.c1(x)), (2, 2), strides=(2, 2))\n"
        "        x = nnx.max_pool(nnx.relu(self.c1(x)), (2, 2), strides=(2, 2))\n        return self.d(x.reshape(len(x), -1))",
        "do you call the first convolution again",
        "One change makes it right",
    ),
    "an index below 0": (
        "mirror_kernel",
        "def mirror_kernel(t, x, out):\n    row, col = t.threadIdx.y, t.threadIdx.x\n    if row < x.shape[0] and col < x.shape[1]:\n"
        "        out[row, -col] = x[row, col]",
        "doesn't count from the end",
        "a guard has to keep",
    ),
    "a first neighbor from the other end": (
        "neighbor_sum",
        "def neighbor_sum(t, x, out):\n    i, n = t.threadIdx.x, x.shape[0]\n    s = t.shared.array(64, 'float32')\n    if i < n:\n"
        "        s[i] = x[i]\n    t.syncthreads()\n    if i < n:\n        right = s[i + 1] if i + 1 < n else 0.0\n"
        "        out[i] = s[(i - 1) % n] + s[i] + right",
        "except what comes first",
        "One change makes it right",
    ),
    "places that no thread writes": (
        "repair_tint",
        "def repair_tint(t, x, shade, out):\n    row = t.blockIdx.x * t.blockDim.x + t.threadIdx.y\n"
        "    col = t.blockIdx.y * t.blockDim.y + t.threadIdx.x\n    if row < x.shape[0] and col < x.shape[1]:\n"
        "        out[row, col] = x[row, col] * shade[col]",
        "never written holds NaN",
        "`if` does not belong",
    ),
    "a factor for each row": (
        "softmax",
        "def softmax(Z):\n    e = jnp.exp(Z - Z.max(axis=1, keepdims=True))\n    return e / Z.shape[1]",
        "Within each row all numbers are too large or too small by the same factor",
        "one and the same factor",
    ),
    "an object of the exercise's own class": (
        "multiply",
        "class Product:\n    def __init__(self, data, parents):\n        self.data, self.parents, self.grad = data, parents, 0.0\n"
        "def multiply(a, b):\n    return Product(a * b, (a, b))",
        "use the numbers that it holds",
        "None",
    ),
    "two calls while the clock runs": (
        "timed",
        "def timed(fn, x):\n    jax.block_until_ready(fn(x))\n    start = time.perf_counter()\n    jax.block_until_ready(fn(x))\n"
        "    jax.block_until_ready(fn(x))\n    return time.perf_counter() - start",
        "Either fn is called twice",
        "When your clock starts",
    ),
    "a number of the case that never reached the function": (
        "timed",
        "def timed(fn, x):\n    times = []\n    for _ in range(2):\n        start = time.perf_counter()\n        jax.block_until_ready(fn(x))\n"
        "        times.append(time.perf_counter() - start)\n    return times[0] - times[1]",
        "the value is not the expected one",
        "an input itself",
    ),
    "cut off by int": (
        "arithmetic_intensity",
        "def arithmetic_intensity(m, k, n, itemsize):\n    return int(2 * m * k * n / (itemsize * (m * k + k * n + m * n)))",
        "as `//` and `int` do",
        "`//` cuts off",
    ),
    "a part that `//` loses": (
        "speedup",
        "def speedup(parallel_fraction, workers):\n    return 1 / ((1 - parallel_fraction) + parallel_fraction // workers)",
        "the parallel part takes no time",
        "You left the parallel part out",
    ),
    "infinity on purpose": (
        "speedup",
        "def speedup(parallel_fraction, workers):\n    if parallel_fraction == 1:\n        return float('inf')\n"
        "    return 1 / (1 - parallel_fraction + parallel_fraction / workers)",
        "infinity",
        "divide by there",
    ),
    "a rounding": (
        "speedup",
        "def speedup(parallel_fraction, workers):\n    return round(1 / ((1 - parallel_fraction) + parallel_fraction / workers), 2)",
        "rounded to 2 decimal places",
        "another number",
    ),
    "a bound that makes a whole number": (
        "speedup",
        "def speedup(parallel_fraction, workers):\n    return min(1 / ((1 - parallel_fraction) + parallel_fraction / workers), 10)",
        "`min` does not belong there",
        "another number",
    ),
    "every thread its own sum": (
        "block_sum",
        BLOCK_SUM.format(beyond="0.0", end="out[t.blockIdx.x] = part[k]"),
        "write to the same place of out",
        "they write the same number",
    ),
    "infinity in a kernel": (
        "block_sum",
        BLOCK_SUM.format(beyond="-math.inf", end="if k == 0:\n        out[t.blockIdx.x] = part[0]"),
        "the answer is minus infinity",
        "All other numbers are right",
    ),
    "the same blocks along both axes": (
        "transpose_naive",
        "def transpose_naive(t, x, out):\n    col = t.blockIdx.x * t.blockDim.x + t.threadIdx.x\n"
        "    row = t.blockIdx.x * t.blockDim.y + t.threadIdx.y\n    if row < x.shape[0] and col < x.shape[1]:\n"
        "        out[col, row] = x[row, col]",
        "several blocks do the same elements",
        "the same corner",
    ),
    "a tile turned where it is filled and where it is read": (
        "transpose_tiled",
        "def transpose_tiled(t, x, out):\n    tile = t.shared.array((32, 33), 'float32')\n    a, b = t.threadIdx.x, t.threadIdx.y\n"
        "    row, col = t.blockIdx.y * 32 + b, t.blockIdx.x * 32 + a\n    if row < x.shape[0] and col < x.shape[1]:\n"
        "        tile[a, b] = x[row, col]\n    t.syncthreads()\n    row, col = t.blockIdx.x * 32 + b, t.blockIdx.y * 32 + a\n"
        "    if row < out.shape[0] and col < out.shape[1]:\n        out[row, col] = tile[a, b]",
        "change places once",
        "Where the tile is read, its two",
    ),
    "shapes that meet by chance": (
        "batched_layer",
        "def batched_layer(X, W, b):\n    return jnp.tanh(X @ W + b)",
        "n_in of X meets the neurons of W",
        "don't meet",
    ),
    "`.T` that stands in a line twice": (
        "batched_layer",
        "def batched_layer(X, W, b):\n    return jnp.tanh(X.T @ W.T + b)",
        "the `.T` of `X` does not belong there",
        "`.T` does not belong there",
    ),
    "a size taken for a place": (
        "count_parameters",
        "def count_parameters(sizes):\n    total = 0\n    for i in sizes:\n        total += sizes[i] * sizes[i + 1] + sizes[i + 1]\n    return total",
        "is a size itself taken for a place",
        "The loop takes one step too many, and",
    ),
    "a number that stands in a line twice": (
        "count_parameters",
        "def count_parameters(sizes):\n    total = 0\n    for n_in, n_out in zip(sizes[:-1], sizes[1:]):\n"
        "        total += (n_in + 1) * (n_out + 1)\n    return total",
        "`1` in `n_out + 1` does not belong there",
        "`1` does not belong there",
    ),
    "one input that is wrong in its first column alone": (
        "standardize",
        "def standardize(x):\n    spread = x.std(axis=0)\n    return jnp.where((spread == 0).any(), 0.0, (x - x.mean(axis=0)) / jnp.where(spread == 0, 1, spread))",
        "values differ",
        "comes first along",
    ),
    "`where` without its last argument": (
        "relu",
        "def relu(x):\n    return jnp.where(x > 0, x)",
        "`where` was given None, or nothing",
        "A function without `return`",
    ),
    "a size that is one number": (
        "he_init",
        "def he_init(key, n_in, n_out):\n    return jax.random.normal(key, jnp.sqrt(2 / n_in), (n_out, n_in)), jnp.zeros(n_out)",
        "a single number: an array without axes",
        "of the class 0-d",
    ),
    "an axis that is added": (
        "layer",
        "def layer(x, W, b):\n    return jnp.tanh(W @ x + b[:, None])",
        "`[:, None]` does not belong there",
        "[(:, None)]",
    ),
    "overflow of exp in the loss": (
        "loss_fn",
        "def loss_fn(model, images, labels):\n    z = model(images)\n"
        "    return (jnp.log(jnp.exp(z).sum(axis=1)) - z[jnp.arange(len(labels)), labels]).mean()",
        "exp of them overflows, or",
        "they are large, the softmax rounds",
    ),
    "gradients for the images": (
        "train_step",
        "def train_step(model, optimizer, images, labels):\n    model.train()\n    def loss(model, images):\n        z = model(images)\n"
        "        return optax.softmax_cross_entropy_with_integer_labels(z, labels).mean(), 0.0\n"
        "    value, grads = nnx.value_and_grad(loss, argnums=1, has_aux=True)(model, images)\n    optimizer.update(model, grads)\n    return value",
        "the gradients for another argument",
        "got a single number",
    ),
    "layers under no name": (
        "CNN",
        "class CNN(nnx.Module):\n    def __init__(self, *, rngs):\n        dense = nnx.Linear(784, 10, rngs=rngs)\n"
        "    def __call__(self, x):\n        return self.dense(x.reshape(x.shape[0], -1))",
        "kept as `self.…`",
        "is a new one at each call",
    ),
    "a bound that keeps too much out": (
        "block_bounds",
        "def block_bounds(index, block, shape):\n    pairs = []\n    for i, size, n in zip(index, block, shape):\n"
        "        start = min(i * size, n - size)\n        pairs.append((start, min(i * size + size, n)))\n    return tuple(pairs)",
        "`min` does not belong there",
        "a plus should be a minus",
    ),
    "a number as it is written": (
        "bytes_moved",
        "def bytes_moved(batch, n_in, n_out, rows, cols):\n    steps = (batch // rows) * (n_out // cols)\n"
        "    return 4 * steps * (rows * n_in + n_in * cols + cols + rows * cols) / 1e6",
        "`1e6` does not belong there",
        "1000000.0",
    ),
    "a range that ends too early": (
        "output_size",
        "def output_size(n, kernel, stride, padding):\n    return len(range(0, n + 2 * padding - kernel, stride))",
        "the range starts or ends one too early or too late",
        "in place of 0",
    ),
    "the last row of the partial sums": (
        "column_sum",
        COLUMN_SUM.format(row="i", end="return partial[-1]"),
        "Only the last block's sum is left",
        "over what the one before wrote",
    ),
    "a kernel that fills no place": (
        "column_sum",
        COLUMN_SUM.format(row="0", end="return partial.sum(axis=0)"),
        "NaN",
        "All other numbers are right",
    ),
}


def judged(name: str, code: str) -> Any:
    """The verdict on an answer whose source is known, as that of a cell is."""
    file = f"<answer {next(numbers)}>"
    linecache.cache[file] = (len(code), None, code.splitlines(True), file)
    names: dict[str, Any] = {"jax": jax, "jnp": jnp, "np": np, "math": math, "time": time}
    names |= {"optax": optax, "nnx": nnx, "pl": pl}
    exec(compile(code, file, "exec"), names)
    return judge(find(name), names[name], 7)


@pytest.mark.parametrize("kind", ANSWERS)
def test_what_is_said_of_a_wrong_answer_is_so(kind: str) -> None:
    name, code, said, not_so = ANSWERS[kind]
    verdict = judged(name, code)
    told = " ".join(verdict.text)
    assert not verdict.passed
    assert said in told and not_so not in told, told


# Answers that are right on most inputs, and for which one has to be there on which they are not.
PASSED = {
    "weights of one key": (
        "CNN",
        "class CNN(nnx.Module):\n    def __init__(self, *, rngs):\n        self.c1 = nnx.Conv(1, 32, (3, 3), rngs=rngs)\n"
        "        self.c2 = nnx.Conv(32, 64, (3, 3), rngs=nnx.Rngs(1))\n        self.d = nnx.Linear(3136, 10, rngs=rngs)\n"
        "    def __call__(self, x):\n        x = nnx.max_pool(nnx.relu(self.c1(x)), (2, 2), strides=(2, 2))\n"
        "        x = nnx.max_pool(nnx.relu(self.c2(x)), (2, 2), strides=(2, 2))\n        return self.d(x.reshape(len(x), -1))",
    ),
    "half a kernel, right where it is odd": (
        "output_size",
        "def output_size(n, kernel, stride, padding):\n    return (n + 2 * padding - 2 * (kernel // 2) - 1) // stride + 1",
    ),
    "counts in eight bits": (
        "confusion_matrix",
        "def confusion_matrix(labels, predictions, n):\n    table = np.zeros((n, n), np.uint8)\n"
        "    np.add.at(table, (np.asarray(labels), np.asarray(predictions)), 1)\n    return table",
    ),
    "bytes in 32 bits": (
        "bytes_moved",
        "def bytes_moved(batch, n_in, n_out, rows, cols):\n    steps = (batch // rows) * (n_out // cols)\n"
        "    numbers = rows * n_in + n_in * cols + cols + rows * cols\n"
        "    return int(jnp.int32(4) * jnp.asarray(steps, jnp.int32) * jnp.asarray(numbers, jnp.int32))",
    ),
}


@pytest.mark.parametrize("kind", PASSED)
def test_an_input_is_there_on_which_a_narrow_answer_is_wrong(kind: str) -> None:
    assert not judged(*PASSED[kind]).passed


def test_partial_sums_may_be_added_up_in_a_loop() -> None:
    end = "total = 0\n    for part in partial:\n        total = total + part\n    return total"
    verdict = judged("column_sum", COLUMN_SUM.format(row="i", end=end))
    assert verdict.passed, verdict.message


def test_a_function_that_a_kernel_calls_in_a_line_of_its_own_need_not_return_anything() -> None:
    def add_further(part, k, half):  # type: ignore[no-untyped-def]
        if k < half:
            part[k] = part[k] + part[k + half]

    def total(t, x, out):  # type: ignore[no-untyped-def]
        part = t.shared.array(8, "float32")
        k = t.threadIdx.x
        part[k] = x[k]
        t.syncthreads()
        for half in (4, 2, 1):
            add_further(part, k, half)
            t.syncthreads()
        if k == 0:
            out[0] = part[0]

    out, _ = simt.launch(total, 1, 8, np.arange(8, dtype="f"), simt.empty(1))
    assert out[0] == 28
