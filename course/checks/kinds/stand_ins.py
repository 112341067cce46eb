"""Mistakes of a kind that the engine makes itself, of an exercise's right answer: an input left out, two exchanged, another returned.

A learner's answer that is the same on every input as the right answer with `b1` = 0 has no part of b1 in it, however it is
written. So what is said of it is true.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from course.checks.exercise import Exercise, Mistake

# At most so many: each is tried on the first input at least.
_MOST = 60


def stand_ins(exercise: Exercise, attempt: Callable[[Callable[..., Any]], Any]) -> tuple[Mistake, ...]:
    """The mistakes that can be made of the exercise's reference; none where it is a class, or takes nothing.

    Args:
        exercise: whose reference it is.
        attempt: tries a function on an input of the exercise, as a learner's is tried.
    """
    if inspect.isclass(exercise.reference):
        return ()
    parameters = list(inspect.signature(exercise.reference).parameters.values())
    if not parameters or any(p.kind not in (p.POSITIONAL_OR_KEYWORD, p.POSITIONAL_ONLY) for p in parameters):
        return ()
    names = [parameter.name for parameter in parameters]
    seen = _seen(exercise, attempt)
    if seen is None or len(seen[0]) != len(names):
        return ()
    return tuple(itertools.islice(_made(exercise.reference, names, *seen), _MOST))


def _seen(exercise: Exercise, attempt: Callable[[Callable[..., Any]], Any]) -> tuple[list[Any], Any] | None:
    """What the reference is given, as the probe hands it over, and what it gives back."""
    found: list[tuple[list[Any], Any]] = []

    def spy(*args: Any) -> Any:
        answer = exercise.reference(*args)
        found.append((list(args), answer))
        return answer

    attempt(spy)
    return found[0] if found else None


def _made(reference: Callable[..., Any], names: list[str], args: list[Any], answer: Any) -> Iterator[Mistake]:
    places = list(_places(names, args))
    for at, name, value in places:
        yield _with(
            reference,
            name,
            at,
            "with every number of `{}` set to 0" if np.ndim(value) else "with `{}` = 0",
            lambda x: x * 0,
        )
        if np.ndim(value) == 0:
            yield _with(reference, name, at, "with `{}` = 1", lambda x: x * 0 + 1)
    for (at, name, value), (at_2, name_2, value_2) in itertools.combinations(places, 2):
        alike = np.shape(value) == np.shape(value_2) or len(at) == len(at_2) == 1
        if alike and _kind(value) == _kind(value_2) and np.ndim(value) == np.ndim(value_2):
            yield _exchanged(reference, name, at, name_2, at_2)
    for at, name, value in places:
        if _kind(value) == "f":
            yield _with(reference, name, at, "with the sign of `{}` flipped", lambda x: -x)
        if np.ndim(value) == 0:
            yield _with(reference, name, at, "with one more than `{}`", lambda x: x + 1)
            yield _with(reference, name, at, "with one less than `{}`", lambda x: x - 1)
            yield _with(reference, name, at, "with twice `{}`", lambda x: x * 2)
        else:
            yield _with(reference, name, at, "without the first part of `{}`", lambda x: jnp.asarray(x).at[:1].set(0))
            yield _with(reference, name, at, "without the last part of `{}`", lambda x: jnp.asarray(x).at[-1:].set(0))
            yield _with(reference, name, at, "with `{}` reversed", lambda x: x[::-1])
    yield from _shorter(reference, places)
    yield from _given_back(reference, names, args, answer)


def _shorter(reference: Callable[..., Any], places: list[tuple[tuple[Any, ...], str, Any]]) -> Iterator[Mistake]:
    """The first or the last example is left out: of all arrays that are as long as each other."""
    lengths = [np.shape(value)[0] if np.ndim(value) else 0 for _, _, value in places]
    for length in dict.fromkeys(n for n in lengths if lengths.count(n) > 1 and n > 1):
        ways = [at for (at, _, _), n in zip(places, lengths, strict=True) if n == length]
        called = " and ".join(f"`{name}`" for (_, name, _), n in zip(places, lengths, strict=True) if n == length)
        for which, part in (("first", slice(1, None)), ("last", slice(None, -1))):

            def wrong(*args: Any, ways: list[Any] = ways, part: slice = part) -> Any:
                for at in ways:
                    args = _put(args, at, _get(args, at)[part])
                return reference(*args)

            way = f"with the {which} part of {called} left out"
            yield _mistake(way, way, wrong)


def _places(names: list[str], args: list[Any]) -> Iterator[tuple[tuple[Any, ...], str, Any]]:
    """Where numbers stand among the arguments: the way there, what it is called, and what is there."""
    for k, (name, value) in enumerate(zip(names, args, strict=True)):
        if isinstance(value, Mapping):
            alike = [(other, x) for other, x in value.items() if _is_number(x)]
            # The names of an optimizer's parameters are others on each input.
            yield from (((k, key), str(key), x) for key, x in alike if str(key) in ("W1", "b1", "W2", "b2", "W", "b"))
        elif _is_number(value):
            yield (k,), name, value


def _is_number(value: Any) -> bool:
    if isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
        return False
    return isinstance(value, (int, float, jax.Array, np.ndarray)) and not isinstance(value, bool)


def _kind(value: Any) -> str:
    return np.asarray(value).dtype.kind


def _mistake(name: str, way: str, wrong: Callable[..., Any]) -> Mistake:
    return Mistake(f"made: {name}", f"Your answers would be right for another input: {way}.", wrong)


def _with(
    reference: Callable[..., Any], name: str, at: tuple[Any, ...], way: str, change: Callable[[Any], Any]
) -> Mistake:
    """The right answer for an input of which one thing is changed."""

    def wrong(*args: Any) -> Any:
        return reference(*_put(args, at, change(_get(args, at))))

    return _mistake(way.format(name), way.format(name), wrong)


def _exchanged(
    reference: Callable[..., Any], one: str, at: tuple[Any, ...], other: str, at_2: tuple[Any, ...]
) -> Mistake:
    def wrong(*args: Any) -> Any:
        first, second = _get(args, at), _get(args, at_2)
        return reference(*_put(_put(args, at, second), at_2, first))

    way = f"with `{one}` and `{other}` swapped"
    return _mistake(way, way, wrong)


def _get(args: Any, at: tuple[Any, ...]) -> Any:
    return args[at[0]] if len(at) == 1 else args[at[0]][at[1]]


def _put(args: tuple[Any, ...], at: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    changed = list(args)
    changed[at[0]] = value if len(at) == 1 else {**args[at[0]], at[1]: value}
    return tuple(changed)


def _given_back(reference: Callable[..., Any], names: list[str], args: list[Any], answer: Any) -> Iterator[Mistake]:
    """An input where something new should be returned; and the parts of an answer in another order."""
    parts = answer if isinstance(answer, tuple) else (answer,)
    for i, k in itertools.product(range(len(parts)), range(len(names))):
        if _build(parts[i]) == _build(args[k]) and _sizes(parts[i]) == _sizes(args[k]):
            said = (
                f"Everything is right, but value {i + 1} of the {len(parts)} that you return is `{names[k]}` as it came in."
                if len(parts) > 1
                else f"What you return is `{names[k]}` as it came in."
            )

            def wrong(*given: Any, i: int = i, k: int = k) -> Any:
                found = reference(*given)
                if not isinstance(found, tuple):
                    return given[k]
                return (*found[:i], given[k], *found[i + 1 :])

            yield Mistake(f"made: {i} is {names[k]}", said, wrong)
    for order in itertools.permutations(range(len(parts))) if 1 < len(parts) < 4 else ():
        if order != tuple(sorted(order)):

            def turned(*given: Any, order: tuple[int, ...] = order) -> Any:
                found = reference(*given)
                return tuple(found[i] for i in order)

            yield Mistake(f"made: {order}", "The values that you return are right, but in another order.", turned)


def _build(tree: Any) -> Any:
    return jax.tree.structure(tree)


def _sizes(tree: Any) -> list[tuple[int, ...]]:
    return [np.shape(leaf) for leaf in jax.tree.leaves(tree)]
