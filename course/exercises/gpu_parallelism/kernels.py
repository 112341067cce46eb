"""The right kernels of this lesson, and how wrong ones are made of them: by a few characters of their text."""

from __future__ import annotations

import inspect
import itertools
import linecache
import textwrap
from collections.abc import Callable
from typing import Any

_NUMBERS = itertools.count()


def scale_kernel(t: Any, x: Any, out: Any) -> None:
    """out = 2 x, in one block with a thread for each element."""
    i = t.threadIdx.x
    out[i] = 2 * x[i]


def blend_kernel(t: Any, a: Any, b: Any, out: Any) -> None:
    """The mean of two arrays, in one block with threads to spare."""
    i = t.threadIdx.x
    if i < out.shape[0]:
        out[i] = (a[i] + b[i]) / 2


def add_kernel(t: Any, a: Any, b: Any, out: Any) -> None:
    """out = a + b, one thread an element."""
    i = t.blockIdx.x * t.blockDim.x + t.threadIdx.x
    if i < out.shape[0]:
        out[i] = a[i] + b[i]


def mirror_kernel(t: Any, x: Any, out: Any) -> None:
    """out = x[:, ::-1], in one block along x and y with threads to spare."""
    row, col = t.threadIdx.y, t.threadIdx.x
    if row < x.shape[0] and col < x.shape[1]:
        out[row, x.shape[1] - 1 - col] = x[row, col]


def outer_add(t: Any, a: Any, b: Any, out: Any) -> None:
    """The sum of each number of a, which gives the row, and each of b, in blocks along x and y."""
    row = t.blockIdx.y * t.blockDim.y + t.threadIdx.y
    col = t.blockIdx.x * t.blockDim.x + t.threadIdx.x
    if row < out.shape[0] and col < out.shape[1]:
        out[row, col] = a[row] + b[col]


def transpose_naive(t: Any, x: Any, out: Any) -> None:
    """out = x.T, one thread an element; a warp reads along a row of x and writes down a column of out."""
    row = t.blockIdx.y * t.blockDim.y + t.threadIdx.y
    col = t.blockIdx.x * t.blockDim.x + t.threadIdx.x
    if row < x.shape[0] and col < x.shape[1]:
        out[col, row] = x[row, col]


def repair_tint(t: Any, x: Any, shade: Any, out: Any) -> None:
    """Each column of x times its shade, with neighbors along a row."""
    row = t.blockIdx.y * t.blockDim.y + t.threadIdx.y
    col = t.blockIdx.x * t.blockDim.x + t.threadIdx.x
    if row < x.shape[0] and col < x.shape[1]:
        out[row, col] = x[row, col] * shade[col]


def neighbor_sum(t: Any, x: Any, out: Any) -> None:
    """out[i] = x[i - 1] + x[i] + x[i + 1] (0 beyond the ends), by way of shared memory, in one block of 64 threads."""
    tile = t.shared.array(64, "float32")
    i, n = t.threadIdx.x, x.shape[0]
    if i < n:
        tile[i] = x[i]
    t.syncthreads()
    if i < n:
        left = tile[i - 1] if i > 0 else 0.0
        right = tile[i + 1] if i + 1 < n else 0.0
        out[i] = left + tile[i] + right


def transpose_tiled(t: Any, x: Any, out: Any) -> None:
    """out = x.T by way of a tile in shared memory (M. Harris, "An Efficient Matrix Transpose in CUDA C/C++", NVIDIA, 2013)."""
    tile = t.shared.array((32, 33), "float32")
    row = t.blockIdx.y * 32 + t.threadIdx.y
    col = t.blockIdx.x * 32 + t.threadIdx.x
    if row < x.shape[0] and col < x.shape[1]:
        tile[t.threadIdx.y, t.threadIdx.x] = x[row, col]
    t.syncthreads()
    out_row = t.blockIdx.x * 32 + t.threadIdx.y
    out_col = t.blockIdx.y * 32 + t.threadIdx.x
    if out_row < out.shape[0] and out_col < out.shape[1]:
        out[out_row, out_col] = tile[t.threadIdx.x, t.threadIdx.y]


def block_sum(t: Any, x: Any, out: Any) -> None:
    """out[b] = the sum of block b's 128 numbers, by a tree (M. Harris, "Optimizing Parallel Reduction in CUDA", NVIDIA, 2007)."""
    tile = t.shared.array(128, "float32")
    me = t.threadIdx.x
    i = t.blockIdx.x * t.blockDim.x + me
    tile[me] = x[i] if i < x.shape[0] else 0.0
    t.syncthreads()
    half = t.blockDim.x // 2
    while half > 0:
        if me < half:
            tile[me] = tile[me] + tile[me + half]
        t.syncthreads()
        half = half // 2
    if me == 0:
        out[t.blockIdx.x] = tile[0]


def convolve_kernel(t: Any, x: Any, w: Any, out: Any) -> None:
    """out[row, col] = the sum of w times the window of x that begins at (row, col), one thread an element of out."""
    row = t.blockIdx.y * t.blockDim.y + t.threadIdx.y
    col = t.blockIdx.x * t.blockDim.x + t.threadIdx.x
    if row < out.shape[0] and col < out.shape[1]:
        total = 0.0
        for i in range(w.shape[0]):
            for j in range(w.shape[1]):
                total += w[i, j] * x[row + i, col + j]
        out[row, col] = total


def matmul_tiled(t: Any, A: Any, B: Any, out: Any) -> None:
    """out = A @ B by tiles in shared memory (CUDA C++ Programming Guide, "Shared Memory")."""
    a_tile = t.shared.array((16, 16), "float32")
    b_tile = t.shared.array((16, 16), "float32")
    x = t.threadIdx.x
    y = t.threadIdx.y
    row = t.blockIdx.y * 16 + y
    col = t.blockIdx.x * 16 + x
    total = 0.0
    for start in range(0, A.shape[1], 16):
        a_tile[y, x] = A[row, start + x] if row < A.shape[0] and start + x < A.shape[1] else 0.0
        b_tile[y, x] = B[start + y, col] if start + y < B.shape[0] and col < B.shape[1] else 0.0
        t.syncthreads()
        for k in range(16):
            total += a_tile[y, k] * b_tile[k, x]
        t.syncthreads()
    if row < out.shape[0] and col < out.shape[1]:
        out[row, col] = total


def edited(kernel: Callable[..., None], *changes: tuple[str, str]) -> Callable[..., Any]:
    """The kernel with pieces of its text exchanged, each of which stands in it once.

    Raises:
        ValueError: a piece is not there, or more than once.
    """
    text = textwrap.dedent(inspect.getsource(kernel))
    for old, new in changes:
        if text.count(old) != 1:
            raise ValueError(f"{old!r} stands {text.count(old)} times in {kernel.__name__}")
        text = text.replace(old, new)
    # Its source has to be found as that of a cell is, which has no file either.
    name = f"<{kernel.__name__}, edited {next(_NUMBERS)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    made: dict[str, Any] = {"Any": Any}
    exec(compile(text, name, "exec"), made)  # our own text
    wrong: Callable[..., Any] = made[kernel.__name__]
    return wrong
