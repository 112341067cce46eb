"""The exercises of lesson 01, GPU parallelism: kernels, and the same ideas in JAX."""

from __future__ import annotations

from course.exercises.gpu_parallelism.batching import BATCHED
from course.exercises.gpu_parallelism.convolution import CONVOLVE_KERNEL
from course.exercises.gpu_parallelism.ladder import BLEND_KERNEL, SCALE_KERNEL
from course.exercises.gpu_parallelism.maps import ADD_KERNEL, TRANSPOSE_NAIVE
from course.exercises.gpu_parallelism.neighbors import NEIGHBOR_SUM
from course.exercises.gpu_parallelism.planes import MIRROR_KERNEL, OUTER_ADD
from course.exercises.gpu_parallelism.product import MATMUL_TILED
from course.exercises.gpu_parallelism.questions import DIAGNOSE_KERNEL, ESTIMATE_GPU
from course.exercises.gpu_parallelism.reduction import BLOCK_SUM
from course.exercises.gpu_parallelism.repair import REPAIR_TINT
from course.exercises.gpu_parallelism.speedup import SPEEDUP
from course.exercises.gpu_parallelism.transpose import TRANSPOSE_TILED

# In the order of the lesson.
EXERCISES = (
    SCALE_KERNEL,
    BLEND_KERNEL,
    ADD_KERNEL,
    MIRROR_KERNEL,
    OUTER_ADD,
    TRANSPOSE_NAIVE,
    REPAIR_TINT,
    NEIGHBOR_SUM,
    TRANSPOSE_TILED,
    BLOCK_SUM,
    CONVOLVE_KERNEL,
    DIAGNOSE_KERNEL,
    ESTIMATE_GPU,
    BATCHED,
    SPEEDUP,
    MATMUL_TILED,
)
