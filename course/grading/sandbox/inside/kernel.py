"""The kernel that a submission runs in: ipykernel, with the grader's agent beside it."""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

from course._sealing import seal
from course.warm import import_libraries

# The variables by which the grader says where compiled code lies (see sandbox/compiled.py).
_COMPILED = ("JAX_COMPILATION_CACHE_", "JAX_PERSISTENT_CACHE_")


def warm_up() -> None:
    """Import what the notebooks of the course import, the course's own rooms too. No JAX backend starts."""
    # ipykernel does without a debugger where there is none. Nobody debugs here, and each kernel would import it.
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    import ipykernel.debugger

    del sys.modules["debugpy"]
    import_libraries()
    import course.claims
    import course.data
    import course.device
    import course.plot
    import course.timing

    del course, ipykernel


def set_limits(limits: dict[str, int]) -> None:
    """Hard limits on this process and on all that it starts: `{"AS": bytes, "NOFILE": count, …}`, as in `resource`."""
    for name, value in limits.items():
        which = getattr(resource, f"RLIMIT_{name}")
        _, most = resource.getrlimit(which)
        value = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(which, (value, value))


def _tell_jax(env: dict[str, str]) -> None:
    """JAX reads its variables when it is imported, which may have been long before this kernel was asked for."""
    if "JAX_COMPILATION_CACHE_DIR" in env and not seal():
        env = {**env, "JAX_ENABLE_COMPILATION_CACHE": "false"}
        os.environ.update(env)
    if jax := sys.modules.get("jax"):
        for name, value in env.items():
            if name.startswith(_COMPILED):
                usual = getattr(jax.config, name.lower())
                jax.config.update(name.lower(), value if usual is None else type(usual)(value))
        if env.get("JAX_ENABLE_COMPILATION_CACHE") == "false":
            jax.config.update("jax_enable_compilation_cache", False)


def settle(job: dict[str, Any]) -> None:
    """Take on the environment, the working directory and the limits of a job (see :func:`serve`)."""
    os.environ.clear()
    os.environ.update(job["env"])
    home = Path(job["home"])
    home.mkdir(parents=True, exist_ok=True)
    os.chdir(home)
    set_limits(job["limits"])
    sys.dont_write_bytecode = True
    _tell_jax(job["env"])


def serve(job: dict[str, Any]) -> None:
    """Become the kernel that `job` describes; never returns.

    Args:
        job: "connection" (what a connection file holds), "file" (where to write that), "home" (the working directory),
            "env", "limits" (see :func:`set_limits`), "output" (characters that a cell may print).
    """
    settle(job)
    file = Path(job["file"])
    file.write_text(json.dumps(job["connection"]), encoding="utf-8")

    from ipykernel.kernelapp import IPKernelApp

    sys.argv = ["kernel"]
    app = IPKernelApp.instance(connection_file=str(file), log_level="CRITICAL")
    app.initialize([])

    import course.checks.agent as agent
    from course import _showing

    _showing.settle(app.shell)
    agent.cut_output(job["output"])
    agent.stay_alone()
    app.start()
    os._exit(0)


def main() -> None:
    """A kernel of its own, started from nothing: the job comes as a line of JSON on the standard input."""
    serve(json.loads(sys.stdin.readline()))


if __name__ == "__main__":
    main()
