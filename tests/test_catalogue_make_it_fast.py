"""The promises of lesson 06's catalogue."""

from __future__ import annotations

from catalogue_promises import *  # noqa: F403

LESSON = "06_make_it_fast"
