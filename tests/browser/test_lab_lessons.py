"""Each lesson in JupyterLab, in a real browser: its cells have run to the end, and all that it shows is there to be seen, by everybody.

Those that train for minutes are opened with their stored outputs instead. That their cells run is held without a browser, in the same
kernel, and that a picture which changes while a cell trains is shown is held in `test_lab_figures.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser.lab_page import WIDGETS, Cell, LabNotebook
from browser.lab_server import THEMES, Lab, Theme
from browser.page_watch import watched
from browser.screenshots import keep
from course.authoring.lessons import LESSONS, course_root, stored

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LESSON_FILES = stored(course_root(Path(__file__).parent), (LESSONS,))
_DOWN_TO_THE_LAST_CELL = """node => [...node.querySelectorAll('.jp-Cell')].at(-1).getBoundingClientRect().bottom
  - node.getBoundingClientRect().top + node.scrollTop"""
# What the course itself puts into an output: pictures, cards, tables, verdicts, panels.
OURS = ".jp-OutputArea-output.jp-RenderedHTML, .jp-OutputArea-output .ttn"


@dataclass
class Ran:
    """A lesson after its run, still open. `first_figure_s`: from "run all" to the first picture on the page; None: the run is the stored one."""

    notebook: LabNotebook
    cells: list[Cell]
    opened_s: float
    first_figure_s: float | None

    @property
    def page(self) -> Page:
        return self.notebook.page


# What these compute takes a while; the others show all kinds of outputs that there are.
LONG = ("backprop", "write_a_kernel")
TRAIN_FOR_MINUTES = ("gradient_descent", "cnn_classification", "make_it_fast")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(
            path.stem, marks=pytest.mark.thorough if path.stem.partition("_")[2] in LONG + TRAIN_FOR_MINUTES else ()
        )
        for path in LESSON_FILES
    ],
)
def lesson(request: pytest.FixtureRequest, lab: Lab, browser: Browser) -> Iterator[Ran]:
    path = f"{LESSONS}/{request.param}.ipynb"
    lab.fresh(path)
    lab.theme("JupyterLab Light")
    try:
        with watched(browser) as page:
            began = time.perf_counter()
            notebook = LabNotebook(page, lab, path)
            opened = time.perf_counter()
            if request.param.partition("_")[2] in TRAIN_FOR_MINUTES:
                notebook.outputs().locator("img:visible").first.wait_for()
                yield Ran(notebook, notebook.wait_until_shown(), opened - began, None)
                return
            notebook.wait_for_kernel()
            notebook.clear()
            assert notebook.pictures() == [], "the pictures that follow are of this run"
            started = time.perf_counter()
            notebook.run_all()
            notebook.outputs().locator("img:visible").first.wait_for()
            pictured = time.perf_counter()
            yield Ran(notebook, notebook.wait_for_the_end(), opened - began, pictured - started)
    finally:
        # After the page is closed: a widget that is still being drawn would miss its kernel.
        lab.stop_kernels()
        lab.fresh(path)


def test_every_cell_has_run_and_none_has_ended_in_an_error(lesson: Ran) -> None:
    assert [(cell.source, cell.errors) for cell in lesson.cells if cell.errors] == []
    assert [cell.count for cell in lesson.cells] == [*range(1, len(lesson.cells) + 1)]


def test_every_figure_can_be_seen(lesson: Ran) -> None:
    figures = sum(cell.figures for cell in lesson.cells)
    assert figures > 0, "a lesson has pictures"
    pictures = [picture for picture in lesson.notebook.pictures() if not picture["widget"]]
    assert len(pictures) == figures
    assert [p for p in pictures if not (p["seen"] and p["loaded"] and p["width"] > 50 and p["height"] > 50)] == []
    if lesson.first_figure_s is not None:  # JupyterLab hides the words of a stored picture until its cell has run
        assert all(len(p["alt"]) >= 30 for p in pictures), "and who can't see it is told what it shows"


def test_every_widget_can_be_seen(lesson: Ran) -> None:
    views = sum(cell.widgets for cell in lesson.cells)
    shown = lesson.page.locator(".jp-OutputArea-output").filter(has=lesson.page.locator(WIDGETS))
    assert shown.count() == views
    for view in shown.all():
        box = view.bounding_box()
        assert box is not None and box["width"] > 50 and box["height"] > 10
    said = "\n".join(lesson.page.locator(".jp-OutputArea-output").all_inner_texts())
    assert "Error displaying widget" not in said and "Loading widget" not in said
    unseen = [p for p in lesson.notebook.pictures() if p["widget"] and not (p["loaded"] and p["width"] > 50)]
    assert unseen == [], "a widget's own picture"


@pytest.mark.parametrize("theme", THEMES)
def test_whoever_reads_it_can(lesson: Ran, theme: Theme, axe: Callable[..., list[str]]) -> None:
    lesson.notebook.theme(theme)
    _photograph(lesson, theme)
    assert axe(lesson.page, OURS) == []


def test_how_long_a_learner_waits(lesson: Ran, lab: Lab, waits: Callable[[str, float], None]) -> None:
    """Reported, never judged: the machine decides."""
    name = lesson.notebook.path
    waits("starting JupyterLab (`make lab` with a warm environment) until it serves the lesson", lab.started_s)
    waits(f"opening {name} until it can be read", lesson.opened_s)
    if lesson.first_figure_s is not None:
        waits(f'"run all" until the first figure of {name}', lesson.first_figure_s)


def _photograph(lesson: Ran, theme: Theme) -> None:
    """The whole lesson in a few tall pictures, for people to look at."""
    page, height = lesson.page, 3_000
    page.set_viewport_size({"width": 1280, "height": height})
    scroller = page.locator(".jp-WindowedPanel-outer:visible").first
    total = int(scroller.evaluate(_DOWN_TO_THE_LAST_CELL))
    for i, top in enumerate(range(0, total, height - 200), 1):
        scroller.evaluate("(node, top) => { node.scrollTop = top; }", top)
        keep(page, f"{Path(lesson.notebook.path).stem} {theme} {i}")
    scroller.evaluate("node => { node.scrollTop = 0; }")
    page.set_viewport_size({"width": 1280, "height": 900})
