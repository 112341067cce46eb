"""The promises of lesson 00's catalogue."""

from __future__ import annotations

from catalogue_promises import *  # noqa: F403

LESSON = "00_start_here"
