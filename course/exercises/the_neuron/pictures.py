"""The six networks whose histograms are to be diagnosed: what their layers answer to random inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_EXAMPLES, _WIDTH, _DEPTH = 400, 100, 6


def _relu(z: np.ndarray) -> np.ndarray:
    """Elementwise, (n, m) → (n, m)."""
    return np.maximum(z, 0)


@dataclass(frozen=True)
class _Start:
    """How a network begins: its activation, the standard deviation of its weights times √n_in, and how many biases are far below 0."""

    f: Callable[[np.ndarray], np.ndarray]
    gain: float
    low: int = 0


_STARTS = {
    "network 1": _Start(np.tanh, 6.0),
    "network 2": _Start(_relu, 2**0.5),
    "network 3": _Start(_relu, 2.2, 60),
    "network 4": _Start(_relu, 0.15),
    "network 5": _Start(np.tanh, 1.2),
    "network 6": _Start(_relu, 6.0),
}
NETWORKS = tuple(_STARTS)


def answers_of(network: str) -> list[np.ndarray]:
    """The answers of each layer, (examples, neurons), of "network 1" to "network 6"; the same each time.

    Raises:
        ValueError: there is no such network.
    """
    if network not in _STARTS:
        raise ValueError(f"there is no {network!r}; there are {', '.join(NETWORKS)}")
    start = _STARTS[network]
    rng = np.random.default_rng(NETWORKS.index(network))
    h = rng.normal(size=(_EXAMPLES, _WIDTH))
    layers = []
    for _ in range(_DEPTH):
        W = rng.normal(size=(_WIDTH, _WIDTH)) * start.gain / _WIDTH**0.5
        b = np.where(rng.permutation(_WIDTH) < start.low, -20.0, 0.0)
        h = start.f(h @ W.T + b)
        layers.append(h)
    return layers
