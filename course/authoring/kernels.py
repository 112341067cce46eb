"""Kernels for this very Python: started from nothing, as Jupyter does it, or forked from a process that has imported the libraries.

A forked one runs what the other one runs, in the same folder and environment, and spares the seconds that importing JAX, Flax and
Matplotlib takes.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import uuid
from pathlib import Path
from typing import Any, TypeVar

import psutil
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import LocalProvisioner

from course.warm import INLINE, PROGRAM, WarmProcess

Manager = TypeVar("Manager", bound=KernelManager)


class ThisPython(KernelSpecManager):  # type: ignore[misc]
    """Finds this interpreter's kernel, whatever else the user has installed as `python3`."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


def manager(kind: type[Manager], *, forked: bool = False) -> Manager:
    """A manager, of Jupyter's class `kind`, of a kernel of this Python; nothing is started yet."""
    made = kind(kernel_name="python3", kernel_spec_manager=ThisPython())
    if forked:
        # Jupyter takes the provisioner that is there already, as after a restart.
        made.kernel_id = str(uuid.uuid4())
        made.provisioner = _Forked(kernel_id=made.kernel_id, kernel_spec=made.kernel_spec, parent=made)
    return made


class _Process(psutil.Process):
    """A process that is not our child, with what Jupyter asks of a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def poll(self) -> int | None:
        """None while it runs; its exit status is not known to us."""
        return None if self.is_running() and self.status() != psutil.STATUS_ZOMBIE else 0

    def send_signal(self, sig: int) -> None:
        """Does nothing where the process has ended."""
        with contextlib.suppress(psutil.NoSuchProcess):
            super().send_signal(sig)


class _Forked(LocalProvisioner):  # type: ignore[misc]
    """Jupyter's way of starting a kernel on this machine, but for the start itself."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        parent, folder = warm(), str(kwargs.get("cwd") or Path.cwd())
        # The launcher's own words, and with whom the kernel ends.
        argv = [*cmd[cmd.index("ipykernel_launcher") + 1 :], f"--IPKernelApp.parent_handle={parent.pid}"]
        env = kwargs.get("env", os.environ)
        self.pid = self.pgid = parent.fork(
            {"argv": argv, "cwd": folder, "env": {**env, "JPY_PARENT_PID": str(parent.pid)}}
        )
        self.process = _Process(self.pid)
        self.cwd = folder
        return self.connection_info


_started: list[WarmProcess] = []


def warm() -> WarmProcess:
    """The process that this one has its kernels forked from; it ends with this one. One that has died is replaced."""
    if not _started or not _started[-1].alive():
        # A backend that the shell names is not that of a notebook's kernel.
        _started.append(WarmProcess((str(PROGRAM),), {**os.environ, **INLINE}))
        atexit.register(_started[-1].close)
    return _started[-1]
