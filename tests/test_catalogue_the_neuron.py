"""The promises of the catalogue the_neuron."""

from __future__ import annotations

from catalogue_promises import *  # noqa: F403

TOPIC = "the_neuron"
