"""The site's first page: docs/index.md, with what follows from the notebooks put in the place of its marks.

The marks are HTML comments, so that the file can be read where it lies, too:

=============================================  ==================================================================
``<!-- the lessons -->``                       a card for each lesson: its question, how long it takes, the ways to it
``<!-- lesson 00 in Colab -->``                a link
``<!-- the repository -->``                    a link
``<!-- the exercises, for the sidebar -->``    Sphinx's table of contents of them, by the lessons' titles
``<!-- picture: 02_the_neuron/f128a383 -->``   a figure that this cell of the lesson has stored, with its alternative text
=============================================  ==================================================================
"""

from __future__ import annotations

import base64
import html
import re
from pathlib import Path

from course.authoring import pages
from course.authoring.lessons import EXERCISES, LESSONS, describe, names
from course.authoring.notebook import AuthoringError, read
from course.authoring.published import Published

CARDS, IN_COLAB, REPOSITORY = "<!-- the lessons -->", "<!-- lesson 00 in Colab -->", "<!-- the repository -->"
EXERCISES_BAR = "<!-- the exercises, for the sidebar -->"
_PICTURE = re.compile(r"<!-- picture: (?P<lesson>\w+)/(?P<cell>[\w-]+) -->")


def fill(index: Path, root: Path, home: Published) -> None:
    """Put the parts into the first page, and its pictures beside it.

    Raises AuthoringError where a mark is gone, or a picture.
    """
    first = home.colab(f"{LESSONS}/{_lessons(root)[0]}.ipynb")
    parts = {
        CARDS: _cards(root, home),
        IN_COLAB: f"[Open lesson 00 in Colab]({first})",
        REPOSITORY: f"[The repository, and all that it needs]({home.repository})",
        EXERCISES_BAR: _sidebar(root),
    }
    text = index.read_text(encoding="utf-8")
    for mark, part in parts.items():
        if mark not in text:
            raise AuthoringError(f"docs/index.md has lost its mark {mark}.")
        text = text.replace(mark, part)
    text = _PICTURE.sub(lambda mark: _picture(root, mark["lesson"], mark["cell"], index.parent / "pictures"), text)
    index.write_text(text, encoding="utf-8")


def _lessons(root: Path) -> list[str]:
    return [name for name in names(root) if (root / LESSONS / f"{name}.ipynb").is_file()]


def _cards(root: Path, home: Published) -> str:
    """The lessons: number, title, question, times, and the ways to them."""
    cards = []
    for name in _lessons(root):
        told, nb = describe(root, name), read(root / LESSONS / f"{name}.ipynb")
        number, _, title = told.title.partition(" · ")
        named, count = html.escape(title or told.title), len(told.exercises)
        ways = [("Read", f"{LESSONS}/{name}.html")]
        ways += [(f"{count} exercises", f"{EXERCISES}/{name}.html")] if count else []
        ways += [("Colab", home.colab(f"{LESSONS}/{name}.ipynb"))]
        # Words that are only read out: five links called "Read" tell nobody where they lead.
        links = " ".join(
            f'<a href="{address}">{way}<span class="visually-hidden">: {named}</span></a>' for way, address in ways
        )
        cards.append(
            f'<li class="card-lesson"><span class="card-number" aria-hidden="true">{html.escape(number)}</span>'
            f'<h3><a href="{LESSONS}/{name}.html">{named}</a></h3>'
            f"<p>{_inline(pages.question(nb))}</p>"
            f'<p class="card-facts">{html.escape(", ".join(pages.how_long(nb)))}</p>'
            f'<p class="card-links">{links}</p></li>'
        )
    return f'<ol class="cards-lesson">{"".join(cards)}</ol>'


def _sidebar(root: Path) -> str:
    """The exercises under their lessons' titles: "02 · The neuron: exercises" says twice what the caption says."""
    shown = [name for name in names(root) if (root / EXERCISES / f"{name}.ipynb").is_file()]
    entries = [f"{describe(root, name).title} <{EXERCISES}/{name}>" for name in shown]
    return "\n".join(["```{toctree}", ":hidden:", ":caption: Exercises", "", *entries, "```"])


def _picture(root: Path, lesson: str, cell: str, folder: Path) -> str:
    """Write the first figure that a lesson's cell has stored into `folder`; the Markdown that shows it."""
    nb = read(root / LESSONS / f"{lesson}.ipynb")
    stored = [*pages.alternative_texts(nb | {"cells": [each for each in nb["cells"] if each.get("id") == cell]})]
    if not stored:
        raise AuthoringError(f"docs/index.md shows a picture of {lesson}, cell {cell}, which has none.")
    picture, alt = stored[0]
    folder.mkdir(exist_ok=True)
    (folder / f"{lesson}-{cell}.png").write_bytes(base64.b64decode(picture))
    # In Markdown's alternative text, brackets and backslashes would be signs.
    words = re.sub(r"([][\\])", r"\\\1", " ".join(alt.split()))
    return f"![{words}](pictures/{lesson}-{cell}.png)"


def _inline(text: str) -> str:
    """Markdown's code and emphasis as HTML."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
    return re.sub(r"\*([^*]+)\*", r"<em>\1</em>", text)
