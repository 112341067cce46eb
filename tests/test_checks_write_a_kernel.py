"""Promises of lesson 07's checks: kernels are judged by their numbers and by how they go over the arrays, whichever way they are written."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental import pallas as pl

from course.checks import Exercise, find, judge
from course.checks.judge import attempt, measured, wrongness
from course.checks.outcome import Outcome
from course.checks.probes.write_a_kernel import blocks
from course.checks.verdict import Verdict
from course.checks.wire import decode_outcome, encode_outcome
from course.exercises.write_a_kernel import EXERCISES
from course.exercises.write_a_kernel.common import edited
from course.exercises.write_a_kernel.online import online_softmax

KERNELS = tuple(exercise for exercise in EXERCISES if exercise.probe is blocks)
each_kernel = pytest.mark.parametrize("exercise", KERNELS, ids=lambda exercise: exercise.name)


def call(kernel: Callable[..., None], shape: Any, grid: Any, ins: Any, outs: Any, *arrays: Any, **options: Any) -> Any:
    out_shape = jax.ShapeDtypeStruct(shape, jnp.float32)
    options = {"interpret": True, **options}
    return pl.pallas_call(kernel, out_shape=out_shape, grid=grid, in_specs=ins, out_specs=outs, **options)(*arrays)


def the_verdict(name: str, answer: Callable[..., Any]) -> Verdict:
    return judge(find(name), answer)


# --- Right in other forms -----------------------------------------------------------------------------------------------


def padded_sum(x: Any, rows: int) -> Any:
    """With the last block filled up with zeros, a block without its axis of one, and the last sum as a product."""
    steps = -(-x.shape[0] // rows)
    longer = jnp.pad(x, ((0, steps * rows - x.shape[0]), (0, 0)))

    def kernel(x_ref: Any, o_ref: Any) -> None:
        o_ref[:] = jnp.sum(x_ref[:, :], axis=0)

    ins, outs = pl.BlockSpec((rows, x.shape[1]), lambda i: (i, 0)), pl.BlockSpec((None, x.shape[1]), lambda i: (i, 0))
    return jnp.ones(steps) @ call(kernel, (steps, x.shape[1]), (steps,), [ins], outs, longer)


def python_loop(A: Any, B: Any, rows: int, cols: int, depth: int) -> Any:
    def kernel(a_ref: Any, b_ref: Any, o_ref: Any) -> None:
        total = jnp.zeros(o_ref.shape)
        for first in range(0, A.shape[1], depth):
            total += jnp.dot(a_ref[:, first : first + depth], b_ref[first : first + depth, :])
        o_ref[...] = total

    (m, k), n = A.shape, B.shape[1]
    ins = [pl.BlockSpec((rows, k), lambda i, j: (i, 0)), pl.BlockSpec((k, cols), lambda i, j: (0, j))]
    return call(
        kernel, (m, n), (-(-m // rows), -(-n // cols)), ins, pl.BlockSpec((rows, cols), lambda i, j: (i, j)), A, B
    )


def other_order(x: Any, rows: int, cols: int) -> Any:
    """The grid counts the output's blocks, and the input's index map exchanges."""

    def kernel(x_ref: Any, o_ref: Any) -> None:
        o_ref[...] = jnp.transpose(x_ref[...])

    (m, n), ins = x.shape, pl.BlockSpec((rows, cols), lambda j, i: (i, j))
    return call(
        kernel, (n, m), (-(-n // cols), -(-m // rows)), [ins], pl.BlockSpec((cols, rows), lambda j, i: (j, i)), x
    )


def softmax_of_library(x: Any, rows: int) -> Any:
    def kernel(x_ref: Any, o_ref: Any) -> None:
        o_ref[...] = jax.nn.softmax(x_ref[...], axis=-1)

    tile = pl.BlockSpec((rows, x.shape[1]), lambda i: (i, 0))
    return call(kernel, x.shape, (-(-x.shape[0] // rows),), [tile], tile, x)


def two_dimensional_bias(X: Any, W: Any, b: Any, rows: int, cols: int) -> Any:
    def kernel(x_ref: Any, w_ref: Any, b_ref: Any, o_ref: Any) -> None:
        o_ref[...] = jax.nn.relu(jnp.matmul(x_ref[...], w_ref[...]) + b_ref[...])

    (m, k), n = X.shape, W.shape[1]
    ins = [
        pl.BlockSpec((rows, k), lambda i, j: (i, 0)),
        pl.BlockSpec((k, cols), lambda i, j: (0, j)),
        pl.BlockSpec((1, cols), lambda i, j: (0, j)),
    ]
    outs = pl.BlockSpec((rows, cols), lambda i, j: (i, j))
    return call(kernel, (m, n), (-(-m // rows), -(-n // cols)), ins, outs, X, W, b[None, :])


def by_products_and_sums(pieces: bool) -> Callable[..., Any]:
    """A product of matrices as the lesson has its distances: numbers spread out, multiplied, and added up along one axis."""

    def answer(A: Any, B: Any, rows: int, cols: int, depth: int) -> Any:
        (m, k), n = A.shape, B.shape[1]
        size = depth if pieces else k

        def kernel(a_ref: Any, b_ref: Any, o_ref: Any) -> None:
            def step(s: Any, total: Any) -> Any:
                part = pl.ds(s * size, size)
                return total + (a_ref[:, part][:, :, None] * b_ref[part, :][None, :, :]).sum(axis=1)

            o_ref[...] = jax.lax.fori_loop(0, k // size, step, jnp.zeros(o_ref.shape))

        ins = [pl.BlockSpec((rows, k), lambda i, j: (i, 0)), pl.BlockSpec((k, cols), lambda i, j: (0, j))]
        outs = pl.BlockSpec((rows, cols), lambda i, j: (i, j))
        return call(kernel, (m, n), (-(-m // rows), -(-n // cols)), ins, outs, A, B)

    return answer


RIGHT: dict[str, tuple[str, Callable[..., Any]]] = {
    "column_sum of a padded table": ("column_sum", padded_sum),
    "matmul_blocks by a loop in Python": ("matmul_blocks", python_loop),
    "matmul_blocks by products and sums": ("matmul_blocks", by_products_and_sums(pieces=True)),
    "transpose_blocks by the input's map": ("transpose_blocks", other_order),
    "row_softmax by the library, in a block": ("row_softmax", softmax_of_library),
    "fused_layer with a bias of two axes": ("fused_layer", two_dimensional_bias),
    "under jit": ("fused_layer", jax.jit(two_dimensional_bias, static_argnums=(3, 4))),
}


@pytest.mark.parametrize("way", RIGHT)
def test_a_right_answer_may_be_written_otherwise(way: str) -> None:
    name, answer = RIGHT[way]
    verdict = the_verdict(name, answer)
    assert verdict.passed, verdict.message


def test_an_answer_that_was_compiled_before_is_read_all_the_same() -> None:
    """`jit` keeps what it has compiled, so that the function's body does not run again: what it does must be seen nevertheless."""
    answer = jax.jit(two_dimensional_bias, static_argnums=(3, 4))
    for case in find("fused_layer").draw(0):
        answer(*(jnp.asarray(a) if isinstance(a, np.ndarray) else a for a in case.args))
    assert the_verdict("fused_layer", answer).passed


def test_each_number_of_an_input_is_shown_under_its_name() -> None:
    """Three numbers below each other say nothing: which one is `depth`?"""
    shown = dict(the_verdict("matmul_blocks", by_products_and_sums(pieces=False)).facts)
    (given,) = (value for label, value in shown.items() if label.startswith("input"))
    assert [line.split(" = ")[0] for line in given.splitlines() if " = " in line] == ["A", "B", "rows", "cols", "depth"]


def test_a_right_answer_is_told_what_it_moves() -> None:
    message = the_verdict("fused_layer", two_dimensional_bias).message
    assert (
        "2 programs, each of which reads a block of (1, 6) and (6, 4) and (1, 4) and writes one of (1, 4): 272 bytes in, 32 out."
        in message
    )


# --- The way ------------------------------------------------------------------------------------------------------------


@each_kernel
def test_jax_alone_is_no_answer(exercise: Exercise) -> None:
    for case in exercise.draw(1):
        right = measured(exercise, case, attempt(exercise, exercise.reference, case)).value
        got = measured(exercise, case, attempt(exercise, lambda *args, right=right: jnp.asarray(right), case))
        assert got.failure is not None and got.failure.mark == "no kernel"


def test_a_kernel_that_only_watches_is_no_answer() -> None:
    """The numbers by JAX, and a kernel beside it whose output nobody uses."""

    def answer(x: Any, rows: int, cols: int) -> Any:
        other_order(x, rows, cols)
        return x.T

    assert not the_verdict("transpose_blocks", answer).passed


def test_a_race_is_named_though_the_interpreter_gives_the_right_numbers() -> None:
    def answer(x: Any, rows: int) -> Any:
        def kernel(x_ref: Any, o_ref: Any) -> None:
            @pl.when(pl.program_id(0) == 0)
            def _() -> None:
                o_ref[...] = jnp.zeros_like(o_ref)

            o_ref[...] += x_ref[...].sum(axis=0)

        steps = -(-x.shape[0] // rows)
        longer = jnp.pad(x, ((0, steps * rows - x.shape[0]), (0, 0)))
        ins = pl.BlockSpec((rows, x.shape[1]), lambda i: (i, 0))
        return call(kernel, (x.shape[1],), (steps,), [ins], pl.BlockSpec((x.shape[1],), lambda i: (0,)), longer)

    verdict = the_verdict("column_sum", answer)
    assert verdict.mistake == "added up over the steps", verdict.message


@pytest.mark.parametrize("add_up", [jnp.nansum, lambda x, **along: jnp.nan_to_num(x).sum(**along)])
def test_a_sum_that_leaves_out_nan_is_named_though_the_interpreter_gives_the_right_numbers(add_up: Any) -> None:
    def answer(x: Any, rows: int) -> Any:
        def kernel(x_ref: Any, o_ref: Any) -> None:
            o_ref[...] = add_up(x_ref[...], axis=0, keepdims=True)

        (m, n), ins = x.shape, pl.BlockSpec((rows, x.shape[1]), lambda i: (i, 0))
        outs, steps = pl.BlockSpec((1, n), lambda i: (i, 0)), -(-m // rows)
        return call(kernel, (steps, n), (steps,), [ins], outs, x).sum(axis=0)

    verdict = the_verdict("column_sum", answer)
    assert verdict.mistake == "nan left out", verdict.message


def test_whole_strips_are_named_whichever_way_they_are_multiplied() -> None:
    assert the_verdict("matmul_blocks", by_products_and_sums(pieces=False)).mistake == "whole strips"


@pytest.mark.parametrize("off", [jnp.mean, jnp.min, lambda z, **along: z[:, :1]])
def test_a_softmax_from_which_not_the_maximum_is_taken_off_is_not_right(off: Any) -> None:
    """It is right as long as the numbers of a row are close to each other."""

    def answer(x: Any, rows: int) -> Any:
        def kernel(x_ref: Any, o_ref: Any) -> None:
            z = x_ref[...]
            e = jnp.exp(z - off(z, axis=1, keepdims=True))
            o_ref[...] = e / e.sum(axis=1, keepdims=True)

        tile = pl.BlockSpec((rows, x.shape[1]), lambda i: (i, 0))
        return call(kernel, x.shape, (-(-x.shape[0] // rows),), [tile], tile, x)

    assert the_verdict("row_softmax", answer).mistake == "not the maximum"


def test_a_kernel_that_looks_for_its_block_inside_of_its_block_is_named() -> None:
    def answer(x: Any, scale: float, shift: float, block: int) -> Any:
        def kernel(x_ref: Any, o_ref: Any) -> None:
            first = pl.program_id(0) * block
            o_ref[pl.ds(first, block)] = x_ref[pl.ds(first, block)] * scale + shift

        tile = pl.BlockSpec((block,), lambda i: (i,))
        return call(kernel, x.shape, (-(-x.size // block),), [tile], tile, x)

    assert the_verdict("scale_shift", answer).mistake == "index arithmetic twice"


def test_a_grid_that_goes_on_beyond_the_array_is_named() -> None:
    def answer(x: Any, scale: float, shift: float, block: int) -> Any:
        def kernel(x_ref: Any, o_ref: Any) -> None:
            o_ref[...] = x_ref[...] * scale + shift

        tile = pl.BlockSpec((block,), lambda i: (i,))
        return call(kernel, x.shape, (x.size // block + 1,), [tile], tile, x)

    assert the_verdict("scale_shift", answer).mistake == "one block too many"


def test_a_function_that_was_not_called_is_named_for_what_it_is() -> None:
    tile = pl.BlockSpec((2,), lambda i: (i,))
    made = pl.pallas_call(copies, jax.ShapeDtypeStruct((4,), jnp.float32), grid=(2,), in_specs=[tile], out_specs=tile)
    assert "still has to be called" in the_verdict("scale_shift", lambda x, scale, shift, block: made).message


# --- What Pallas says -----------------------------------------------------------------------------------------------------


def scaled(kernel: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    def answer(x: Any, scale: float, shift: float, block: int) -> Any:
        tile = pl.BlockSpec((block,), options.get("index_map", lambda i: (i,)))
        ins = options.get("ins", [tile])
        given = [x] * options.get("times", 1)
        grid = options.get("grid", lambda n: (-(-n // block),))(x.size)
        return call(kernel, x.shape, grid, ins, tile, *given, interpret=options.get("interpret", True))

    return answer


def copies(x_ref: Any, o_ref: Any) -> None:
    o_ref[...] = x_ref[...]


def writes(value: Callable[[Any], Any]) -> Callable[..., None]:
    def kernel(x_ref: Any, o_ref: Any) -> None:
        o_ref[...] = value(x_ref)

    return kernel


def decides(x_ref: Any, o_ref: Any) -> None:
    if pl.program_id(0) == 0:
        o_ref[...] = x_ref[...]


def kernel_of_one(x_ref: Any) -> None:
    pass


SAID: dict[str, tuple[Callable[..., Any], str]] = {
    "not interpreted": (scaled(copies, interpret=False), "`interpret=True` in the call"),
    "a sum into a block": (
        scaled(writes(lambda x_ref: x_ref[...].sum())),
        "has the shape (), and the block that it writes into",
    ),
    "a reference in a product": (scaled(writes(lambda x_ref: 2 * x_ref)), "`x_ref[...]` reads it"),
    "a reference as it is": (scaled(writes(lambda x_ref: x_ref)), "`x_ref[...]` reads it"),
    "a reference in a function": (scaled(writes(jnp.exp)), "`x_ref[...]` reads it"),
    "a reference turned": (scaled(writes(lambda x_ref: x_ref.T)), "`x_ref[...]` reads it"),
    "a kernel that returns": (scaled(lambda x_ref, o_ref: x_ref[...]), "`o_ref[...] = …`"),
    "an array from outside": (
        scaled(writes(partial(lambda c, x_ref: x_ref[...] * c[0], jnp.ones(3)))),
        "as an input",
    ),
    "zeros from outside": (
        scaled(writes(partial(lambda zeros, x_ref: x_ref[...] + zeros, jnp.zeros(1)))),
        "inside the kernel",
    ),
    "an index map of two": (scaled(copies, index_map=lambda i, j: (i,)), "one number for each axis of the grid"),
    "an index map that gives two": (scaled(copies, index_map=lambda i: (i, 0)), "one number for each axis of the grid"),
    "a spec that is no list": (scaled(copies, ins=pl.BlockSpec((2,), lambda i: (i,))), "a BlockSpec for each input"),
    "a spec too few": (scaled(copies, times=2), "does not have as many BlockSpecs"),
    "a reference among numbers": (scaled(writes(lambda x_ref: x_ref[...] + x_ref)), "`x_ref[...]` reads it"),
    "a new axis for a reference": (scaled(writes(lambda x_ref: x_ref[:, None])), "to add an axis"),
    "max for maximum": (scaled(writes(lambda x_ref: max(x_ref[...], 0))), "`jnp.maximum`"),
    "a kernel of one reference": (scaled(kernel_of_one), "one reference for each input"),
    "if": (scaled(decides), "`pl.when`"),
    "a grid that is no whole number": (scaled(copies, grid=lambda n: (n / 4,)), "`pl.cdiv` gives a whole number"),
    "a spec turned round": (scaled(copies, ins=[pl.BlockSpec(lambda i: (i,), (2,))]), "the block's shape comes first"),  # type: ignore[arg-type]
    "a block of two axes": (scaled(copies, ins=[pl.BlockSpec((2, 2), lambda i: (i, 0))]), "as many axes as its array"),
}


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="a GPU may compile")
@pytest.mark.parametrize("way", SAID)
def test_what_pallas_says_is_said_in_words_that_lead_to_the_cause(way: str) -> None:
    answer, words = SAID[way]
    verdict = the_verdict("scale_shift", answer)
    assert not verdict.passed
    hint = next((m.hint for m in find("scale_shift").mistakes if m.name == verdict.mistake), "")
    assert words in verdict.message or hint, verdict.message


def multiplied(
    step: Callable[..., Any], times: Any = lambda k, depth: k // depth, start: Any = None
) -> Callable[..., Any]:
    """`matmul_blocks` with a loop of one's own; `step` gets what a step of the loop does, and then the references and the depth."""

    def answer(A: Any, B: Any, rows: int, cols: int, depth: int) -> Any:
        (m, k), n = A.shape, B.shape[1]

        def product_block(a_ref: Any, b_ref: Any, o_ref: Any) -> None:
            begin = jnp.zeros((rows, cols)) if start is None else start
            o_ref[...] = jax.lax.fori_loop(
                0, times(k, depth), lambda s, total: step(s, total, a_ref, b_ref, depth), begin
            )

        ins = [pl.BlockSpec((rows, k), lambda i, j: (i, 0)), pl.BlockSpec((k, cols), lambda i, j: (0, j))]
        outs = pl.BlockSpec((rows, cols), lambda i, j: (i, j))
        return call(product_block, (m, n), (-(-m // rows), -(-n // cols)), ins, outs, A, B)

    return answer


def piece(s: Any, total: Any, a_ref: Any, b_ref: Any, depth: int) -> Any:
    return total + a_ref[:, pl.ds(s * depth, depth)] @ b_ref[pl.ds(s * depth, depth), :]


LOOPS: dict[str, tuple[Callable[..., Any], str]] = {
    "begun with a number": (multiplied(piece, start=0.0), "that the loop started with"),
    "begun with whole numbers": (multiplied(piece, start=0), "that the loop started with"),
    "nothing returned": (multiplied(lambda *of: None), "that the loop started with"),
    "a part of a time": (multiplied(piece, times=lambda k, depth: k / depth), "`//` gives a whole number"),
    "the end for the size": (
        multiplied(lambda s, total, a, b, depth: total + a[:, pl.ds(s, s + depth)] @ b[pl.ds(s, s + depth), :]),
        "how long the piece is",
    ),
    "step and total swapped": (
        multiplied(lambda s, total, a, b, depth: piece(total, s, a, b, depth)),
        "the iteration's number comes first",
    ),
}


@pytest.mark.parametrize("way", LOOPS)
def test_a_loop_that_jax_refuses_is_explained(way: str) -> None:
    answer, words = LOOPS[way]
    assert words in the_verdict("matmul_blocks", answer).message


@pytest.mark.parametrize("correction", ["jnp.exp(new_top - top)", "top - new_top"])
def test_a_correction_that_is_infinite_is_not_taken_for_nothing_written_alone(correction: str) -> None:
    answer = edited(online_softmax, ("jnp.exp(top - new_top)", correction))
    assert "begins at −∞" in the_verdict("online_softmax", answer).message


def test_a_step_that_is_asked_for_outside_of_the_kernel_is_explained() -> None:
    def answer(x: Any, rows: int) -> Any:
        row = pl.program_id(0) * rows + jnp.arange(rows)
        return jnp.where((row < x.shape[0])[:, None], x, 0).sum(axis=0)

    assert "inside a kernel" in the_verdict("column_sum", answer).message


# --- What comes back ------------------------------------------------------------------------------------------------------


@each_kernel
def test_what_a_probe_brings_travels_whole(exercise: Exercise) -> None:
    case = exercise.draw(0)[1]
    there = attempt(exercise, exercise.reference, case)
    back = decode_outcome(encode_outcome(there))
    assert wrongness(exercise, case, measured(exercise, case, back), measured(exercise, case, there)) is None


LIES: dict[str, Any] = {
    "nothing": None,
    "a number": 3,
    "no calls": (np.zeros(8, np.float32), None, []),
    "a call of text": (np.zeros(8, np.float32), ["grid"], []),
    "sides that are none": (np.zeros(8, np.float32), [([2], [1], [2], [], False, False)], []),
    "an index of floats": (np.zeros(8, np.float32), [([2], [([4], [2], np.zeros((2, 1)))], [], [], False, False)], []),
    "a grid of text": (np.zeros(8, np.float32), [(["2"], [], [], [], False, False)], []),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_a_lying_probe_brings_makes_no_trouble(lie: str) -> None:
    exercise = find("scale_shift")
    case = exercise.draw(0)[0]
    want = measured(exercise, case, attempt(exercise, exercise.reference, case))
    assert wrongness(exercise, case, measured(exercise, case, Outcome(LIES[lie])), want) is not None


def test_a_number_of_a_block_may_be_taken_from_a_wrong_place_only_if_it_is_named() -> None:
    """Every wrong order of the two numbers of an index map in `outer_sum`, by hand: each is a known mistake."""

    def answer(x_map: Callable[..., Any], y_map: Callable[..., Any]) -> Callable[..., Any]:
        def outer(x: Any, y: Any, rows: int, cols: int) -> Any:
            def kernel(x_ref: Any, y_ref: Any, o_ref: Any) -> None:
                o_ref[...] = x_ref[...][:, None] + y_ref[...]

            ins = [pl.BlockSpec((rows,), x_map), pl.BlockSpec((cols,), y_map)]
            grid = (-(-x.size // rows), -(-y.size // cols))
            return call(kernel, (x.size, y.size), grid, ins, pl.BlockSpec((rows, cols), lambda i, j: (i, j)), x, y)

        return outer

    first, second = (lambda i, j: (i,)), (lambda i, j: (j,))
    assert the_verdict("outer_sum", answer(first, second)).passed
    assert the_verdict("outer_sum", answer(second, second)).mistake == "x by columns"
    assert the_verdict("outer_sum", answer(first, first)).mistake == "y by rows"
    assert the_verdict("outer_sum", answer(second, first)).mistake == "x and y swapped in the grid"
