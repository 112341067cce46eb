"""The minutes that a lesson states are those that it takes."""

from __future__ import annotations

from typing import Any

import pytest
from making import code, markdown, notebook

from course.authoring.minutes import Reading, minutes_problem, reading

pytestmark = pytest.mark.one_set

PICTURE = [{"output_type": "display_data", "data": {"image/png": ""}, "metadata": {}}]
SAYS = "| 10 minutes to read and run |"


def lesson(*cells: Any, says: str = SAYS) -> Any:
    return notebook(markdown(says), *cells)


def test_words_lines_guesses_and_figures_are_counted() -> None:
    nb = notebook(
        markdown("# Seven words, one of them a [link](elsewhere.ipynb)"),
        code('guess = predict("?")\n\n# a comment\nx = 1', outputs=PICTURE),
    )
    assert reading(nb) == Reading(words=7, lines=2, guesses=1, figures=1)


def test_what_is_folded_costs_no_time() -> None:
    folded = markdown("<details><summary>more</summary>\n\nmany words\n\n</details>")
    hidden = code("import os\nimport sys", metadata={"jupyter": {"source_hidden": True}})
    assert reading(notebook(folded, hidden)) == Reading(0, 0, 0, 0)


def test_180_words_or_12_lines_are_a_minute_and_4_guesses_or_9_figures_are_three() -> None:
    assert [Reading(180, 0, 0, 0).minutes, Reading(0, 12, 0, 0).minutes] == [1, 1]
    assert [Reading(0, 0, 4, 0).minutes, Reading(0, 0, 0, 9).minutes] == [3, 3]


@pytest.mark.parametrize(
    ("nb", "problem"),
    [
        (lesson(markdown("word " * 1800)), ""),
        (lesson(markdown("word " * 3600)), "it says 10 minutes, and takes 20: write 20."),
        (lesson(markdown("word " * 1800), says="| an hour |"), "the lesson does not say how long it takes"),
        (lesson(markdown("word " * 18000)), "75 are the most"),
    ],
)
def test_minutes_that_are_not_honest_are_named(nb: Any, problem: str) -> None:
    assert problem in minutes_problem(nb) and bool(problem) == bool(minutes_problem(nb))
