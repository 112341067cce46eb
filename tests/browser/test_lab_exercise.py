"""The exercise notebook of lesson 02 as a learner works in it: typed into the editor, run with Shift+Enter."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from browser.lab_page import LabNotebook
from browser.lab_server import Lab
from course.curriculum import lesson_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

EXERCISES = f"exercises/{lesson_of('the_neuron')}.ipynb"
BODY = 'raise NotImplementedError("neuron is not written yet'


def _write(notebook: LabNotebook, last_line: str) -> None:
    """Put this in the place of the last line of `neuron`, and run down to its check."""
    keyboard = notebook.page.keyboard
    notebook.edit("def neuron(")
    keyboard.press("Control+End")
    keyboard.press("Shift+Home")
    keyboard.type(last_line)
    for _ in range(3):  # the function, the cell to try it, the check
        notebook.run_cell()


def test_a_wrong_answer_gets_its_hint_and_the_right_one_passes(
    lab: Lab, page: Page, open_notebook: Callable[[str], LabNotebook], shoot: Callable[[Page, str], object]
) -> None:
    lab.fresh(EXERCISES)
    notebook = open_notebook(EXERCISES)
    notebook.wait_for_kernel()
    # The set-up cell is folded to its first line, which opens it.
    page.locator(".jp-InputPlaceholder").first.click()
    notebook.edit("# @title Set-up:")
    notebook.run_cell()
    notebook.run_cell()
    verdict = notebook.outputs("check(neuron)")

    _write(notebook, "return jnp.tanh(w @ x)")
    hint = verdict.get_by_text("a neuron whose bias is 0")
    hint.wait_for()
    hint.scroll_into_view_if_needed()
    shoot(page, "exercise 02, a wrong answer and its hint")

    _write(notebook, "return jnp.tanh(w @ x + b)")
    right = verdict.get_by_text("✓")
    right.wait_for()
    assert hint.count() == 0, "the hint has gone"
    shoot(page, "exercise 02, the right answer")
