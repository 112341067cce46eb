"""What decides a verdict besides the submission: the versions of the libraries, and the course's own files."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from course.authoring.lessons import DISTRIBUTION

PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "nbval", "ipykernel")

# Rooms that only show: a new color in a picture or a report must not have a class graded again. All else counts.
ONLY_SHOWN = (
    "plot/",
    "grading/report/",
    "grading/safe_text.py",
    "grading/run_screen.py",
    "cli/",
    "history/",
    "progress/",
)


@cache
def versions() -> dict[str, str]:
    """What takes part in grading, by name; "absent" for a package that is not installed. Imports none of them."""
    found = {"python": platform.python_version(), "course": _version(DISTRIBUTION)}
    found |= {package: _version(package) for package in PACKAGES}
    # Not the kernel's release: machines of one cluster differ in it, and grades don't.
    return found | {"platform": f"{platform.system()} {platform.machine()}"}


@cache
def source_digest() -> str:
    """SHA-256 over the files of the package `course` that can decide a verdict, names and contents."""
    package = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        name = file.relative_to(package).as_posix()
        if not name.startswith(ONLY_SHOWN):
            digest.update(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def environment_digest() -> str:
    """SHA-256 over :func:`versions` and :func:`source_digest`: with another catalogue or another jax, it is another."""
    return hashlib.sha256(json.dumps([versions(), source_digest()], sort_keys=True).encode()).hexdigest()


def describe() -> dict[str, str]:
    """All that the digest is made of, by name: what two machines compare."""
    return versions() | {"source": source_digest()}


def differences(there: Mapping[str, str]) -> str:
    """What another machine's :func:`describe` has other than ours, in words; "" where nothing is."""
    here = describe()
    other = [name for name in here if here[name] != there.get(name)]
    words = [f"{name} {there.get(name, 'absent')} instead of {here[name]}" for name in other if name != "source"]
    if "source" in other:
        words.append("other files of the course")
    return ", ".join(words)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
