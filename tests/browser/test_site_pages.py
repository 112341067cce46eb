"""The site in a real browser: on a phone and on a desk, in the light and in the dark, it can be read, by everybody, offline."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from site_build import Site, built_site

from course.curriculum import lesson_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGES = (
    "index.html",
    f"notebooks/{lesson_of('the_neuron')}.html",
    f"exercises/{lesson_of('the_neuron')}.html",
    "grading.html",
    "api/plot.html",
)
SIZES = {"phone": (390, 844), "desk": (1280, 900)}
# Both sizes of window, both themes.
LOOKS = [(size, theme) for size in SIZES for theme in ("light", "dark")]
_TYPESET = "() => !window.MathJax || MathJax.startup.promise.then(() => true)"
_TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return built_site(tmp_path_factory)


@pytest.fixture(scope="module")
def address(site: Site) -> Iterator[str]:
    """Where the site is served, on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site.folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def visit(page: Page, address: str) -> Callable[..., Page]:
    def go(path: str, size: str = "desk", theme: str = "light") -> Page:
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
        page.goto(f"{address}/{path}", wait_until="load")
        page.wait_for_function(_TYPESET)
        return page

    return go


@pytest.mark.parametrize(("size", "theme"), LOOKS, ids=["-".join(look) for look in LOOKS])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_read_by_everybody(
    path: str,
    size: str,
    theme: str,
    visit: Callable[..., Page],
    axe: Callable[..., list[str]],
    shoot: Callable[[Page, str], object],
) -> None:
    page = visit(path, size, theme)
    assert page.locator("html").get_attribute("data-theme") == theme
    shoot(page, f"site {path} {size} {theme}")
    assert page.evaluate(_TOO_WIDE) <= 0, "the page scrolls sideways"
    assert axe(page) == []


@pytest.mark.thorough
def test_no_page_scrolls_sideways_on_a_phone(site: Site, visit: Callable[..., Page]) -> None:
    wide = [path for path in site.pages if visit(path, "phone").evaluate(_TOO_WIDE) > 0]
    assert wide == []


def test_an_opened_solution_is_readable_in_the_dark(visit: Callable[..., Page], axe: Callable[..., list[str]]) -> None:
    page = visit(f"exercises/{lesson_of('the_neuron')}.html", "phone", "dark")
    page.evaluate("() => document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    assert page.evaluate(_TOO_WIDE) <= 0
    assert axe(page, "article") == []


def test_a_solution_opens_and_closes_by_the_keyboard(visit: Callable[..., Page]) -> None:
    page = visit(f"exercises/{lesson_of('the_neuron')}.html")
    summary = page.get_by_text("Show a solution of neuron", exact=True)
    answer = page.locator("details.solution").first.get_by_text("Why.")
    assert not answer.is_visible()
    summary.focus()
    page.keyboard.press("Enter")
    answer.wait_for(state="visible")
    page.keyboard.press("Enter")
    answer.wait_for(state="hidden")


def test_search_finds_a_word_without_a_network(visit: Callable[..., Page]) -> None:
    page = visit("index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("coalescing")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"search\.html"))
    page.locator(f"#search-results .search a[href*='{lesson_of('gpu_parallelism')}']").first.wait_for()


def test_a_link_from_a_lesson_lands_on_its_exercise(visit: Callable[..., Page]) -> None:
    page = visit(f"notebooks/{lesson_of('cnn_classification')}.html")
    page.locator(f"article a[href*='exercises/{lesson_of('cnn_classification')}.html#']", has_text="CNN").first.click()
    page.wait_for_url(re.compile(rf"exercises/{lesson_of('cnn_classification')}\.html#"))
    heading = page.get_by_role("heading", name=re.compile(r"^CNN"))
    box = heading.bounding_box()
    assert box is not None and 0 <= box["y"] < 300, "its heading is in view, below the page's bar"


def test_formulas_are_drawn(visit: Callable[..., Page]) -> None:
    page = visit(f"notebooks/{lesson_of('the_neuron')}.html")
    drawn = page.locator("mjx-container")
    assert drawn.count() >= 3
    assert page.locator("mjx-merror").count() == 0


def test_the_dark_can_be_chosen_and_is_kept(visit: Callable[..., Page]) -> None:
    page = visit("index.html")
    page.locator("button.theme-switch-button:visible").first.click()
    page.locator(".theme-change-button[data-mode=dark]:visible").first.click()
    page.wait_for_function("() => document.documentElement.dataset.theme === 'dark'")
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"
