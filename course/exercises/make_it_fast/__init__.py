"""The exercises of lesson 06, make it fast: find what holds a training step up, and change that."""

from __future__ import annotations

from course.checks.lesson_06.batches import DEVICE_BATCHES
from course.checks.lesson_06.epochs import SCAN_EPOCH
from course.checks.lesson_06.micro import ACCUMULATE_GRADIENTS
from course.checks.lesson_06.mixed import MIXED_GRADIENTS
from course.checks.lesson_06.pool import POOL_BY_SLICES
from course.checks.lesson_06.profile import BOTTLENECK, WHOLE_SPEEDUP
from course.checks.lesson_06.stepping import MAKE_STEP

# In the order of the lesson.
EXERCISES = (
    BOTTLENECK,
    MAKE_STEP,
    WHOLE_SPEEDUP,
    POOL_BY_SLICES,
    DEVICE_BATCHES,
    SCAN_EPOCH,
    MIXED_GRADIENTS,
    ACCUMULATE_GRADIENTS,
)
