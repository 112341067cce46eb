"""On how many draws of its inputs each exercise of a catalogue is tried."""

from __future__ import annotations

import os

# One while you work, the one of `check`; more in CI.
SEEDS = range(int(os.environ.get("COURSE_SEEDS") or 1))
