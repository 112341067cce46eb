"""Jobs for numba, done in a process of its own."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

from course.toolchain.tools import missing

_SCRIPT = Path(__file__).with_name("numba_side.py")
_SECONDS = 300.0


class ToolchainError(Exception):
    """What the toolchain could not do; the message is a sentence for the learner."""


def ask(jobs: list[dict[str, Any]], *, simulator: bool) -> list[Any]:
    """What numba made of the jobs (see `numba_side`): for each a result, or a ToolchainError.

    Raises:
        ToolchainError: the toolchain is not installed, or its process has died.
    """
    if (sentence := missing()) is not None:
        raise ToolchainError(sentence)
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_ENABLE_CUDASIM"}
    if simulator:
        environment["NUMBA_ENABLE_CUDASIM"] = "1"
    # -P: a file numba.py beside the notebook is not meant.
    command = [sys.executable, "-P", str(_SCRIPT)]
    try:
        ran = subprocess.run(command, input=pickle.dumps(jobs), capture_output=True, env=environment, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise ToolchainError(f"numba took longer than {_SECONDS:.0f} seconds, and was stopped.") from None
    if ran.returncode:
        last = ran.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it says nothing"]
        raise ToolchainError(f"numba's process ended with status {ran.returncode}: {last[0]}")
    answer = pickle.loads(ran.stdout)
    return [
        result if state == "done" else ToolchainError(f"numba refuses the kernel: {result}")
        for state, result in answer["results"]
    ]
