"""multiply, matmul: an operation of the engine, its value and the rule that hands its slope on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.checks.compare import describe, is_array, is_number
from course.checks.exercise import Case, Exercise, Mistake, WrongAnswer
from course.checks.probes.backprop import LEFT_OVER, Node, operation
from course.exercises.backprop.common import TOPIC, normal

# --- One operation: multiply, matmul ------------------------------------------------------------------------------------

Rule = Callable[[Node, Node, Node], tuple[Any, Any]]
Operation = Callable[[Node, Node], Node]


def _operation(
    compute: Callable[[Any, Any], Any], rule: Rule, parents: bool = True, assign: bool = False, at_once: bool = False
) -> Operation:
    """An operation of two Values; `rule(a, b, out)` is what goes back to a and to b."""

    def made(a: Node, b: Node) -> Node:
        out = Node(compute(a.data, b.data), (a, b) if parents else ())

        def push() -> None:
            to_a, to_b = rule(a, b, out)
            if at_once:
                a.grad, b.grad = a.grad + to_a, b.grad + to_b
                return
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
OVERWRITTEN = (
    "Right where the two are different Values. Where they are the same one, your second assignment overwrites what the first has added: "
    "read `b.grad` only after `a.grad` has its new slope."
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
        Mistake("both read, then written", OVERWRITTEN, _operation(lambda x, y: x * y, _product, at_once=True)),
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
        Mistake("both read, then written", OVERWRITTEN, _operation(lambda x, y: x @ y, _matrices, at_once=True)),
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
