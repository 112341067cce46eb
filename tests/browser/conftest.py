"""A real browser for the tests of this folder: Chromium, driven by Playwright, that talks to nothing but this machine.

===============  ==============================================================================================
`lab`            a JupyterLab on loopback, with a copy of the notebooks; one for all tests of a process
`page`           a page; fails the test on errors in its console, failed requests, and requests to elsewhere
`open_notebook`  `open_notebook("notebooks/02_the_neuron.ipynb")`: that notebook in `lab`, in `page`
`show`           `show("player", "import …", "plot.player(…)")`: a notebook of these cells, after they have run
`axe`            `axe(page, "main")`: what axe-core finds in that part of the page, one line each
`shoot`          `shoot(page, "lesson 02, dark")`: keeps a picture of the page among the run's screenshots
===============  ==============================================================================================

Where a part is missing, the tests that need it are skipped, and say what to install.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tarfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from browser.lab_page import LabNotebook
from browser.lab_server import Lab, Theme
from browser.page_watch import watched
from browser.screenshots import keep

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
# Quiet: no calls home, and every name but this machine's is unknown, so that nothing leaves it.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
# WCAG 2, levels A and AA (https://www.w3.org/TR/WCAG22/), by axe-core's names for them.
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
_RUN_AXE = """([selector, tags]) => axe.run({include: [selector]}, {runOnly: {type: 'tag', values: tags}})
  .then(found => found.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.html.slice(0, 200)} | ${n.failureSummary}`)))"""


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    if importlib.util.find_spec("jupyterlab") is None:
        pytest.skip("JupyterLab is not installed (the extra `lab`; `make test` installs it)")
    lab = Lab(ROOT, tmp_path_factory.mktemp("lab"))
    yield lab
    lab.stop()


# Not for the whole session: while Playwright runs, so does its event loop, and tests of other files start their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("Playwright is not installed (the extra `browser`; `make test` installs it)")
    found = [path for path in map(shutil.which, CHROMIUMS) if path]
    if not found:
        pytest.skip(f"there is no Chromium here ({', '.join(CHROMIUMS)}); on Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    # Playwright starts it without Chromium's own sandbox, which root can't have: it sees nothing but pages of this machine.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found[0], args=[*FLAGS])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with watched(browser) as page:
        yield page


@pytest.fixture
def open_notebook(lab: Lab, page: Page) -> Iterator[Callable[[str], LabNotebook]]:
    yield lambda path: LabNotebook(page, lab, path)
    lab.stop_kernels()


@pytest.fixture
def show(lab: Lab, open_notebook: Callable[[str], LabNotebook]) -> Callable[..., LabNotebook]:
    """`show("name", "a cell", "another")`: a notebook of these cells, all of which have run well."""

    def run(name: str, *code: str, theme: Theme = "JupyterLab Light") -> LabNotebook:
        lab.theme(theme)
        notebook = open_notebook(lab.write(name, code))
        notebook.wait_for_kernel()
        notebook.run_all()
        assert [(cell.source, cell.errors) for cell in notebook.wait_for_the_end() if cell.errors] == []
        return notebook

    return run


@pytest.fixture(scope="session")
def axe() -> Callable[..., list[str]]:
    source = _axe_source()

    def violations(page: Page, selector: str = "html") -> list[str]:
        """What axe-core finds in the parts that the selector names; an error where there is no such part."""
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(source)
        found: list[str] = page.evaluate(_RUN_AXE, [selector, [*WCAG]])
        return found

    return violations


def _axe_source() -> str:
    """The text of axe.min.js: of $COURSE_AXE, or of the package that `make axe` fetched."""
    if named := os.environ.get("COURSE_AXE"):
        return Path(named).read_text(encoding="utf-8")
    packages = sorted((ROOT / "build").glob("axe-core-*.tgz"))
    if not packages:
        pytest.skip("axe-core is not here (`make axe` fetches it with npm; or COURSE_AXE names axe.min.js)")
    with tarfile.open(packages[-1]) as package:
        member = package.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()


@pytest.fixture(scope="session")
def shoot() -> Callable[[Page, str], Path]:
    return keep


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Of a test that fails, a picture of what it saw."""
    report = yield
    if report.when == "call" and report.failed:
        for value in getattr(item, "funcargs", {}).values():
            page: Any = getattr(value, "page", value)
            if hasattr(page, "screenshot") and hasattr(page, "is_closed") and not page.is_closed():
                report.sections.append(("screenshot", str(keep(page, f"failed {item.name}"))))
                break
    return report
