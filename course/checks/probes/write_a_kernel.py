"""The probe of lesson 07: what a function of blocks gives, and how its kernels go over their arrays."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.extend.core
import numpy as np
from jax.interpreters.partial_eval import dce_jaxpr

from course.checks.probes.program import program

# What is computed nowhere: it moves numbers, or makes them from none.
_MOVES = {
    "broadcast_in_dim",
    "concatenate",
    "convert_element_type",
    "copy",
    "dynamic_slice",
    "dynamic_update_slice",
    "expand_dims",
    "gather",
    "iota",
    "pad",
    "reshape",
    "slice",
    "squeeze",
    "split",
    "unstack",
    "stop_gradient",
}
# More steps than any answer needs; a grid that is longer is cut here, so that what comes back stays small.
_STEPS = 512


def blocks(function: Callable[..., Any], *args: Any) -> tuple[Any, list[Any], list[str]]:
    """What the learner's function gives, and what JAX sees in it.

    Args:
        function: what the learner wrote; arrays are its first arguments, numbers the others.

    Returns:
        The answer. For each `pallas_call` in it: its grid; for each input, then for each output, the array's shape, the block's
        shape and an int32 array `(programs, axes)` with the block index of each program, the grid's last axis running fastest; how many
        numbers each product of matrices in its kernel, each sum and each maximum combines; whether the kernel moves about in its blocks
        by the number of the program; whether it asks what is nan; and how many loops it has. And the names of the operations outside of
        all kernels that compute something; "pallas_call" among them where nothing is made of what a kernel gave.
    """
    answer = function(*args)
    if answer is None or callable(answer):  # there is nothing to be read
        return answer, [], []
    arrays = [arg for arg in args if isinstance(arg, jax.Array)]
    rest = args[len(arrays) :]
    # The function is read a second time, as the answer of the first may have come from a cache.
    read = jax.make_jaxpr(lambda *arrays: function(*arrays, *rest))(*arrays)
    needed, _ = dce_jaxpr(read.jaxpr, [True] * len(read.jaxpr.outvars))
    calls: list[Any] = []
    outside: list[str] = []
    for operation in _operations(read.jaxpr):
        if operation.primitive.name == "pallas_call":
            calls.append(_call(operation))
        elif not any(map(_inner, _parameters(operation))) and operation.primitive.name not in _MOVES:
            outside.append(operation.primitive.name)
    if _kernels(read.jaxpr) > _kernels(needed):
        outside.append("pallas_call")
    return answer, calls, outside


def _kernels(jaxpr: Any) -> int:
    return sum(operation.primitive.name == "pallas_call" for operation in _operations(jaxpr))


@program(lenient=True)
def blocks_program(function: Callable[..., Any], *args: Any) -> Any:
    """What the function gives, of its arrays."""
    arrays = [arg for arg in args if isinstance(arg, (jax.Array, np.ndarray))]
    rest = args[len(arrays) :]
    return lambda *arrays: function(*arrays, *rest), *arrays


def _operations(jaxpr: Any) -> Iterator[Any]:
    """All operations, also those inside of others, but for a kernel's."""
    for operation in jaxpr.eqns:
        yield operation
        if operation.primitive.name != "pallas_call":
            for inner in filter(None, map(_inner, _parameters(operation))):
                yield from _operations(inner)


def _parameters(operation: Any) -> list[Any]:
    values = operation.params.values()
    return [part for value in values for part in (value if isinstance(value, (tuple, list)) else [value])]


def _inner(parameter: Any) -> Any:
    """The operations that a parameter holds, as those of `jit` and of loops do; or None."""
    jaxpr = getattr(parameter, "jaxpr", parameter)
    return jaxpr if hasattr(jaxpr, "eqns") else None


def _call(operation: Any) -> tuple[list[int], list[Any], list[Any], list[int], bool, bool, int]:
    mapping = operation.params["grid_mapping"]
    grid = [int(side) for side in mapping.grid]
    steps = list(itertools.islice(itertools.product(*map(range, grid)), _STEPS))
    arrays = [*operation.invars, *operation.outvars]
    sides = [_side(array.aval.shape, block, steps) for array, block in zip(arrays, mapping.block_mappings, strict=True)]
    count = len(operation.outvars)
    kernel = operation.params["jaxpr"]
    # A product may also be written with a sum.
    products = [length for name in ("dot_general", "reduce_sum", "reduce_max") for length in _lengths(kernel, name)]
    loops = sum(operation.primitive.name in ("scan", "while") for operation in _operations(kernel))
    inputs, outputs = sides[: len(sides) - count], sides[len(sides) - count :]
    return grid, inputs, outputs, products, _by_step(kernel), any(map(_asks_for_nan, _operations(kernel))), loops


def _lengths(kernel: Any, name: str) -> list[int]:
    """How many numbers each operation of this name, one that combines, takes for each number that it gives."""
    found = [operation for operation in _operations(kernel) if operation.primitive.name == name]
    axes = [one.params["dimension_numbers"][0][0] if name == "dot_general" else one.params["axes"] for one in found]
    return [int(np.prod([one.invars[0].aval.shape[i] for i in over])) for one, over in zip(found, axes, strict=True)]


def _asks_for_nan(operation: Any) -> bool:
    """Whether a number is compared with itself, as `jnp.isnan` does, or asked whether it is finite."""
    name = operation.primitive.name
    return name == "is_finite" or (name == "ne" and operation.invars[0] is operation.invars[1])


def _by_step(kernel: Any) -> bool:
    """Whether the place at which a reference is read or written follows from `program_id`."""
    following: set[int] = set()
    for operation in kernel.eqns:
        name = operation.primitive.name
        skipped = {"get": 1, "swap": 2, "addupdate": 2}.get(name, 0)  # the reference, and what is written
        if any(id(value) in following for value in operation.invars[skipped:]):
            if skipped:
                return True
            following.update(map(id, operation.outvars))
        elif name == "program_id":
            following.update(map(id, operation.outvars))
    return False


def _side(
    shape: tuple[int, ...], mapping: Any, steps: list[tuple[int, ...]]
) -> tuple[list[int], list[int], np.ndarray]:
    # An axis that was given as None has blocks of one, whose axis is taken away.
    block = [int(getattr(size, "block_size", 1)) for size in mapping.block_shape]
    index = jax.extend.core.jaxpr_as_fun(mapping.index_map_jaxpr)
    table = np.array([[int(i) for i in index(*step)] for step in steps], np.int32).reshape(len(steps), len(block))
    return [int(n) for n in shape], block, table
