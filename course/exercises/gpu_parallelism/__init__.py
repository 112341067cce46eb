"""The exercises of lesson 01, GPU parallelism: kernels, estimates, and the same ideas in JAX."""

from __future__ import annotations

from course.checks.lesson_01.batching import BATCHED
from course.checks.lesson_01.estimates import ARITHMETIC_INTENSITY, PREDICTED_TIME
from course.checks.lesson_01.maps import ADD_KERNEL, TRANSPOSE_NAIVE
from course.checks.lesson_01.product import MATMUL_TILED
from course.checks.lesson_01.reduction import BLOCK_SUM
from course.checks.lesson_01.speedup import SPEEDUP
from course.checks.lesson_01.transpose import TRANSPOSE_TILED

# In the order of the lesson.
EXERCISES = (
    ADD_KERNEL,
    TRANSPOSE_NAIVE,
    TRANSPOSE_TILED,
    BLOCK_SUM,
    MATMUL_TILED,
    BATCHED,
    ARITHMETIC_INTENSITY,
    PREDICTED_TIME,
    SPEEDUP,
)
