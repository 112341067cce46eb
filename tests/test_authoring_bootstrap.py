"""The set-up cell: the same everywhere; it adds the course where that is missing, and nothing else."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from making import REPOSITORY, code, make_course, markdown, notebook

from course.authoring import bootstrap
from course.authoring.lessons import course_root
from course.authoring.notebook import AuthoringError

ROOT = course_root(Path(__file__).parent)
OURS = ("course", "threads_to_networks", "__editable__")

RUNNER = """
import importlib.metadata, json, pathlib, sys
from IPython.core.interactiveshell import InteractiveShell
def packages():
    return {d.metadata["Name"]: d.version for d in importlib.metadata.distributions()}
before = packages()
source = pathlib.Path(sys.argv[1]).read_text()
shell = InteractiveShell.instance()
shell.run_cell(source).raise_error()
import course
after = packages()
shell.run_cell(source).raise_error()
said = {"before": before, "after": after, "again": packages(), "home": course.__file__}
json.dump(said, open("said.json", "w"))
"""


@pytest.fixture(scope="module")
def colab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the packages of the one that runs the tests, but for the course.

    Under the oldest constraints this is Colab's set. The packages are links, so that nothing is installed.
    """
    folder = tmp_path_factory.mktemp("colab")
    packages = folder / "packages"
    packages.mkdir()
    for place in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in Path(place).iterdir():
            if not entry.name.startswith(OURS) and entry.suffix != ".pth":
                (packages / entry.name).symlink_to(entry)
    venv.create(folder / "env", symlinks=True)
    (libraries,) = (folder / "env" / "lib").glob("python3*/site-packages")
    (libraries / "colab.pth").write_text(f"{packages}\n")
    return folder / "env" / "bin" / "python"


def make_wheel(folder: Path) -> Path:
    """This package as a wheel: built by setuptools or, where that is too old or missing, packed by hand."""
    tree = folder / "tree"
    shutil.copytree(ROOT / "course", tree / "course", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tree)
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


def run_cell(python: Path, folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    """Run the set-up cell twice in IPython, in `folder`, with no index to install from."""
    (folder / "cell.py").write_text(bootstrap.source(ROOT))
    (folder / "runner.py").write_text(RUNNER)
    keep = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    env = {**keep, "COURSE_SOURCE": source, "PIP_NO_INDEX": "1", "IPYTHONDIR": str(folder / "ipython")}
    command = [str(python), "runner.py", "cell.py"]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_the_cell_installs_the_course_and_changes_no_other_package(colab: Path, tmp_path: Path) -> None:
    """As on Colab: from a wheel, with no network; the second time it does nothing."""
    ran = run_cell(colab, tmp_path, str(make_wheel(tmp_path)))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    said = json.loads((tmp_path / "said.json").read_text())
    added = {name: number for name, number in said["after"].items() if said["before"].get(name) != number}
    assert list(added) == ["threads-to-networks"]
    assert said["before"].items() <= said["after"].items() and len(said["before"]) > 20
    assert said["again"] == said["after"]
    assert Path(said["home"]).is_relative_to(colab.parents[1])


def test_a_source_that_fails_gives_one_readable_error(colab: Path, tmp_path: Path) -> None:
    """Run after the installation of the other test or before it: a folder of its own shadows nothing."""
    env = tmp_path / "env"
    shutil.copytree(colab.parents[1], env, symlinks=True)
    for left in env.glob("lib/python3*/site-packages/*"):
        if left.name.startswith(OURS):
            shutil.rmtree(left)
    missing = str(tmp_path / "none.whl")
    ran = run_cell(env / "bin" / "python", tmp_path, missing)
    said = ran.stdout + ran.stderr
    assert ran.returncode != 0
    assert f"Could not install the course's helper package from {missing}. Is there a network?" in said
    assert "pip says:" in said


def test_the_cell_is_short_and_names_the_repository_or_its_tag(tmp_path: Path) -> None:
    root = make_course(tmp_path)
    source = bootstrap.source(root)
    assert len(source.splitlines()) <= 12 and f'"git+{REPOSITORY}"' in source
    compile(source, "cell", "exec")
    with (root / "pyproject.toml").open("a") as file:
        file.write('tag = "v1.2"\n')
    assert f'"git+{REPOSITORY}@v1.2"' in bootstrap.source(root)
    (root / "pyproject.toml").write_text('[project]\nname = "threads-to-networks"\n')
    with pytest.raises(AuthoringError, match="repository"):
        bootstrap.source(root)


def test_the_cell_is_put_before_the_first_code_an_older_one_is_replaced_and_any_change_is_a_problem(
    tmp_path: Path,
) -> None:
    root = make_course(tmp_path)
    bare = notebook(markdown("# A", id="a"), code("1", id="b"))
    assert "not the set-up cell" in str(bootstrap.problem(bare, root))
    full = bootstrap.put(bare, root)
    assert [cell["id"] for cell in full["cells"]] == ["a", "bootstrap", "b"]
    assert bootstrap.problem(full, root) is None and bootstrap.put(full, root) is full
    full["cells"][1]["source"] += " "
    assert bootstrap.problem(full, root) is not None
    assert bootstrap.problem(bootstrap.put(full, root), root) is None and len(full["cells"]) == 3
    only_text = bootstrap.put(notebook(markdown("# A", id="a")), root)
    assert [cell["id"] for cell in only_text["cells"]] == ["a", "bootstrap"]
