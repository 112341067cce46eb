"""What goes wrong in a page without anybody seeing it: errors in its console, requests that fail, requests to elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hang import HANG_S

from browser.screenshots import keep

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Harmless:
    """A message or an address that is not the course's fault, and why."""

    pattern: str
    reason: str


HARMLESS = (
    Harmless(
        r"https://colab\.research\.google\.com/assets/colab-badge\.svg",
        "the badge's picture is Colab's; without a network its alternative text stands in its place",
    ),
    Harmless(r"net::ERR_ABORTED", "the page was left while it still waited for this"),
)


# anywidget gives a widget two seconds to begin (AbortSignal.timeout), which a busy machine may need longer for.
_PATIENCE = f"""const within = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = ms => within(Math.max(ms, {1000 * HANG_S:.0f}));"""


class Watch:
    """Collects a page's problems from now on.

    Attributes:
        problems: one line each, with the address that it is about.
    """

    def __init__(self, page: Page) -> None:
        self.problems: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._add(f"uncaught: {error}"))
        page.on("request", self._request)
        page.on("requestfailed", lambda request: self._add(f"failed ({request.failure}): {request.url}"))
        page.on("response", self._response)

    def _add(self, problem: str) -> None:
        if not any(re.search(harmless.pattern, problem) for harmless in HARMLESS):
            self.problems.append(problem)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._add(f"console: {message.text} ({message.location.get('url', '')})")

    def _request(self, request: Request) -> None:
        # data: and blob: addresses have no host, and stay in the page.
        host = urlsplit(request.url).hostname
        if host is not None and host not in LOOPBACK and not request.url.startswith(("data:", "blob:")):
            self._add(f"asks elsewhere: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self._add(f"HTTP {response.status}: {response.url}")


@contextmanager
def watched(browser: Browser) -> Iterator[Page]:
    """A page of a profile of its own.

    Raises:
        AssertionError: something went wrong in it that nobody saw.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(1000 * HANG_S)
    context.add_init_script(_PATIENCE)
    page = context.new_page()
    watch = Watch(page)
    try:
        yield page
        if watch.problems:
            raise AssertionError("\n".join(["problems in the page:", *watch.problems]))
    except BaseException:
        if not page.is_closed():
            keep(page, f"failed {page.title()}")
        raise
    finally:
        context.close()
