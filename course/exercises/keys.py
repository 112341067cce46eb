"""Keys in an order that is drawn: with which numbers a function is called, and in how many calls, is for nobody to count on."""

from __future__ import annotations

import numpy as np


def drawn(rng: np.random.Generator, different: int, again: int) -> list[int]:
    """The numbers of `different` keys in an order of chance, `again` of them or more a second time."""
    keys = rng.choice(2**31 - 1, different, replace=False)
    twice = rng.choice(keys, int(rng.integers(again, again + 3)))
    return [int(key) for key in rng.permutation(np.concatenate([keys, twice]))]
