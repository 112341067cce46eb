"""The promises of the catalogue cnn_classification."""

from __future__ import annotations

from catalogue_promises import *  # noqa: F403

TOPIC = "cnn_classification"
