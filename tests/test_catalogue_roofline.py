"""The promises of the catalogue roofline."""

from __future__ import annotations

from catalogue_promises import *  # noqa: F403

TOPIC = "roofline"
