"""Right answers of lesson "GPU parallelism", each as a cell of a notebook: `# %% exercise: what is particular about it`."""

# %% imports
import math
from functools import partial
from math import ceil

import jax
import jax.numpy as jnp
import numpy as np

TILE = 16
STEPS = [64, 32, 16, 8, 4, 2, 1]


# %% add_kernel: grid(1), and a way out first
def add_kernel(t, a, b, out):
    i = t.grid(1)
    if i >= out.size:
        return
    out[i] = a[i] + b[i]


# %% add_kernel: type hints and a chained comparison
def add_kernel(t, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """One thread an element."""
    i: int = t.threadIdx.x + t.blockIdx.x * t.blockDim.x
    if 0 <= i < len(out):
        out[i] = a[i]
        out[i] += b[i]


# %% add_kernel: a grid-stride loop
def add_kernel(t, a, b, out):
    first = t.grid(1)
    for i in range(first, a.shape[0], t.gridDim.x * t.blockDim.x):
        out[i] = a[i] + b[i]


# %% add_kernel: an assignment inside of the condition
def add_kernel(t, a, b, out):
    if (i := t.blockIdx.x * t.blockDim.x + t.threadIdx.x) < out.shape[0]:
        out[i] = a[i] + b[i]


# %% add_kernel: a shape that is unpacked, and not
def add_kernel(t, a, b, out):
    (n,) = out.shape
    block, size, me = t.blockIdx.x, t.blockDim.x, t.threadIdx.x
    i = block * size + me
    if not i >= n:
        out[i] = sum((a[i], b[i]))


# %% add_kernel: a device function
def place(t):
    return t.blockIdx.x * t.blockDim.x + t.threadIdx.x


def add_kernel(t, a, b, out):
    if place(t) < out.shape[0]:
        out[place(t)] = a[place(t)] + b[place(t)]


# %% add_kernel: a helper inside
def add_kernel(t, a, b, out):
    def inside(i):
        return i < out.shape[0]

    i = t.blockIdx.x * t.blockDim.x + t.threadIdx.x
    if inside(i):
        out[i] = a[i] + b[i]


# %% add_kernel: what is unpacked from a pair
def add_kernel(t, a, b, out):
    i = j = t.grid(1)
    if i < min(len(a), len(b), len(out)):
        x, y = a[i], b[j]
        out[i] = x + y


# %% transpose_naive: grid(2)
def transpose_naive(t, x, out):
    col, row = t.grid(2)
    if row < x.shape[0] and col < x.shape[1]:
        out[col, row] = x[row, col]


# %% transpose_naive: a way out, and a shape that is unpacked
def transpose_naive(t, x, out):
    rows, cols = x.shape
    r = t.blockDim.y * t.blockIdx.y + t.threadIdx.y
    c = t.blockDim.x * t.blockIdx.x + t.threadIdx.x
    if r >= rows or c >= cols:
        return
    out[c, r] = x[r, c]


# %% transpose_naive: from the other side
def transpose_naive(t, x, out):
    i, j = t.blockIdx.x * t.blockDim.x + t.threadIdx.x, t.blockIdx.y * t.blockDim.y + t.threadIdx.y
    if not (i >= out.shape[0] or j >= out.shape[1]):
        out[i, j] = x[j, i]


# %% transpose_naive: indices as tuples, and a lambda
def transpose_naive(t, x, out):
    at = lambda block, size, thread: block * size + thread
    row = at(t.blockIdx.y, t.blockDim.y, t.threadIdx.y)
    col = at(t.blockIdx.x, t.blockDim.x, t.threadIdx.x)
    if row < x.shape[0]:
        if col < x.shape[1]:
            out[(col, row)] = x[(row, col)]


# %% transpose_naive: brackets after brackets
def transpose_naive(t, x, out):
    row = t.blockIdx.y * t.blockDim.y + t.threadIdx.y
    col = t.blockIdx.x * t.blockDim.x + t.threadIdx.x
    if row < x.shape[0] and col < x.shape[1]:
        out[col][row] = x[row][col]


# %% transpose_tiled: one guard after the other, a constant from outside
SIDE = 32


def transpose_tiled(t, x, out):
    tile = t.shared.array((SIDE, SIDE + 1), "float32")
    tx, ty = t.threadIdx.x, t.threadIdx.y
    bx, by = t.blockIdx.x, t.blockIdx.y
    rows, cols = x.shape
    if by * SIDE + ty < rows and bx * SIDE + tx < cols:
        tile[ty, tx] = x[by * SIDE + ty, bx * SIDE + tx]
    t.syncthreads()
    if bx * SIDE + ty < cols and by * SIDE + tx < rows:
        out[bx * SIDE + ty, by * SIDE + tx] = tile[tx, ty]


# %% transpose_tiled: turned when it comes in, block sizes asked for
def transpose_tiled(t, x, out):
    tile = t.shared.array(shape=(32, 33), dtype=np.float32)
    col, row = t.grid(2)
    if row < x.shape[0] and col < x.shape[1]:
        tile[t.threadIdx.x, t.threadIdx.y] = x[row, col]
    t.syncthreads()
    row = t.blockIdx.x * t.blockDim.x + t.threadIdx.y
    col = t.blockIdx.y * t.blockDim.y + t.threadIdx.x
    if row < out.shape[0] and col < out.shape[1]:
        out[row, col] = tile[t.threadIdx.y, t.threadIdx.x]


# %% transpose_tiled: zeros where there is nothing
def transpose_tiled(t, x, out):
    tile = t.shared.array((32, 33), "float32")
    i, j = t.threadIdx.y, t.threadIdx.x
    r0, c0 = 32 * t.blockIdx.y, 32 * t.blockIdx.x
    inside = r0 + i < x.shape[0] and c0 + j < x.shape[1]
    tile[i, j] = x[r0 + i, c0 + j] if inside else 0.0
    t.syncthreads()
    if c0 + i < out.shape[0]:
        if r0 + j < out.shape[1]:
            out[c0 + i, r0 + j] = tile[j, i]


# %% transpose_tiled: one axis, with a spare number a row
def transpose_tiled(t, x, out):
    tile = t.shared.array(32 * 33, "float32")
    tx, ty = t.threadIdx.x, t.threadIdx.y
    row, col = t.blockIdx.y * 32 + ty, t.blockIdx.x * 32 + tx
    if row < x.shape[0] and col < x.shape[1]:
        tile[ty * 33 + tx] = x[row, col]
    t.syncthreads()
    row, col = t.blockIdx.x * 32 + ty, t.blockIdx.y * 32 + tx
    if row < out.shape[0] and col < out.shape[1]:
        out[row, col] = tile[tx * 33 + ty]


# %% transpose_tiled: swizzled, without a spare column
def transpose_tiled(t, x, out):
    tile = t.shared.array((32, 32), "float32")
    tx, ty = t.threadIdx.x, t.threadIdx.y
    row, col = t.blockIdx.y * 32 + ty, t.blockIdx.x * 32 + tx
    if row < x.shape[0] and col < x.shape[1]:
        tile[ty, tx ^ ty] = x[row, col]
    t.syncthreads()
    row, col = t.blockIdx.x * 32 + ty, t.blockIdx.y * 32 + tx
    if row < out.shape[0] and col < out.shape[1]:
        out[row, col] = tile[tx, (tx + 0) ^ ty]


# %% block_sum: for half in a tuple
def block_sum(t, x, out):
    tile = t.shared.array(128, "float32")
    me = t.threadIdx.x
    i = t.blockIdx.x * 128 + me
    tile[me] = x[i] if i < x.shape[0] else 0.0
    t.syncthreads()
    for half in (64, 32, 16, 8, 4, 2, 1):
        if me < half:
            tile[me] += tile[me + half]
        t.syncthreads()
    if me == 0:
        out[t.blockIdx.x] = tile[0]


# %% block_sum: for half in a list from outside
def block_sum(t, x, out):
    tile = t.shared.array((128,), "float32")
    me = t.threadIdx.x
    i = t.grid(1)
    if i < x.shape[0]:
        tile[me] = x[i]
    else:
        tile[me] = 0
    t.syncthreads()
    for half in STEPS:
        if me < half:
            tile[me] = tile[me] + tile[me + half]
        t.syncthreads()
    if not me:
        out[t.blockIdx.x] = tile[me]


# %% block_sum: a range that counts down, and a power
def block_sum(t, x, out):
    tile = t.shared.array(128, "float32")
    me, block = t.threadIdx.x, t.blockIdx.x
    i = block * t.blockDim.x + me
    tile[me] = x[i] if i < len(x) else 0
    t.syncthreads()
    for k in range(6, -1, -1):
        half = 2**k
        if me < half:
            tile[me] += tile[me + half]
        t.syncthreads()
    if me == 0:
        out[block] = tile[0]


# %% block_sum: reversed
def block_sum(t, x, out):
    tile = t.shared.array(128, "float32")
    me = t.threadIdx.x
    i = t.blockIdx.x * 128 + me
    tile[me] = 0.0
    if i < x.size:
        tile[me] = x[i]
    t.syncthreads()
    for k in reversed(range(7)):
        if me < 1 << k:
            tile[me] = tile[me + (1 << k)] + tile[me]
        t.syncthreads()
    if me == 0:
        out[t.blockIdx.x] = tile[0]


# %% block_sum: a loop that is left
def block_sum(t, x, out):
    tile = t.shared.array(128, "float32")
    me = t.threadIdx.x
    i = t.blockIdx.x * 128 + me
    tile[me] = x[i] if i < x.shape[0] else 0.0
    half = 128
    while True:
        half //= 2
        t.syncthreads()
        if half == 0:
            break
        if me < half:
            tile[me] += tile[me + half]
    if me == 0:
        out[t.blockIdx.x] = tile[0]


# %% block_sum: shifted, with a walrus
def block_sum(t, x, out):
    tile = t.shared.array(128, np.float32)
    me = t.threadIdx.x
    inside = (i := t.blockIdx.x * t.blockDim.x + me) < x.shape[0]
    tile[me] = x[i] if inside else 0.0
    half = t.blockDim.x >> 1
    while half:
        t.syncthreads()
        if me < half:
            tile[me] += tile[me + half]
        half >>= 1
    t.syncthreads()
    if me == 0:
        out[t.blockIdx.x] = tile[0]


# %% block_sum: a list comprehension of the steps, with enumerate
def block_sum(t, x, out):
    tile = t.shared.array(128, "float32")
    me = t.threadIdx.x
    i = t.blockIdx.x * 128 + me
    tile[me] = x[i] if i < x.shape[0] else 0.0
    t.syncthreads()
    halves = [64 >> k for k in range(7)]
    for _, half in enumerate(halves):
        if me < half:
            tile[me] = tile[me] + tile[me + half]
        t.syncthreads()
    if me == 0:
        out[t.blockIdx.x] = tile[0]


# %% block_sum: in registers, one step before the tile
def block_sum(t, x, out):
    tile = t.shared.array(64, "float32")
    me = t.threadIdx.x
    i = t.blockIdx.x * 128 + me
    n = x.shape[0]
    if me < 64:
        mine = x[i] if i < n else 0.0
        other = x[i + 64] if i + 64 < n else 0.0
        tile[me] = mine + other
    t.syncthreads()
    half = 32
    while half >= 1:
        if me < half:
            tile[me] += tile[me + half]
        t.syncthreads()
        half = int(half / 2)
    if me == 0:
        out[t.blockIdx.x] = tile[0]


# %% matmul_tiled: a sum over a generator
def matmul_tiled(t, A, B, out):
    a = t.shared.array((TILE, TILE), "float32")
    b = t.shared.array((TILE, TILE), "float32")
    x, y = t.threadIdx.x, t.threadIdx.y
    row, col = t.blockIdx.y * TILE + y, t.blockIdx.x * TILE + x
    total = 0.0
    for start in range(0, A.shape[1], TILE):
        a[y, x] = A[row, start + x] if row < A.shape[0] and start + x < A.shape[1] else 0.0
        b[y, x] = B[start + y, col] if start + y < B.shape[0] and col < B.shape[1] else 0.0
        t.syncthreads()
        total += sum(a[y, j] * b[j, x] for j in range(TILE))
        t.syncthreads()
    if row < out.shape[0] and col < out.shape[1]:
        out[row, col] = total


# %% matmul_tiled: a list comprehension, and rounds that are counted
def matmul_tiled(t, A, B, out):
    a_tile = t.shared.array((16, 16), "float32")
    b_tile = t.shared.array((16, 16), "float32")
    (m, k), (_, n) = A.shape, B.shape
    tx, ty = t.threadIdx.x, t.threadIdx.y
    col, row = t.grid(2)
    acc = 0.0
    for r in range((k + 15) // 16):
        i, j = r * 16 + ty, r * 16 + tx
        a_tile[ty, tx] = A[row, j] if (row < m and j < k) else 0
        b_tile[ty, tx] = B[i, col] if (i < k and col < n) else 0
        t.syncthreads()
        acc = acc + sum([a_tile[ty, q] * b_tile[q, tx] for q in range(16)])
        t.syncthreads()
    if row < m and col < n:
        out[row, col] = acc


# %% matmul_tiled: ceil, and an if for each tile
def matmul_tiled(t, A, B, out):
    a_tile = t.shared.array((16, 16), "float32")
    b_tile = t.shared.array((16, 16), "float32")
    tx, ty = t.threadIdx.x, t.threadIdx.y
    row, col = t.blockIdx.y * t.blockDim.y + ty, t.blockIdx.x * t.blockDim.x + tx
    value = float(0)
    for p in range(math.ceil(A.shape[1] / 16)):
        if row < A.shape[0] and p * 16 + tx < A.shape[1]:
            a_tile[ty, tx] = A[row, p * 16 + tx]
        else:
            a_tile[ty, tx] = 0.0
        if p * 16 + ty < B.shape[0] and col < B.shape[1]:
            b_tile[ty, tx] = B[p * 16 + ty, col]
        else:
            b_tile[ty, tx] = 0.0
        t.syncthreads()
        for q in range(16):
            value += a_tile[ty, q] * b_tile[q, tx]
        t.syncthreads()
    if row < out.shape[0] and col < out.shape[1]:
        out[row, col] = value


# %% matmul_tiled: only as many products as there are
def matmul_tiled(t, A, B, out):
    a = t.shared.array((16, 16), "float32")
    b = t.shared.array((16, 16), "float32")
    y, x = t.threadIdx.y, t.threadIdx.x
    row, col = t.blockIdx.y * 16 + y, t.blockIdx.x * 16 + x
    k = A.shape[1]
    c = np.float32(0)
    start = 0
    while start < k:
        a[y, x] = 0.0
        b[y, x] = 0.0
        if row < A.shape[0] and start + x < k:
            a[y, x] = A[row, start + x]
        if col < B.shape[1] and start + y < k:
            b[y, x] = B[start + y, col]
        t.syncthreads()
        for j in range(min(16, k - start)):
            c += a[y, j] * b[j, x]
        t.syncthreads()
        start += 16
    if row < A.shape[0] and col < B.shape[1]:
        out[row, col] = c


# %% matmul_tiled: a function that reads with a guard, ceil by its own name
def read(M, i, j):
    return M[i, j] if i < M.shape[0] and j < M.shape[1] else 0.0


def matmul_tiled(t, A, B, out):
    a, b = t.shared.array((16, 16), "float32"), t.shared.array((16, 16), "float32")
    tx, ty = t.threadIdx.x, t.threadIdx.y
    row, col = t.blockIdx.y * 16 + ty, t.blockIdx.x * 16 + tx
    s = 0.0
    for r in range(ceil(A.shape[1] / 16)):
        a[ty, tx], b[ty, tx] = read(A, row, r * 16 + tx), read(B, r * 16 + ty, col)
        t.syncthreads()
        for j in range(16):
            s = s + a[ty, j] * b[j, tx]
        t.syncthreads()
    if row < out.shape[0] and col < out.shape[1]:
        out[row, col] = s


# %% batched: vmap of a function of one row
def batched(score, X, w):
    return jax.vmap(lambda x: score(x, w))(X)


# %% batched: partial, with the weights by name
def batched(score, X, w):
    return jax.vmap(partial(score, w=w))(X)


# %% batched: a list of axes, compiled
def batched(score, X, w):
    f = jax.vmap(score, [0, None], 0)
    return jax.jit(f)(X, w)


# %% batched: the weights repeated
def batched(score, X, w):
    W = jnp.broadcast_to(w, X.shape)
    return jax.vmap(score)(X, W)


# %% batched: along the other axis of what is turned
def batched(score, X, w):
    return jax.vmap(score, in_axes=(1, None), out_axes=0)(X.T, w)


# %% batched: as a decorator
def batched(score, X, w):
    @jax.vmap
    def all_scores(x):
        return score(x, w)

    return all_scores(X)


# %% speedup: old time by new time
def speedup(parallel_fraction, workers):
    serial = 1 - parallel_fraction
    new = serial + parallel_fraction / workers
    return 1.0 / new


# %% speedup: with workers in both parts
def speedup(parallel_fraction, workers):
    return workers / (workers * (1 - parallel_fraction) + parallel_fraction)


# %% speedup: what is saved
def speedup(parallel_fraction: float, workers: int) -> float:
    return (1 - parallel_fraction * (1 - 1 / workers)) ** -1


# %% speedup: jnp
def speedup(parallel_fraction, workers):
    p = jnp.asarray(parallel_fraction)
    return jnp.reciprocal(1 - p + p / workers)


# %% speedup: a way of its own for one worker
def speedup(parallel_fraction, workers):
    if workers == 1 or parallel_fraction == 0:
        return 1.0
    return float(np.power(1 - parallel_fraction + parallel_fraction / workers, -1.0))


# %% speedup: without a float for one worker
def speedup(parallel_fraction, workers):
    if workers == 1:
        return 1
    return 1 / ((1 - parallel_fraction) + parallel_fraction / workers)


# %% scale_kernel: grid(1)
def scale_kernel(t, x, out):
    i = t.grid(1)
    out[i] = x[i] * 2


# %% scale_kernel: a sum, with a guard
def scale_kernel(t, x, out):
    me = t.threadIdx.x
    if me < len(x):
        out[me] = x[me] + x[me]


# %% scale_kernel: two steps
def scale_kernel(t, x, out):
    out[t.threadIdx.x] = x[t.threadIdx.x]
    out[t.threadIdx.x] *= 2.0


# %% scale_kernel: the whole formula, a constant from outside
TWO = 2


def scale_kernel(t, x, out):
    i = t.blockIdx.x * t.blockDim.x + t.threadIdx.x
    out[i] = TWO * x[i]


# %% blend_kernel: a way out first
def blend_kernel(t, a, b, out):
    i = t.threadIdx.x
    if i >= out.shape[0]:
        return
    out[i] = 0.5 * a[i] + 0.5 * b[i]


# %% blend_kernel: grid(1) and len
def blend_kernel(t, a, b, out):
    i = t.grid(1)
    if i < len(a):
        out[i] = (a[i] + b[i]) * 0.5


# %% blend_kernel: a helper
def mean(p, q):
    return (p + q) / 2


def blend_kernel(t, a, b, out):
    i = t.threadIdx.x
    if i < a.size:
        out[i] = mean(a[i], b[i])


# %% blend_kernel: from one to the other
def blend_kernel(t, a, b, out):
    i = t.threadIdx.x
    if not i > out.shape[0] - 1:
        out[i] = a[i] + (b[i] - a[i]) / 2


# %% mirror_kernel: a shape that is unpacked
def mirror_kernel(t, x, out):
    rows, cols = x.shape
    r, c = t.threadIdx.y, t.threadIdx.x
    if r < rows and c < cols:
        out[r, cols - c - 1] = x[r, c]


# %% mirror_kernel: from the side of out
def mirror_kernel(t, x, out):
    col, row = t.threadIdx.x, t.threadIdx.y
    if row >= out.shape[0] or col >= out.shape[1]:
        return
    out[row, col] = x[row, out.shape[1] - 1 - col]


# %% mirror_kernel: grid(2)
def mirror_kernel(t, x, out):
    col, row = t.grid(2)
    if row < x.shape[0]:
        if col < x.shape[1]:
            out[row, x.shape[1] - (col + 1)] = x[row, col]


# %% mirror_kernel: brackets after brackets
def mirror_kernel(t, x, out):
    row, col = t.threadIdx.y, t.threadIdx.x
    last = x.shape[1] - 1
    if col <= last and row < x.shape[0]:
        out[row][last - col] = x[row][col]


# %% outer_add: grid(2)
def outer_add(t, a, b, out):
    col, row = t.grid(2)
    if row < len(a) and col < len(b):
        out[row, col] = a[row] + b[col]


# %% outer_add: a way out, an unpacked shape
def outer_add(t, a, b, out):
    rows, cols = out.shape
    r = t.threadIdx.y + t.blockDim.y * t.blockIdx.y
    c = t.threadIdx.x + t.blockDim.x * t.blockIdx.x
    if r >= rows or c >= cols:
        return
    out[r, c] = b[c] + a[r]


# %% outer_add: a helper for the index
def place(block, size, thread):
    return block * size + thread


def outer_add(t, a, b, out):
    i = place(t.blockIdx.y, t.blockDim.y, t.threadIdx.y)
    j = place(t.blockIdx.x, t.blockDim.x, t.threadIdx.x)
    if i < a.shape[0]:
        if j < b.shape[0]:
            out[i, j] = sum((a[i], b[j]))


# %% outer_add: in two steps
def outer_add(t, a, b, out):
    j, i = t.grid(2)
    inside = i < out.shape[0] and j < out.shape[1]
    if inside:
        total = a[i]
        total += b[j]
        out[i, j] = total


# %% repair_tint: grid(2)
def repair_tint(t, x, shade, out):
    col, row = t.grid(2)
    if row < x.shape[0] and col < x.shape[1]:
        out[row, col] = x[row, col] * shade[col]


# %% repair_tint: a way out first
def repair_tint(t, x, shade, out):
    r = t.blockIdx.y * t.blockDim.y + t.threadIdx.y
    c = t.blockIdx.x * t.blockDim.x + t.threadIdx.x
    if r >= x.shape[0] or c >= len(shade):
        return
    out[r, c] = shade[c] * x[r, c]


# %% repair_tint: sizes of the blocks known
def repair_tint(t, x, shade, out):
    rows, cols = out.shape
    r, c = 8 * t.blockIdx.y + t.threadIdx.y, 32 * t.blockIdx.x + t.threadIdx.x
    if r < rows and c < cols:
        out[r, c] = x[r, c]
        out[r, c] = x[r, c] * shade[c]


# %% repair_tint: the names of the slow one kept
def repair_tint(t, x, shade, out):
    col = t.blockIdx.x * t.blockDim.x + t.threadIdx.x
    row = t.blockIdx.y * t.blockDim.y + t.threadIdx.y
    if not (row >= x.shape[0]) and not (col >= x.shape[1]):
        tint = shade[col]
        out[row, col] = tint * x[row, col]


# %% neighbor_sum: zeros beyond the end
def neighbor_sum(t, x, out):
    tile = t.shared.array(66, "float32")
    k = t.threadIdx.x
    n = len(x)
    tile[k + 1] = x[k] if k < n else 0.0
    if k == 0:
        tile[0] = 0.0
        tile[65] = 0.0
    t.syncthreads()
    if k < n:
        out[k] = tile[k] + tile[k + 1] + tile[k + 2]


# %% neighbor_sum: its own number in a register
def neighbor_sum(t, x, out):
    tile = t.shared.array((64,), np.float32)
    i = t.threadIdx.x
    mine = 0.0
    if i < x.shape[0]:
        mine = x[i]
    tile[i] = mine
    t.syncthreads()
    if i < x.shape[0]:
        total = mine
        if i > 0:
            total += tile[i - 1]
        if i < 63:
            total += tile[i + 1]
        out[i] = total


# %% neighbor_sum: a loop over the three
def neighbor_sum(t, x, out):
    tile = t.shared.array(64, "float32")
    i = t.threadIdx.x
    if i < x.size:
        tile[i] = x[i]
    t.syncthreads()
    if i >= x.size:
        return
    total = 0.0
    for j in (i - 1, i, i + 1):
        if 0 <= j < x.size:
            total += tile[j]
    out[i] = total


# %% neighbor_sum: a helper that knows the ends
def at(tile, j, n):
    return tile[j] if j >= 0 and j < n else 0.0


def neighbor_sum(t, x, out):
    tile = t.shared.array(64, "float32")
    i, n = t.threadIdx.x, x.shape[0]
    tile[i] = x[i] if i < n else 0.0
    t.syncthreads()
    if i < n:
        out[i] = at(tile, i - 1, n) + at(tile, i, n) + at(tile, i + 1, n)


# %% convolve_kernel: grid(2), unpacked shapes
def convolve_kernel(t, x, w, out):
    c, r = t.grid(2)
    high, wide = w.shape
    if r < out.shape[0] and c < out.shape[1]:
        acc = 0.0
        for i in range(high):
            for j in range(wide):
                acc = acc + x[r + i, c + j] * w[i, j]
        out[r, c] = acc


# %% convolve_kernel: a way out, and a sum over a generator
def convolve_kernel(t, x, w, out):
    row = t.blockIdx.y * t.blockDim.y + t.threadIdx.y
    col = t.blockIdx.x * t.blockDim.x + t.threadIdx.x
    if row >= out.shape[0] or col >= out.shape[1]:
        return
    total = 0.0
    for i in range(w.shape[0]):
        total += sum(w[i, j] * x[row + i, col + j] for j in range(w.shape[1]))
    out[row, col] = total


# %% convolve_kernel: a guard from x and w, while loops
def convolve_kernel(t, x, w, out):
    col, row = t.grid(2)
    if row + w.shape[0] <= x.shape[0] and col + w.shape[1] <= x.shape[1]:
        total = 0.0
        i = 0
        while i < w.shape[0]:
            j = 0
            while j < w.shape[1]:
                total += w[i, j] * x[row + i, col + j]
                j += 1
            i += 1
        out[row, col] = total


# %% convolve_kernel: one loop over all weights
def convolve_kernel(t, x, w, out):
    col, row = t.grid(2)
    if row < out.shape[0] and col < out.shape[1]:
        total = 0.0
        for k in range(w.shape[0] * w.shape[1]):
            i, j = k // w.shape[1], k % w.shape[1]
            total += w[i, j] * x[row + i, col + j]
        out[row, col] = total
