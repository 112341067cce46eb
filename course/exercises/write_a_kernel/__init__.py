"""The exercises of lesson 07, write a kernel: what one block does to one tile, in Pallas."""

from __future__ import annotations

from course.exercises.write_a_kernel.bounds import BLOCK_BOUNDS
from course.exercises.write_a_kernel.counting import BYTES_MOVED
from course.exercises.write_a_kernel.fusing import FUSED_LAYER
from course.exercises.write_a_kernel.judgments import DIAGNOSE_BLOCKS, ESTIMATED_BLOCKS
from course.exercises.write_a_kernel.maxima import BLOCK_MAX
from course.exercises.write_a_kernel.online import ONLINE_SOFTMAX
from course.exercises.write_a_kernel.outer import OUTER_SUM
from course.exercises.write_a_kernel.product import MATMUL_BLOCKS
from course.exercises.write_a_kernel.reduction import COLUMN_SUM
from course.exercises.write_a_kernel.rows import ROW_SOFTMAX
from course.exercises.write_a_kernel.scaling import SCALE_SHIFT
from course.exercises.write_a_kernel.sizes import GRID_OF
from course.exercises.write_a_kernel.turning import TRANSPOSE_BLOCKS

# In the order of the lesson.
EXERCISES = (
    GRID_OF,
    BLOCK_BOUNDS,
    SCALE_SHIFT,
    BLOCK_MAX,
    OUTER_SUM,
    TRANSPOSE_BLOCKS,
    ROW_SOFTMAX,
    COLUMN_SUM,
    DIAGNOSE_BLOCKS,
    MATMUL_BLOCKS,
    ESTIMATED_BLOCKS,
    FUSED_LAYER,
    BYTES_MOVED,
    ONLINE_SOFTMAX,
)
