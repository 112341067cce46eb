"""What one session has compiled, the next one only loads: JAX's persistent compilation cache, in a folder of the course's own.

JAX reads its settings from the environment when it is imported ("Persistent compilation cache", docs.jax.dev), so that turning it
on costs `import course` a look into the folder and nothing more. Variables of the same names in a shell win over all of this.

The folder can be deleted at any time. `COURSE_COMPILE_CACHE` names another one, or says "off".
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import sys
import warnings
from pathlib import Path
from types import ModuleType

FOLDER, SETTING = "JAX_COMPILATION_CACHE_DIR", "COURSE_COMPILE_CACHE"
# The folder that this room has chosen. The processes that this one starts find it beside FOLDER, and know that no user did.
INHERITED = "COURSE_COMPILE_CACHE_ON"
# Bytes. All lessons together take a small part of it; it fills up when libraries are updated, or by work of one's own.
MOST = 64 * 2**20
# What is left after a clearing, as a share of MOST: so that not every start has to clear a little.
_LEFT = 0.75
# JAX keeps what took longer than a second; most of what a learner waits for is many small things. (-1: of any size.)
_ANY = {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": 0, "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": -1}


def turn_on() -> Path | None:
    """Let JAX keep what it compiles, unless somebody has decided otherwise.

    Never raises, and never warns later: without a cache everything is compiled each time, and is right, too.

    Returns:
        The folder; None where the cache is off, where the folder can't be written, or where JAX has a folder already.
    """
    jax = sys.modules.get("jax")
    given = os.environ.get(FOLDER, getattr(getattr(jax, "config", None), FOLDER.lower(), None))
    if given is not None and given != os.environ.get(INHERITED):
        return None
    _turn_off(jax)
    try:
        home = _home()
        if home is None:
            return None
        folder = home / _key()
        # Whoever can write into it can have this user run what they like, so that it is for nobody else.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            return None
        clear(home)
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder
        return None
    os.environ[FOLDER] = os.environ[INHERITED] = str(folder)
    for name, value in _ANY.items():
        os.environ.setdefault(name, str(value))
    if jax is not None:  # which has read the environment already
        for name in (FOLDER, *_ANY):
            jax.config.update(name.lower(), _ANY.get(name, str(folder)))
    # Somebody deletes the folder, the disk is full, two sessions write the same entry: it is compiled then, as without a cache.
    warnings.filterwarnings("ignore", message="Error (reading|writing) persistent compilation cache")
    return folder


def _turn_off(jax: ModuleType | None) -> None:
    """What the process that started this one had turned on for itself, is off."""
    if os.environ.pop(INHERITED, None) is not None:
        os.environ.pop(FOLDER, None)
        if jax is not None:
            jax.config.update(FOLDER.lower(), None)


def clear(home: Path, most: int = MOST) -> None:
    """Delete the oldest entries below `home` where all of them together are larger than `most` bytes."""
    found = []
    for folder, _, names in os.walk(home):
        for path in (os.path.join(folder, name) for name in names):
            with contextlib.suppress(OSError):  # another session clears, too
                state = os.stat(path)
                found.append((state.st_mtime, state.st_size, path))
    size = sum(one for _, one, _ in found)
    if size <= most:
        return
    for _, one, path in sorted(found):
        with contextlib.suppress(OSError):
            os.unlink(path)
        size -= one
        if size <= _LEFT * most:
            return


def turned_off() -> bool:
    """Whether the user wants no cache."""
    return os.environ.get(SETTING, "").strip().lower() == "off"


def processor() -> str:
    """What compiled code may depend on: a folder of a home that several machines share must not be read by another kind."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return "\n".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))
    return f"{platform.machine()} {platform.processor()}"


def _home() -> Path | None:
    """The folder of all processors; None where the cache is off."""
    if turned_off():
        return None
    if chosen := os.environ.get(SETTING, "").strip():
        return Path(chosen).expanduser()
    if cache := os.environ.get("COURSE_CACHE"):
        return Path(cache).expanduser() / "compiled"
    from platformdirs import user_cache_path

    return user_cache_path("threads-to-networks") / "compiled"


def _key() -> str:
    return hashlib.sha256(processor().encode()).hexdigest()[:12]
