"""The promises of the catalogue backprop_and_gradient_descent."""

from __future__ import annotations

from catalogue_promises import *  # noqa: F403

TOPIC = "backprop_and_gradient_descent"
