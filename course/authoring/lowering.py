"""Whether what a lesson compiles could be compiled for an NVIDIA GPU, found without one.

A lesson's cells are run here, and each function that they hand to `jax.jit` and each kernel that they hand to `pl.pallas_call` is
lowered for CUDA by `jax.export`, with the arguments of its first call. So that this takes seconds, a jitted function runs a few times
for arguments of a kind, and then gives the same again and again. What a lesson says of its numbers is not looked at.

The last step, from the lowered program to the machine's code, is XLA's and needs the GPU.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial, update_wrapper
from pathlib import Path
from typing import Any

from course.authoring.in_process import run_cells
from course.cuda_program import compiled_by, exported

# Pallas' two compilers for NVIDIA GPUs.
COMPILERS = ("triton", "mosaic_gpu")
# So often a jitted function runs for arguments of a kind: enough for a picture, and not for a training.
RUNS = 50


@dataclass(frozen=True)
class Lowered:
    """One function or kernel that was lowered for CUDA, or couldn't be.

    Attributes:
        name: of the function that was compiled, or of the kernel.
        compiler: "xla", or one of Pallas' compilers.
        problem: why it couldn't be lowered, in a line; "" where it was.
    """

    name: str
    compiler: str
    problem: str


def lower(path: Path) -> list[Lowered]:
    """Run a notebook's cells in this process, and lower what they compile; for a process that does nothing else.

    Raises:
        RuntimeError: a cell stopped with an error; the message names the cell.
    """
    found: dict[Lowered, None] = {}
    made: list[_Jitted] = []

    def tell(name: str, compiler: str, problem: str) -> None:
        found[Lowered(name, compiler, problem)] = None

    with _recorded(tell, made.append):
        for problem in run_cells(path):
            if problem:
                raise RuntimeError(problem)
    for one in made:
        if not one.called:
            tell(one.name, "xla", "no cell calls it")
    return list(found)


@contextlib.contextmanager
def _recorded(tell: Callable[[str, str, str], None], made: Callable[[_Jitted], None]) -> Iterator[None]:
    """While it lasts, `jax.jit` and `pl.pallas_call` lower what they are given, and tell of it.

    Args:
        tell: is told a name, a compiler, and what is wrong.
        made: gets each function that a cell, or Flax for it, has made with `jax.jit`.
    """
    import jax
    import jax.numpy as jnp
    from flax import nnx
    from jax.experimental import pallas as pl

    from course import claims, timing

    course = sys.modules["course"]

    jit, pallas_call, flax_jit = jax.jit, pl.pallas_call, nnx.jit

    def recording_jit(fun: Any = None, **kwargs: Any) -> Any:
        if fun is None:
            return partial(recording_jit, **kwargs)
        if _by_jax():
            return jit(fun, **kwargs)
        # What is donated is gone after the one run.
        kept = {name: value for name, value in kwargs.items() if not name.startswith("donate")}
        jitted = _Jitted(fun, jit(fun, **kwargs), jit(fun, **kept), tell)
        if _by_a_cell(fun):
            made(jitted)
        return jitted

    def repeating_jit(fun: Any = None, **kwargs: Any) -> Any:
        if fun is None:
            return partial(repeating_jit, **kwargs)
        return _Repeating(flax_jit(fun, **kwargs))

    def recording_call(kernel: Any, *args: Any, **kwargs: Any) -> Any:
        called = pallas_call(kernel, *args, **kwargs)

        def call(*operands: Any) -> Any:
            shapes = [jax.ShapeDtypeStruct(jnp.shape(one), jnp.result_type(one)) for one in operands]
            for compiler in COMPILERS:
                chosen = compiled_by(compiler, inspect.signature(pallas_call).parameters)
                compiled = pallas_call(kernel, *args, **{**kwargs, **chosen, "interpret": False})
                tell(_name(kernel), compiler, _problem(partial(exported, jit(compiled), *shapes)))
            return called(*operands)

        return call

    changes: list[tuple[Any, str, Any]] = [
        (jax, "jit", recording_jit),
        (pl, "pallas_call", recording_call),
        (nnx, "jit", repeating_jit),
        (timing, "_ENOUGH", 0.0),
        (timing, "_FEWEST", 1),
        (timing, "_FEWEST_WHEN_LONG", 1),
        (course, "claim", lambda *args, **figures: None),
        (claims, "claim", lambda *args, **figures: None),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in changes]
    try:
        for owner, name, value in changes:
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


class _Jitted:
    """What `jax.jit` gives, but for its calls: the first with arguments of a kind lowers the function.

    Attributes:
        name: the function's own.
        called: whether it has been lowered, or was a part of what was.
    """

    def __init__(self, fun: Any, jitted: Any, run: Any, tell: Callable[[str, str, str], None]) -> None:
        update_wrapper(self, fun, updated=())
        self._jitted, self._run, self._tell = jitted, run, tell
        self._gave: dict[Any, Any] = {}
        self._runs: Counter[Any] = Counter()
        self.name, self.called = _name(fun), False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._jitted, name)

    def lower(self, *args: Any, **kwargs: Any) -> Any:
        """The first step of compiling by hand."""
        self._lower(*args, **kwargs)
        return self._jitted.lower(*args, **kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else partial(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        import jax

        leaves, tree = jax.tree.flatten((args, kwargs))
        if any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
            self.called = True
            return self._jitted(*args, **kwargs)
        kind = tree, tuple(_kind(leaf) for leaf in leaves)
        if kind not in self._gave:
            self._lower(*args, **kwargs)
        if self._runs[kind] < RUNS:
            self._runs[kind] += 1
            self._gave[kind] = self._run(*args, **kwargs)
        return self._gave[kind]

    def _lower(self, *args: Any, **kwargs: Any) -> None:
        self.called = True
        self._tell(self.name, "xla", _problem(partial(exported, self._jitted, *args, **kwargs)))


class _Repeating:
    """What `nnx.jit` gives, but that it soon says the same again: taking a network apart for each step takes longer than the step."""

    def __init__(self, jitted: Any) -> None:
        update_wrapper(self, jitted, updated=())
        self._jitted = jitted
        self._gave: dict[Any, Any] = {}
        self._runs: Counter[Any] = Counter()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._jitted, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        kind = tuple(_kind_of_any(one) for one in (*args, *kwargs.values()))
        if self._runs[kind] < RUNS:
            self._runs[kind] += 1
            self._gave[kind] = self._jitted(*args, **kwargs)
        return self._gave[kind]


def _kind_of_any(argument: Any) -> Any:
    """As `_kind`, of an argument that may be a network, an optimizer or a metric, which is only itself."""
    if isinstance(argument, dict | list | tuple):
        import jax

        leaves, tree = jax.tree.flatten(argument)
        return tree, tuple(_kind(leaf) for leaf in leaves)
    return _kind(argument) if hasattr(argument, "dtype") else id(argument)


def _by_jax() -> bool:
    """Is it JAX that makes this for itself?"""
    return "/jax/" in sys._getframe(2).f_code.co_filename


def _by_a_cell(fun: Any) -> bool:
    """Is it a notebook's cell that makes this, itself, or through Flax out of a function of its own?"""
    maker = sys._getframe(2).f_code.co_filename
    if "/flax/" in maker:  # which also compiles for itself, as `nnx.tabulate` does
        maker = getattr(getattr(inspect.unwrap(fun), "__code__", None), "co_filename", "")
    return "ipython-input" in maker


def _kind(leaf: Any) -> Any:
    """What a compiled program depends on: the shape and the dtype of an array, and whatever else as it is."""
    shape, dtype = getattr(leaf, "shape", None), getattr(leaf, "dtype", None)
    return repr(leaf) if shape is None or dtype is None else (shape, str(dtype))


def _name(fun: Any) -> str:
    while isinstance(fun, partial):
        fun = fun.func
    name = getattr(fun, "__name__", type(fun).__name__)
    return str(name)


def _problem(lower: Callable[[], Any]) -> str:
    """Why it can't be lowered, in a line; "" where it can."""
    try:
        lower()
    except Exception as error:
        text = " ".join(str(error).split())
        return f"{type(error).__name__}: {text[:300]}".removesuffix(": ")
    return ""


def main(path: str) -> None:
    """Print what was lowered, one JSON object a line."""
    for one in lower(Path(path).resolve()):
        print(json.dumps(asdict(one)))


if __name__ == "__main__":
    main(sys.argv[1])
