"""The other side of worker.py: start a contender's process, tell it what to do, and read what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.measure import Failed
from benchmarks.training.contenders import ENTRIES


class Remote:
    """One contender in a process of its own.

    Attributes:
        started: what its first step's answer was.
    """

    def __init__(
        self,
        entry: str,
        network: str,
        folder: Path,
        kept: Path,
        batch: int,
        *,
        gpu: bool,
        half: bool = False,
        cores: Sequence[int] = (),
    ) -> None:
        """Start it, and wait until it has trained its first step.

        Args:
            entry: a name of ENTRIES.
            network: a name of NETWORKS.
            folder: with the images.
            kept: the folder, there or not, where compiled code is kept from process to process.
            batch: of the first steps.
            gpu: let it use a GPU.
            half: compute in bfloat16.
            cores: the cores that it may use, by number; none says all.

        Raises:
            Failed: it did not get that far; the message has the end of what it said.
        """
        self._entry = entry
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the process)
        given = {
            "entry": entry,
            "network": network,
            "folder": str(folder),
            "batch": batch,
            "half": half,
            "cores": list(cores),
        }
        self._process = subprocess.Popen(
            # The clock of the system, which the process reads as well.
            [sys.executable, "-m", "benchmarks.training.worker", json.dumps({**given, "born": time.monotonic()})],
            cwd=Path(__file__).parents[2],
            env={**os.environ, **_variables(kept, gpu), **ENTRIES[entry].variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self.started = self._answer()

    def ask(self, do: str, **given: Any) -> dict[str, Any]:
        """What a method of `worker.Worker` returns. Raises Failed where the process has ended."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **given}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it is said below why
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._said.seek(0)
            end = self._said.read().decode(errors="replace")[-3000:]
            raise Failed(f"{ENTRIES[self._entry].title}: its process ended with {self._process.returncode}:\n{end}")
        return dict(json.loads(line))

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._said.close()

    def __enter__(self) -> Remote:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _variables(kept: Path, gpu: bool) -> dict[str, str]:
    # Both of those who keep what they compile keep it here: nothing from before, and the second time all of it.
    caches = {"JAX_COMPILATION_CACHE_DIR": str(kept / "jax"), "TORCHINDUCTOR_CACHE_DIR": str(kept / "inductor")}
    any_size = {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0", "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1"}
    # What a process has freed it keeps: glibc gives blocks of this size back to the system or doesn't, depending on what the process
    # did before, and a step that gets its memory anew, page by page, takes up to twice as long (PyTorch's at batches of 128 and 512).
    memory = {"MALLOC_MMAP_THRESHOLD_": str(32 * 2**20), "MALLOC_TRIM_THRESHOLD_": str(4 * 10**9)}
    device = {} if gpu else {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
    return {
        **caches,
        **any_size,
        **memory,
        **device,
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
