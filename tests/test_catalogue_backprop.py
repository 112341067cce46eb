"""The promises of the catalogue backprop."""

from __future__ import annotations

from catalogue_promises import *  # noqa: F403

TOPIC = "backprop"
