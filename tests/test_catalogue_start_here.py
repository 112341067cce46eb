"""The promises of the catalogue start_here."""

from __future__ import annotations

from catalogue_promises import *  # noqa: F403

TOPIC = "start_here"
