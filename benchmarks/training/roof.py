"""What the device can do at most, as lessons 01 and 08 measure it: `python -m benchmarks.training.roof` prints it as JSON."""

from __future__ import annotations

import json
import os
import sys
from typing import Literal

ARITHMETICS: tuple[Literal["float32", "tf32", "half"], ...] = ("float32", "tf32", "half")


def main() -> None:
    """FLOP/s of the product of two square matrices in each arithmetic, and B/s of the memory."""
    cores = json.loads(sys.argv[1]) if len(sys.argv) > 1 else []
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)

    import jax

    from course.device import measured_roof

    found = {name: measured_roof(name) for name in ARITHMETICS}
    roof = {name: flops for name, (flops, _) in found.items()}
    device = jax.devices()[0]
    print(
        json.dumps({**roof, "bandwidth": found["tf32"][1], "device": device.device_kind, "platform": device.platform})
    )


if __name__ == "__main__":
    main()
