"""The site to read: nothing on it leads nowhere, nothing is asked of the network, and it shows what the notebooks store."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from site_build import ROOT, Site, built_site

import course
from course.authoring.lessons import EXERCISES, KINDS, LESSONS, SOLUTIONS, stored
from course.authoring.notebook import Cell, code_cells, read
from course.authoring.published import published
from course.authoring.release import BEGIN, END
from course.curriculum import lesson_of

pytestmark = pytest.mark.one_set

NOTEBOOKS = [f"{path.parent.name}/{path.stem}" for path in stored(ROOT, (LESSONS, EXERCISES))]
LISTED = ROOT / "build" / "site-external-links.txt"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
# What a page loads by itself, as against what a reader may follow.
LOADED = {"img": "src", "script": "src", "link": "href", "source": "src", "iframe": "src", "video": "src"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return built_site(tmp_path_factory)


def _links(site: Site) -> Iterator[tuple[str, str]]:
    """(page, address) of everything that any page points to or loads."""
    for name, page in site.pages.items():
        for tag in page.find_all(True):
            for attribute in ("href", "src"):
                if isinstance(address := tag.get(attribute), str):
                    yield name, address


def _outside(address: str) -> bool:
    return bool(urlsplit(address).scheme or urlsplit(address).netloc)


def test_the_build_is_timed(site: Site, waits: Callable[[str, float], None]) -> None:
    """Reported, never judged: the machine decides."""
    waits("building the site (`make site`)", site.seconds)


def test_every_link_and_anchor_inside_leads_somewhere(site: Site) -> None:
    ids = {name: {tag["id"] for tag in page.find_all(id=True)} for name, page in site.pages.items()}
    lost, followed = [], 0
    for name, address in _links(site):
        if _outside(address):
            continue
        path, anchor = unquote(urlsplit(address).path), unquote(urlsplit(address).fragment)
        target = (site.folder / name).parent / path if path else site.folder / name
        target = target.resolve()
        page = target.relative_to(site.folder.resolve()).as_posix() if target.is_relative_to(site.folder) else ""
        if not target.is_file() or (anchor and page in ids and anchor not in ids[page]):
            lost.append(f"{name}: {address}")
        followed += 1
    assert lost == []
    assert followed > 500


def test_links_to_elsewhere_are_listed(site: Site) -> None:
    found = {address for _, address in _links(site) if _outside(address) and not address.startswith("data:")}
    LISTED.parent.mkdir(exist_ok=True)
    LISTED.write_text("".join(f"{address}\n" for address in sorted(found)), encoding="utf-8")
    assert {urlsplit(address).scheme for address in found} <= {"http", "https"}
    ours = published(ROOT)
    assert ours.colab(f"{LESSONS}/{lesson_of('the_neuron')}.ipynb") in found
    assert [a for a in found if "colab.research.google.com/github" in a and ours.repository.removeprefix("https://github.com/") not in a] == []  # fmt: skip


def test_a_page_loads_nothing_from_elsewhere(site: Site) -> None:
    asked = [
        f"{name}: {address}"
        for name, page in site.pages.items()
        for kind, attribute in LOADED.items()
        for tag in page.find_all(kind)
        if _outside(address := str(tag.get(attribute, ""))) and not address.startswith("data:")
    ]
    styles = sorted(site.folder.rglob("*.css"))
    for style in styles:
        text = style.read_text(encoding="utf-8", errors="replace")
        asked += [
            f"{style.name}: {found}"
            for found in re.findall(r"url\([\"']?(?:https?:)?//[^)]*\)|@import[^;]*//[^;]*", text)
        ]
    assert asked == []
    assert styles


def test_every_picture_is_there_and_described(site: Site) -> None:
    bare, seen = [], 0
    for name, page in site.pages.items():
        for image in page.select("main img"):
            seen += 1
            alt = str(image.get("alt", "")).strip()
            if len(alt) < 15 or "_images/" in alt or alt.endswith(".png"):
                bare.append(f"{name}: {str(image['src'])[-40:]} alt={alt!r}")
    assert bare == []
    assert seen > 70


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_each_notebook_can_be_opened_in_colab_and_downloaded(site: Site, name: str) -> None:
    page = site.pages[f"{name}.html"]
    colab, download = page.select_one("a.action-colab"), page.select_one("a.action-download")
    assert colab is not None and colab["href"] == published(ROOT).colab(f"{name}.ipynb")
    assert download is not None and "download" in download.attrs
    there = (site.folder / name).parent / str(download["href"])
    assert there.read_bytes() == (ROOT / f"{name}.ipynb").read_bytes()
    time = page.select_one(".reading-time")
    assert time is not None and re.fullmatch(r"\d+ minutes (to read and run|for the exercises)", time.get_text())
    assert page.select_one("#pst-page-toc-nav a") is not None
    assert page.select_one(".prev-next-area a") is not None
    assert "colab-badge" not in str(page.select_one("main")), "Colab's badge would be asked of Colab"


@pytest.mark.parametrize("path", stored(ROOT, (SOLUTIONS,)), ids=lambda path: path.stem)
def test_each_exercise_is_followed_by_its_solution_folded(site: Site, path: Path) -> None:
    page = site.pages[f"{EXERCISES}/{path.stem}.html"]
    folds = page.select("main details.solution")
    tasks = [cell for _, cell in code_cells(read(path)) if cell["metadata"].get("nbgrader", {}).get("solution")]
    assert [fold.select_one("summary code").get_text() for fold in folds] == [_task(cell) for cell in tasks]  # type: ignore[union-attr]
    for fold, cell in zip(folds, tasks, strict=True):
        assert "open" not in fold.attrs
        assert _same(_answer(cell)) in _same(fold.get_text()), "the answer"
        assert "✓" in fold.get_text(), "what its check says"
        heading = fold.find_previous("h2")
        assert heading is not None and heading.get_text().rstrip("#") == _task(cell), "under its own task"
    rest = copy.copy(page)
    for fold in rest.select("main details.solution"):
        fold.extract()
    assert [cell for cell in tasks if f'raise NotImplementedError("{_task(cell)}' not in rest.get_text()] == []
    assert BEGIN not in page.get_text() and END not in page.get_text()


@pytest.mark.parametrize("path", stored(ROOT, (LESSONS,)), ids=lambda path: path.stem)
def test_a_lesson_shows_what_is_stored_and_nothing_was_run(site: Site, path: Path) -> None:
    page = site.pages[f"{LESSONS}/{path.stem}.html"]
    text = _same(page.select_one("article").get_text())  # type: ignore[union-attr]
    outputs = [output for _, cell in code_cells(read(path)) for output in cell["outputs"]]
    missing = [o["text"][:80] for o in outputs if o["output_type"] == "stream" and _same(o["text"]) not in text]
    assert missing == []
    files = [site.folder / LESSONS / str(image["src"]) for image in page.select(".cell_output img")]
    shown = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files if not str(file).startswith("data:")]
    wanted = [
        hashlib.sha256(base64.b64decode(o["data"]["image/png"])).hexdigest()
        for o in outputs
        if "image/png" in o.get("data", {}) and "text/html" not in o["data"]
    ]
    assert shown == wanted
    assert wanted


def test_search_finds_coalescing_in_gpu_parallelism(site: Site) -> None:
    text = (site.folder / "searchindex.js").read_text(encoding="utf-8")
    index: dict[str, Any] = json.loads(text.removeprefix("Search.setIndex(").rstrip().removesuffix(")"))
    found = index["terms"]["coalesc"]
    found = found if isinstance(found, list) else [found]
    assert f"{LESSONS}/{lesson_of('gpu_parallelism')}" in [index["docnames"][at] for at in found]


def test_formulas_are_drawn_by_a_file_beside_the_pages(site: Site) -> None:
    scripts = [
        str(script.get("src", ""))
        for script in site.pages[f"{LESSONS}/{lesson_of('the_neuron')}.html"].find_all("script")
    ]
    drawn_by = [urlsplit(script).path for script in scripts if "mathjax" in script.lower()]
    assert drawn_by == ["../_static/mathjax/tex-chtml.js"]
    assert sorted((site.folder / "_static/mathjax").rglob("*.woff"))


def test_the_package_and_its_commands_are_told(site: Site) -> None:
    told = {tag["id"] for tag in site.pages["api/index.html"].find_all(id=True)}
    names = {name for name in course.__all__ if name not in ("plot", "simt", "__version__")}
    assert {f"course.{name}" for name in names} <= told
    assert {f"course.plot.{name}" for name in ("roofline", "images")} <= {
        t["id"] for t in site.pages["api/plot.html"].find_all(id=True)
    }
    commands = site.pages["api/commands.html"].get_text()
    assert all(command in commands for command in ("course grade", "course format", "course site"))


def test_the_first_page_leads_to_every_lesson_and_to_the_instructor(site: Site) -> None:
    links = {str(link["href"]) for link in site.pages["index.html"].select("article a[href]")}
    assert {f"{path.parent.name}/{path.stem}.html" for path in stored(ROOT, (LESSONS,))} <= links
    assert {"grading.html", "contributing.html", "api/index.html"} <= links


def test_every_stored_notebook_but_a_solution_has_a_page(site: Site) -> None:
    assert {kind for kind in KINDS if any(name.startswith(kind) for name in site.pages)} == {LESSONS, EXERCISES}
    assert {f"{name}.html" for name in NOTEBOOKS} <= set(site.pages)


def _task(cell: Cell) -> str:
    return str(cell["metadata"]["nbgrader"]["grade_id"])


def _answer(cell: Cell) -> str:
    inside = re.search(rf"{BEGIN}\n(.*?)\n\s*{END}", cell["source"], re.S)
    assert inside is not None
    return inside[1]


def _same(text: str) -> str:
    """Without the spaces that HTML may change, and without a terminal's colors, which it has as classes."""
    return re.sub(r"\s+", "", _ANSI.sub("", text))
