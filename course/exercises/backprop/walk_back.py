"""backward: the walk back through a graph, each Value after every Value that has used it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course.checks.compare import is_number
from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.probes.backprop import Node, walk
from course.exercises.backprop.common import TOPIC


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
