"""multiply, backward, matmul, unbroadcast: an engine that differentiates, from one product to arrays of any shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course.checks.compare import describe, is_array, is_number
from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.probes.backprop import LEFT_OVER, Node, operation, walk
from course.exercises.backprop.common import TOPIC, normal

# --- One operation: multiply, matmul ------------------------------------------------------------------------------------

Rule = Callable[[Node, Node, Node], tuple[Any, Any]]
Operation = Callable[[Node, Node], Node]


def _operation(compute: Callable[[Any, Any], Any], rule: Rule, parents: bool = True, assign: bool = False) -> Operation:
    """An operation of two Values; `rule(a, b, out)` is what goes back to a and to b."""

    def made(a: Node, b: Node) -> Node:
        out = Node(compute(a.data, b.data), (a, b) if parents else ())

        def push() -> None:
            to_a, to_b = rule(a, b, out)
            a.grad = to_a if assign else a.grad + to_a
            b.grad = to_b if assign else b.grad + to_b

        out.push = push  # type: ignore[method-assign]
        return out

    return made


def _measure(raw: Any, a: Any, b: Any, slope: Any, same: bool) -> Any:
    """The value and the slopes, once they are those of a Value that knows its parents."""
    if raw is None:
        raise WrongAnswer("it returned None; the new Value has to come after `return`.")
    if isinstance(raw, str) and raw == "no push":
        raise WrongAnswer(
            "`push` of the new Value is no function. A function is attached by its name, without parentheses."
        )
    if not (isinstance(raw, tuple) and len(raw) == 4 and isinstance(raw[1], (list, tuple))):
        raise WrongAnswer("it should return the new Value itself, `out`, with its parents and its `push`.")
    value, parents, to_a, to_b = raw
    want = [np.asarray(a, float), np.asarray(a if same else b, float)]
    if len(parents) != 2 or any(not _alike(got, right) for got, right in zip(parents, want, strict=True)):
        raise WrongAnswer(
            "the new Value does not say what it was computed from: its parents are a and b.", mark="parents"
        )
    parts = (value, to_a) if same else (value, to_a, to_b)
    return tuple(_number(part) for part in parts)


def _alike(got: Any, want: np.ndarray) -> bool:
    return (
        (is_array(got) or is_number(got))
        and np.shape(got) == want.shape
        and bool(np.allclose(np.asarray(got, float), want))
    )


def _number(part: Any) -> Any:
    """As float32, where it is made of numbers: an engine counts in NumPy's float64."""
    if not (is_array(part) or is_number(part)) or np.asarray(part).dtype.kind not in "fi":
        raise WrongAnswer("the value and the slopes should be numbers.")
    return np.asarray(part, np.float32)


def _right(compute: Callable[[Any, Any], Any], rule: Callable[[Any, Any, Any], tuple[Any, Any]]) -> Callable[..., Any]:
    """What is compared of a right answer, without an engine."""

    def right(a: Any, b: Any, slope: Any, same: bool) -> Any:
        one, other, g = (np.asarray(x, float) for x in (a, a if same else b, slope))
        to_a, to_b = rule(one, other, g)
        found = (LEFT_OVER + to_a + to_b,) if same else (LEFT_OVER + to_a, LEFT_OVER + to_b)
        return tuple(np.asarray(part, np.float32) for part in (compute(one, other), *found))

    return right


def _shown(a: Any, b: Any, slope: Any, same: bool) -> str:
    second = "b is a" if same else f"b.data = {describe(b)}"
    return f"a.data = {describe(a)}\n{second}\nout.grad = {describe(slope)}\na.grad and b.grad before: {LEFT_OVER}"


FORGOTTEN = (
    "Slopes that were there before are gone: `=` overwrites what another use of the same Value has sent back. "
    "The slopes of all uses add up."
)
NOTHING_SENT = (
    "The value is right, but `out.push()` sends nothing to a and b. The rule belongs *inside* push, which reads "
    "`out.grad` once the slope has come back. Attach it with `out.push = push`, without parentheses."
)
NO_PARENTS = (
    "The new Value does not say what it was computed from, so no backward pass can find a and b. Give it its parents."
)


def multiply(a: Node, b: Node) -> Node:
    """a · b: the slope for one factor is what comes back times the other factor."""
    return _operation(lambda x, y: x * y, _product)(a, b)


def _product(a: Node, b: Node, out: Node) -> tuple[Any, Any]:
    return out.grad * b.data, out.grad * a.data


def _but(rule: Rule) -> Operation:
    return _operation(lambda x, y: x * y, rule)


def _factors(rng: np.random.Generator) -> tuple[float, float, float]:
    """Two factors and a slope, far from each other and from 1 and 0."""
    a, b, slope = rng.permutation([0.6, 1.7, 2.9]) + 0.2 * rng.uniform(-1, 1, 3)
    signs = rng.choice([-1.0, 1.0], 3)
    return tuple(round(float(x), 3) for x in (a, b, slope) * signs)  # type: ignore[return-value]


def _multiply_cases(rng: np.random.Generator) -> list[Case]:
    found = []
    for label, same in (("two numbers", False), ("two other numbers", False), ("a number times itself", True)):
        a, b, slope = _factors(rng)
        found.append(Case(label, (a, b, slope, same), _shown(a, b, slope, same)))
    a, _, slope = _factors(rng)
    found.append(Case("a factor that is 0", (a, 0.0, slope, False), _shown(a, 0.0, slope, False)))
    return found


MULTIPLY = Exercise(
    name="multiply",
    topic=TOPIC,
    points=2,
    reference=multiply,
    right=_right(lambda x, y: x * y, lambda x, y, g: (g * y, g * x)),
    probe=operation,
    measure=_measure,
    cases=_multiply_cases,
    parts=("the value", "the slope of a", "the slope of b"),
    given=("a.data", "b.data", "out.grad", "b is a"),
    edges=("a factor that is 0",),
    mistakes=(
        Mistake("= in place of +=", FORGOTTEN, _operation(lambda x, y: x * y, _product, assign=True)),
        Mistake(
            "own factor",
            "The slope of each factor contains that factor itself. Turn a up a little: how fast the product grows depends on *b*.",
            _but(lambda a, b, out: (out.grad * a.data, out.grad * b.data)),
        ),
        Mistake(
            "local slope alone",
            "What goes back does not depend on `out.grad`. The local slope is multiplied by the slope that came back from the loss.",
            _but(lambda a, b, out: (b.data, a.data)),
        ),
        Mistake(
            "the rule of add",
            "The slope went back as it came. That is the rule for a sum; the local slope of a product is the other factor.",
            _but(lambda a, b, out: (out.grad, out.grad)),
        ),
        Mistake(
            "the product",
            "You multiplied by the product of both factors. The slope for one factor contains only the other one.",
            _but(lambda a, b, out: (out.grad * out.data, out.grad * out.data)),
        ),
        Mistake(
            "what came out, for what comes back",
            "You multiplied by `out.data`, the value of the product. What comes back from the loss is `out.grad`.",
            _but(lambda a, b, out: (out.data * b.data, out.data * a.data)),
        ),
        Mistake(
            "the slope of the other factor",
            "You multiplied by the other factor's `grad`, which is a slope. The local slope is the other factor's value, its `data`.",
            _but(lambda a, b, out: (out.grad * b.grad, out.grad * (a.grad + out.grad * b.grad))),
        ),
        Mistake(
            "only the first",
            "The slope of a is right, and b got nothing. Both factors took part.",
            _but(lambda a, b, out: (out.grad * b.data, 0.0)),
        ),
        Mistake(
            "only the second",
            "The slope of b is right, and a got nothing. Both factors took part.",
            _but(lambda a, b, out: (0.0, out.grad * a.data)),
        ),
        Mistake("nothing sent back", NOTHING_SENT, _but(lambda a, b, out: (0.0, 0.0))),
        Mistake(
            "a sum",
            "The slopes are those of a product, and the value is a sum. What is `out.data`?",
            _operation(lambda x, y: x + y, _product),
        ),
        Mistake(
            "add itself",
            "This is `add`, the value and the rule: `multiply` needs both changed.",
            _operation(lambda x, y: x + y, lambda a, b, out: (out.grad, out.grad)),
        ),
        Mistake("no parents", NO_PARENTS, _operation(lambda x, y: x * y, _product, parents=False)),
    ),
)


# --- matmul -------------------------------------------------------------------------------------------------------------


def matmul(a: Node, b: Node) -> Node:
    """a @ b of two matrices: g bᵀ goes back to a, aᵀ g to b (Giles 2008, section 2.2.1)."""
    return _operation(lambda x, y: x @ y, _matrices)(a, b)


def _matrices(a: Node, b: Node, out: Node) -> tuple[Any, Any]:
    return out.grad @ b.data.T, a.data.T @ out.grad


def _matmul_but(rule: Rule) -> Operation:
    return _operation(lambda x, y: x @ y, rule)


def _matmul_cases(rng: np.random.Generator) -> list[Case]:
    found = []
    for label, (m, k, n), same in (
        ("matrices of unequal sizes", (2, 3, 4), False),
        ("square matrices", (3, 3, 3), False),
        ("a square matrix times itself", (3, 3, 3), True),
        ("a single row", (1, 4, 2), False),
        ("a single column", (4, 2, 1), False),
    ):
        given = (normal(rng, m, k), normal(rng, k, n), normal(rng, m, n), same)
        found.append(Case(label, given, _shown(*given)))
    return found


MATMUL = Exercise(
    name="matmul",
    topic=TOPIC,
    points=2,
    reference=matmul,
    right=_right(lambda x, y: x @ y, lambda x, y, g: (g @ y.T, x.T @ g)),
    probe=operation,
    measure=_measure,
    cases=_matmul_cases,
    parts=("the value", "the slopes of a", "the slopes of b"),
    given=("a.data", "b.data", "out.grad", "b is a"),
    edges=("a single row", "a single column"),
    mistakes=(
        Mistake("= in place of +=", FORGOTTEN, _operation(lambda x, y: x @ y, _matrices, assign=True)),
        Mistake(
            "b not turned",
            "The slopes of b are right. For a, write the shapes side by side: out.grad is (m, n) and b is (k, n). Which axis has to vanish?",
            _matmul_but(lambda a, b, out: (out.grad @ b.data, a.data.T @ out.grad)),
        ),
        Mistake(
            "a not turned",
            "The slopes of a are right. For b, write the shapes side by side: a is (m, k) and out.grad is (m, n). Which axis has to vanish?",
            _matmul_but(lambda a, b, out: (out.grad @ b.data.T, a.data @ out.grad)),
        ),
        Mistake(
            "neither turned",
            "Neither of the two products sums over the right axis. A slope has the shape of the thing itself; which matrix do you have to transpose for that?",
            _matmul_but(lambda a, b, out: (out.grad @ b.data, a.data @ out.grad)),
        ),
        Mistake(
            "order exchanged",
            "Both slopes are made of the right factors, in the wrong order. In `a @ b` the matrix a is on the left; on which side "
            "of `out.grad` does the other factor belong?",
            _matmul_but(lambda a, b, out: (b.data.T @ out.grad, out.grad @ a.data.T)),
        ),
        Mistake(
            "the rule of multiply",
            "That is the rule for an elementwise product. In a matrix product, each number of a takes part in a whole row of `out`: "
            "its slope is a sum.",
            _matmul_but(lambda a, b, out: (out.grad * b.data, out.grad * a.data)),
        ),
        Mistake(
            "product number by number",
            "The value is no matrix product: `*` multiplies elementwise, `@` rows by columns.",
            _operation(lambda x, y: x * y, _matrices),
        ),
        Mistake("nothing sent back", NOTHING_SENT, _matmul_but(lambda a, b, out: (0 * a.data, 0 * b.data))),
        Mistake(
            "only the first",
            "The slopes of a are right, and b got nothing. Both matrices took part.",
            _matmul_but(lambda a, b, out: (out.grad @ b.data.T, 0 * b.data)),
        ),
        Mistake("no parents", NO_PARENTS, _operation(lambda x, y: x @ y, _matrices, parents=False)),
    ),
)


# --- backward -----------------------------------------------------------------------------------------------------------


def in_order(end: Node) -> list[Node]:
    """All Values from which `end` was computed, and `end`: each after its parents."""
    order: list[Node] = []

    def visit(node: Node) -> None:
        if not any(node is one for one in order):
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(end)
    return order


def backward(end: Node) -> None:
    """The slopes of `end` for all from which it was computed: from the end, each once all its users have sent theirs."""
    _walk(end, lambda order: order[::-1])


def _walk(end: Node, arranged: Callable[[list[Node]], Sequence[Node]], clear: bool = True, seed: float = 1.0) -> None:
    order = in_order(end)
    for node in order:
        if clear:
            node.grad = 0.0
    end.grad = seed
    for node in arranged(order):
        node.push()


def _each_way(end: Node, clear: bool = True) -> None:
    """Pushes, and goes on to the parents at once: a node is pushed each time that it is met."""
    for node in in_order(end):
        if clear:
            node.grad = 0.0
    end.grad = 1.0

    def visit(node: Node) -> None:
        node.push()
        for parent in node.parents:
            visit(parent)

    visit(end)


def _first_met(end: Node, breadth: bool) -> list[Node]:
    """The order in which nodes are met from the end, by depth or by breadth, each the first time."""
    met: list[Node] = []
    waiting = [end]
    while waiting:
        node = waiting.pop(0)
        if any(node is one for one in met):
            continue
        met.append(node)
        waiting = [*waiting, *node.parents] if breadth else [*node.parents, *waiting]
    return met


def _twice(end: Node) -> list[Node]:
    """Parents before children, without asking whether a node is there already."""
    return [*(node for parent in end.parents for node in _twice(parent)), end]


def _added_seed(end: Node) -> None:
    order = in_order(end)
    end.grad += 1.0
    for node in reversed(order):
        node.push()


# What an operation is called in the table of a case.
_ADD, _MULTIPLY, _TANH = range(3)
_SIGNS = {_ADD: "+", _MULTIPLY: "·"}


def _graph_right(leaves: Any, steps: Any) -> np.ndarray:
    """The slopes of all nodes, in double precision: what a walk from the last to the first gives."""
    data = [float(leaf) for leaf in np.asarray(leaves)]
    rows = np.asarray(steps).tolist()
    for op, i, j in rows:
        data.append(
            data[i] + data[j] if op == _ADD else data[i] * data[j] if op == _MULTIPLY else float(np.tanh(data[i]))
        )
    slopes = np.zeros(len(data))
    slopes[-1] = 1
    for k, (op, i, j) in reversed(list(enumerate(rows, len(leaves)))):
        if op == _TANH:
            slopes[i] += slopes[k] * (1 - data[k] ** 2)
            continue
        slopes[i] += slopes[k] * (data[j] if op == _MULTIPLY else 1)
        slopes[j] += slopes[k] * (data[i] if op == _MULTIPLY else 1)
    return slopes.astype(np.float32)


def _graph_told(leaves: np.ndarray, steps: np.ndarray) -> str:
    """The calculation, a line for each Value that is computed."""
    lines = [", ".join(f"v{k} = {value:.4g}" for k, value in enumerate(leaves))]
    for k, (op, i, j) in enumerate(steps.tolist(), len(leaves)):
        lines.append(f"v{k} = tanh(v{i})" if op == _TANH else f"v{k} = v{i} {_SIGNS[op]} v{j}")
    return "; ".join(lines) + f"\nend = v{len(leaves) + len(steps) - 1}; a list of the slopes of all"


def _graph_case(label: str, rng: np.random.Generator, leaves: int, steps: Sequence[tuple[int, int, int]]) -> Case:
    values = (rng.uniform(0.6, 1.4, leaves) * rng.choice([-1, 1], leaves)).astype(np.float32)
    table = np.array(steps, np.int32)
    return Case(label, (values, table), _graph_told(values, table))


def _graph_cases(rng: np.random.Generator) -> list[Case]:
    return [
        _graph_case("one product", rng, 2, [(_MULTIPLY, 0, 1)]),
        _graph_case("a neuron", rng, 3, [(_MULTIPLY, 0, 1), (_ADD, 3, 2), (_TANH, 4, 4)]),
        _graph_case("a Value that is used twice", rng, 2, [(_MULTIPLY, 0, 1), (_TANH, 2, 2), (_MULTIPLY, 2, 3)]),
        _graph_case(
            "a short way and a long way to the same Value", rng, 2,
            [(_MULTIPLY, 0, 1), (_TANH, 2, 2), (_TANH, 3, 3), (_MULTIPLY, 4, 2), (_ADD, 5, 3), (_MULTIPLY, 6, 0)],
        ),
        _graph_case(
            "a chain in which each Value is used by the next two", rng, 2,
            [(_ADD, 1, 0), (_MULTIPLY, 2, 1), (_TANH, 3, 3), (_ADD, 4, 3), (_MULTIPLY, 5, 4)],
        ),
    ]  # fmt: skip


def _graph_measure(raw: Any, leaves: Any, steps: Any) -> Any:
    if not (isinstance(raw, (tuple, list)) and len(raw) == len(leaves) + len(steps)):
        raise WrongAnswer("the slopes can't be read.")
    if not all(is_number(slope) and np.asarray(slope).dtype.kind in "fi" for slope in raw):
        raise WrongAnswer("a slope is not a number afterwards.")
    return np.array([float(slope) for slope in raw], np.float32)


BACKWARD = Exercise(
    name="backward",
    topic=TOPIC,
    points=3,
    reference=backward,
    right=_graph_right,
    probe=walk,
    measure=_graph_measure,
    cases=_graph_cases,
    given=("leaves", "steps"),
    edges=("one product",),
    mistakes=(
        Mistake(
            "no beginning",
            "All slopes are 0. The backward pass needs a first slope: how fast does `end` rise with `end` itself? "
            "(If you did set it, what cleared it again?)",
            lambda end: _walk(end, lambda order: order[::-1], seed=0.0),
        ),
        Mistake(
            "the value in front",
            "All slopes are too large or too small by one factor, the value of `end`. How fast does `end` rise with itself, whatever its value?",
            lambda end: _walk(end, lambda order: order[::-1], seed=end.data),
        ),
        Mistake(
            "pushed by each user",
            "Right where each Value is used once. A Value with two users was pushed twice, and sent the first user's slope a second time. "
            "It has to wait until *all* of its users have pushed, and push once.",
            _each_way,
        ),
        Mistake(
            "pushed by each user, not cleared",
            "The slopes that were there before are still in there, so set them all to 0 first. And a Value with two users pushes twice: "
            "it has to wait until *all* of its users have pushed, and push once.",
            lambda end: _each_way(end, clear=False),
        ),
        Mistake(
            "met more than once",
            "Right where each Value is used once. In your order a Value with two users appears twice, and pushes twice. Keep track of the ones that you have seen.",
            lambda end: _walk(end, lambda order: _twice(end)[::-1]),
        ),
        Mistake(
            "in the order in which they are met",
            "Each Value is pushed once, but some too early: you may reach a Value over a short path while one of its users is on a longer one. In the list each "
            "Value has to come *after* all its parents; then read the list backwards.",
            lambda end: _walk(end, lambda order: _first_met(end, breadth=False)),
        ),
        Mistake(
            "by breadth",
            "Each Value is pushed once, but some too early: the number of steps from the end does not give the order, as a Value may have a user near the end and another one far from it. "
            "In the list each Value has to come *after* all its parents; then read the list backwards.",
            lambda end: _walk(end, lambda order: _first_met(end, breadth=True)),
        ),
        Mistake(
            "the end alone",
            "Only the parents of `end` got a slope. Each of them has to push to its own parents once its slope is complete: "
            "go from the end to the inputs, not the other way around.",
            lambda end: _walk(end, lambda order: [end]),
        ),
        Mistake(
            "not cleared",
            "The slopes of an earlier backward pass are still in there. Set them all to 0 before you begin.",
            lambda end: _walk(end, lambda order: order[::-1], clear=False),
        ),
        Mistake(
            "begun on top of an earlier walk",
            "The slopes of an earlier backward pass are still in there, that of `end` included. Set them all to 0 before you begin.",
            _added_seed,
        ),
    ),
)  # fmt: skip


# --- unbroadcast --------------------------------------------------------------------------------------------------------


def unbroadcast(grad: Any, shape: Sequence[int]) -> Any:
    """Sums over the axes that broadcasting has added, and over those that it has stretched."""
    return _stretched_summed(_added_summed(grad, shape), shape)


def _added_summed(grad: Any, shape: Sequence[int]) -> Any:
    return grad.sum(axis=tuple(range(grad.ndim - len(shape))))


def _ones_lost(grad: Any, shape: Sequence[int]) -> Any:
    return grad.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1))


def _stretched_summed(grad: Any, shape: Sequence[int]) -> Any:
    lead = grad.ndim - len(shape)
    axes = tuple(lead + i for i, n in enumerate(shape) if n == 1 < grad.shape[lead + i])
    return grad.sum(axis=axes, keepdims=True)


def _unbroadcast_right(grad: Any, shape: Sequence[int]) -> np.ndarray:
    """Each number is added where it came from: place by place."""
    found = np.zeros(tuple(shape))
    source = np.broadcast_to(np.arange(found.size).reshape(found.shape), np.shape(grad))
    np.add.at(found.reshape(-1), source.reshape(-1), np.asarray(grad, float).reshape(-1))
    return found.astype(np.float32)


def _to_shape(grad: Any, shape: Sequence[int]) -> bool:
    return tuple(grad.shape) == tuple(shape)


UNBROADCAST = Exercise(
    name="unbroadcast",
    topic=TOPIC,
    points=3,
    reference=unbroadcast,
    right=_unbroadcast_right,
    cases=lambda rng: [
        Case("a bias: (5, 3) to (3,)", (normal(rng, 5, 3), (3,))),
        Case("a column: (5, 3) to (5, 1)", (normal(rng, 5, 3), (5, 1))),
        Case("a row that is a matrix: (4, 2) to (1, 2)", (normal(rng, 4, 2), (1, 2))),
        Case("one number: (2, 3) to ()", (normal(rng, 2, 3), ())),
        Case("both at once: (2, 4, 3) to (4, 1)", (normal(rng, 2, 4, 3), (4, 1))),
        Case("a shape that nothing has stretched, (3, 3)", (normal(rng, 3, 3), (3, 3))),
        Case("an axis that has length 1 already: (1, 3) to (1, 3)", (normal(rng, 1, 3), (1, 3))),
    ],
    given=("grad", "shape"),
    edges=(
        "a shape that nothing has stretched, (3, 3)",
        "an axis that has length 1 already: (1, 3) to (1, 3)",
    ),
    mistakes=(
        Mistake(
            "averaged",
            "A number that was used several times collects the slopes of all its uses: they add up, and are not averaged.",
            lambda grad, shape: unbroadcast(grad, shape) * (max(1, int(np.prod(shape))) / grad.size),
        ),
        Mistake(
            "the first copy only",
            "Only the slope of *one* copy was kept. A number that was stretched was used many times, and all its uses count.",
            lambda grad, shape: _first_copy(grad, shape),
        ),
        Mistake(
            "added axes only",
            "The axes that were added in front are summed. An axis of length 1 that was *stretched* is still as long as in `grad`.",
            _added_summed,
        ),
        Mistake(
            "stretched axes only",
            "The axes that were stretched are summed. Where `shape` has fewer axes than `grad`, there are too many in front.",
            lambda grad, shape: _stretched_summed(grad, shape),
        ),
        Mistake(
            "the axis lost",
            "The numbers are right, and an axis of length 1 is gone. `shape` has it, and a sum can keep its axis.",
            lambda grad, shape: _ones_lost(_added_summed(grad, shape), shape),
        ),
        Mistake(
            "over the batch, always",
            "You summed over the first axis, whatever the shape. Compare `grad.shape` with `shape`, axis by axis: which are too many, and which too long?",
            lambda grad, shape: grad.sum(axis=0),
        ),
        Mistake(
            "one axis in front",
            "A bias is right. There may be more than one axis in front, and an axis of length 1 may have been stretched, too. "
            "Compare `grad.shape` with `shape`, axis by axis.",
            lambda grad, shape: grad.sum(axis=0) if grad.ndim > len(shape) else grad,
        ),
        Mistake(
            "as it came",
            "The slopes came back unchanged. They need the shape of what was stretched.",
            lambda grad, shape: grad if not _to_shape(grad, shape) else 1.0 * grad,
        ),
        Mistake(
            "all in one sum",
            "All slopes were added to one number. Only what came from the same number belongs together.",
            lambda grad, shape: grad.sum(),
        ),
        Mistake(
            "reshaped",
            "There are more numbers in `grad` than in `shape`: `reshape` can't make one of several. The slopes of the copies add up.",
            lambda grad, shape: grad.reshape(shape),
        ),
    ),
)


def _first_copy(grad: Any, shape: Sequence[int]) -> Any:
    """Index 0 along each axis that was added or stretched."""
    lead = grad.ndim - len(shape)
    places = [slice(0, 1) if n == 1 else slice(None) for n in shape]
    return grad[(*[0] * lead, *places)]
