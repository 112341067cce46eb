"""Start kernels: forked from a warm process or from nothing, in a sandbox or without one."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from course import xla
from course.grading.model import GradingError, Settings
from course.grading.sandbox.bubblewrap import HOME, SOCKETS, Sandbox
from course.warm import INLINE, PYTHON, HasDied, WarmProcess

_PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}
# The socket of a process that runs programs.
PROGRAMS = "programs"
# Address space beyond what may be resident: XLA reserves much that it never touches.
_RESERVED_MB = 6000
_START_S = 120.0
_OWN_THREADS = 512


class Place:
    """Where one kernel runs: its sockets and its processes, seen from outside.

    Attributes:
        key: with which its messages are signed.
        sockets: the folder of its sockets.
    """

    def __init__(self, key: str, sockets: Path, sandbox: Sandbox | None, pid: int = 0) -> None:
        self.key, self.sockets = key, sockets
        self._sandbox, self._pid = sandbox, pid
        # The first process that is there is the kernel itself; it may start others.
        self._kernel = 0

    def address(self, channel: str) -> str:
        """The address of a channel ("shell", "iopub", "stdin", "control") for a client outside."""
        return f"ipc://{self.sockets}/k-{_PORTS[f'{channel}_port']}"

    def processes(self, shared: bool = False) -> dict[int, int]:
        """Bytes of memory of each of its processes (see :func:`course.grading.sandbox.bubblewrap.memory`)."""
        if self._sandbox:
            return self._sandbox.processes(shared)
        found = {}
        with contextlib.suppress(psutil.Error):
            kernel = psutil.Process(self._pid)
            for process in (kernel, *kernel.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    if process.status() != psutil.STATUS_ZOMBIE:
                        found[process.pid] = process.memory_full_info().pss if shared else process.memory_info().rss
        return found

    def alive(self) -> bool:
        """Whether the kernel itself is still there."""
        processes = self.processes()
        self._kernel = self._kernel or min(processes, default=0)
        return self._kernel in processes

    def kill(self) -> None:
        """End all of its processes. May be called twice."""
        if self._sandbox:
            self._sandbox.kill()
            return
        with contextlib.suppress(psutil.Error):
            for process in psutil.Process(self._pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    process.kill()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)
        shutil.rmtree(self.sockets, ignore_errors=True)


class Zygote:
    """A warm process, which has imported everything: kernels of all lessons are forked from it (see inside/zygote.py)."""

    def __init__(self, package: Path) -> None:
        """Nothing is started yet. `package`: the folder that holds the sandbox's form of the package."""
        self._env = _usual(package)
        self._process: WarmProcess | None = None

    def begin(self) -> None:
        """Have it begin to import where it doesn't run, and don't wait for it."""
        self._running()

    def fork(self, job: Mapping[str, Any]) -> int:
        """The process id of a new kernel, for a job as inside/zygote.py reads it.

        Raises:
            GradingError: the process has died; the next call starts another one.
        """
        try:
            return self._running().fork(job)
        except HasDied:
            self.close()
            raise GradingError("The process from which kernels are forked has died.") from None

    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.alive()

    def close(self) -> None:
        """End it. May be called twice."""
        if self._process:
            self._process.close()
            self._process = None

    def _running(self) -> WarmProcess:
        if self._process is None or not self._process.alive():
            env = {**self._env, "HOME": os.environ.get("HOME", "/")}
            # It runs nobody's code, and may write where libraries lie: what it has compiled, the next one only reads. Without
            # that, where no installer has compiled them, each would compile them all again (some seconds).
            env.pop("PYTHONDONTWRITEBYTECODE")
            env |= {name: value for name in _BYTECODE if (value := os.environ.get(name))}
            self._process = WarmProcess(("-m", "course._zygote"), env)
        return self._process


class Launcher:
    """Starts kernels, all alike.

    Attributes:
        settings: under which they start; only the limits may change meanwhile.
    """

    def __init__(
        self,
        settings: Settings,
        package: Path,
        shown: Mapping[Path, Path],
        env: Mapping[str, str],
        zygote: Zygote,
    ) -> None:
        """Nothing is started yet.

        Args:
            settings: of the run.
            package: the folder that holds the sandbox's form of the package.
            shown: what else can be read inside: {where it is outside: where inside}.
            env: variables for the kernels, besides the usual ones.
            zygote: where warm kernels are forked from; whoever made it ends it.
        """
        self.settings = settings
        self._shown = {package: package, **shown}
        self._env = {**_usual(package), **env}
        self._zygote = zygote

    def start(self, programs: bool = False) -> Place:
        """A new kernel, or a process that runs `programs`, whose sockets are there.

        Raises:
            GradingError: it could not be started.
        """
        key = secrets.token_hex(16)
        # Short, as the path of a socket may have 107 characters.
        folder = Path(SOCKETS if self.settings.sandbox else tempfile.mkdtemp(prefix="grade-"))
        job = self._job(key, folder, programs)
        place = (self._fork if self.settings.warm else self._begin)(key, job, folder)
        until = time.monotonic() + _START_S
        needed = [place.sockets / name for name in ([PROGRAMS] if programs else [f"k-{n}" for n in _PORTS.values()])]
        while not all(os.path.lexists(path) for path in needed):
            if time.monotonic() > until or (self.settings.warm and not self._zygote.alive()):
                place.kill()
                raise GradingError(f"A kernel did not start within {_START_S:g} seconds.")
            time.sleep(0.005)
        return place

    def _job(self, key: str, folder: Path, programs: bool) -> dict[str, Any]:
        limits = self.settings.limits
        home = HOME if self.settings.sandbox else str(folder / "home")
        connection = {"transport": "ipc", "ip": f"{folder}/k", "key": key, "signature_scheme": "hmac-sha256", **_PORTS}
        own = {"HOME": home, "TMPDIR": home, "IPYTHONDIR": f"{home}/.ipython", "JUPYTER_CONFIG_DIR": f"{home}/.jupyter"}
        hard = {
            # Counts threads as well. It does not bind root, for whom the watch over the processes has to do.
            "NPROC": _threads() + _OWN_THREADS,
            "AS": (limits.memory_mb + _RESERVED_MB) * 1_000_000,
            "FSIZE": limits.disk_mb * 1_000_000,
            "NOFILE": limits.files,
            "CORE": 0,
        }
        return {
            "connection": connection,
            "file": f"{folder}/{PROGRAMS if programs else 'connection.json'}",
            "programs": programs,
            "home": home,
            "env": {**self._env, **own},
            "limits": hard,
            "output": limits.output_kb * 1000,
            "sandbox": 0,
        }

    def _fork(self, key: str, job: dict[str, Any], folder: Path) -> Place:
        sandbox = Sandbox(self.settings.limits.disk_mb, self._shown) if self.settings.sandbox else None
        job["sandbox"] = sandbox.pid if sandbox else 0
        try:
            pid = self._zygote.fork(job)
        except GradingError:
            if sandbox:
                sandbox.kill()
            raise
        return Place(key, sandbox.sockets if sandbox else folder, sandbox, pid)

    def _begin(self, key: str, job: dict[str, Any], folder: Path) -> Place:
        module = "course._programs" if job["programs"] else "course._kernel"
        command, says = (*PYTHON, "-m", module), (json.dumps(job) + "\n").encode()
        if self.settings.sandbox:
            sandbox = Sandbox(self.settings.limits.disk_mb, self._shown, command, says, self._env)
            return Place(key, sandbox.sockets, sandbox)
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=quiet,
            stderr=quiet,
            env=self._env,
            cwd=folder,
            start_new_session=True,
        )
        assert process.stdin is not None
        process.stdin.write(says)
        process.stdin.close()
        return Place(key, folder, None, process.pid)


def _threads() -> int:
    """How many threads the user has now: on older systems the limit is for all of them."""
    count = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, AttributeError):
            if process.uids().real == os.getuid():
                count += process.num_threads()
    return count


def _usual(package: Path) -> dict[str, str]:
    """The variables of every kernel."""
    path = f"{Path(PYTHON[0]).parent}:/usr/bin:/bin"
    env = {"PATH": path, "PYTHONPATH": str(package), "LANG": "C.UTF-8", "USER": "learner", **_QUIET}
    xla.keep_products_right(env)
    return env


# Where this process has Python keep its bytecode.
_BYTECODE = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
# What keeps programs from writing where they can't, from looking for devices, and from talking about either.
_QUIET = {
    "JAX_PLATFORMS": "cpu",
    # What a submission compiles is kept where the grader says, or nowhere.
    "COURSE_COMPILE_CACHE": "off",
    **INLINE,
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    # There is no network: `!pip install` says so at once, and doesn't try again until the cell's time is up.
    "PIP_NO_INDEX": "1",
    "PIP_RETRIES": "0",
}
