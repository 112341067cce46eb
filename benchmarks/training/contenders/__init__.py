"""Who takes part: each library in a file of its own, which nobody imports but the process that measures it."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BASE = "pytorch"
# Where the course gets to: the contender of which goals are told.
FAST = "made_fast"
# What the learner writes; all others are peers.
LESSONS = ("taught", FAST)


@dataclass(frozen=True)
class Entry:
    """One contender.

    Attributes:
        title: what a table calls it.
        module: where its `Contender` is, in this package.
        needs: the packages without which it is left out.
        networks: which networks it trains.
        half: whether it computes in bfloat16, too.
        options: further arguments of its `Contender`.
        variables: of the environment of its process.
    """

    title: str
    module: str
    needs: tuple[str, ...]
    networks: tuple[str, ...] = ("cnn", "mlp")
    half: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """Those of `needs` that this Python has not."""
        return [name for name in self.needs if importlib.util.find_spec(name) is None]


ENTRIES = {
    "taught": Entry("lesson 05 as written", "taught", ("jax", "flax", "optax"), half=False),
    FAST: Entry("lesson 08's end", "made_fast", ("jax", "flax", "optax"), half=False),
    "flax": Entry("Flax NNX, as usually taught", "stock_flax", ("jax", "flax", "optax")),
    BASE: Entry("PyTorch, eager", "pytorch", ("torch",)),
    "channels_last": Entry(
        "PyTorch, channels_last, pool before ReLU", "pytorch", ("torch",), ("cnn",), options={"channels_last": True}
    ),
    "compiled": Entry(
        "PyTorch, torch.compile", "pytorch", ("torch",), options={"channels_last": True, "compiled": True}
    ),
    "keras_tensorflow": Entry(
        "Keras on TensorFlow, fit", "keras_fit", ("keras", "tensorflow"), variables={"KERAS_BACKEND": "tensorflow"}
    ),
    "keras_jax": Entry("Keras on JAX, fit", "keras_fit", ("keras", "jax"), variables={"KERAS_BACKEND": "jax"}),
}
