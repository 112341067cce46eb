"""Compiled code of the reference solution, kept from run to run: what a submission has in common with it is not compiled again.

JAX's persistent compilation cache (its documentation, "Persistent compilation cache"). The solution fills a folder once, for this
solution, these versions and this processor; submissions read it and can't write it. Each entry is sealed (see inside/sealing.py): it opens
for a process that has the same program, and for no other.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from course.compile_cache import processor, turned_off
from course.data import cache_folder
from course.grading.records.environment import environment_digest

_MOST = 12  # folders that are kept: the oldest go first
_NEVER_S = "1e9"


def reading(folder: Path) -> dict[str, str]:
    """Variables for processes that read `folder` and add nothing to it."""
    return {**_at(folder), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": _NEVER_S}


def writing(folder: Path) -> dict[str, str]:
    """Variables for processes that add to `folder` all that they compile."""
    any_size = {"JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    return {**_at(folder), **any_size}


def _at(folder: Path) -> dict[str, str]:
    # XLA's own caches are for GPUs. With them on, the folder's name would be part of each entry's key.
    return {"JAX_COMPILATION_CACHE_DIR": str(folder), "JAX_PERSISTENT_CACHE_ENABLE_XLA_CACHES": "none"}


def compiled(solution: str, fill: Callable[[Path], bool]) -> Path | None:
    """The folder with the compiled code of a solution.

    Args:
        solution: the notebook's text.
        fill: runs the solution so that all that it compiles goes to a folder, and says whether it ran; called where there is
            no such folder yet.

    Returns:
        The folder, or None where the solution did not run, the user's cache can't be written, or COURSE_COMPILE_CACHE is "off":
        then everything is compiled each time, and is right too.
    """
    if turned_off():
        return None
    folder = _folder(solution)
    home = folder.parent
    try:
        home.mkdir(parents=True, exist_ok=True)
        # Several workers start at the same time: one fills, the others wait.
        with open(home / "lock", "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.is_dir():
                part = Path(tempfile.mkdtemp(dir=home, prefix="part-"))
                try:
                    # A folder that is kept half filled would make every later run slow, and nobody would know why.
                    if not fill(part):
                        return None
                    part.rename(folder)
                finally:
                    shutil.rmtree(part, ignore_errors=True)
                _forget(home, folder)
            os.utime(folder)
    except OSError:
        return None
    return folder


def references() -> dict[str, str]:
    """Variables for the grading process itself, whose references and known mistakes are compiled once for all runs."""
    folder = cache_folder() / "grading" / "references"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        return writing(folder)
    return {}


def _folder(solution: str) -> Path:
    what = "\n".join((environment_digest(), processor(), solution))
    return cache_folder() / "grading" / hashlib.sha256(what.encode()).hexdigest()[:24]


def _forget(home: Path, but: Path) -> None:
    known = [path for path in home.iterdir() if path.is_dir() and path != but and path.name != "references"]
    for path in sorted(known, key=lambda one: one.stat().st_mtime, reverse=True)[_MOST - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
