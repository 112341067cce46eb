"""Promises of the house, CONTRIBUTING's chapter and pyproject.toml's floors: imports run down, and what is drawn and told is there."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import grimp
import pytest

import course
from course.authoring import house
from course.authoring.lessons import LESSONS, SOLUTIONS, course_root, stored
from course.authoring.notebook import code_cells, read
from course.curriculum import lesson_of

pytestmark = pytest.mark.one_set

ROOT = course_root(Path(__file__).parent)
LINT = Path(sys.executable).with_name("lint-imports")
FIRST = f"{lesson_of('start_here')}.ipynb"
# How far a letter of the picture reaches above its line and below it, in the picture's units.
ASCENT, DESCENT = 11, 4
# A step of a walk: `course/checks/judge.py: Marking.verdict`.
STEP = re.compile(r"`(course/[\w/]+\.py): ([\w.]+)`")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's source and the contracts, to plant imports in."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / "course", folder / "course", ignore=lambda _, names: {n for n in names if _no_source(n)})
    return folder


def _no_source(name: str) -> bool:
    return ("." in name and not name.endswith(".py")) or name == "__pycache__"


def lint(folder: Path) -> tuple[int, str]:
    """The status of import-linter in a folder, and what it says."""
    ran = subprocess.run([LINT, "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True, check=False)
    return ran.returncode, " ".join((ran.stdout + ran.stderr).split())


def test_no_import_of_the_package_runs_up_and_none_in_a_circle(copy: Path) -> None:
    status, said = lint(copy)
    assert (status, "0 broken" in said) == (0, True), said


@pytest.mark.parametrize(
    ("file", "planted", "said"),
    [
        (
            "terminal.py",
            "def f():\n    from course.checks import check",
            "course.terminal is not allowed to import course.checks",
        ),
        (
            "widgets/panel.py",
            "import typing\nif typing.TYPE_CHECKING:\n    from course.plot import alt",
            "course.widgets is not allowed to import course.plot",
        ),
        (
            "history/file.py",
            "from course import progress",
            "course.history is not allowed to import course.progress",
        ),
        ("data.py", "import course.timing", "course.data is not allowed to import course.timing"),
        ("plot/alt_words.py", "def f():\n    import course.plot.alt", "No circle within a room BROKEN"),
        ("lost.py", "", "The following modules are not listed as layers: - course.lost"),
    ],
    ids=[
        "up, in a function",
        "up, for types",
        "up, by a name of the package",
        "aside",
        "within a room",
        "without a floor",
    ],
)
def test_a_planted_circle_or_arrow_up_is_found(copy: Path, file: str, planted: str, said: str) -> None:
    place = copy / "course" / file
    before = place.read_bytes() if place.is_file() else None
    place.write_bytes((before or b"") + f"\n{planted}\n".encode())
    try:
        status, told = lint(copy)
    finally:
        place.write_bytes(before) if before else place.unlink()
    assert status == 1
    assert said in told


def test_make_lint_and_the_hook_before_a_commit_check_the_floors() -> None:
    for name in ("Makefile", ".pre-commit-config.yaml"):
        assert "bin/lint-imports" in (ROOT / name).read_text(encoding="utf-8").replace("$(BIN)", "bin"), name


def test_every_name_of_the_package_and_a_whole_lesson_load_nothing_of_authors_and_graders() -> None:
    """In a process of their own: the lesson's cells, and its exercises' with all that `check` needs."""
    names = ", ".join(course.__all__)
    cells = [cell["source"] for kind in (LESSONS, SOLUTIONS) for _, cell in code_cells(read(ROOT / kind / FIRST))]
    code = "\n\n".join([f"from course import {names}\nplot.row", *cells, "import sys; print(*sys.modules)"])
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    loaded = {name for name in ran.stdout.splitlines()[-1].split() if name.startswith("course.")}
    assert {"course.checks.judge", "course.history.file", "course.plot.style", "course.simt"} <= loaded
    assert {name for name in loaded if name.split(".")[1].startswith(house.STAFF)} == set()


def test_no_notebook_imports_what_leads_to_authors_and_graders() -> None:
    graph = _graph()
    named = {name for path in stored(ROOT, (LESSONS, SOLUTIONS)) for name in _imported(path)}
    assert {"course", "course.device", "course.widgets.digits"} <= named
    reached = {one for name in named for one in {name, *graph.find_upstream_modules(name)}}
    assert {name for name in reached if "." in name and name.split(".")[1].startswith(house.STAFF)} == set()


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph("course", cache_dir=None)


def _imported(notebook: Path) -> set[str]:
    """The modules of the package that a notebook's cells import."""
    found = set()
    for _, cell in code_cells(read(notebook)):
        for node in ast.walk(ast.parse(cell["source"])):
            if isinstance(node, ast.Import):
                found |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                found |= {node.module or "", *(f"{node.module}.{name.name}" for name in node.names)}
    return found & _graph().modules


def test_the_picture_of_the_house_is_current() -> None:
    assert house.main(["--check"]) == 0, "Draw it: make house"


def test_a_picture_that_is_not_current_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(house, "picture", lambda root: "<svg/>")
    assert house.main(["--check"]) == 1
    assert "make house" in capsys.readouterr().out


def test_the_picture_shows_every_room_and_says_it_in_words() -> None:
    svg = ElementTree.parse(ROOT / house.PICTURE).getroot()
    shown = [text.text or "" for text in svg.findall(".//{*}text") if text.get("class") == "name"]
    built = house.rooms(ROOT, [child.partition(".")[2] for child in _graph().find_children("course")])
    assert sorted(" ".join(shown).split()) == sorted(" ".join(room.name for room in built).split())
    words = svg.findtext("{*}desc") or ""
    assert all(room.name in words for room in built)
    page = (ROOT / house.PAGE).read_text(encoding="utf-8")
    assert re.search(rf"!\[[^\]]{{100,}}\]\({re.escape(house.PICTURE)}\)", page), "the page has it, with its words"


def test_each_text_of_the_picture_fits_its_box() -> None:
    """By the letters of a wide font."""
    svg = ElementTree.parse(ROOT / house.PICTURE).getroot()
    boxes = [box for box in svg.findall(".//{*}rect") if "room" in (box.get("class") or "")]
    texts = [text for text in svg.findall(".//{*}text") if text.get("class") != "note"]
    assert len(texts) >= 2 * len(boxes) > 0
    for text in texts:
        x, y, letter = (
            float(text.get("x", 0)),
            float(text.get("y", 0)),
            house._NAME_LETTER if text.get("class") else house._LETTER,
        )
        (box,) = [box for box in boxes if _inside(box, x, y)]
        assert _inside(box, x, y - ASCENT) and _inside(box, x, y + DESCENT), text.text
        assert letter * len(text.text or "") < float(box.get("width", 0)), text.text


def _inside(box: ElementTree.Element, x: float, y: float) -> bool:
    left, top, width, height = (float(box.get(name, 0)) for name in ("x", "y", "width", "height"))
    return left < x < left + width and top < y < top + height


def test_every_line_of_the_house_names_something_that_is_there() -> None:
    for paths in house.table(ROOT):
        for path in paths.split(", "):
            assert [*ROOT.glob(path)], f"{path}: CONTRIBUTING.md names it, and it is not there"


def steps() -> list[tuple[str, str]]:
    """The places and the walks' steps of the page: file, and the function, class, method or name in it."""
    return STEP.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))


def test_each_walk_has_its_steps_in_order() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    walks = page.partition("### Three walks")[2].partition("\n## ")[0].split("\n**")[1:]
    assert [len(STEP.findall(walk)) >= 5 for walk in walks] == [True] * 3


@pytest.mark.parametrize("step", [f"{file}: {name}" for file, name in dict.fromkeys(steps())])
def test_a_step_of_a_walk_and_a_place_to_change_is_where_the_page_says(step: str) -> None:
    file, name = step.split(": ")
    assert name in _defined(ROOT / file), f"CONTRIBUTING.md: {file} has no {name}"


@cache
def _defined(file: Path) -> set[str]:
    """What a file defines at its top, and the methods of its classes as `Class.method`."""
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found
