"""The rooms of the grader: what they import, and that what is named in strings is there."""

from __future__ import annotations

import ast
import re
from graphlib import TopologicalSorter
from importlib.util import find_spec
from pathlib import Path

import pytest

from course import cli, grading
from course.grading.records.environment import ONLY_SHOWN
from course.grading.sandbox import inside
from course.grading.sandbox.package import _AGENT, _FILES, _ROOMS

pytestmark = pytest.mark.one_set

GRADING = Path(grading.__file__).parent
COURSE = GRADING.parent
INSIDE = Path(inside.__file__).parent
MODULES = sorted(path for path in GRADING.rglob("*.py") if path.parent != INSIDE)


def imported(file: Path) -> set[str]:
    """The modules and names that a file imports from the grader, wherever in it, without "course.grading."."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.removeprefix("course.grading.") for name in found if name.startswith("course.grading.")}


def room_of(file: Path) -> str:
    return file.relative_to(GRADING).with_suffix("").parts[0]


def order() -> list[str]:
    """The rooms as the docstring of the package lists them, the topmost first."""
    listed = re.findall(r"^- (.*?): ", grading.__doc__ or "", flags=re.M)
    return [word for line in listed for word in re.findall(r"`(\w+)", line)]


def test_a_room_of_the_grader_imports_only_from_those_listed_below_it() -> None:
    floors = {"__init__": 0, **{name: floor for floor, name in enumerate(reversed(order()), start=1)}}
    rooms = {room_of(file) for file in MODULES}
    # What one call needs stands above the rooms.
    above = {"session", "options", "run_screen"}
    assert floors.keys() | above == rooms
    up = {
        f"{file.relative_to(GRADING)} imports {name}"
        for file in MODULES
        if (room := room_of(file)) not in above
        for name in imported(file)
        if (other := name.partition(".")[0]) != room and floors.get(other, len(floors)) >= floors[room]
    }
    assert up == set()


def test_no_module_of_the_grader_imports_itself_by_way_of_others() -> None:
    names = {".".join(file.relative_to(GRADING).with_suffix("").parts): file for file in MODULES}
    graph = {
        name: {whole for whole in names for one in imported(file) if _is(one, whole)} for name, file in names.items()
    }
    # Raises CycleError, which names the modules of the circle.
    assert set(TopologicalSorter(graph).static_order()) == set(names)


def _is(imported_name: str, module: str) -> bool:
    return imported_name == module or imported_name.rpartition(".")[0] == module


def test_no_two_modules_of_grader_and_commands_have_the_same_name() -> None:
    files = [*GRADING.rglob("*.py"), *Path(cli.__file__).parent.rglob("*.py")]
    names = sorted(file.stem for file in files if file.stem != "__init__")
    assert names == sorted(set(names))


@pytest.mark.parametrize("name", ONLY_SHOWN)
def test_what_only_shows_is_named_as_it_is_called(name: str) -> None:
    assert (COURSE / name).exists(), "else a new color in a report would have a class graded again"


@pytest.mark.parametrize("name", [*_ROOMS, *(f"{file}.py" for file in _FILES)])
def test_what_the_sandbox_has_of_the_package_is_named_as_it_is_called(name: str) -> None:
    assert (COURSE / name).exists()


def test_each_file_that_runs_beside_a_submission_has_a_place_in_the_sandbox() -> None:
    assert {file.stem for file in INSIDE.glob("*.py")} == {"__init__", *_AGENT}


def test_each_module_that_the_grader_starts_is_there() -> None:
    started = {
        name
        for file in MODULES
        for name in re.findall(r'"-m", "(course[\w.]+)"', file.read_text(encoding="utf-8"))
        if name.removeprefix("course.") not in _AGENT.values()
    }
    assert started and all(find_spec(name) for name in started)
