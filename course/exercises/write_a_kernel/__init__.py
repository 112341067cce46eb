"""The exercises of lesson 05, write a kernel: what one block does to one tile, in Pallas."""

from __future__ import annotations

from course.checks.lesson_05.bounds import BLOCK_BOUNDS
from course.checks.lesson_05.counting import BYTES_MOVED
from course.checks.lesson_05.fusing import FUSED_LAYER
from course.checks.lesson_05.outer import OUTER_SUM
from course.checks.lesson_05.product import MATMUL_BLOCKS
from course.checks.lesson_05.reduction import COLUMN_SUM
from course.checks.lesson_05.rows import ROW_SOFTMAX
from course.checks.lesson_05.scaling import SCALE_SHIFT
from course.checks.lesson_05.turning import TRANSPOSE_BLOCKS

# In the order of the lesson.
EXERCISES = (
    BLOCK_BOUNDS,
    SCALE_SHIFT,
    OUTER_SUM,
    TRANSPOSE_BLOCKS,
    ROW_SOFTMAX,
    COLUMN_SUM,
    MATMUL_BLOCKS,
    FUSED_LAYER,
    BYTES_MOVED,
)
