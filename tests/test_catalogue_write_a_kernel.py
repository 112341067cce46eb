"""The promises of the catalogue write_a_kernel."""

from __future__ import annotations

from catalogue_promises import *  # noqa: F403

TOPIC = "write_a_kernel"
