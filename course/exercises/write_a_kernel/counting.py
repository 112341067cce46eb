"""bytes_moved: what a fused layer reads and writes, counted from its grid and its blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.write_a_kernel.common import TOPIC, whole


def _steps(batch: int, n_out: int, rows: int, cols: int) -> int:
    return (batch // rows) * (n_out // cols)


def bytes_moved(batch: int, n_in: int, n_out: int, rows: int, cols: int) -> int:
    return 4 * _steps(batch, n_out, rows, cols) * (rows * n_in + n_in * cols + cols + rows * cols)


def _cases(rng: np.random.Generator) -> list[Case]:
    n, m, p, q = whole(rng, 2, 60), whole(rng, 3, 40), whole(rng, 3, 12), whole(rng, 3, 12)
    return [
        Case("one block", (2, p, q, 2, q)),
        Case("one example", (1, 2 * n, 12 * m, 1, 4 * m)),
        Case("two rows of three blocks", (4, 5 + n, 3 * m, 2, m)),
        Case("blocks of one answer", (3, n, m + 1, 1, 1)),
        Case("a layer of the size of the lesson's", (128, 64 * n, 64 * m, 32, 64)),
        # More than 2^31 bytes: a count in 32 bits runs over.
        Case("high blocks of a large layer", (4096, 1000 * (10 + n), 512 * m, 64, 8)),
    ]


def _each_step(numbers: Callable[[int, int, int, int, int], int]) -> Callable[..., int]:
    """A wrong answer that counts other numbers in a step than those that are moved."""

    def bytes_in_all(batch: int, n_in: int, n_out: int, rows: int, cols: int) -> int:
        return 4 * _steps(batch, n_out, rows, cols) * numbers(batch, n_in, n_out, rows, cols)

    return bytes_in_all


BYTES_MOVED = Exercise(
    name="bytes_moved",
    topic=TOPIC,
    points=2,
    reference=bytes_moved,
    cases=_cases,
    edges=("one block", "one example"),
    mistakes=(
        Mistake(
            "numbers for bytes",
            "These are numbers, not bytes. A float32 has four bytes.",
            lambda batch, n_in, n_out, rows, cols: bytes_moved(batch, n_in, n_out, rows, cols) // 4,
        ),
        Mistake(
            "eight bytes",
            "That is twice as much: a float32 has 32 bits, and a byte has eight of them.",
            lambda batch, n_in, n_out, rows, cols: 2 * bytes_moved(batch, n_in, n_out, rows, cols),
        ),
        Mistake(
            "bits",
            "That is eight times as much: these are bits.",
            lambda batch, n_in, n_out, rows, cols: 8 * bytes_moved(batch, n_in, n_out, rows, cols),
        ),
        Mistake(
            "a step for each answer",
            "The grid has a step for each *block* of the answer, not for each number of it.",
            lambda batch, n_in, n_out, rows, cols: 4 * batch * n_out * (rows * n_in + n_in * cols + cols + rows * cols),
        ),
        Mistake(
            "each array once",
            "Every array is counted once. But the strip of X is fetched by each block of its row, and the strip of W by each block of its column.",
            lambda batch, n_in, n_out, rows, cols: 4 * (batch * n_in + n_in * n_out + n_out + batch * n_out),
        ),
        Mistake(
            "X once",
            "X is counted once. Every step fetches its strip anew, also those that stand in the same row of blocks.",
            lambda batch, n_in, n_out, rows, cols: (
                4 * (batch * n_in + _steps(batch, n_out, rows, cols) * (n_in * cols + cols + rows * cols))
            ),
        ),
        Mistake(
            "W once",
            "W is counted once. Every step fetches its strip anew, also those that stand in the same column of blocks.",
            lambda batch, n_in, n_out, rows, cols: (
                4 * (n_in * n_out + _steps(batch, n_out, rows, cols) * (rows * n_in + cols + rows * cols))
            ),
        ),
        Mistake(
            "one step",
            "That is one step. The grid has more of them.",
            lambda batch, n_in, n_out, rows, cols: 4 * (rows * n_in + n_in * cols + cols + rows * cols),
        ),
        Mistake(
            "answer forgotten",
            "That is what comes in. Each step writes a block of the answer, too.",
            _each_step(lambda batch, n_in, n_out, rows, cols: rows * n_in + n_in * cols + cols),
        ),
        Mistake(
            "bias forgotten",
            "The bias is missing: each step also reads a piece of b.",
            _each_step(lambda batch, n_in, n_out, rows, cols: rows * n_in + n_in * cols + rows * cols),
        ),
        Mistake(
            "all of the bias",
            "Each step reads all of b in your count. It needs as many numbers of b as its block has columns.",
            _each_step(lambda batch, n_in, n_out, rows, cols: rows * n_in + n_in * cols + n_out + rows * cols),
        ),
        Mistake(
            "bias by rows",
            "A block takes as many numbers of b as it has *columns*: one for each neuron. You count its rows.",
            _each_step(lambda batch, n_in, n_out, rows, cols: rows * n_in + n_in * cols + rows + rows * cols),
        ),
        Mistake(
            "bias once",
            "b is counted once for all steps. Each step fetches its piece anew.",
            lambda batch, n_in, n_out, rows, cols: (
                4 * (_steps(batch, n_out, rows, cols) * (rows * n_in + n_in * cols + rows * cols) + n_out)
            ),
        ),
        Mistake(
            "all of W in each step",
            "Each step reads all of W in your count. It needs the columns of its own block alone.",
            _each_step(lambda batch, n_in, n_out, rows, cols: rows * n_in + n_in * n_out + cols + rows * cols),
        ),
        Mistake(
            "all of X in each step",
            "Each step reads all of X in your count. It needs the rows of its own block alone.",
            _each_step(lambda batch, n_in, n_out, rows, cols: batch * n_in + n_in * cols + cols + rows * cols),
        ),
        Mistake(
            "blocks of X and W cut along n_in",
            "A block of the answer needs its rows of X and its columns of W at their whole length, n_in: a sum over a part of it is not yet an answer.",
            _each_step(lambda batch, n_in, n_out, rows, cols: rows * cols + rows * cols + cols + rows * cols),
        ),
        Mistake(
            "sides of the grid added",
            "The grid has as many steps as blocks: its two sides are multiplied, not added.",
            lambda batch, n_in, n_out, rows, cols: (
                4 * (batch // rows + n_out // cols) * (rows * n_in + n_in * cols + cols + rows * cols)
            ),
        ),
        Mistake(
            "answer read and written",
            "The answer is counted twice. In a fused kernel it is written once, at the end, and never read.",
            _each_step(lambda batch, n_in, n_out, rows, cols: rows * n_in + n_in * cols + cols + 2 * rows * cols),
        ),
        Mistake(
            "W left out",
            "The block of W is missing: each step reads its columns of it.",
            _each_step(lambda batch, n_in, n_out, rows, cols: rows * n_in + cols + rows * cols),
        ),
        Mistake(
            "X left out",
            "The block of X is missing: each step reads its rows of it.",
            _each_step(lambda batch, n_in, n_out, rows, cols: n_in * cols + cols + rows * cols),
        ),
        Mistake(
            "no parentheses",
            "`*` comes before `+`, so only the block of X is counted for each step. All four blocks belong in parentheses.",
            lambda batch, n_in, n_out, rows, cols: (
                4 * _steps(batch, n_out, rows, cols) * rows * n_in + n_in * cols + cols + rows * cols
            ),
        ),
        Mistake(
            "a step too many each way",
            "The grid has one step too many along both of its sides: the blocks fit exactly.",
            lambda batch, n_in, n_out, rows, cols: (
                bytes_moved(batch, n_in, n_out, rows, cols)
                // _steps(batch, n_out, rows, cols)
                * ((batch // rows + 1) * (n_out // cols + 1))
            ),
        ),
        Mistake(
            "n_in divided",
            "You divided n_in into blocks. A block of the answer needs its rows of X and its columns of W at their whole length, n_in.",
            _each_step(
                lambda batch, n_in, n_out, rows, cols: rows * (n_in // cols) + n_in // rows * cols + cols + rows * cols
            ),
        ),
        Mistake(
            "sides added",
            "You added the sides of the blocks. A block has as many numbers as its rows *times* its columns.",
            _each_step(lambda batch, n_in, n_out, rows, cols: rows + n_in + n_in + cols + cols + rows + cols),
        ),
    ),
)
