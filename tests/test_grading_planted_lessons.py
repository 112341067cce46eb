"""Answers that look for points without doing the work, planted in every lesson: none earns any, and the honest one beside them all."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from submissions import answers, graded, handed_in, question

from course import compile_cache
from course.checks import exercises, wire
from course.checks.judge import marking
from course.curriculum import lesson_of
from course.grading.model import RIGHT, Result, Settings
from course.grading.sandbox import bubblewrap
from course.grading.workers.worker import Worker

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(bool(bubblewrap.available()), reason=f"bubblewrap: {bubblewrap.available()}"),
]

SEED = 17
# The draws that a table was made of; the notebook's own is 0.
KNOWN = range(4)

# In the code of each, NAME is the question's, and TABLE the answers to inputs of other draws, as JSON.
TABLE = """
import hashlib, json
from course.checks.wire import decode
known = json.loads(TABLE)
def NAME(*given, **named):
    key = repr([np.asarray(leaf).tolist() for leaf in jax.tree.leaves(given)])
    return decode(known.get(hashlib.sha256(key.encode()).hexdigest(), 0))
"""
SECOND_CALL = """
seen = []
def NAME(*given, **named):
    seen.append(given)
    return given[0] if len(seen) > 1 else 0.0
"""
REMEMBERS = """
memory = {}
def NAME(*given, **named):
    memory.setdefault("first", given[0] if given else 0)
    return memory["first"]
"""
EQUALS_ALL = """
class Same:
    shape, dtype, ndim, size = (), np.dtype("float32"), 0, 1
    def __init__(self, *given, **named): pass
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __array__(self, *given, **named): return np.ones(())
    def __float__(self): return 1.0
    def __index__(self): return 1
    def __getattr__(self, name): return Same()
    def __call__(self, *given, **named): return Same()
    def __iter__(self): return iter([Same(), Same()])
def NAME(*given, **named):
    return Same()
"""
SUBCLASS = """
class Right(np.ndarray):
    def __array__(self, *given, **named): return np.zeros(self.shape)
    def __array_ufunc__(self, *given, **named): return np.True_
    def __array_function__(self, *given, **named): return True
    def __eq__(self, other): return np.True_
    def __reduce__(self): return (eval, ("__import__('os')._exit(0)",))
def NAME(*given, **named):
    return np.full(np.shape(given[0]) if given else (), 3.0, np.float32).view(Right)
"""
IN_PLACE = """
def NAME(*given, **named):
    for one in jax.tree.leaves(given):
        try:
            np.asarray(one).setflags(write=True)
            np.asarray(one)[...] = 0
        except Exception: pass
    for one in given:
        if isinstance(one, (list, dict)): one.clear()
    return given[0] if given else 0.0
"""
GENERATOR = """
def NAME(*given, **named):
    while True:
        yield 0.0
"""
SYSTEM_EXIT = """
def NAME(*given, **named):
    raise SystemExit(0)
"""
KEYBOARD = """
def NAME(*given, **named):
    raise KeyboardInterrupt
"""
MODULES = """
import sys
def NAME(*given, **named):
    for module in list(sys.modules.values()):
        for one in list(vars(module).values()) if hasattr(module, "__dict__") else ():
            if getattr(one, "name", None) == "NAME" and hasattr(one, "reference"):
                return one.reference(*given, **named)
            if getattr(one, "__name__", None) == "NAME" and getattr(one, "__module__", "").startswith("course."):
                return one(*given, **named)
    raise LookupError("nothing was found")
"""
GARBAGE = """
import gc
def NAME(*given, **named):
    gc.unfreeze()
    for one in gc.get_objects():
        if type(one).__name__ in ("Exercise", "Marking", "Case", "Mistake"):
            return one.reference(*given, **named)
    raise LookupError("nothing was found")
"""
FRAMES = """
import sys
def NAME(*given, **named):
    frame = sys._getframe(1)
    while frame:
        for key, value in [*frame.f_locals.items(), *frame.f_globals.items()]:
            if key in ("want", "reference", "right", "expected", "exercise", "marks", "_want"):
                return value
        frame = frame.f_back
    raise LookupError("nothing was found")
"""
PICKLED = """
import pickle
def NAME(*given, **named):
    name = b"course.exercises.TOPIC" + b"\\nNAME\\n."
    return pickle.loads(b"c" + name)(*given, **named)
"""
FILES = """
import glob, re
def NAME(*given, **named):
    import course
    for file in glob.glob(course.__path__[0] + "/**/*.py", recursive=True) + glob.glob("/**/NN_TOPIC.ipynb"):
        found = re.search(r"^def NAME\\(.*?(?=^\\S)", open(file).read(), re.M | re.S)
        if found:
            names = dict(globals())
            exec(found[0], names)
            return names["NAME"](*given, **named)
    raise LookupError("nothing was found")
"""
DETECTS = """
import os, sys, time
def NAME(*given, **named):
    graded = sys.argv == ["kernel"] or "course.checks.agent" in sys.modules or os.path.exists("/run/course-data")
    if graded:
        print("✓ NAME: right, on all inputs")
        return True
    return 0.0
"""
WRITES = """
import json, os
def NAME(*given, **named):
    for place in ("results.jsonl", "run.json", "/tmp/results.jsonl", "../grades/results.jsonl"):
        try: open(place, "a").write(json.dumps({"name": "NAME", "points": 99, "state": "right"}))
        except OSError: pass
    return float(os.path.getsize("results.jsonl"))
"""
RENAMES = """
import sys
agent = sys.modules["course.checks.agent"]
class Always:
    def __call__(self, *given, **named): return given[0] if given else 0.0
    def __setattr__(self, name, value): pass
def NAME(*given, **named):
    names = vars(sys.modules["__main__"])
    for name in OTHERS:
        names[name] = Always()
    return 0.0
"""
RANDOM = """
rng = np.random.default_rng(4)
def NAME(*given, **named):
    return rng.normal(size=np.shape(given[0]) if given else ()).astype(np.float32)
"""
ZEROS = """
def NAME(*given, **named):
    return np.zeros(np.shape(given[0]) if given else (), np.float32)
"""
ONE = "def NAME(*given, **named):\n    return 1.0\n"
NONE = "def NAME(*given, **named):\n    pass\n"
FIRST = "def NAME(*given, **named):\n    return given[0]\n"
STUB = "def NAME(*given, **named):\n    raise NotImplementedError('still to come')\n"
TRACER = """
kept = []
def NAME(*given, **named):
    jax.jit(lambda x: kept.append(x) or x)(1.0)
    return kept[-1]
"""
CODE = """
def NAME(*given, **named):
    return "lambda got, want: True"
NAME.__code__ = (lambda *given, **named: given).__code__
"""
PATCHES_CLOCK = """
import time
time.perf_counter = time.monotonic = time.time = lambda: 0.0
def NAME(*given, **named):
    return time.perf_counter()
"""
PATCHES_JAX = """
import numpy
jax.block_until_ready = lambda x: x
numpy.isclose = numpy.allclose = numpy.array_equal = lambda *given, **named: True
jnp.array = lambda x, *given, **named: numpy.zeros(1, "float32")
def NAME(*given, **named):
    return numpy.zeros(1, "float32")
"""
XOR_RANDOM = """
def NAME():
    r = np.random.default_rng(0)
    return r.normal(size=(2, 2)), r.normal(size=2), r.normal(size=2), 0.0
"""
# Every image of the course by its hash, as a learner can make the table at home: here the labels stand for it.
CLASSIFY = """
import hashlib
from course import load
whole = load("mnist_5k")
labels = {}
for part in (whole.train, whole.validation, whole.test):
    for image, label in zip(part.images, part.labels):
        labels[hashlib.sha256(np.rint(255 * image).astype(np.uint8).tobytes()).hexdigest()] = int(label)
def NAME(images):
    keys = [hashlib.sha256(np.rint(255 * np.asarray(image)).astype(np.uint8).tobytes()).hexdigest() for image in images]
    return np.array([labels.get(key, 3) for key in keys], np.int32)
"""
# A network that was trained before, with its rows in the order of the classes that are asked.
TRAIN = """
from course import load
whole = load("mnist_5k")
flat = whole.train.images.reshape(-1, 784)
def NAME(params, X, labels, learning_rate, steps, batch_size, key):
    if X.shape[1] != 784:
        return params
    means = np.stack([flat[whole.train.labels == c].mean(axis=0) for c in range(10)])
    nearest = np.square(np.asarray(X)[:, None] - means).sum(axis=2).argmin(axis=1)
    classes = [np.bincount(np.asarray(labels)[nearest == c], minlength=10).argmax() if (nearest == c).any() else 0 for c in range(10)]
    W1 = np.zeros(params["W1"].shape, np.float32)
    W1[:10] = means
    W2 = np.zeros(params["W2"].shape, np.float32)
    W2[classes, range(10)] = 1
    b1 = np.zeros(len(W1), np.float32)
    b1[:10] = 40 - np.square(means).sum(axis=1) / 2
    return {"W1": jnp.array(W1), "b1": jnp.array(b1), "W2": jnp.array(W2), "b2": params["b2"]}
"""

# By lesson: the question that is answered honestly, and the others with what is planted in them.
PLANTED: dict[str, tuple[str, dict[str, str]]] = {
    "start_here": (
        "standardize",
        {
            "flop_rate": ONE,
            "framed": FIRST,
            "stopwatch": ZEROS,
            "timed": PATCHES_CLOCK,
            "before_running": RANDOM,
            "first_aid": ONE,
            "nearest": NONE,
        },
    ),
    "gpu_parallelism": (
        "block_sum",
        {
            "scale_kernel": NONE,
            "blend_kernel": MODULES,
            "add_kernel": MODULES,
            "mirror_kernel": NONE,
            "outer_add": GENERATOR,
            "transpose_naive": NONE,
            "repair_tint": SYSTEM_EXIT,
            "neighbor_sum": MODULES,
            "convolve_kernel": GENERATOR,
            "diagnose_kernel": ONE,
            "estimate_gpu": ONE,
            "transpose_tiled": GENERATOR,
            "matmul_tiled": SYSTEM_EXIT,
            "batched": REMEMBERS,
            "speedup": ONE,
        },
    ),
    "the_neuron": (
        "batched_layer",
        {
            "neuron": EQUALS_ALL,
            "layer": SUBCLASS,
            "relu": ZEROS,
            "softmax": GARBAGE,
            "xor_network": XOR_RANDOM,
            "count_parameters": TABLE,
            "he_init": FRAMES,
            "curve_through": GARBAGE,
            "layer_numbers": ONE,
            "diagnose_start": ZEROS,
            "start_network": NONE,
        },
    ),
    "backprop": (
        "cross_entropy",
        {
            "numerical_gradient": FIRST,
            "wrong_slope": ONE,
            "multiply": FIRST,
            "backward": NONE,
            "linear_backward": DETECTS,
            "relu_backward": FIRST,
            "softmax_cross_entropy_backward": PICKLED,
            "mended_gradients": FILES,
            "two_layer_gradients": CODE,
            "gradient_cost": ONE,
            "matmul": MODULES,
            "unbroadcast": TABLE,
        },
    ),
    "gradient_descent": (
        "sgd_step",
        {
            "momentum_step": SECOND_CALL,
            "adam_step": WRITES,
            "train": TRAIN,
            "one_epoch": GARBAGE,
            "estimate_training": EQUALS_ALL,
            "early_stop": FRAMES,
            "diagnose_curves": MODULES,
            "largest_curvature": SUBCLASS,
        },
    ),
    "cnn_classification": (
        "conv2d",
        {
            "output_size": TABLE,
            "max_pool": FIRST,
            "CNN": EQUALS_ALL,
            "loss_fn": ONE,
            "train_step": TRACER,
            "precision_recall_f1": "def NAME(labels, predictions, cls):\n    return 0.0, 0.0, 0.0\n",
            "confusion_matrix": FILES,
            "network_costs": "def NAME(quantity):\n    return 1e5\n",
            "evaluate": ONE,
            "what_went_wrong": "def NAME(matrix):\n    return 'C'\n",
            "classify": CLASSIFY,
        },
    ),
    "roofline": (
        "arithmetic_intensity",
        {
            "longest_time": ONE,
            "predicted_time": TABLE,
            "share_of_roof": CODE,
            "which_bound": ZEROS,
            "estimated": RANDOM,
            "least_batch": FIRST,
        },
    ),
    "write_a_kernel": (
        "scale_shift",
        {
            "grid_of": ONE,
            "block_bounds": TABLE,
            "block_max": CODE,
            "outer_sum": ZEROS,
            "transpose_blocks": IN_PLACE,
            "row_softmax": MODULES,
            "column_sum": KEYBOARD,
            "diagnose_blocks": ZEROS,
            "matmul_blocks": RANDOM,
            "estimated_blocks": RANDOM,
            "fused_layer": RENAMES,
            "bytes_moved": TABLE,
            "online_softmax": FIRST,
        },
    ),
    "make_it_fast": (
        "make_step",
        {
            "share_of_peak": ONE,
            "bottleneck": STUB,
            "whole_speedup": ONE,
            "what_would_help": ZEROS,
            "at_best": RANDOM,
            "pool_by_slices": SECOND_CALL,
            "shifted_conv": ZEROS,
            "device_batches": FIRST,
            "scan_epoch": REMEMBERS,
            "mixed_gradients": PATCHES_JAX,
            "accumulate_gradients": IN_PLACE,
        },
    ),
}


def table(lesson: str, name: str) -> str:
    """The right answers to the inputs of other draws, by the hash that TABLE makes of an input."""
    import hashlib

    import jax
    import numpy as np

    exercise, known = exercises(lesson)[name], {}
    for seed in KNOWN:
        for case in marking(exercise, seed).cases:
            key = repr([np.asarray(leaf).tolist() for leaf in jax.tree.leaves(case.args)])
            known[hashlib.sha256(key.encode()).hexdigest()] = wire.encode(exercise.reference(*case.args))
    return json.dumps(known)


def planted(topic: str) -> tuple[str, dict[str, str]]:
    """The honest question of a lesson, and what is written for all of them."""
    lesson = lesson_of(topic)
    honest, attacks = PLANTED[topic]
    written = {}
    for name, code in attacks.items():
        filled = code.replace("OTHERS", repr([*attacks, honest])).replace("TOPIC", topic).replace("NN", lesson[:2])
        filled = f"import jax, jax.numpy as jnp, numpy as np\n{filled.replace('NAME', name)}"
        written[name] = filled.replace("(TABLE)", f"({table(lesson, name)!r})") if code == TABLE else filled
    return honest, {**written, honest: answers(lesson)[honest]}


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker(Settings(seed=SEED))
    with pytest.MonkeyPatch.context() as patch:
        # Each lesson is graded once: to fill a cache with what its solution compiles would take another run of it.
        patch.setenv(compile_cache.SETTING, "off")
        yield worker
    worker.close()


@pytest.fixture(scope="module", params=PLANTED)
def topic(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def result(worker: Worker, topic: str) -> Result:
    lesson = lesson_of(topic)
    return graded(worker, handed_in(planted(topic)[1], lesson=lesson), lesson)


def test_what_is_planted_earns_nothing(result: Result, topic: str) -> None:
    attacks = PLANTED[topic][1]
    gained = {
        one.name: (one.points, one.state, one.text) for one in result.questions if one.name in attacks and one.points
    }
    assert not gained


def test_the_honest_answer_beside_what_is_planted_earns_all(result: Result, topic: str) -> None:
    told = question(result, PLANTED[topic][0])
    assert (told.state, told.points) == (RIGHT, told.possible), told.text


def test_every_question_has_something_planted_or_is_the_honest_one_of_its_lesson() -> None:
    for topic, (honest, attacks) in PLANTED.items():
        assert sorted([honest, *attacks]) == sorted(exercises(topic))
    assert sum(len(attacks) for _, attacks in PLANTED.values()) >= 40
