"""What moves in the lessons, moved by keyboard alone: the picture changes, and what a screen reader reads out changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from browser.lab_page import LabNotebook
from course.curriculum import lesson_of

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ROOT = Path(__file__).resolve().parents[2]


def _cells(lesson: str, *telling: str) -> list[str]:
    """The code of a lesson's cells, one for each of these pieces of code."""
    stored = json.loads((ROOT / "notebooks" / f"{lesson}.ipynb").read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in stored if cell["cell_type"] == "code"]
    return [next(source for source in code if piece in source) for piece in telling]


class Spoken:
    """What a panel says and shows, before and after a key."""

    def __init__(self, panel: Locator) -> None:
        self.panel = panel
        self.page = panel.page

    def state(self) -> tuple[str, str]:
        """The address of the picture's pixels, which is another one for another picture, and the line that is read out."""
        return self.panel.locator("img").get_attribute("src") or "", self.words()

    def words(self) -> str:
        return self.panel.locator("[aria-live=polite]").first.inner_text()

    def reach(self, target: Locator, key: str = "Tab") -> None:
        """Press Tab until the focus is on the target.

        Raises:
            AssertionError: it is not to be reached with the keyboard.
        """
        for _ in range(40):
            if target.evaluate("node => node === document.activeElement"):
                return
            self.page.keyboard.press(key)
        raise AssertionError(f"{target} is not reached with {key}")

    def press(self, key: str) -> None:
        """Press a key, and wait until neither the picture nor the line is what it was."""
        before = self.state()
        self.page.keyboard.press(key)
        self.page.wait_for_function(
            """([panel, picture, words]) => panel.querySelector('img').src !== picture
                 && panel.querySelector('[aria-live=polite]').textContent !== words""",
            arg=[self.panel.element_handle(), *before],
        )


def _stand_on(notebook: LabNotebook, source: str) -> None:
    """Select a cell, as the arrow keys do: the focus is on the notebook, not in an editor."""
    notebook.edit(source)
    notebook.page.keyboard.press("Escape")


def test_the_player_of_gpu_parallelism(
    show: Callable[..., LabNotebook], page: Page, shoot: Callable[[Page, str], object]
) -> None:
    telling = (
        "import jax\n",
        "guess_idle = ",
        'load("mnist',
        "padded = ",
        "guess_row = ",
        "again, tiled = ",
        "plot.player(",
    )
    notebook = show("player of lesson 01", *_cells(lesson_of("gpu_parallelism"), *telling))
    panel = notebook.outputs("plot.player(").get_by_role("group").first
    player = Spoken(panel)
    _stand_on(notebook, "plot.player(")
    assert player.words().startswith("1 of ")

    player.reach(panel.get_by_role("button", name="next"))
    player.press("Enter")
    assert player.words().startswith("2 of ")
    player.reach(panel.get_by_role("slider", name="step"))
    player.press("ArrowRight")
    assert player.words().startswith("3 of ")
    shoot(page, "the player of lesson 01")
    player.reach(panel.get_by_role("combobox", name="follow"))
    player.press("ArrowDown")
    assert player.words().startswith("1 of "), "another warp begins at its own first step"
    player.reach(panel.get_by_role("button", name="next"), "Shift+Tab")


def test_a_guess_with_its_answer_and_the_sliders_of_the_neuron(
    show: Callable[..., LabNotebook], page: Page, shoot: Callable[[Page, str], object]
) -> None:
    guess = ("from course import", 'predict("Turn w', "guess_knob.reveal(")
    sliders = ("digits = load", "is_0_or_1 = ", "def count_right(", "def separate(")
    notebook = show("guess and sliders of lesson 02", *_cells(lesson_of("the_neuron"), *guess, *sliders))
    _guesses(notebook)
    shoot(page, "a guess of lesson 02 and its answer")
    _moves_the_sliders(notebook)
    shoot(page, "the sliders of lesson 02")


def _guesses(notebook: LabNotebook) -> None:
    asked, answer = notebook.outputs('predict("Turn w'), notebook.outputs("guess_knob.reveal(")
    assert "you said" not in answer.inner_text(), "nobody has guessed yet"
    guess = Spoken(asked.get_by_role("group").first)
    _stand_on(notebook, 'predict("Turn w')

    guess.reach(asked.get_by_role("radio", name="it moves to the left"))
    notebook.page.keyboard.press("ArrowDown")
    asked.get_by_text("kept: it gets steeper").wait_for()
    notebook.edit("guess_knob.reveal(")
    notebook.run_cell()
    assert "you said: it gets steeper · the answer (computed): it gets steeper (as you said)" in answer.inner_text()


def _moves_the_sliders(notebook: LabNotebook) -> None:
    panel = notebook.outputs("def separate(").get_by_role("group").first
    neuron = Spoken(panel)
    _stand_on(notebook, "def separate(")
    right = neuron.words()

    neuron.reach(panel.get_by_role("slider", name="w1"))
    neuron.press("Home")
    assert neuron.words() != right, "another number of digits lies on its own side"
    assert panel.get_by_role("slider", name="w1").get_attribute("aria-valuetext") == "−3.0"
    neuron.reach(panel.get_by_role("radio", name="tanh"))
