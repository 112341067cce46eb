"""The promises of lesson 04's catalogue."""

from __future__ import annotations

from catalogue_promises import *  # noqa: F403

LESSON = "04_cnn_classification"
