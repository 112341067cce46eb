"""How an answer does its work is told by its program, run and read where no learner's code is: a kernel that lies gains nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from submissions import graded, handed_in, points

from course.checks import exercises
from course.curriculum import lesson_of
from course.grading.model import Limits, Result, Settings
from course.grading.sandbox import bubblewrap
from course.grading.workers.worker import Worker

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(bool(bubblewrap.available()), reason=f"bubblewrap: {bubblewrap.available()}"),
]

# Right numbers, by another way than the exercise asks for.
OTHERWISE = {
    "make_it_fast": {
        "make_step": (
            "def make_step(loss_fn, tx):\n    def step(params, opt_state, images, labels):\n"
            "        loss, grads = jax.value_and_grad(loss_fn)(params, images, labels)\n"
            "        updates, opt_state = tx.update(grads, opt_state, params)\n"
            "        return optax.apply_updates(params, updates), opt_state, loss\n    return step"
        ),
        "pool_by_slices": "def pool_by_slices(x):\n    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), 'VALID')",
        "device_batches": (
            "def device_batches(key, images, labels, size):\n    n = len(images) // size * size\n"
            "    rows = jax.random.permutation(key, jnp.arange(n).reshape(-1, size), axis=1, independent=True)\n"
            "    return images[rows], labels[rows]"
        ),
        "scan_epoch": (
            "def scan_epoch(step, params, opt_state, images, labels):\n    losses = []\n    for x, y in zip(images, labels):\n"
            "        params, opt_state, loss = step(params, opt_state, x, y)\n        losses.append(loss)\n"
            "    return params, opt_state, jnp.stack(losses)"
        ),
        "mixed_gradients": (
            "def mixed_gradients(loss_fn, params, images, labels):\n"
            "    loss_fn(jax.tree.map(lambda p: p.astype(jnp.bfloat16), params), images.astype(jnp.bfloat16), labels)\n"
            "    return jax.value_and_grad(loss_fn)(params, images, labels)"
        ),
        "accumulate_gradients": (
            "def accumulate_gradients(loss_fn, params, images, labels, parts):\n"
            "    return jax.value_and_grad(loss_fn)(params, images, labels)"
        ),
    },
    "gpu_parallelism": {"batched": "def batched(score, X, w):\n    return jnp.stack([score(x, w) for x in X])"},
    "write_a_kernel": {
        "scale_shift": "def scale_shift(x, scale, shift, block):\n    return scale * x + shift",
        "block_max": (
            "def block_max(x, block):\n"
            "    x = jnp.pad(x, (0, -len(x) % block), constant_values=-jnp.inf)\n"
            "    return x.reshape(-1, block).max(axis=1)"
        ),
        "outer_sum": "def outer_sum(x, y, rows, cols):\n    return x[:, None] + y[None]",
        "transpose_blocks": "def transpose_blocks(x, rows, cols):\n    return x.T",
        "row_softmax": "def row_softmax(x, rows):\n    return jax.nn.softmax(x, axis=1)",
        "column_sum": "def column_sum(x, rows):\n    return x.sum(axis=0)",
        "matmul_blocks": "def matmul_blocks(A, B, rows, cols, depth):\n    return A @ B",
        "fused_layer": "def fused_layer(X, W, b, rows, cols):\n    return jax.nn.relu(X @ W + b)",
        "online_softmax": (
            "def online_softmax(scores, values, rows, piece):\n    return jax.nn.softmax(scores, axis=1) @ values"
        ),
    },
}

# The probes bring back what they would of a right answer: the numbers are those of the learner's function.
COUNTS = """
import numpy as np, jax, jax.numpy as jnp
import course.checks.probes as probes
from course.checks.probes import gpu_parallelism as g, make_it_fast as m, write_a_kernel as k

def wrap(module, name, forge):
    real = getattr(module, name)
    def probe(function, *args):
        return forge(real(function, *args), *args)
    probe.__module__, probe.__name__, probe.__qualname__ = real.__module__, name, name
    setattr(module, name, probe)

wrap(g, "scored", lambda raw, which, X, w: (raw[0], np.array([1, 1, len(X)], np.int32), True))
wrap(m, "steps", lambda raw, *args: (raw[0], np.array([1, 0, 1, 0, 1], np.int32)))
wrap(m, "pool_with_gradient", lambda raw, *args: (raw[0], raw[1], ["select_n", "ge"]))
wrap(m, "epoch", lambda raw, *args: (raw[0], 1))
def shuffled(raw, images, labels, size, seeds):
    found = []
    for seed in seeds:
        order = np.asarray(jax.random.permutation(jax.random.key(seed), len(images)))
        rows = order[: len(images) // size * size].reshape(-1, size)
        found.append((images[rows], labels[rows]))
    return found, True
wrap(m, "batches", shuffled)
wrap(m, "in_short", lambda raw, *args: (raw[0], [("bf16",)] * 3 + [("i32",)], [("bf16",)] * 3 + [()]))
wrap(m, "in_parts", lambda raw, W, b, images, labels, parts: (raw[0], np.array([len(images) // parts], np.int32), None))
"""
# Blocks as they would be: read from a right kernel by its author, for all exercises whose answers have one.
BLOCKS = """
import itertools
def cut(shape, block, grid, axes):
    steps = list(itertools.product(*map(range, grid)))
    index = np.array([[s[a] if a is not None else 0 for a in axes] for s in steps], np.int32).reshape(len(steps), len(block))
    return list(shape), list(block), index
def up(n, size):
    return -(-n // size)
def forged(raw, *args):
    arrays = [a for a in args if isinstance(a, jax.Array)]
    sizes = [a for a in args[len(arrays):] if isinstance(a, int)]
    shape = raw[0].shape
    if len(arrays) == 3:
        grid = [up(shape[0], sizes[0]), up(shape[1], sizes[1])]
        X, W, b = arrays
        inputs = [cut(X.shape, (sizes[0], X.shape[1]), grid, (0, None)), cut(W.shape, (W.shape[0], sizes[1]), grid, (None, 1)), cut(b.shape, (sizes[1],), grid, (1,))]
        return raw[0], [(grid, inputs, [cut(shape, sizes[:2], grid, (0, 1))], [X.shape[1]], False, False)], []
    if len(arrays) == 1 and len(shape) == 2 and len(sizes) == 1:
        grid = [up(shape[0], sizes[0])]
        one = cut(shape, (sizes[0], shape[1]), grid, (0, None))
        return raw[0], [(grid, [one], [one], [shape[1]], False, False)], []
    if len(arrays) == 1 and len(shape) == 1 and len(args) == 4:
        grid = [up(shape[0], sizes[-1])]
        one = cut(shape, (sizes[-1],), grid, (0,))
        return raw[0], [(grid, [one], [one], [], False, False)], []
    return raw
wrap(k, "blocks", forged)
"""
# The program that is handed over is another one: an empty text, that of a neighbor, that of a function with other numbers.
ELSEWHERE = """
from course.checks.probes import program
real = program.Written.__call__
stored = {}
def another(self, function, *args):
    text = real(self, lambda *a: 0.0 * jnp.asarray(a[-1], jnp.float32).sum(), *args) if False else real(self, function, *args)
    return stored.setdefault("text", text)
program.Written.__call__ = another
"""
PATCHED = """
import builtins
import jax, jax.export
builtins.len = lambda x, real=len: real(x)
jax.vmap = lambda f, *a, real=jax.vmap, **k: real(f, *a, **k)
jax.jit = lambda f=None, *a, real=jax.jit, **k: real(f, *a, **k) if f else (lambda g: real(g, *a, **k))
jax.export.export = lambda *a, **k: (_ for _ in ()).throw(ValueError("no program today"))
"""
WAYS = {
    "counts": COUNTS + BLOCKS,
    "counts and another program": COUNTS + BLOCKS + ELSEWHERE,
    "counts and patches": COUNTS + BLOCKS + PATCHED,
}


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    one = Worker(Settings(seed=11, limits=Limits()))
    yield one
    one.close()


@pytest.mark.parametrize("topic", OTHERWISE)
def test_a_forged_probe_gains_nothing(worker: Worker, topic: str) -> None:
    lesson = lesson_of(topic)
    possible = {name: float(one.points) for name, one in exercises(topic).items()}

    def grade(*first: str) -> Result:
        return graded(worker, handed_in(OTHERWISE[topic], first, lesson=lesson), lesson)

    honest = points(grade())
    assert all(honest[name] == possible[name] for name in possible if name not in OTHERWISE[topic])
    assert all(honest[name] < possible[name] for name in OTHERWISE[topic])
    for way, cell in WAYS.items():
        forged = points(grade(cell))
        gained = {name: forged[name] for name in OTHERWISE[topic] if forged[name] > honest[name]}
        assert not gained, way


@pytest.mark.parametrize("topic", OTHERWISE)
def test_an_honest_right_submission_gets_every_point(worker: Worker, topic: str) -> None:
    result = graded(worker, handed_in(lesson=lesson_of(topic)), lesson_of(topic))
    assert points(result) == {name: float(one.points) for name, one in exercises(topic).items()}
