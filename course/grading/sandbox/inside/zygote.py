"""A process that has imported everything and forks kernels, each into a sandbox that bubblewrap has made for it.

Importing JAX, Flax and matplotlib takes seconds; a fork takes milliseconds. A sandbox is made by bubblewrap, which keeps it
with a process that sleeps; the forked child joins its namespaces (setns(2), namespaces(7)) before any line of a submission runs.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
from typing import Any

from course import _kernel, _programs
from course.warm import serve

# linux/nsfs.h: the user namespace that owns another namespace.
_NS_GET_USERNS = 0xB701
# linux/prctl.h
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38
# linux/capability.h: version 3 takes two sets of 32 bits.
_CAPABILITY_VERSION = 0x20080522
_NAMESPACES = ("ipc", "uts", "net", "pid", "cgroup", "mnt")


def main() -> None:
    """For each line of JSON on the standard input, fork a kernel, or a process that runs programs; answer with a line that has its process id."""
    _kernel.warm_up()
    serve(_become)


def _become(job: dict[str, Any]) -> None:
    if job["sandbox"]:
        _join(job["sandbox"])
        # Only a child of the process that joined is inside of the process namespace.
        if os.fork():
            os._exit(0)
        _give_up_rights()
    (_programs if job["programs"] else _kernel).serve(job)


def _join(pid: int) -> None:
    """Enter all namespaces of the process `pid`, its user namespace last: until then we need our rights over the others."""
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(file: int, name: str) -> None:
        if libc.setns(file, 0):
            raise OSError(ctypes.get_errno(), f"setns {name}: {os.strerror(ctypes.get_errno())}")

    files = {name: os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY) for name in ("user", *_NAMESPACES)}
    here = os.stat("/proc/self/ns/user").st_ino
    # bubblewrap nests two user namespaces: the outer owns the other namespaces, the inner is where its command runs.
    owner = fcntl.ioctl(files["net"], _NS_GET_USERNS)
    entered = here
    # As root we have all rights over them without entering; others have them only inside.
    if os.fstat(owner).st_ino != here and os.geteuid() != 0:
        enter(owner, "owner")
        entered = os.fstat(owner).st_ino
    for name in _NAMESPACES:
        enter(files[name], name)
    if os.fstat(files["user"]).st_ino != entered:
        enter(files["user"], "user")
    os.closerange(3, 4096)
    os.chdir("/")


def _give_up_rights() -> None:
    """No capability is left, nor can one be won by starting a program."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(64):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if libc.capset(header, nothing) or libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "capabilities could not be given up")


if __name__ == "__main__":
    main()
