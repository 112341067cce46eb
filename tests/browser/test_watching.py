"""The browser's tests can fail: each thing that they watch for is done here once, on purpose."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from browser import page_watch
from browser.page_watch import watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# Grey on white with a contrast of 1.6, and a picture without words.
PALE = '<main><p style="color: #ccc; background: #fff">pale</p><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="></main>'


@pytest.mark.parametrize(
    ("done", "event", "named"),
    [
        ("console.error('a message')", "console", "console: a message"),
        ("setTimeout(() => { throw new Error('thrown late') })", "pageerror", "uncaught: thrown late"),
        ("fetch('http://127.0.0.1:9/gone').catch(() => 0)", "requestfailed", "failed (net::ERR_UNSAFE_PORT)"),
        ("fetch('https://example.org/f.woff').catch(() => 0)", "request", "asks elsewhere: https://example.org/f.woff"),
    ],
)
def test_what_nobody_sees_fails_the_test(
    browser: Browser, done: str, event: Any, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_watch, "keep", lambda *_: None)  # no picture of a failure that was meant
    with pytest.raises(AssertionError, match="problems in the page") as failed, watched(browser) as page:
        page.goto("about:blank")
        with page.expect_event(event):
            page.evaluate(f"() => {{ {done} }}")
    assert named in str(failed.value)


def test_axe_finds_what_cannot_be_read(page: Page, axe: Callable[..., list[str]]) -> None:
    page.set_content(PALE)
    rules = {violation.split(":")[0] for violation in axe(page, "main")}
    assert rules == {"color-contrast", "image-alt"}


def test_axe_does_not_pass_what_is_not_there(page: Page, axe: Callable[..., list[str]]) -> None:
    page.set_content(PALE)
    with pytest.raises(Exception, match="No elements found"):
        axe(page, "aside")
