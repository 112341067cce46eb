"""Sphinx's configuration. The pages are laid out by course/authoring/site.py; build them with `make site` (or `course site`)."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import course  # noqa: E402
from course.authoring.published import published  # noqa: E402
from course.authoring.site import ALTS  # noqa: E402

HOME = published(ROOT)

project = "From Threads to Networks"
author = "The authors of From Threads to Networks"
project_copyright = "the authors; text and figures under CC BY 4.0, code under Apache-2.0"
version = release = course.__version__
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax", "sphinx_copybutton"]
exclude_patterns = ["*.txt"]

# Notebooks are shown as they are stored.
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
# What Jupyter does not know means nothing here either: a line that begins with % or +++ is text.
myst_disable_syntax = ["myst_line_comment", "myst_block_break"]

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
# A default as the source has it, not as Python prints it.
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
copybutton_selector = "div.cell_input pre, div.highlight-bash pre"

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["_static"]
templates_path = ["_templates"]
html_css_files = ["course.css"]
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto"}
html_show_sourcelink = False
html_use_index = False
html_domain_indices = False
html_copy_source = False
html_theme_options: dict[str, Any] = {
    "repository_url": HOME.repository,
    "repository_branch": HOME.ref,
    "use_repository_button": True,
    "use_download_button": False,
    "use_fullscreen_button": False,
    # No bar across the page: search, the switch to the dark and the repository stand in the article's own.
    "navbar_start": [],
    "navbar_center": [],
    "navbar_end": [],
    "navbar_persistent": [],
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "search_as_you_type": True,
    "logo": {"text": project},
    "toc_title": "On this page",
    "footer_content_items": ["copyright.html"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}

LOG = logging.getLogger(__name__)
_BACKTICKS = re.compile(r"(?<![`:])`([^`\n]+)`(?![`_])")
_MODULES = re.compile(r"~(?:\w+\.)+")
_FUNCTION = re.compile(r"<function (\w+)[^>]*>")


def serve_mathjax(app: Sphinx, config: Any) -> None:
    """Take MathJax from the folder beside the pages; from its CDN only where the package that has it is not installed."""
    stage = Path(app.srcdir).parent
    config.html_extra_path.append(str(stage / "extra"))
    if (stage / "static" / "mathjax").is_dir():
        config.html_static_path.append(str(stage / "static"))
        config.mathjax_path = "mathjax/tex-chtml.js"
    else:
        LOG.warning("sphinx-mathjax-offline is not installed: formulas will be drawn by MathJax from its CDN.")


def add_alternative_texts(app: Sphinx, doctree: nodes.document) -> None:
    """Give each stored picture the alternative text that its notebook has for it."""
    file = Path(app.srcdir).parent / ALTS
    known: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    for image in doctree.findall(nodes.image):
        # myst-nb names its files from the source folder, which Sphinx writes as a leading slash.
        path = Path(app.srcdir, image["uri"].lstrip("/"))
        if not image.get("alt") and path.is_file():
            image["alt"] = known.get(hashlib.sha256(path.read_bytes()).hexdigest(), "")


def markdown_backticks(_app: Sphinx, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    """Docstrings here write code in single backticks, as Markdown does; reStructuredText wants two."""
    lines[:] = [_BACKTICKS.sub(r"``\1``", line) for line in lines]


def short_names(_app: Sphinx, _what: str, _name: str, _obj: Any, _options: Any, given: Any, returned: Any) -> Any:
    """Signatures without modules' names, which Sphinx marks with ~ and drops only where it can read the whole of it."""
    return tuple(part and _FUNCTION.sub(r"\1", _MODULES.sub("", part)) for part in (given, returned))


def setup(app: Sphinx) -> None:
    """Connect the above."""
    app.connect("config-inited", serve_mathjax)
    app.connect("doctree-read", add_alternative_texts)
    app.connect("autodoc-process-docstring", markdown_backticks)
    app.connect("autodoc-process-signature", short_names)
