"""The exercises of lesson 01, GPU parallelism: kernels, and the same ideas in JAX."""

from __future__ import annotations

from course.exercises.gpu_parallelism.batching import BATCHED
from course.exercises.gpu_parallelism.maps import ADD_KERNEL, TRANSPOSE_NAIVE
from course.exercises.gpu_parallelism.product import MATMUL_TILED
from course.exercises.gpu_parallelism.reduction import BLOCK_SUM
from course.exercises.gpu_parallelism.speedup import SPEEDUP
from course.exercises.gpu_parallelism.transpose import TRANSPOSE_TILED

# In the order of the lesson.
EXERCISES = (
    ADD_KERNEL,
    TRANSPOSE_NAIVE,
    TRANSPOSE_TILED,
    BLOCK_SUM,
    MATMUL_TILED,
    BATCHED,
    SPEEDUP,
)
