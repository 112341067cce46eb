"""Likeness: copies are seen through a disguise, honest answers are not taken for copies."""

from __future__ import annotations

import keyword
import random
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hang import assert_linear, calls_of

from course.authoring.notebook import code_cells, read
from course.authoring.release import stub
from course.curriculum import lesson_of
from course.grading.graft.grafting import graft
from course.grading.marking.similarity import COMMON_LEARNERS, Pair, alike, fingerprint, likely_copies, own_digest
from course.grading.model import GRADED, NOT_GRADABLE, RIGHT, QuestionResult, Result

pytestmark = pytest.mark.one_set

ROOT = Path(__file__).resolve().parents[1]

# What learners write who never met: for each question of lesson 02 several honest bodies, the usual one first.
NEURON_BODIES: dict[str, tuple[str, ...]] = {
    "neuron(x, w, b)": (
        "return jnp.tanh(w @ x + b)",
        "return jnp.tanh(jnp.dot(w, x) + b)",
        "z = jnp.sum(w * x) + b\nreturn jnp.tanh(z)",
        "total = b\nfor i in range(len(x)):\n    total = total + w[i] * x[i]\nreturn jnp.tanh(total)",
    ),
    "layer(x, W, b)": (
        "return jnp.tanh(W @ x + b)",
        "return jnp.tanh(jnp.dot(W, x) + b)",
        "z = jnp.matmul(W, x) + b\nreturn jnp.tanh(z)",
        "return jnp.array([jnp.tanh(row @ x + c) for row, c in zip(W, b)])",
    ),
    "batched_layer(X, W, b)": (
        "return jnp.tanh(X @ W.T + b)",
        "return jnp.tanh(jnp.dot(X, W.T) + b)",
        "return jax.vmap(lambda x: jnp.tanh(W @ x + b))(X)",
        "rows = []\nfor x in X:\n    rows.append(jnp.tanh(W @ x + b))\nreturn jnp.stack(rows)",
        "return jnp.tanh(jnp.einsum('bi,oi->bo', X, W) + b)",
    ),
    "relu(x)": (
        "return jnp.maximum(x, 0)",
        "return jnp.where(x > 0, x, 0)",
        "return x * (x > 0)",
        "return jax.nn.relu(x)",
    ),
    "softmax(Z)": (
        "e = jnp.exp(Z - Z.max(axis=1, keepdims=True))\nreturn e / e.sum(axis=1, keepdims=True)",
        "Z = Z - jnp.max(Z, axis=-1, keepdims=True)\nreturn jnp.exp(Z) / jnp.sum(jnp.exp(Z), axis=-1, keepdims=True)",
        "m = Z.max(axis=1)\nE = jnp.exp(Z - m[:, None])\ns = E.sum(axis=1)\nreturn E / s[:, None]",
        "return jax.nn.softmax(Z, axis=1)",
        "def one(z):\n    z = jnp.exp(z - z.max())\n    return z / z.sum()\nreturn jax.vmap(one)(Z)",
    ),
    "xor_network()": (
        "W1 = jnp.array([[1.0, 1.0], [1.0, 1.0]])\nb1 = jnp.array([0.0, -1.0])\nw2 = jnp.array([1.0, -2.0])\nreturn W1, b1, w2, 0.0",
        "W1 = jnp.array([[1.0, -1.0], [-1.0, 1.0]])\nb1 = jnp.zeros(2)\nw2 = jnp.ones(2)\nb2 = 0.0\nreturn W1, b1, w2, b2",
        "return jnp.ones((2, 2)), jnp.array([0.0, -1.0]), jnp.array([1.0, -2.0]), 0.0",
        "return jnp.array([[1, -1], [-1, 1]]), jnp.array([0, 0]), jnp.array([1, 1]), 0",
    ),
    "count_parameters(sizes)": (
        "total = 0\nfor i in range(len(sizes) - 1):\n    total += sizes[i] * sizes[i + 1] + sizes[i + 1]\nreturn total",
        "return sum(a * b + b for a, b in zip(sizes[:-1], sizes[1:]))",
        "n = 0\nfor n_in, n_out in zip(sizes, sizes[1:]):\n    n += n_out * (n_in + 1)\nreturn n",
        "if len(sizes) < 2:\n    return 0\nreturn (sizes[0] + 1) * sizes[1] + count_parameters(sizes[1:])",
    ),
    "he_init(key, n_in, n_out)": (
        "W = jax.random.normal(key, (n_out, n_in)) * jnp.sqrt(2 / n_in)\nb = jnp.zeros(n_out)\nreturn W, b",
        "std = jnp.sqrt(2.0 / n_in)\nreturn std * jax.random.normal(key, (n_out, n_in)), jnp.zeros((n_out,))",
        "s = (2 / n_in) ** 0.5\nW = s * jax.random.normal(key, shape=(n_out, n_in))\nreturn W, jnp.zeros(n_out)",
        "W = jax.nn.initializers.he_normal(in_axis=1, out_axis=0)(key, (n_out, n_in))\nreturn W, jnp.zeros(n_out)",
    ),
}

# What only this learner wrote so.
UNUSUAL = [
    """def softmax(Z):
    largest = functools.reduce(jnp.maximum, Z.T)
    weights = jax.vmap(lambda row, top: jnp.exp2((row - top) / jnp.log(2.0)))(Z, largest)
    return jnp.divide(weights, jnp.expand_dims(weights.sum(1), 1))
""",
    """def count_parameters(sizes):
    layers = [(sizes[place], sizes[place + 1]) for place, _ in enumerate(sizes[1:])]
    weights = math.fsum(math.prod(shape) for shape in layers)
    return int(weights) + functools.reduce(lambda so_far, shape: so_far + shape[1], layers, 0)
""",
]

CONV_A = """def conv2d(image, kernel):
    h, w = image.shape
    kh, kw = kernel.shape
    out = np.zeros((h - kh + 1, w - kw + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i:i + kh, j:j + kw] * kernel).sum()
    return out
"""
CONV_B = """def conv2d(image, kernel):
    kh, kw = kernel.shape
    oh = image.shape[0] - kh + 1
    ow = image.shape[1] - kw + 1
    result = jnp.zeros((oh, ow))
    for a in range(kh):
        for b in range(kw):
            result = result + kernel[a, b] * image[a:a + oh, b:b + ow]
    return result
"""
CNN_A = """class CNN(nnx.Module):
    def __init__(self, *, rngs):
        self.conv1 = nnx.Conv(1, 32, (3, 3), rngs=rngs)
        self.conv2 = nnx.Conv(32, 64, (3, 3), rngs=rngs)
        self.linear = nnx.Linear(3136, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.conv1(x))
        x = nnx.max_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = nnx.relu(self.conv2(x))
        x = nnx.max_pool(x, window_shape=(2, 2), strides=(2, 2))
        return self.linear(x.reshape((x.shape[0], -1)))
"""
CNN_B = """class CNN(nnx.Module):
    def __init__(self, *, rngs):
        self.first = nnx.Conv(in_features=1, out_features=32, kernel_size=(3, 3), padding="SAME", rngs=rngs)
        self.second = nnx.Conv(in_features=32, out_features=64, kernel_size=(3, 3), padding="SAME", rngs=rngs)
        self.out = nnx.Linear(7 * 7 * 64, 10, rngs=rngs)
        self.pool = partial(nnx.max_pool, window_shape=(2, 2), strides=(2, 2))

    def __call__(self, x):
        for conv in (self.first, self.second):
            x = self.pool(jax.nn.relu(conv(x)))
        flat = jnp.reshape(x, (len(x), 7 * 7 * 64))
        return self.out(flat)
"""
STEP_A = """def train_step(model, optimizer, images, labels):
    def f(m):
        return optax.softmax_cross_entropy_with_integer_labels(m(images), labels).mean()
    loss, grads = nnx.value_and_grad(f)(model)
    optimizer.update(model, grads)
    return loss
"""
STEP_B = """def train_step(model, optimizer, images, labels):
    def cost(model, images, labels):
        logits = model(images)
        log_p = jax.nn.log_softmax(logits)
        picked = jnp.take_along_axis(log_p, labels[:, None], axis=1)
        return -jnp.mean(picked)
    value, gradient = nnx.value_and_grad(cost)(model, images, labels)
    optimizer.update(model, gradient)
    return value
"""
SCORES_A = """def precision_recall_f1(labels, predictions, cls):
    tp = ((labels == cls) & (predictions == cls)).sum()
    fp = ((labels != cls) & (predictions == cls)).sum()
    fn = ((labels == cls) & (predictions != cls)).sum()
    p = tp / (tp + fp) if tp + fp > 0 else 0.0
    r = tp / (tp + fn) if tp + fn > 0 else 0.0
    f = 2 * p * r / (p + r) if p + r > 0 else 0.0
    return p, r, f
"""
SCORES_B = """def precision_recall_f1(labels, predictions, cls):
    hits = 0
    said = 0
    real = 0
    for truth, guess in zip(labels.tolist(), predictions.tolist()):
        hits += truth == cls and guess == cls
        said += guess == cls
        real += truth == cls
    if hits == 0:
        return 0.0, 0.0, 0.0
    precision, recall = hits / said, hits / real
    return precision, recall, 2 / (1 / precision + 1 / recall)
"""
CNN_BODIES = {"ada": (CONV_A, CNN_A, STEP_A, SCORES_A), "ben": (CONV_B, CNN_B, STEP_B, SCORES_B)}


def stubs(lesson: str) -> list[str]:
    """What the learner of a lesson is given: every code cell of the exercise."""
    return [cell["source"] for _, cell in code_cells(read(ROOT / "exercises" / f"{lesson}.ipynb"))]


def written(choice: dict[str, int]) -> list[str]:
    """A submission of lesson 02 that gives the chosen one of the honest bodies."""
    return [
        f"def {head}:\n" + "\n".join(f"    {line}" for line in NEURON_BODIES[head][place].split("\n"))
        for head, place in choice.items()
    ]


def honest_class(size: int, seed: int) -> dict[str, list[str]]:
    """Learners who each write on their own; the usual answer is the most frequent, as it is in a real class."""
    draw = random.Random(seed)
    found = {}
    for number in range(size):
        choice = {
            head: draw.choices(range(len(bodies)), [2.0 / (place + 2) for place in range(len(bodies))])[0]
            for head, bodies in NEURON_BODIES.items()
        }
        found[f"learner-{number:03}"] = [in_own_hand(source, draw) for source in written(choice)]
    return found


def in_own_hand(source: str, draw: random.Random) -> str:
    """Small things that everyone does differently: constants spelled out, a name for a value, a check of one's own."""
    if draw.random() < 0.3:
        source = re.sub(r"^    return (.+)$", r"    answer = \1\n    return answer", source, flags=re.M)
    if draw.random() < 0.3:
        source = source.replace("jnp.", "np.") if draw.random() < 0.5 else source.replace("axis=1", "axis=-1")
    if draw.random() < 0.3:
        source += f"\nprint({source[4 : source.index('(')]})"
    return source


def disguised(sources: list[str], draw: random.Random) -> list[str]:
    """The same answers with every learner's name changed, comments and docstrings added, and in another order."""
    names = sorted({name for source in sources for name in re.findall(r"(?<!\.)\b[a-zA-Z_]\w*\b(?!\s*\()", source)})
    keep = {*keyword.kwlist, "jnp", "np", "nnx", "jax", "optax"}
    renamed = {name: f"my_{place}" for place, name in enumerate(names) if name not in keep}
    copies = []
    for source in sources:
        text = re.sub(r"(?<![.\w])[a-zA-Z_]\w*\b", lambda found: renamed.get(found[0], found[0]), source)
        first, _, rest = text.partition("\n")
        copies.append(f'{first}  # mine\n    """All my own work."""\n\n{rest}')
    draw.shuffle(copies)
    return copies


def prints(sources: dict[str, list[str]], lesson: str = lesson_of("the_neuron")) -> dict[str, tuple[int, ...]]:
    given = stubs(lesson)
    return {key: fingerprint(code, given) for key, code in sources.items()}


def names(pairs: list[Pair]) -> set[tuple[str, str]]:
    return {(pair.one, pair.other) for pair in pairs}


def test_names_comments_strings_and_layout_do_not_count() -> None:
    one = 'def f(a, b):\n    """Doc."""\n    c = a @ b + 1  # sum\n    for i in range(3):\n        c = c * a[i]\n    return c\n'
    other = "def g(xx, yy):\n\n    zz = xx@yy+1\n    for k in range( 3 ):\n      zz = zz*xx[k]\n    return zz"
    assert fingerprint([one]) == fingerprint([other]) != ()


def test_what_is_computed_does_count() -> None:
    one, other = (set(fingerprint([source])) for source in (SCORES_A, SCORES_A.replace("&", "|").replace("2 *", "3 *")))
    assert one != other and one & other


@pytest.mark.parametrize("lesson", [lesson_of("the_neuron"), lesson_of("cnn_classification")])
def test_the_untouched_exercise_has_no_fingerprint(lesson: str) -> None:
    exercise = read(ROOT / "exercises" / f"{lesson}.ipynb")
    answers = graft(read(ROOT / "solutions" / f"{lesson}.ipynb"), exercise).answers
    assert fingerprint(answers.values(), stubs(lesson)) == ()


def test_the_stub_of_a_solution_is_what_does_not_count() -> None:
    source = (
        "def relu(x):\n    ### BEGIN SOLUTION\n    return jnp.where(x > 0, x, jnp.zeros_like(x))\n    ### END SOLUTION"
    )
    assert fingerprint([source], [stub(source, "relu")]) != ()
    assert fingerprint([source], [source]) == ()


def test_a_renamed_and_reordered_copy_is_found_in_the_neuron() -> None:
    learners = honest_class(60, seed=1)
    learners["learner-017"][4:5] = UNUSUAL[:1]
    learners["thief"] = disguised(learners["learner-017"], random.Random(0))
    found = alike(prints(learners))
    assert ("learner-017", "thief") in names(found)
    pair = next(pair for pair in found if pair.other == "thief" and pair.one == "learner-017")
    assert pair.share > 0.9 and pair.common >= 12


def test_a_copy_is_found_in_a_class_of_two_and_of_four() -> None:
    code = {"ada": list(CNN_BODIES["ada"]), "cat": disguised(list(CNN_BODIES["ada"]), random.Random(0))}
    lesson = lesson_of("cnn_classification")
    assert names(alike(prints(code, lesson))) == {("ada", "cat")}
    code |= {"ben": list(CNN_BODIES["ben"]), "dan": [*CNN_BODIES["ben"][:1], *CNN_BODIES["ada"][3:]]}
    assert ("ada", "cat") in names(alike(prints(code, lesson)))
    assert ("ada", "ben") not in names(alike(prints(code, lesson)))


def test_a_partly_copied_submission_is_found_from_the_part_that_it_shares() -> None:
    lesson = lesson_of("cnn_classification")
    code = {"ada": list(CNN_BODIES["ada"]), "eve": [CONV_B, *disguised([CNN_A, STEP_A, SCORES_A], random.Random(0))]}
    (pair,) = alike(prints(code, lesson))
    assert 0.7 <= pair.share < 0.97


def test_honest_answers_to_cnn_classification_are_not_alike() -> None:
    assert alike(prints({key: list(code) for key, code in CNN_BODIES.items()}, lesson_of("cnn_classification"))) == []


def test_short_usual_answers_raise_no_suspicion() -> None:
    usual = written(dict.fromkeys(list(NEURON_BODIES)[:4], 0))  # four lines that half of the world writes
    for size in (2, 3, 10):
        assert alike(prints({f"learner-{number}": list(usual) for number in range(size)})) == []


@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("size", [5, 30, 120])
def test_an_honest_class_has_hardly_a_pair_to_look_at(size: int, seed: int) -> None:
    found = alike(prints(honest_class(size, seed)))
    possible = size * (size - 1) / 2
    assert len(found) <= max(1, 0.01 * possible), found[:5]


def test_what_many_wrote_is_left_out_and_a_small_group_of_copies_is_not() -> None:
    own = {f"learner-{number}": tuple(range(100 * number, 100 * number + 30)) for number in range(12)}
    everybody = tuple(range(5000, 5120))
    assert alike({key: hashes + everybody for key, hashes in own.items()}) == []
    ring = [f"learner-{number}" for number in range(COMMON_LEARNERS)]
    copied = {key: hashes + everybody if key in ring else hashes for key, hashes in own.items()}
    assert names(alike(copied)) == set(combinations(ring, 2))


def test_pairs_come_most_alike_first_and_in_the_same_order_whatever_the_order_of_the_class() -> None:
    learners = honest_class(40, seed=3)
    learners["learner-002"] += UNUSUAL
    learners["a"] = disguised(learners["learner-001"], random.Random(1))
    learners["b"] = [*disguised(learners["learner-002"][2:], random.Random(2)), *learners["learner-009"][:2]]
    found = alike(prints(learners))
    assert found == alike(prints(dict(reversed(learners.items()))))
    assert {("a", "learner-001"), ("b", "learner-002")} <= names(found)
    assert [pair.share for pair in found] == sorted((pair.share for pair in found), reverse=True)


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    code = f"from course.grading.marking.similarity import fingerprint; print(fingerprint([{CONV_A!r}]))"
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        assert ran.stdout.strip() == str(fingerprint([CONV_A])), ran.stderr


def hostile() -> Iterator[str]:
    yield from (
        "",
        "\0",
        "(" * 10_000,
        "-" * 100_000 + "1",
        "'''",
        "def f(:\n  x\n y",
        "f'{" * 200,
        "\ud800",
        "%%time\nx = 1",
    )
    yield "x = [" + "1, " * 30_000 + "]"


@pytest.mark.parametrize("source", list(hostile()), ids=lambda source: repr(source[:8]))
def test_any_text_has_a_fingerprint(source: str) -> None:
    assert all(isinstance(value, int) and 0 <= value < 2**48 for value in fingerprint([source, source]))


def test_magics_and_f_strings_do_not_hide_a_copy() -> None:
    one = fingerprint([CONV_A + "\nprint(f'{1 + 1} done')\n"])
    assert one == fingerprint(["%%time\n" + CONV_A + "\nprint('over')\n"])


class Read(Sequence[int]):
    """A fingerprint that counts how often it is read."""

    def __init__(self, values: Sequence[int]) -> None:
        self.values, self.times = values, 0

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, place: Any) -> Any:
        return self.values[place]

    def __iter__(self) -> Iterator[int]:
        self.times += 1
        return iter(self.values)


def test_a_thief_is_found_in_a_class_of_300_without_comparing_each_with_each() -> None:
    learners = honest_class(300, seed=4)
    learners["learner-123"][4:5] = UNUSUAL
    learners["thief"] = disguised(learners["learner-123"], random.Random(5))
    read = {key: Read(value) for key, value in prints(learners).items()}
    found = alike(read)
    assert ("learner-123", "thief") in names(found)
    assert len(found) < 20  # of 45,150
    assert {one.times for one in read.values()} == {2}, "to count what is usual, and to note who has what"


def test_the_work_of_fingerprints_and_of_likeness_grows_with_the_class_and_not_with_its_square() -> None:
    def work(size: int) -> int:
        learners = honest_class(size, seed=4)
        return calls_of(lambda: alike(prints(learners)))

    assert_linear(work, 30)


def test_the_work_of_a_fingerprint_grows_with_the_text_and_not_with_its_square() -> None:
    body = "\n".join(written(dict.fromkeys(NEURON_BODIES, 0)))
    assert_linear(lambda size: calls_of(lambda: fingerprint([body] * size)), 10)
    assert_linear(lambda size: calls_of(lambda: fingerprint(["x = [" + "1, " * size + "]"])), 2000)


def graded(learner: str, code: str, private: str = "", lesson: str = lesson_of("the_neuron"), **more: Any) -> Result:
    """The result of a submission with one answer and a private cell."""
    question = QuestionResult("softmax", RIGHT, 3.0, 3.0, 8, 8, code=code)
    own = own_digest([GIVEN, code, private], [GIVEN])
    return replace(
        Result(learner, learner, lesson, "x.ipynb", GRADED, 7, (question,), fingerprint=fingerprint([code])),
        **{"own_digest": own, **more},
    )


GIVEN = "import jax"


def test_an_exact_copy_is_listed_however_usual_it_is() -> None:
    usual = "\n".join(
        f"def {head}:\n    " + bodies[0].replace("\n", "\n    ") for head, bodies in NEURON_BODIES.items()
    )
    everybody = [graded(f"learner{number:02}", usual, f"# my notes, {number}") for number in range(10)]
    assert likely_copies(everybody) == [], "what all wrote is no evidence"
    copied = [graded("wirthada", usual, "# mine\nplot(3)"), graded("dijkstra", usual, "# mine\nplot(3)")]
    (pair,) = likely_copies([*everybody, *copied])
    assert (pair.one, pair.other, pair.exact, pair.share, pair.lesson) == (
        "dijkstra",
        "wirthada",
        True,
        1.0,
        lesson_of("the_neuron"),
    )
    assert pair.same == ("softmax",)
    late = [replace(copied[0], status=NOT_GRADABLE), copied[1]]
    assert likely_copies([*everybody, *late]) == []
    elsewhere = [replace(copied[0], lesson=lesson_of("cnn_classification")), copied[1]]
    assert likely_copies([*everybody, *elsewhere]) == [], "lessons are compared apart"


def test_exact_copies_come_first_and_other_pairs_say_which_answers_are_the_same() -> None:
    unusual, short = UNUSUAL[0], "def relu(x):\n    return jnp.maximum(x, 0)"
    renamed = re.sub(r"\bZ\b", "logits", unusual) + "  # mine"
    results = [graded("ada", unusual, "1"), graded("bob", renamed, "2"), graded("carl", unusual, "1")]
    pairs = likely_copies([*results, graded("dan", short)])
    assert [(pair.one, pair.other, pair.exact) for pair in pairs] == [
        ("ada", "carl", True),
        ("ada", "bob", False),
        ("bob", "carl", False),
    ]
    assert all(pair.same == ("softmax",) for pair in pairs)


def test_who_wrote_nothing_or_next_to_nothing_is_no_copy() -> None:
    assert own_digest([GIVEN, " ", f"{GIVEN}\n"], [GIVEN]) == ""
    assert own_digest([GIVEN, "x = 1"], [GIVEN]) == own_digest(["x = 1\n"], [GIVEN]) != own_digest(["x = 2"], [GIVEN])
    short = "def relu(x):\n    return jnp.maximum(x, 0)"
    assert likely_copies([graded("ada", short), graded("bob", short)]) == []


def test_a_large_group_with_one_text_is_paired_with_its_first() -> None:
    results = [graded(f"learner{number}", UNUSUAL[0]) for number in range(9)]
    pairs = likely_copies(results)
    assert [(pair.one, pair.other) for pair in pairs] == [("learner0", f"learner{n}") for n in range(1, 9)]
