"""Promises of `import course`: it is light, its names are there, and matplotlib comes only with the first picture."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import course
from course import hidden
from course.authoring.lessons import KINDS, course_root, stored
from course.authoring.notebook import code_cells, read

pytestmark = pytest.mark.one_set

ROOT = course_root(Path(__file__).parent)

SLOW = ("matplotlib", "flax", "optax", "sklearn", "ipywidgets", "anywidget")
ASK = f"import sys; print(*(name for name in {SLOW} if name in sys.modules))"


def _loaded_after(code: str) -> list[str]:
    ran = subprocess.run([sys.executable, "-c", f"{code}\n{ASK}"], capture_output=True, text=True, check=True)
    return ran.stdout.splitlines()[-1].split() if ran.stdout.strip() else []


def test_all_names_of_a_lessons_first_cell_wait_with_what_is_slow() -> None:
    names = ", ".join(name for name in course.__all__ if not name.startswith("_"))
    assert _loaded_after(f"from course import {names}") == []


@pytest.mark.parametrize(
    "use",
    ["plot.row(2)", "plot.BLUE", "plot.descent.__call__", "dir(plot)", "import course.plot.graph; plot.graph.__call__"],
)
def test_the_pictures_are_there_when_they_are_first_used(use: str) -> None:
    """Also where a room has the name of its function."""
    assert _loaded_after(f"from course import plot\n{use}") == ["matplotlib"]


def test_there_is_one_room_of_pictures_by_whichever_door_one_comes() -> None:
    code = (
        "from course import plot as later; import course.plot.style as style, course.plot as first; from course import plot; "
        "later.ours = 1; print(first is plot, later.row is first.row, style.row is first.row, first.ours == 1); del later.ours"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True"] * 4


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'plots'; it has check, claim"):
        course.plots  # noqa: B018


@pytest.mark.parametrize(("before", "after"), [((700, 9, 8), (10000, 9, 8)), ((20000, 9, 8),) * 2, ((0, 9, 8),) * 2])
def test_garbage_is_looked_for_less_often_and_nobodys_own_choice_is_changed(
    before: tuple[int, ...], after: tuple[int, ...]
) -> None:
    code = f"import gc; gc.set_threshold{before}; import course; print(gc.get_threshold())"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == str(after)


def imported_beside(folder: Path, before: str = "") -> tuple[int, str]:
    """`import course` in a notebook's folder, after `before`: the exit status, and the last line that was said."""
    command = [sys.executable, "-c", f"{before}\nimport course"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return ran.returncode, (ran.stderr.strip().splitlines() or [""])[-1]


@pytest.mark.parametrize(("file", "named"), [("jax.py", "jax.py"), ("numpy/__init__.py", "numpy"), ("pooch.py",) * 2])
@pytest.mark.parametrize("imported", [False, True])
def test_a_file_that_hides_a_package_is_named_with_what_to_do(
    file: str, named: str, imported: bool, tmp_path: Path
) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("")
    name = named.removesuffix(".py")
    status, said = imported_beside(tmp_path, f"import {name}" if imported else "")
    assert status == 1
    assert said.startswith(f"ImportError: {tmp_path / named} hides the package {name}, which the course needs")
    assert said.endswith("Rename or move that file, restart the kernel, and run the notebook from the top.")


def test_what_hides_nothing_is_left_alone(tmp_path: Path) -> None:
    """A mere folder, built-in and loaded modules, notebooks, and a package of which there is no other."""
    (tmp_path / "jax").mkdir()
    for name in ("time.py", "random.py", "numpy.ipynb", "helpers.py"):
        (tmp_path / name).write_text("")
    own = tmp_path / "libraries"
    own.mkdir()
    (own / "optax.py").write_text("")
    before = f"import sys\nhere = sys.path.pop(0)\nimport random\nsys.path[:0] = [here, {str(own)!r}]"
    assert imported_beside(tmp_path, before) == (0, "")


def test_a_file_that_hides_a_module_of_pythons_own_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chunk.py").write_text("")
    (tmp_path / "sndhdr.py").write_text("")
    monkeypatch.setattr(hidden, "_hides", lambda name, path, folder: True)
    monkeypatch.setattr(sys, "stdlib_module_names", frozenset({"chunk"}))
    monkeypatch.chdir(tmp_path)
    with pytest.warns(UserWarning, match=re.escape(f"{tmp_path / 'chunk.py'} hides Python's own module chunk")) as said:
        assert hidden.reason() == ""
    assert len(said) == 1


def test_every_package_that_a_notebook_or_the_course_imports_is_looked_for() -> None:
    sources = [cell["source"] for path in stored(ROOT, KINDS) for _, cell in code_cells(read(path))]
    for folder in (ROOT / "course", ROOT / "course" / "cli"):
        sources += [path.read_text(encoding="utf-8") for path in folder.glob("*.py")]
    used = set()
    for node in (node for source in sources for node in ast.walk(ast.parse(source))):
        if isinstance(node, ast.Import):
            used |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            used.add(str(node.module).partition(".")[0])
    assert used - set(sys.stdlib_module_names) - {"course"} <= hidden.NEEDED
    with (ROOT / "pyproject.toml").open("rb") as file:
        asked = {re.split("[>=]", one)[0] for one in tomllib.load(file)["project"]["dependencies"]}
    told = {name for module, names in packages_distributions().items() if module in hidden.NEEDED for name in names}
    assert asked <= told
