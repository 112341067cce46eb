"""Processes forked from one that has imported the libraries: importing JAX, Flax and Matplotlib takes seconds, a fork milliseconds.

A program of its own calls `serve`; whoever wants processes of it has a :class:`WarmProcess`. They talk in lines of JSON. Run as a
program, this file forks kernels like those that Jupyter starts; it imports nothing of the course, so that a notebook's own first
import of it does what it does in a kernel that was started from nothing.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

# Programs are started without the current folder in `sys.path`.
PYTHON = (sys.executable, "-P")
PROGRAM = Path(__file__)
# What JAX imports when it compiles for the first time (0.7 to 0.12); another version may have other names for it.
_AT_FIRST_COMPILE = ("jaxlib.mlir.dialects.mhlo", "jaxlib.mlir.dialects.builtin")
INLINE = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}


class HasDied(RuntimeError):
    """The warm process is no longer there."""


class WarmProcess:
    """A program that calls `serve`, seen from outside. It ends with the process that started it."""

    def __init__(self, program: Sequence[str], env: Mapping[str, str]) -> None:
        """Start it, and don't wait until it has imported everything.

        Args:
            program: what Python runs: a file, or ("-m", module).
            env: its environment. A library that reads a variable when it is imported reads it here.
        """
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            (*PYTHON, *program), stdin=pipe, stdout=pipe, env=dict(env), text=True, encoding="utf-8"
        )
        # Whether it has said that it has imported everything.
        self._ready = False

    @property
    def pid(self) -> int:
        """Its process id: that of its children's parent."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether it is still there."""
        return self._process.poll() is None

    def wait(self) -> None:
        """Wait until it has imported everything.

        Raises:
            HasDied: it has ended before.
        """
        if not self._ready:
            self._ready = bool(self._answer()["ready"])

    def fork(self, job: Mapping[str, Any]) -> int:
        """Have it fork a process that becomes what `job` describes; returns the new process's id.

        Raises:
            HasDied: it is not there any more.
        """
        self.wait()
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise HasDied(str(error)) from None
        return int(self._answer()["pid"])

    def close(self) -> None:
        """End it. What it has forked goes on."""
        self._process.kill()
        self._process.communicate()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise HasDied("it said nothing more")
        return dict(json.loads(line))


def serve(become: Callable[[dict[str, Any]], None]) -> None:
    """For each line of JSON on the standard input fork a process, which becomes what the line describes; answer with its id.

    Args:
        become: is called with the line in the new process, which ends when it returns. It has a session of its own, and none of
            this process's files.
    """
    signal.signal(signal.SIGCHLD, _reap)
    # Ctrl-C is for the process that started this one, and that then ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What has been imported stays: no collection in a child looks at it again, or copies its pages.
    gc.collect()
    gc.freeze()
    _say({"ready": True})
    for line in sys.stdin:
        job = json.loads(line)
        if child := os.fork():
            _say({"pid": child})
            continue
        try:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            _close_files()
            os.setsid()
            become(job)
            os._exit(0)
        except BaseException as error:
            os.write(2, f"a forked process ended with {type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(1)


def import_libraries() -> None:
    """Import what the notebooks of the course import of libraries, as a notebook's kernel would.

    No JAX backend starts: its threads would not survive a fork. Nor is pyplot imported, which looks for the IPython that it is
    imported from; with Matplotlib's other parts in memory that takes no time.
    """
    with _as_in_a_notebook():
        import ipykernel.ipkernel
        import ipykernel.kernelapp
        import ipykernel.zmqshell
        import IPython.core.completer
        import IPython.core.historyapp
        import jax
        import jax.experimental.pallas
        import jax.numpy
        import jax.scipy.signal
        import matplotlib.backends.backend_agg
        import matplotlib.figure
        import matplotlib.widgets
        import numpy
        import optax
        from flax import nnx

    del IPython, ipykernel, jax, matplotlib, numpy, nnx, optax
    for name in _AT_FIRST_COMPILE:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def _reap(*_: Any) -> None:
    """A child that has ended leaves the list of processes, and its time counts as this process's."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


class ZMQInteractiveShell:
    """Stands for a notebook's shell, by whose name a library that is imported finds out that it is in a notebook."""


class _Current:
    """Stands for `sys.stdout` or `sys.stderr`, whatever that is when it is used; while it takes that place itself, for `usual`."""

    def __init__(self, name: str, usual: TextIO) -> None:
        self._name, self._usual = name, usual

    def __getattr__(self, name: str) -> Any:
        now = getattr(sys, self._name)
        return getattr(self._usual if now is self else now, name)

    def close(self) -> None:
        """A program's own streams are not for a library to close."""


@contextlib.contextmanager
def _as_in_a_notebook() -> Iterator[None]:
    """What libraries look up or keep while they are imported is what they would find in a notebook.

    JAX colors what it prints, and Flax draws what it shows, if there is a shell (`get_ipython`); absl's logging keeps the stream
    for errors, which in a kernel is to be the kernel's own.
    """
    usual: dict[str, TextIO] = {name: getattr(sys, name) for name in ("stdout", "stderr")}
    for name, stream in usual.items():
        setattr(sys, name, _Current(name, stream))
    vars(builtins)["get_ipython"] = ZMQInteractiveShell
    try:
        yield
    finally:
        del vars(builtins)["get_ipython"]
        for name, stream in usual.items():
            setattr(sys, name, stream)


def _close_files() -> None:
    """Nothing of this process's pipes reaches what runs in a child."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.closerange(3, 4096)


def _say(message: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def _become_kernel(job: dict[str, Any]) -> None:
    """Become the kernel that Jupyter would have started with "argv" (`ipykernel_launcher`'s words) in the folder "cwd" with "env"."""
    import numpy as np

    os.environ.clear()
    os.environ.update(job["env"])
    os.chdir(job["cwd"])
    # Python's own generator is seeded anew in a forked process, NumPy's is not.
    np.random.seed()
    sys.argv = ["ipykernel_launcher", *job["argv"]]
    runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    import_libraries()
    serve(_become_kernel)
