"""Start the device that JAX computes on; where it can't be started, say which setting is the reason and what to do.

JAX starts it at the first array. Where a setting asks for a device that isn't there, it may fail with an AssertionError
that says nothing, ten frames deep. Each function of the course that touches a device comes by here first.
"""

from __future__ import annotations

import os

import jax

# What may keep a device from being seen.
_BLINDS = ("CUDA_VISIBLE_DEVICES", "JAX_CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")


class DeviceError(RuntimeError):
    """JAX can't start the device that it was told to use. The message names the setting and what to do."""


def start() -> str:
    """The platform that JAX computes on: "cpu", "gpu" or "tpu". The first call starts it; later ones cost nothing.

    Raises:
        DeviceError: it can't be started.
    """
    try:
        return jax.default_backend()
    except Exception as error:
        said = " ".join(str(error).split()).partition(" (set JAX_PLATFORMS")[0]
    # Outside of the handler: the learner needs none of the frames below.
    raise DeviceError(_sentence(said))


def start_if_chosen() -> None:
    """Start the device where a setting asks for another than the CPU, which may not be there: it fails now, not later.

    Raises:
        DeviceError: it can't be started.
    """
    if any(platform not in ("", "cpu") for value in _chosen().values() for platform in value.split(",")):
        start()


def _chosen() -> dict[str, str]:
    """What chooses a device: names of variables, or of the setting where a cell has changed it, and their values."""
    value = jax.config.jax_platforms or ""
    found = {"JAX_PLATFORMS" if os.environ.get("JAX_PLATFORMS") == value else "jax_platforms": value}
    found["JAX_PLATFORM_NAME"] = os.environ.get("JAX_PLATFORM_NAME", "")
    return {name: value for name, value in found.items() if value}


def _sentence(said: str) -> str:
    settings = _chosen() | {name: os.environ[name] for name in _BLINDS if name in os.environ}
    said = f"JAX says: {said.rstrip('.')}." if said else "There is no such device, or this JAX has no build for it."
    if not settings:
        todo = "Restart the kernel. If that doesn't help, JAX_PLATFORMS=cpu lets JAX run on the CPU."
        return f"JAX could not start a device. {said} {todo}"
    which = " and ".join(f"{name}={value}" for name, value in settings.items())
    return (
        f"JAX could not start a device with {which}. {said} Unset {' and '.join(settings)} (in the shell that "
        "started Jupyter, or in the cell that sets it) and restart the kernel: JAX then uses a device that this "
        "machine has."
    )
