"""The promises of lesson 02's catalogue."""

from __future__ import annotations

from catalogue_promises import *  # noqa: F403

LESSON = "02_the_neuron"
