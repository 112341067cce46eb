"""Kernels that several tests of `course.simt` use: the correct ones of the textbooks."""

# mypy: disable-error-code="no-untyped-def"
TILE = 16
SIDE = (32, 33)


def add(t, x, y, out):
    i = t.blockIdx.x * t.blockDim.x + t.threadIdx.x
    if i < out.size:
        out[i] = x[i] + y[i]


def transpose_naive(t, x, out):
    col, row = t.grid(2)
    if row < x.shape[0] and col < x.shape[1]:
        out[col, row] = x[row, col]


def transpose_tiled(t, x, out):
    tile = t.shared.array(SIDE, "float32")
    col = t.blockIdx.x * 32 + t.threadIdx.x
    row = t.blockIdx.y * 32 + t.threadIdx.y
    for k in range(0, 32, 8):
        if row + k < x.shape[0] and col < x.shape[1]:
            tile[t.threadIdx.y + k, t.threadIdx.x] = x[row + k, col]
    t.syncthreads()
    col = t.blockIdx.y * 32 + t.threadIdx.x
    row = t.blockIdx.x * 32 + t.threadIdx.y
    for k in range(0, 32, 8):
        if row + k < out.shape[0] and col < out.shape[1]:
            out[row + k, col] = tile[t.threadIdx.x, t.threadIdx.y + k]


def sum_interleaved(t, x, out):
    part = t.shared.array(64, "float32")
    i = t.threadIdx.x
    at = t.grid(1)
    part[i] = x[at] if at < len(x) else 0.0
    t.syncthreads()
    step = 1
    while step < 64:
        if i % (2 * step) == 0:
            part[i] += part[i + step]
        t.syncthreads()
        step *= 2
    if i == 0:
        out[t.blockIdx.x] = part[0]


def sum_sequential(t, x, out):
    part = t.shared.array(64, "float32")
    i = t.threadIdx.x
    at = t.grid(1)
    part[i] = 0.0
    if at < len(x):
        part[i] = x[at]
    t.syncthreads()
    step = 32
    while step > 0:
        if i < step:
            part[i] += part[i + step]
        t.syncthreads()
        step //= 2
    if i == 0:
        t.atomic.add(out, 0, part[0])


def matmul_naive(t, a, b, c):
    col, row = t.grid(2)
    if row >= c.shape[0] or col >= c.shape[1]:
        return
    acc = 0.0
    for k in range(a.shape[1]):
        acc += a[row, k] * b[k, col]
    c[row, col] = acc


def matmul_tiled(t, a, b, c):
    tile_a = t.shared.array((TILE, TILE), "float32")
    tile_b = t.shared.array((TILE, TILE), "float32")
    tx, ty = t.threadIdx.x, t.threadIdx.y
    col = t.blockIdx.x * TILE + tx
    row = t.blockIdx.y * TILE + ty
    acc = 0.0
    for m in range((a.shape[1] + TILE - 1) // TILE):
        inside = row < a.shape[0] and m * TILE + tx < a.shape[1]
        tile_a[ty, tx] = a[row, m * TILE + tx] if inside else 0.0
        inside = m * TILE + ty < b.shape[0] and col < b.shape[1]
        tile_b[ty, tx] = b[m * TILE + ty, col] if inside else 0.0
        t.syncthreads()
        for k in range(TILE):
            acc += tile_a[ty, k] * tile_b[k, tx]
        t.syncthreads()
    if row < c.shape[0] and col < c.shape[1]:
        c[row, col] = acc


def sum_double_buffered(t, x, out):
    """Each thread sums the first element of every tile that its neighbor loaded, while the next tile comes in."""
    tile = t.shared.array((2, 64), "float32")
    i = t.threadIdx.x
    tile[0, i] = x[0, i]
    t.syncthreads()
    acc = 0.0
    for k in range(x.shape[0]):
        if k + 1 < x.shape[0]:
            tile[(k + 1) % 2, i] = x[k + 1, i]
        acc += tile[k % 2, 63 - i]
        t.syncthreads()
    out[i] = acc


def histogram(t, x, counts):
    mine = t.shared.array(10, "int32")
    i = t.threadIdx.x
    if i < 10:
        mine[i] = 0
    t.syncthreads()
    at = t.grid(1)
    while at < x.size:
        t.atomic.add(mine, x[at], 1)
        at += t.gridDim.x * t.blockDim.x
    t.syncthreads()
    if i < 10:
        t.atomic.add(counts, i, mine[i])


def stencil(t, x, out):
    """The mean of an element and its two neighbors, with a halo in shared memory; outside there are zeros."""
    tile = t.shared.array(66, "float32")
    i, at = t.threadIdx.x, t.grid(1)
    tile[i + 1] = x[at] if at < x.size else 0.0
    if i == 0:
        tile[0] = x[at - 1] if at > 0 else 0.0
    if i == 63:
        tile[65] = x[at + 1] if at + 1 < x.size else 0.0
    t.syncthreads()
    if at < out.size:
        out[at] = (tile[i] + tile[i + 1] + tile[i + 2]) / 3.0


def split(t, out):
    """A warp split in half: both sides are issued, each with half of its lanes."""
    i = t.threadIdx.x
    if i < 16:
        out[i] = i * 2.0
    else:
        out[i] = i * 3.0
