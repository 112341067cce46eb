"""What the course says in a notebook can be read by everybody: in JupyterLab's light and in its dark theme."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from browser.lab_page import LabNotebook
from browser.lab_server import THEMES

if TYPE_CHECKING:
    from playwright.sync_api import Page

# One output of each kind that is HTML of ours: pictures are looked at in the lessons.
CARDS = {
    "device card": "from course import check, device_card, my_numbers, predict\nimport jax.numpy as jnp\ndevice_card()",
    "not written": (
        "def neuron(x, w, b):\n    raise NotImplementedError('neuron is not written yet: put your code here')\ncheck(neuron)"
    ),
    "a mistake with a name": "def neuron(x, w, b):\n    return jnp.tanh(w @ x)\ncheck(neuron)",
    "a mistake with no name": "def neuron(x, w, b):\n    return jnp.tanh(w @ x) ** 2 + 0.3\ncheck(neuron)",
    "an error": "def neuron(x, w, b):\n    return jnp.tanh(x @ W + b)\ncheck(neuron)",
    "passed": "def neuron(x, w, b):\n    return jnp.tanh(w @ x + b)\ncheck(neuron)",
    "a question": "guess = predict('How many?', unit='×')\nguess",
    "a question with choices": "which = predict('Which one?', choices=['this', 'that'])\nwhich",
    "its answer": 'guess.answer(3)\nguess.reveal(30, source="measured")',
    "the table of guesses": "my_numbers()",
}


def test_the_cards_have_enough_contrast_and_a_structure_in_both_themes(
    page: Page,
    show: Callable[..., LabNotebook],
    axe: Callable[..., list[str]],
    shoot: Callable[[Page, str], object],
) -> None:
    notebook = show("cards", *CARDS.values())
    assert all(cell.mimes for cell in notebook.code_cells()), "each has something to show"
    page.set_viewport_size({"width": 1280, "height": 2600})
    found = {}
    for theme in THEMES:
        notebook.theme(theme)
        shoot(page, f"cards {theme}")
        found[theme] = axe(page, ".jp-OutputArea-output")
    assert found == {theme: [] for theme in THEMES}
