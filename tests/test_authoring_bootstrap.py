"""The set-up cell: the same everywhere; it adds the course where that is missing, and nothing else; it says what hides it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from hang import HANG_S
from making import REPOSITORY, code, make_course, markdown, notebook
from wheels import make_wheel

from course.authoring import bootstrap
from course.authoring.lessons import course_root
from course.authoring.notebook import AuthoringError

pytestmark = pytest.mark.one_set

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


def run_cell(python: Path, folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    """Run the set-up cell twice in IPython, in `folder`, with no index to install from."""
    (folder / "cell.py").write_text(bootstrap.source(ROOT))
    (folder / "runner.py").write_text(RUNNER)
    keep = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    env = {**keep, "COURSE_SOURCE": source, "PIP_NO_INDEX": "1", "IPYTHONDIR": str(folder / "ipython")}
    command = [str(python), "runner.py", "cell.py"]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=HANG_S, check=False)


def without_ours(env: Path) -> None:
    """Remove what another test has installed."""
    for left in env.glob("lib/python3*/site-packages/*"):
        if left.name.startswith(OURS):
            shutil.rmtree(left)


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
    without_ours(env)
    missing = str(tmp_path / "none.whl")
    ran = run_cell(env / "bin" / "python", tmp_path, missing)
    said = ran.stdout + ran.stderr
    assert ran.returncode != 0
    assert f"Could not install the course's helper package from {missing}. Is there a network" in said
    assert "run this cell again. pip says:" in said


def run_beside(folder: Path, before: str = "", *, python: str = sys.executable, **env: str) -> tuple[int, str]:
    """Run `before` and the set-up cell where notebooks find what lies in `folder` first; any installation fails.

    Returns the exit status and all that was said.
    """
    (folder / "beside.py").write_text(f"{before}\n{bootstrap.source(ROOT)}\nprint(course.__file__)")
    keep = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    ran = subprocess.run(
        [python, "beside.py"],
        cwd=folder,
        env={**keep, "COURSE_SOURCE": "/none.whl", "PIP_NO_INDEX": "1", **env},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


HIDDEN_BY = {
    "a file": ("course.py", "course.py"),
    "a package": ("course/__init__.py", "course"),
    "a package with our names in it": ("course/checks/__init__.py", "course"),
}


@pytest.mark.parametrize("way", HIDDEN_BY)
@pytest.mark.parametrize("imported", [False, True])
def test_what_hides_the_course_is_named_with_what_to_do_and_is_not_run(
    way: str, imported: bool, tmp_path: Path
) -> None:
    """Beside the notebook, where the course is installed; imported already, as a learner who looked what it is does."""
    file, named = HIDDEN_BY[way]
    for path in {tmp_path / file, tmp_path / named / "__init__.py" if named == "course" else tmp_path / file}:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("print('it runs')\ndef check(f): return 'right'\n")
    status, said = run_beside(tmp_path, "import course" if imported else "")
    assert status == 1 and said.count("it runs") == imported
    assert f"ImportError: Python finds {tmp_path / named} under the name `course`" in said
    assert said.strip().endswith("Rename, move or uninstall what is there, restart the kernel, run this cell again.")


def test_another_package_called_course_is_named_and_nothing_is_installed_over_it(colab: Path, tmp_path: Path) -> None:
    """In the folder of packages: pip would write into it."""
    other = tmp_path / "packages" / "course"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("__version__ = '3.1'")
    status, said = run_beside(tmp_path, python=str(colab), PYTHONPATH=str(other.parent))
    assert status == 1 and f"Python finds {other} under the name `course`" in said and "pip says" not in said


@pytest.mark.parametrize(
    "before", ["", "import course", "import types; sys.modules['course'] = types.ModuleType('course')"]
)
def test_a_mere_folder_called_course_hides_nothing_where_the_course_is_installed(before: str, tmp_path: Path) -> None:
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "notes.py").write_text("")
    status, said = run_beside(tmp_path, f"import sys\n{before}")
    assert (status, said.strip()) == (0, str(ROOT / "course" / "__init__.py"))


def test_inside_a_clone_its_own_package_is_the_course(colab: Path) -> None:
    """Where nothing is installed: the clone's package lies beside the notebook, and is ours."""
    command = [str(colab), "-c", f"{bootstrap.source(ROOT)}\nprint(course.__file__)"]
    env = {**os.environ, "COURSE_SOURCE": "/none.whl", "PYTHONPATH": ""}
    ran = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=HANG_S, check=True)
    assert ran.stdout.strip() == str(ROOT / "course" / "__init__.py")


def test_a_mere_folder_does_not_keep_colab_from_installing_nor_does_a_file_called_pip(
    colab: Path, tmp_path: Path
) -> None:
    """After a first try without the set-up cell, which leaves the folder imported: one run of the cell mends it."""
    env, folder = tmp_path / "env", tmp_path / "content"
    shutil.copytree(colab.parents[1], env, symlinks=True)
    without_ours(env)
    (folder / "course").mkdir(parents=True)
    (folder / "pip.py").write_text("raise SystemExit('this is not pip')")
    status, said = run_beside(
        folder,
        "try:\n    from course import check\nexcept ImportError as error: print(error)",
        python=str(env / "bin" / "python"),
        COURSE_SOURCE=str(make_wheel(tmp_path)),
    )
    first, *rest = said.splitlines()
    assert status == 0 and "unknown location" in first, said
    assert any(Path(line).is_relative_to(env) for line in rest)


def test_the_cell_is_short_and_names_the_repository_or_its_tag(tmp_path: Path) -> None:
    root = make_course(tmp_path)
    source = bootstrap.source(root)
    assert len(source.splitlines()) <= 28 and max(map(len, source.splitlines())) <= 98
    assert f'"git+{REPOSITORY}"' in source
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


def test_an_older_cell_in_its_place_keeps_its_count_so_that_a_new_address_needs_no_run(tmp_path: Path) -> None:
    root = make_course(tmp_path)
    older = code("import course", id="bootstrap", count=1)
    full = bootstrap.put(notebook(older, code("1", id="b", count=2)), root)
    assert [cell["execution_count"] for cell in full["cells"]] == [1, 2]
    moved = bootstrap.put(notebook(code("1", id="b", count=1), code("old", id="bootstrap", count=2)), root)
    assert [cell["execution_count"] for cell in moved["cells"]] == [None, 1]


def test_the_gpus_memory_is_left_alone_before_jax_is_imported_and_a_learners_own_choice_is_kept() -> None:
    """Where the course is installed, too: most notebooks import JAX before it."""
    ask = "\nprint(os.environ['XLA_PYTHON_CLIENT_PREALLOCATE'], 'jax' in sys.modules)"
    for own, wanted in (({}, "false False"), ({"XLA_PYTHON_CLIENT_PREALLOCATE": "true"}, "true False")):
        env = {key: value for key, value in os.environ.items() if not key.startswith("XLA_")} | own
        command = [sys.executable, "-c", bootstrap.source(ROOT) + ask]
        ran = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=HANG_S, check=True)
        assert ran.stdout.strip() == wanted
