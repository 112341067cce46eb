"""The promises of lesson 01's catalogue."""

from __future__ import annotations

from catalogue_promises import *  # noqa: F403

LESSON = "01_gpu_parallelism"
