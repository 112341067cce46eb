"""Occupancy: how many warps of a kernel fit on one multiprocessor (SM) of a chip, and what keeps more from fitting.

Sources: limits, CUDA Programming Guide, "Compute Capabilities", tables of device and SM information and of memory information (13.x
for 7.5 and later; the guide of CUDA 12 for 6.0 and 7.0). Granularities and the way of counting, NVIDIA's own `cuda_occupancy.h`, which
comes with the CUDA toolkit. Of the memory that L1 cache and shared memory divide, shared memory is taken to have the most that it may; the
driver may give it less, if that binds nothing. The 1 KB that the driver reserves in each block from 8.0 on: Ampere tuning guide, "Unified Shared Memory".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from course.simt.configuration import dimensions
from course.simt.limits import BLOCK_THREADS, WARP, whole
from course.simt.report.report import KernelError

REGISTERS = 65_536  # 32-bit registers of an SM, and the most that a block may have
MOST_REGISTERS = 255  # of a thread
REGISTER_UNIT = 256  # registers are given out to a warp in units of so many


class Limits(NamedTuple):
    """What one SM of a compute capability holds: threads, blocks, bytes of shared memory; how many bytes of it one block may have
    at most, how many the driver reserves in each block, in which units it is given out; and in how many parts the registers lie."""

    threads: int
    blocks: int
    shared: int
    shared_block: int
    reserved: int
    unit: int
    parts: int


_KB = 1024
CAPABILITIES = {
    "6.0": Limits(2048, 32, 64 * _KB, 48 * _KB, 0, 256, 2),
    "7.0": Limits(2048, 32, 96 * _KB, 96 * _KB, 0, 256, 4),
    "7.5": Limits(1024, 16, 64 * _KB, 64 * _KB, 0, 256, 4),
    "8.0": Limits(2048, 32, 164 * _KB, 163 * _KB, _KB, 128, 4),
    "8.6": Limits(1536, 16, 100 * _KB, 99 * _KB, _KB, 128, 4),
    "8.9": Limits(1536, 24, 100 * _KB, 99 * _KB, _KB, 128, 4),
    "9.0": Limits(2048, 32, 228 * _KB, 227 * _KB, _KB, 128, 4),
    "10.0": Limits(2048, 32, 228 * _KB, 227 * _KB, _KB, 128, 4),
    "12.0": Limits(1536, 24, 100 * _KB, 99 * _KB, _KB, 128, 4),
}
# Compute capabilities by the names that `jax.devices()[0].device_kind` gives; NVIDIA, "CUDA GPU Compute Capability".
CHIPS = {
    "Tesla P100-PCIE-16GB": "6.0",
    "Tesla V100-SXM2-16GB": "7.0",
    "Tesla T4": "7.5",
    "NVIDIA A100-SXM4-40GB": "8.0",
    "NVIDIA A100-SXM4-80GB": "8.0",
    "NVIDIA A100-PCIE-40GB": "8.0",
    "NVIDIA A100 80GB PCIe": "8.0",
    "NVIDIA L4": "8.9",
    "NVIDIA GeForce RTX 4090": "8.9",
    "NVIDIA H100 80GB HBM3": "9.0",
    "NVIDIA H200": "9.0",
    "NVIDIA B200": "10.0",
}


@dataclass(frozen=True)
class Occupancy:
    """How full an SM gets.

    Attributes:
        fraction: resident warps over the most that the SM can hold; Nsight Compute: "Theoretical Occupancy",
            `sm__maximum_warps_per_active_cycle_pct`.
        blocks: resident blocks.
        warps: resident warps; most_warps: the most that the SM can hold.
        limits: how many blocks would fit by each of "threads", "blocks", "registers", "shared memory" alone.
        bound_by: those of them that bind.
        chip: which chip, with its compute capability.
    """

    fraction: float
    blocks: int
    warps: int
    most_warps: int
    limits: dict[str, int]
    bound_by: tuple[str, ...]
    chip: str

    def __str__(self) -> str:
        return (
            f"{self.chip}: {self.blocks} blocks of {self.warps // max(self.blocks, 1)} warps on an SM, {self.warps} of "
            f"{self.most_warps} warps ({100 * self.fraction:.0f} %); bound by {' and '.join(self.bound_by)}"
        )


def occupancy(
    block: int | tuple[int, ...], registers: int = 32, shared_bytes: int = 0, chip: str = "Tesla T4"
) -> Occupancy:
    """How many blocks of a kernel can be on one SM at a time.

    Args:
        block: threads of a block, as in `launch`.
        registers: of a thread, as the compiler reports them (`nvcc --resource-usage`, or `course.toolchain`); a simulator can't know them.
        shared_bytes: shared memory of a block, as in `report.shared_bytes`.
        chip: a name in `CHIPS`, or a compute capability in `CAPABILITIES`, such as "8.9".

    Raises:
        KernelError: there is no such chip, or no block of this kind can run on it.
    """
    capability = CHIPS.get(chip, chip)
    if capability not in CAPABILITIES:
        raise KernelError(f"{chip!r:.60} is not in the table; it has {', '.join([*CHIPS, *CAPABILITIES])}")
    of = CAPABILITIES[capability]
    x, y, z = whole(dimensions(block, "the block"))
    warps = -(-x * y * z // WARP)
    # A warp's registers come in units; the SM's lie in equal parts, and a warp's must lie in one.
    of_warp = _up(registers * WARP, REGISTER_UNIT)
    of_block = _up(shared_bytes + of.reserved, of.unit)
    if not 1 <= registers <= MOST_REGISTERS or x * y * z > BLOCK_THREADS or not 0 <= shared_bytes <= of.shared_block:
        raise KernelError(
            f"no such block can run there: at most {BLOCK_THREADS:,} threads, {MOST_REGISTERS} registers a thread, and "
            f"{of.shared_block:,} bytes of shared memory"
        )
    if of_warp * _up(warps, of.parts) > REGISTERS:
        raise KernelError(
            f"a block of {warps} warps with {registers} registers a thread does not fit into {REGISTERS:,} registers"
        )
    limits = {
        "threads": of.threads // WARP // warps,
        "blocks": of.blocks,
        "registers": REGISTERS // of.parts // of_warp * of.parts // warps,
        "shared memory": of.shared // of_block if of_block else of.blocks,
    }
    blocks = min(limits.values())
    bound = tuple(
        name for name, most in limits.items() if most == blocks and not (name == "shared memory" and not shared_bytes)
    )
    most_warps = of.threads // WARP
    title = chip if chip == capability else f"{chip} ({capability})"
    return Occupancy(blocks * warps / most_warps, blocks, blocks * warps, most_warps, limits, bound, title)


def _up(number: int, unit: int) -> int:
    return -(-number // unit) * unit
