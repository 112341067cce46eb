"""What am I running on, and how fast could it be?"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, TypeVar

import jax
import jax.numpy as jnp

from course import backend, settings
from course.timing import race, timed

T = TypeVar("T")
Arithmetic = Literal["float32", "tf32", "half"]
Source = Literal["measured", "datasheet"]


@dataclass(frozen=True)
class Chip:
    """Peak rates that a vendor states for a chip, without sparsity; None where it states none.

    Attributes:
        float32: FLOP/s of the ordinary cores in float32.
        tf32: FLOP/s of the tensor cores in TF32, which JAX uses by default for a float32 `@` where it exists.
        half: FLOP/s in bfloat16 of the tensor cores, or in float16 on chips without bfloat16 (T4, V100, and
            the P100, which has no tensor cores either).
        bandwidth: B/s of the device's memory.
        source: the document that states them.
    """

    float32: float | None
    tf32: float | None
    half: float
    bandwidth: float
    source: str


_P100 = "NVIDIA announcement of the PCIe P100, 2016"
_L4 = "NVIDIA L4 datasheet, half of the figures with sparsity"
_AMPERE = "NVIDIA A100 datasheet"
_ADA = "NVIDIA Ada architecture whitepaper"
_B200 = "NVIDIA HGX B200 datasheet, half of the figures with sparsity"
_HOPPER = "NVIDIA datasheet, half of the figures with sparsity"
_TPU = "Google Cloud documentation, TPU v6e (a table of both)"

# By `jax.devices()[0].device_kind`. A slice of a GPU ("… MIG …") has another name, and so is measured.
CHIPS: dict[str, Chip] = {
    "Tesla T4": Chip(8.1e12, None, 65e12, 320e9, "NVIDIA T4 datasheet"),
    "Tesla P100-PCIE-16GB": Chip(9.3e12, None, 18.7e12, 720e9, _P100),
    "Tesla V100-SXM2-16GB": Chip(15.7e12, None, 125e12, 900e9, "NVIDIA V100 datasheet"),
    "NVIDIA L4": Chip(30.3e12, 60e12, 121e12, 300e9, _L4),
    "NVIDIA A100-SXM4-40GB": Chip(19.5e12, 156e12, 312e12, 1_555e9, _AMPERE),
    "NVIDIA A100-SXM4-80GB": Chip(19.5e12, 156e12, 312e12, 2_039e9, _AMPERE),
    "NVIDIA A100-PCIE-40GB": Chip(19.5e12, 156e12, 312e12, 1_555e9, _AMPERE),
    "NVIDIA A100 80GB PCIe": Chip(19.5e12, 156e12, 312e12, 1_935e9, _AMPERE),
    "NVIDIA H100 80GB HBM3": Chip(66.9e12, 494.7e12, 989.4e12, 3_350e9, _HOPPER),
    "NVIDIA H200": Chip(66.9e12, 494.7e12, 989.4e12, 4_800e9, _HOPPER),
    "NVIDIA B200": Chip(75e12, 1_100e12, 2_250e12, 7_700e9, _B200),
    "NVIDIA GeForce RTX 4090": Chip(82.6e12, 82.6e12, 165.2e12, 1_008e9, _ADA),
    "TPU v5 lite": Chip(None, None, 197e12, 819e9, _TPU),
    "TPU v6 lite": Chip(None, None, 918e12, 1_640e9, _TPU),
}


def on_gpu() -> bool:
    """True where JAX computes on an accelerator (a GPU or a TPU), False on a CPU.

    Raises:
        DeviceError: JAX can't start the device that it was told to use; so do all functions here that touch it.
    """
    return backend.start() != "cpu"


def size_for(cpu: T, gpu: T) -> T:
    """The value that suits this device: the one way in which the course's sizes follow the device.

    `size_for(cpu=512, gpu=8192)` is 512 on a CPU, and 8192 on a GPU or a TPU. The code around it is the same.
    """
    return gpu if on_gpu() else cpu


def peak_flops(arithmetic: Arithmetic = "float32") -> tuple[float, Source]:
    """The peak rate of this device in FLOP/s, and whether a datasheet states it or it was measured just now.

    Args:
        arithmetic: "float32" (exact), "tf32" (what JAX does by default with float32 matrices; where a chip
            has no TF32, the same as "float32"), or "half" (bfloat16, float16).

    A measured rate is that of the fastest quarter of 15 products of two square matrices, as a peak is what
    the device can do when nothing else disturbs it; it is taken once (about half a second).

    Raises:
        ValueError: there is no such arithmetic.
    """
    if arithmetic not in ("float32", "tf32", "half"):
        raise ValueError(f'peak_flops() knows "float32", "tf32" and "half", not {arithmetic!r}.')
    chip = CHIPS.get(_device().device_kind)
    if chip is not None:
        stated = {"float32": chip.float32, "tf32": chip.tf32 or chip.float32, "half": chip.half}[arithmetic]
        if stated is not None:
            return stated, "datasheet"
    return _measured_flops(arithmetic), "measured"


def peak_bandwidth() -> tuple[float, Source]:
    """The peak bandwidth of this device's memory in B/s, and whether a datasheet states it or it is measured.

    A measured one is the better one of two, the fastest quarter of 15 each: reading an array too large for the caches,
    and the triad a + s·b.
    """
    chip = CHIPS.get(_device().device_kind)
    return (chip.bandwidth, "datasheet") if chip is not None else (_measured_bandwidth(), "measured")


def measured_roof(arithmetic: Arithmetic = "tf32") -> tuple[float, float]:
    """The roof of this device as lesson 06 measures it: (FLOP/s, B/s), even where a datasheet is at hand.

    Measured once in a session (a second or two), as a peak: the fastest quarter of 15. Few devices reach what their
    datasheet states, so this is what an operation should be held against.

    Args:
        arithmetic: of the products of matrices, as in `peak_flops`.
    """
    return _measured_flops(arithmetic), _measured_bandwidth()


@cache
@settings.own()
def _measured_flops(arithmetic: Arithmetic) -> float:
    if arithmetic == "tf32" and _device().platform == "cpu":
        # A CPU has no TF32. Measured twice, one rate would be shown as two numbers.
        return _measured_flops("float32")
    n = size_for(cpu=1_024, gpu=4_096)
    matrix = jnp.ones((n, n), jnp.bfloat16 if arithmetic == "half" else jnp.float32)
    precision = "highest" if arithmetic == "float32" else "default"
    product = jax.jit(lambda a: jnp.matmul(a, a, precision=precision))
    return 2 * n**3 / timed(product, matrix, repeats=15).low_s


@cache
@settings.own()
def _measured_bandwidth() -> float:
    """The better one of two tests, in B/s: to read an array, and STREAM's triad a + s·b (John McCalpin,
    https://www.cs.virginia.edu/stream/), which moves three. Written over `a`, as fresh memory costs more than the work."""
    n = 2**25  # 128 MiB each: more than the caches hold
    a, b = [jnp.zeros(n)], jnp.ones(n)
    read, triad = jax.jit(jnp.sum), jax.jit(lambda a, b: a + 0.001 * b, donate_argnums=0)

    def step() -> jax.Array:
        a[0] = triad(a[0], b)
        return a[0]

    times = race({"read": lambda: read(b), "triad": step}, repeats=15)
    return max(4 * n / times["read"].low_s, 12 * n / times["triad"].low_s)


@dataclass(frozen=True, repr=False)
class DeviceCard:
    """What `device_card` shows: `kind` is "CPU", "GPU" or "TPU"; `advice` is some sentences, or empty.

    `rows` are the lines of the card, each a name and a text.
    """

    kind: str
    name: str
    rows: tuple[tuple[str, str], ...]
    advice: str = ""

    def _title(self) -> str:
        return f"You are running on a {self.kind}: {self.name}"

    def __repr__(self) -> str:
        width = max(len(label) for label, _ in self.rows) + 2
        lines = [self._title(), *(f"  {label:<{width}}{text}" for label, text in self.rows)]
        return "\n".join(lines + ([self.advice] if self.advice else []))

    def _repr_html_(self) -> str:
        body = "".join(
            f'<tr><th style="text-align:left">{escape(label)}</th><td style="text-align:left">{escape(text)}</td></tr>'
            for label, text in self.rows
        )
        advice = f"<p>{escape(self.advice)}</p>" if self.advice else ""
        return f"<p><b>{escape(self._title())}</b></p><table><tbody>{body}</tbody></table>{advice}"


def device_card() -> DeviceCard:
    """A card that says what JAX computes on, its peak rates, and what to do if a GPU is at hand but not used.

    It also names the settings of JAX that the lessons don't count on, and says how to follow them all the same.

    The rates of known chips are from datasheets, others are measured, which takes about a second.
    """
    device = _device()
    kind = device.platform.upper()  # "cpu", "gpu", "tpu"
    rows = [
        ("cores", _cores(device)),
        ("memory", _memory(device)),
        *_rates(device),
        ("software", f"jax {version('jax')}, flax {version('flax')}, Python {platform.python_version()}"),
        ("where", _place()),
    ]
    if len(jax.devices()) > 1:
        rows.insert(0, ("devices", f"{len(jax.devices())} of this kind; the figures are for one of them"))
    name = _cpu_name() if kind == "CPU" else device.device_kind
    advice = " ".join(sentence for sentence in (_advice(kind), *settings.notes()) if sentence)
    return DeviceCard(kind, name, tuple((label, text) for label, text in rows if text), advice)


def _device() -> jax.Device:
    backend.start()
    return jax.devices()[0]


def _rates(device: jax.Device) -> list[tuple[str, str]]:
    chip = CHIPS.get(device.device_kind)
    rows = []
    flops, source = peak_flops("float32")
    rows.append(("float32", f"{_si(flops, 'FLOP/s')} ({source})"))
    if chip is not None and chip.tf32:
        rows.append(("TF32", f"{_si(chip.tf32, 'FLOP/s')} (datasheet): JAX's default for float32 matrices"))
    if device.platform != "cpu":  # a CPU only emulates it
        flops, source = peak_flops("half")
        rows.append(("16-bit matrices", f"{_si(flops, 'FLOP/s')} ({source})"))
    bandwidth, source = peak_bandwidth()
    rows.append(("memory bandwidth", f"{_si(bandwidth, 'B/s')} ({source})"))
    if chip is not None:
        rows.append(("source", chip.source))
    return rows


def _cores(device: jax.Device) -> str:
    if device.platform == "cpu":
        usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return str(usable)
    count = getattr(device, "core_count", None)
    return f"{count} multiprocessors" if count and device.platform == "gpu" else ""


def _memory(device: jax.Device) -> str:
    if device.platform == "cpu":
        try:
            size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        except (ValueError, OSError, AttributeError):
            return ""
        return f"{size / 2**30:.1f} GiB"
    limit = (device.memory_stats() or {}).get("bytes_limit")
    return f"{limit / 2**30:.1f} GiB for JAX" if limit else ""


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if sys.platform == "darwin" and (name := _output("sysctl", "-n", "machdep.cpu.brand_string")):
        return name
    return platform.processor() or platform.machine()


def _place() -> str:
    if _on_colab():
        return "Google Colab"
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    shells: dict[str, str] = {"ZMQInteractiveShell": "a Jupyter notebook", "NoneType": "plain Python"}
    return shells.get(type(shell).__name__, "IPython")


def _on_colab() -> bool:
    return "COLAB_RELEASE_TAG" in os.environ


def _advice(kind: str) -> str:
    if kind != "CPU":
        return ""
    gpu = _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader").partition("\n")[0]
    if _on_colab() and not gpu:
        return "For a GPU: Runtime → Change runtime type → T4 GPU, then run the notebook from the top."
    if not gpu:
        return ""
    found = f"This machine has a GPU ({gpu}), but "
    chosen = os.environ.get("JAX_PLATFORMS", "")
    if chosen.startswith("cpu"):
        return f"{found}JAX_PLATFORMS={chosen} keeps JAX from using it."
    if _on_colab():
        return f"{found}JAX doesn't see it: Runtime → Disconnect and delete runtime, then start again."
    if _has_cuda_build():
        blind = [name for name in ("CUDA_VISIBLE_DEVICES", "JAX_CUDA_VISIBLE_DEVICES") if name in os.environ]
        if blind:
            which = " and ".join(f"{name}={os.environ[name]!r}" for name in blind)
            return f"{found}{which} may hide it from JAX. Unset {' and '.join(blind)} and restart the kernel."
        return f"{found}JAX's CUDA build could not use it; JAX's own warning says why. Is the driver new enough?"
    return (
        f"{found}this JAX is built for the CPU only. "
        'Install the CUDA build (pip install "jax[cuda12]"; `make lab` does it too) and restart the kernel.'
    )


def _has_cuda_build() -> bool:
    for name in ("jax-cuda12-plugin", "jax-cuda13-plugin"):
        with suppress(PackageNotFoundError):
            return bool(version(name))
    return False


def _output(*command: str) -> str:
    """What a command prints, or nothing if it isn't there, fails, or takes more than five seconds."""
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _si(x: float, unit: str) -> str:
    """Three digits and a prefix: "8.10 TFLOP/s", "320 GB/s"."""
    for scale, prefix in ((1e12, "T"), (1e9, "G")):
        if x >= 0.9995 * scale:
            return f"{_three(x / scale)} {prefix}{unit}"
    return f"{_three(x / 1e6)} M{unit}"


def _three(x: float) -> str:
    return f"{x:,.{2 if x < 9.995 else 1 if x < 99.95 else 0}f}"
