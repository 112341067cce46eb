"""What the site makes of a notebook, one cell at a time."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from course.authoring import first_page, pages
from course.authoring.notebook import AuthoringError, Cell, Notebook
from course.authoring.published import Published

pytestmark = pytest.mark.one_set

TOP = '<div class="actions">top</div>'


def _code(source: str, name: str = "code", outputs: tuple[Any, ...] = (), **metadata: Any) -> Cell:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": metadata,
        "outputs": [*outputs],
        "source": source,
        "execution_count": 1,
    }


def _text(source: str, name: str = "text", **metadata: Any) -> Cell:
    return {"cell_type": "markdown", "id": name, "metadata": metadata, "source": source}


def _notebook(*cells: Cell) -> Notebook:
    return {"cells": [_text("# 02 · Neuron\n\n**What can it do?**", "head"), *cells], "nbformat": 4}


def _task(name: str, body: str, outputs: tuple[Any, ...] = ()) -> Cell:
    grading = {"solution": True, "grade": False, "grade_id": name}
    return _code(f"def {name}():\n    {body}", name, outputs, nbgrader=grading)


def _sources(nb: Notebook) -> list[str]:
    return [cell["source"] for cell in nb["cells"]]


PICTURE = {
    "output_type": "display_data",
    "data": {"image/png": "iVBORw0K"},
    "metadata": {"image/png": {"alt": "a line"}},
}
EXERCISE = _notebook(
    _text("## neuron\n\nWrite it."),
    _task("neuron", 'raise NotImplementedError("")'),
    _text("<details><summary>A nudge</summary>\n\nthink\n\n</details>\n\n## layer\n\nAnd this.", "between"),
    _task("layer", 'raise NotImplementedError("")'),
)
SOLUTION = _notebook(
    _text("## neuron\n\nWrite it."),
    _task("neuron", "### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"),
    _text("**Why.** Because.", tags=["solution-only"]),
    _code("check(neuron)", "check-neuron"),
    _text("<details><summary>A nudge</summary>\n\nthink\n\n</details>\n\n## layer\n\nAnd this.", "between"),
    _task("layer", "### BEGIN SOLUTION\n    return 2\n    ### END SOLUTION"),
)


def test_what_stands_on_top_comes_right_under_the_title() -> None:
    assert _sources(pages.lesson(_notebook(), TOP)) == ["# 02 · Neuron", TOP, "**What can it do?**"]


def test_a_notebook_without_a_title_is_refused() -> None:
    with pytest.raises(AuthoringError, match="title"):
        pages.lesson({"cells": [_text("no title")]}, TOP)


def test_the_badge_is_left_out_and_the_set_up_cell_is_folded() -> None:
    nb = _notebook(_code("import os", "bootstrap"))
    nb["cells"].insert(0, _text("[![Open in Colab](https://x.svg)](https://colab)", "badge"))
    page = pages.lesson(nb, TOP)
    assert _sources(page)[0] == "# 02 · Neuron"
    assert _sources(page)[-2:] == ["import os", "</details>"] and "Set-up" in _sources(page)[-3]


def test_the_source_notebook_is_left_as_it_was() -> None:
    nb = _notebook(_code("import os", "bootstrap"), _code("plot.sliders(f)", outputs=(PICTURE,)))
    before = repr(nb)
    pages.lesson(nb, TOP)
    assert repr(nb) == before


@pytest.mark.parametrize(
    ("text", "moves"),
    [("Sliders: w, b, f", True), ("Player: 288 instructions", True), ("<Figure size 760x336 with 1 Axes>", False)],
)
def test_a_still_says_that_it_moves_elsewhere(text: str, moves: bool) -> None:
    output = {"output_type": "display_data", "data": {"image/png": "iVBORw0K", "text/plain": text}, "metadata": {}}
    page = pages.lesson(_notebook(_code("shown", outputs=(output,)), _code("nothing")), TOP)
    assert [pages.STILL in source for source in _sources(page)[3:]] == [False, *([True] if moves else []), False]


def test_a_widget_that_needs_a_kernel_is_not_put_on_a_page() -> None:
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "it"}
    page = pages.lesson(_notebook(_code("w", outputs=({"output_type": "display_data", "data": view},))), TOP)
    assert page["cells"][-1]["outputs"][0]["data"] == {"text/plain": "it"}


def test_an_anchor_with_capitals_becomes_the_sites() -> None:
    page = pages.lesson(_notebook(_text("[x](../exercises/04.ipynb#CNN) [y](https://a.b/C.html#CNN)")), TOP)
    assert _sources(page)[-1] == "[x](../exercises/04.ipynb#cnn) [y](https://a.b/C.html#CNN)"


def test_a_link_to_a_notebook_in_an_output_leads_to_its_page() -> None:
    shown = (
        '<a href="../exercises/04_x.ipynb#CNN">x</a> <a href="https://a.b/c.ipynb">y</a> <a href="../a/b.ipynb">z</a>'
    )
    output = {"output_type": "display_data", "data": {"text/html": shown}, "metadata": {}}
    page = pages.lesson(_notebook(_code("shown", outputs=(output,))), TOP)
    wanted = (
        '<a href="../exercises/04_x.html#cnn">x</a> <a href="https://a.b/c.ipynb">y</a> <a href="../a/b.html">z</a>'
    )
    assert page["cells"][-1]["outputs"][0]["data"]["text/html"] == wanted


def test_a_solution_comes_folded_after_the_help_of_its_own_task() -> None:
    page = pages.exercises(EXERCISE, SOLUTION, TOP)
    texts = _sources(page)
    at = [next(i for i, text in enumerate(texts) if part in text) for part in ("A nudge", "<code>neuron", "return 1", "**Why", "check(", "## layer")]  # fmt: skip
    assert at == sorted(at)
    assert texts.count("</details>") == 2 and "return 2" in texts[-2]
    assert not any("SOLUTION" in text for text in texts)
    assert "## layer" not in texts[at[0]], "the next task is not inside"


def test_a_task_without_a_solution_is_an_error() -> None:
    with pytest.raises(AuthoringError, match="layer has no solution"):
        pages.exercises(EXERCISE, {"cells": SOLUTION["cells"][:4]}, TOP)


def test_a_heading_inside_a_solution_is_an_error() -> None:
    broken = {"cells": [*SOLUTION["cells"][:3], _text("## Why", tags=["solution-only"]), *SOLUTION["cells"][4:]]}
    with pytest.raises(AuthoringError, match="heading"):
        pages.exercises(EXERCISE, broken, TOP)


def test_a_hash_in_a_block_of_code_is_no_heading() -> None:
    exercise = {
        "cells": [*EXERCISE["cells"][:3], _text("```python\n## no heading\n```\n\nmore"), *EXERCISE["cells"][3:]]
    }
    texts = _sources(pages.exercises(exercise, SOLUTION, TOP))
    assert texts.index("```python\n## no heading\n```\n\nmore") < next(
        i for i, t in enumerate(texts) if "<code>neuron" in t
    )


def test_a_lessons_question_and_times_are_found() -> None:
    table = "| You will | You need | How long |\n| :-- | :-- | :-- |\n| a | b | 60 minutes |\n| c | d | 40 for you |\n| e | | |"
    nb = _notebook(_text(table))
    assert pages.question(nb) == "What can it do?"
    assert pages.how_long(nb) == ["60 minutes", "40 for you"]
    assert pages.how_long(_notebook()) == []


def test_each_stored_picture_is_told_with_its_alternative_text() -> None:
    assert [*pages.alternative_texts(_notebook(_code("y", outputs=(PICTURE,))))] == [("iVBORw0K", "a line")]


INDEX = "<!-- the lessons --> <!-- lesson 00 in Colab --> <!-- the repository --> <!-- the exercises, for the sidebar --> <!-- picture: 00_start/figure -->"
HOME = Published("https://github.com/a/b", "", "main")


@pytest.fixture
def course_folder(tmp_path: Path) -> Path:
    (tmp_path / "notebooks").mkdir()
    nb = _notebook(
        _text("| Will | Need | How long |\n| :-- | :-- | :-- |\n| a | b | 60 minutes |"),
        _code("y", "figure", (PICTURE,)),
    )
    (tmp_path / "notebooks" / "00_start.ipynb").write_text(json.dumps(nb), encoding="utf-8")
    return tmp_path


def test_the_first_page_gets_its_lessons_links_and_pictures(course_folder: Path) -> None:
    index = course_folder / "index.md"
    index.write_text(INDEX, encoding="utf-8")
    first_page.fill(index, course_folder, HOME)
    text = index.read_text(encoding="utf-8")
    assert "<!--" not in text
    assert '<h3><a href="notebooks/00_start.html">Neuron</a></h3><p>What can it do?</p>' in text
    assert (
        "60 minutes" in text
        and "https://colab.research.google.com/github/a/b/blob/main/notebooks/00_start.ipynb" in text
    )
    assert "![a line](pictures/00_start-figure.png)" in text
    assert (course_folder / "pictures" / "00_start-figure.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("text", "says"), [(INDEX.replace("figure", "gone"), "cell gone, which has none"), ("no marks", "lost its mark")]
)
def test_a_first_page_without_its_marks_or_pictures_is_an_error(course_folder: Path, text: str, says: str) -> None:
    index = course_folder / "index.md"
    index.write_text(text, encoding="utf-8")
    with pytest.raises(AuthoringError, match=says):
        first_page.fill(index, course_folder, HOME)


def test_the_readmes_pictures_are_there_small_and_described() -> None:
    root = Path(__file__).resolve().parents[1]
    shown = re.findall(r'<img src="([^"]+)"[^>]*alt="([^"]+)"', (root / "README.md").read_text(encoding="utf-8"))
    assert shown
    assert [path for path, _ in shown if not 0 < (root / path).stat().st_size <= 150_000] == []
    assert [path for path, alt in shown if len(alt) < 60] == []
