"""Pictures of what the tests saw, for people to look at: in build/screenshots, or in the folder $COURSE_SCREENSHOTS."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("COURSE_SCREENSHOTS") or ROOT / "build" / "screenshots")


def keep(page: Page, name: str) -> Path:
    """Photograph what the page's window shows, into a file named after `name`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-')}.png"
    page.screenshot(path=file)
    return file
