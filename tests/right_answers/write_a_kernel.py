"""Right answers of lesson "write a kernel", each as a cell of a notebook: `# %% exercise: what is particular about it`."""

# %% imports
import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import pallas as pl


# %% grid_of: rounded up by hand
def grid_of(shape, block):
    sides = []
    for n, size in zip(shape, block):
        full = n // size
        sides.append(full if n % size == 0 else full + 1)
    return tuple(sides)


# %% grid_of: math.ceil
def grid_of(shape, block):
    return tuple(math.ceil(n / size) for n, size in zip(shape, block))


# %% grid_of: the negative quotient
def grid_of(shape, block):
    return tuple(-(-shape[axis] // block[axis]) for axis in range(len(shape)))


# %% grid_of: NumPy
def grid_of(shape, block):
    return tuple(np.ceil(np.array(shape) / np.array(block)).astype(int).tolist())


# %% grid_of: map
def grid_of(shape, block):
    return tuple(map(pl.cdiv, shape, block))


# %% block_bounds: a generator
def block_bounds(index, block, shape):
    return tuple((i * b, min((i + 1) * b, n)) for i, b, n in zip(index, block, shape))


# %% block_bounds: by the number of the axis
def block_bounds(index, block, shape):
    bounds = ()
    for axis in range(len(shape)):
        start = index[axis] * block[axis]
        stop = start + block[axis]
        if stop > shape[axis]:
            stop = shape[axis]
        bounds += ((start, stop),)
    return bounds


# %% block_bounds: NumPy
def block_bounds(index, block, shape):
    start = np.multiply(index, block)
    stop = np.minimum(start + np.array(block), shape)
    return tuple(zip(start.tolist(), stop.tolist()))


# %% block_bounds: the indices of a slice
def block_bounds(index, block, shape):
    pairs = []
    for i, size, n in zip(index, block, shape):
        first, last, _ = slice(i * size, i * size + size).indices(n)
        pairs.append([first, last])
    return tuple(pairs)


# %% block_bounds: map, with NumPy's whole numbers
def block_bounds(index, block, shape):
    return tuple(map(lambda i, b, n: (np.int64(i) * b, np.minimum(i * b + b, n)), index, block, shape))


# %% scale_shift: keywords, an index map that is a function
def scale_shift(x, scale, shift, block):
    def kernel(x_ref, o_ref):
        o_ref[:] = x_ref[:] * scale + shift

    def which(i):
        return (i,)

    spec = pl.BlockSpec(block_shape=(block,), index_map=which)
    call = pl.pallas_call(
        kernel,
        grid=(-(-x.shape[0] // block),),
        in_specs=(spec,),
        out_specs=spec,
        out_shape=jax.ShapeDtypeStruct((x.shape[0],), jnp.float32),
        interpret=True,
    )
    return call(x)


# %% scale_shift: a grid that is a number, compiled
@partial(jax.jit, static_argnames=("scale", "shift", "block"))
def scale_shift(x, scale, shift, block):
    def kernel(i_ref, o_ref):
        values = i_ref[...]
        o_ref[...] = jnp.add(jnp.multiply(scale, values), shift)

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct(x.shape, x.dtype),
        grid=math.ceil(len(x) / block),
        in_specs=[pl.BlockSpec((block,), lambda i: i)],
        out_specs=pl.BlockSpec((block,), lambda i: (i,)),
        interpret=True,
    )(x)


# %% scale_shift: a kernel outside, with its numbers by partial
def affine(x_ref, o_ref, *, a, b):
    o_ref[...] = a * x_ref[...] + b


def scale_shift(x, scale, shift, block):
    tile = pl.BlockSpec((block,), lambda i: (i,))
    out = jax.ShapeDtypeStruct(x.shape, x.dtype)
    steps = (x.size + block - 1) // block
    kernel = partial(affine, a=scale, b=shift)
    return pl.pallas_call(kernel, out, grid=(steps,), in_specs=[tile], out_specs=tile, interpret=True)(x)


# %% scale_shift: out_shape like x, a list of outputs
def scale_shift(x, scale, shift, block):
    def kernel(x_ref, o_ref):
        o_ref[...] = scale * x_ref[...] + shift

    tile = pl.BlockSpec((block,), lambda i: (i,))
    (out,) = pl.pallas_call(
        kernel,
        out_shape=[jax.eval_shape(lambda: x)],
        grid=(pl.cdiv(x.size, block),),
        in_specs=[tile],
        out_specs=[tile],
        interpret=True,
    )(x)
    return out


# %% scale_shift: a mask at the end
def scale_shift(x, scale, shift, block):
    n = x.size

    def kernel(x_ref, o_ref):
        place = pl.program_id(0) * block + jnp.arange(block)
        o_ref[...] = jnp.where(place < n, scale * x_ref[...] + shift, 0.0)

    tile = pl.BlockSpec((block,), lambda i: (i,))
    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((n,), x.dtype),
        grid=(pl.cdiv(n, block),),
        in_specs=[tile],
        out_specs=tile,
        interpret=True,
    )(x)


# %% scale_shift: scale and shift as inputs
def scale_shift(x, scale, shift, block):
    def kernel(x_ref, s_ref, o_ref):
        o_ref[...] = s_ref[0] * x_ref[...] + s_ref[1]

    tile = pl.BlockSpec((block,), lambda i: (i,))
    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct(x.shape, x.dtype),
        grid=(pl.cdiv(x.size, block),),
        in_specs=[tile, pl.BlockSpec((2,), lambda i: (0,))],
        out_specs=tile,
        interpret=True,
    )(x, jnp.array([scale, shift], jnp.float32))


# %% block_max: the lowest float32 for what is not there
def block_max(x, block):
    programs = -(-x.shape[0] // block)

    def kernel(x_ref, o_ref):
        first = pl.program_id(0) * block
        inside = jnp.arange(block) < x.shape[0] - first
        o_ref[0] = jnp.max(jnp.where(inside, x_ref[:], jnp.finfo(jnp.float32).min))

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((programs,), jnp.float32),
        grid=(programs,),
        in_specs=[pl.BlockSpec((block,), lambda i: (i,))],
        out_specs=pl.BlockSpec((1,), lambda i: (i,)),
        interpret=True,
    )(x)


# %% block_max: padded outside, the kernel as it was
def block_max(x, block):
    def kernel(x_ref, o_ref):
        o_ref[...] = x_ref[...].max(keepdims=True)

    programs = pl.cdiv(x.size, block)
    x = jnp.pad(x, (0, programs * block - x.size), constant_values=-jnp.inf)
    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((programs,), x.dtype),
        grid=(programs,),
        in_specs=[pl.BlockSpec((block,), lambda i: (i,))],
        out_specs=pl.BlockSpec((1,), lambda i: (i,)),
        interpret=True,
    )(x)


# %% block_max: the first number of the block for what is not there
def block_max(x, block):
    n = x.size

    def kernel(x_ref, o_ref):
        z = x_ref[...]
        place = pl.program_id(0) * block + jax.lax.iota(jnp.int32, block)
        o_ref[...] = jnp.where(place < n, z, z[0]).max(keepdims=True)

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((pl.cdiv(n, block),), x.dtype),
        grid=(pl.cdiv(n, block),),
        in_specs=[pl.BlockSpec((block,), lambda i: (i,))],
        out_specs=pl.BlockSpec((1,), lambda i: (i,)),
        interpret=True,
    )(x)


# %% block_max: the argument where of jnp.max
@partial(jax.jit, static_argnums=1)
def block_max(x, block):
    n = len(x)

    def kernel(x_ref, o_ref):
        place = jnp.arange(block) + block * pl.program_id(0)
        o_ref[...] = jnp.max(x_ref[...], where=place < n, initial=-jnp.inf, keepdims=True)

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((pl.cdiv(n, block),), x.dtype),
        grid=(pl.cdiv(n, block),),
        in_specs=[pl.BlockSpec((block,), lambda i: (i,))],
        out_specs=pl.BlockSpec((1,), lambda i: (i,)),
        interpret=True,
    )(x)


# %% outer_sum: add.outer
def outer_sum(x, y, rows, cols):
    def kernel(x_ref, y_ref, o_ref):
        o_ref[:, :] = jnp.add.outer(x_ref[:], y_ref[:])

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((len(x), len(y)), x.dtype),
        grid=(pl.cdiv(len(x), rows), pl.cdiv(len(y), cols)),
        in_specs=[pl.BlockSpec((rows,), lambda i, j: i), pl.BlockSpec((cols,), lambda i, j: j)],
        out_specs=pl.BlockSpec((rows, cols), lambda i, j: (i, j)),
        interpret=True,
    )(x, y)


# %% outer_sum: columns and rows of their own axis
def outer_sum(x, y, rows, cols):
    def kernel(x_ref, y_ref, o_ref):
        o_ref[...] = x_ref[...] + y_ref[...]

    (m,), (n,) = x.shape, y.shape
    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((m, n), x.dtype),
        grid=(pl.cdiv(m, rows), pl.cdiv(n, cols)),
        in_specs=[pl.BlockSpec((rows, 1), lambda i, j: (i, 0)), pl.BlockSpec((1, cols), lambda i, j: (0, j))],
        out_specs=pl.BlockSpec((rows, cols), lambda i, j: (i, j)),
        interpret=True,
    )(x[:, None], y[None, :])


# %% outer_sum: reshape and broadcast_to
def outer_sum(x, y, rows, cols):
    def kernel(a, b, o):
        upright = jnp.broadcast_to(a[...].reshape(-1, 1), (rows, cols))
        o[...] = upright + jnp.broadcast_to(b[...], (rows, cols))

    grid = (math.ceil(x.size / rows), math.ceil(y.size / cols))
    call = pl.pallas_call(
        kernel,
        jax.ShapeDtypeStruct((x.size, y.size), jnp.float32),
        grid=grid,
        in_specs=[pl.BlockSpec((rows,), lambda i, _: (i,)), pl.BlockSpec((cols,), lambda _, j: (j,))],
        out_specs=pl.BlockSpec((rows, cols), lambda *ij: ij),
        interpret=True,
    )
    return call(x, y)


# %% outer_sum: vmap in the kernel
def outer_sum(x, y, rows, cols):
    def kernel(x_ref, y_ref, o_ref):
        ys = y_ref[...]
        o_ref[...] = jax.vmap(lambda one: one + ys)(x_ref[...])

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((x.shape[0], y.shape[0]), x.dtype),
        grid=(pl.cdiv(x.shape[0], rows), pl.cdiv(y.shape[0], cols)),
        in_specs=[pl.BlockSpec((rows,), lambda i, j: (i,)), pl.BlockSpec((cols,), lambda i, j: (j,))],
        out_specs=pl.BlockSpec((rows, cols), lambda i, j: (i, j)),
        interpret=True,
    )(x, y)


# %% outer_sum: row by row in the kernel
def outer_sum(x, y, rows, cols):
    def kernel(x_ref, y_ref, o_ref):
        for r in range(rows):
            o_ref[r, :] = x_ref[r] + y_ref[:]

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((x.size, y.size), x.dtype),
        grid=(pl.cdiv(x.size, rows), pl.cdiv(y.size, cols)),
        in_specs=[pl.BlockSpec((rows,), lambda i, j: (i,)), pl.BlockSpec((cols,), lambda i, j: (j,))],
        out_specs=pl.BlockSpec((rows, cols), lambda i, j: (i, j)),
        interpret=True,
    )(x, y)


# %% transpose_blocks: jnp.transpose, swapaxes
def transpose_blocks(x, rows, cols):
    def kernel(x_ref, o_ref):
        o_ref[:] = jnp.swapaxes(x_ref[:], 0, 1)

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct(x.shape[::-1], x.dtype),
        grid=tuple(pl.cdiv(n, size) for n, size in zip(x.shape, (rows, cols))),
        in_specs=[pl.BlockSpec((rows, cols), lambda i, j: (i, j))],
        out_specs=pl.BlockSpec((cols, rows), lambda i, j: (j, i)),
        interpret=True,
    )(x)


# %% transpose_blocks: the grid counts the output's blocks
def transpose_blocks(x, rows, cols):
    def kernel(x_ref, o_ref):
        o_ref[...] = jnp.transpose(x_ref[...])

    m, n = x.shape
    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((n, m), x.dtype),
        grid=(pl.cdiv(n, cols), pl.cdiv(m, rows)),
        in_specs=[pl.BlockSpec((rows, cols), lambda i, j: (j, i))],
        out_specs=pl.BlockSpec((cols, rows), lambda i, j: (i, j)),
        interpret=True,
    )(x)


# %% transpose_blocks: row by row
def transpose_blocks(x, rows, cols):
    def kernel(x_ref, o_ref):
        for r in range(rows):
            o_ref[:, r] = x_ref[r, :]

    m, n = x.shape
    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((n, m), x.dtype),
        grid=(pl.cdiv(m, rows), pl.cdiv(n, cols)),
        in_specs=[pl.BlockSpec((rows, cols), lambda i, j: (i, j))],
        out_specs=pl.BlockSpec((cols, rows), lambda i, j: (j, i)),
        interpret=True,
    )(x)


# %% transpose_blocks: einsum, under jit
@partial(jax.jit, static_argnums=(1, 2))
def transpose_blocks(x, rows, cols):
    (m, n) = x.shape

    def kernel(x_ref, o_ref):
        o_ref[...] = jax.lax.transpose(x_ref[...], (1, 0))

    blocks_down, blocks_across = -(-m // rows), -(-n // cols)
    out = jax.ShapeDtypeStruct(shape=(n, m), dtype=x.dtype)
    swap = pl.BlockSpec((cols, rows), lambda down, across: (across, down))
    keep = pl.BlockSpec((rows, cols), lambda down, across: (down, across))
    return pl.pallas_call(
        kernel, out_shape=out, grid=(blocks_down, blocks_across), in_specs=[keep], out_specs=swap, interpret=True
    )(x)


# %% row_softmax: the library's, in a block
def row_softmax(x, rows):
    def kernel(x_ref, o_ref):
        o_ref[...] = jax.nn.softmax(x_ref[...], axis=1)

    tile = pl.BlockSpec((rows, x.shape[1]), lambda i: (i, 0))
    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct(x.shape, x.dtype),
        grid=(pl.cdiv(x.shape[0], rows),),
        in_specs=[tile],
        out_specs=tile,
        interpret=True,
    )(x)


# %% row_softmax: the logarithm of the sum
def row_softmax(x, rows):
    def kernel(x_ref, o_ref):
        z = x_ref[...]
        o_ref[...] = jnp.exp(z - jax.nn.logsumexp(z, axis=-1, keepdims=True))

    m, n = x.shape
    tile = pl.BlockSpec((rows, n), lambda i: (i, 0))
    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((m, n), x.dtype),
        grid=(pl.cdiv(m, rows),),
        in_specs=[tile],
        out_specs=tile,
        interpret=True,
    )(x)


# %% row_softmax: row by row, in Python's loop
def row_softmax(x, rows):
    def kernel(x_ref, o_ref):
        for r in range(rows):
            e = jnp.exp(x_ref[r, :] - jnp.max(x_ref[r, :]))
            o_ref[r, :] = e / jnp.sum(e)

    m, n = x.shape
    tile = pl.BlockSpec((rows, n), lambda i: (i, 0))
    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((m, n), x.dtype),
        grid=(pl.cdiv(m, rows),),
        in_specs=[tile],
        out_specs=tile,
        interpret=True,
    )(x)


# %% row_softmax: a grid of two axes, one block across
def row_softmax(x, rows):
    def kernel(x_ref, o_ref):
        z = x_ref[:, :]
        z = z - jnp.max(z, axis=1)[:, None]
        o_ref[:, :] = jnp.exp(z) * (1 / jnp.exp(z).sum(axis=1))[:, None]

    m, n = x.shape
    tile = pl.BlockSpec((rows, n), lambda i, j: (i, j))
    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((m, n), x.dtype),
        grid=(pl.cdiv(m, rows), 1),
        in_specs=[tile],
        out_specs=tile,
        interpret=True,
    )(x)


# %% row_softmax: vmap of a row
def row_softmax(x, rows):
    def one(z):
        e = jnp.exp(z - z.max())
        return e / e.sum()

    def kernel(x_ref, o_ref):
        o_ref[...] = jax.vmap(one)(x_ref[...])

    tile = pl.BlockSpec((rows, x.shape[1]), lambda step: (step, 0))
    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct(x.shape, x.dtype),
        grid=(pl.cdiv(len(x), rows),),
        in_specs=[tile],
        out_specs=tile,
        interpret=True,
    )(x)


# %% column_sum: padded, partial sums without their axis of one
def column_sum(x, rows):
    steps = pl.cdiv(x.shape[0], rows)
    x = jnp.pad(x, ((0, steps * rows - x.shape[0]), (0, 0)))

    def kernel(x_ref, o_ref):
        o_ref[:] = jnp.sum(x_ref[:, :], axis=0)

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((steps, x.shape[1]), x.dtype),
        grid=(steps,),
        in_specs=[pl.BlockSpec((rows, x.shape[1]), lambda i: (i, 0))],
        out_specs=pl.BlockSpec((None, x.shape[1]), lambda i: (i, 0)),
        interpret=True,
    )(x).sum(0)


# %% column_sum: broadcasted_iota
def column_sum(x, rows):
    (m, n), steps = x.shape, pl.cdiv(x.shape[0], rows)

    def kernel(x_ref, o_ref):
        row = jax.lax.broadcasted_iota(jnp.int32, (rows, n), 0) + pl.program_id(0) * rows
        o_ref[0, :] = jnp.where(row < m, x_ref[...], 0.0).sum(axis=0)

    sums = pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((steps, n), x.dtype),
        grid=(steps,),
        in_specs=[pl.BlockSpec((rows, n), lambda i: (i, 0))],
        out_specs=pl.BlockSpec((1, n), lambda i: (i, 0)),
        interpret=True,
    )(x)
    return jnp.sum(sums, axis=0)


# %% column_sum: how many rows are left
def column_sum(x, rows):
    m, n = x.shape
    steps = -(-m // rows)

    def kernel(x_ref, o_ref):
        left = m - pl.program_id(0) * rows
        total = jnp.zeros(n)
        for r in range(rows):
            total = total + jnp.where(r < left, x_ref[r, :], 0.0)
        o_ref[0] = total

    partial_sums = pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((steps, n), x.dtype),
        grid=(steps,),
        in_specs=[pl.BlockSpec((rows, n), lambda i: (i, 0))],
        out_specs=pl.BlockSpec((1, n), lambda i: (i, 0)),
        interpret=True,
    )(x)
    return jnp.ones(steps) @ partial_sums


# %% column_sum: a sum that asks where, rows by fori_loop
def column_sum(x, rows):
    m, n = x.shape
    steps = pl.cdiv(m, rows)

    def kernel(x_ref, o_ref):
        begin = pl.program_id(0) * rows
        inside = (begin + jnp.arange(rows) < m).reshape(rows, 1)
        o_ref[...] = jnp.sum(x_ref[...], axis=0, keepdims=True, where=inside)

    sums = pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((steps, n), x.dtype),
        grid=(steps,),
        in_specs=[pl.BlockSpec((rows, n), lambda i: (i, 0))],
        out_specs=pl.BlockSpec((1, n), lambda i: (i, 0)),
        interpret=True,
    )(x)
    return jnp.einsum("sn->n", sums)


# %% column_sum: as many rows as there are, by a loop
def column_sum(x, rows):
    m, n = x.shape
    steps = pl.cdiv(m, rows)

    def kernel(x_ref, o_ref):
        count = jnp.minimum(rows, m - pl.program_id(0) * rows)
        o_ref[0, :] = jax.lax.fori_loop(0, count, lambda r, total: total + x_ref[r, :], jnp.zeros(n, x.dtype))

    sums = pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((steps, n), x.dtype),
        grid=(steps,),
        in_specs=[pl.BlockSpec((rows, n), lambda i: (i, 0))],
        out_specs=pl.BlockSpec((1, n), lambda i: (i, 0)),
        interpret=True,
    )(x)
    return sums.sum(axis=0)


# %% matmul_blocks: jnp.dot, the total in the block
def matmul_blocks(A, B, rows, cols, depth):
    (m, k), n = A.shape, B.shape[1]

    def kernel(a_ref, b_ref, o_ref):
        o_ref[...] = jnp.zeros_like(o_ref)

        def step(s, carry):
            start = s * depth
            o_ref[...] += jnp.dot(a_ref[:, pl.ds(start, depth)], b_ref[pl.ds(start, depth), :])
            return carry

        jax.lax.fori_loop(0, k // depth, step, None)

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((m, n), A.dtype),
        grid=(pl.cdiv(m, rows), pl.cdiv(n, cols)),
        in_specs=[pl.BlockSpec((rows, k), lambda i, j: (i, 0)), pl.BlockSpec((k, cols), lambda i, j: (0, j))],
        out_specs=pl.BlockSpec((rows, cols), lambda i, j: (i, j)),
        interpret=True,
    )(A, B)


# %% matmul_blocks: a loop in Python
def matmul_blocks(A, B, rows, cols, depth):
    (m, k), n = A.shape, B.shape[1]

    def kernel(a_ref, b_ref, o_ref):
        total = jnp.zeros((rows, cols), A.dtype)
        for start in range(0, k, depth):
            total += a_ref[:, start : start + depth] @ b_ref[start : start + depth, :]
        o_ref[...] = total

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((m, n), A.dtype),
        grid=(pl.cdiv(m, rows), pl.cdiv(n, cols)),
        in_specs=[pl.BlockSpec((rows, k), lambda i, j: (i, 0)), pl.BlockSpec((k, cols), lambda i, j: (0, j))],
        out_specs=pl.BlockSpec((rows, cols), lambda i, j: (i, j)),
        interpret=True,
    )(A, B)


# %% matmul_blocks: a scan over pieces
def matmul_blocks(A, B, rows, cols, depth):
    (m, k), n = A.shape, B.shape[1]

    def kernel(a_ref, b_ref, o_ref):
        def body(total, s):
            a = a_ref[:, pl.dslice(s * depth, depth)]
            b = b_ref[pl.dslice(s * depth, depth), :]
            return total + jnp.matmul(a, b), None

        total, _ = jax.lax.scan(body, jnp.zeros((rows, cols), jnp.float32), jnp.arange(k // depth))
        o_ref[...] = total

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((m, n), A.dtype),
        grid=(pl.cdiv(m, rows), pl.cdiv(n, cols)),
        in_specs=[pl.BlockSpec((rows, k), lambda i, j: (i, 0)), pl.BlockSpec((k, cols), lambda i, j: (0, j))],
        out_specs=pl.BlockSpec((rows, cols), lambda i, j: (i, j)),
        interpret=True,
    )(A, B)


# %% matmul_blocks: dynamic_slice of the strips, einsum
def matmul_blocks(A, B, rows, cols, depth):
    (m, k), n = A.shape, B.shape[1]

    def kernel(a_ref, b_ref, o_ref):
        a, b = a_ref[...], b_ref[...]

        def step(s, total):
            left = jax.lax.dynamic_slice_in_dim(a, s * depth, depth, axis=1)
            right = jax.lax.dynamic_slice_in_dim(b, s * depth, depth, axis=0)
            return total + jnp.einsum("rk,kc->rc", left, right)

        o_ref[...] = jax.lax.fori_loop(0, k // depth, step, jnp.zeros(o_ref.shape, o_ref.dtype))

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((m, n), A.dtype),
        grid=(pl.cdiv(m, rows), pl.cdiv(n, cols)),
        in_specs=[pl.BlockSpec((rows, k), lambda i, j: (i, 0)), pl.BlockSpec((k, cols), lambda i, j: (0, j))],
        out_specs=pl.BlockSpec((rows, cols), lambda i, j: (i, j)),
        interpret=True,
    )(A, B)


# %% matmul_blocks: pl.dot, while_loop
def matmul_blocks(A, B, rows, cols, depth):
    (m, k), n = A.shape, B.shape[1]

    def kernel(a_ref, b_ref, o_ref):
        def body(state):
            at, total = state
            part = pl.ds(at, depth)
            return at + depth, total + a_ref[:, part] @ b_ref[part, :]

        _, total = jax.lax.while_loop(lambda state: state[0] < k, body, (0, jnp.zeros((rows, cols))))
        o_ref[...] = total

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((m, n), A.dtype),
        grid=(pl.cdiv(m, rows), pl.cdiv(n, cols)),
        in_specs=[pl.BlockSpec((rows, k), lambda i, j: (i, 0)), pl.BlockSpec((k, cols), lambda i, j: (0, j))],
        out_specs=pl.BlockSpec((rows, cols), lambda i, j: (i, j)),
        interpret=True,
    )(A, B)


# %% fused_layer: relu by the library, dot
def fused_layer(X, W, b, rows, cols):
    def kernel(x_ref, w_ref, b_ref, o_ref):
        o_ref[...] = jax.nn.relu(jnp.dot(x_ref[...], w_ref[...]) + b_ref[...])

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((X.shape[0], W.shape[1]), X.dtype),
        grid=(pl.cdiv(X.shape[0], rows), pl.cdiv(W.shape[1], cols)),
        in_specs=[
            pl.BlockSpec((rows, X.shape[1]), lambda i, j: (i, 0)),
            pl.BlockSpec((W.shape[0], cols), lambda i, j: (0, j)),
            pl.BlockSpec((cols,), lambda i, j: j),
        ],
        out_specs=pl.BlockSpec((rows, cols), lambda i, j: (i, j)),
        interpret=True,
    )(X, W, b)


# %% fused_layer: a bias that lies, where
def fused_layer(X, W, b, rows, cols):
    def kernel(x_ref, w_ref, b_ref, o_ref):
        z = jnp.einsum("bi,io->bo", x_ref[...], w_ref[...]) + b_ref[...]
        o_ref[...] = jnp.where(z > 0, z, 0.0)

    (batch, n_in), n_out = X.shape, W.shape[1]
    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((batch, n_out), X.dtype),
        grid=(pl.cdiv(batch, rows), pl.cdiv(n_out, cols)),
        in_specs=[
            pl.BlockSpec((rows, n_in), lambda i, j: (i, 0)),
            pl.BlockSpec((n_in, cols), lambda i, j: (0, j)),
            pl.BlockSpec((1, cols), lambda i, j: (0, j)),
        ],
        out_specs=pl.BlockSpec((rows, cols), lambda i, j: (i, j)),
        interpret=True,
    )(X, W, b.reshape(1, -1))


# %% fused_layer: columns first in the grid
def fused_layer(X, W, b, rows, cols):
    def kernel(x_ref, w_ref, b_ref, o_ref):
        z = x_ref[:] @ w_ref[:]
        z += b_ref[:][None, :]
        o_ref[:] = z * (z > 0)

    (batch, n_in), n_out = X.shape, W.shape[1]
    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((batch, n_out), X.dtype),
        grid=(pl.cdiv(n_out, cols), pl.cdiv(batch, rows)),
        in_specs=[
            pl.BlockSpec((rows, n_in), lambda j, i: (i, 0)),
            pl.BlockSpec((n_in, cols), lambda j, i: (0, j)),
            pl.BlockSpec((cols,), lambda j, i: (j,)),
        ],
        out_specs=pl.BlockSpec((rows, cols), lambda j, i: (i, j)),
        interpret=True,
    )(X, W, b)


# %% fused_layer: products and sums
def fused_layer(X, W, b, rows, cols):
    def kernel(x_ref, w_ref, b_ref, o_ref):
        z = (x_ref[...][:, :, None] * w_ref[...][None, :, :]).sum(axis=1)
        o_ref[...] = jnp.maximum(z + b_ref[...], 0.0)

    (batch, n_in), n_out = X.shape, W.shape[1]
    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((batch, n_out), X.dtype),
        grid=(pl.cdiv(batch, rows), pl.cdiv(n_out, cols)),
        in_specs=[
            pl.BlockSpec((rows, n_in), lambda i, j: (i, 0)),
            pl.BlockSpec((n_in, cols), lambda i, j: (0, j)),
            pl.BlockSpec((cols,), lambda i, j: (j,)),
        ],
        out_specs=pl.BlockSpec((rows, cols), lambda i, j: (i, j)),
        interpret=True,
    )(X, W, b)


# %% bytes_moved: step by step
def bytes_moved(batch, n_in, n_out, rows, cols):
    total = 0
    for _ in range(batch // rows):
        for _ in range(n_out // cols):
            total += rows * n_in + n_in * cols + cols
            total += rows * cols
    return total * 4


# %% bytes_moved: what each array crosses the wire
def bytes_moved(batch, n_in, n_out, rows, cols):
    down, across = batch // rows, n_out // cols
    x = batch * n_in * across
    w = n_in * n_out * down
    b = n_out * down
    return 4 * (x + w + b + batch * n_out)


# %% bytes_moved: NumPy's whole numbers
def bytes_moved(batch, n_in, n_out, rows, cols):
    pieces = np.array([rows * n_in, n_in * cols, cols, rows * cols], dtype=np.int64)
    return 4 * pieces.sum() * (batch // rows) * (n_out // cols)


# %% bytes_moved: rounded up, and the size of a float32
def bytes_moved(batch, n_in, n_out, rows, cols):
    steps = math.ceil(batch / rows) * math.ceil(n_out / cols)
    shapes = (rows, n_in), (n_in, cols), (cols,), (rows, cols)
    return steps * sum(math.prod(shape) for shape in shapes) * np.dtype("float32").itemsize


# %% bytes_moved: an ordinary division, made whole
def bytes_moved(batch, n_in, n_out, rows, cols):
    steps = (batch / rows) * (n_out / cols)
    return int(4 * steps * (rows * n_in + n_in * cols + cols + rows * cols))


# %% diagnose_blocks: by a condition, in small letters
def diagnose_blocks(kernel):
    if kernel.startswith("copy"):
        return "abc"[int(kernel[-1]) - 1]
    return "d" if kernel == "sums" else "e"


# %% diagnose_blocks: with match
def diagnose_blocks(kernel):
    match kernel:
        case "copy 1":
            return "A"
        case "copy 2":
            return "B"
        case "copy 3":
            return "C"
        case "sums":
            return "D"
        case _:
            return "E"


# %% diagnose_blocks: two lists
def diagnose_blocks(kernel):
    return "ABCDE"[["copy 1", "copy 2", "copy 3", "sums", "total"].index(kernel)]


# %% diagnose_blocks: with a space
def diagnose_blocks(kernel):
    return dict(zip(("copy 1", "copy 2", "copy 3", "sums", "total"), ("A ", " B", "C", "D", "E")))[kernel]


# %% estimated_blocks: worked out
def estimated_blocks(quantity):
    if quantity == "strips":
        return 2 * 128 * 2048 * 2 / 1024
    if quantity == "pieces":
        return 2 * 2 * 128 * 64 * 2 / 1024
    if quantity == "traffic":
        return (4096 // 128) ** 2 * (2 * 128 * 4096 + 128 * 128) * 4 / 1e9
    return 2 ** int(math.log2(227 * 1024 / (2 * 1024 * 4)))


# %% estimated_blocks: rounded
def estimated_blocks(quantity):
    return {"strips": 1000, "pieces": 65, "traffic": 4, "side": 16.0}[quantity]


# %% estimated_blocks: NumPy's numbers
def estimated_blocks(quantity):
    return np.float32({"strips": 1024, "pieces": 64, "traffic": 4.3, "side": 16}[quantity])


# %% estimated_blocks: the strips alone
def estimated_blocks(quantity):
    guesses = {"strips": 2**10, "pieces": 2**6, "traffic": 1024 * 4.2e-3, "side": 2**4}
    return guesses[quantity]


# %% online_softmax: a low number to begin with, rows flat
def online_softmax(scores, values, rows, piece):
    (m, n), d = scores.shape, values.shape[1]

    def kernel(s_ref, v_ref, o_ref):
        def take_in(p, seen):
            top, total, mixed = seen
            s = s_ref[:, pl.ds(p * piece, piece)]
            higher = jnp.maximum(top, jnp.max(s, axis=1))
            factor = jnp.exp(top - higher)
            e = jnp.exp(s - higher[:, None])
            return (
                higher,
                total * factor + jnp.sum(e, axis=1),
                mixed * factor[:, None] + jnp.dot(e, v_ref[pl.ds(p * piece, piece), :]),
            )

        start = jnp.full(rows, -1e30), jnp.zeros(rows), jnp.zeros((rows, d))
        _, total, mixed = jax.lax.fori_loop(0, n // piece, take_in, start)
        o_ref[...] = mixed / total[:, None]

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((m, d), jnp.float32),
        grid=(pl.cdiv(m, rows),),
        in_specs=[pl.BlockSpec((rows, n), lambda i: (i, 0)), pl.BlockSpec((n, d), lambda i: (0, 0))],
        out_specs=pl.BlockSpec((rows, d), lambda i: (i, 0)),
        interpret=True,
    )(scores, values)


# %% online_softmax: Python's own loop
def online_softmax(scores, values, rows, piece):
    (m, n), d = scores.shape, values.shape[1]

    def kernel(s_ref, v_ref, o_ref):
        top = jnp.full((rows, 1), -jnp.inf)
        total = jnp.zeros((rows, 1))
        mixed = jnp.zeros((rows, d))
        for first in range(0, n, piece):
            s = s_ref[:, first : first + piece]
            new = jnp.maximum(top, s.max(axis=1, keepdims=True))
            e = jnp.exp(s - new)
            total = total * jnp.exp(top - new) + e.sum(axis=1, keepdims=True)
            mixed = mixed * jnp.exp(top - new) + e @ v_ref[first : first + piece, :]
            top = new
        o_ref[...] = mixed / total

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((m, d), scores.dtype),
        grid=(-(-m // rows),),
        in_specs=[pl.BlockSpec((rows, n), lambda i: (i, 0)), pl.BlockSpec((n, d), lambda i: (0, 0))],
        out_specs=pl.BlockSpec((rows, d), lambda i: (i, 0)),
        interpret=True,
    )(scores, values)


# %% online_softmax: the mean so far, instead of the sum
def online_softmax(scores, values, rows, piece):
    (m, n), d = scores.shape, values.shape[1]

    def kernel(s_ref, v_ref, o_ref):
        def take_in(p, seen):
            top, total, mean = seen
            part = pl.ds(p * piece, piece)
            s = s_ref[:, part]
            new_top = jnp.maximum(top, s.max(axis=1, keepdims=True))
            e = jnp.exp(s - new_top)
            before = jnp.exp(top - new_top) * total
            total = before + e.sum(axis=1, keepdims=True)
            return new_top, total, (before * mean + e @ v_ref[part, :]) / total

        start = (jnp.full((rows, 1), -jnp.inf), jnp.zeros((rows, 1)), jnp.zeros((rows, d)))
        o_ref[...] = jax.lax.fori_loop(0, n // piece, take_in, start)[2]

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((m, d), scores.dtype),
        grid=(pl.cdiv(m, rows),),
        in_specs=[pl.BlockSpec((rows, n), lambda i: (i, 0)), pl.BlockSpec((n, d), lambda i: (0, 0))],
        out_specs=pl.BlockSpec((rows, d), lambda i: (i, 0)),
        interpret=True,
    )(scores, values)


# %% online_softmax: begun with the first piece
def online_softmax(scores, values, rows, piece):
    (m, n), d = scores.shape, values.shape[1]

    def kernel(s_ref, v_ref, o_ref):
        s = s_ref[:, pl.ds(0, piece)]
        top = s.max(axis=1, keepdims=True)
        e = jnp.exp(s - top)

        def take_in(p, seen):
            old, total, mixed = seen
            part = pl.ds(p * piece, piece)
            s = s_ref[:, part]
            new = jnp.maximum(old, s.max(axis=1, keepdims=True))
            e = jnp.exp(s - new)
            shrink = jnp.exp(old - new)
            return new, shrink * total + e.sum(axis=1, keepdims=True), shrink * mixed + e @ v_ref[part, :]

        start = top, e.sum(axis=1, keepdims=True), e @ v_ref[pl.ds(0, piece), :]
        _, total, mixed = jax.lax.fori_loop(1, n // piece, take_in, start)
        o_ref[...] = mixed / total

    return pl.pallas_call(
        kernel,
        out_shape=jax.ShapeDtypeStruct((m, d), scores.dtype),
        grid=(pl.cdiv(m, rows),),
        in_specs=[pl.BlockSpec((rows, n), lambda i: (i, 0)), pl.BlockSpec((n, d), lambda i: (0, 0))],
        out_specs=pl.BlockSpec((rows, d), lambda i: (i, 0)),
        interpret=True,
    )(scores, values)
