"""A learner's function as a program: traced with inputs of which only the shapes are known, and written down as StableHLO.

The program is what decides, where an exercise asks how something is done: it is run elsewhere, on inputs that this process has
never seen, and read there. So nothing that this process says about it counts.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import export

# A program is as long as its text: constants of many numbers are none of it.
LONGEST = 1_000_000


class Written:
    """Writes a learner's function down as a program; called as a probe is, with the function and the arguments of a case.

    Attributes:
        lenient: whether numbers may leave JAX on the way, as by `float(…)` and `np.asarray(…)`, where the exercise allows it.
    """

    def __init__(self, make: Callable[..., Any], lenient: bool) -> None:
        functools.update_wrapper(self, make)
        self._make, self.lenient = make, lenient

    def made(self, function: Callable[..., Any], *args: Any) -> tuple[Callable[..., Any], list[Any]]:
        """A function of arrays that calls the learner's, and its inputs for these arguments."""
        of_arrays, *inputs = self._make(function, *args)
        return of_arrays, inputs

    def lowered(self, function: Callable[..., Any], *args: Any) -> Any:
        """The program as a module of JAX's MLIR bindings, of abstract inputs."""
        traced, shapes = self._ready(function, args)
        with self._leniency(function), _without_places():
            return traced.lower(*shapes).compiler_ir()

    def __call__(self, function: Callable[..., Any], *args: Any) -> np.ndarray:
        """The program as bytes: the module of `jax.export`.

        Raises:
            ValueError: it is longer than LONGEST.
        """
        traced, shapes = self._ready(function, args)
        with self._leniency(function), _without_places():
            text = export.export(traced)(*shapes).mlir_module_serialized
        if len(text) > LONGEST:
            raise ValueError(f"as a program it is larger than {LONGEST // 10**6} MB: are there large arrays in it?")
        return np.frombuffer(text, np.uint8)

    def _ready(self, function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, list[Any]]:
        of_arrays, inputs = self.made(function, *args)

        def program(*arrays: Any) -> list[Any]:
            # A number that went through NumPy comes back in an array of objects.
            return [_inside(leaf) for leaf in jax.tree.leaves(of_arrays(*arrays))]

        shapes = [jax.ShapeDtypeStruct(np.shape(one), jnp.result_type(one)) for one in inputs]
        return jax.jit(program, keep_unused=True), shapes

    def _leniency(self, function: Callable[..., Any]) -> contextlib.AbstractContextManager[None]:
        return _lenient(getattr(function, "__globals__", {})) if self.lenient else contextlib.nullcontext()


def program(make: Callable[..., Any] | None = None, *, lenient: bool = False) -> Any:
    """Make a `Written` of ``make(function, *args)``, which returns a function of arrays and then its inputs."""
    return Written(make, lenient) if make else functools.partial(program, lenient=lenient)


@contextlib.contextmanager
def _without_places() -> Iterator[None]:
    """Where in which file an operation comes from is no part of what a program does, and would make equal ones differ."""
    usual = jax.config.jax_traceback_in_locations_limit  # type: ignore[attr-defined]
    jax.config.update("jax_traceback_in_locations_limit", 0)
    try:
        yield
    finally:
        jax.config.update("jax_traceback_in_locations_limit", usual)


class _Float(float):
    """`float` for a function that is being traced: a number that is not known yet stays as it is."""

    def __new__(cls, x: Any = 0.0) -> Any:
        return x if isinstance(x, jax.core.Tracer) else float(_inside(x))


class _NumPy:
    """`numpy` for a function that is being traced: what is not known yet is for `jax.numpy`."""

    def __getattr__(self, name: str) -> Any:
        theirs, ours = getattr(np, name), getattr(jnp, name, None)
        return _either(theirs, ours) if callable(theirs) and callable(ours) else theirs


def _either(theirs: Callable[..., Any], ours: Callable[..., Any]) -> Callable[..., Any]:
    def function(*args: Any, **more: Any) -> Any:
        if not any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves((args, more))):
            return theirs(*args, **more)
        return ours(*(jnp.asarray(arg) if isinstance(arg, list) else arg for arg in args), **more)

    return function


@contextlib.contextmanager
def _lenient(names: dict[str, Any]) -> Iterator[None]:
    """A number that is not known yet may be taken out of JAX, which leaves it as it is.

    Args:
        names: in which the traced function looks up `float` and NumPy.
    """
    tracer: Any = jax.core.Tracer
    methods = {"__array__": _as_object, "item": lambda self: self, "tolist": lambda self: self}
    new: dict[str, Any] = {name: _NumPy() for name, value in names.items() if value is np}
    if names.get("float", float) is float:
        new["float"] = _Float
    kept, own = {name: vars(tracer).get(name) for name in methods}, {name: names.get(name) for name in new}
    try:
        for name, method in methods.items():
            setattr(tracer, name, method)
        names.update(new)
        yield
    finally:
        for name, method in kept.items():
            if method is None:
                delattr(tracer, name)
            else:
                setattr(tracer, name, method)
        for name, value in own.items():
            if value is None:
                del names[name]
            else:
                names[name] = value


def _as_object(self: Any, dtype: Any = None, copy: Any = None) -> np.ndarray:
    boxed = np.empty((), object)
    boxed[()] = self
    return boxed


def _inside(leaf: Any) -> Any:
    return leaf.item() if isinstance(leaf, np.ndarray) and leaf.dtype == object and leaf.ndim == 0 else leaf
