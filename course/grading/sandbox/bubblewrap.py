"""A place for somebody's code, made by bubblewrap: no network, no rights, and of the file system only what it needs.

The rules are an allow-list: what is not named in :func:`_command` is not there.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from course.grading.model import GradingError

PROGRAM = "bwrap"
# Inside: the only place that can be written, besides the kernel's sockets.
SCRATCH = "/tmp"
HOME = f"{SCRATCH}/home"
SOCKETS = "/run/kernel"
_SMALL = 4_000_000  # bytes, for sockets and for shared memory
_STARTED = b"started\n"
_SLEEP = ("sleep", "infinity")
# What programs look up outside of their own folders; none of it is about this machine's users or its network.
_ETC = ("ld.so.cache", "fonts", "localtime", "alternatives", "ssl/openssl.cnf")


@cache
def available() -> str:
    """ "" where bubblewrap can make a sandbox here, else why not, as a sentence."""
    if sys.platform != "linux":
        return "The sandbox is bubblewrap's, which needs Linux."
    if not shutil.which(PROGRAM):
        return "The program bubblewrap (bwrap) is not installed."
    try:
        box = Sandbox(disk_mb=1)
    except GradingError as error:
        return str(error)
    box.kill()
    return ""


class Sandbox:
    """A sandbox for one kernel.

    Attributes:
        pid: of a process inside of it, as it is called outside.
        sockets: where the folder `SOCKETS` is found from outside.
    """

    def __init__(
        self,
        disk_mb: int,
        shown: Mapping[Path, Path] | None = None,
        run: Sequence[str] = _SLEEP,
        says: bytes = b"",
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Make one.

        Args:
            disk_mb: megabytes that can be written in it.
            shown: files and folders of the outside that can be read in it: {where it is outside: where inside}.
            run: a command that keeps it; when that ends, everything in it does.
            says: what that command reads from its standard input.
            env: that command's environment.

        Raises:
            GradingError: bubblewrap says no; the message holds its words.
        """
        read, write = os.pipe()
        script = ("/bin/sh", "-c", 'echo started; exec "$@" >/dev/null 2>&1', "sh", *run)
        try:
            self._process = subprocess.Popen(
                _command(disk_mb, shown or {}, env or {"PATH": "/usr/bin:/bin"}, info=write, run=script),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[write],
            )
        except OSError as error:
            os.close(read)
            raise GradingError(f"bubblewrap can't be run: {error.strerror}.") from None
        finally:
            os.close(write)
        assert self._process.stdin and self._process.stdout and self._process.stderr
        with os.fdopen(read, "rb") as info:
            said = info.read()
        # All mounts are made before the command runs.
        if self._process.stdout.readline() != _STARTED:
            self._process.kill()
            why = self._process.stderr.read().decode(errors="replace").strip()
            raise GradingError(f"bubblewrap can't make a sandbox here: {why or 'it said nothing'}.")
        self._process.stdin.write(says)
        self._process.stdin.close()
        self._process.stdin = None  # so that `communicate` doesn't close it again
        self.pid = int(json.loads(said)["child-pid"])
        # It stands for this process alone, also when the number has gone to another one.
        self._first = _hold(self.pid)
        self.sockets = Path(f"/proc/{self.pid}/root{SOCKETS}")
        self._keepers = (1, 2) if tuple(run) == _SLEEP else (1,)

    def processes(self, shared: bool = False) -> dict[int, int]:
        """The memory of each process in the sandbox, by its number inside (see :func:`memory`); without those that keep it."""
        return memory(Path("/proc", str(self.pid), "root", "proc"), but=self._keepers, shared=shared)

    def kill(self) -> None:
        """End every process in it. May be called twice.

        Its first process goes first, and everything in it with that one: right after its start bubblewrap may not yet have asked to
        die with its parent, and what is left then holds our pipes for good.
        """
        if self._first is not None:
            _end(self._first)
            self._first = None
        self._process.kill()
        self._process.communicate()


def _hold(pid: int) -> int | None:
    """A file descriptor for the process `pid` (pidfd_open(2)); None where it has ended already."""
    if sys.platform != "linux":
        return None
    with contextlib.suppress(ProcessLookupError):
        return os.pidfd_open(pid)
    return None


def _end(process: int) -> None:
    """Kill the process of this file descriptor, if it is still there, and close the descriptor."""
    if sys.platform == "linux":
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(process, signal.SIGKILL)
    os.close(process)


def memory(proc: Path, but: Sequence[int] = (), shared: bool = False) -> dict[int, int]:
    """Bytes of memory by process number, read from a `proc` file system (proc(5)).

    Args:
        proc: where it is mounted.
        but: processes to leave out.
        shared: divide what several processes share among them (`Pss`, slow to read); else all of it counts for each (`statm`).
    """
    found = {}
    try:
        numbers = [int(name) for name in os.listdir(proc) if name.isdigit()]
    except OSError:
        return {}
    for number in numbers:
        if number not in but:
            with contextlib.suppress(OSError, LookupError, ValueError):
                resident = _shared(proc / str(number)) if shared else _resident(proc / str(number))
                if resident:  # a process that has ended and that nobody has waited for has none
                    found[number] = resident
    return found


def _resident(process: Path) -> int:
    return os.sysconf("SC_PAGE_SIZE") * int((process / "statm").read_text(encoding="ascii").split()[1])


def _shared(process: Path) -> int:
    lines = (process / "smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _command(
    disk_mb: int, shown: Mapping[Path, Path], env: Mapping[str, str], info: int, run: Sequence[str]
) -> list[str]:
    """The command line of bubblewrap (see bwrap(1)); mounts are made in this order."""
    command = [PROGRAM, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    for name, value in env.items():
        command += ["--setenv", name, value]
    command += ["--uid", "1000", "--gid", "1000", "--hostname", "classroom", "--info-fd", str(info)]
    if _knows(
        "--disable-userns"
    ):  # since version 0.8: no sandboxes within the sandbox, which have been a way out of it
        command += ["--unshare-user", "--disable-userns"]
    command += ["--ro-bind", "/usr", "/usr"]
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(name):
            command += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            command += ["--ro-bind", name, name]
    for name in _ETC:
        command += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    command += ["--proc", "/proc", "--dev", "/dev"]
    command += ["--size", str(_SMALL), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    command += ["--size", str(_SMALL), "--tmpfs", SOCKETS]
    command += ["--size", str(disk_mb * 1_000_000), "--tmpfs", SCRATCH]
    for folder in _python():
        command += ["--ro-bind", folder, folder]
    # A copy of the course among the installed packages has the answers in it.
    for site in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        if os.path.isdir(f"{site}/course"):
            command += ["--size", "4096", "--tmpfs", f"{site}/course", "--remount-ro", f"{site}/course"]
    for outside, inside in shown.items():
        command += ["--ro-bind", str(outside), str(inside)]
    return [*command, "--remount-ro", "/", "--chdir", SCRATCH, "--", *run]


def _python() -> list[str]:
    """The folders of this Python and of its environment, without those inside of others."""
    folders: list[str] = []
    wanted = {os.path.realpath(path) for path in (sys.prefix, sys.base_prefix, sys.exec_prefix)} | {
        sys.prefix,
        sys.base_prefix,
    }
    for path in sorted(wanted):
        if not any(path == known or path.startswith(known + os.sep) for known in ("/usr", *folders)):
            folders.append(path)
    return folders


@cache
def _knows(option: str) -> bool:
    help_text = subprocess.run(
        [PROGRAM, "--help"], capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    return option in help_text.stdout + help_text.stderr
