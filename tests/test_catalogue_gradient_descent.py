"""The promises of the catalogue gradient_descent."""

from __future__ import annotations

from catalogue_promises import *  # noqa: F403

TOPIC = "gradient_descent"
