"""What Pallas says when it can't read a kernel, in words that lead to the cause."""

from __future__ import annotations

import re
from typing import Any

from course.checks.outcome import Failure

_REFERENCE = "a reference does not hold numbers yet: `x_ref` says where the block is, `x_ref[...]` reads it."

# What stands in a message of JAX 0.7 to 0.12, and what is said instead; {0} is what the pattern holds in brackets.
_SAID = (
    (
        r"Only interpret mode is supported",
        "kernels are compiled for GPUs only. Here all kernels run in the interpreter: write `interpret=True` in the call.",
    ),
    (
        r"Invalid shape for `swap`.*?Ref shape: (\([\d, ]*\)).*?Value shape: (\([\d, ]*\))",
        "what the kernel writes has the shape {1}, and the block that it writes into has the shape {0}.",
    ),
    (
        r"Invalid dtype for `swap`.*?Ref dtype: (\w+).*?Value dtype: (\w+)",
        "what the kernel writes is {1}, and the output's number type, in `out_shape`, is {0}.",
    ),
    (
        r"must not be longer than `shape`",
        "a reference's brackets hold more than its block has axes. They take numbers and slices; to add an axis, "
        "read the block first: `x_ref[...]`.",
    ),
    (
        r"carry input and carry output must have",
        "what the loop's function returns is handed to the next iteration: it needs the form, the shapes and the number types that the loop started with.",
    ),
    (
        r"arguments to fori_loop must have equal",
        "a loop runs a whole number of times: `//` gives a whole number, `/` does not.",
    ),
    (
        r"DShapedArray|values of integer type, got [^.]*ShapedArray",
        "the second number of `pl.ds` is how long the piece is, not where it ends. It must be known before the kernel runs.",
    ),
    (
        r"start_indices arguments to dynamic_slice must be scalars",
        "a piece begins at one number, and here you give a whole block of them. A loop calls its function with two arguments, and the iteration's number comes first.",
    ),
    (
        r"AbstractRef|TransformedRef|unsupported operand type.*Tracer|got a Ref of type|Ref\{|into another Ref|requires ndarray or scalar arguments.*Tracer",
        _REFERENCE,
    ),
    (
        r"kernel function .*should return None",
        "the kernel returns something. It has to write it into the output's reference instead: `o_ref[...] = …`.",
    ),
    (
        r"captures constants",
        "the kernel uses an array from outside. Pass an array as an input, with a BlockSpec of its own; make "
        "zeros and the like inside the kernel.",
    ),
    (
        r"<lambda>\(\) (?:takes|missing)|Index map function",
        "an index map is called with one number for each axis of the grid and returns one for each axis of the block.",
    ),
    (
        r"must have the same number of dimensions as the array shape (\([\d, ]*\))",
        "a block has as many axes as its array: here the array's shape is {0}.",
    ),
    (
        r"`in_specs` must be a tuple or a list",
        "`in_specs` is a list with a BlockSpec for each input, even if there is only one.",
    ),
    (
        r"Pytree for `in_specs` and",
        "`in_specs` does not have as many BlockSpecs as the kernel has input arrays.",
    ),
    (r"'function' object is not iterable", "in a BlockSpec the block's shape comes first, the index map second."),
    (
        r"(?:kernel|block)\w*\(\) (?:takes|missing)",
        "a kernel is called with one reference for each input, in order, and then one for the output.",
    ),
    (
        r"Attempted boolean conversion",
        "Python can't use a number that is known only when the kernel runs, such as its program_id, in an `if` or "
        "in a slice with `:`. Use `pl.when`, `jnp.where` or `pl.ds`.",
    ),
    (
        r"truth value of an array",
        "Python's own `if`, `max` and `min` need a single value, and this is a block of numbers. `jnp.where`, "
        "`jnp.maximum` and `jnp.max` work on blocks.",
    ),
    (
        r"Grid must be a tuple of integers",
        "the grid's sides are whole numbers: `pl.cdiv` gives a whole number, `/` does not.",
    ),
)


def in_words(failure: Failure, besides: Any, *args: Any) -> str | None:
    """A sentence for a failure that Pallas explains in its own terms, else None."""
    for pattern, sentence in _SAID:
        found = re.search(pattern, failure.message, re.DOTALL)
        if found:
            return sentence.format(*found.groups())
    if not failure.message and "program_id" in failure.source:  # JAX stops there without a word
        return "`pl.program_id` is known only inside a kernel while it runs: call it there."
    return None
