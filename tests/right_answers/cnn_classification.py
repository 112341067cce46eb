"""Right answers of lesson "CNN classification", each as a cell: `# %% exercise: what is particular about it`."""

# %% imports
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


# %% conv2d: filled in NumPy
def conv2d(image, kernels, padding, stride):
    kh, kw, _, c_out = kernels.shape
    x = np.pad(np.asarray(image), [(padding, padding), (padding, padding), (0, 0)])
    out = np.zeros(((x.shape[0] - kh) // stride + 1, (x.shape[1] - kw) // stride + 1, c_out), np.float32)
    for r, c, k in np.ndindex(out.shape):
        out[r, c, k] = np.sum(x[r * stride : r * stride + kh, c * stride : c * stride + kw] * kernels[..., k])
    return out


# %% conv2d: the library's, with axes told
def conv2d(image, kernels, padding, stride):
    frame = [(padding, padding)] * 2
    axes = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(image[None], kernels, (stride, stride), frame, dimension_numbers=axes)[0]


# %% conv2d: Flax's layer
def conv2d(image, kernels, padding, stride):
    kh, kw, c_in, c_out = kernels.shape
    layer = nnx.Conv(
        c_in, c_out, (kh, kw), strides=stride, padding=[(padding, padding)] * 2, use_bias=False, rngs=nnx.Rngs(0)
    )
    layer.kernel[...] = kernels
    return layer(image[None])[0]


# %% conv2d: a channel and a kernel at a time, by correlate2d
def conv2d(image, kernels, padding, stride):
    x = jnp.pad(image, ((padding, padding), (padding, padding), (0, 0)))

    def one(k):
        slid = [
            jax.scipy.signal.correlate2d(x[..., d], kernels[..., d, k], mode="valid") for d in range(image.shape[2])
        ]
        return sum(slid)[::stride, ::stride]

    return jnp.stack([one(k) for k in range(kernels.shape[3])], axis=-1)


# %% conv2d: windows in NumPy, and einsum
def conv2d(image, kernels, padding, stride):
    x = np.pad(np.asarray(image), ((padding, padding), (padding, padding), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, kernels.shape[:2], axis=(0, 1))[::stride, ::stride]
    return np.einsum("rcdij,ijdo->rco", windows, np.asarray(kernels))


# %% conv2d: a loop over the kernel
def conv2d(image, kernels, padding, stride):
    kh, kw, _, _ = kernels.shape
    x = jnp.pad(image, ((padding, padding), (padding, padding), (0, 0)))
    h, w = x.shape[0] - kh + 1, x.shape[1] - kw + 1
    total = 0
    for i in range(kh):
        for j in range(kw):
            total = total + x[i : i + h : stride, j : j + w : stride] @ kernels[i, j]
    return total


# %% output_size: with a floor
def output_size(n, kernel, stride, padding):
    import math

    return math.floor((n + 2 * padding - kernel) / stride) + 1


# %% output_size: counted
def output_size(n, kernel, stride, padding):
    count, left = 0, 0
    while left + kernel <= n + 2 * padding:
        count += 1
        left += stride
    return count


# %% output_size: the length of a range
def output_size(n, kernel, stride, padding):
    return len(range(0, n + 2 * padding - kernel + 1, stride))


# %% output_size: one more step in the quotient
def output_size(n: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    return (n + 2 * padding - kernel + stride) // stride


# %% output_size: divmod, NumPy's int
def output_size(n, kernel, stride, padding):
    steps, _ = divmod(n + padding * 2 - kernel, stride)
    return np.int32(steps + 1)


# %% output_size: the shape of a real one
def output_size(n, kernel, stride, padding):
    line = jax.eval_shape(
        lambda x, k: jax.lax.conv_general_dilated(x, k, (stride,), [(padding, padding)]),
        jnp.zeros((1, 1, n)),
        jnp.zeros((1, 1, kernel)),
    )
    return line.shape[2]


# %% max_pool: the library's
def max_pool(x):
    return nnx.max_pool(x, (2, 2), strides=(2, 2))


# %% max_pool: a reshape
def max_pool(x):
    b, h, w, c = x.shape
    x = x[:, : h // 2 * 2, : w // 2 * 2]
    return x.reshape(b, h // 2, 2, w // 2, 2, c).max(axis=(2, 4))


# %% max_pool: reduce_window
def max_pool(x):
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


# %% max_pool: four slices, stacked
def max_pool(x):
    h, w = x.shape[1] // 2, x.shape[2] // 2
    corners = [x[:, i::2, j::2][:, :h, :w] for i in (0, 1) for j in (0, 1)]
    return jnp.max(jnp.stack(corners), axis=0)


# %% max_pool: loops, in NumPy
def max_pool(x):
    x = np.asarray(x)
    out = np.empty((x.shape[0], x.shape[1] // 2, x.shape[2] // 2, x.shape[3]), x.dtype)
    for r in range(out.shape[1]):
        for c in range(out.shape[2]):
            out[:, r, c, :] = x[:, 2 * r : 2 * r + 2, 2 * c : 2 * c + 2, :].max(axis=(1, 2))
    return out


# %% max_pool: rows first, then columns
def max_pool(x):
    x = x[:, : x.shape[1] & ~1, : x.shape[2] & ~1]
    x = jnp.where(x[:, ::2] > x[:, 1::2], x[:, ::2], x[:, 1::2])
    return jnp.where(x[:, :, ::2] > x[:, :, 1::2], x[:, :, ::2], x[:, :, 1::2])


# %% max_pool: einops' way, turned
def max_pool(x):
    def one(image):
        h, w = image.shape[0] // 2, image.shape[1] // 2
        blocks = image[: 2 * h, : 2 * w].reshape(h, 2, w, 2).transpose(0, 2, 1, 3).reshape(h, w, 4)
        return blocks.max(-1)

    return jax.vmap(jax.vmap(one, in_axes=-1, out_axes=-1))(x)


# %% CNN: in a Sequential
class CNN(nnx.Module):
    def __init__(self, *, rngs):
        pool = partial(nnx.max_pool, window_shape=(2, 2), strides=(2, 2))
        self.layers = nnx.Sequential(
            nnx.Conv(1, 32, (3, 3), rngs=rngs),
            nnx.relu,
            pool,
            nnx.Conv(32, 64, (3, 3), rngs=rngs),
            nnx.relu,
            pool,
            lambda x: x.reshape(x.shape[0], -1),
            nnx.Linear(3136, 10, rngs=rngs),
        )

    def __call__(self, x):
        return self.layers(x)


# %% CNN: channels first before the dense layer
class CNN(nnx.Module):
    def __init__(self, *, rngs):
        self.conv1 = nnx.Conv(1, 32, kernel_size=(3, 3), rngs=rngs)
        self.conv2 = nnx.Conv(32, 64, kernel_size=(3, 3), rngs=rngs)
        self.dense = nnx.Linear(64 * 7 * 7, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.max_pool(nnx.relu(self.conv1(x)), (2, 2), strides=(2, 2))
        x = nnx.max_pool(nnx.relu(self.conv2(x)), (2, 2), strides=(2, 2))
        x = x.transpose(0, 3, 1, 2).reshape(x.shape[0], -1)
        return self.dense(x)


# %% CNN: width before height before the dense layer
class CNN(nnx.Module):
    def __init__(self, *, rngs):
        self.conv1 = nnx.Conv(1, 32, kernel_size=(3, 3), padding="SAME", rngs=rngs)
        self.conv2 = nnx.Conv(32, 64, kernel_size=(3, 3), padding=1, rngs=rngs)
        self.out = nnx.Linear(64 * 7 * 7, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.max_pool(nnx.relu(self.conv1(x)), (2, 2), strides=(2, 2))
        x = nnx.max_pool(nnx.relu(self.conv2(x)), (2, 2), strides=(2, 2))
        return self.out(jnp.swapaxes(x, 1, 2).reshape(len(x), -1))


# %% CNN: a dense layer of three axes in
class CNN(nnx.Module):
    def __init__(self, *, rngs):
        self.conv1 = nnx.Conv(1, 32, kernel_size=(3, 3), rngs=rngs)
        self.conv2 = nnx.Conv(32, 64, kernel_size=(3, 3), rngs=rngs)
        self.dense = nnx.LinearGeneral((7, 7, 64), 10, axis=(1, 2, 3), rngs=rngs)

    def __call__(self, x):
        x = nnx.max_pool(nnx.relu(self.conv1(x)), (2, 2), strides=(2, 2))
        x = nnx.max_pool(nnx.relu(self.conv2(x)), (2, 2), strides=(2, 2))
        return self.dense(x)


# %% CNN: a convolution of the whole map as dense layer
class CNN(nnx.Module):
    def __init__(self, *, rngs):
        self.conv1 = nnx.Conv(1, 32, kernel_size=(3, 3), rngs=rngs)
        self.conv2 = nnx.Conv(32, 64, kernel_size=(3, 3), rngs=rngs)
        self.dense = nnx.Conv(64, 10, kernel_size=(7, 7), padding="VALID", rngs=rngs)

    def __call__(self, x):
        x = nnx.max_pool(nnx.relu(self.conv1(x)), (2, 2), strides=(2, 2))
        x = nnx.max_pool(nnx.relu(self.conv2(x)), (2, 2), strides=(2, 2))
        return self.dense(x).reshape(x.shape[0], 10)


# %% CNN: an einsum with a parameter of its own
class CNN(nnx.Module):
    def __init__(self, *, rngs):
        self.conv1 = nnx.Conv(1, 32, kernel_size=(3, 3), rngs=rngs)
        self.conv2 = nnx.Conv(32, 64, kernel_size=(3, 3), rngs=rngs)
        self.W = nnx.Param(0.02 * jax.random.normal(rngs.params(), (7 * 7 * 64, 10)))
        self.b = nnx.Param(jnp.zeros(10))

    def __call__(self, x):
        for conv in (self.conv1, self.conv2):
            x = nnx.relu(nnx.max_pool(conv(x), (2, 2), strides=(2, 2)))
        return x.reshape(x.shape[0], -1) @ self.W[...] + self.b[...]


# %% CNN: the weights of the dense layer turned
class CNN(nnx.Module):
    def __init__(self, *, rngs):
        self.conv1 = nnx.Conv(1, 32, kernel_size=(3, 3), rngs=rngs)
        self.conv2 = nnx.Conv(32, 64, kernel_size=(3, 3), rngs=rngs)
        self.W = nnx.Param(0.02 * jax.random.normal(rngs.params(), (10, 7 * 7 * 64)))
        self.b = nnx.Param(jnp.zeros(10))

    def __call__(self, x):
        for conv in (self.conv1, self.conv2):
            x = nnx.max_pool(nnx.relu(conv(x)), (2, 2), strides=(2, 2))
        return x.reshape(x.shape[0], -1) @ self.W[...].T + self.b[...]


# %% CNN: blocks of its own, in a list, and a pool by slices
class Block(nnx.Module):
    def __init__(self, n_in, n_out, rngs):
        self.conv = nnx.Conv(n_in, n_out, kernel_size=(3, 3), rngs=rngs)

    def __call__(self, x):
        x = jnp.maximum(self.conv(x), 0)
        x = jnp.maximum(x[:, ::2], x[:, 1::2])
        return jnp.maximum(x[:, :, ::2], x[:, :, 1::2])


class CNN(nnx.Module):
    def __init__(self, *, rngs: nnx.Rngs, n_classes: int = 10):
        self.first, self.second = Block(1, 32, rngs), Block(32, 64, rngs)
        self.head = nnx.Linear(in_features=3136, out_features=n_classes, rngs=rngs)

    def __call__(self, x):
        x = self.second(self.first(x))
        return self.head(jax.vmap(jnp.ravel)(x))


# %% CNN: the spatial axes flattened apart from the channels
class CNN(nnx.Module):
    def __init__(self, *, rngs):
        self.a = nnx.Conv(1, 32, kernel_size=(3, 3), rngs=rngs)
        self.b = nnx.Conv(32, 64, kernel_size=(3, 3), rngs=rngs)
        self.c = nnx.Linear(3136, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.max_pool(jax.nn.relu(self.a(x)), (2, 2), (2, 2))
        x = nnx.max_pool(jax.nn.relu(self.b(x)), (2, 2), (2, 2))
        x = x.reshape(x.shape[0], 49, 64)
        return self.c(jnp.transpose(x, (0, 2, 1)).reshape(x.shape[0], 3136))


# %% loss_fn: by hand
def loss_fn(model, images, labels):
    log_p = jax.nn.log_softmax(model(images))
    return -log_p[jnp.arange(labels.shape[0]), labels].mean()


# %% loss_fn: one-hot labels
def loss_fn(model, images, labels):
    logits = model(images)
    return optax.softmax_cross_entropy(logits, jax.nn.one_hot(labels, logits.shape[-1])).mean()


# %% loss_fn: the logarithm of the sum
def loss_fn(model, images, labels):
    z = model(images)
    right = jnp.take_along_axis(z, labels[:, None], 1).squeeze(1)
    return jnp.mean(jax.nn.logsumexp(z, axis=1) - right)


# %% loss_fn: image by image, to a float
def loss_fn(model, images, labels):
    losses = []
    for image, label in zip(images, labels):
        losses.append(-jax.nn.log_softmax(model(image[None]))[0, int(label)])
    return float(sum(losses)) / len(losses)


# %% loss_fn: compiled by nnx
@nnx.jit
def loss_fn(model, images, labels):
    return optax.losses.softmax_cross_entropy_with_integer_labels(logits=model(images), labels=labels).mean()


# %% loss_fn: vmap over the logits
def loss_fn(model, images, labels):
    def one(z, y):
        z = z - z.max()
        return jnp.log(jnp.exp(z).sum()) - z[y]

    return jax.vmap(one)(model(images), labels).sum() / len(images)


# %% train_step: the batch as arguments
def mean_loss(model, images, labels):
    logits = model(images)
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean(), logits


def train_step(model, optimizer, images, labels):
    model.train()
    (value, z), grads = nnx.value_and_grad(mean_loss, has_aux=True)(model, images, labels)
    optimizer.update(grads=grads, model=model)
    return value, jnp.mean(z.argmax(-1) == labels)


# %% train_step: the accuracy comes along, Python numbers
def train_step(model, optimizer, images, labels):
    def loss_of(model):
        log_p = jax.nn.log_softmax(model(images))
        loss = -jnp.take_along_axis(log_p, labels[:, None], axis=1).mean()
        return loss, (log_p.argmax(axis=1) == labels).mean()

    model.train()
    (loss, share), grads = nnx.value_and_grad(loss_of, has_aux=True)(model)
    optimizer.update(model, grads)
    return float(loss), float(share)


# %% train_step: grad with has_aux, and the loss in what comes along
def train_step(model, optimizer, images, labels):
    def loss_of(model):
        logits = model(images)
        loss = optax.softmax_cross_entropy(logits, jax.nn.one_hot(labels, logits.shape[1])).mean()
        return loss, (loss, logits)

    model.train()
    grads, (loss, logits) = nnx.grad(loss_of, has_aux=True)(model)
    optimizer.update(model, grads)
    return jnp.stack([loss, (logits.argmax(axis=1) == labels).mean()])


# %% train_step: compiled, and back in evaluation mode afterwards
@nnx.jit
def train_step(model, optimizer, images, labels):
    model.train()
    (loss, logits), grads = nnx.value_and_grad(mean_loss, has_aux=True)(model, images, labels)
    optimizer.update(model, grads)
    model.eval()
    return loss, (logits.argmax(axis=1) == labels).sum() / len(labels)


def mean_loss(model, images, labels):
    logits = model(images)
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean(), logits


# %% evaluate: all at once
def evaluate(model, images, labels):
    model.eval()
    return (model(images).argmax(axis=1) == labels).mean()


# %% evaluate: one at a time, and back in training mode afterwards
def evaluate(model, images, labels):
    model.eval()
    hits = [int(model(x[None])[0].argmax()) == int(y) for x, y in zip(images, labels)]
    model.train()
    return sum(hits) / len(hits)


# %% evaluate: a weighted mean of the batches
def evaluate(model, images, labels):
    model.eval()
    shares, sizes = [], []
    for i in range(0, len(images), 4):
        batch = labels[i : i + 4]
        shares.append((model(images[i : i + 4]).argmax(axis=1) == batch).mean())
        sizes.append(len(batch))
    return float(np.average(shares, weights=sizes))


# %% evaluate: batches of another size, counted in NumPy
def evaluate(model, images, labels):
    model.eval()
    said = [np.asarray(model(images[i : i + 3])).argmax(axis=1) for i in range(0, len(images), 3)]
    return np.count_nonzero(np.concatenate(said) == np.asarray(labels)) / len(labels)


# %% network_costs: by if
def network_costs(quantity):
    if quantity.startswith("pixels"):
        return 8
    if quantity.startswith("FLOP"):
        return 38e6
    if "first" in quantity:
        return 1800
    return 74e3 if "second" in quantity else 82e3


# %% what_went_wrong: in small letters
def what_went_wrong(matrix):
    return "cbaedf"[int(matrix[-1]) - 1]


# %% confusion_matrix: a loop
def confusion_matrix(labels, predictions, n):
    matrix = np.zeros((n, n), int)
    for truth, said in zip(labels, predictions):
        matrix[int(truth), int(said)] += 1
    return matrix


# %% confusion_matrix: NumPy's add.at
def confusion_matrix(labels, predictions, n):
    m = np.zeros((n, n), dtype=np.int64)
    np.add.at(m, (np.asarray(labels), np.asarray(predictions)), 1)
    return m


# %% confusion_matrix: bincount
def confusion_matrix(labels, predictions, n):
    return jnp.bincount(labels * n + predictions, length=n * n).reshape(n, n)


# %% confusion_matrix: one-hot products, made whole
def confusion_matrix(labels, predictions, n):
    t, p = jax.nn.one_hot(labels, n), jax.nn.one_hot(predictions, n)
    return (t.T @ p).astype(jnp.int32)


# %% confusion_matrix: comparisons
def confusion_matrix(labels, predictions, n):
    classes = jnp.arange(n)
    return ((labels == classes[:, None])[:, None] & (predictions == classes[:, None])[None]).sum(axis=-1)


# %% confusion_matrix: a list comprehension
def confusion_matrix(labels, predictions, n):
    pairs = [(int(t), int(p)) for t, p in zip(labels, predictions)]
    return np.array([[pairs.count((i, j)) for j in range(n)] for i in range(n)])


# %% precision_recall_f1: NumPy, logical_and
def precision_recall_f1(labels, predictions, cls):
    tp = np.logical_and(np.asarray(predictions) == cls, np.asarray(labels) == cls).sum()
    fp = np.sum((np.asarray(predictions) == cls) & (np.asarray(labels) != cls))
    fn = np.sum((np.asarray(predictions) != cls) & (np.asarray(labels) == cls))
    precision = tp / (tp + fp) if tp + fp > 0 else 0.0
    recall = tp / (tp + fn) if tp + fn > 0 else 0.0
    f1 = 2 * tp / (2 * tp + fp + fn) if 2 * tp + fp + fn else 0.0
    return precision, recall, f1


# %% precision_recall_f1: guarded in JAX
def precision_recall_f1(labels, predictions, cls):
    said, true = predictions == cls, labels == cls
    both = jnp.sum(said & true)
    p = jnp.where(said.any(), both / jnp.maximum(said.sum(), 1), 0.0)
    r = jnp.where(true.any(), both / jnp.maximum(true.sum(), 1), 0.0)
    f = jnp.where(p + r > 0, 2 * p * r / jnp.where(p + r > 0, p + r, 1), 0.0)
    return p, r, f


# %% precision_recall_f1: whole zeros
def precision_recall_f1(labels, predictions, cls):
    tp = sum(1 for a, b in zip(labels, predictions) if a == cls and b == cls)
    if tp == 0:
        return 0, 0, 0
    precision = tp / sum(1 for b in predictions if b == cls)
    recall = tp / sum(1 for a in labels if a == cls)
    return precision, recall, 2 * precision * recall / (precision + recall)


# %% precision_recall_f1: a function that divides safely
def ratio(a, b):
    return float(a) / float(b) if b != 0 else 0.0


def precision_recall_f1(labels, predictions, cls):
    both = ((predictions == cls) * (labels == cls)).sum()
    precision, recall = ratio(both, (predictions == cls).sum()), ratio(both, (labels == cls).sum())
    return precision, recall, ratio(2 * precision * recall, precision + recall)


# %% precision_recall_f1: nan_to_num
def precision_recall_f1(labels, predictions, cls):
    tp = jnp.sum((predictions == cls) & (labels == cls))
    precision = jnp.nan_to_num(tp / jnp.sum(predictions == cls))
    recall = jnp.nan_to_num(tp / jnp.sum(labels == cls))
    return [precision, recall, jnp.nan_to_num(2 * precision * recall / (precision + recall))]


# %% precision_recall_f1: an array of three
def precision_recall_f1(labels, predictions, cls):
    tp = int(((predictions == cls) & (labels == cls)).sum())
    said, true = int((predictions == cls).sum()), int((labels == cls).sum())
    return jnp.array([tp / max(said, 1), tp / max(true, 1), 2 * tp / max(said + true, 1)])
