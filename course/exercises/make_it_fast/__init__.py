"""The exercises of lesson 08, make it fast: find what holds a training step up, and change that."""

from __future__ import annotations

from course.exercises.make_it_fast.batches import DEVICE_BATCHES
from course.exercises.make_it_fast.epochs import SCAN_EPOCH
from course.exercises.make_it_fast.judgments import AT_BEST, SHARE_OF_PEAK, WHAT_WOULD_HELP
from course.exercises.make_it_fast.micro import ACCUMULATE_GRADIENTS
from course.exercises.make_it_fast.mixed import MIXED_GRADIENTS
from course.exercises.make_it_fast.pool import POOL_BY_SLICES
from course.exercises.make_it_fast.profile import BOTTLENECK, WHOLE_SPEEDUP
from course.exercises.make_it_fast.shifts import SHIFTED_CONV
from course.exercises.make_it_fast.stepping import MAKE_STEP

# In the order of the lesson.
EXERCISES = (
    SHARE_OF_PEAK,
    BOTTLENECK,
    MAKE_STEP,
    WHOLE_SPEEDUP,
    WHAT_WOULD_HELP,
    AT_BEST,
    POOL_BY_SLICES,
    SHIFTED_CONV,
    ACCUMULATE_GRADIENTS,
    DEVICE_BATCHES,
    SCAN_EPOCH,
    MIXED_GRADIENTS,
)
