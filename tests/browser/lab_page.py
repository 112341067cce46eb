"""A notebook in JupyterLab's page, worked as a person does: by its menus, its editor and the keyboard."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from hang import wait_until

from browser.lab_server import Lab, Theme

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

WIDGET = "application/vnd.jupyter.widget-view+json"
# The course's own widgets (course/widgets/), and ipywidgets'.
WIDGETS = ".ttn, .jupyter-widgets"

# The code cells as the page's own model has them: what ran, and what came out.
_CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === 'code')
  .map(cell => ({
    source: cell.model.sharedModel.getSource(),
    count: cell.model.executionCount,
    outputs: cell.model.outputs.toJSON().map(o => ({
      kind: o.output_type, name: o.name || '', mimes: Object.keys(o.data || {}),
      error: o.output_type === 'error' ? o.ename + ': ' + o.evalue : ''}))}))"""
# Every picture below an output area, as the browser laid it out; a panel that has none hides its own.
_PICTURES = """([widget]) => [...document.querySelectorAll('.jp-OutputArea-output img:not([hidden])')].map(img => {
  const box = img.getBoundingClientRect();
  return {width: box.width, height: box.height, loaded: img.complete && img.naturalWidth > 0,
          seen: img.checkVisibility(), alt: img.alt, widget: !!img.closest(widget)};})"""
# What the page knows of its kernel, which it hears after all that a cell has put out.
_KERNEL_IS = "state => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === state"
# Widgets and pictures come a moment after the output that they stand in.
_SHOWN = """() => [...document.querySelectorAll('.jp-OutputArea-output')].every(o => !o.innerText.includes('Loading widget'))
  && [...document.querySelectorAll('.jp-OutputArea-output img:not([hidden])')].every(img => img.complete)"""


@dataclass(frozen=True)
class Cell:
    """A code cell: its source, its execution count (None: not run), and its outputs."""

    source: str
    count: int | None
    errors: tuple[str, ...]
    mimes: tuple[frozenset[str], ...] = field(default=())

    @property
    def widgets(self) -> int:
        return sum(WIDGET in mimes for mimes in self.mimes)

    @property
    def figures(self) -> int:
        """Pictures that the page shows as such: where there is a widget, it is shown in the picture's place."""
        return sum("image/png" in mimes and WIDGET not in mimes for mimes in self.mimes)


class LabNotebook:
    """An open notebook. `page` is Playwright's, for whatever is not here."""

    def __init__(self, page: Page, lab: Lab, path: str) -> None:
        self.page, self.lab, self.path = page, lab, path
        workspace = re.sub(r"\W", "-", f"{path}-{time.monotonic_ns()}")
        page.goto(lab.address(path, workspace))
        self.cells.first.wait_for(state="visible")
        page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.content?.widgets?.length > 0")

    @property
    def cells(self) -> Locator:
        """All cells, in order."""
        return self.page.locator(".jp-Notebook .jp-Cell")

    def cell(self, source: str) -> Locator:
        """The first cell whose code or text has this in it."""
        return self.cells.filter(has=self.page.locator(".jp-InputArea", has_text=source)).first

    def outputs(self, source: str = "") -> Locator:
        """The outputs of that cell, or of all."""
        return (self.cell(source) if source else self.page).locator(".jp-OutputArea-output")

    def code_cells(self) -> list[Cell]:
        return [
            Cell(
                cell["source"],
                cell["count"],
                tuple(o["error"] for o in cell["outputs"] if o["error"]),
                tuple(frozenset(o["mimes"]) for o in cell["outputs"]),
            )
            for cell in self.page.evaluate(_CELLS)
        ]

    def pictures(self) -> list[dict[str, Any]]:
        """Of every picture in an output: width and height in px, `loaded`, `seen`, `alt`, and whether it is a `widget`'s."""
        found: list[dict[str, Any]] = self.page.evaluate(_PICTURES, [WIDGETS])
        return found

    def choose(self, menu: str, entry: str) -> None:
        """Open a menu of the menu bar and choose an entry."""
        self.page.locator("#jp-MainMenu .lm-MenuBar-itemLabel").get_by_text(menu, exact=True).click()
        self.page.locator(".lm-Menu-itemLabel:visible").get_by_text(entry, exact=True).click()

    def wait_for_kernel(self, state: str = "idle") -> None:
        """Until the kernel is idle, or in another state, and the page has heard so, which comes after all outputs.

        Raises:
            TimeoutError: it is not.
        """
        # Not by the page alone, which is told nothing of a kernel that hasn't begun to start.
        self._wait_until(lambda: self.lab.kernel_state(self.path) == state, f"the kernel of {self.path} to be {state}")
        self.page.wait_for_function(_KERNEL_IS, arg=state)

    def _wait_until(self, done: Callable[[], object], what: str) -> None:
        """As `hang.wait_until`, while the page goes on."""

        def looked() -> object:
            self.page.evaluate("() => 0")
            return done()

        wait_until(looked, what)

    def clear(self) -> None:
        """Remove all outputs: what is seen afterwards has been made by this run."""
        self.choose("Edit", "Clear Outputs of All Cells")

    def run_all(self) -> None:
        self.choose("Run", "Run All Cells")

    def wait_for_the_end(self) -> list[Cell]:
        """Until every code cell has run, or one has failed and the kernel rests, and the page shows it. Returns the code cells.

        Raises:
            TimeoutError: for long no cell has ended; with the cell that it is at.
        """
        while left := tuple(self._left()):
            self._wait_until(partial(self._no_more, left), f"{self.path}, which is before this cell:\n{left[0]}")
        self.wait_for_kernel()
        return self.wait_until_shown()

    def wait_until_shown(self) -> list[Cell]:
        """Until the page has drawn all outputs that it has. Returns the code cells."""
        self.page.wait_for_function(_SHOWN)
        return self.code_cells()

    def _left(self) -> list[str]:
        """The sources of the code cells that are still to run; none after an error."""
        cells = self.code_cells()
        return [] if any(cell.errors for cell in cells) else [cell.source for cell in cells if cell.count is None]

    def _no_more(self, left: Sequence[str]) -> bool:
        return tuple(self._left()) != left

    def edit(self, source: str) -> None:
        """Put the cursor into the editor of the cell that has this in it."""
        self.cell(source).locator(".cm-content").click()

    def run_cell(self) -> None:
        """Shift+Enter, and wait until it has run."""
        code = self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.content.activeCell.model.type === 'code'"
        )
        ran = self._last_count()
        self.page.keyboard.press("Shift+Enter")
        if code:
            self._wait_until(lambda: self._last_count() > ran, "a cell to begin")
        self.wait_for_kernel()

    def _last_count(self) -> int:
        return max((cell.count or 0 for cell in self.code_cells()), default=0)

    def theme(self, theme: Theme) -> None:
        """Change the theme of this page."""
        self.page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        light = "true" if theme == "JupyterLab Light" else "false"
        self.page.wait_for_function("light => document.body.dataset.jpThemeLight === light", arg=light)

    def close(self) -> None:
        self.page.close()
        self.lab.stop_kernels()
