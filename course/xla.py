"""What XLA is told before it starts: nothing but what keeps its results right."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from importlib.metadata import PackageNotFoundError, version

FLAGS = "XLA_FLAGS"
_XNNPACK = "--xla_cpu_use_xnnpack"
# The first version that was seen to multiply right. Colab's image has an earlier one.
_RIGHT_FROM = (0, 8, 2)


def keep_products_right(env: MutableMapping[str, str]) -> None:
    """Have XLA multiply matrices without XNNPACK on CPUs, where that is known to go wrong; a choice in `env` is kept.

    Of 300 eager products `h @ W.T`, each by a new W, jaxlib 0.7.2 and 0.8.0 got 9 to 95 wrong: now and then they multiply by an
    earlier W. Without XNNPACK none was wrong, and none is with jaxlib 0.8.2, 0.9.0, 0.10.2 and 0.12.0
    (`tests/test_xla.py` repeats it).
    """
    try:
        installed = tuple(int(part) for part in re.findall(r"\d+", version("jaxlib"))[:3])
    except PackageNotFoundError:
        return
    said = env.get(FLAGS, "")
    if installed < _RIGHT_FROM and _XNNPACK not in said:
        env[FLAGS] = f"{said} {_XNNPACK}=false".strip()
