"""The promises of lesson 03's catalogue."""

from __future__ import annotations

from catalogue_promises import *  # noqa: F403

LESSON = "03_backprop_and_gradient_descent"
