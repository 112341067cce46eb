"""Right answers of lesson "gradient descent", each as a cell: `# %% exercise: what is particular about it`."""

# %% imports
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax


@jax.jit
@jax.grad
def gradients(params, X, labels):
    H = jax.nn.relu(X @ params["W1"].T + params["b1"])
    log_p = jax.nn.log_softmax(H @ params["W2"].T + params["b2"])
    return -(log_p * jax.nn.one_hot(labels, log_p.shape[1])).sum() / len(X)


# %% sgd_step: tree map
def sgd_step(params, grads, learning_rate):
    return jax.tree.map(lambda p, g: p - learning_rate * g, params, grads)


# %% sgd_step: Optax
def sgd_step(params, grads, learning_rate):
    tx = optax.sgd(learning_rate)
    updates, _ = tx.update(grads, tx.init(params))
    return optax.apply_updates(params, updates)


# %% sgd_step: a copy that is filled
def sgd_step(params, grads, learning_rate):
    new = dict(params)
    for name, g in grads.items():
        new[name] = new[name] - learning_rate * g
    return new


# %% sgd_step: a copy whose arrays are moved in place of the old ones
def sgd_step(params, grads, learning_rate):
    new = params.copy()
    for name in new:
        new[name] -= learning_rate * grads[name]
    return new


# %% sgd_step: dict of a generator, by name
def sgd_step(params, grads, learning_rate):
    return dict((k, jnp.subtract(v, jnp.multiply(learning_rate, grads[k]))) for k, v in params.items())


# %% sgd_step: in the order of the names
def sgd_step(params, grads, learning_rate):
    return {k: np.asarray(params[k]) - learning_rate * np.asarray(grads[k]) for k in sorted(params)}


# %% momentum_step: tree maps
def momentum_step(params, grads, velocity, learning_rate, momentum):
    v = jax.tree.map(lambda v, g: momentum * v + g, velocity, grads)
    return jax.tree.map(lambda p, v: p - learning_rate * v, params, v), v


# %% momentum_step: Optax
def momentum_step(params, grads, velocity, learning_rate, momentum):
    tx = optax.trace(decay=momentum)
    v, _ = tx.update(grads, optax.TraceState(trace=velocity))
    return optax.apply_updates(params, jax.tree.map(lambda u: -learning_rate * u, v)), v


# %% momentum_step: one loop
def momentum_step(params, grads, velocity, learning_rate, momentum):
    new_p, new_v = {}, {}
    for name in params:
        new_v[name] = velocity[name] * momentum + grads[name]
        new_p[name] = params[name] - new_v[name] * learning_rate
    return new_p, new_v


# %% momentum_step: a list of the two
def momentum_step(params, grads, velocity, learning_rate, momentum):
    velocity = {k: momentum * v for k, v in velocity.items()}
    for k in grads:
        velocity[k] += grads[k]
    params = {k: params[k] - learning_rate * velocity[k] for k in params}
    return [params, velocity]


# %% momentum_step: written out
def momentum_step(params, grads, velocity, learning_rate, momentum):
    new = {k: p - learning_rate * (momentum * velocity[k] + grads[k]) for k, p in params.items()}
    return new, {k: momentum * velocity[k] + grads[k] for k in params}


# %% adam_step: Optax
def adam_step(params, grads, m, v, step, learning_rate, beta1, beta2, eps):
    tx = optax.scale_by_adam(b1=beta1, b2=beta2, eps=eps)
    state = optax.ScaleByAdamState(count=jnp.array(step - 1, jnp.int32), mu=m, nu=v)
    updates, state = tx.update(grads, state)
    new = jax.tree.map(lambda p, u: p - learning_rate * u, params, updates)
    return new, state.mu, state.nu


# %% adam_step: tree maps
def adam_step(params, grads, m, v, step, learning_rate, beta1, beta2, eps):
    m = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, m, grads)
    v = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * jnp.square(g), v, grads)
    c1, c2 = 1 - beta1**step, 1 - beta2**step
    new = jax.tree.map(lambda p, m, v: p - learning_rate * (m / c1) / (jnp.sqrt(v / c2) + eps), params, m, v)
    return new, m, v


# %% adam_step: means as steps towards the new
def adam_step(params, grads, m, v, step, learning_rate, beta1, beta2, eps):
    new_p, new_m, new_v = {}, {}, {}
    for k, g in grads.items():
        new_m[k] = m[k] + (1 - beta1) * (g - m[k])
        new_v[k] = v[k] + (1 - beta2) * (g * g - v[k])
        rate = learning_rate / (1 - jnp.power(beta1, step))
        new_p[k] = params[k] - rate * new_m[k] / (eps + (new_v[k] / (1 - beta2**step)) ** 0.5)
    return new_p, new_m, new_v


# %% adam_step: a function of one array
def adam_step(params, grads, m, v, step, learning_rate, beta1, beta2, eps):
    def one(p, g, m, v):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        return p - learning_rate * m / (1 - beta1**step) / (jnp.sqrt(v / (1 - beta2**step)) + eps), m, v

    done = {k: one(params[k], grads[k], m[k], v[k]) for k in params}
    return tuple({k: three[i] for k, three in done.items()} for i in range(3))


# %% adam_step: both corrections in the rate
def adam_step(params, grads, m, v, step, learning_rate, beta1, beta2, eps):
    m = {k: beta1 * m[k] + (1 - beta1) * grads[k] for k in m}
    v = {k: beta2 * v[k] + (1 - beta2) * grads[k] ** 2 for k in v}
    root = (1 - beta2**step) ** 0.5
    rate = learning_rate * root / (1 - beta1**step)
    return {k: params[k] - rate * m[k] / (v[k] ** 0.5 + eps * root) for k in params}, m, v


# %% one_epoch: by batches of row numbers
def one_epoch(W, b, X, Y, learning_rate, batch_size, order):
    for i in range(0, len(order), batch_size):
        rows = order[i : i + batch_size]
        pred = X[rows] @ W.T + b
        dZ = 2 * (pred - Y[rows]) / len(rows)
        W, b = W - learning_rate * (dZ.T @ X[rows]), b - learning_rate * dZ.sum(axis=0)
    return W, b


# %% one_epoch: by jax.grad
def one_epoch(W, b, X, Y, learning_rate, batch_size, order):
    def loss(params, x, y):
        W, b = params
        return ((x @ W.T + b - y) ** 2).sum(axis=1).mean()

    X, Y = X[order], Y[order]
    for i in range(0, X.shape[0], batch_size):
        dW, db = jax.grad(loss)((W, b), X[i : i + batch_size], Y[i : i + batch_size])
        W = W - learning_rate * dW
        b = b - learning_rate * db
    return W, b


# %% one_epoch: NumPy, changed in place
def one_epoch(W, b, X, Y, learning_rate, batch_size, order):
    W, b, X, Y = (np.array(a) for a in (W, b, X, Y))
    batches = np.array_split(np.asarray(order), range(batch_size, len(X), batch_size))
    for rows in batches:
        dZ = 2 * (X[rows] @ W.T + b - Y[rows]) / len(rows)
        W -= learning_rate * dZ.T @ X[rows]
        b -= learning_rate * dZ.sum(0)
    return W, b


# %% one_epoch: the rate over the batch, and a while loop
def one_epoch(W, b, X, Y, learning_rate, batch_size, order):
    X, Y, i = X[order], Y[order], 0
    while i < len(X):
        x, y = X[i : i + batch_size], Y[i : i + batch_size]
        error = x @ W.T + b - y
        rate = 2 * learning_rate / len(x)
        W = W - rate * jnp.einsum("no,ni->oi", error, x)
        b = b - rate * jnp.ones(len(x)) @ error
        i += batch_size
    return [W, b]


# %% early_stop: the lowest loss and a counter
def early_stop(losses, patience):
    best, lowest, waited = 0, float("inf"), 0
    for epoch, loss in enumerate(losses):
        if loss < lowest:
            best, lowest, waited = epoch, loss, 0
        else:
            waited += 1
        if waited == patience:
            return best, epoch
    return best, epoch


# %% early_stop: argmin of what has been seen
def early_stop(losses, patience):
    for epoch in range(len(losses)):
        best = int(np.argmin(np.asarray(losses)[: epoch + 1]))
        if epoch >= best + patience:
            break
    return best, epoch


# %% early_stop: arrays of one number
def early_stop(losses, patience):
    best = jnp.argmin(losses[:1])
    last = len(losses) - 1
    for epoch in range(1, len(losses)):
        best = jnp.where(losses[epoch] < losses[best], epoch, best)
        if epoch - int(best) >= patience:
            last = epoch
            break
    return best, jnp.array(last)


# %% early_stop: a while loop
def early_stop(losses, patience):
    losses = [float(loss) for loss in losses]
    best = epoch = 0
    while epoch + 1 < len(losses) and epoch - best < patience:
        epoch += 1
        best = epoch if losses[epoch] < losses[best] else best
    return (best, epoch)


# %% largest_curvature: the gradient of gradient times v
def largest_curvature(loss, w, v, rounds):
    slope = jax.grad(loss)
    for _ in range(rounds):
        v = jax.grad(lambda w, v=v: slope(w) @ v)(w)
        v = v / jnp.sqrt((v**2).sum())
    return v @ jax.grad(lambda w: slope(w) @ v)(w)


# %% largest_curvature: all second derivatives
def largest_curvature(loss, w, v, rounds):
    H = jax.hessian(loss)(w)
    for _ in range(rounds):
        v = H @ v
        v /= jnp.linalg.norm(v)
    return jnp.vdot(v, H @ v)


# %% largest_curvature: linearized once
def largest_curvature(loss, w, v, rounds):
    _, times = jax.linearize(jax.grad(loss), w)
    for _ in range(rounds):
        Hv = times(v)
        v = Hv / jnp.linalg.norm(Hv)
    return (v * times(v)).sum()


# %% largest_curvature: a compiled loop
def largest_curvature(loss, w, v, rounds):
    def times(v):
        return jax.jvp(jax.grad(loss), [w], [v])[1]

    def one(_, v):
        v = times(v)
        return v / jnp.linalg.norm(v)

    v = jax.lax.fori_loop(0, rounds, one, v)
    return float(v @ times(v))


# %% train: Optax's plain descent
def train(params, X, labels, learning_rate, steps, batch_size, key):
    tx = optax.sgd(learning_rate)
    state = tx.init(params)
    for now in jax.random.split(key, steps):
        rows = jax.random.choice(now, len(X), (batch_size,))
        updates, state = tx.update(gradients(params, X[rows], labels[rows]), state)
        params = optax.apply_updates(params, updates)
    return params


# %% train: a scan over keys
def train(params, X, labels, learning_rate, steps, batch_size, key):
    def body(params, key):
        rows = jax.random.randint(key, (batch_size,), 0, X.shape[0])
        grads = gradients(params, X[rows], labels[rows])
        return jax.tree.map(lambda p, g: p - learning_rate * g, params, grads), None

    params, _ = jax.lax.scan(body, params, jax.random.split(key, steps))
    return params


# %% train: shuffled once a round
def train(params, X, labels, learning_rate, steps, batch_size, key):
    n, order, at = len(X), None, 0
    for _ in range(steps):
        if order is None or at + batch_size > n:
            key, now = jax.random.split(key)
            order, at = jax.random.permutation(now, n), 0
        rows = order[at : at + batch_size]
        at += batch_size
        g = gradients(params, X[rows], labels[rows])
        params = {k: params[k] - learning_rate * g[k] for k in params}
    return params


# %% train: fori_loop and fold_in, gradients of its own
def train(params, X, labels, learning_rate, steps, batch_size, key):
    def loss(p, x, y):
        h = jnp.maximum(x @ p["W1"].T + p["b1"], 0)
        return optax.softmax_cross_entropy_with_integer_labels(h @ p["W2"].T + p["b2"], y).mean()

    def one(i, p):
        rows = jax.random.choice(jax.random.fold_in(key, i), len(X), (batch_size,), replace=False)
        g = jax.grad(loss)(p, X[rows], labels[rows])
        return jax.tree.map(lambda a, b: a - learning_rate * b, p, g)

    return jax.lax.fori_loop(0, steps, one, params)


# %% train: rows by NumPy's generator, seeded by the key
def train(params, X, labels, learning_rate, steps, batch_size, key):
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    params = dict(params)
    for _ in range(steps):
        rows = rng.integers(0, len(X), batch_size)
        grads = gradients(params, X[rows], labels[rows])
        for name in params:
            params[name] = params[name] - learning_rate * grads[name]
    return params


# %% train: the images shuffled whole, and a step that is compiled
@partial(jax.jit, static_argnames="size")
def one_step(params, X, y, rate, start, size):
    x = jax.lax.dynamic_slice_in_dim(X, start, size)
    y = jax.lax.dynamic_slice_in_dim(y, start, size)
    return jax.tree.map(lambda p, g: p - rate * g, params, gradients(params, x, y))


def train(params, X, labels, learning_rate, steps, batch_size, key):
    a_round = max(len(X) // batch_size, 1)
    for i in range(steps):
        if i % a_round == 0:
            key, now = jax.random.split(key)
            order = jax.random.permutation(now, len(X))
            shuffled, classes = X[order], labels[order]
        params = one_step(params, shuffled, classes, learning_rate, i % a_round * batch_size, batch_size)
    return params
