"""bytes_moved: what a fused layer reads and writes, counted from its grid and its blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.write_a_kernel.common import TOPIC, whole


def _programs(batch: int, n_out: int, rows: int, cols: int) -> int:
    return (batch // rows) * (n_out // cols)


def bytes_moved(batch: int, n_in: int, n_out: int, rows: int, cols: int) -> int:
    return 4 * _programs(batch, n_out, rows, cols) * (rows * n_in + n_in * cols + cols + rows * cols)


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


def _each_program(numbers: Callable[[int, int, int, int, int], int]) -> Callable[..., int]:
    """A wrong answer that counts other numbers in a program than those that are moved."""

    def bytes_in_all(batch: int, n_in: int, n_out: int, rows: int, cols: int) -> int:
        return 4 * _programs(batch, n_out, rows, cols) * numbers(batch, n_in, n_out, rows, cols)

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
            "a program for each answer",
            "The grid has one program for each *block* of the answer, not for each number in it.",
            lambda batch, n_in, n_out, rows, cols: 4 * batch * n_out * (rows * n_in + n_in * cols + cols + rows * cols),
        ),
        Mistake(
            "each array once",
            "You counted every array once. But each block of a row fetches the strip of X again, and each block of a column the strip of W.",
            lambda batch, n_in, n_out, rows, cols: 4 * (batch * n_in + n_in * n_out + n_out + batch * n_out),
        ),
        Mistake(
            "X once",
            "You counted X once. Every program fetches its own strip, even if another one in the same row of blocks fetches the same.",
            lambda batch, n_in, n_out, rows, cols: (
                4 * (batch * n_in + _programs(batch, n_out, rows, cols) * (n_in * cols + cols + rows * cols))
            ),
        ),
        Mistake(
            "W once",
            "You counted W once. Every program fetches its own strip, even if another one in the same column of blocks fetches the same.",
            lambda batch, n_in, n_out, rows, cols: (
                4 * (n_in * n_out + _programs(batch, n_out, rows, cols) * (rows * n_in + cols + rows * cols))
            ),
        ),
        Mistake(
            "one step",
            "That is one program. The grid has more of them.",
            lambda batch, n_in, n_out, rows, cols: 4 * (rows * n_in + n_in * cols + cols + rows * cols),
        ),
        Mistake(
            "answer forgotten",
            "That is what is read. Each program also writes a block of the answer.",
            _each_program(lambda batch, n_in, n_out, rows, cols: rows * n_in + n_in * cols + cols),
        ),
        Mistake(
            "bias forgotten",
            "The bias is missing: each program also reads a piece of b.",
            _each_program(lambda batch, n_in, n_out, rows, cols: rows * n_in + n_in * cols + rows * cols),
        ),
        Mistake(
            "all of the bias",
            "In your count each program reads all of b. It needs only as many numbers of b as its block has columns.",
            _each_program(lambda batch, n_in, n_out, rows, cols: rows * n_in + n_in * cols + n_out + rows * cols),
        ),
        Mistake(
            "bias by rows",
            "A block needs as many numbers of b as it has *columns*: one for each neuron. You counted its rows.",
            _each_program(lambda batch, n_in, n_out, rows, cols: rows * n_in + n_in * cols + rows + rows * cols),
        ),
        Mistake(
            "bias once",
            "You counted b once for all programs. Each program fetches its own piece.",
            lambda batch, n_in, n_out, rows, cols: (
                4 * (_programs(batch, n_out, rows, cols) * (rows * n_in + n_in * cols + rows * cols) + n_out)
            ),
        ),
        Mistake(
            "all of W in each program",
            "In your count each program reads all of W. It needs only the columns of its own block.",
            _each_program(lambda batch, n_in, n_out, rows, cols: rows * n_in + n_in * n_out + cols + rows * cols),
        ),
        Mistake(
            "all of X in each program",
            "In your count each program reads all of X. It needs only the rows of its own block.",
            _each_program(lambda batch, n_in, n_out, rows, cols: batch * n_in + n_in * cols + cols + rows * cols),
        ),
        Mistake(
            "blocks of X and W cut along n_in",
            "A block of the answer needs its rows of X and its columns of W at full length, n_in: a sum over part of that length is not the answer yet.",
            _each_program(lambda batch, n_in, n_out, rows, cols: rows * cols + rows * cols + cols + rows * cols),
        ),
        Mistake(
            "sides of the grid added",
            "The grid has as many programs as blocks: multiply its two sides instead of adding them.",
            lambda batch, n_in, n_out, rows, cols: (
                4 * (batch // rows + n_out // cols) * (rows * n_in + n_in * cols + cols + rows * cols)
            ),
        ),
        Mistake(
            "answer read and written",
            "You counted the answer twice. A fused kernel writes it once, at the end, and never reads it.",
            _each_program(lambda batch, n_in, n_out, rows, cols: rows * n_in + n_in * cols + cols + 2 * rows * cols),
        ),
        Mistake(
            "W left out",
            "The block of W is missing: each program reads its columns of W.",
            _each_program(lambda batch, n_in, n_out, rows, cols: rows * n_in + cols + rows * cols),
        ),
        Mistake(
            "X left out",
            "The block of X is missing: each program reads its rows of X.",
            _each_program(lambda batch, n_in, n_out, rows, cols: n_in * cols + cols + rows * cols),
        ),
        Mistake(
            "no parentheses",
            "`*` comes before `+`, so only the block of X is counted for each program. All four blocks belong in parentheses.",
            lambda batch, n_in, n_out, rows, cols: (
                4 * _programs(batch, n_out, rows, cols) * rows * n_in + n_in * cols + cols + rows * cols
            ),
        ),
        Mistake(
            "a program too many each way",
            "The grid has one program too many along each side: here the blocks fit exactly.",
            lambda batch, n_in, n_out, rows, cols: (
                bytes_moved(batch, n_in, n_out, rows, cols)
                // _programs(batch, n_out, rows, cols)
                * ((batch // rows + 1) * (n_out // cols + 1))
            ),
        ),
        Mistake(
            "n_in divided",
            "You divided n_in into blocks. A block of the answer needs its rows of X and its columns of W at full length, n_in.",
            _each_program(
                lambda batch, n_in, n_out, rows, cols: rows * (n_in // cols) + n_in // rows * cols + cols + rows * cols
            ),
        ),
        Mistake(
            "sides added",
            "You added the sides of the blocks. A block has as many numbers as its rows *times* its columns.",
            _each_program(lambda batch, n_in, n_out, rows, cols: rows + n_in + n_in + cols + cols + rows + cols),
        ),
    ),
)
