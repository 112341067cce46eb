"""Promises of the kinds of mistakes that the engine knows: each is said where it is so, and not where it is nearly so."""

from __future__ import annotations

import dataclasses
import itertools
import linecache
import sys
import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from wrong_answers import WrongAnswer, wrong_answers
from wrong_answers.__main__ import way

from course.checks import Case, Exercise, Mistake, find, judge
from course.checks.judge import marking
from course.checks.kinds import meaning, of_code, own, unused
from course.checks.outcome import run
from course.checks.probes import call

numbers = itertools.count()


def written(code: str) -> Any:
    """The function that a learner's code defines; its source is known, as that of a cell is."""
    file = f"<cell {next(numbers)}>"
    linecache.cache[file] = (len(code), None, code.splitlines(True), file)
    names: dict[str, Any] = {"jax": jax, "jnp": jnp, "np": np, "optax": optax}
    exec(compile(code, file, "exec"), names)
    return names["f"]


# --- Errors -----------------------------------------------------------------------------------------------------------

TREE = {"w": jnp.ones(2)}
ERRORS = {
    "an array's truth": ("if x > 0:\n        return x", "need a single True or False"),
    "max of an array": ("return max(x, 0)", "need a single True or False"),
    "comparisons without parentheses": ("return (x == 1 & x == 2).sum()", "parentheses of its own"),
    "if under jit": ("return jax.jit(lambda y: 1 if y[0] > 0 else 0)(x)", "`jnp.where(condition, a, b)` can"),
    "float under jit": ("return jax.jit(lambda y: float(y[0]))(x)", "can't convert it to a Python number"),
    "NumPy under jit": ("return jax.jit(lambda y: np.sin(y))(x)", "`jnp` can"),
    "a place that is set": ("x[0] = 1", "JAX arrays don't change"),
    "a tree as an array": ("return 0.1 * tree", "`jax.tree.map`"),
    "a tree less a tree": ("return tree - tree", "`jax.tree.map`"),
    "a tree's method": ("return tree.astype(int)", "`jax.tree.map`"),
    "a tuple as an array": ("return (x, x) / 2", "A tuple is not an array"),
    "a list's method": ("return [1, 2].sum()", "A list is not an array"),
    "a list times a list": ("return [1] * [2]", "in a loop"),
    "names for values": ("return sum(tree)", "a loop over a dict gives its names"),
    "None as a number": ("return 2 * tree.get('b')", "This is None"),
    "a function as a number": ("return 2 * jnp.sum", "`f(x)` is what it returns"),
    "an array that is called": ("return x(0)", "this is an array"),
    "None that is called": ("return (lambda: None)()(x)", "has no `return`"),
    "too few arguments": ("return (lambda a, b: a)(x)", "`b` is missing"),
    "too many arguments": ("return (lambda a: a)(x, x)", "more arguments than it takes"),
    "an argument of another name": ("return x.sum(axi=0)", "no argument named `axi`"),
    "what was called too early": ("return jax.grad(jnp.sum(x))(x)", "`grad(f(x))` has called it already"),
    "a gradient of many": ("return jax.grad(lambda y: 2 * y)(x)", "must return one number"),
    "a gradient of None": ("return jax.grad(lambda y: None)(x)", "it has no `return`"),
    "a gradient of whole numbers": ("return jax.grad(lambda y: y.sum())(jnp.arange(3))", "Parameters are floats"),
    "a product that doesn't fit": ("return jnp.ones((2, 3)) @ jnp.ones((2, 3))", "does one of them need a transpose"),
    "a sum that doesn't fit": ("return jnp.ones((2, 3)) + jnp.ones(2)", "Here (2, 3) meets (2,)"),
    "NumPy's sum that doesn't fit": ("return np.ones((2, 3)) + np.ones(2)", "The shapes don't fit"),
    "a reshape that doesn't fit": ("return x.reshape(2, 2)", "its lengths, multiplied together"),
    "too few names": ("a, b = x.shape", "room for 2 values"),
    "too many names": ("a = b = 0\n    a, b = (1, 2, 3)", "room for 2 values"),
    "a float as a size": ("return jnp.zeros(4 / 2)", "`//` divides whole numbers"),
    "a float in range": ("return list(range(4 / 2))", "`//` divides whole numbers"),
    "a float as a place": ("return [1, 2][1.0]", "`//` divides whole numbers"),
    "a shape in two arguments": ("return np.zeros(3, 4)", "`zeros((rows, columns))`"),
    "a place beyond the end": ("return [1, 2][2]", "the last n − 1"),
    "a name that a dict lacks": ("return tree['W']", "no entry of that name"),
    "a division by zero": ("return 1 / 0", "divides by zero"),
    "a key that is none": ("return jax.random.normal((2, 3))", "this is not a key"),
    "a name that is unknown": ("return xs", "capitals included"),
    "a name of another spelling": ("return jnp.relu(x)", "nothing called `relu`"),
    "nothing to stack": ("return jnp.stack([])", "the list is empty"),
    "the largest of nothing": ("return max([])", "the array is empty"),
    "two things appended": ("return [].append(1, 2)", "parentheses of its own"),
    "a function taken apart": ("a, b = jnp.sum", "`f(x)` is what it returns"),
    "scan without a pair": ("return jax.lax.scan(lambda c, y: c, 0.0, x)", "returns a pair"),
    "scan with another carry": ("return jax.lax.scan(lambda c, y: ((c, y), y), 0.0, x)", "the same parts"),
    "trees of another build": ("return jax.tree.map(jnp.add, tree, {'b': x})", "Two trees"),
    "math on an array": ("import math\n    return math.exp(x)", "This needs one number"),
    "an attribute that was not set": ("return f.dense", None),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_told_in_the_learners_words(name: str) -> None:
    line, said = ERRORS[name]
    failure = run(written(f"def f(x, tree):\n    {line}"), call, (np.arange(1, 4, dtype=np.float32), TREE), 5).failure
    assert failure is not None
    told = meaning(failure)
    assert said is None or (told is not None and said in told), f"{failure}\n{told}"


def test_an_error_of_the_learners_own_has_no_meaning_but_its_own() -> None:
    failure = run(written("def f(x):\n    raise ValueError('my own')"), call, (1,), 5).failure
    assert failure is not None and meaning(failure) is None


# --- The learner's code -----------------------------------------------------------------------------------------------

CODE = {
    "a dropped update": ("y = 0 * x\n y.at[0].set(1)\n return y", "the new array is thrown away"),
    "an update that is kept": ("y = 0 * x\n y = y.at[0].set(1)\n return y", None),
    "value and gradient exchanged": ("grads, loss = jax.value_and_grad(g)(x)\n return loss", "the value first"),
    "value and gradient in order": ("loss, grads = jax.value_and_grad(g)(x)\n return loss", None),
    "a value of grad": ("loss, grads = jax.grad(g)(x)\n return loss", "the value is missing"),
    "two gradients of grad": ("dw, db = jax.grad(g, (0, 1))(x, x)\n return dw", None),
    "a total that forgets": ("total = 0\n for y in x:\n  total = 2 * y\n return total", "in each iteration of the loop"),
    "a total that adds": ("total = 0\n for y in x:\n  total = total + y\n return total", None),
    "a total that starts over": ("for y in x:\n  total = 0\n  total += y\n return total", "starts over"),
    "a total of each round": ("out = []\n for y in x:\n  total = 0\n  total += y\n  out.append(total)\n return out", None),
    "a return in the first round": ("for y in x:\n  z = y\n  return z", "in the first iteration"),
    "a return in some round": ("for y in x:\n  if y:\n   return y\n return 0", None),
    "a loss without return": ("def g(y):\n  y.sum()\n return jax.grad(g)(x)", "`g` inside yours"),
    "a function that only writes": ("def kernel(a_ref, o_ref):\n  o_ref[...] = 1\n return pl.pallas_call(kernel)(x)", None),
    "a line that is kept nowhere": ("x + 1\n return x", "doesn't keep it"),
    "no Python": ("return (", None),
}  # fmt: skip


@pytest.mark.parametrize("name", CODE)
def test_what_is_spoiled_in_the_code_is_told(name: str) -> None:
    body, said = CODE[name]
    told = of_code(f"def f(x):\n {body}\n")
    assert told is None if said is None else told is not None and said in told, told


def test_an_input_that_is_not_used_is_told_by_its_name() -> None:
    assert unused("def f(x, b):\n    return x") == "`b` is not used anywhere in your code."
    taken = "def f(p, x):\n    W, b = p['W'], p['b']\n    return W * x"
    assert unused(taken) == "`b` is not used anywhere in your code."
    assert unused("def f(x, b):\n    return x + b") is None
    assert unused("def f(x, _):\n    return x") is None


def test_of_a_cell_the_exercises_own_function_is_read() -> None:
    cell = "1 + 1\ndef other(x):\n    x + 1\ndef f(x):\n    return x\n"
    assert own(cell, "f") == "def f(x):\n    return x"
    assert own(cell, "g") == own("def f(", "f") == ""


# --- The numbers ------------------------------------------------------------------------------------------------------


def weigh(x: Any, w: Any, rate: float) -> Any:
    return rate * x * w + jnp.sin(x)


def _cases(rng: np.random.Generator) -> list[Case]:
    shapes = ((2, 3), (4, 3), (3, 5), (2, 2))
    return [
        Case(
            f"{n} by {m}",
            (rng.normal(size=(n, m)).astype(np.float32), rng.normal(size=(n, m)).astype(np.float32), 0.3 + n),
        )
        for n, m in shapes
    ]


WEIGH = Exercise(
    name="f",
    topic="none",
    points=1,
    reference=weigh,
    cases=_cases,
    mistakes=(Mistake("known", "This is declared.", lambda x, w, rate: -2 * weigh(x, w, rate)),),
)
RELATIONS: dict[str, tuple[Callable[[Any, Any, Any, Any], Any], str | None]] = {
    "zero": (lambda y, x, w, rate: 0 * y, "Every number is zero"),
    "nearly zero": (lambda y, x, w, rate: 0 * y + 0.01 * jnp.cos(5 * x), None),
    "sign": (lambda y, x, w, rate: -y, "the opposite sign"),
    "sign of some": (lambda y, x, w, rate: jnp.where(y > 0.5, -y, y), None),
    "transposed": (lambda y, x, w, rate: y.T, "first two axes are swapped"),
    "first wrong": (lambda y, x, w, rate: y.at[0].set(9), "what comes first along the first axis"),
    "last wrong": (lambda y, x, w, rate: y.at[:, -1].set(9), "what comes last along the second axis"),
    "first missing": (lambda y, x, w, rate: y[1:], "should come first along the first axis is missing"),
    "last missing": (lambda y, x, w, rate: y[:-1], "should come last along the first axis is missing"),
    "reversed": (lambda y, x, w, rate: y[::-1], "The order along the first axis is reversed"),
    "another order": (lambda y, x, w, rate: jnp.sort(y.ravel()).reshape(y.shape), "in another order"),
    "unchanged": (lambda y, x, w, rate: x, "You return `x` itself"),
    "an axis more": (lambda y, x, w, rate: y[None], "an axis of length 1"),
    "not summed": (lambda y, x, w, rate: jnp.stack([y, 0 * y]), "A sum or a mean is missing"),
    "cut off": (lambda y, x, w, rate: 1.0 * jnp.trunc(y), "after the decimal point"),
    "rounded": (lambda y, x, w, rate: jnp.round(y, 2), "rounded to 2 decimal places"),
    "rounded up": (lambda y, x, w, rate: jnp.ceil(100 * y) / 100, None),
    "no negative ones": (lambda y, x, w, rate: jnp.maximum(y, 0), "except the negative numbers, which came out as 0"),
    "fewer negative ones": (lambda y, x, w, rate: jnp.maximum(y, -0.1), None),
    "no positive ones": (lambda y, x, w, rate: jnp.minimum(y, 0), "the positive numbers, which came out as 0"),
    "upside down": (lambda y, x, w, rate: 1 / y, "upside down"),
    "divided by a length": (lambda y, x, w, rate: y / len(x), "divided by `x.shape[0]`"),
    "times a length, squared": (lambda y, x, w, rate: y * len(x) ** 2, "times `x.shape[0]`, twice"),
    "a factor": (lambda y, x, w, rate: 1.5 * y, "1.5 times the expected"),
    "a factor of some": (lambda y, x, w, rate: (1.5 if len(x) > 3 else 1.6) * y, None),
    "an amount": (lambda y, x, w, rate: y + 1, "too large by one and the same amount, 1"),
    "an input more": (lambda y, x, w, rate: y + w, "too large by `w`"),
    "a square": (lambda y, x, w, rate: y**2, "the square of the expected"),
    "the same for all": (lambda y, x, w, rate: 1.0, "one axis too few"),
    "a text": (lambda y, x, w, rate: str(y), "A text only looks like a number"),
    "a dict": (lambda y, x, w, rate: {"y": y}, "in the dict by its name"),
    "one row": (lambda y, x, w, rate: y.ravel(), "the axes differ"),
    "an outer product": (lambda y, x, w, rate: jnp.multiply.outer(y, w), "one axis too many"),
    "cut to a length": (lambda y, x, w, rate: jnp.cos(y)[:1, :2], "but other lengths"),
    "an input left out": (lambda y, x, w, rate: weigh(x, 0 * w, rate), "every number of `w` set to 0"),
    "a number left out": (lambda y, x, w, rate: weigh(x, w, 1), "with `rate` = 1"),
    "inputs exchanged": (lambda y, x, w, rate: weigh(w, x, rate), "with `x` and `w` swapped"),
    "an input's sign": (lambda y, x, w, rate: weigh(x, -w, rate), "with the sign of `w` flipped"),
    "something else": (lambda y, x, w, rate: jnp.cos(7 * x + w) + 0.1 * y, None),
}


@pytest.mark.parametrize("name", RELATIONS)
def test_a_relation_of_the_numbers_is_told_where_it_holds_on_every_input(name: str) -> None:
    bend, said = RELATIONS[name]
    verdict = judge(WEIGH, lambda x, w, rate: bend(weigh(x, w, rate), x, w, rate))
    assert not verdict.passed
    told = " ".join(verdict.text)
    assert len(verdict.text) == (1 if said is None else 2), told
    assert said is None or said in told, told


def test_an_axis_without_an_entry_is_told_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    verdict = judge(WEIGH, lambda x, w, rate: jnp.zeros((0, *x.shape)))
    assert "one axis too many" in " ".join(verdict.text)
    assert [warning for warning in recwarn if warning.category is RuntimeWarning] == []


def test_a_declared_mistake_wins_over_a_kind() -> None:
    """Its numbers are -2 times the expected ones, too."""
    assert judge(WEIGH, WEIGH.mistakes[0].wrong).text == ("This is declared.",)


def test_what_is_told_of_a_hidden_input_has_no_number_of_it() -> None:
    public = judge(WEIGH, lambda x, w, rate: 1.5 * weigh(x, w, rate)).public()[1]
    assert "Each number is too large or too small by one and the same factor." in public


def test_infinity_for_large_inputs_alone_is_told_as_overflow() -> None:
    def cases(rng: np.random.Generator) -> list[Case]:
        return [Case(f"size {s}", (np.float32(s) + rng.normal(size=3).astype(np.float32),)) for s in (1, 2, 3, 900)]

    safe = Exercise("f", "none", 1, lambda x: x - jax.nn.logsumexp(x), cases, ())
    verdict = judge(safe, written("def f(x):\n    return x - jnp.log(jnp.exp(x).sum())"))
    assert "`exp` of 89 is already infinity" in verdict.text[1]
    always = judge(safe, written("def f(x):\n    return jnp.log(-jnp.exp(x))"))
    assert "`exp` of 89" not in " ".join(always.text)


# --- One change -------------------------------------------------------------------------------------------------------

REPAIRS = {
    "right": ("rate * x * w + jnp.sin(x)", None),
    "a sign": ("rate * x * w - jnp.sin(x)", "a plus should be a minus"),
    "a function": ("rate * x * w + jnp.exp(jnp.sin(x))", "`jnp.exp` does not belong there"),
    "a name": ("rate * w * w + jnp.sin(x)", "another name belongs in place of `w`"),
    "a number": ("rate * x ** 2 * w + jnp.sin(x)", "`2` does not belong there"),
    "an operation": ("rate * x / w + jnp.sin(x)", "one operation is not the right one"),
    "a term": ("rate * x * w + jnp.sin(x) + w * rate", "`w * rate` does not belong there"),
    "names exchanged": ("rate * w * x + jnp.sin(w)", "are swapped"),
    "names exchanged, and a factor": ("rate * w * x + 3 * jnp.sin(w)", None),
    "a part": ("rate * x * w + jnp.sin(x[0])", "`[0]` does not belong there"),
    "a part, and the rest": ("rate * x * w + jnp.sin(x[0]) + x[0]", None),
    "a cut": ("rate * x * w + jnp.clip(jnp.sin(x), 0, 1)", "`jnp.clip` does not belong there"),
    "a cut, and a factor": ("rate * x * w + 3 * jnp.clip(jnp.sin(x), 0, 1)", None),
    "a call closed late": ("jnp.sin(x + rate * x * w)", "the parentheses of `jnp.sin` enclose too much"),
    "a call closed late, and a sign": ("jnp.sin(-x + rate * x * w)", None),
    "a parenthesis too many": ("rate * x * (w + jnp.sin(x))", "one pair of parentheses too many"),
    "a parenthesis too many, and a factor": ("3 * rate * x * (w + jnp.sin(x))", None),
    "squashed": ("rate * x * w + jnp.sin(jax.nn.sigmoid(x))", "`jax.nn.sigmoid` does not belong there"),
    "two changes": ("rate * w / w - jnp.sin(x) ** 3", None),
}


@pytest.mark.parametrize("name", REPAIRS)
def test_one_change_that_makes_it_right_is_told_by_its_line(name: str) -> None:
    expression, said = REPAIRS[name]
    verdict = judge(WEIGH, written(f"def f(x, w, rate):\n    y = {expression}\n    return y"))
    assert verdict.passed == (name == "right")
    told = " ".join(verdict.text)
    assert (said in told and f"`y = {expression}`" in told) if said else "One change" not in told, told


def dense(x: Any, w: Any, rate: float) -> Any:
    return jnp.tanh(x @ w.T / (rate + len(x)))


DENSE = dataclasses.replace(WEIGH, reference=dense, mistakes=())
FORMS = {
    "right": ("jnp.tanh(x @ w.T / (rate + x.shape[0]))", None),
    "round a part": ("jnp.tanh(x) @ w.T / (rate + len(x))", "`jnp.tanh` encloses a part of the expression"),
    "round a part of another": ("jnp.tanh(x) @ w.T / (1 + len(x))", None),
    "another squash": ("jax.nn.sigmoid(x @ w.T / (rate + len(x)))", "`jax.nn.sigmoid` is not the function that the exercise asks for"),
    "another squash of another": ("jax.nn.sigmoid(x @ w.T / (3 + len(x)))", None),
    "parentheses": ("jnp.tanh(x @ w.T / rate + len(x))", "a pair of parentheses is missing"),
    "parentheses, and a number": ("jnp.tanh(x @ w.T / rate + 2 * len(x))", None),
    "whole numbers": ("jnp.tanh(x.astype('int32') @ w.astype('int32').T / (rate + len(x)))", "`int32` keeps whole numbers only"),
    "whole numbers, and a number": ("jnp.tanh(x.astype('int32') @ w.astype('int32').T / (rate + 9))", None),
    "reshaped": ("jnp.tanh(x @ w.reshape(w.shape[1], -1) / (rate + len(x)))", "`.T` transposes a matrix"),
    "a sum": ("jnp.tanh(x @ w.T / (rate * len(x)))", "one operation is not the right one"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_a_change_of_the_form_that_makes_it_right_is_told(name: str) -> None:
    expression, said = FORMS[name]
    verdict = judge(DENSE, written(f"def f(x, w, rate):\n    return {expression}"))
    assert verdict.passed == (name == "right")
    told = " ".join(verdict.text)
    assert said in told if said else "One change" not in told, told


def test_a_length_that_is_written_out_and_another_base_are_told() -> None:
    def cases(rng: np.random.Generator) -> list[Case]:
        return [Case(f"{n} numbers", (rng.normal(size=n).astype(np.float32),)) for n in (3, 4, 5)]

    mean = Exercise("f", "none", 1, lambda x: jnp.exp(x).sum() / len(x), cases, ())
    for expression, said in {
        "jnp.exp(x).sum() / 3": "another number belongs in place of 3. Is a length",
        "(2 ** x).sum() / len(x)": "2 is not the base that the exercise asks for",
        "jnp.exp2(x).sum() / len(x)": "`exp2` is not the right function",
        "(2 ** x).sum() / 3": "",
    }.items():
        told = " ".join(judge(mean, written(f"def f(x):\n    return {expression}")).text)
        assert said in told if said else "One change" not in told, told


def test_or_in_the_place_of_and_is_told() -> None:
    def cases(rng: np.random.Generator) -> list[Case]:
        return [Case(f"{n} numbers", (rng.normal(size=n).astype(np.float32),)) for n in (30, 40, 50)]

    count = Exercise("f", "none", 1, lambda x: ((x > -1) & (x < 1)).sum(), cases, ())
    told = " ".join(judge(count, written("def f(x):\n    return ((x > -1) | (x < 1)).sum()")).text)
    assert "`&` requires both" in told
    told = " ".join(judge(count, written("def f(x):\n    return ((x > -0.5) | (x < 0.7)).sum()")).text)
    assert "`&` requires both" not in told


def test_a_change_that_never_ends_is_stopped_and_no_other_is_harmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """`half // 2` made to `half * 2` is one of the changes that are tried."""
    # `course.checks.judge` itself is the function of that name.
    monkeypatch.setattr(sys.modules[judge.__module__], "_A_TRY_S", 0.05)
    code = "def f(x, w, rate):\n    half = 8\n    while half > 0:\n        half = half // 2\n    return rate * w / w + jnp.cos(x)"
    assert len(judge(WEIGH, written(code)).text) == 1


def test_a_change_that_is_tried_warns_of_nothing() -> None:
    """`0 * (x - x)` made to `0 / (x - x)`."""
    code = (
        "def f(x, w, rate):\n    x, w = np.asarray(x), np.asarray(w)\n    return rate * w / w + np.cos(x) + 0 * (x - x)"
    )
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert len(judge(WEIGH, written(code)).text) == 1
    assert not [one for one in seen if "a change that is tried" in one.filename]


# --- The exercises ----------------------------------------------------------------------------------------------------

# The examples that learners met: which exercise, what was changed, and what has to be said.
MET = {
    ("two_layer_gradients", "divided twice"): "once more",
    ("two_layer_gradients", "bias left out"): "The forward pass does not add b1",
    ("adam_step", "exchanged"): "changed places",
    ("adam_step", "old m"): "the m that came in",
    ("adam_step", "RMSProp"): "RMSProp",
    ("make_step", "value and gradient exchanged"): "the value first",
    ("loss_fn", "overflow"): "`exp` of 89 is already infinity",
    ("matmul_tiled", "= in place of +="): "in each iteration of the loop",
    ("numerical_gradient", "dropped update"): "the new array is thrown away",
}


@pytest.mark.parametrize(("exercise", "kind"), MET)
def test_what_learners_met_is_told_by_name(exercise: str, kind: str) -> None:
    answer = next(a for a in wrong_answers() if (a.exercise, a.kind) == (exercise, kind))
    verdict = judge(find(exercise), answer.function())
    assert MET[exercise, kind] in " ".join(verdict.text), verdict.message


def test_the_grader_tells_the_same_kind_from_the_cell() -> None:
    """From raw outcomes and the text of the cell, without running anything of the learner's."""
    answer = next(a for a in wrong_answers("the_neuron") if (a.exercise, a.kind) == ("layer", "dropped update"))
    marks = marking(find("layer"))
    function = answer.function()
    got = marks.collect(lambda case: run(function, call, case.args, 5))
    assert "the new array is thrown away" in " ".join(marks.verdict(got, own(answer.code, "layer")).public()[1])
    assert "Every number is zero" in " ".join(marks.verdict(got).public()[1])


def _some() -> list[WrongAnswer]:
    """Every eighth of the wrong answers, but for those that train for long."""
    return [a for a in wrong_answers() if a.exercise not in ("train", "classify")][::8]


@pytest.mark.thorough
def test_of_wrong_answers_to_all_exercises_most_are_told_what_is_wrong() -> None:
    ways = [way(judge(find(answer.exercise), answer.function())) for answer in _some()]
    share = {name: ways.count(name) / len(ways) for name in set(ways)}
    assert share["named"] + share["directed"] >= 0.85, share
    assert share.get("numbers", 0) <= 0.07, share
