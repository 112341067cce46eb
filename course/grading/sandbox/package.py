"""The package `course` as the sandbox has it: without answers, and with the grader's agent."""

from __future__ import annotations

import compileall
import shutil
from pathlib import Path

# What a submission's own code may want of the package, and what the agent needs; everything else stays outside.
_ROOMS = ("plot", "recorded", "simt", "widgets", "checks/probes")
_FILES = (
    "__init__",
    "backend",
    "claims",
    "compile_cache",
    "data",
    "device",
    "drawing_pad",
    "hidden",
    "predict",
    "rounding",
    "settings",
    "terminal",
    "timing",
    "warm",
    "xla",
    "checks/outcome",
    "checks/plain",
    "checks/program",
    "checks/stablehlo",
    "checks/wire",
)
# Files of sandbox/inside, by the name that they get.
_AGENT = {
    "no_checks": "checks/__init__",
    "agent": "checks/agent",
    "no_map": "progress",
    "no_board": "readers",
    "kernel": "_kernel",
    "programs": "_programs",
    "showing": "_showing",
    "zygote": "_zygote",
    "sealing": "_sealing",
}


def write_package(into: Path) -> Path:
    """Write the package to `into`/course and return `into`, which is what PYTHONPATH has to name.

    It is an allow-list: a new room of the package is not in the sandbox until it is named here.
    """
    home = Path(__file__).resolve().parents[2]
    inside = Path(__file__).with_name("inside")
    target = into / "course"
    for room in _ROOMS:
        shutil.copytree(home / room, target / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in _FILES:
        source = home / f"{name}.py"
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / f"{name}.py")
    for name, place in _AGENT.items():
        shutil.copyfile(inside / f"{name}.py", target / f"{place}.py")
    # Inside nothing can be written, so that each kernel would compile them again.
    compileall.compile_dir(target, quiet=2)
    return into
