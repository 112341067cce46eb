"""Right answers of lesson "make it fast", each as a cell of a notebook: `# %% exercise: what is particular about it`."""

# %% imports
import math
from functools import partial, reduce
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax


# %% share_of_peak: two rates
def share_of_peak(flop, batch, steps, seconds, peak):
    images_per_s = batch * steps / seconds
    return images_per_s / (peak / flop)


# %% share_of_peak: two times
def share_of_peak(flop, batch, steps, seconds, peak):
    at_least = flop * batch * steps / peak
    return at_least / seconds


# %% share_of_peak: by NumPy
def share_of_peak(flop, batch, steps, seconds, peak):
    return np.prod([flop, batch, steps]) / np.float64(seconds * peak)


# %% share_of_peak: a step's time
def share_of_peak(flop, batch, steps, seconds, peak):
    step_s = seconds / steps
    return (flop * batch / step_s) / peak


# %% bottleneck: a list of pairs
def bottleneck(flops, bytes_moved, dispatches, peak_flops, bandwidth, dispatch_s):
    times = [
        (flops / peak_flops, "arithmetic"),
        (bytes_moved / bandwidth, "memory"),
        (dispatches * dispatch_s, "dispatch"),
    ]
    seconds, name = max(times)
    return name, seconds


# %% bottleneck: comparisons
def bottleneck(flops, bytes_moved, dispatches, peak_flops, bandwidth, dispatch_s):
    a, m, d = flops / peak_flops, bytes_moved / bandwidth, dispatches * dispatch_s
    if a >= m and a >= d:
        return "arithmetic", a
    if m >= d:
        return "memory", m
    return "dispatch", d


# %% bottleneck: argmax in NumPy
def bottleneck(flops, bytes_moved, dispatches, peak_flops, bandwidth, dispatch_s):
    names = np.array(["arithmetic", "memory", "dispatch"])
    times = np.array([flops / peak_flops, bytes_moved / bandwidth, dispatches * dispatch_s])
    return names[times.argmax()], times.max()


# %% bottleneck: a named tuple
class Limit(NamedTuple):
    name: str
    seconds: float


def bottleneck(flops, bytes_moved, dispatches, peak_flops, bandwidth, dispatch_s):
    limits = (
        Limit("arithmetic", flops / peak_flops),
        Limit("memory", bytes_moved / bandwidth),
        Limit("dispatch", dispatches * dispatch_s),
    )
    return max(limits, key=lambda limit: limit.seconds)


# %% bottleneck: a list, argmax in JAX
def bottleneck(flops, bytes_moved, dispatches, peak_flops, bandwidth, dispatch_s):
    times = jnp.array([flops / peak_flops, bytes_moved / bandwidth, dispatches * dispatch_s])
    slowest = int(jnp.argmax(times))
    return [["arithmetic", "memory", "dispatch"][slowest], times[slowest]]


# %% make_step: jit called on the function
def make_step(loss_fn, tx):
    def step(params, opt_state, images, labels):
        loss, grads = jax.value_and_grad(loss_fn)(params, images, labels)
        updates, new_state = tx.update(grads, opt_state, params)
        new_params = optax.apply_updates(params, updates)
        return new_params, new_state, loss

    return jax.jit(step)


# %% make_step: value_and_grad made once, outside
def make_step(loss_fn, tx):
    value_and_grads = jax.value_and_grad(loss_fn, argnums=0)

    @partial(jax.jit)
    def step(params, state, x, y):
        loss, grads = value_and_grads(params, x, y)
        updates, state = tx.update(grads, state, params)
        return jax.tree.map(lambda p, u: p + u, params, updates), state, loss

    return step


# %% make_step: buffers that are given away
def make_step(loss_fn, tx):
    def step(params, opt_state, images, labels):
        loss, grads = jax.value_and_grad(lambda p: loss_fn(p, images, labels))(params)
        updates, opt_state = tx.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, loss

    return jax.jit(step, donate_argnums=(0, 1))


# %% make_step: a class that is called
class Step:
    def __init__(self, loss_fn, tx):
        self.loss_fn, self.tx = loss_fn, tx
        self.run = jax.jit(self._run)

    def _run(self, params, opt_state, images, labels):
        loss, grads = jax.value_and_grad(self.loss_fn)(params, images, labels)
        updates, opt_state = self.tx.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, loss

    def __call__(self, params, opt_state, images, labels):
        return self.run(params, opt_state, images, labels)


def make_step(loss_fn, tx):
    return Step(loss_fn, tx)


# %% make_step: vjp, and a list of the three
def make_step(loss_fn, tx):
    @jax.jit
    def step(params, opt_state, images, labels):
        loss, back = jax.vjp(lambda p: loss_fn(p, images, labels), params)
        (grads,) = back(jnp.ones_like(loss))
        updates, opt_state = tx.update(grads, opt_state, params)
        return [optax.apply_updates(params, updates), opt_state, loss]

    return step


# %% make_step: tx.update without the params
def make_step(loss_fn, tx):
    @jax.jit
    def step(params, opt_state, images, labels):
        loss, grads = jax.value_and_grad(loss_fn)(params, images, labels)
        updates, opt_state = tx.update(grads, opt_state)
        params = optax.apply_updates(params, updates)
        return params, opt_state, loss

    return step


# %% make_step: a jit inside of a jit, and has_aux
def make_step(loss_fn, tx):
    @jax.jit
    def with_loss(params, images, labels):
        loss = loss_fn(params, images, labels)
        return loss, loss

    def step(params, opt_state, images, labels):
        grads, loss = jax.grad(with_loss, has_aux=True)(params, images, labels)
        updates, opt_state = tx.update(grads, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, loss

    return jax.jit(step)


# %% whole_speedup: a loop, and what is in gains
def whole_speedup(times, gains):
    after = 0.0
    for part, seconds in times.items():
        if part in gains:
            after += seconds / gains[part]
        else:
            after += seconds
    return sum(times.values()) / after


# %% whole_speedup: a copy that is changed
def whole_speedup(times, gains):
    new = dict(times)
    for part, gain in gains.items():
        new[part] /= gain
    return sum(times.values()) / sum(new.values())


# %% whole_speedup: what is saved
def whole_speedup(times, gains):
    total = math.fsum(times.values())
    saved = math.fsum(times[p] * (1 - 1 / g) for p, g in gains.items())
    return total / (total - saved)


# %% whole_speedup: NumPy
def whole_speedup(times, gains):
    t = np.array(list(times.values()))
    g = np.array([gains.get(name, 1.0) for name in times])
    return t.sum() / (t / g).sum()


# %% whole_speedup: shares, by Amdahl
def whole_speedup(times, gains):
    total = sum(times.values())
    return 1 / sum(t / total / gains.get(p, 1) for p, t in times.items())


# %% whole_speedup: JAX
def whole_speedup(times, gains):
    before = jnp.array([*times.values()])
    after = before / jnp.array([float(gains.get(p, 1)) for p in times])
    return before.sum() / after.sum()


# %% what_would_help: by the longest row
def what_would_help(profile):
    rows = {
        "profile 1": {"A": 1.1, "C": 0.01, "device": 0.15},
        "profile 2": {"A": 0.2, "C": 0.3, "device": 57.6},
        "profile 3": {"A": 0.3, "C": 17.9, "device": 8},
        "profile 4": {"A": 0.2, "C": 0.3, "device": 54.6},
    }[profile]
    limit = {"profile 1": 0.1, "profile 2": 10, "profile 3": 5, "profile 4": 46}[profile]
    longest = max(rows, key=rows.get)
    if longest != "device":
        return longest
    return "D" if rows["device"] < 1.5 * limit else "B"


# %% what_would_help: by position
def what_would_help(profile):
    return "ABCD"[int(profile[-1]) - 1]


# %% what_would_help: in small letters
def what_would_help(profile):
    return {"profile 1": "a", "profile 2": "b", "profile 3": "c", "profile 4": "d"}[profile]


# %% what_would_help: match
def what_would_help(profile):
    match profile:
        case "profile 1":
            return "A"
        case "profile 2":
            return " B "
        case "profile 3":
            return "C"
    return "D"


# %% at_best: worked out
def at_best(quantity):
    conv, pool, rest = 24, 30, 6
    whole = conv + pool + rest
    if quantity == "no pool":
        return whole / (whole - pool)
    if quantity == "pool 3 times as fast":
        return whole / (conv + pool / 3 + rest)
    if quantity == "then convolutions twice as fast":
        return whole / (conv / 2 + pool / 3 + rest)
    return pool / (whole / 1.6 - conv - rest)


# %% at_best: rounded by a head
def at_best(quantity):
    return {
        "no pool": 2,
        "pool 3 times as fast": 1.5,
        "then convolutions twice as fast": 2.1,
        "pool for 1.6": 4,
    }[quantity]


# %% at_best: Amdahl's shares
def at_best(quantity):
    return {
        "no pool": 1 / 0.5,
        "pool 3 times as fast": 1 / (0.5 + 0.5 / 3),
        "then convolutions twice as fast": 1 / (0.1 + 0.4 / 2 + 0.5 / 3),
        "pool for 1.6": 0.5 / (1 / 1.6 - 0.5),
    }[quantity]


# %% at_best: arrays of JAX
def at_best(quantity):
    gains = {"no pool": 2.0, "pool 3 times as fast": 1.45, "then convolutions twice as fast": 2.2}
    return jnp.asarray(gains.get(quantity, 4.2))


# %% pool_by_slices: one where with a chain
def pool_by_slices(x):
    a, b = x[:, 0::2, 0::2, :], x[:, 0::2, 1::2, :]
    c, d = x[:, 1::2, 0::2, :], x[:, 1::2, 1::2, :]

    def first(p, q):
        return jnp.where(q > p, q, p)

    return first(first(first(a, b), c), d)


# %% pool_by_slices: reduce over the corners
def pool_by_slices(x):
    corners = [x[:, i::2, j::2] for i in range(2) for j in range(2)]
    return reduce(lambda best, new: jnp.where(best >= new, best, new), corners)


# %% pool_by_slices: select in lax
def pool_by_slices(x):
    a, b, c, d = (x[:, i::2, j::2] for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)))
    best = a
    for other in (b, c, d):
        best = jax.lax.select(other > best, other, best)
    return best


# %% pool_by_slices: argmax and take_along_axis
def pool_by_slices(x):
    four = jnp.stack([x[:, ::2, ::2], x[:, ::2, 1::2], x[:, 1::2, ::2], x[:, 1::2, 1::2]])
    return jnp.take_along_axis(four, jnp.argmax(four, axis=0)[None], axis=0)[0]


# %% pool_by_slices: a reshape in place of slices
def pool_by_slices(x):
    n, h, w, c = x.shape
    x = x.reshape(n, h // 2, 2, w // 2, 2, c)
    left, right = x[:, :, :, :, 0], x[:, :, :, :, 1]
    rows = jnp.where(left >= right, left, right)
    top, bottom = rows[:, :, 0], rows[:, :, 1]
    return jnp.where(top >= bottom, top, bottom)


# %% pool_by_slices: vmap of one image
def pool_by_slices(x):
    def one(image):
        a, b, c, d = image[::2, ::2], image[::2, 1::2], image[1::2, ::2], image[1::2, 1::2]
        top, bottom = jnp.where(a < b, b, a), jnp.where(c < d, d, c)
        return jnp.where(top < bottom, bottom, top)

    return jax.vmap(one)(x)


# %% shifted_conv: sum of a generator
def shifted_conv(images, kernel):
    n, h, w, _ = images.shape
    kh, kw, _, c = kernel.shape
    p = jnp.pad(images, [(0, 0), (kh // 2,) * 2, (kw // 2,) * 2, (0, 0)])
    return sum(p[:, i : i + h, j : j + w, :] * kernel[i, j] for i in range(kh) for j in range(kw))


# %% shifted_conv: the whole kernel at once
def shifted_conv(images, kernel):
    _, h, w, _ = images.shape
    kh, kw = kernel.shape[0], kernel.shape[1]
    p = jnp.pad(images[..., 0], ((0, 0), (kh // 2, kh // 2), (kw // 2, kw // 2)))
    shifted = jnp.stack([p[:, i : i + h, j : j + w] for i in range(kh) for j in range(kw)], axis=-1)
    return shifted @ kernel.reshape(kh * kw, -1)


# %% shifted_conv: NumPy
def shifted_conv(images, kernel):
    images, kernel = np.asarray(images), np.asarray(kernel)
    kh, kw = kernel.shape[:2]
    p = np.pad(images, ((0, 0), (kh // 2, kh // 2), (kw // 2, kw // 2), (0, 0)))
    out = np.zeros(images.shape[:3] + kernel.shape[3:], np.float32)
    for (i, j), weights in zip(np.ndindex(kh, kw), kernel.reshape(-1, kernel.shape[3])):
        out += p[:, i : i + images.shape[1], j : j + images.shape[2]] * weights
    return out


# %% shifted_conv: dynamic slices
def shifted_conv(images, kernel):
    n, h, w, _ = images.shape
    kh, kw = kernel.shape[:2]
    p = jnp.pad(images, ((0, 0), (kh // 2, kh // 2), (kw // 2, kw // 2), (0, 0)))
    total = jnp.zeros((n, h, w, kernel.shape[3]))
    for k in range(kh * kw):
        i, j = divmod(k, kw)
        total = total + jax.lax.dynamic_slice(p, (0, i, j, 0), (n, h, w, 1)) * kernel[i, j]
    return total


# %% device_batches: take
def device_batches(key, images, labels, size):
    steps = images.shape[0] // size
    order = jax.random.permutation(key, images.shape[0])[: steps * size]
    X, y = jnp.take(images, order, axis=0), jnp.take(labels, order)
    return X.reshape(steps, size, *images.shape[1:]), y.reshape(steps, size)


# %% device_batches: both shuffled by the same key
def device_batches(key, images, labels, size):
    steps = len(labels) // size
    X = jax.random.permutation(key, images)[: steps * size]
    y = jax.random.permutation(key, labels)[: steps * size]
    return X.reshape((steps, size) + images.shape[1:]), y.reshape(steps, size)


# %% device_batches: the order of random numbers, from the end
def device_batches(key, images, labels, size):
    n = labels.shape[0]
    order = jnp.argsort(jax.random.uniform(key, (n,)))
    rows = order[n % size :].reshape(n // size, size)
    return images[rows], labels[rows]


# %% device_batches: choice without replacement
def device_batches(key, images, labels, size):
    n = images.shape[0]
    rows = jax.random.choice(key, n, (n // size, size), replace=False)
    return images[rows], labels[rows]


# %% device_batches: a key that is split, a tree
def device_batches(key, images, labels, size):
    _, now = jax.random.split(key)
    n = len(images)
    order = jax.random.permutation(now, n)
    pick = jax.vmap(lambda row: (images[row], labels[row]))
    return pick(order[: n // size * size].reshape(n // size, size))


# %% device_batches: compiled, a list of the two
@partial(jax.jit, static_argnums=3)
def device_batches(key, images, labels, size):
    steps = images.shape[0] // size
    order = jax.random.permutation(key, jnp.arange(images.shape[0]))
    rows = jax.lax.dynamic_slice_in_dim(order, 0, steps * size)
    return [a[rows].reshape(steps, size, *a.shape[1:]) for a in (images, labels)]


# %% scan_epoch: the batch by its names
def scan_epoch(step, params, opt_state, images, labels):
    def body(carry, xs):
        params, opt_state = carry
        x, y = xs
        params, opt_state, loss = step(params, opt_state, x, y)
        return (params, opt_state), loss

    carry, losses = jax.lax.scan(body, (params, opt_state), (images, labels))
    return *carry, losses


# %% scan_epoch: by the number of the step
def scan_epoch(step, params, opt_state, images, labels):
    def body(carry, i):
        p, s, loss = step(carry[0], carry[1], images[i], labels[i])
        return (p, s), loss

    (p, s), losses = jax.lax.scan(body, (params, opt_state), jnp.arange(len(images)))
    return p, s, losses


# %% scan_epoch: a dict for the carry, compiled
def scan_epoch(step, params, opt_state, images, labels):
    def body(carry, batch):
        carry["params"], carry["state"], loss = step(carry["params"], carry["state"], batch["images"], batch["labels"])
        return carry, loss

    @jax.jit
    def run(carry, batches):
        return jax.lax.scan(body, carry, batches)

    last, losses = run({"params": params, "state": opt_state}, {"images": images, "labels": labels})
    return last["params"], last["state"], losses


# %% scan_epoch: losses in the carry, fori_loop
def scan_epoch(step, params, opt_state, images, labels):
    n = images.shape[0]

    def body(i, carry):
        params, state, losses = carry
        params, state, loss = step(params, state, images[i], labels[i])
        return params, state, losses.at[i].set(loss)

    return jax.lax.fori_loop(0, n, body, (params, opt_state, jnp.zeros(n)))


# %% scan_epoch: a list of the three, keywords
def scan_epoch(step, params, opt_state, images, labels):
    def body(carry, batch):
        *carry, loss = step(*carry, *batch)
        return tuple(carry), loss

    (params, opt_state), losses = jax.lax.scan(
        f=body, init=(params, opt_state), xs=(images, labels), length=len(labels)
    )
    return [params, opt_state, losses]


# %% mixed_gradients: a comprehension
def mixed_gradients(loss_fn, params, images, labels):
    images = images.astype("bfloat16")

    def loss_of(p):
        return loss_fn({name: jnp.asarray(a, jnp.bfloat16) for name, a in p.items()}, images, labels)

    loss, grads = jax.value_and_grad(loss_of)(params)
    return loss, grads


# %% mixed_gradients: short first, the gradients made long
def mixed_gradients(loss_fn, params, images, labels):
    def cast(tree, dtype):
        return jax.tree.map(lambda a: a.astype(dtype), tree)

    loss, grads = jax.value_and_grad(loss_fn)(cast(params, jnp.bfloat16), images.astype(jnp.bfloat16), labels)
    return loss, cast(grads, jnp.float32)


# %% mixed_gradients: vjp, compiled
def mixed_gradients(loss_fn, params, images, labels):
    @jax.jit
    def run(params, images, labels):
        def short(p):
            return loss_fn(optax.tree.cast(p, jnp.bfloat16), images.astype(jnp.bfloat16), labels)

        loss, back = jax.vjp(short, params)
        return loss, back(jnp.float32(1))[0]

    return run(params, images, labels)


# %% mixed_gradients: the images cast inside, a list of the two
def mixed_gradients(loss_fn, params, images, labels):
    def f(params, images):
        short, x = jax.tree.map(lambda a: jax.lax.convert_element_type(a, jnp.bfloat16), (params, images))
        return loss_fn(short, x, labels)

    return list(jax.value_and_grad(f)(params, images))


# %% mixed_gradients: grad, with the loss beside it
def mixed_gradients(loss_fn, params, images, labels):
    def with_loss(params):
        loss = loss_fn(jax.tree.map(lambda p: p.astype(jnp.bfloat16), params), images.astype(jnp.bfloat16), labels)
        return loss, loss

    grads, loss = jax.grad(with_loss, has_aux=True)(params)
    return loss, grads


# %% accumulate_gradients: lists of parts
def accumulate_gradients(loss_fn, params, images, labels, parts):
    f = jax.value_and_grad(loss_fn)
    found = [f(params, x, y) for x, y in zip(jnp.split(images, parts), jnp.split(labels, parts))]
    return jax.tree.map(lambda *each: sum(each) / parts, *found)


# %% accumulate_gradients: a scan over the parts
def accumulate_gradients(loss_fn, params, images, labels, parts):
    xs = images.reshape(parts, -1, *images.shape[1:]), labels.reshape(parts, -1)

    def body(total, batch):
        return jax.tree.map(jnp.add, total, jax.value_and_grad(loss_fn)(params, *batch)), None

    zero = jnp.zeros(()), jax.tree.map(jnp.zeros_like, params)
    (loss, grads), _ = jax.lax.scan(body, zero, xs)
    return loss / parts, jax.tree.map(lambda g: g / parts, grads)


# %% accumulate_gradients: lax.map, and means
def accumulate_gradients(loss_fn, params, images, labels, parts):
    size = images.shape[0] // parts
    X = images.reshape((parts, size) + images.shape[1:])
    y = labels.reshape(parts, size)
    each = jax.lax.map(lambda batch: jax.value_and_grad(loss_fn)(params, *batch), (X, y))
    return jax.tree.map(lambda a: a.mean(axis=0), each)


# %% accumulate_gradients: by name, shares of the mean
def accumulate_gradients(loss_fn, params, images, labels, parts):
    n = len(images)
    size = n // parts
    loss, grads = 0.0, {name: jnp.zeros_like(p) for name, p in params.items()}
    for i in range(parts):
        rows = slice(i * size, (i + 1) * size)
        l, g = jax.value_and_grad(loss_fn)(params, images[rows], labels[rows])
        loss += l * size / n
        grads = {name: grads[name] + g[name] * size / n for name in grads}
    return loss, grads


# %% accumulate_gradients: running means, in NumPy
def accumulate_gradients(loss_fn, params, images, labels, parts):
    losses, grads = [], None
    step = jax.jit(jax.value_and_grad(loss_fn))
    for i, (x, y) in enumerate(zip(np.split(np.asarray(images), parts), np.split(np.asarray(labels), parts))):
        loss, g = step(params, x, y)
        losses.append(float(loss))
        grads = g if grads is None else jax.tree.map(lambda m, new, i=i: m + (new - m) / (i + 1), grads, g)
    return np.mean(losses), grads


# %% accumulate_gradients: fori_loop and dynamic slices
def accumulate_gradients(loss_fn, params, images, labels, parts):
    size = len(images) // parts

    def body(i, total):
        x = jax.lax.dynamic_slice_in_dim(images, i * size, size)
        y = jax.lax.dynamic_slice_in_dim(labels, i * size, size)
        return jax.tree.map(jnp.add, total, jax.value_and_grad(loss_fn)(params, x, y))

    start = jnp.array(0.0), jax.tree.map(jnp.zeros_like, params)
    loss, grads = jax.lax.fori_loop(0, parts, body, start)
    return loss / parts, jax.tree.map(lambda g: g / parts, grads)
