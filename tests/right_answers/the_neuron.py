"""Right answers of lesson "the neuron", each as a cell of a notebook: `# %% exercise: what is particular about it`."""

# %% imports
import math
from collections import namedtuple
from functools import partial, reduce

import jax
import jax.numpy as jnp
import numpy as np


# %% neuron: a sum of products
def neuron(x, w, b):
    return jnp.tanh(jnp.sum(w * x) + b)


# %% neuron: einsum
def neuron(x, w, b):
    return jnp.tanh(jnp.einsum("i,i->", x, w) + b)


# %% neuron: Python floats
def neuron(x, w, b):
    total = float(b)
    for xi, wi in zip(x, w):
        total += float(xi) * float(wi)
    return math.tanh(total)


# %% neuron: NumPy
def neuron(x, w, b):
    return np.tanh(np.dot(np.asarray(w), np.asarray(x)) + b)


# %% neuron: tanh from exponentials
def neuron(inputs, weights, bias):
    z = jnp.vdot(inputs, weights) + bias
    return 2 / (1 + jnp.exp(-2 * z)) - 1


# %% neuron: the bias as one more weight
def neuron(x, w, b):
    return jnp.tanh(jnp.append(w, b) @ jnp.append(x, 1.0))


# %% layer: one neuron after the other
def layer(x, W, b):
    return jnp.array([jnp.tanh(W[i] @ x + b[i]) for i in range(W.shape[0])])


# %% layer: vmap
def layer(x, W, b):
    return jax.vmap(lambda w, bias: jnp.tanh(jnp.dot(w, x) + bias))(W, b)


# %% layer: x at a matrix that is turned
def layer(x, W, b):
    return jnp.tanh(x @ W.T + b)


# %% layer: einsum, compiled
@jax.jit
def layer(x: jax.Array, W: jax.Array, b: jax.Array) -> jax.Array:
    return jnp.tanh(jnp.einsum("oi,i->o", W, x) + b)


# %% layer: products, spread out and added up
def layer(x, W, b):
    return jax.lax.tanh((W * x[None, :]).sum(axis=1) + b)


# %% layer: filled in NumPy, number by number
def layer(x, W, b):
    y = np.zeros(len(b), dtype=np.float32)
    for i in range(len(b)):
        for j in range(len(x)):
            y[i] += W[i, j] * x[j]
        y[i] = math.tanh(y[i] + b[i])
    return y


# %% batched_layer: vmap
def batched_layer(X, W, b):
    return jax.vmap(lambda x: jnp.tanh(W @ x + b))(X)


# %% batched_layer: einsum
def batched_layer(X, W, b):
    return jnp.tanh(jnp.einsum("bi,oi->bo", X, W) + b[None])


# %% batched_layer: the other product, turned at the end
def batched_layer(X, W, b):
    return jnp.tanh(W @ X.T + b[:, None]).T


# %% batched_layer: dot_general
def batched_layer(X, W, b):
    return jnp.tanh(jax.lax.dot_general(X, W, (((1,), (1,)), ((), ()))) + b)


# %% batched_layer: row by row
def batched_layer(X, W, b):
    rows = []
    for x in X:
        rows.append(jnp.tanh(jnp.matmul(W, x) + b))
    return jnp.stack(rows)


# %% batched_layer: lax.map, with a function inside
def batched_layer(X, W, b):
    def one(x):
        return jnp.tanh(jnp.inner(W, x) + b)

    return jax.lax.map(one, X)


# %% relu: where
def relu(x):
    return jnp.where(x > 0, x, 0)


# %% relu: a product with a comparison
def relu(x):
    return x * (x > 0)


# %% relu: the library's
relu = jax.nn.relu


# %% relu: a partial function
relu = partial(jnp.maximum, 0.0)
relu.__name__ = "relu"


# %% relu: clip
def relu(x):
    return jnp.clip(x, 0, None)


# %% relu: half of the number and its size
def relu(x):
    return (x + jnp.abs(x)) / 2


# %% relu: select in lax
def relu(x):
    return jax.lax.select(x > 0, x, jnp.zeros_like(x))


# %% relu: NumPy
def relu(x):
    return np.maximum(np.asarray(x), np.float32(0))


# %% softmax: the library's
def softmax(Z):
    return jax.nn.softmax(Z, axis=1)


# %% softmax: by the logarithm of the sum
def softmax(Z):
    return jnp.exp(Z - jax.nn.logsumexp(Z, axis=-1, keepdims=True))


# %% softmax: vmap of one row
def softmax(Z):
    def one(z):
        e = jnp.exp(z - jnp.max(z))
        return e / jnp.sum(e)

    return jax.vmap(one)(Z)


# %% softmax: a loop over rows
def softmax(Z):
    out = []
    for z in Z:
        e = jnp.exp(z - z.max())
        out.append(e / e.sum())
    return jnp.array(out)


# %% softmax: None for an axis, NumPy
def softmax(Z):
    Z = np.asarray(Z)
    e = np.exp(Z - Z.max(1)[:, None])
    return e / e.sum(1)[:, None]


# %% softmax: a functional update, row by row
def softmax(Z):
    out = jnp.zeros_like(Z)
    for i in range(len(Z)):
        row = jnp.exp(Z[i] - jnp.max(Z[i]))
        out = out.at[i].set(row / row.sum())
    return out


# %% xor_network: lists
def xor_network():
    W1 = [[1, -1], [-1, 1]]
    b1 = [0, 0]
    w2 = [1, 1]
    b2 = 0
    return np.array(W1), np.array(b1), np.array(w2), b2


# %% xor_network: a named tuple
Network = namedtuple("Network", "W1 b1 w2 b2")


def xor_network():
    return Network(jnp.array([[1.0, 1.0], [2.0, 2.0]]), jnp.array([0.0, -2.0]), jnp.array([1.0, -1.0]), jnp.array(0.0))


# %% xor_network: one minus what is equal
def xor_network():
    W1 = jnp.array([[-1.0, -1.0], [1.0, 1.0]])
    b1 = jnp.array([1.0, -1.0])
    return W1, b1, jnp.array([-1.0, -1.0]), 1.0


# %% xor_network: large numbers
def xor_network():
    return 100 * jnp.array([[2, -2], [-2, 2]]), jnp.zeros(2), jnp.full(2, 0.005), jnp.float32(0.0)


# %% xor_network: a list of the four
def xor_network():
    return [np.array([[3.0, -3.0], [-3.0, 3.0]]), np.zeros(2), np.ones(2) / 3, np.float64(0)]


# %% count_parameters: a sum over neighbors
def count_parameters(sizes):
    return sum((n + 1) * m for n, m in zip(sizes, sizes[1:]))


# %% count_parameters: by index
def count_parameters(sizes):
    total = 0
    for i in range(1, len(sizes)):
        total = total + sizes[i - 1] * sizes[i]
        total = total + sizes[i]
    return total


# %% count_parameters: pairwise
from itertools import pairwise


def count_parameters(sizes: list[int]) -> int:
    return sum(a * b + b for a, b in pairwise(sizes))


# %% count_parameters: a dot product
def count_parameters(sizes):
    s = np.array(sizes)
    return int(np.dot(s[:-1] + 1, s[1:]))


# %% count_parameters: by itself, and from the end
def count_parameters(sizes):
    if len(sizes) < 2:
        return 0
    *rest, n_in, n_out = sizes
    return n_in * n_out + n_out + count_parameters([*rest, n_in])


# %% count_parameters: reduce, and NumPy's int
def count_parameters(sizes):
    def add(so_far, place):
        return so_far + sizes[place] * (1 + sizes[place - 1])

    return np.int64(reduce(add, range(1, len(sizes)), 0))


# %% he_init: the library's
def he_init(key, n_in, n_out):
    W = jax.nn.initializers.he_normal(in_axis=1, out_axis=0)(key, (n_out, n_in), jnp.float32)
    return W, jnp.zeros((n_out,))


# %% he_init: Python's root, and a key of its own
def he_init(key, n_in, n_out):
    now, _ = jax.random.split(key)
    return math.sqrt(2 / n_in) * jax.random.normal(now, shape=(n_out, n_in)), jnp.zeros(n_out)


# %% he_init: one key for each neuron
def he_init(key, n_in, n_out):
    keys = jax.random.split(key, n_out)
    W = jax.vmap(lambda k: jax.random.normal(k, (n_in,)))(keys)
    return W * (2 / n_in) ** 0.5, jnp.zeros(n_out)


# %% he_init: turned
def he_init(key, n_in, n_out):
    W = jax.random.normal(key, (n_in, n_out)).T / jnp.sqrt(n_in / 2)
    return W, 0.0 * W[:, 0]


# %% he_init: many numbers, reshaped
@partial(jax.jit, static_argnums=(1, 2))
def he_init(key, n_in, n_out):
    numbers = jax.random.normal(jax.random.fold_in(key, 1), (n_in * n_out,))
    return (numbers * jnp.sqrt(2.0 / n_in)).reshape(n_out, n_in), jnp.zeros(n_out, jnp.float32)


# %% he_init: from the inverse of the distribution
def he_init(key, n_in, n_out):
    u = jax.random.uniform(key, (n_out, n_in), minval=1e-7, maxval=1.0)
    return jax.scipy.stats.norm.ppf(u) * np.sqrt(2 / n_in), np.zeros(n_out, np.float32)


# %% curve_through: point by point
def curve_through(xs, ys):
    a, slope = [], 0.0
    for i in range(len(xs) - 1):
        new = (ys[i + 1] - ys[i]) / (xs[i + 1] - xs[i])
        a.append(new - slope)
        slope = new
    return ys[0], jnp.array(a)


# %% curve_through: NumPy, with slices
def curve_through(xs, ys):
    x, y = np.asarray(xs), np.asarray(ys)
    slopes = (y[1:] - y[:-1]) / (x[1:] - x[:-1])
    return float(y[0]), np.concatenate([slopes[:1], slopes[1:] - slopes[:-1]])


# %% curve_through: the curve solved for its slopes
def curve_through(xs, ys):
    rises = jnp.maximum(xs[1:, None] - xs[None, :-1], 0)
    return ys[0], jnp.linalg.solve(rises, ys[1:] - ys[0])


# %% curve_through: differences of differences, one in front
def curve_through(xs, ys):
    slopes = [(ys[i] - ys[i - 1]) / (xs[i] - xs[i - 1]) for i in range(1, len(xs))]
    return float(ys[0]), jnp.stack([now - before for before, now in zip([0.0, *slopes], slopes)])


# %% layer_numbers: counted exactly
def layer_numbers(quantity):
    n_in, n_out, batch = 784, 256, 64
    return {
        "parameters": n_in * n_out + n_out,
        "bytes of the parameters": 4 * (n_in * n_out + n_out),
        "FLOP for one image": 2 * n_in * n_out,
        "FLOP for a batch of 64": 2 * batch * n_in * n_out,
        "answers for a batch of 64": batch * n_out,
    }[quantity]


# %% layer_numbers: powers of ten in the head
def layer_numbers(quantity):
    if quantity == "parameters":
        return 2e5
    if quantity == "bytes of the parameters":
        return 8e5
    if quantity == "FLOP for one image":
        return 4e5
    return 2.6e7 if "FLOP" in quantity else 1.6e4


# %% diagnose_start: small letters
def diagnose_start(network):
    return dict(zip("123456", "daecab"))[network[-1]]


# %% start_network: folded keys, in a comprehension
def start_network(key, sizes):
    return [
        (jax.random.normal(jax.random.fold_in(key, i), (m, n)) * (2 / n) ** 0.5, jnp.zeros(m))
        for i, (n, m) in enumerate(zip(sizes, sizes[1:]))
    ]


# %% start_network: a key is split off for each layer
def start_network(key, sizes):
    layers = []
    for i in range(len(sizes) - 1):
        key, now = jax.random.split(key)
        W = jax.random.normal(now, (sizes[i + 1], sizes[i])) / np.sqrt(sizes[i] / 2)
        layers.append([W, np.zeros(sizes[i + 1], np.float32)])
    return tuple(layers)


# %% start_network: uniform numbers of the same standard deviation
def start_network(key, sizes):
    layers = []
    for n_in, n_out, k in zip(sizes, sizes[1:], jax.random.split(key, len(sizes))):
        half = math.sqrt(6 / n_in)
        layers.append((jax.random.uniform(k, (n_out, n_in), minval=-half, maxval=half), jnp.zeros((n_out,))))
    return layers


# %% start_network: the library's
def start_network(key, sizes):
    init = jax.nn.initializers.he_normal(in_axis=1, out_axis=0)
    keys = jax.random.split(key, len(sizes))
    return [(init(k, (m, n)), jnp.zeros(m)) for k, n, m in zip(keys, sizes[:-1], sizes[1:])]
