"""Which protections hold with a sandbox and without one, and how to get one on the machine at hand."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from course.grading.model import Limits
from course.grading.sandbox import bubblewrap

# Programs that install packages, and the words that install bubblewrap; `sudo` is put before where it is needed.
_MANAGERS = {
    "apt-get": "apt install bubblewrap",
    "dnf": "dnf install bubblewrap",
    "yum": "yum install bubblewrap",
    "zypper": "zypper install bubblewrap",
    "pacman": "pacman -S bubblewrap",
    "apk": "apk add bubblewrap",
    "xbps-install": "xbps-install bubblewrap",
    "emerge": "emerge sys-apps/bubblewrap",
    "nix-env": "nix-env -iA nixpkgs.bubblewrap",
}
_NO_SUDO = {"nix-env"}
_IN_DOCKER = (
    "start the container with --security-opt seccomp=unconfined --security-opt apparmor=unconfined (Docker, "
    "Podman); on a hub or in Kubernetes only the operator can allow this: grade on a machine of your own "
    "instead"
)


@dataclass(frozen=True)
class Protection:
    """One thing that the grader keeps from a submission.

    Attributes:
        what: what is protected.
        inside: how, in the sandbox.
        without: what is left of it without one.
        holds: whether something of it is left.
    """

    what: str
    inside: str
    without: str
    holds: bool


def protections(limits: Limits) -> list[Protection]:
    """All of them, under these limits. What is said to hold without a sandbox is set by `setrlimit` or watched from outside."""
    lifted = ". As root it can lift this" if os.name == "posix" and os.geteuid() == 0 else ""
    return [
        Protection("network", "none", "open: it can send and download anything", False),
        Protection(
            "files", "reads Python and the course, writes to memory", "reads and writes everything that you can", False
        ),
        Protection(
            "answers", "no solution, no reference, no other submission", "can be read, and grades can be changed", False
        ),
        Protection("other processes", "not there", "it can see and end yours", False),
        Protection(
            "time",
            f"{limits.cell_s:g} s a cell, {limits.notebook_s:g} s a notebook",
            "the same; a process that leaves its session keeps running",
            True,
        ),
        Protection(
            "memory",
            f"{limits.memory_mb} MB in all, watched",
            f"the same, of the kernel and its children{lifted}",
            True,
        ),
        Protection("processes", f"{limits.processes}, watched", "the same, of the kernel and its children", True),
        Protection("open files", f"{limits.files} a process", f"the same{lifted}", True),
        Protection(
            "disk", f"{limits.disk_mb} MB in all", f"{limits.disk_mb} MB a file; not how many files{lifted}", True
        ),
        Protection("output", f"{limits.output_kb} kB a cell", "the same", True),
    ]


def way_on() -> str:
    """How to get a sandbox on this machine, as a sentence."""
    if sys.platform == "win32":
        return (
            "Grade in the Windows Subsystem for Linux: `wsl --install`, and there, in a clone of the course, `sudo apt install bubblewrap` "
            "and `make env`."
        )
    if sys.platform == "darwin":
        return (
            "Grade on a Linux machine or in a Linux container: `brew install lima`, `limactl start`, `limactl shell default`, and there, in a "
            "clone of the course, `sudo apt install bubblewrap` and `make env`."
        )
    return _namespaces() if shutil.which(bubblewrap.PROGRAM) else _install()


def _install() -> str:
    for program, words in _MANAGERS.items():
        if shutil.which(program):
            sudo = "" if os.geteuid() == 0 or program in _NO_SUDO else "sudo "
            image = (
                " In a container where you may not install it, add it to the image." if sudo and in_container() else ""
            )
            return f"Install it: `{sudo}{words}`.{image}"
    return "Install the package bubblewrap of your distribution, or build it: https://github.com/containers/bubblewrap."


def _namespaces() -> str:
    """What keeps bubblewrap from making user namespaces, and what allows them."""
    if "microsoft" in _says("/proc/version").lower() and not Path("/proc/self/ns/user").exists():
        return "WSL 1 has no namespaces: `wsl --set-version DISTRIBUTION 2` in Windows."
    for path, bad, way in (
        ("/proc/sys/user/max_user_namespaces", "0", "`sudo sysctl user.max_user_namespaces=15000`"),
        ("/proc/sys/kernel/unprivileged_userns_clone", "0", "`sudo sysctl kernel.unprivileged_userns_clone=1`"),
        (
            "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "an AppArmor profile for bwrap (recent packages of bubblewrap or apparmor bring it)",
        ),
    ):
        if _says(path).strip() == bad:
            inside = f" In a container {_IN_DOCKER}." if in_container() else ""
            return f"This machine forbids user namespaces: allow them with {way}.{inside}"
    if in_container():
        return f"This container may not make user namespaces: {_IN_DOCKER}."
    return "Grade where processes may make user namespaces: on most Linux machines, and in containers that allow it."


def in_container() -> bool:
    """Whether this runs in a container: Docker's and Podman's marks, Kubernetes' variable."""
    marks = ("/.dockerenv", "/run/.containerenv", "/run/systemd/container")
    return any(map(os.path.exists, marks)) or "KUBERNETES_SERVICE_HOST" in os.environ or "container" in os.environ


def _says(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
