"""What of the toolchain is installed, and where its programs lie."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

EXTRA = "toolchain"
_PACKAGES = {"ptxas": "nvidia-cuda-nvcc-cu12", "nvdisasm": "nvidia-cuda-nvdisasm"}


def program(name: str) -> str | None:
    """The path of `ptxas` or `nvdisasm`: of NVIDIA's Python packages, on the PATH, or of a CUDA toolkit; None where there is none.

    cuda.pathfinder would do the same, but not for ptxas in the version that Colab has.
    """
    nvidia = importlib.util.find_spec("nvidia")
    folders = list(nvidia.submodule_search_locations or []) if nvidia else []
    inside = [path for folder in folders for path in sorted(Path(folder).glob(f"*/bin/{name}"))]
    for path in inside:
        if os.access(path, os.X_OK):
            return str(path)
    toolkit = Path(os.environ.get("CUDA_HOME", "/usr/local/cuda")) / "bin" / name
    return shutil.which(name) or (str(toolkit) if os.access(toolkit, os.X_OK) else None)


def lacking() -> tuple[str, ...]:
    """The packages to install, by name."""
    numba = [] if importlib.util.find_spec("numba_cuda") else ["numba-cuda", "nvidia-cuda-nvrtc-cu12"]
    return *numba, *(package for name, package in _PACKAGES.items() if program(name) is None)


def missing() -> str | None:
    """What is missing and what to do about it, in a sentence; None where the toolchain is complete."""
    names = lacking()
    if not names:
        return None
    verb = "is" if len(names) == 1 else "are"
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    install = f"pip install {' '.join(names)}"
    return f"This needs NVIDIA's compiler for Python kernels, of which {listed} {verb} not installed here; on Linux, `{install}` brings it."
