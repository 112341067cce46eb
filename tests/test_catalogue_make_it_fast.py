"""The promises of the catalogue make_it_fast."""

from __future__ import annotations

from catalogue_promises import *  # noqa: F403

TOPIC = "make_it_fast"
