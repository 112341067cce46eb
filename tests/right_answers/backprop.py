"""Right answers of lesson "backprop", each as a cell: `# %% exercise: what is particular about it`."""

# %% imports
from types import SimpleNamespace

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


class Value:
    def __init__(self, data, parents=(), name=""):
        self.data, self.parents, self.name = data, parents, name
        self.grad = 0.0 * data

    def push(self):
        pass


def squared(params, X, T):
    Y = jnp.tanh(X @ params["W1"].T + params["b1"]) @ params["W2"].T + params["b2"]
    return ((Y - T) ** 2).sum(axis=1).mean()


# %% cross_entropy: Optax
def cross_entropy(logits, labels):
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


# %% cross_entropy: log_softmax and one-hot labels
def cross_entropy(logits, labels):
    hot = jax.nn.one_hot(labels, logits.shape[-1])
    return -(hot * jax.nn.log_softmax(logits)).sum(axis=-1).mean()


# %% cross_entropy: the logarithm of the sum, minus the right logit
def cross_entropy(logits, labels):
    right = jnp.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return jnp.mean(jax.scipy.special.logsumexp(logits, axis=1) - right)


# %% cross_entropy: a loop over the examples, to a Python float
def cross_entropy(logits, labels):
    total = 0.0
    for row, label in zip(logits, labels):
        top = row.max()
        total += float(top + jnp.log(jnp.exp(row - top).sum()) - row[label])
    return total / len(labels)


# %% cross_entropy: vmap of one example
def cross_entropy(logits, labels):
    def one(z, y):
        return jax.nn.logsumexp(z) - z[y]

    return jax.vmap(one)(logits, labels).mean()


# %% cross_entropy: differences to the right logit
def cross_entropy(logits, labels):
    right = logits[jnp.arange(labels.size), labels]
    d = logits - right[:, None]
    m = d.max(axis=1)
    return (m + jnp.log(jnp.exp(d - m[:, None]).sum(axis=1))).mean()


# %% cross_entropy: in NumPy, with wide numbers
def cross_entropy(logits, labels):
    z = np.asarray(logits, dtype=np.float64)
    z = z - z.max(1, keepdims=True)
    return -(z[np.arange(len(z)), np.asarray(labels)] - np.log(np.exp(z).sum(1))).mean()


# %% cross_entropy: logaddexp, class by class
def cross_entropy(logits, labels):
    total = jax.lax.reduce(logits, -jnp.inf, jnp.logaddexp, (1,))
    return jnp.average(total - jnp.choose(labels, logits.T, mode="clip"))


# %% numerical_gradient: flat, and one-hot steps
def numerical_gradient(f, w, h):
    flat = w.ravel()
    steps = jnp.eye(flat.size) * h
    slopes = [(f((flat + s).reshape(w.shape)) - f((flat - s).reshape(w.shape))) / (2 * h) for s in steps]
    return jnp.array(slopes).reshape(w.shape)


# %% numerical_gradient: vmap over all steps
def numerical_gradient(f, w, h):
    steps = h * jnp.eye(w.size).reshape(w.size, *w.shape)
    slopes = jax.vmap(lambda s: (f(w + s) - f(w - s)) / (2 * h))(steps)
    return slopes.reshape(w.shape)


# %% numerical_gradient: functional updates
def numerical_gradient(f, w, h):
    g = jnp.zeros_like(w)
    for i in np.ndindex(*w.shape):
        up = f(w.at[i].set(w[i] + h))
        down = f(w.at[i].set(w[i] - h))
        g = g.at[i].set((up - down) / (2 * h))
    return g


# %% numerical_gradient: in NumPy, put back after each
def numerical_gradient(f, w, h):
    w = np.array(w)
    g = np.zeros_like(w)
    for i, old in np.ndenumerate(w.copy()):
        w[i] = old + h
        up = float(f(w))
        w[i] = old - h
        down = float(f(w))
        w[i] = old
        g[i] = (up - down) / 2 / h
    return g


# %% numerical_gradient: nditer
def numerical_gradient(f, w, h):
    slopes = np.empty(w.shape)
    it = np.nditer(np.asarray(w), flags=["multi_index"])
    for _ in it:
        e = np.zeros(w.shape, np.float32)
        e[it.multi_index] = h
        slopes[it.multi_index] = (f(w + e) - f(w - e)) / (2 * h)
    return slopes


# %% numerical_gradient: unravel_index, in a list
def numerical_gradient(f, w, h):
    found = []
    for k in range(w.size):
        place = jnp.unravel_index(k, w.shape)
        found.append(0.5 / h * (f(w.at[place].add(h)) - f(w.at[place].add(-h))))
    return jnp.asarray(found).reshape(w.shape)


# %% linear_backward: einsum
def linear_backward(dZ, X, W):
    return jnp.einsum("bo,oi->bi", dZ, W), jnp.einsum("bo,bi->oi", dZ, X), jnp.einsum("bo->o", dZ)


# %% linear_backward: vjp
def linear_backward(dZ, X, W):
    _, back = jax.vjp(lambda X, W, b: X @ W.T + b, X, W, jnp.zeros(W.shape[0]))
    return back(dZ)


# %% linear_backward: a list, in NumPy
def linear_backward(dZ, X, W):
    dZ, X, W = map(np.asarray, (dZ, X, W))
    return [dZ @ W, np.dot(dZ.T, X), dZ.sum(0)]


# %% linear_backward: outer products, example by example
def linear_backward(dZ, X, W):
    dW = jnp.zeros_like(W)
    db = jnp.zeros(W.shape[0])
    dX = []
    for dz, x in zip(dZ, X):
        dX.append(W.T @ dz)
        dW += jnp.outer(dz, x)
        db += dz
    return jnp.stack(dX), dW, db


# %% linear_backward: grad of a weighted sum
def linear_backward(dZ, X, W):
    def pulled(X, W, b):
        return jnp.vdot(X @ W.T + b, dZ)

    return jax.grad(pulled, argnums=(0, 1, 2))(X, W, jnp.zeros(dZ.shape[1]))


# %% linear_backward: vmap, summed
def linear_backward(dZ, X, W):
    dW = jax.vmap(jnp.outer)(dZ, X).sum(0)
    return jax.vmap(lambda dz: dz @ W)(dZ), dW, jnp.ones(len(dZ)) @ dZ


# %% relu_backward: a product with a comparison
def relu_backward(dH, Z):
    return dH * (Z > 0)


# %% relu_backward: where the slope is zero
def relu_backward(dH, Z):
    return jnp.where(Z <= 0, 0.0, dH)


# %% relu_backward: vjp of the library's
def relu_backward(dH, Z):
    _, back = jax.vjp(jax.nn.relu, Z)
    (dZ,) = back(dH)
    return dZ


# %% relu_backward: a functional update
def relu_backward(dH, Z):
    return dH.at[Z <= 0].set(0)


# %% relu_backward: a copy in NumPy
def relu_backward(dH, Z):
    dZ = np.array(dH)
    dZ[np.asarray(Z) <= 0] = 0
    return dZ


# %% relu_backward: heaviside
def relu_backward(dH, Z):
    return jnp.multiply(dH, jnp.heaviside(Z, 0.0))


# %% relu_backward: from H
def relu_backward(dH, Z):
    H = jnp.maximum(Z, 0)
    return dH * jnp.sign(H)


# %% softmax_cross_entropy_backward: the library's softmax and one-hot labels
def softmax_cross_entropy_backward(logits, labels):
    batch, classes = logits.shape
    return (jax.nn.softmax(logits) - jax.nn.one_hot(labels, classes)) / batch


# %% softmax_cross_entropy_backward: grad
def softmax_cross_entropy_backward(logits, labels):
    def loss(z):
        return optax.softmax_cross_entropy_with_integer_labels(z, labels).mean()

    return jax.grad(loss)(logits)


# %% softmax_cross_entropy_backward: one taken away by a functional update
def softmax_cross_entropy_backward(logits, labels):
    p = jax.nn.softmax(logits, axis=1)
    return p.at[jnp.arange(len(p)), labels].add(-1.0) / len(p)


# %% softmax_cross_entropy_backward: in NumPy
def softmax_cross_entropy_backward(logits, labels):
    z = np.array(logits)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    p[np.arange(len(z)), np.array(labels)] -= 1
    return p / z.shape[0]


# %% softmax_cross_entropy_backward: rows of an identity matrix
def softmax_cross_entropy_backward(logits, labels):
    log_p = logits - jax.nn.logsumexp(logits, axis=1, keepdims=True)
    return (jnp.exp(log_p) - jnp.eye(logits.shape[1])[labels]) / labels.shape[0]


# %% softmax_cross_entropy_backward: vmap of one example
def softmax_cross_entropy_backward(logits, labels):
    def one(z, y):
        p = jax.nn.softmax(z)
        return p.at[y].set(p[y] - 1)

    return jax.vmap(one)(logits, labels) * (1 / len(labels))


# %% two_layer_gradients: grad
def two_layer_gradients(params, X, labels):
    def loss(p):
        h = jax.nn.relu(X @ p["W1"].T + p["b1"])
        logits = h @ p["W2"].T + p["b2"]
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    return jax.grad(loss)(params)


# %% two_layer_gradients: the gradients given below
def two_layer_gradients(params, X, labels):
    return gradients(params, X, labels)


# %% two_layer_gradients: an object for the names
def two_layer_gradients(params, X, labels):
    p = SimpleNamespace(**params)
    Z1 = jnp.einsum("bi,hi->bh", X, p.W1) + p.b1
    H = jnp.where(Z1 > 0, Z1, 0)
    probs = jax.nn.softmax(H @ p.W2.T + p.b2, axis=-1)
    d = probs.at[jnp.arange(X.shape[0]), labels].add(-1) / X.shape[0]
    dZ1 = (d @ p.W2) * (Z1 > 0)
    return dict(W2=jnp.einsum("bo,bh->oh", d, H), b2=d.sum(0), W1=jnp.einsum("bh,bi->hi", dZ1, X), b1=dZ1.sum(0))


# %% two_layer_gradients: example by example
def two_layer_gradients(params, X, labels):
    W1, b1, W2, b2 = (params[name] for name in ("W1", "b1", "W2", "b2"))
    grads = jax.tree.map(jnp.zeros_like, params)
    for x, y in zip(X, labels):
        z1 = W1 @ x + b1
        h = jnp.maximum(z1, 0)
        d = jax.nn.softmax(W2 @ h + b2) - jax.nn.one_hot(y, len(b2))
        d1 = (W2.T @ d) * (z1 > 0)
        one = {"W1": jnp.outer(d1, x), "b1": d1, "W2": jnp.outer(d, h), "b2": d}
        grads = jax.tree.map(jnp.add, grads, one)
    return jax.tree.map(lambda g: g / len(X), grads)


# %% two_layer_gradients: in NumPy
def two_layer_gradients(params, X, labels):
    p = {name: np.asarray(value) for name, value in params.items()}
    X, labels = np.asarray(X), np.asarray(labels)
    Z1 = X @ p["W1"].T + p["b1"]
    H = np.maximum(Z1, 0)
    logits = H @ p["W2"].T + p["b2"]
    e = np.exp(logits - logits.max(1, keepdims=True))
    d = e / e.sum(1, keepdims=True)
    d[np.arange(len(X)), labels] -= 1
    d /= len(X)
    grads = {"W2": d.T @ H, "b2": d.sum(0)}
    dZ1 = d @ p["W2"]
    dZ1[Z1 <= 0] = 0
    grads["W1"], grads["b1"] = dZ1.T @ X, dZ1.sum(0)
    return grads


# %% two_layer_gradients: vmap of grad
def two_layer_gradients(params, X, labels):
    def loss(p, x, y):
        h = jax.nn.relu(p["W1"] @ x + p["b1"])
        return -jax.nn.log_softmax(p["W2"] @ h + p["b2"])[y]

    each = jax.vmap(jax.grad(loss), in_axes=(None, 0, 0))(params, X, labels)
    return jax.tree.map(lambda g: g.mean(axis=0), each)


# %% multiply: assignments with a sum
def multiply(a, b):
    out = Value(b.data * a.data, [a, b])

    def back():
        a.grad = a.grad + out.grad * b.data
        b.grad = b.grad + out.grad * a.data

    out.push = back
    return out


# %% multiply: a loop over the parents
def multiply(a, b):
    out = Value(a.data * b.data, (a, b), "*")

    def push():
        for one, other in ((a, b), (b, a)):
            one.grad += out.grad * other.data

    out.push = push
    return out


# %% multiply: a class of its own
class Product(Value):
    def push(self):
        a, b = self.parents
        a.grad += self.grad * b.data
        b.grad += self.grad * a.data


def multiply(a, b):
    return Product(a.data * b.data, (a, b))


# %% multiply: factors kept on the way forward
def multiply(a, b):
    x, y = a.data, b.data
    out = Value(x * y, (a, b))

    def push():
        b.grad += x * out.grad
        a.grad += y * out.grad

    out.push = push
    return out


# %% backward: a set of ids, and reverse
def backward(end):
    order, ids = [], set()

    def build(v):
        if id(v) in ids:
            return
        ids.add(id(v))
        for p in v.parents:
            build(p)
        order.append(v)

    build(end)
    for v in order:
        v.grad = 0
    end.grad = 1
    order.reverse()
    for v in order:
        v.push()


# %% backward: users counted
def backward(end):
    users, nodes, waiting = {}, [], [end]
    while waiting:
        node = waiting.pop()
        if any(node is one for one in nodes):
            continue
        nodes.append(node)
        node.grad = 0.0
        for parent in node.parents:
            users[id(parent)] = users.get(id(parent), 0) + 1
            waiting.append(parent)
    end.grad = 1.0
    ready = [end]
    while ready:
        node = ready.pop()
        node.push()
        for parent in node.parents:
            users[id(parent)] -= 1
            if users[id(parent)] == 0:
                ready.append(parent)


# %% backward: with a stack in the place of the recursion
def backward(end):
    order, stack = [], [(end, False)]
    while stack:
        node, done = stack.pop()
        if done:
            if node not in order:
                order.append(node)
        elif node not in order:
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents)
    for node in order:
        node.grad = np.float32(0)
    order[-1].grad = np.float32(1)
    while order:
        order.pop().push()


# %% backward: sorted by depth
def backward(end):
    def depth(node):
        return 1 + max((depth(parent) for parent in node.parents), default=0)

    def all_of(node):
        return {node}.union(*(all_of(parent) for parent in node.parents))

    nodes = sorted(all_of(end), key=depth, reverse=True)
    for node in nodes:
        node.grad = float(node is end)
    for node in nodes:
        node.push()


# %% mended_gradients: grad
def mended_gradients(params, X, T):
    return jax.grad(squared)(params, X, T)


# %% mended_gradients: a tanh called again
def mended_gradients(params, X, T):
    W1, b1, W2, b2 = (params[k] for k in ("W1", "b1", "W2", "b2"))
    Z1 = X @ W1.T + b1
    dY = 2 / X.shape[0] * (jnp.tanh(Z1) @ W2.T + b2 - T)
    dZ1 = dY @ W2 * (1 - jnp.tanh(Z1) ** 2)
    return dict(W1=dZ1.T @ X, b1=dZ1.sum(0), W2=dY.T @ jnp.tanh(Z1), b2=dY.sum(0))


# %% mended_gradients: in NumPy
def mended_gradients(params, X, T):
    p = {k: np.asarray(v) for k, v in params.items()}
    X, T = np.asarray(X), np.asarray(T)
    H = np.tanh(X @ p["W1"].T + p["b1"])
    dY = 2 * (H @ p["W2"].T + p["b2"] - T) / len(X)
    dZ = (dY @ p["W2"]) / np.cosh(X @ p["W1"].T + p["b1"]) ** 2
    return {"W2": dY.T @ H, "b2": dY.sum(axis=0), "W1": dZ.T @ X, "b1": dZ.sum(axis=0)}


# %% mended_gradients: einsum
def mended_gradients(params, X, T):
    W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
    H = jnp.tanh(jnp.einsum("ni,hi->nh", X, W1) + b1)
    dY = 2 * (jnp.einsum("nh,oh->no", H, W2) + b2 - T) / len(T)
    dZ = jnp.einsum("no,oh->nh", dY, W2) * (1 - H) * (1 + H)
    return {
        "W1": jnp.einsum("nh,ni->hi", dZ, X),
        "b1": dZ.sum(0),
        "W2": jnp.einsum("no,nh->oh", dY, H),
        "b2": dY.sum(0),
    }


# %% matmul: assignments with a sum
def matmul(a, b):
    out = Value(np.matmul(a.data, b.data), (a, b))

    def push():
        a.grad = a.grad + np.matmul(out.grad, b.data.T)
        b.grad = b.grad + np.matmul(a.data.T, out.grad)

    out.push = push
    return out


# %% matmul: einsum
def matmul(a, b):
    out = Value(np.einsum("ik,kj->ij", a.data, b.data), [a, b])

    def push():
        a.grad += np.einsum("ij,kj->ik", out.grad, b.data)
        b.grad += np.einsum("ij,ik->kj", out.grad, a.data)

    out.push = push
    return out


# %% matmul: as a layer's backward pass
def matmul(a, b):
    out = Value(a.data @ b.data, (a, b), "@")

    def push():
        da, dw = out.grad @ b.data.T, out.grad.T @ a.data
        a.grad += da
        b.grad += dw.T

    out.push = push
    return out


# %% matmul: a sum of outer products
def matmul(a, b):
    out = Value(a.data @ b.data, (a, b))

    def push():
        to_b = sum(np.outer(row, g) for row, g in zip(a.data, out.grad))
        a.grad += (b.data @ out.grad.T).T
        b.grad += to_b

    out.push = push
    return out


# %% unbroadcast: loops
def unbroadcast(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    for axis, n in enumerate(shape):
        if n == 1:
            grad = grad.sum(axis=axis, keepdims=True)
    return grad


# %% unbroadcast: padded shape, and reshape
def unbroadcast(grad, shape):
    padded = (1,) * (grad.ndim - len(shape)) + tuple(shape)
    axes = tuple(i for i, (n, m) in enumerate(zip(grad.shape, padded)) if m == 1)
    return grad.sum(axis=axes).reshape(shape)


# %% unbroadcast: vjp of the library's
def unbroadcast(grad, shape):
    _, back = jax.vjp(lambda x: jnp.broadcast_to(x, grad.shape), jnp.zeros(shape))
    return back(grad)[0]


# %% unbroadcast: in NumPy
def unbroadcast(grad, shape):
    grad = np.asarray(grad)
    lead = grad.ndim - len(shape)
    grad = np.sum(grad, axis=tuple(range(lead)))
    for i in range(len(shape)):
        if shape[i] != grad.shape[i]:
            grad = np.sum(grad, axis=i, keepdims=True)
    return grad
