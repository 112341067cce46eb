"""What the optimizers' exercises share: cases of several steps, and how the state after them is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from course.checks.compare import describe, equal
from course.checks.exercise import Case, WrongAnswer
from course.checks.probes.gradient_descent import steps
from course.exercises.backprop.common import Params, after_colon, entries, is_dict, normal

# The parameters of a case, and their shapes.
Shapes = Mapping[str, tuple[int, ...]]
NETWORK: Shapes = {"W1": (3, 2), "b1": (3,), "W2": (2, 3), "b2": (2,)}
WEIGHTS: Shapes = {"w": (4,)}
OTHERS: Shapes = {"scale": (), "kernel": (2, 5)}

CHANGED = (
    "The numbers are right. But a dict that the step was given has been changed, and the caller has lost the parameters as they were. "
    "Make a new dict, and return that."
)


def each(make: Callable[..., Any], *dicts: Params) -> Params:
    """A dict with `make` of the entries of the same name."""
    return jax.tree.map(make, *dicts)


def changing(step: Callable[..., Any]) -> Callable[..., Any]:
    """A step that is right, and writes the new parameters into the dict that it was given."""

    def wrong(params: Params, *rest: Any) -> Any:
        answer = step(params, *rest)
        new, *memory = answer if isinstance(answer, tuple) else (answer,)
        params.update(new)
        return (params, *memory) if memory else params

    return wrong


def case(
    label: str,
    rng: np.random.Generator,
    shapes: Shapes,
    count: int,
    numbers: Mapping[str, float],
    memory: Mapping[str, str] | None = None,
    counted: bool = False,
    size: float = 1.0,
) -> Case:
    """A case of `count` steps.

    Args:
        numbers: the learning rate and what comes after it, by their names in the signature.
        memory: the parts of the optimizer's memory by name, and with what each begins: "zeros", "normal" numbers, "squares".
        counted: the step is told its number.
        size: of the gradients; the last entry of each array has a gradient of exactly 0, and is a large number.
    """
    params = [_start(rng, shape, 20.0 * (-1) ** i) for i, shape in enumerate(shapes.values())]
    kept = [[_begin(kind, rng, array.shape) for array in params] for kind in (memory or {}).values()]
    grads = [[_gradient(rng, shape, size) for shape in shapes.values()] for _ in range(count)]
    first = {"params": params, "grads": grads[0], **dict(zip(memory or {}, kept, strict=True))}
    shown = "\n".join(f"{name} = {_described(shapes, arrays)}" for name, arrays in first.items()) + "\n"
    shown += "".join(f"{name} = {number:g}, " for name, number in numbers.items()).rstrip(", ")
    shown += f"\nand {count - 1} more step{'' if count == 2 else 's'} with other gradients" if count > 1 else ""
    return Case(label, (list(shapes), params, kept, grads, counted, list(numbers.values())), shown)


def _described(shapes: Shapes, arrays: Sequence[np.ndarray]) -> str:
    """A dict in words: its shapes, or its numbers where it has one entry."""
    known = [
        f"{name} = {describe(a)}" if len(shapes) == 1 else f"{name} {a.shape}"
        for name, a in zip(shapes, arrays, strict=True)
    ]
    return f"a dict with {', '.join(known)}"


def _begin(kind: str, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    array = np.asarray(normal(rng, *shape))
    return {"zeros": np.zeros_like(array), "normal": array, "squares": np.asarray(array**2)}[kind]


def _start(rng: np.random.Generator, shape: tuple[int, ...], last: float) -> np.ndarray:
    array = np.asarray(normal(rng, *shape))
    if array.size > 1:
        array.reshape(-1)[-1] = last
    return array


def _gradient(rng: np.random.Generator, shape: tuple[int, ...], size: float) -> np.ndarray:
    array = np.asarray(np.float32(size) * normal(rng, *shape))
    if array.size > 1:
        array.reshape(-1)[-1] = 0
    # In the largest, two are so steep that what an optimizer remembers of them lies beyond ±10 as well.
    if array.size >= 10:
        array.reshape(-1)[:2] = 40, -40
    return array


@dataclass(frozen=True)
class Measure:
    """The measure of one optimizer: all numbers of each dict that its step returns, after the last step.

    Attributes:
        reference: the right step.
        parts: how the dicts are called in messages, such as "the parameters".
        rtol, atol: as the exercise has them.
    """

    reference: Callable[..., Any]
    parts: tuple[str, ...]
    rtol: float
    atol: float

    def __call__(self, raw: Any, *args: Any) -> Any:
        answer, untouched, (first, again) = raw
        if answer is None:
            return None
        got = self._numbers(answer, *args)
        # Whether they were left as they were is said by a process that may lie; the same step done again shows it.
        if not untouched or not self._equal(first, again, *args):
            right = steps(self.reference, *(_as_jax(arg) for arg in args))[0]
            if equal(got, self._numbers(right, *args), self.rtol, self.atol):
                raise WrongAnswer(after_colon(CHANGED))
        return got

    def _equal(self, one: Any, other: Any, *args: Any) -> bool:
        return equal(self._numbers(one, *args), self._numbers(other, *args), self.rtol, self.atol)

    def _numbers(self, answer: Any, names: Sequence[str], params: Sequence[np.ndarray], *rest: Any) -> Any:
        shapes = {name: array.shape for name, array in zip(names, params, strict=True)}
        if len(self.parts) == 1:
            return entries(answer, shapes, self.parts[0])
        if is_dict(answer) or not isinstance(answer, (tuple, list)) or len(answer) != len(self.parts):
            count = "one" if is_dict(answer) else len(answer) if isinstance(answer, (tuple, list)) else "no"
            raise WrongAnswer(f"return {len(self.parts)} dicts, {', '.join(self.parts)}; it returned {count}.")
        return tuple(entries(one, shapes, part) for one, part in zip(answer, self.parts, strict=True))


def _as_jax(arg: Any) -> Any:
    return jax.tree.map(lambda a: jnp.asarray(a) if isinstance(a, np.ndarray) else a, arg)
