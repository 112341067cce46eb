"""Lesson 07's kernels, counters and race, taken out of the notebook and held to JAX, to the compiler, and to counting by hand."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental import pallas as pl

from course.authoring.notebook import read
from course.checks.plain import plain
from course.checks.probes.write_a_kernel import blocks
from course.curriculum import lesson_of
from course.exercises.write_a_kernel import BYTES_MOVED
from course.exercises.write_a_kernel.calls import calls_of

LESSON = Path(__file__).parents[1] / "notebooks" / f"{lesson_of('write_a_kernel')}.ipynb"


def run(*ids: str, **given: Any) -> dict[str, Any]:
    """The names that these cells of the lesson define, up to where they begin to compute with what other cells have made."""
    cells = {cell["id"]: cell["source"] for cell in read(LESSON)["cells"]}
    names: dict[str, Any] = {"np": np, "jax": jax, "jnp": jnp, "pl": pl, "math": math, **given}
    for name in ids:
        exec(cells[name], names)
    return names


def quiet(*args: Any, **options: Any) -> Any:
    return None


def counter() -> Any:
    """The lesson's function that counts bytes; what its cell computes besides is left out."""
    source = next(cell["source"] for cell in read(LESSON)["cells"] if cell["id"] == "k-traffic")
    names: dict[str, Any] = {"math": math}
    exec(source.partition("\n\n")[0], names)
    return names["block_bytes"]


# --- The counter --------------------------------------------------------------------------------------------


def test_the_lessons_counter_of_blocks_agrees_with_what_jax_reads_in_the_call() -> None:
    """By the lesson's two lines, from grid and specs; and by the probe, from the call's own parameters."""
    count = counter()
    strip, piece = pl.BlockSpec((4, 6), lambda i, j: (i, 0)), pl.BlockSpec((6, 3), lambda i, j: (0, j))
    out = pl.BlockSpec((4, 3), lambda i, j: (i, j))

    def product(A: Any, B: Any) -> Any:
        def kernel(a_ref: Any, b_ref: Any, o_ref: Any) -> None:
            o_ref[...] = a_ref[...] @ b_ref[...]

        shape = jax.ShapeDtypeStruct((8, 9), jnp.float32)
        return pl.pallas_call(
            kernel, out_shape=shape, grid=(2, 3), in_specs=[strip, piece], out_specs=out, interpret=True
        )(A, B)

    _, (call,), _ = calls_of(plain(blocks(product, jnp.ones((8, 6)), jnp.ones((6, 9)))))
    counted = count((2, 3), {"A": strip, "B": piece, "out": out})
    assert counted["A"] + counted["B"] == call.read()
    assert counted["out"] == call.written()


def test_the_lessons_formulas_of_bytes_agree_with_its_counter_and_with_the_exercise() -> None:
    names = run("k-blocksize-guess", predict=quiet) | {"block_bytes": counter()}
    n, block = 256, 32
    specs = {
        "A": pl.BlockSpec((block, n), lambda i, j: (i, 0)),
        "B": pl.BlockSpec((n, block), lambda i, j: (0, j)),
        "out": pl.BlockSpec((block, block), lambda i, j: (i, j)),
    }
    grid = (n // block, n // block)
    assert names["product_bytes"](n, block) == sum(names["block_bytes"](grid, specs).values())
    fused = {**specs, "b": pl.BlockSpec((block,), lambda i, j: (j,))}
    assert BYTES_MOVED.reference(n, n, n, block, block) == sum(names["block_bytes"](grid, fused).values())


# --- The race -----------------------------------------------------------------------------------------------


def test_exactly_the_orders_without_interruption_give_the_right_total() -> None:
    """All 2,520 different orders of four blocks with two turns each, one by one: 24 are right, as the lesson counts out."""
    once = run("k-race")["run_once"]
    parts = [1, 10, 100, 1000]
    orders = set(itertools.permutations([0, 0, 1, 1, 2, 2, 3, 3]))
    right = {order for order in orders if once(order, parts) == sum(parts)}
    assert len(orders) == math.factorial(8) // 2**4
    assert right == {tuple(b for block in order for b in (block, block)) for order in itertools.permutations(range(4))}


def test_the_lessons_running_mean_and_squares_are_exact_for_pieces_of_any_size() -> None:
    """The correction (x − m)(x − m') of the lesson, beside the variance in two passes."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(1, 24)) * 5 + 40
    mean, squares = np.zeros((1, 1)), np.zeros((1, 1))
    for s in range(4):
        piece = x[:, 6 * s : 6 * s + 6]
        step = (piece.mean(axis=1, keepdims=True) - mean) / (s + 1)
        squares = squares + ((piece - mean) * (piece - mean - step)).sum(axis=1, keepdims=True)
        mean = mean + step
    np.testing.assert_allclose((mean[0, 0], squares[0, 0] / 24), (x.mean(), x.var()), rtol=1e-12)


# --- The kernels --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell", ["k-kernel", "k-mask", "k-rows", "k-partial", "k-product", "k-layer-fused", "k-moments"]
)
def test_a_kernel_of_the_lesson_is_a_few_lines(cell: str) -> None:
    source = next(c["source"] for c in read(LESSON)["cells"] if c["id"] == cell)
    body = source[source.index("_ref") :].split("\n\n")[0].splitlines()
    assert len(body) <= 14


def test_every_kernel_that_may_be_compiled_has_blocks_that_come_out_even() -> None:
    """Not every JAX guards what is out of bounds: only the cells of section 3, and those on a race, say interpret=True."""
    cells = {cell["id"]: cell["source"] for cell in read(LESSON)["cells"] if cell["cell_type"] == "code"}
    always = {name for name, source in cells.items() if "interpret=True" in source}
    assert always == {"k-beyond", "k-acc", "k-product"}
    assert sum("interpret=interpret()" in source for source in cells.values()) >= 8
