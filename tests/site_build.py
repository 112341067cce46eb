"""The site, built once for all tests of a run, whichever process asks first."""

from __future__ import annotations

import fcntl
import importlib.util
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from course.authoring.site import build

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]
NEEDED = ("sphinx", "myst_nb", "sphinx_book_theme", "sphinx_copybutton", "sphinx-mathjax-offline")


@dataclass(frozen=True)
class Site:
    """A built site: its folder, and how many seconds the build took."""

    folder: Path
    seconds: float

    @cached_property
    def pages(self) -> dict[str, BeautifulSoup]:
        """Every page, parsed, by its path: "notebooks/02_the_neuron.html"."""
        from bs4 import BeautifulSoup

        files = sorted(self.folder.rglob("*.html"))
        assert files
        return {
            file.relative_to(self.folder).as_posix(): BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
            for file in files
            if "_static" not in file.relative_to(self.folder).parts
        }


def built_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site of this checkout, with warnings as errors. Skips where something that it is built with is missing."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed (the extra `site`; `make test` installs it)")
    base = tmp_path_factory.getbasetemp()
    # A worker of pytest-xdist has a folder of its own inside the run's.
    base = base.parent if base.name.startswith("popen-") else base
    folder, told = base / "site", base / "site-seconds"
    with (base / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            began = time.perf_counter()
            build(ROOT, folder)
            told.write_text(f"{time.perf_counter() - began}")
    return Site(folder, float(told.read_text()))
