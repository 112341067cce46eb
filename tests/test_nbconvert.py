"""`jupyter nbconvert` keeps the words of a picture, in HTML, slides and Markdown: nbconvert's own templates leave them out."""

from __future__ import annotations

import html
import logging
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup
from making import code, notebook
from nbconvert import HTMLExporter, MarkdownExporter, SlidesExporter
from nbconvert.exporters.templateexporter import TemplateExporter

from course.authoring.notebook import read
from course.authoring.pages import alternative_texts
from course.curriculum import lesson_of

pytestmark = pytest.mark.one_set

ROOT = Path(__file__).parents[1]
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
WORDS = 'w < 1 & "b": the layer has [W (2, 3)] and rises from −1 to 1.'


def _shows(data: dict[str, Any], metadata: dict[str, Any]) -> nbformat.NotebookNode:
    output = {"output_type": "display_data", "data": {"text/plain": "<Figure>", **data}, "metadata": metadata}
    return nbformat.from_dict(notebook(code("plot.curves()", outputs=[output], id="drawn")))


def _converted(exporter: TemplateExporter, nb: nbformat.NotebookNode) -> str:
    body, _ = exporter.from_notebook_node(nb)
    return body


def test_every_picture_of_a_lesson_keeps_its_words_in_html_and_nbconvert_has_no_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lesson = ROOT / "notebooks" / f"{lesson_of('the_neuron')}.ipynb"
    exporter = HTMLExporter(log=logging.getLogger("conversion"))
    page = BeautifulSoup(_converted(exporter, nbformat.read(lesson, as_version=4)), "html.parser")
    assert [record.getMessage() for record in caplog.records if record.name == "conversion"] == []
    told = [image["alt"] for image in page.select(".jp-RenderedImage img")]
    assert told == [words for _, words in alternative_texts(read(lesson))]
    assert told
    assert [image for image in page.find_all("img") if len(str(image.get("alt", ""))) < 10] == []


@pytest.mark.parametrize("exporter", [HTMLExporter, SlidesExporter])
@pytest.mark.parametrize("template", [None, "classic"])
@pytest.mark.parametrize("mime", ["image/png", "image/jpeg"])
def test_words_with_marks_of_their_own_reach_the_page_whole(
    exporter: type[HTMLExporter], template: str | None, mime: str
) -> None:
    if exporter is SlidesExporter and template:
        template = "reveal"
    chosen = exporter(template_name=template) if template else exporter()
    page = BeautifulSoup(_converted(chosen, _shows({mime: PIXEL}, {mime: {"alt": WORDS, "width": 7}})), "html.parser")
    (image,) = page.select("img[src^='data:image']")
    assert (image["alt"], image["width"]) == (WORDS, "7")


def test_a_picture_without_words_and_html_with_a_picture_stay_as_nbconvert_makes_them() -> None:
    bare = _converted(HTMLExporter(), _shows({"image/png": PIXEL}, {}))
    assert "No description has been provided" in bare
    words = html.escape(WORDS)
    given = _shows(
        {"image/png": PIXEL, "text/html": f'<img alt="{words}" src="x.png">'}, {"image/png": {"alt": "other"}}
    )
    (image,) = BeautifulSoup(_converted(HTMLExporter(), given), "html.parser").select(".jp-RenderedHTML img")
    assert image["alt"] == WORDS


def test_markdown_names_a_picture_by_its_words() -> None:
    text = _converted(MarkdownExporter(), _shows({"image/png": PIXEL}, {"image/png": {"alt": WORDS}}))
    told = WORDS.replace("[", r"\[").replace("]", r"\]")
    assert f"![{told}](" in text
    assert "![png](" in _converted(MarkdownExporter(), _shows({"image/png": PIXEL}, {}))
