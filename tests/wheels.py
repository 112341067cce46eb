"""The course as those get it who don't have the checkout: a wheel, a git repository."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from course.authoring.lessons import course_root

ROOT = course_root(Path(__file__).parent)


def copy_package(tree: Path) -> None:
    """What the package is built from, as it is in the working tree, committed or not."""
    shutil.copytree(ROOT / "course", tree / "course", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md"):
        shutil.copy(ROOT / name, tree)


def make_wheel(folder: Path) -> Path:
    """This package as a wheel: built by setuptools or, where that is too old or missing, packed by hand."""
    tree = folder / "tree"
    copy_package(tree)
    if importlib.util.find_spec("setuptools") and importlib.util.find_spec("setuptools.command.bdist_wheel"):
        build = "import sys, setuptools.build_meta as b; b.build_wheel(sys.argv[1])"
        subprocess.run([sys.executable, "-c", build, str(folder)], cwd=tree, check=True, capture_output=True)
        (wheel,) = folder.glob("*.whl")
        return wheel
    wheel = folder / "threads_to_networks-0.1.0-py3-none-any.whl"
    info = "threads_to_networks-0.1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as file:
        for path in sorted((tree / "course").rglob("*")):
            file.write(path, path.relative_to(tree))
        file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: threads-to-networks\nVersion: 0.1.0\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")
    return wheel


def make_repository(folder: Path) -> str:
    """A git repository with this package, committed; returns its address for pip."""
    copy_package(folder)
    git = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "The course"]):
        subprocess.run([*git, *words], cwd=folder, check=True, capture_output=True)
    return f"git+{folder.as_uri()}"
