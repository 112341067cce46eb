"""What the hardware would count: the cost of a request to memory, the races, and the books of a launch."""

from course.simt.counting.requests import atomic_passes, passes, sectors, used_bytes

__all__ = ["atomic_passes", "passes", "sectors", "used_bytes"]
