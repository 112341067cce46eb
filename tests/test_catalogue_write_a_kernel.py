"""The promises of lesson 05's catalogue."""

from __future__ import annotations

from catalogue_promises import *  # noqa: F403

LESSON = "05_write_a_kernel"
