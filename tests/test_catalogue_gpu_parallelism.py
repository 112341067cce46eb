"""The promises of the catalogue gpu_parallelism."""

from __future__ import annotations

from catalogue_promises import *  # noqa: F403

TOPIC = "gpu_parallelism"
