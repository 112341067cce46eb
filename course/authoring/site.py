"""The site: the course as pages to read before anything is installed. `course site` builds it, offline, and runs no notebook.

Sphinx reads one folder. This lays it out under `build/site-pages`: what stands in `docs/`, and pages made from the notebooks
and from the files that the repository's root has anyway. So each text has one source, and nothing generated is committed.
"""

from __future__ import annotations

import base64
import hashlib
import html
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from course import terminal
from course.authoring import first_page, pages
from course.authoring.extras import require
from course.authoring.lessons import EXERCISES, LESSONS, SOLUTIONS, course_root, stored
from course.authoring.notebook import AuthoringError, Notebook, read
from course.authoring.published import Published, published

SITE = "build/site"
ALTS = "alternative-texts.json"
# The one file that pages load, and the fonts that it asks for. The package has ten times as much.
MATHJAX = ("tex-chtml.js", "output/chtml/fonts/woff-v2")
_MATHJAX_PACKAGE = "sphinx-mathjax-offline"
_FOLD = '<summary aria-label="Toggle hidden content">'
_COPIED = {"CONTRIBUTING.md": "contributing.md"}
_ROOT_LINK = re.compile(r"(?<=\]\()docs/")
_NAMES = {LESSONS: "lesson", EXERCISES: "exercises"}


def build(root: Path, site: Path | None = None, *, strict: bool = True) -> Path:
    """Build the site; the folder that it is in (default: build/site).

    Args:
        strict: fail at the first build with any warning, after all warnings were shown.

    Raises AuthoringError where Sphinx or the theme is missing, or fails.
    """
    require("The site")
    site = site or root / SITE
    stage = lay_out(root, site.with_name(f"{site.name}-pages"))
    shutil.rmtree(site, ignore_errors=True)
    flags = ["--fail-on-warning", "--keep-going"] if strict else []
    sphinx = [sys.executable, "-m", "sphinx", "-q", "-E", "-b", "html", *flags, "-c", str(root / "docs")]
    command = [*sphinx, "-d", str(site.with_name(f"{site.name}-doctrees")), str(stage / "source"), str(site)]
    if subprocess.run(command, cwd=root, check=False).returncode:
        raise AuthoringError("Sphinx could not build the site; see above.")
    _name_folds_by_their_words(site)
    return site


def _name_folds_by_their_words(site: Path) -> None:
    """A folded cell says "Show code cell source". MyST-NB gives it another name for screen readers, which who speaks can't call."""
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        if _FOLD in text:
            page.write_text(text.replace(_FOLD, "<summary>"), encoding="utf-8")


def lay_out(root: Path, stage: Path) -> Path:
    """Write what Sphinx reads: `source/` (pages), `static/` (MathJax), `extra/` (copied as it is: the notebooks to download)."""
    shutil.rmtree(stage, ignore_errors=True)
    source = stage / "source"
    # What is Sphinx's own stays in docs/, which is its folder of configuration.
    shutil.copytree(root / "docs", source, ignore=shutil.ignore_patterns("_*", "conf.py"))
    home = published(root)
    for name, target in _COPIED.items():
        text = (root / name).read_text(encoding="utf-8")
        (source / target).write_text(_ROOT_LINK.sub("", text), encoding="utf-8")
    for name in ("LICENSE", "LICENSE-TEXT"):
        shutil.copy(root / name, source / f"{name}.txt")
    first_page.fill(source / "index.md", root, home)
    (source / "api" / "commands.md").write_text(_commands(root), encoding="utf-8")
    _write_notebooks(root, stage, home)
    _copy_mathjax(stage / "static" / "mathjax")
    return stage


def _write_notebooks(root: Path, stage: Path, home: Published) -> None:
    """Write each lesson's and exercise notebook's page, the notebooks themselves, and the pictures' alternative texts."""
    alts: dict[str, str] = {}
    for path in stored(root, (LESSONS, EXERCISES)):
        nb, kind = read(path), path.parent.name
        told = [nb]
        top = _top(root, home, kind, path.stem, nb)
        if kind == LESSONS:
            page = pages.lesson(nb, top)
        else:
            told.append(solution := read(root / SOLUTIONS / path.name))
            page = pages.exercises(nb, solution, top)
        target = stage / "source" / kind / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(pages.dumps(page), encoding="utf-8")
        download = stage / "extra" / kind / path.name
        download.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, download)
        for picture, alt in (pair for each in told for pair in pages.alternative_texts(each)):
            alts[hashlib.sha256(base64.b64decode(picture)).hexdigest()] = alt
    (stage / ALTS).write_text(json.dumps(alts, ensure_ascii=False), encoding="utf-8")


def _top(root: Path, home: Published, kind: str, name: str, nb: Notebook) -> str:
    """What stands under a notebook's title: Colab, download, its companion, how long it takes to read."""
    other = EXERCISES if kind == LESSONS else LESSONS
    companion = ""
    if (root / other / f"{name}.ipynb").is_file():
        companion = f'<a class="action" href="../{other}/{name}.html">To the {_NAMES[other]}</a>'
    # The lesson says how long it takes, and how long its exercises do.
    said = pages.how_long(nb if kind == LESSONS else read(root / LESSONS / f"{name}.ipynb"))
    time = next((entry for entry in said if entry.endswith("for the exercises") == (kind == EXERCISES)), "")
    return (
        '<div class="actions">'
        f'<a class="action action-colab" href="{home.colab(f"{kind}/{name}.ipynb")}">Open in Colab</a>'
        f'<a class="action action-download" href="{name}.ipynb" download>Download notebook</a>'
        f'{companion}<span class="reading-time">{html.escape(time)}</span>'
        "</div>"
    )


def _commands(root: Path) -> str:
    """The page of the command line, in Markdown, as typer writes it from the commands' own help."""
    made = [
        sys.executable,
        "-m",
        "typer",
        "course.cli",
        "utils",
        "docs",
        "--name",
        "course",
        "--title",
        "The command `course`",
    ]
    env = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    ran = subprocess.run(made, cwd=root, check=False, env=env, capture_output=True, encoding="utf-8")
    if ran.returncode:
        raise AuthoringError(f"typer could not write the page of the commands: {ran.stderr.strip()[-500:]}")
    return ran.stdout


def _copy_mathjax(target: Path) -> bool:
    """Copy MathJax beside the pages, so that formulas need no network. False where the package that has it is missing."""
    found = importlib.util.find_spec(_MATHJAX_PACKAGE)
    if found is None or found.origin is None:
        return False
    for name in MATHJAX:
        there = Path(found.origin).parent / "static" / "mathjax" / name
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if there.is_dir():
            shutil.copytree(there, target / name)
        else:
            shutil.copy(there, target / name)
    return True


def main() -> None:
    """`python -m course.authoring.site`: what `course site` does."""
    with terminal.program():
        build(course_root())
