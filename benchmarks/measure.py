"""One command measured from outside: its time by the clock and the most memory that its processes had together."""

from __future__ import annotations

import os
import platform
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil

_EVERY_S = 0.2


class Failed(Exception):
    """A command that was to be measured did not do its work; the message has the end of what it said."""


@dataclass(frozen=True)
class Cost:
    """What a command took.

    Attributes:
        seconds: from its start to its end.
        peak_mb: the most memory of all its processes together, in MB of 10⁶ bytes, looked at five times a second. Pages that
            processes share count once (Linux's PSS); where that can't be read, each process counts in full.
    """

    seconds: float
    peak_mb: float


def run(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Cost:
    """Run `command` in `folder` to its end. Raises Failed where its exit code is not 0."""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **variables}, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        ended = threading.Event()
        peaks = [0]

        def watch() -> None:
            while not ended.wait(_EVERY_S):
                peaks.append(_memory(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            status = process.wait()
            seconds = time.perf_counter() - start
        finally:
            process.kill()
            ended.set()
            watcher.join()
        if status != 0:
            said.seek(0)
            raise Failed(f"{' '.join(command)} ended with {status}:\n{said.read().decode(errors='replace')[-3000:]}")
    return Cost(seconds, max(peaks) / 1e6)


def _memory(pid: int) -> int:
    """Bytes of resident memory of a process and all that it started."""
    try:
        parent = psutil.Process(pid)
        return sum(_resident(process) for process in (parent, *parent.children(recursive=True)))
    except psutil.Error:
        return 0


def _resident(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.rss))
    except psutil.AccessDenied:
        try:
            return int(process.memory_info().rss)
        except psutil.Error:
            return 0
    except (psutil.Error, OSError):
        return 0


def machine() -> dict[str, str]:
    """What was measured on, in words."""
    cores = f"{psutil.cpu_count(logical=False) or '?'} cores, {psutil.cpu_count()} threads"
    system = f"{platform.system()} {platform.machine()}"
    return {
        "processor": _processor(),
        "cores": cores,
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": system,
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def versions(*packages: str) -> dict[str, str]:
    """The versions of Python and of these packages."""
    return {"Python": platform.python_version(), **{name: metadata.version(name) for name in packages}}
